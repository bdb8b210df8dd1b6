"""What a path of photo legs covers, and legs made only as long as the coverage needs.

A leg covers the rectangle of the line spacing's width round it, without its ends. Where an outline
is slanted, the last metres of a leg cover little; all ends are shortened to the same worth of a
metre, so that the path is shortest for the share that must be covered.
"""

import heapq
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from planner.sorties import polygons

Floats = npt.NDArray[np.float64]
Run = npt.NDArray[np.float64]
"""(K, 2) metres, photographed from its first point to its last."""

_STEPS = np.concatenate([[0.0], np.geomspace(0.04, 1.5, 14)])
"""Lengths looked at by which an end may be shortened, in line spacings."""


_GRID_M = 0.001
_COLLECTION = 7
"""Shapely's type of a GeometryCollection."""
_MOST = 400
"""Runs at most whose ends are shortened: of more lines the ends are too small a share."""


def strips(runs: Sequence[Run], spacing_m: float) -> npt.NDArray[np.object_]:
    """What each straight leg of the runs covers, one rectangle each, in flying order."""
    a = np.concatenate([r[:-1] for r in runs])
    b = np.concatenate([r[1:] for r in runs])
    return _rectangles(a, b, spacing_m)


def _rectangles(a: Floats, b: Floats, spacing_m: float) -> npt.NDArray[np.object_]:
    along = b - a
    length = np.maximum(np.hypot(*along.T), 1e-9)[:, None]
    left = np.column_stack([-along[:, 1], along[:, 0]]) / length * spacing_m / 2
    return np.asarray(shapely.polygons(np.stack([a - left, b - left, b + left, a + left], axis=1)))


def uncovered(area: Any, runs: Sequence[Run], spacing_m: float) -> Any:
    """What of an area no leg covers."""
    if not runs:
        return area
    seen = strips(runs, spacing_m)
    try:
        return shapely.difference(area, shapely.union_all(seen))
    except shapely.errors.GEOSException:  # rounding made an impossible ring: round on purpose
        return shapely.difference(area, shapely.union_all(seen, grid_size=_GRID_M), _GRID_M)


def trimmed(
    area: Any, runs: Sequence[Run], spacing_m: float, *, share: float, fixed: Sequence[bool]
) -> list[Run]:
    """The runs with their ends shortened as far as the share of the area stays covered.

    Args:
        fixed: which runs stay as they are (joins that are photographed).
    """
    left = share * area.area
    spare = area.area - shapely.area(uncovered(area, runs, spacing_m)) - left
    if spare <= 0 or len(runs) > _MOST:
        return list(runs)
    ends = [(k, e) for k in range(len(runs)) if not fixed[k] for e in (0, 1)]
    loss = _losses(area, runs, ends, spacing_m)
    gain = np.array([_gain(runs, k, e, spacing_m) for k, e in ends])
    room = np.array([_room(runs[k], e) for k, e in ends]) / spacing_m
    for used in (1.0, 0.75, 0.5, 0.25):
        cut = _cuts(loss, gain, room, spare * used)
        found = _cut(runs, ends, cut * spacing_m)
        if area.area - shapely.area(uncovered(area, found, spacing_m)) >= left:
            return found
    return list(runs)


def _room(run: Run, end: int) -> float:
    """By how much an end may be shortened: both ends of a straight leg by less than half of it."""
    a, b = (run[0], run[1]) if end == 0 else (run[-1], run[-2])
    return 0.45 * float(np.hypot(*(a - b)))


