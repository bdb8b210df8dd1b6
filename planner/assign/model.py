"""The day as arrays: what each leg, stop and flight costs each station.

A *node* is a task in one direction: node ``2 t`` flies task t forward, ``2 t + 1`` backward.
Times are seconds since the start of the day.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.energy import CLIMB_FACTOR, Wind, climb_s, descent_s
from core.equipment import VehicleSpec
from planner.airspace import Airspace, airspace, middle
from planner.effort import ground_speed, routes_s
from planner.problem import Problem

Floats = npt.NDArray[np.float64]

TRANSFER_M = 60.0
"""Lowest height of transfers: clear of trees, masts and lines up to 110 kV."""
NEIGHBOURS = 40
"""Tasks that may follow one another: only so many of the nearest."""
PAD_S = 2.0
"""Kept free in every flight and window: plane and ellipsoid differ by 0.4 s on a long flight."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What one kind of vehicle needs between and within the tasks.

    Attributes:
        work_s: (2T,) seconds in a node; infinite where it cannot fly it.
        work_m: (T,) metres.
        leg_s, leg_m: (2T, 2T) from the end of one node to the begin of another; infinite for
            tasks far apart and where there is no way.
        begin, end: (2T, 2) metres.
        height_m: (T,) of transfers to and from the task.
    """

    spec: VehicleSpec
    work_s: Floats
    work_m: Floats
    leg_s: Floats
    leg_m: Floats
    begin: Floats
    end: Floats
    height_m: Floats


@dataclass(frozen=True, kw_only=True)
class Day:
    """A problem in arrays.

    Attributes:
        kind_of: (S,) index into kinds.
        out_s, out_m: (S, 2T) from the dock, climb included; back_s, back_m: to the dock, descent
            included. Infinite where there is no way, or the drone may not fly.
        free, until: (S,) when the drone may fly.
        earliest, latest: (T,) when the work may begin and must have ended.
        prize: (T,).
        near: for each task, the stations that can fly it alone, nearest first.
    """

    problem: Problem
    sky: Airspace
    kinds: tuple[Kind, ...]
    kind_of: npt.NDArray[np.intp]
    out_s: Floats
    out_m: Floats
    back_s: Floats
    back_m: Floats
    free: Floats
    until: Floats
    earliest: Floats
    latest: Floats
    prize: Floats
    near: tuple[tuple[int, ...], ...]


def read(problem: Problem) -> Day:
    """The day in arrays. Zones that do not hold on the day at all do not count."""
    highest = max(s.spec.max_height_m for s in problem.stations)
    zones = tuple(z for z in problem.zones if z.holds(problem.start, problem.end))
    sky = airspace(zones, middle(s.position for s in problem.stations), highest)
    names = sorted({s.spec.id for s in problem.stations})
    specs = {s.spec.id: s.spec for s in problem.stations}
    kinds = tuple(_kind(problem, specs[name], sky) for name in names)
    kind_of = np.array([names.index(s.spec.id) for s in problem.stations])
    count, nodes = len(problem.stations), 2 * len(problem.tasks)
    out_s, out_m, back_s, back_m = (np.full((count, nodes), np.inf) for _ in range(4))
    for k, kind in enumerate(kinds):
        own = np.flatnonzero(kind_of == k)
        if problem.wind.speed_mps <= kind.spec.wind_limit_mps:
            costs = _docks(problem, own, kind, sky)
            for whole, part in zip((out_s, out_m, back_s, back_m), costs, strict=True):
                whole[own] = part
    second = [_seconds(problem, t.earliest) for t in problem.tasks]
    last = [_seconds(problem, t.latest) for t in problem.tasks]
    day = Day(
        problem=problem,
        sky=sky,
        kinds=kinds,
        kind_of=kind_of,
        out_s=out_s,
        out_m=out_m,
        back_s=back_s,
        back_m=back_m,
        free=np.array([max(0.0, _seconds(problem, s.available_from)) for s in problem.stations]),
        until=np.array(
            [
                min(_seconds(problem, problem.end), _seconds(problem, s.available_until))
                for s in problem.stations
            ]
        ),
        earliest=np.array(second) + PAD_S,
        latest=np.array(last) - PAD_S,
        prize=np.array([t.prize for t in problem.tasks]),
        near=(),
    )
    return _with_near(day)


def _seconds(problem: Problem, time: object) -> float:
    return (time - problem.start).total_seconds()  # type: ignore[operator]


def _kind(problem: Problem, spec: VehicleSpec, sky: Airspace) -> Kind:
    count = len(problem.tasks)
    able = [
        t
        for t, task in enumerate(problem.tasks)
        if spec.id in task.routes and task.sensors <= spec.sensors
    ]
    routes = [problem.tasks[t].routes[spec.id] for t in able]
    work_m, there, back = routes_s(routes, spec, problem.wind)
    work_s, metres = np.full(2 * count, np.inf), np.full(count, np.inf)
    index = np.array(able, int)
    work_s[2 * index], work_s[2 * index + 1], metres[index] = there, back, work_m
    ends = np.zeros((count, 2, 2))
    heights = np.full((count, 2), TRANSFER_M)
    if able:
        for side, places in enumerate(([r.entry for r in routes], [r.exit for r in routes])):
            ends[index, side] = np.column_stack(
                sky.frame.xy([p.lon for p in places], [p.lat for p in places])
            )
        heights[index] = [(r.waypoints[0].height_m, r.waypoints[-1].height_m) for r in routes]
    begin, end = ends.reshape(-1, 2), ends[:, ::-1].reshape(-1, 2)
    level = np.maximum(TRANSFER_M, heights.max(axis=1))
    leg_m, seconds = _between(begin, end, index, spec, problem.wind, sky)
    # up from the task to the transfer's height, further up to a higher task's
    climb = (CLIMB_FACTOR - 1) / spec.climb_mps
    up = np.repeat(level - heights.min(axis=1), 2)[:, None]
    up = up + np.maximum(0.0, np.repeat(level, 2)[None] - np.repeat(level, 2)[:, None])
    return Kind(
        spec=spec,
        work_s=work_s,
        work_m=metres,
        leg_s=seconds + up * climb,
        leg_m=leg_m,
        begin=begin,
        end=end,
        height_m=level,
    )


def _north(xy: Floats, sky: Airspace) -> Floats:
    """Direction of true north in the frame at points (N, 2), radians clockwise from its y axis:
    a quarter of a degree at 50 km, which the wind would turn into seconds."""
    lon, lat = sky.frame.lonlat(xy[:, 0], xy[:, 1])
    x, y = sky.frame.xy(lon, lat + 1e-3)
    return np.asarray(np.arctan2(x - xy[:, 0], y - xy[:, 1]))


def _ways(
    a: Floats, b: Floats, spec: VehicleSpec, wind: Wind, sky: Airspace
) -> tuple[Floats, Floats]:
    """Metres and seconds from a to b, both (N, 2), round the zones; infinite without a way."""
    owner = np.arange(len(a))
    legs = [(owner, a, b)]
    for k in np.flatnonzero(sky.crosses(a, b)):
        way = sky.round(a[k], b[k])
        if way is None:
            a, b = a.copy(), b.copy()
            b[k] = np.inf
            continue
        path = np.concatenate([a[k : k + 1], way[1], b[k : k + 1]])
        legs.append((np.full(len(path) - 1, k), path[:-1], path[1:]))
        owner[k] = -1
    straight = owner >= 0
    legs[0] = (owner[straight], a[straight], b[straight])
    whose, begin, end = (np.concatenate(part) for part in zip(*legs, strict=True))
    step = end - begin
    length = np.hypot(*step.T)
    with np.errstate(invalid="ignore"):
        course = np.arctan2(step[:, 0], step[:, 1]) - _north(begin, sky)
    time = length / ground_speed(course, spec.cruise_mps, wind)
    metres, seconds = (np.asarray(np.bincount(whose, w, len(a)), float) for w in (length, time))
    return metres, seconds


def _between(
    begin: Floats,
    end: Floats,
    able: npt.NDArray[np.intp],
    spec: VehicleSpec,
    wind: Wind,
    sky: Airspace,
) -> tuple[Floats, Floats]:
    """Metres and seconds from the end of each node to the begin of each of its near ones."""
    nodes = len(begin)
    metres, seconds = (np.full((nodes, nodes), np.inf) for _ in range(2))
    if not len(able):
        return metres, seconds
    centre = (begin[2 * able] + end[2 * able]) / 2
    gap = np.hypot(*(centre[:, None] - centre[None]).transpose(2, 0, 1))
    reach = spec.usable_s * spec.cruise_mps / 2
    near = np.argsort(gap, axis=1)[:, : NEIGHBOURS + 1]
    use = np.zeros(gap.shape, bool)
    use[np.arange(len(able))[:, None], near] = True
    use = (use | use.T) & (gap < reach)
    np.fill_diagonal(use, False)
    i, j = np.nonzero(use)
    for p in (0, 1):
        for q in (0, 1):
            a, b = 2 * able[i] + p, 2 * able[j] + q
            metres[a, b], seconds[a, b] = _ways(end[a], begin[b], spec, wind, sky)
    return metres, seconds


def _docks(
    problem: Problem, own: npt.NDArray[np.intp], kind: Kind, sky: Airspace
) -> tuple[Floats, Floats, Floats, Floats]:
    """Seconds and metres out and back between docks of one kind and all nodes."""
    places = [problem.stations[s].position for s in own]
    docks = np.column_stack(sky.frame.xy([p.lon for p in places], [p.lat for p in places]))
    spec = kind.spec
    usable = np.isfinite(kind.work_s)
    reach = spec.usable_s * spec.cruise_mps / 2
    away = np.hypot(*(kind.begin[None] - docks[:, None]).transpose(2, 0, 1))
    s, n = np.nonzero((away < reach) & usable[None])
    out_m, out_s, back_m, back_s = (np.full(away.shape, np.inf) for _ in range(4))
    out_m[s, n], out_s[s, n] = _ways(docks[s], kind.begin[n], spec, problem.wind, sky)
    back_m[s, n ^ 1], back_s[s, n ^ 1] = _ways(kind.begin[n], docks[s], spec, problem.wind, sky)
    level = np.repeat(kind.height_m, 2)
    up = np.array([climb_s(h, spec) for h in level]) + PAD_S
    down = np.array([descent_s(h, spec) for h in level])
    down += (CLIMB_FACTOR - 1) / spec.climb_mps * (level - _lowest(kind, problem, level))
    return out_s + up, out_m, back_s + down, back_m


def _lowest(kind: Kind, problem: Problem, level: Floats) -> Floats:
    """Height at which each node ends, at most that of its transfers."""
    lowest = level.copy()
    for t, task in enumerate(problem.tasks):
        route = task.routes.get(kind.spec.id)
        if route is not None:
            height = min(route.waypoints[0].height_m, route.waypoints[-1].height_m)
            lowest[2 * t : 2 * t + 2] = np.minimum(level[2 * t], height)
    return lowest


def _with_near(day: Day) -> Day:
    """The stations that can fly each task by itself within its window, nearest first."""
    near = []
    for t in range(len(day.prize)):
        found = []
        for s in np.flatnonzero(np.isfinite(day.out_s[:, 2 * t])):
            kind = day.kinds[day.kind_of[s]]
            best = math.inf
            for node in (2 * t, 2 * t + 1):
                used = day.out_s[s, node] + kind.work_s[node] + day.back_s[s, node]
                begin = max(day.free[s] + day.out_s[s, node], day.earliest[t])
                fits = begin + kind.work_s[node] <= day.latest[t]
                home = begin + kind.work_s[node] + day.back_s[s, node] <= day.until[s]
                if used <= kind.spec.usable_s - PAD_S and fits and home:
                    best = min(best, float(used))
            if best < math.inf:
                found.append((best, int(s)))
        near.append(tuple(s for _, s in sorted(found)))
    values = {f: getattr(day, f) for f in day.__dataclass_fields__ if f != "near"}
    return Day(**values, near=tuple(near))
