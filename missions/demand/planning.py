"""A day's plan: requests become looks, looks become tasks, tasks become flights.

Pure: values in, values out; `releasing` stores what is decided here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from shapely.geometry import mapping, shape
from shapely.ops import unary_union

import planner
from core.errors import PlanRejected
from core.geo import path_length_m
from core.ids import new_id
from missions.demand.reach import passes, share
from missions.demand.revisit import requests_for
from missions.entities import (
    Answer,
    Flight,
    Origin,
    PlanRecord,
    Request,
    RequestState,
    Task,
    TaskState,
)
from missions.lifecycle import move
from missions.presets import Dock, Preset
from planner.problem import (
    Look,
    LookKind,
    Plan,
    Prepared,
    Problem,
    Progress,
    Refusal,
    Station,
    Violation,
)

OPENING = time(8, 0)
CLOSING = time(18, 0)
"""A docked fleet's working day: ten hours of daylight, the horizon of one plan."""


MARGIN = 0.15
"""Share of the endurance that plans leave unused beyond the reserve. Plans are made the day before,
in still air and without the braking at corners; simulated flights took 1.10 (median) to 1.19 times
as long as planned."""


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
) -> PlannedDay:
    """Plan one day for every department.

    Args:
        requests: what is asked; the scenarios' revisit rules decide where it is left out.
        seconds: time for the search.

    Raises:
        PlanRejected: the independent checker refused the plan.
    """
    asked = tuple(requests if requests is not None else requests_for(preset, day))
    start, end = horizon(preset, day)
    stations = stations_of(preset, start, end)
    prepared = planner.prepare(
        [look(r) for r in asked], stations, preset.zones, heights=preset.heights
    )
    problem = Problem(
        stations=stations, tasks=prepared.tasks, zones=preset.zones, start=start, end=end
    )
    plan = planner.solve(problem, seconds=seconds, seed=seed, progress=progress)
    violations = planner.verify(problem, plan)
    if violations:
        raise PlanRejected(
            f"the checker found {len(violations)} violations, the first: {violations[0]}",
            where=f"plan of {day}",
            remedy="the plan is not released; plan again with another seed and report this one",
        )
    return _assemble(preset, day, start, asked, prepared, plan)


def horizon(preset: Preset, day: date) -> tuple[datetime, datetime]:
    """First take-off and last landing of a day."""
    zone = preset.zone_info
    return datetime.combine(day, OPENING, tzinfo=zone), datetime.combine(day, CLOSING, tzinfo=zone)


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
    start: datetime,
    asked: tuple[Request, ...],
    prepared: Prepared,
    plan: Plan,
) -> PlannedDay:
    """The decision as the story's entities."""
    now = start - timedelta(days=1)
    by_id = {request.id: request for request in asked}
    names = {task.id: new_id("tsk", start) for task in prepared.tasks}
    flight_ids = {flight.id: new_id("flt", flight.start) for flight in plan.flights}
    flight_of = {stop.task: flight for flight in plan.flights for stop in flight.stops}

    tasks = tuple(
        _task(task, day, names, [by_id[look] for look in task.looks], plan, flight_of, flight_ids)
        for task in prepared.tasks
    )
    by_name = {task.id: task for task in tasks}
    docks = {dock.id: dock for dock in preset.docks}
    plan_id = new_id("pln", now)
    flights = tuple(
        _flight(
            flight,
            flight_ids[flight.id],
            plan_id,
            day,
            docks[flight.station],
            [by_name[names[s.task]] for s in flight.stops],
        )
        for flight in plan.flights
    )
    answered = tuple(
        _answered(request, preset.zone_info, prepared, plan, names, flight_of, flight_ids)
        for request in asked
    )
    return PlannedDay(
        day=day,
        made_at=now,
        requests=answered,
        tasks=tasks,
        flights=flights,
        record=_record(preset, plan_id, day, now, asked, answered, prepared, plan, tasks, flights),
        prepared=prepared,
        plan=plan,
        violations=(),
    )


