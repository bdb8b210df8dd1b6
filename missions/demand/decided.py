"""What the planner decided, in the story's words: tasks, flights, an answer for everybody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from shapely.geometry import mapping, shape
from shapely.ops import unary_union

import planner
from core.errors import PlanRejected
from core.geo import path_length_m
from core.ids import new_id
from missions.entities import Answer, Flight, Origin, Request, RequestState, Task, TaskState
from missions.lifecycle import move
from missions.presets import Dock, Preset
from planner.problem import Plan, Prepared, Refusal


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
    answered = tuple(
        _answered(request, preset.zone_info, prepared, plan, names, flight_of, flight_ids, docks)
        for request in asked
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
    )


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
    flight_of: Mapping[str, planner.Flight],
    flight_ids: Mapping[str, str],
    docks: Mapping[str, Dock],
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
            text=f"planned: take-off {take_off} from {docks[first.station].id}{share}",
            text_zh=f"已排飞：{docks[first.station].id} 机场 {take_off} 起飞{share_zh}",
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
    """The reason, what exactly stands against it, and what could be had instead."""
    text, text_zh = refusal.reason, refusal.reason_zh
    if refusal.conflict:
        text += " (" + "; ".join(en for en, _ in refusal.conflict) + ")"
        text_zh += "（" + "；".join(zh for _, zh in refusal.conflict) + "）"
    if refusal.offer is not None:
        text += f". Possible: {refusal.offer.text}"
        text_zh += f"。可行方案：{refusal.offer.text_zh}"
    return Answer(text=text, text_zh=text_zh, code=refusal.code)
