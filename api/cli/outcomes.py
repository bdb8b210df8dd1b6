"""What `flyonce plan` plans: a preset's day, a service's records or a day file; how it came out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import planner
from core.errors import PlanRejected
from planner.explain import told_in
from planner.explain.advice import advised
from planner.formats.dayfile import DayFile
from planner.formats.sheet import Asked
from planner.problem import Look, Plan, Prepared, Problem, SeparateCost

if TYPE_CHECKING:
    from missions.demand.planning import PlannedDay
    from missions.entities import Request
    from missions.presets import Preset


@dataclass(frozen=True, kw_only=True)
class Search:
    """How a day is searched; see `planner.solve`."""

    seconds: float
    seed: int
    workers: int
    certify: bool
    cancelled: Callable[[], bool]
    progress: Callable[[planner.Progress], None]

    def arguments(self) -> dict[str, Any]:
        """For `planner.solve`."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A planned day, however it was given.

    Attributes:
        asked: by look id, in the reader's words.
        boundary: shapely geometry of the territory in degrees, or None.
        saving: proof of what flying once saves, where it was asked for.
        planned, city: the same in the story's words, and its city; None for a day file.
    """

    title: str
    day: date
    zone_info: ZoneInfo
    looks: tuple[Look, ...]
    asked: Mapping[str, Asked]
    problem: Problem
    prepared: Prepared
    plan: Plan
    separate: SeparateCost
    boundary: Any = None
    saving: planner.Saving | None = None
    planned: "PlannedDay | None" = None
    city: "Preset | None" = None

    @property
    def refused(self) -> dict[str, planner.Refusal]:
        """By look id, the reason of each look of which nothing is flown."""
        found = dict(self.prepared.refused)
        for look, tasks in self.prepared.served_by.items():
            missing = [self.plan.unserved[t] for t in tasks if t in self.plan.unserved]
            if len(missing) == len(tasks) and missing:
                found[look] = missing[0]
        return found


def proven(one: Outcome, search: Search) -> Outcome:
    """The outcome with the proof of its saving, which takes as long as the search did."""
    found = planner.saving(
        one.looks,
        one.prepared,
        one.problem,
        one.plan,
        seconds=search.seconds,
        heights=None if one.city is None else one.city.heights,
        seed=search.seed,
        workers=search.workers,
    )
    return replace(one, saving=found)


def of_preset(
    city: "Preset", day: date, search: Search, asked: "Sequence[Request]" = ()
) -> Outcome:
    """A preset's day: what the scenarios' rules ask for, and what departments asked beside.

    Raises:
        PlanRejected: the independent checker refused the plan.
    """
    import shapely

    from missions.demand.planning import look, plan_day
    from missions.demand.revisit import requests_for

    requests = (*requests_for(city, day), *asked)
    planned = plan_day(city, day, requests=requests, **search.arguments())
    titles = {r.id: f"{r.scenario} {r.place}".strip() for r in requests}
    separate = SeparateCost(km=planned.record.km_separate, flights=planned.record.flights_separate)
    return Outcome(
        title=f"{city.title} {city.title_zh} {day}",
        day=day,
        zone_info=city.zone_info,
        looks=tuple(look(r) for r in requests),
        asked={r.id: Asked(titles[r.id], r.department) for r in requests},
        problem=planned.problem,
        prepared=planned.prepared,
        plan=planned.plan,
        separate=separate,
        boundary=shapely.union_all([c.polygon for c in city.territory.values()]),
        planned=planned,
        city=city,
    )


def of_file(given: DayFile, search: Search) -> Outcome:
    """A day file's day, told in its own zone.

    Raises:
        PlanRejected: the independent checker refused the plan.
    """
    with told_in(given.zone_info):
        return _of_file(given, search)


def _of_file(given: DayFile, search: Search) -> Outcome:
    prepared = planner.prepare(given.looks, given.stations, given.zones, wind=given.wind)
    problem = Problem(
        stations=given.stations,
        tasks=prepared.tasks,
        zones=given.zones,
        start=given.start,
        end=given.end,
        wind=given.wind,
        closures=given.closures,
        crew_limit=given.crew_limit,
        separation=given.separation,
    )
    plan = planner.solve(problem, **search.arguments())
    violations = planner.verify(problem, plan)
    if violations:
        raise PlanRejected(
            f"the checker found {len(violations)} violations, the first: {violations[0]}",
            where=given.title,
            remedy="plan again with another --seed, and report this one",
        )
    prepared, plan = advised(given.looks, problem, prepared, plan)
    served = [k for k in given.looks if k.id in prepared.served_by]
    return Outcome(
        title=given.title,
        day=given.start.astimezone(given.zone_info).date(),
        zone_info=given.zone_info,
        looks=given.looks,
        asked={k.id: Asked(k.id, k.department) for k in given.looks},
        problem=problem,
        prepared=prepared,
        plan=plan,
        separate=planner.separate(served, prepared, given.stations),
    )


def day_file(city: "Preset", day: date) -> DayFile:
    """The preset's day as a day file, to begin from."""
    from core.energy import CALM
    from missions.demand.planning import horizon, look, stations_of
    from missions.demand.revisit import requests_for

    start, end = horizon(city, day)
    return DayFile(
        title=f"{city.title} {city.title_zh} {day}",
        zone_info=city.zone_info,
        start=start,
        end=end,
        wind=CALM,
        crew_limit=None,
        separation=None,
        stations=stations_of(city, start, end),
        looks=tuple(look(r) for r in requests_for(city, day)),
        zones=tuple(city.zones),
        closures=(),
    )


def read_day_file(path: Path, city: "Preset") -> DayFile:
    """A day file; vehicles that it does not describe are the preset's.

    Raises:
        InvalidInput: what is wrong with it, and where.
    """
    from planner.formats import dayfile

    return dayfile.read(path, city.kinds)
