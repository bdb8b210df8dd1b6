"""The reason of every task that a plan leaves out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf, isfinite

import numpy as np

from planner import explain
from planner.assign.drones import usable_s
from planner.assign.model import PAD_S, Day, read
from planner.problem import Closure, Flight, Problem, Refusal, Station, Task


def reasons(
    day: Day | None, problem: Problem, flights: Sequence[Flight] = ()
) -> Mapping[str, Refusal]:
    """A refusal for each task in none of the flights; without a day, for every one."""
    if day is None:
        return {t.id: explain.no_station(t.id) for t in problem.tasks}
    flown = {stop.task for f in flights for stop in f.stops}
    missing = [t for t, task in enumerate(problem.tasks) if task.id not in flown]
    weather, least = _weather(day, missing), _least_priority(problem, flights)
    return {
        problem.tasks[t].id: weather.get(t) or _reason(day, least, t, problem.tasks[t])
        for t in missing
    }


def _reason(day: Day, least: Mapping[str, int], t: int, task: Task) -> Refusal:
    """The first rule that no station can meet; when each can be met, the drones are busy."""
    problem = day.problem
    if problem.now is not None and task.file_by is not None and task.file_by < problem.now:
        return explain.filing(task.id, task.file_by)
    able = [s for s in problem.stations if task.sensors <= s.spec.sensors and not s.standby]
    if not able:
        return explain.no_sensor(task.id, task.sensors)
    calm = [s for s in able if problem.wind.speed_mps <= s.spec.wind_limit_mps]
    if not calm:
        return explain.wind(task.id, problem.wind.speed_mps)
    near = {problem.stations[day.drones[v].station].id for v in day.near[t]}
    if near:
        flown = [least[name] for name in near if name in least]
        return explain.no_capacity(task.id, len(near), bool(flown) and min(flown) > task.priority)
    return _far(day, t, task, [s for s in calm if s.spec.id in task.routes])


def _far(day: Day, t: int, task: Task, routed: Sequence[Station]) -> Refusal:
    """Why none of the stations that have a route can fly the task by itself."""
    fits = [s for s in routed if _alone_s(day, s, t) <= usable_s(s) - PAD_S]
    if fits:
        first = min(s.available_from for s in fits)
        last = max(s.available_until for s in fits)
        return explain.no_window(task.id, task.earliest, task.latest, first, last)
    cut = [s for s in routed if not isfinite(_alone_s(day, s, t))]
    if any(_straight_s(day, s, t) <= usable_s(s) for s in cut):
        return explain.zone(task.id)
    away = [_away_m(day, s, t) for s in routed]
    return explain.no_reach(task.id, min(away) / 1000 if away else None)


def _weather(day: Day, missing: Sequence[int]) -> dict[int, Refusal]:
    """Of the tasks that no drone can fly, those that one could if nothing were closed."""
    problem = day.problem
    stuck = [t for t in missing if not day.near[t]]
    if not problem.closures or not stuck:
        return {}
    tasks = tuple(problem.tasks[t] for t in stuck)
    open_ = read(replace(problem, closures=(), previous=None, tasks=tasks))
    return {
        t: explain.weather(problem.tasks[t].id, _closure(day, t))
        for k, t in enumerate(stuck)
        if open_.near[k]
    }


def _closure(day: Day, t: int) -> Closure:
    """A closure that keeps a task from being flown: one of its ground, if there is any."""
    own = {b.id for b, hit in zip(day.air.barriers, day.met[t], strict=True) if hit}
    closures = day.problem.closures
    return next((c for c in closures if c.id in own), closures[0])


def _alone_s(day: Day, station: Station, t: int) -> float:
    """Seconds of a flight from the dock and back with this task only, in its better direction;
    in a straight line where the drone has no time at all."""
    drones = [d for d in day.drones if day.problem.stations[d.station].id == station.id]
    if not drones:
        return _straight_s(day, station, t)
    post, kind = day.posts[day.post_of[drones[-1].start]], day.kinds[drones[-1].start.kind]
    at = int(np.searchsorted(post.tasks, t))
    if at == len(post.tasks) or post.tasks[at] != t:
        return inf
    return float((post.out_s[at] + kind.work_s[2 * t : 2 * t + 2] + post.back_s[at]).min())


def _away_m(day: Day, station: Station, t: int) -> float:
    """Straight metres from the dock to the nearer end of the task."""
    kind = next(k for k in day.kinds if k.spec.id == station.spec.id)
    dock = np.array(day.sky.frame.point_xy(station.position))
    return float(np.hypot(*(kind.begin[2 * t : 2 * t + 2] - dock).T).min())


def _straight_s(day: Day, station: Station, t: int) -> float:
    """Seconds of a flight with this task only if the zones were not there."""
    kind = next(k for k in day.kinds if k.spec.id == station.spec.id)
    work = float(kind.work_s[2 * t : 2 * t + 2].min())
    return 2 * _away_m(day, station, t) / kind.spec.cruise_mps + work


def _least_priority(problem: Problem, flights: Sequence[Flight]) -> Mapping[str, int]:
    """By station, the least priority of what it flies."""
    priority = {t.id: t.priority for t in problem.tasks}
    least: dict[str, int] = {}
    for flight in flights:
        own = min((priority[stop.task] for stop in flight.stops), default=5)
        least[flight.station] = min(least.get(flight.station, own), own)
    return least
