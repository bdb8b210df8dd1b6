"""After a flight: wait for its photographs, answer its requests, ask officers to look."""

from collections.abc import Sequence
from datetime import datetime

from shapely.geometry import shape

from core.geo import LonLat
from core.ids import new_id
from imagery.catalog import Medium, MediumState
from missions.entities import (
    Answer,
    Flight,
    Origin,
    Request,
    RequestState,
    Review,
    Task,
    TaskState,
)
from missions.lifecycle import move
from missions.operations.journal import note
from missions.operations.room import ControlRoom
from missions.operations.verdict import judge_recheck
from missions.presets import Preset
from missions.store.protocol import Unit

PATIENCE_S = 300.0
"""How long after landing photographs may still come in before the flight is settled without."""
LOOK_S = 5.0
STRIP = 60
"""Most photographs in one officer's strip, spread evenly over the task."""


async def settle(room: ControlRoom, flight: Flight) -> None:
    """Answer everybody who waited for this flight."""
    await _photographs_in(room, flight)
    if flight.origin is Origin.RECHECK:
        await judge_recheck(room, flight)
    with room.unit() as unit:
        received = unit.media.count(flight=flight.id)
        for task in [unit.tasks.get(t) for t in flight.task_ids]:
            if task.state is TaskState.FLOWN:
                media = unit.media.find(tasks=task.id, state=MediumState.KEPT)
                _answer(unit, room.now(), task, media)
                _ask_officers(unit, room.preset, room.now(), task, media)
        note(
            unit,
            room.now(),
            flight.id,
            "settle",
            f"{received} of {flight.photos_taken} photographs received",
            f"收到 {received}/{flight.photos_taken} 张影像",
        )


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
    return Answer(
        text=f"photographed: {len(media)} media",
        text_zh=f"已拍摄：{len(media)} 张影像",
        code="answered",
        flight_id=given.flight_id if given else None,
        start=given.start if given else None,
    )


def _ask_officers(
    unit: Unit, preset: Preset, now: datetime, task: Task, media: Sequence[Medium]
) -> None:
    """What no shipped detector looks for goes to the officers of each scenario's department."""
    visible = [m for m in media if not m.radiometric]
    if not visible:
        return
    centre = shape(task.geometry).representative_point()
    for name in task.scenarios:
        scenario = preset.scenarios.get(name)
        codes = _left_to_officers(preset, scenario.event_types) if scenario else ()
        if scenario is None or not codes:
            continue
        unit.reviews.add(
            Review(
                id=new_id("rev", now),
                kind="look",
                event_types=codes,
                task_id=task.id,
                place=scenario.name,
                geometry=task.geometry,
                position=LonLat(centre.x, centre.y),
                media=tuple(m.id for m in _spread(visible, STRIP)),
                created_at=now,
                department=scenario.department,
                shared_with=scenario.shared_with,
            )
        )


def _left_to_officers(preset: Preset, codes: Sequence[str]) -> tuple[str, ...]:
    return tuple(c for c in codes if preset.event_types[c].detector != "thermal")


def _spread(media: Sequence[Medium], most: int) -> Sequence[Medium]:
    if len(media) <= most:
        return media
    return [media[i * len(media) // most] for i in range(most)]