def _task(
    task: planner.Task,
    day: date,
    names: Mapping[str, str],
    requests: Sequence[Request],
    plan: Plan,
    flight_of: Mapping[str, planner.Flight],
    flight_ids: Mapping[str, str],
) -> Task:
    flight = flight_of.get(task.id)
    refusal = plan.unserved.get(task.id)
    return Task(
        id=names[task.id],
        day=day,
        request_ids=task.looks,
        scenarios=tuple(dict.fromkeys(r.scenario for r in requests)),
        departments=tuple(dict.fromkeys(r.department for r in requests)),
        sensors=tuple(sorted(task.sensors)),
        geometry=mapping(unary_union([shape(r.geometry) for r in requests])),
        gsd_m=min(r.gsd_m for r in requests),
        earliest=task.earliest,
        latest=task.latest,
        priority=task.priority,
        state=TaskState.PLANNED if flight else TaskState.REFUSED,
        flight_id=flight_ids[flight.id] if flight else None,
        refusal=None if flight or refusal is None else _answer(refusal),
    )


def _flight(
    flight: planner.Flight,
    flight_id: str,
    plan_id: str,
    day: date,
    dock: Dock,
    tasks: Sequence[Task],
) -> Flight:
    return Flight(
        id=flight_id,
        plan_id=plan_id,
        day=day,
        origin=Origin.REVISIT,
        dock=dock.id,
        vehicle=dock.id,
        system_id=dock.system_id,
        task_ids=tuple(task.id for task in tasks),
        departments=tuple(dict.fromkeys(d for task in tasks for d in task.departments)),
        priority=max(task.priority for task in tasks),
        route=flight.route,
        start=flight.start,
        end=flight.end,
        km=path_length_m(w.position for w in flight.route.waypoints) / 1000,
        landing_share=flight.landing_share,
    )


def _answered(
    request: Request,
    zone: ZoneInfo,
    prepared: Prepared,
    plan: Plan,
    names: Mapping[str, str],
    flight_of: Mapping[str, planner.Flight],
    flight_ids: Mapping[str, str],
) -> Request:
    """The request with its answer: which flight and when, or why not."""
    parts = prepared.served_by.get(request.id, ())
    flown = sorted((flight_of[p] for p in parts if p in flight_of), key=lambda f: f.start)
    if flown:
        first = flown[0]
        take_off = f"{first.start.astimezone(zone):%H:%M}"
        share = "" if len(flown) == len(parts) else f" ({len(flown)} of {len(parts)} parts)"
        share_zh = "" if len(flown) == len(parts) else f"（{len(parts)} 段中的 {len(flown)} 段）"
        reply = Answer(
            text=f"planned: take-off {take_off} from {first.station}{share}",
            text_zh=f"已排飞：{first.station} 机场 {take_off} 起飞{share_zh}",
            code="planned",
            flight_id=flight_ids[first.id],
            start=first.start,
        )
        return move(
            request,
            RequestState.PLANNED,
            answer=reply,
            task_ids=tuple(names[p] for p in parts),
        )
    refusal = prepared.refused.get(request.id) or next(
        (plan.unserved[p] for p in parts if p in plan.unserved), None
    )
    if refusal is None:
        raise PlanRejected("a request was neither planned nor refused", where=request.id)
    return move(
        request,
        RequestState.REFUSED,
        answer=_answer(refusal),
        task_ids=tuple(names[p] for p in parts),
    )


def _answer(refusal: Refusal) -> Answer:
    return Answer(text=refusal.reason, text_zh=refusal.reason_zh, code=refusal.code)


def _record(
    preset: Preset,
    plan_id: str,
    day: date,
    made_at: datetime,
    asked: Sequence[Request],
    answered: Sequence[Request],
    prepared: Prepared,
    plan: Plan,
    tasks: Sequence[Task],
    flights: Sequence[Flight],
) -> PlanRecord:
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
