"""When a flight may start by itself: its tasks' windows, its drone, timed zones and closures.

A flight that starts at another time keeps its path and its waits, so that everything on it moves
by the same seconds. Times are in ticks since the start of the day.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import shapely
from ortools.util.python.sorted_interval_list import Domain

from core.geo import LocalFrame
from planner.assign.tracks import Clock, Ints, Legs, begun_in_the_air
from planner.problem import Flight, Problem, Station, Task

TICKS = 10
"""Ticks a second: fine enough that rounding is nothing against 1.5 s allowed to whoever checks."""
EDGE_M = 1.0
"""Kept beside timed zones and closures: frames differ by less."""
_SAME_DEG = 1e-6


def ticks(problem: Problem, moment: datetime) -> int:
    """Since the start of the day, rounded to the nearest."""
    return round((moment - problem.start).total_seconds() * TICKS)


def starts(
    problem: Problem, flights: Sequence[Flight], clock: Clock, legs: Legs, frame: LocalFrame
) -> list[Domain]:
    """For each flight, the ticks at which it may start as far as other flights do not matter."""
    stations = {s.id: s for s in problem.stations}
    tasks = {t.id: t for t in problem.tasks}
    going = set(begun_in_the_air(flights, stations))
    shut = list(_shut(problem, legs, clock, frame))
    found = []
    for k, flight in enumerate(flights):
        begun = ticks(problem, flight.start)
        if k in going:  # a drone in the air does not wait
            found.append(Domain(begun, begun))
            continue
        free = _of_drone(problem, stations[flight.station], float(clock.landed[k]))
        for task, begin_s, end_s in _work(flight, k, clock, tasks, stations):
            free = free.intersection_with(_of_task(problem, task, begin_s, end_s))
        for owner, low, high in shut:
            if owner == k and high - low > 1:
                free = free.intersection_with(Domain(low + 1, high - 1).complement())
        found.append(free)
    return found


def _of_drone(problem: Problem, dock: Station, lasts_s: float) -> Domain:
    soonest = max(t for t in (problem.start, _docked(dock), problem.now) if t is not None)
    latest = ticks(problem, min(problem.end, dock.available_until)) - round(lasts_s * TICKS)
    return _span(ticks(problem, soonest), latest)


def _docked(dock: Station) -> datetime:
    """When its drone is in its dock: one that is in the air lands and charges first."""
    if dock.starts_from is None:
        return dock.available_from
    return dock.available_from + timedelta(seconds=(dock.airborne_s or 0.0) + dock.spec.recharge_s)


def _of_task(problem: Problem, task: Task, begin_s: float, end_s: float) -> Domain:
    """So that the work lies wholly in the task's window, or in one of them."""
    found = Domain.from_intervals([])
    for first, last in task.windows or ((task.earliest, task.latest),):
        low = ticks(problem, max(first, task.earliest)) - round(begin_s * TICKS)
        high = ticks(problem, min(last, task.latest)) - round(end_s * TICKS)
        found = found.union_with(_span(low, high))
    return found


def _span(low: int, high: int) -> Domain:
    """From one tick to another and the rounding beside them; empty when there is no time."""
    low, high = low - 1, high + 1
    return Domain(low, high) if low <= high else Domain.from_intervals([])


def _work(
    flight: Flight,
    k: int,
    clock: Clock,
    tasks: dict[str, Task],
    stations: dict[str, Station],
) -> Iterator[tuple[Task, float, float]]:
    """Each task with the seconds after take-off at which its work begins and ends."""
    spec = stations[flight.station].spec
    at, stop_at = int(clock.first[k]), int(clock.last[k]) + 1
    for stop in flight.stops:
        task = tasks[stop.task]
        points = task.routes[spec.id].waypoints[:: -1 if stop.reverse else 1]
        degrees = np.array([(w.position.lon, w.position.lat) for w in points])
        for begin in range(at, stop_at - len(points) + 1):
            have = clock.degrees[begin : begin + len(points)]
            if np.abs(have - degrees).max() < _SAME_DEG:
                at = begin + len(points)
                waits = max(0.0, float(clock.hold[begin]) - points[0].hold_s)
                yield task, float(clock.arrive[begin]) + waits, float(clock.leave[at - 1])
                break


def _shut(
    problem: Problem, legs: Legs, clock: Clock, frame: LocalFrame
) -> Iterator[tuple[int, int, int]]:
    """Flights with ticks between which (both left out) a start would bring them into a timed zone
    while it holds or into a closure."""
    for closure in problem.closures:
        low, high = ticks(problem, closure.start), ticks(problem, closure.end)
        if closure.area is None:
            for k, lasts_s in enumerate(clock.landed.tolist()):
                yield k, low - round(lasts_s * TICKS), high
        else:
            area = frame.to_metres(shapely.make_valid(closure.area)).buffer(EDGE_M)
            for k, begin_s, end_s in _inside(legs, area, np.arange(len(legs))):
                yield k, low - round(end_s * TICKS), high - round(begin_s * TICKS)
    highest, lowest = np.maximum(legs.begin_m, legs.end_m), np.minimum(legs.begin_m, legs.end_m)
    for zone in problem.zones:
        if zone.active is not None and zone.holds(problem.start, problem.end):
            level = np.flatnonzero((highest >= zone.floor_m) & (lowest <= zone.ceiling_m))
            low, high = (ticks(problem, t) for t in zone.active)
            area = frame.to_metres(shapely.make_valid(zone.polygon)).buffer(zone.buffer_m)
            for k, begin_s, end_s in _inside(legs, area, level):
                yield k, low - round(end_s * TICKS), high - round(begin_s * TICKS)


def _inside(legs: Legs, area: Any, among: Ints) -> Iterator[tuple[int, float, float]]:
    """Flights with the seconds between which one of their legs is inside."""
    shapely.prepare(area)
    lines = shapely.linestrings(np.stack([legs.begin[among], legs.end[among]], axis=1))
    for n in np.flatnonzero(shapely.intersects(area, lines)):
        k = among[n]
        spots = shapely.get_coordinates(shapely.intersection(area, lines[n]))
        step = legs.end[k] - legs.begin[k]
        length = float(step @ step)
        share = (spots - legs.begin[k]) @ step / length if length > 1e-9 else np.array([0.0, 1.0])
        lasts = legs.end_s[k] - legs.begin_s[k]
        yield (
            int(legs.flight[k]),
            float(legs.begin_s[k] + share.min() * lasts),
            float(legs.begin_s[k] + share.max() * lasts),
        )
