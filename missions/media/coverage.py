"""What of a task was really photographed at the asked overlap, and what is missing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import shapely
from shapely.geometry import shape

from core.equipment import Sensor
from imagery.catalog import Medium, MediumState
from imagery.ground.overlap import Overlap, Shot, overlap_of
from missions.demand.ground import FLAT_KINDS, ground_of, overlaps_of
from missions.entities import Request, Task
from missions.store.protocol import Unit

COARSER = 1.10
"""A photograph may be so much coarser than asked: terrain and wind lift a drone a little."""
_CHAIN = 5
"""Re-flights of re-flights are followed back this far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What must be measured for one sensor of a task; can be pickled.

    Attributes:
        too_coarse: photographs that show the place at less than the asked resolution.
    """

    task_id: str
    sensor: Sensor
    area_wkb: bytes
    front: float
    side: float
    gsd_m: float
    shots: tuple[Shot, ...]
    too_coarse: int = 0
    mapped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """What one sensor of a task shows."""

    work: Work
    overlap: Overlap


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a task asks for.

    Attributes:
        why_not: why no share of ground can be told; empty where it can.
    """

    works: tuple[Work, ...] = ()
    why_not: str = ""
    requests: tuple[Request, ...] = field(default=())


def asked_of(unit: Unit, task: Task, *, mapped: bool = False) -> Asked:
    """What must be measured to know how much of a task was photographed."""
    requests = tuple(unit.requests.get(r) for r in task.request_ids if unit.requests.exists(r))
    flat = [r for r in requests if r.kind in FLAT_KINDS]
    if not flat:
        return Asked(
            why_not="it is asked for by what stands on the ground, not by ground", requests=requests
        )
    area = shapely.union_all([ground_of(r, task.geometry) for r in flat])
    front, side = (max(v) for v in zip(*(overlaps_of(r) for r in flat), strict=True))
    media = _media(unit, task, flat)
    works = []
    for sensor in task.sensors:
        own = [m for m in media if m.sensor is sensor and m.footprint is not None]
        fine = [m for m in own if m.gsd_m is not None and m.gsd_m <= task.gsd_m * COARSER]
        works.append(
            Work(
                task_id=task.id,
                sensor=sensor,
                area_wkb=shapely.to_wkb(area),
                front=front,
                side=side,
                gsd_m=task.gsd_m,
                shots=shots_of(fine),
                too_coarse=len(own) - len(fine),
                mapped=mapped,
            )
        )
    return Asked(works=tuple(works), requests=requests)


def measured(works: Sequence[Work]) -> list[Covered]:
    """Measure; heavy, for the pool."""
    return [
        Covered(
            work=work,
            overlap=overlap_of(
                shapely.from_wkb(work.area_wkb),
                work.shots,
                front=work.front,
                side=work.side,
                mapped=work.mapped,
            ),
        )
        for work in works
    ]


def shots_of(media: Iterable[Medium]) -> tuple[Shot, ...]:
    """Media as `imagery.ground.overlap` takes them."""
    return tuple(
        Shot(footprint=shape(m.footprint), position=m.position, height_m=m.height_m)
        for m in media
        if m.footprint is not None and m.position is not None
    )


def _media(unit: Unit, task: Task, requests: Sequence[Request]) -> list[Medium]:
    """Photographs of a task, of the other parts that its requests were split into (each part
    carries the whole geometry), and of the looks whose gaps it closes."""
    tasks = {task.id}
    for request in requests:
        current = request
        tasks.update(request.task_ids)
        for _ in range(_CHAIN):
            if current.refly_of is None or not unit.requests.exists(current.refly_of):
                break
            current = unit.requests.get(current.refly_of)
            tasks.update(current.task_ids)
    found = {m.id: m for t in sorted(tasks) for m in unit.media.find(tasks=t, state=_KEPT)}
    return list(found.values())


_KEPT = MediumState.KEPT
