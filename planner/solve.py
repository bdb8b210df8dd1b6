"""A day's plan: read, first plan, search, exact polish, timetable, flights."""

import time
from collections.abc import Callable
from dataclasses import replace

from planner.assign.certificate import certificate
from planner.assign.model import Day, read
from planner.assign.outcome import plan_of
from planner.assign.search import eager, first_plan, polished, searched, whole
from planner.assign.watch import Watch, Watcher
from planner.explain.unserved import reasons
from planner.problem import Plan, Problem
from planner.routing import cost

SEARCH_UNTIL, POLISH_UNTIL = 0.88, 0.96
"""Shares of the time at which the search and the polish end; laying the flights out takes 0.1 to
0.4 s for 200 of them."""
TIMETABLE_FROM = 0.75
"""The same for both where crews or crossings want a timetable, which then takes the rest."""


def solve(
    problem: Problem,
    *,
    seconds: float,
    seed: int = 0,
    workers: int = 1,
    progress: Watcher | None = None,
    cancelled: Callable[[], bool] | None = None,
    certify: bool = False,
) -> Plan:
    """The best plan found in so many seconds; never empty-handed, however few they are.

    Args:
        seed: same seed, same first plan; what follows depends on the machine's speed.
        workers: threads that search side by side.
        progress: told about four times a second, and at each stage.
        cancelled: asked about fifty times a second; once true, the best so far is the plan.
        certify: prove in the background how far the plan is from the best possible (`Plan.gap`).
    """
    watch = Watch(
        problem=problem,
        began=time.monotonic(),
        seconds=seconds,
        progress=progress,
        cancelled=cancelled,
    )
    if not problem.stations or not problem.tasks:
        return Plan(flights=(), unserved=reasons(None, problem), value=0.0, km=0.0)
    return planned(read(problem), watch, seed=seed, threads=workers, certify=certify)


def planned(day: Day, watch: Watch, *, seed: int, threads: int, certify: bool) -> Plan:
    """The best plan of a day that was read."""
    problem, given, day = day.problem, day, eager(day)
    model = whole(day)
    best = first_plan(day, model)
    if model is not None:
        watch.tell("first plan", day, best, cost(model, best).metres)
    timetable = problem.crew_limit is not None or problem.separation is not None
    until = TIMETABLE_FROM if timetable else SEARCH_UNTIL
    seconds = watch.left_s(POLISH_UNTIL)
    with certificate(given, model if certify else None, seconds, best) as proof:
        watch.proof = proof
        best = searched(day, model, best, watch, until=until, seed=seed, threads=threads)
        if not timetable and not problem.fairness:
            best = polished(day, model, best, watch, until=POLISH_UNTIL, seed=seed)
    plan = plan_of(day, best)
    if timetable:
        from planner.assign.again import scheduled  # CP-SAT takes a second to import

        plan = scheduled(day, model, plan, watch, seed=seed)
    plan = replace(plan, gap=proof.gap(plan))
    watch.done(plan)
    return plan
