"""After a flight: what changed and what trained detectors find, worked off in the pool bit by bit.

Small jobs, so that photographs of other flights are taken in between.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from core.equipment import Sensor
from imagery.catalog import Medium, MediumState
from missions.entities import Flight, Task
from missions.operations import changes, officers, spotting
from missions.operations.room import ControlRoom

Item = TypeVar("Item")
Result = TypeVar("Result")


async def look(room: ControlRoom, flight: Flight) -> dict[str, officers.Seen]:
    """By task of a flight, what detectors made of its photographs."""
    return {task_id: await _looked(room, flight, task_id) for task_id in flight.task_ids}


async def _looked(room: ControlRoom, flight: Flight, task_id: str) -> officers.Seen:
    began = flight.took_off_at or flight.start
    with room.view() as unit:
        task: Task = unit.tasks.get(task_id)
        media = unit.media.find(tasks=task.id, state=MediumState.KEPT, sensor=Sensor.VISIBLE)
        profiles = officers.change_profiles(room.preset, task)
        chosen = changes.choose(unit, media, began) if profiles and media else None
    codes = officers.model_types(room.preset, task, room.detectors.event_types)
    found = None
    if chosen is not None and chosen.pairs:
        job = partial(changes.compare_pairs, profiles=profiles)
        found = changes.merged(await _each(room, job, chosen.pairs, changes.CHUNK))
    return officers.Seen(
        changes=found,
        compared=chosen.compared if chosen else 0.0,
        unseen=chosen.unseen if chosen else 1.0,
        spots=await _spots(room, media, codes),
        searched=codes,
    )


async def _spots(
    room: ControlRoom, media: Sequence[Medium], codes: frozenset[str]
) -> list[spotting.Spot]:
    if not codes or not media:
        return []
    job = partial(spotting.spot, room.detectors, codes=codes)
    return spotting.merged(await _each(room, job, media, spotting.CHUNK))


async def _each(
    room: ControlRoom, job: Callable[[Sequence[Item]], list[Result]], items: Sequence[Item], by: int
) -> list[Result]:
    """The results of a job over all items, some at a time."""
    loop = asyncio.get_running_loop()
    results: list[Result] = []
    for start in range(0, len(items), by):
        part = tuple(items[start : start + by])
        results.extend(await loop.run_in_executor(room.pool, job, part))
    return results
