"""A plan as a page to read: figures, map, timetable, departments, flights, and what is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import jinja2

from planner.formats.sheet_map import city_map
from planner.formats.sheet_times import timetable
from planner.problem import Flight, Plan, Problem, Refusal


@dataclass(frozen=True, slots=True)
class Asked:
    """What a department asked for: a look in the reader's words."""

    label: str
    department: str


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """What a page tells.

    Attributes:
        title: the day, for whom.
        zone: times are told in it.
        asked: by look id.
        refused: looks that were refused before planning, by id.
        served_by: by look id, its tasks.
        figures: further lines of the summary: (what, 中文, how much).
        boundary: shapely geometry of the territory in degrees, or None.
    """

    title: str
    zone: ZoneInfo
    problem: Problem
    plan: Plan
    asked: Mapping[str, Asked]
    refused: Mapping[str, Refusal]
    served_by: Mapping[str, tuple[str, ...]]
    figures: Sequence[tuple[str, str, str]] = ()
    boundary: Any = None


@dataclass(frozen=True, slots=True)
class Row:
    """One flight in the table."""

    flight: Flight
    start: str
    end: str
    km: float
    landing: str
    departments: tuple[str, ...]
    looks: tuple[str, ...]
    priority: int


@dataclass(frozen=True, slots=True)
class Share:
    """What one department gets of what it asked for."""

    department: str
    asked: int
    served: int

    @property
    def share(self) -> float:
        """0 to 1."""
        return self.served / self.asked if self.asked else 1.0


@dataclass(frozen=True, slots=True)
class Unserved:
    """One thing that is not flown, and why."""

    label: str
    department: str
    refusal: Refusal


_ENVIRONMENT = jinja2.Environment(
    autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def html(sheet: Sheet) -> str:
    """The page, whole in itself: no file beside it, nothing from the net."""
    template = files("planner.formats").joinpath("sheet.html").read_text(encoding="utf-8")
    rows = flight_rows(sheet)
    unserved = unserved_rows(sheet)
    return _ENVIRONMENT.from_string(template).render(
        sheet=sheet,
        plan=sheet.plan,
        day=f"{sheet.problem.start.astimezone(sheet.zone):%Y-%m-%d}",
        rows=rows,
        shares=department_shares(sheet),
        unserved=unserved,
        looks_served=len(sheet.asked) - len({u.refusal.id for u in unserved}),
        map=city_map(sheet.problem, sheet.plan, sheet.boundary),
        times=timetable(sheet.problem, sheet.plan, sheet.zone),
        gap=sheet.plan.gap,
    )


def flight_rows(sheet: Sheet) -> list[Row]:
    """The flights in order of take-off."""
    tasks = {t.id: t for t in sheet.problem.tasks}
    found = []
    for flight in sorted(sheet.plan.flights, key=lambda f: (f.start, f.station)):
        own = [tasks[s.task] for s in flight.stops]
        looks = tuple(dict.fromkeys(look for task in own for look in task.looks))
        asked = [sheet.asked[look] for look in looks if look in sheet.asked]
        found.append(
            Row(
                flight,
                _clock(flight.start, sheet.zone),
                _clock(flight.end, sheet.zone),
                flight.route.length_m / 1000,
                f"{flight.landing_share:.0%}",
                tuple(sorted({a.department for a in asked if a.department})),
                tuple(a.label for a in asked),
                max(t.priority for t in own),
            )
        )
    return found


def department_shares(sheet: Sheet) -> list[Share]:
    """Asked and served looks of each department, the worst served first."""
    missing = {u.refusal.id for u in unserved_rows(sheet)}
    asked: dict[str, list[bool]] = {}
    for look, one in sheet.asked.items():
        asked.setdefault(one.department or "–", []).append(look not in missing)
    found = [Share(name, len(served), sum(served)) for name, served in asked.items()]
    return sorted(found, key=lambda s: (s.share, s.department))


def unserved_rows(sheet: Sheet) -> list[Unserved]:
    """Looks of which nothing is flown, with their reasons."""
    found = []
    for look, one in sheet.asked.items():
        tasks = sheet.served_by.get(look, ())
        refusal = sheet.refused.get(look)
        if refusal is None and tasks and all(t in sheet.plan.unserved for t in tasks):
            refusal = sheet.plan.unserved[tasks[0]]
        if refusal is not None:
            found.append(Unserved(one.label, one.department, _named(refusal, look)))
    return found


def _named(refusal: Refusal, look: str) -> Refusal:
    """The refusal under the look's own name."""
    return Refusal(
        id=look,
        code=refusal.code,
        reason=refusal.reason,
        reason_zh=refusal.reason_zh,
        conflict=refusal.conflict,
        offer=refusal.offer,
    )


def _clock(time: datetime, zone: ZoneInfo) -> str:
    return f"{time.astimezone(zone):%H:%M}"
