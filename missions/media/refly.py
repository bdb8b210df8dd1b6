"""Where photographs are missing, only the gaps are flown again, and never without end."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import shapely
from shapely.geometry import mapping

from core.geo import LocalFrame, LonLat, area_m2
from core.ids import new_id
from missions.demand.inserting import insert
from missions.demand.shapes import MAX_VERTICES
from missions.entities import Flight, Origin, Request, RequestState, Task, TaskState
from missions.media.coverage import Covered, asked_of, measured
from missions.operations import flights
from missions.operations.journal import note
from missions.operations.room import ControlRoom
from missions.store.protocol import Unit

ENOUGH = 0.98
"""Share of the ground at the asked overlap from which nobody flies again: routes are laid out to
0.995, and satellite noise of 1 m costs up to half a percent."""
LEAST_M2 = 400.0
"""Smaller gaps are one photograph's middle: not worth a flight by themselves."""
ATTEMPTS = 2
"""Re-flights of one request; after them a person decides."""
WINDOW = timedelta(minutes=30)
"""So much of the asked window must be left for another flight."""
_MARGIN_M = 3.0
_ORIGINS = frozenset({Origin.REVISIT, Origin.ASKED, Origin.REFLY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """What is missing of a task.

    Attributes:
        share: of the ground at the asked overlap, of the sensor that has least.
        ground: what is missing, degrees.
    """

    task: Task
    requests: tuple[Request, ...]
    share: float
    ground: shapely.MultiPolygon


async def close_gaps(room: ControlRoom, flight: Flight) -> list[Request]:
    """Ask for a flight over what a settled flight should have photographed and did not.

    Returns:
        The requests made, one for each task with gaps.
    """
    if flight.origin not in _ORIGINS:
        return []
    made = []
    for gap in await _gaps(room, flight):
        request = _asked_again(room, flight, gap)
        if request is not None:
            told = await asyncio.to_thread(
                insert, room.records, room.preset, request, room.now(), room.answering
            )
            if told.state is RequestState.REFUSED and told.answer is not None:
                text = f"the gaps of {request.refly_of} cannot be flown: {told.answer.text}"
                flights.alarm(room, flight, text, f"无法补飞：{told.answer.text_zh}")
            made.append(told)
    return made


async def _gaps(room: ControlRoom, flight: Flight) -> list[Gap]:
    loop = asyncio.get_running_loop()
    found = []
    for task_id in flight.task_ids:
        with room.view() as unit:
            task = unit.tasks.get(task_id)
            asked = asked_of(unit, task) if task.state is TaskState.FLOWN else None
            if asked is not None and not _is_all_flown(unit, asked.requests):
                continue
        if asked is None or not asked.works:
            continue
        covered = await loop.run_in_executor(room.pool, measured, asked.works)
        gap = gap_of(task, asked.requests, covered)
        if gap is not None:
            found.append(gap)
    return found


def _is_all_flown(unit: Unit, requests: Sequence[Request]) -> bool:
    """Whether every part of these requests was flown: what is still to be flown is no gap, and
    what was refused has been told."""
    parts = {t for r in requests for t in r.task_ids}
    return all(unit.tasks.get(t).state is TaskState.FLOWN for t in parts if unit.tasks.exists(t))


def gap_of(task: Task, requests: Sequence[Request], covered: Sequence[Covered]) -> Gap | None:
    """What is worth another flight; None where nothing is."""
    ground = shapely.union_all([c.overlap.gaps for c in covered])
    share = min(c.overlap.share for c in covered)
    if share >= ENOUGH or ground.is_empty or area_m2(ground) < LEAST_M2:
        return None
    return Gap(task=task, requests=tuple(requests), share=share, ground=_flyable(ground))


def _asked_again(room: ControlRoom, flight: Flight, gap: Gap) -> Request | None:
    """The request for a gap; None where a person must decide, who is told."""
    now = room.now()
    first = max(gap.requests, key=lambda r: r.priority)
    attempt = max(r.attempt for r in gap.requests) + 1
    latest = max(r.latest for r in gap.requests)
    where = f"{gap.share:.1%} of {first.place or first.id} is photographed at the asked overlap"
    zh = f"{first.place or first.id} 按要求重叠度仅覆盖 {gap.share:.1%}"
    if attempt > ATTEMPTS:
        text = f"{where} after {ATTEMPTS} re-flights: somebody must decide"
        flights.alarm(room, flight, text, f"{zh}，已补飞 {ATTEMPTS} 次，请人工处理")
        return None
    if latest - now < WINDOW:
        text = f"{where}; its window closes at {room.clock_time(latest)}: not flown again"
        flights.alarm(room, flight, text, f"{zh}，时间窗即将结束，不再补飞")
        return None
    request = _request(gap, first, attempt, latest, now)
    with room.unit() as unit:
        if _is_open(unit, request.refly_of or ""):
            return None
        unit.requests.add(request)
        _tell(unit, gap.requests, f"; {where}, gaps: {request.id}", f"；{zh}，补飞 {request.id}")
        text = f"{where}; the gaps are asked for again as {request.id}"
        note(unit, now, flight.id, "refly", text, f"{zh}，已生成补飞需求 {request.id}")
    return request


def _request(gap: Gap, first: Request, attempt: int, latest: datetime, now: datetime) -> Request:
    others = {d for r in gap.requests for d in (r.department, *r.shared_with)}
    return Request(
        id=new_id("req", now),
        scenario=first.scenario,
        department=first.department,
        shared_with=tuple(sorted(others - {first.department})),
        purpose=f"gaps of {first.place or first.purpose or first.id}"[:500],
        place=first.place,
        geometry=mapping(gap.ground),
        kind="area",
        width_m=0.0,
        sensor=first.sensor,
        gsd_m=gap.task.gsd_m,
        front_overlap=max(r.front_overlap for r in gap.requests),
        side_overlap=max(r.side_overlap for r in gap.requests),
        earliest=now,
        latest=latest,
        priority=first.priority,
        origin=Origin.REFLY,
        created_at=now,
        case_id=first.case_id,
        refly_of=first.id,
        attempt=attempt,
    )


def _tell(unit: Unit, requests: Sequence[Request], text: str, text_zh: str) -> None:
    """Add to the answers of who waited for this ground."""
    for stale in requests:
        current = unit.requests.get(stale.id)
        if current.answer is not None:
            more = replace(
                current.answer,
                text=current.answer.text + text,
                text_zh=current.answer.text_zh + text_zh,
            )
            unit.requests.put(replace(current, answer=more))


def _is_open(unit: Unit, request_id: str) -> bool:
    """Whether the gaps of a request are already asked for: settling again asks no second time."""
    return bool(unit.requests.count(refly_of=request_id, state=_OPEN))


def _flyable(ground: shapely.Geometry) -> shapely.MultiPolygon:
    """Gaps as a planner takes them: a little grown, joined, with few corners."""
    frame = LocalFrame(LonLat(ground.centroid.x, ground.centroid.y))
    metres = frame.to_metres(ground).buffer(_MARGIN_M, join_style="mitre")
    step = 0.5
    while shapely.get_num_coordinates(metres) > MAX_VERTICES // 10:
        metres, step = metres.simplify(step), step * 2
    parts = [p for p in shapely.get_parts(metres) if p.area > 1.0]
    return frame.to_degrees(shapely.MultiPolygon(parts))


_OPEN = (RequestState.ASKED, RequestState.PLANNED, RequestState.FLOWN)
