"""After a flight: wait for its photographs, answer its requests, ask officers to look."""

from collections.abc import Sequence
from datetime import datetime

from imagery.catalog import Medium, MediumState
from missions.entities import (
    Answer,
    Flight,
    FlightState,
    Origin,
    Request,
    RequestState,
    Task,
    TaskState,
)
from missions.lifecycle import move
from missions.media.products import want_for_flight
from missions.media.refly import close_gaps
from missions.operations import flights, history, officers
from missions.operations.journal import note
from missions.operations.looking import look
from missions.operations.regrouping import put_together
from missions.operations.room import ControlRoom
from missions.operations.verdict import judge_recheck
from missions.store.protocol import Unit

PATIENCE_S = 300.0
"""How long after landing photographs may still come in before the flight is settled without."""
LOOK_S = 5.0
KEPT = 0.95
"""One photograph in twenty may be missing: neighbours overlap by more than that."""


async def settle(room: ControlRoom, flight: Flight) -> None:
    """Answer everybody who waited for this flight."""
    await _photographs_in(room, flight)
    if flight.origin is Origin.RECHECK:
        await judge_recheck(room, flight)
    await put_together(room, flight)
    await history.note_looks(room, flight)
    seen = await look(room, flight)
    with room.unit() as unit:
        received = unit.media.count(flight=flight.id)
        for task in [unit.tasks.get(t) for t in flight.task_ids]:
            if task.state is TaskState.FLOWN:
                media = unit.media.find(tasks=task.id, state=MediumState.KEPT)
                _answer(unit, room.now(), task, media)
                officers.ask(unit, room.preset, room.now(), task, media, seen[task.id])
        note(
            unit,
            room.now(),
            flight.id,
            "settle",
            f"{received} of {flight.photos_taken} photographs received",
            f"收到 {received}/{flight.photos_taken} 张影像",
        )
        wanted = want_for_flight(unit, room, flight)
    if wanted:
        room.products_wanted.set()
    _missing(room, flight, received)
    await close_gaps(room, flight)


def _missing(room: ControlRoom, flight: Flight, received: int) -> None:
    """A flight that counts as done and lacks photographs is somebody's to look at."""
    asked = flight.route.photos
    if flight.state is FlightState.DONE and received < KEPT * asked:
        text = f"{received} of {asked} photographs came in; what they were for may have gaps"
        flights.alarm(room, flight, text, f"仅收到 {received}/{asked} 张影像，覆盖可能不完整")


async def _photographs_in(room: ControlRoom, flight: Flight) -> None:
    waited = 0.0
    while waited < PATIENCE_S:
        with room.view() as unit:
            if unit.media.count(flight=flight.id) >= flight.photos_taken:
                return
        await room.clock.sleep(LOOK_S)
        waited += LOOK_S


def _answer(unit: Unit, now: datetime, task: Task, media: Sequence[Medium]) -> None:
    """Tell the requests of a task what was photographed for them, once nothing is left to fly."""
    for request_id in task.request_ids:
        request = unit.requests.get(request_id)
        if request.state is not RequestState.PLANNED:
            continue
        parts = [unit.tasks.get(t) for t in request.task_ids]
        if any(part.state is TaskState.PLANNED for part in parts):
            continue
        flown = move(request, RequestState.FLOWN)
        if media:
            unit.requests.put(move(flown, RequestState.ANSWERED, answer=_reply(request, media)))
        else:
            unit.requests.put(flown)


def _reply(request: Request, media: Sequence[Medium]) -> Answer:
    given = request.answer
    earlier = f", with {len(request.reused)} earlier ones" if request.reused else ""
    earlier_zh = f"，另用既有影像 {len(request.reused)} 张" if request.reused else ""
    return Answer(
        text=f"photographed: {len(media)} media{earlier}",
        text_zh=f"已拍摄：{len(media)} 张影像{earlier_zh}",
        code="answered",
        flight_id=given.flight_id if given else None,
        start=given.start if given else None,
    )
