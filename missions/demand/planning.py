"""A day's plan: requests become looks, looks become tasks, tasks become flights.

Pure: values in, values out; `releasing` stores what is decided here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, cast

from shapely.geometry import shape

import planner
from core.errors import PlanRejected
from core.ids import new_id
from missions.demand.decided import Decided, decide
from missions.demand.reach import passes, share
from missions.demand.revisit import requests_for
from missions.entities import (
    Flight,
    Origin,
    PlanRecord,
    Request,
    RequestState,
    Task,
)
from missions.presets import Preset
from planner.explain.advice import advised
from planner.problem import (
    Look,
    LookKind,
    Plan,
    Prepared,
    Problem,
    Progress,
    Separation,
    Station,
    Violation,
)

OPENING = time(8, 0)
CLOSING = time(18, 0)
"""A docked fleet's working day: ten hours of daylight, the horizon of one plan."""
PLANNED_BY = time(11, 0)
"""Local time of the day before by which a day is planned: an hour before its filing cut-off."""

MARGIN = 0.15
"""Share of the endurance that plans leave unused beyond the reserve. Plans are made the day before,
in still air and without the braking at corners (some 4 s each at 15 m/s) and climbs on the spot;
simulated flights take 1.07 (median) to 1.13 times as long as planned (`flyonce rehearse`)."""


@dataclass(frozen=True, kw_only=True)
class PlannedDay:
    """Everything that was decided for a day.

    Attributes:
        requests: with their new states and answers.
        violations: what the independent checker found; a plan with any is not released.
        sensing: by flight id, the footprints are judged at these requests' resolution.
    """

    day: date
    made_at: datetime
    requests: tuple[Request, ...]
    tasks: tuple[Task, ...]
    flights: tuple[Flight, ...]
    record: PlanRecord
    problem: Problem
    prepared: Prepared
    plan: Plan
    violations: tuple[Violation, ...]

    @property
    def figures(self) -> dict[str, Any]:
        """The day in a few numbers."""
        record = self.record
        return {
            "day": self.day.isoformat(),
            "requests": record.asked,
            "planned": record.planned,
            "refused": record.refused,
            "tasks": len(self.tasks),
            "merged": record.merged,
            "flights": len(self.flights),
            "km": round(record.km, 1),
            "km_separate": round(record.km_separate, 1),
            "flights_separate": record.flights_separate,
            "territory_share": round(record.day_share, 4),
            "drones_used": len({flight.dock for flight in self.flights}),
        }


def plan_day(
    preset: Preset,
    day: date,
    *,
    seconds: float = 10.0,
    seed: int = 0,
    requests: Sequence[Request] | None = None,
    progress: Callable[[Progress], None] | None = None,
    **solving: Any,
) -> PlannedDay:
    """Plan one day for every department.

    Args:
        requests: what is asked; the scenarios' revisit rules decide where it is left out.
        seconds: time for the search.
        solving: further arguments of `planner.solve`: workers, cancelled, certify.

    Raises:
        PlanRejected: the independent checker refused the plan.
    """
    asked = tuple(requests if requests is not None else requests_for(preset, day))
    start, end = horizon(preset, day)
    stations = stations_of(preset, start, end)
    looks = [look(r) for r in asked]
    prepared = planner.prepare(looks, stations, preset.zones, heights=preset.heights)
    problem = Problem(
        stations=stations,
        tasks=prepared.tasks,
        zones=preset.zones,
        start=start,
        end=end,
        separation=Separation(),
    )
    plan = planner.solve(problem, seconds=seconds, seed=seed, progress=progress, **solving)
    violations = planner.verify(problem, plan)
    if violations:
        raise PlanRejected(
            f"the checker found {len(violations)} violations, the first: {violations[0]}",
            where=f"plan of {day}",
            remedy="the plan is not released; plan again with another seed and report this one",
        )
    prepared, plan = advised(looks, problem, prepared, plan, heights=preset.heights)
    return _assemble(preset, day, problem, asked, prepared, plan)


def horizon(preset: Preset, day: date) -> tuple[datetime, datetime]:
    """First take-off and last landing of a day."""
    zone = preset.zone_info
    return datetime.combine(day, OPENING, tzinfo=zone), datetime.combine(day, CLOSING, tzinfo=zone)


def morning(preset: Preset, at: datetime) -> datetime:
    """The time itself by day; in the evening and at night, the next morning's first take-off."""
    local = at.astimezone(preset.zone_info)
    opens, closes = horizon(preset, local.date())
    if local < opens:
        return opens
    return local if local < closes else horizon(preset, local.date() + timedelta(days=1))[0]


def stations_of(preset: Preset, start: datetime, end: datetime) -> tuple[Station, ...]:
    """The docks as the planner knows them, each drone with the margin on top of its reserve."""
    kinds = {
        name: replace(spec, reserve=spec.reserve + MARGIN) for name, spec in preset.kinds.items()
    }
    return tuple(
        Station(
            id=dock.id,
            position=dock.position,
            spec=kinds[dock.kind],
            available_from=start,
            available_until=end,
        )
        for dock in preset.docks
    )


def look(request: Request) -> Look:
    """A request as the planner's wish."""
    return Look(
        id=request.id,
        geometry=shape(request.geometry),
        kind=cast(LookKind, request.kind),  # Look refuses any other
        width_m=request.width_m,
        radius_m=request.radius_m,
        base_m=request.base_m,
        top_m=request.top_m,
        sensor=request.sensor,
        gsd_m=request.gsd_m,
        front_overlap=request.front_overlap,
        side_overlap=request.side_overlap,
        earliest=request.earliest,
        latest=request.latest,
        priority=request.priority,
        department=request.department,
    )


def _assemble(
    preset: Preset,
    day: date,
    problem: Problem,
    asked: tuple[Request, ...],
    prepared: Prepared,
    plan: Plan,
) -> PlannedDay:
    """The decision as the story's entities."""
    made_at = problem.start - timedelta(days=1)
    plan_id = new_id("pln", made_at)
    docks = {dock.id: dock for dock in preset.docks}
    decided = decide(
        preset, day, asked, prepared, plan, docks=docks, plan_id=plan_id, origin=Origin.REVISIT
    )
    return PlannedDay(
        day=day,
        made_at=made_at,
        requests=decided.requests,
        tasks=decided.tasks,
        flights=decided.flights,
        record=_record(preset, plan_id, day, made_at, asked, decided, prepared, plan),
        problem=problem,
        prepared=prepared,
        plan=plan,
        violations=(),
    )


def _record(
    preset: Preset,
    plan_id: str,
    day: date,
    made_at: datetime,
    asked: Sequence[Request],
    decided: Decided,
    prepared: Prepared,
    plan: Plan,
) -> PlanRecord:
    answered, tasks, flights = decided.requests, decided.tasks, decided.flights
    served = [
        look(r) for r, a in zip(asked, answered, strict=True) if a.state is RequestState.PLANNED
    ]
    start, end = horizon(preset, day)
    separate = planner.separate(served, prepared, stations_of(preset, start, end))
    return PlanRecord(
        id=plan_id,
        day=day,
        made_at=made_at,
        verified=True,
        value=plan.value,
        km=plan.km,
        km_separate=separate.km,
        flights_separate=separate.flights,
        asked=len(asked),
        merged=sum(len(task.request_ids) > 1 for task in tasks),
        planned=sum(r.state is RequestState.PLANNED for r in answered),
        refused=sum(r.state is RequestState.REFUSED for r in answered),
        day_share=share(preset, passes(preset, flights, tasks)),
    )
