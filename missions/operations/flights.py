"""What is written down as a flight goes on: one unit of work a step."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from missions.entities import (
    Answer,
    FilingState,
    Flight,
    FlightState,
    RequestState,
    Task,
    TaskState,
)
from missions.ledger import split
from missions.lifecycle import move
from missions.operations.journal import alert, note
from missions.operations.room import ControlRoom
from missions.operations.segments import aside_s, parts_of
from missions.store.protocol import Unit

NOT_FLOWN = "not_flown"
"""Answer's code: a planned flight was lost; `mend` looks for another."""


def begin(room: ControlRoom, flight: Flight) -> Flight:
    """Preparation has begun."""
    room.latest_flight[flight.vehicle] = flight.id
    return _write(
        room, move(flight, FlightState.PREPARING), "prepare", "preparing the flight", "开始飞行准备"
    )


def postpone(room: ControlRoom, flight: Flight, reason: str, seconds: float) -> Flight:
    """Not now: planned again a little later."""
    later = timedelta(seconds=seconds)
    planned = move(flight, FlightState.PLANNED, start=flight.start + later, end=flight.end + later)
    return _write(
        room,
        planned,
        "postpone",
        f"not ready: {reason}; trying again",
        f"未就绪：{reason}，稍后重试",
    )


def took_off(room: ControlRoom, flight: Flight, items: int) -> Flight:
    """The mission was read back and the drone is in the air."""
    flying = move(flight, FlightState.FLYING, took_off_at=room.now())
    return _write(
        room,
        flying,
        "take-off",
        f"mission of {items} items read back and compared; took off",
        f"航线 {items} 项回读一致，已起飞",
    )


def remark(
    room: ControlRoom,
    flight: Flight,
    action: str,
    text: str,
    text_zh: str,
    actor: str = "service",
) -> None:
    """A line in the flight's diary."""
    with room.unit() as unit:
        note(unit, room.now(), flight.id, action, text, text_zh, actor)


def alarm(room: ControlRoom, flight: Flight, text: str, text_zh: str) -> None:
    """A line in the diary that somebody must see."""
    now = room.now()
    with room.unit() as unit:
        note(unit, now, flight.id, "alarm", text, text_zh)
        alert(
            unit,
            now,
            "flight",
            3,
            f"{flight.vehicle}: {text}",
            f"{flight.vehicle}：{text_zh}",
            department=flight.departments[0],
            shared_with=flight.departments[1:],
        )


def landed(
    room: ControlRoom, flight: Flight, *, complete: bool, photos: int, at: str | None = None
) -> Flight:
    """Down: tasks are flown, the cost is shared out among those it served.

    What pilots flew by hand meanwhile bears its own share.

    Args:
        at: the dock where it stands, when that is not its own.
    """
    now = room.now()
    state = FlightState.DONE if complete else FlightState.DIVERTED
    with room.unit() as unit:
        parts = parts_of(unit, flight)
        photos = max(0, photos - sum(part.photos_taken for part in parts))
        done = move(flight, state, landed_at=now, photos_taken=photos, lands_at=at)
        unit.flights.put(done)
        tasks = [unit.tasks.get(task_id) for task_id in flight.task_ids]
        requests = [unit.requests.get(r) for task in tasks for r in task.request_ids]
        if complete:
            for task in tasks:
                unit.tasks.put(move(task, TaskState.FLOWN))
        else:
            _give_up(unit, tasks, "the flight was broken off", "飞行中止")
        unit.ledger.add_all(split(done, tasks, requests, aside_s=aside_s(parts)))
        note(
            unit,
            now,
            flight.id,
            "land",
            (f"landed at {at}" if at else "landed")
            + f", {photos} photographs taken"
            + ("" if complete else "; the route was not finished"),
            (f"已降落于 {at}" if at else "已降落")
            + f"，拍摄 {photos} 张"
            + ("" if complete else "，航线未完成"),
        )
    return done


def failed(room: ControlRoom, flight: Flight, reason: str) -> Flight:
    """It did not fly, or its end is not known; its tasks are refused with the reason."""
    now = room.now()
    with room.unit() as unit:
        lost = move(flight, FlightState.FAILED, reason=reason, reason_zh=reason)
        unit.flights.put(lost)
        _give_up(unit, [unit.tasks.get(t) for t in flight.task_ids], reason, reason)
        note(unit, now, flight.id, "fail", f"failed: {reason}", f"失败：{reason}")
    return lost


def cancelled(unit: Unit, room: ControlRoom, flight: Flight, reason: str, reason_zh: str) -> Flight:
    """Taken out of the day before it began."""
    gone = move(flight, FlightState.CANCELLED, reason=reason, reason_zh=reason_zh)
    unit.flights.put(gone)
    _give_up(unit, [unit.tasks.get(t) for t in flight.task_ids], reason, reason_zh)
    note(unit, room.now(), flight.id, "cancel", f"cancelled: {reason}", f"取消：{reason_zh}")
    return gone


def moved(
    unit: Unit, room: ControlRoom, flight: Flight, by: timedelta, why: str, why_zh: str
) -> Flight:
    """Later on the same day."""
    later = replace(flight, start=flight.start + by, end=flight.end + by)
    unit.flights.put(later)
    minutes = round(by.total_seconds() / 60)
    note(
        unit,
        room.now(),
        flight.id,
        "move",
        f"moved by {minutes} min: {why}",
        f"推迟 {minutes} 分钟：{why_zh}",
    )
    return later


def approve(unit: Unit, room: ControlRoom) -> None:
    """Write down what the authority has answered."""
    for filing in unit.filings.find(state=FilingState.FILED):
        answered = room.authority.answered(filing, room.now())
        if answered is not None:
            unit.filings.put(answered)
            note(
                unit,
                room.now(),
                filing.id,
                "filing.answer",
                f"{answered.answered_by}: {answered.state}",
                "飞行申报已批准（模拟空管）",
            )


def overdue(room: ControlRoom, flight: Flight) -> None:
    """It should have landed long ago: somebody must look."""
    now = room.now()
    with room.unit() as unit:
        due = room.clock_time(flight.end)
        text = f"{flight.vehicle} is overdue: it should have landed at {due}"
        text_zh = f"{flight.vehicle} 超时未归：应于 {due} 降落"
        note(unit, now, flight.id, "overdue", text, text_zh)
        alert(
            unit,
            now,
            "flight",
            3,
            text,
            text_zh,
            department=flight.departments[0],
            shared_with=flight.departments[1:],
        )


def _give_up(unit: Unit, tasks: Iterable[Task], reason: str, reason_zh: str) -> None:
    """Refuse tasks that will not be flown, and the requests that hang on them alone."""
    reply = Answer(text=reason, text_zh=reason_zh, code=NOT_FLOWN)
    for task in tasks:
        unit.tasks.put(move(task, TaskState.REFUSED, refusal=reply, flight_id=None))
        for request_id in task.request_ids:
            request = unit.requests.get(request_id)
            others = [unit.tasks.get(t) for t in request.task_ids if t != task.id]
            waiting = any(t.state in (TaskState.PLANNED, TaskState.FLOWN) for t in others)
            if request.state is RequestState.PLANNED and not waiting:
                unit.requests.put(move(request, RequestState.REFUSED, answer=reply))


def _write(room: ControlRoom, flight: Flight, action: str, text: str, text_zh: str) -> Flight:
    with room.unit() as unit:
        unit.flights.put(flight)
        note(unit, room.now(), flight.id, action, text, text_zh)
    return flight
