"""Which flight, tasks and audience a photograph belongs to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import shapely
from shapely.geometry import shape

from core.errors import UnreadableMedia
from imagery.catalog import Medium
from imagery.files import metadata
from imagery.files.moment import Span
from missions.entities import Flight, FlightState, Task
from missions.operations.examine import Wanted
from missions.operations.segments import part_at
from missions.presets import Preset
from missions.store.protocol import Unit

BEFORE = timedelta(minutes=10)
"""A camera's clock may be so much off the service's before it counts as wrong: GNSS cameras keep
within seconds, hand-set ones drift by some minutes a month."""
_BEGUN = (
    FlightState.PREPARING,
    FlightState.FLYING,
    FlightState.DONE,
    FlightState.DIVERTED,
    FlightState.FAILED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A flight with its tasks, as the intake needs them."""

    flight: Flight
    tasks: Mapping[str, Task]
    wanted: tuple[Wanted, ...]

    def span(self, now: datetime) -> Span:
        """When its photographs were taken: from take-off to landing, and a margin for clocks."""
        begin = self.flight.took_off_at or self.flight.start
        return Span(min(begin, now) - BEFORE, (self.flight.landed_at or now) + BEFORE)


def assignment_of(unit: Unit, preset: Preset, flight: Flight) -> Assignment:
    """What a flight's photographs are for."""
    tasks = tuple(unit.tasks.get(task_id) for task_id in flight.task_ids)
    case = unit.cases.get(flight.case_id) if flight.case_id else None
    extra = _family(preset, case.event_type) if case else ()
    return Assignment(
        flight=flight,
        tasks={task.id: task for task in tasks},
        wanted=tuple(_wanted(preset, task, extra) for task in tasks),
    )


def latest_flight(unit: Unit, vehicle: str) -> Flight | None:
    """The flight that a drone began last."""
    found = (f for f in unit.flights.find(vehicle=vehicle, state=_BEGUN) if f.part_of is None)
    return max(found, key=lambda f: f.start, default=None)


def flight_at(unit: Unit, vehicle: str, at: datetime, now: datetime) -> Flight | None:
    """The flight that a drone was on at a time; None when it stood, or where two would fit."""
    found = [
        f
        for f in unit.flights.find(vehicle=vehicle, state=_BEGUN)
        if f.part_of is None
        and (f.took_off_at or f.start) - BEFORE <= at <= (f.landed_at or now) + BEFORE
    ]
    return found[0] if len(found) == 1 else None


def time_in(path: str) -> datetime | None:
    """When a file says that it was taken; None where it cannot be read."""
    with open(path, "rb") as file:
        try:
            return metadata.read(file.read()).taken_at
        except UnreadableMedia:
            return None


def cases_of(assignment: Assignment | None) -> tuple[str, ...]:
    """The case that a flight was flown for."""
    case = assignment.flight.case_id if assignment else None
    return (case,) if case else ()


def scenarios_of(tasks: Iterable[Task]) -> tuple[str, ...]:
    """The scenarios of tasks, each once."""
    return tuple(dict.fromkeys(s for task in tasks for s in task.scenarios))


def audience(preset: Preset, tasks: Iterable[Task]) -> tuple[str, ...]:
    """Everybody who may see what these tasks' photographs show, owners first."""
    owners: list[str] = []
    guests: list[str] = []
    for task in tasks:
        owners.extend(task.departments)
        guests.extend(task.shared_with)
        for name in task.scenarios:
            if name in preset.scenarios:
                guests.extend(preset.scenarios[name].shared_with)
    return tuple(dict.fromkeys((*owners, *guests)))


def by_hand(unit: Unit, medium: Medium, parts: list[Flight]) -> Medium:
    """A photograph that was taken while a pilot flew belongs to what the pilot flew."""
    part = part_at(parts, medium.taken_at)
    if part is None:
        return medium
    tasks = [unit.tasks.get(t) for t in part.task_ids]
    seen_by = tuple(dict.fromkeys((*part.departments, medium.department, *medium.shared_with)))
    return replace(
        medium,
        flight=part.id,
        tasks=tuple(t.id for t in tasks),
        scenarios=scenarios_of(tasks),
        cases=(part.case_id,) if part.case_id else (),
        department=seen_by[0],
        shared_with=tuple(a for a in seen_by[1:] if a),
    )


def _family(preset: Preset, event_type: str) -> tuple[str, ...]:
    """All types of a type's class: who looks again at a fire looks for embers too."""
    of = preset.event_types[event_type].class_code
    return tuple(code for code, kind in preset.event_types.items() if kind.class_code == of)


def _wanted(preset: Preset, task: Task, extra: tuple[str, ...]) -> Wanted:
    codes = {
        c
        for name in task.scenarios
        if name in preset.scenarios
        for c in preset.scenarios[name].event_types
    }
    thermal = {c for c in (*codes, *extra) if preset.event_types[c].detector == "thermal"}
    return Wanted(
        task_id=task.id,
        geometry_wkb=shapely.to_wkb(shape(task.geometry)),
        event_types=tuple(sorted(thermal)),
        scenarios=task.scenarios,
    )
