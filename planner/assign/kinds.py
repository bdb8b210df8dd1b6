"""What each kind of vehicle needs within the tasks and between them.

A *way* is a task in one direction: way ``2 t`` flies task t forward, ``2 t + 1`` backward.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from core.energy import CLIMB_FACTOR, climb_s, descent_s
from core.equipment import VehicleSpec
from planner.assign.air import Air, Flags
from planner.problem import Problem
from planner.routes.effort import routes_s

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Index = npt.NDArray[np.intp]

TRANSFER_M = 60.0
"""Lowest height of transfers: clear of trees, masts and lines up to 110 kV."""
NEIGHBOURS = 40
"""Tasks that may follow one another: only so many of the nearest."""
STRIP = 256
"""Tasks whose neighbours are looked for at once."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Kind:
    """What one kind of vehicle needs for T tasks.

    Attributes:
        work_s: (2T,) seconds in a way; infinite where it cannot fly it. work_m: (T,) metres.
        begin, end: (2T, 2) metres.
        up_s, down_s: (T,) from the ground to the height of transfers and back.
        level_m: (T,) height of transfers to and from the task. lowest_m: (T,) of its two ends.
        rows: (T + 1,) pairs of task t are ``rows[t]`` to ``rows[t + 1] - 1``.
        after: (pairs,) the tasks that may follow.
        leg_s, leg_m: (pairs, 2, 2) from the end of one direction to the begin of another.
    """

    spec: VehicleSpec
    work_s: Floats
    work_m: Floats
    begin: Floats
    end: Floats
    up_s: Floats
    down_s: Floats
    level_m: Floats
    lowest_m: Floats
    rows: Index
    after: Index
    leg_s: Singles
    leg_m: Singles


def kind(problem: Problem, spec: VehicleSpec, air: Air, met: Flags) -> Kind:
    """The tables of one kind.

    Args:
        met: (T, B) the barriers that each task meets.
    """
    count = len(problem.tasks)
    able = _able(problem, spec)
    routes = [problem.tasks[t].routes[spec.id] for t in able]
    metres, there, back = routes_s(routes, spec, problem.wind)
    work_s, work_m = np.full(2 * count, np.inf), np.full(count, np.inf)
    work_s[2 * able], work_s[2 * able + 1], work_m[able] = there, back, metres
    ends = np.zeros((count, 2, 2))
    heights = np.full((count, 2), TRANSFER_M)
    if routes:
        for side, places in enumerate(([r.entry for r in routes], [r.exit for r in routes])):
            ends[able, side] = np.column_stack(
                air.always.frame.xy([p.lon for p in places], [p.lat for p in places])
            )
        heights[able] = [(r.waypoints[0].height_m, r.waypoints[-1].height_m) for r in routes]
    level, lowest = np.maximum(TRANSFER_M, heights.max(axis=1)), heights.min(axis=1)
    rows, after, leg_s, leg_m = _legs(problem, spec, air, met, able, ends)
    before = np.repeat(np.arange(count), np.diff(rows))
    # up from the task to the transfer's height, further up to a higher task's
    rise = level[before] - lowest[before] + np.maximum(0.0, level[after] - level[before])
    leg_s += (rise * _climb(spec)).astype(np.float32)[:, None, None]
    return Kind(
        spec=spec,
        work_s=work_s,
        work_m=work_m,
        begin=ends.reshape(-1, 2),
        end=ends[:, ::-1].reshape(-1, 2),
        up_s=np.array([climb_s(h, spec) for h in level]),
        down_s=np.array([descent_s(h, spec) for h in level]) + (level - lowest) * _climb(spec),
        level_m=level,
        lowest_m=lowest,
        rows=rows,
        after=after,
        leg_s=leg_s,
        leg_m=leg_m,
    )


def outlines(problem: Problem, air: Air) -> Sequence[Any]:
    """For each task, all its routes as one shape in metres."""
    frame = air.always.frame
    found = []
    for task in problem.tasks:
        lines = []
        for route in task.routes.values():
            places = [(w.position.lon, w.position.lat) for w in route.waypoints]
            xy = np.column_stack(frame.xy(*np.transpose(places)))
            lines.append(shapely.LineString(xy) if len(xy) > 1 else shapely.Point(xy[0]))
        found.append(shapely.GeometryCollection(lines))
    return found


def _climb(spec: VehicleSpec) -> float:
    """Seconds of endurance that a metre of climb costs on the way, beyond the way's own time."""
    return (CLIMB_FACTOR - 1) / spec.climb_mps


def _able(problem: Problem, spec: VehicleSpec) -> Index:
    return np.array(
        [
            t
            for t, task in enumerate(problem.tasks)
            if spec.id in task.routes and task.sensors <= spec.sensors
        ],
        np.intp,
    )


def _legs(
    problem: Problem, spec: VehicleSpec, air: Air, met: Flags, able: Index, ends: Floats
) -> tuple[Index, Index, Singles, Singles]:
    """Rows, followers, seconds and metres of the pairs of near tasks."""
    i, j = _pairs(ends[able].mean(axis=1), spec.usable_s * spec.cruise_mps / 2)
    i, j = able[i], able[j]
    both = met[i] | met[j]
    seconds, metres = (np.empty((2 * len(i), 2, 2), np.float32) for _ in range(2))
    n = len(i)
    for p in (0, 1):
        for q in (0, 1):
            # the end of direction p is side 1 - p, the begin of direction q is side q
            m, s = air.ways(ends[i, 1 - p], ends[j, q], both, spec, problem.wind)
            metres[:n, p, q], seconds[:n, p, q] = m, s
            if problem.wind.speed_mps > 0:
                m, s = air.ways(ends[j, q], ends[i, 1 - p], both, spec, problem.wind)
            # the same way backward: from j flown so that it ends at side q
            metres[n:, 1 - q, 1 - p], seconds[n:, 1 - q, 1 - p] = m, s
    before, after = np.concatenate([i, j]), np.concatenate([j, i])
    order = np.lexsort((after, before))
    rows = np.searchsorted(before[order], np.arange(len(problem.tasks) + 1))
    return rows, after[order], seconds[order], metres[order]


def _pairs(xy: Floats, reach_m: float) -> tuple[Index, Index]:
    """Pairs i < j of which one is among the other's nearest, within reach."""
    count = len(xy)
    order = np.argsort(xy[:, 0], kind="stable")
    x, codes = xy[order, 0], [np.empty(0, np.intp)]
    for at in range(0, count, STRIP):
        strip = order[at : at + STRIP]
        low, high = np.searchsorted(x, (x[at] - reach_m, xy[strip[-1], 0] + reach_m))
        near = order[low:high]
        gap = ((xy[strip, None] - xy[None, near]) ** 2).sum(axis=2)
        most = min(NEIGHBOURS + 1, len(near))
        pick = np.argpartition(gap, most - 1, axis=1)[:, :most]
        i, j = np.repeat(strip, most), near[pick].ravel()
        good = (np.take_along_axis(gap, pick, 1).ravel() < reach_m**2) & (i != j)
        codes.append((np.minimum(i, j) * count + np.maximum(i, j))[good])
    code = np.unique(np.concatenate(codes))
    return code // max(count, 1), code % max(count, 1)
