"""Crews and crossings: the plan's timetable, and another try for what found no place in it."""

from planner import routing
from planner.assign.model import Day
from planner.assign.outcome import plan_of
from planner.assign.warm import solution_of
from planner.assign.watch import Watch
from planner.problem import Plan
from planner.routing.model import Model

TRIES = 3
"""How often what fell out of the timetable is put elsewhere; more finds next to nothing."""


def scheduled(day: Day, model: Model | None, plan: Plan, watch: Watch, *, seed: int) -> Plan:
    """The plan with flights moved in time so that crews and separation hold.

    What is left out for want of time is inserted where it fits otherwise, and that plan gets its
    own timetable; it is kept if it serves more.
    """
    from planner.assign.timetable import timed  # OR-Tools: a second to load

    best = timed(day.problem, plan, seconds=watch.left_s(1.0) / 2, seed=seed)
    for _ in range(TRIES):
        flown = {stop.task for f in best.flights for stop in f.stops}
        lost = [g for g, t in enumerate(day.tasks) if day.problem.tasks[t].id not in flown]
        if not lost or model is None or watch.left_s(1.0) <= 0:
            break
        fuller = routing.insert(model, solution_of(day, model, best), lost)
        trial = timed(day.problem, plan_of(day, fuller), seconds=watch.left_s(1.0) / 2, seed=seed)
        if trial.value <= best.value:
            break
        best = trial
    return best
