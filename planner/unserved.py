"""The reason of every task that a plan leaves out."""

from collections.abc import Mapping
from math import inf, isfinite

import numpy as np

from planner import explain
from planner.assign.model import PAD_S, Day
from planner.assign.roster import Roster
from planner.problem import Problem, Refusal, Task


def reasons(roster: Roster | None, problem: Problem) -> Mapping[str, Refusal]:
    """A refusal for each task in none of the roster's flights; without a roster, for every one."""
    if roster is None:
        return {t.id: explain.no_station(t.id) for t in problem.tasks}
    served = roster.served()
    return {
        task.id: _reason(roster, t, task) for t, task in enumerate(problem.tasks) if t not in served
    }


def _reason(roster: Roster, t: int, task: Task) -> Refusal:
    """The first rule that no station can meet; when each can be met, the drones are busy."""
    day = roster.day
    problem = day.problem
    able = [s for s, dock in enumerate(problem.stations) if task.sensors <= dock.spec.sensors]
    if not able:
        return explain.no_sensor(task.id, task.sensors)
    calm = [s for s in able if problem.wind.speed_mps <= problem.stations[s].spec.wind_limit_mps]
    if not calm:
        return explain.wind(task.id, problem.wind.speed_mps)
    near = day.near[t]
    if near:
        return explain.no_capacity(task.id, len(near), _outranked(roster, t))
    routed = [s for s in calm if problem.stations[s].spec.id in task.routes]
    fits = [s for s in routed if _alone(day, s, t) <= problem.stations[s].spec.usable_s - PAD_S]
    if fits:
        first = min(problem.stations[s].available_from for s in fits)
        last = max(problem.stations[s].available_until for s in fits)
        return explain.no_window(task.id, task.earliest, task.latest, first, last)
    cut = [s for s in routed if not isfinite(_alone(day, s, t)) and _straight_fits(day, s, t)]
    if cut:
        return explain.zone(task.id)
    away = min((_away(day, s, t) for s in routed), default=inf)
    return explain.no_reach(task.id, away / 1000 if isfinite(away) else None)


def _alone(day: Day, s: int, t: int) -> float:
    """Seconds of a flight with this task only, in its better direction."""
    work = day.kinds[day.kind_of[s]].work_s
    return float(min(day.out_s[s, n] + work[n] + day.back_s[s, n] for n in (2 * t, 2 * t + 1)))


def _away(day: Day, s: int, t: int) -> float:
    """Straight metres from the dock to the nearer end of the task."""
    kind = day.kinds[day.kind_of[s]]
    dock = np.array(day.sky.frame.point_xy(day.problem.stations[s].position))
    return float(np.hypot(*(kind.begin[2 * t : 2 * t + 2] - dock).T).min())


def _straight_fits(day: Day, s: int, t: int) -> bool:
    """Whether the task could be flown if the zones were not there."""
    kind = day.kinds[day.kind_of[s]]
    work = float(kind.work_s[2 * t : 2 * t + 2].min())
    return 2 * _away(day, s, t) / kind.spec.cruise_mps + work <= kind.spec.usable_s


def _outranked(roster: Roster, t: int) -> bool:
    """Whether every drone that could fly it flies only work of higher priority."""
    tasks = roster.day.problem.tasks
    flown = [n >> 1 for s in roster.day.near[t] for f in roster.flights[s] for n in f.nodes]
    return bool(flown) and min(tasks[k].priority for k in flown) > tasks[t].priority