def _losses(
    area: Any, runs: Sequence[Run], ends: Sequence[tuple[int, int]], spacing_m: float
) -> Floats:
    """(E, S) square metres that only this end covers, when shortened by each of the steps."""
    tips, inner = np.empty((len(ends), 2)), np.empty((len(ends), 2))
    for row, (k, e) in enumerate(ends):
        tips[row], beside = (runs[k][0], runs[k][1]) if e == 0 else (runs[k][-1], runs[k][-2])
        along = beside - tips[row]
        inner[row] = along / max(float(np.hypot(*along)), 1e-9)
    reach = _STEPS[-1] * spacing_m
    alone = shapely.intersection(_rectangles(tips, tips + inner * reach, spacing_m), area)
    mixed = shapely.get_type_id(alone) == _COLLECTION  # an edge that only touches comes as a line
    alone[mixed] = [polygons(a) for a in alone[mixed]]
    legs = strips(runs, spacing_m)
    first = np.cumsum([0, *(len(r) - 1 for r in runs)])
    own = [first[k] if e == 0 else first[k + 1] - 1 for k, e in ends]
    near = shapely.STRtree(legs).query(alone)
    others: list[list[int]] = [[] for _ in ends]
    for end, leg in near.T:
        if leg != own[end]:
            others[end].append(int(leg))
    covers = np.array([shapely.union_all(legs[o], grid_size=_GRID_M) for o in others], dtype=object)
    alone = shapely.difference(alone, covers, grid_size=_GRID_M)
    loss = np.zeros((len(ends), len(_STEPS)))
    for s, step in enumerate(_STEPS[1:], 1):
        parts = _rectangles(tips, tips + inner * step * spacing_m, spacing_m * 1.01)
        loss[:, s] = shapely.area(shapely.intersection(alone, parts))
    return loss


def _gain(runs: Sequence[Run], k: int, end: int, spacing_m: float) -> float:
    """Metres of path saved by a metre less of a leg's end: the leg's own and its join's."""
    run = runs[k]
    tip, beside, other = (
        (run[0], run[1], runs[k - 1][-1] if k else None)
        if end == 0
        else (run[-1], run[-2], runs[k + 1][0] if k + 1 < len(runs) else None)
    )
    if other is None:
        return 1.0
    out, join = tip - beside, other - tip
    away = float(np.hypot(*join))
    if away < 0.05 * spacing_m:
        return 0.1  # the next run begins here: shortening only opens a gap
    return max(0.1, 1.0 - float(out @ join) / (max(float(np.hypot(*out)), 1e-9) * away))


def _cuts(loss: Floats, gain: Floats, room: Floats, spare: float) -> Floats:
    """For each end by how many spacings to shorten it, so that all lose no more than is spare:
    always on with the step that loses least for what it saves."""
    at = np.zeros(len(loss), np.intp)
    last = (np.searchsorted(_STEPS, room, side="right") - 1).clip(0)
    heap = [(*_next(loss[k], gain[k], 0, int(last[k])), k) for k in range(len(loss))]
    heapq.heapify(heap)
    while heap:
        price, step, k = heapq.heappop(heap)
        cost = float(loss[k, step] - loss[k, at[k]])
        if price == math.inf:
            break
        if cost > spare:
            if step > at[k] + 1:  # a shorter step may still fit
                heapq.heappush(heap, (*_next(loss[k], gain[k], int(at[k]), step - 1), k))
            continue
        spare -= cost
        at[k] = step
        heapq.heappush(heap, (*_next(loss[k], gain[k], step, int(last[k])), k))
    return np.asarray(_STEPS[at])


def _next(loss: Floats, gain: float, at: int, last: int) -> tuple[float, int]:
    """The step beyond `at` with the least loss for a metre saved, and that loss."""
    if last <= at:
        return math.inf, at
    price = (loss[at + 1 : last + 1] - loss[at]) / (_STEPS[at + 1 : last + 1] - _STEPS[at])
    best = int(price.argmin())
    return float(price[best]) / float(gain), at + 1 + best


def _cut(runs: Sequence[Run], ends: Sequence[tuple[int, int]], metres: Floats) -> list[Run]:
    found = [r.copy() for r in runs]
    for (k, e), cut in zip(ends, metres, strict=True):
        run = found[k]
        tip, beside = (0, 1) if e == 0 else (len(run) - 1, len(run) - 2)
        along = run[beside] - run[tip]
        run[tip] = run[tip] + along / max(float(np.hypot(*along)), 1e-9) * cut
    return found
