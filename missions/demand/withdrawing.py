"""A department takes a request back: what serves nobody any more is not flown, all else stays."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from core.errors import IllegalTransition, NotAllowed
from core.ids import new_id
from missions.access import Principal
from missions.entities import (
    Answer,
    Flight,
    FlightState,
    LogEntry,
    Request,
    RequestState,
    Task,
    TaskState,
)
from missions.lifecycle import move
from missions.store.protocol import Unit

_REPLY = Answer(code="withdrawn", text="withdrawn by the department", text_zh="需求部门已撤回")
_UNDER_WAY = (FlightState.PREPARING, FlightState.FLYING)


def withdraw(unit: Unit, principal: Principal, request_id: str, now: datetime) -> Request:
    """Take a request back.

    A planned flight that serves nobody else is cancelled; one that does flies as it is planned.

    Raises:
        NotFound: no such request for this caller.
        NotAllowed: it is another department's, which shares it.
        IllegalTransition: it was flown, or its flight has begun.
    """
    principal.require("request")
    request: Request = principal.checked(unit.requests.get(request_id))
    must_be_own(principal, request)
    tasks = [unit.tasks.get(t) for t in request.task_ids if unit.tasks.exists(t)]
    _must_not_fly(unit, request, tasks)
    gone = move(request, RequestState.WITHDRAWN, answer=_REPLY)
    unit.requests.put(gone)
    let_go(unit, request, tasks, now)
    _note(unit, principal.name, now, request)
    return gone


def must_be_own(principal: Principal, request: Request) -> None:
    """Raise NotAllowed unless the request is the caller's department's, or the caller city-wide."""
    if not principal.city_wide and request.department != principal.department:
        raise NotAllowed(
            "it is another department's request",
            where=request.id,
            remedy="ask that department, or a dispatcher",
        )


def let_go(unit: Unit, request: Request, tasks: Sequence[Task], now: datetime) -> None:
    """Take a request out of its tasks; what then serves nobody is refused or cancelled."""
    for task in tasks:
        left = tuple(r for r in task.request_ids if r != request.id)
        changed = replace(
            task,
            request_ids=left,
            departments=_departments(unit, left) if left else task.departments,
        )
        if not left and task.state is TaskState.PLANNED:
            changed = move(changed, TaskState.REFUSED, refusal=_REPLY)
        unit.tasks.put(changed)
    for flight_id in dict.fromkeys(t.flight_id for t in tasks if t.flight_id is not None):
        flight = unit.flights.get(flight_id)
        if flight.state is FlightState.PLANNED:
            _change(unit, flight, now)


def _change(unit: Unit, flight: Flight, now: datetime) -> None:
    """A planned flight after a request was taken out of it."""
    serving = [t for t in (unit.tasks.get(i) for i in flight.task_ids) if t.request_ids]
    if serving:
        departments = tuple(dict.fromkeys(d for t in serving for d in t.departments))
        unit.flights.put(replace(flight, departments=departments))
        return
    reason, reason_zh = "nobody needs it any more", "需求已全部撤回"
    unit.flights.put(move(flight, FlightState.CANCELLED, reason=reason, reason_zh=reason_zh))
    unit.log.add(
        LogEntry(
            id=new_id("log", now),
            at=now,
            actor="service",
            action="cancel",
            subject=flight.id,
            text=f"cancelled: {reason}",
            text_zh=f"取消：{reason_zh}",
        )
    )


def _departments(unit: Unit, request_ids: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(unit.requests.get(r).department for r in request_ids))


def _must_not_fly(unit: Unit, request: Request, tasks: Sequence[Task]) -> None:
    for task in tasks:
        if task.flight_id is None:
            continue
        flight = unit.flights.get(task.flight_id)
        if flight.state in _UNDER_WAY and request.state is RequestState.PLANNED:
            raise IllegalTransition(
                f"its flight {flight.id} has begun",
                where=request.id,
                remedy="ask the pilot to bring the drone home, or wait for the photographs",
            )


def _note(unit: Unit, actor: str, now: datetime, request: Request) -> None:
    unit.log.add(
        LogEntry(
            id=new_id("log", now),
            at=now,
            actor=actor,
            action="request.withdraw",
            subject=request.id,
            text="withdrawn",
            text_zh="撤回需求",
            department=request.department,
        )
    )
