"""What the planner decided, in the story's words: tasks, flights, an answer for everybody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from shapely.geometry import mapping, shape
from shapely.ops import unary_union

import planner
from core.errors import PlanRejected
from core.geo import path_length_m
from core.ids import new_id
from missions.entities import (
    Answer,
    Constraint,
    CounterOffer,
    Flight,
    Origin,
    Request,
    RequestState,
    Slot,
    Task,
    TaskState,
)
from missions.lifecycle import move
from missions.presets import Dock, Preset
from planner.problem import Offer, Plan, Prepared, Refusal


@dataclass(frozen=True, kw_only=True)
class Decided:
    """Tasks and flights, and the requests with their new states and answers."""

    tasks: tuple[Task, ...]
    flights: tuple[Flight, ...]
    requests: tuple[Request, ...]


def decide(
    preset: Preset,
    day: date,
    asked: Sequence[Request],
    prepared: Prepared,
    plan: Plan,
    *,
    docks: Mapping[str, Dock],
    plan_id: str | None,
    origin: Origin,
) -> Decided:
    """Tell a plan in the story's words.

    Args:
        docks: by the planner's station id.
    """
    by_id = {request.id: request for request in asked}
    names = {task.id: new_id("tsk", task.earliest) for task in prepared.tasks}
    flight_ids = {flight.id: new_id("flt", flight.start) for flight in plan.flights}
    flight_of = {stop.task: flight for flight in plan.flights for stop in flight.stops}
    tasks = tuple(
        _task(task, day, names, [by_id[look] for look in task.looks], plan, flight_of, flight_ids)
        for task in prepared.tasks
    )
    by_name = {task.id: task for task in tasks}
    flights = tuple(
        _flight(
            flight,
            flight_ids[flight.id],
            plan_id,
            day,
            docks[flight.station],
            [by_name[names[s.task]] for s in flight.stops],
            origin,
        )
        for flight in plan.flights
    )
    by_task = {task_id: flight for flight in flights for task_id in flight.task_ids}
    answered = tuple(
        _answered(request, preset.zone_info, prepared, plan, names, by_task) for request in asked
    )
    return Decided(tasks=tasks, flights=flights, requests=answered)


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
        shared_with=readers_of(requests),
    )


def readers_of(requests: Sequence[Request]) -> tuple[str, ...]:
    """The departments with which what requests show is shared, besides their own."""
    owners = {r.department for r in requests}
    return tuple(sorted({d for r in requests for d in r.shared_with} - owners))


def _flight(
    flight: planner.Flight,
    flight_id: str,
    plan_id: str | None,
    day: date,
    dock: Dock,
    tasks: Sequence[Task],
    origin: Origin,
) -> Flight:
    return Flight(
        id=flight_id,
        plan_id=plan_id,
        day=day,
        origin=origin,
        dock=dock.id,
        vehicle=dock.id,
        system_id=dock.system_id,
        link=dock.link,
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
    by_task: Mapping[str, Flight],
) -> Request:
    """The request with its answer: which flights and when, or why not."""
    parts = prepared.served_by.get(request.id, ())
    own = tuple(names[p] for p in parts)
    flown = {by_task[t].id: by_task[t] for t in own if t in by_task}
    if flown:
        missing = sum(t not in by_task for t in own)
        answer = planned_answer(request, tuple(flown.values()), zone, len(own), missing)
        return move(request, RequestState.PLANNED, answer=answer, task_ids=own)
    refusal = prepared.refused.get(request.id) or next(
        (plan.unserved[p] for p in parts if p in plan.unserved), None
    )
    if refusal is None:
        raise PlanRejected("a request was neither planned nor refused", where=request.id)
    return move(request, RequestState.REFUSED, answer=_answer(refusal), task_ids=own)


def planned_answer(
    request: Request, flights: Sequence[Flight], zone: ZoneInfo, parts: int, missing: int
) -> Answer:
    """What a department is told of the flights that serve it."""
    own = sorted(flights, key=lambda f: f.start)
    first = own[0]
    take_off = f"{first.start.astimezone(zone):%m-%d %H:%M}"
    share = f" ({parts - missing} of {parts} parts)" if missing else ""
    share_zh = f"（{parts} 段中的 {parts - missing} 段）" if missing else ""
    others = {d for flight in own for d in flight.departments} - {request.department}
    return Answer(
        text=f"planned: take-off {take_off} from {first.dock}{share}",
        text_zh=f"已排飞：{first.dock} 机场 {take_off} 起飞{share_zh}",
        code="planned",
        flight_id=first.id,
        start=first.start,
        flights=slots_of(own),
        with_departments=tuple(sorted(others)),
    )


def slots_of(flights: Sequence[Flight]) -> tuple[Slot, ...]:
    """When flights take off and land."""
    return tuple(Slot(flight_id=f.id, dock=f.dock, start=f.start, end=f.end) for f in flights)


def _answer(refusal: Refusal) -> Answer:
    """The reason, what exactly stands against it, and what could be had instead."""
    text, text_zh = refusal.reason, refusal.reason_zh
    if refusal.conflict:
        text += " (" + "; ".join(en for en, _ in refusal.conflict) + ")"
        text_zh += "（" + "；".join(zh for _, zh in refusal.conflict) + "）"
    if refusal.offer is not None:
        text += f". Possible: {refusal.offer.text}"
        text_zh += f"。可行方案：{refusal.offer.text_zh}"
    if refusal.cut_short:
        text += ". Not everything was tried, for want of time: there may be an alternative"
        text_zh += "。时间所限，未逐一试算，或仍有其他方案"
    return Answer(
        text=text,
        text_zh=text_zh,
        code=refusal.code,
        conflict=_conflict(refusal),
        offer=None if refusal.offer is None else _offer(refusal.offer),
        cut_short=refusal.cut_short,
    )


def _conflict(refusal: Refusal) -> tuple[Constraint, ...]:
    rules = refusal.rules or ("",) * len(refusal.conflict)
    if len(rules) != len(refusal.conflict):  # the plan left it out, though no rule forbids it
        rules = ("",) * len(refusal.conflict)
    return tuple(
        Constraint(rule=rule, text=text, text_zh=text_zh)
        for rule, (text, text_zh) in zip(rules, refusal.conflict, strict=True)
    )


def _offer(offer: Offer) -> CounterOffer:
    return CounterOffer(
        change=offer.change,
        text=offer.text,
        text_zh=offer.text_zh,
        instead={name: _plain(value) for name, value in offer.instead.items()},
        dock=offer.station,
        start=offer.start,
    )


def _plain(value: Any) -> Any:
    """A look's field as JSON has it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return mapping(value) if hasattr(value, "geom_type") else value
