"""The search over a day: quick first plan, neighbourhood search, fair prizes, exact polish."""

from dataclasses import replace

import numpy as np

from planner import routing
from planner.assign.fairness import Fairness, of, weight
from planner.assign.model import Day
from planner.assign.warm import solution_of
from planner.assign.watch import Watch
from planner.routing.model import Model, Solution

A_TASK_S = 0.5
"""Time that a task is worth: a day of few tasks is solved to the end long before."""
EXACT_DOCKS = 3
"""Drones planned anew at once by CP-SAT: beyond, it no longer ends (facts/planning.md)."""
EXACT_S = 1.0
"""Time for one such group."""
FAIR_ROUNDS = 3
"""Searches, each with prizes that follow what departments got in the one before."""


def first_plan(day: Day, model: Model) -> Solution:
    """A plan at once; it begins with the plan in hand, if there is one."""
    if not model.groups:
        return routing.nothing(model)
    previous = day.problem.previous
    given = None if previous is None else solution_of(day, model, previous)
    return routing.first(model, given)


def searched(
    day: Day,
    model: Model,
    best: Solution,
    watch: Watch,
    *,
    until: float,
    seed: int,
    threads: int,
) -> Solution:
    """The best solution found until a share of the time; as even between departments as the
    problem wants it."""
    fair = day.problem.fairness > 0 and model.groups > 1
    best = _search(day, model, best, watch, until / FAIR_ROUNDS if fair else until, seed, threads)
    if not fair:
        return best
    even = _fairness(day, best)
    for number in range(1, FAIR_ROUNDS):
        share = until * (number + 1) / FAIR_ROUNDS
        weighted = replace(model, prize=day.prize * _weights(day, _fairness(day, best)))
        best = _search(day, weighted, best, watch, share, seed + number, threads)
        now = _fairness(day, best)
        if (now.jain, now.least) >= (even.jain, even.least):
            kept, even = best, now
    return kept


def _search(
    day: Day,
    model: Model,
    best: Solution,
    watch: Watch,
    until: float,
    seed: int,
    threads: int,
) -> Solution:
    seconds = min(watch.left_s(until), A_TASK_S * model.groups)
    if seconds <= 0 or model.groups < 2:  # a single task is where it is cheapest already
        return best

    def tell(_: float, found: Solution, objective: float) -> None:
        watch.tell("search", day, found, metres(model, found, objective))

    return routing.solve(
        model,
        seconds=seconds,
        seed=seed,
        initial=best,
        threads=threads,
        progress=tell,
        cancelled=watch.cancelled,
    )


def polished(
    day: Day, model: Model, best: Solution, watch: Watch, *, until: float, seed: int
) -> Solution:
    """Groups of up to three neighbouring drones planned anew, exactly, while there is time."""
    from planner.routing.exact import polish

    order = np.random.default_rng(seed).permutation(model.vehicles)
    for v in order:
        seconds = min(EXACT_S, watch.left_s(until))
        if seconds < EXACT_S / 4 or model.groups < 2:
            break
        away = np.hypot(*(model.vehicle_xy - model.vehicle_xy[v]).T)
        own = np.argsort(away, kind="stable")[:EXACT_DOCKS].tolist()
        best = polish(model, best, own, seconds=seconds, seed=seed)
        watch.tell("polish", day, best, metres(model, best))
        if len(own) == model.vehicles:
            break
    return best


def metres(model: Model, solution: Solution, objective: float | None = None) -> float:
    """Metres flown, from what the solution costs."""
    if objective is None:
        return routing.cost(model, solution).metres
    groups = np.unique(model.group_of[solution.nodes()])
    lost = model.prize.sum() - model.prize[groups].sum()
    wear = sum(float(model.trip_cost[v]) * len(own) for v, own in enumerate(solution.trips))
    return float(objective - lost - wear - _churn(model, solution))


def _churn(model: Model, solution: Solution) -> float:
    """Metres that moved groups count."""
    if not model.churn.any():
        return 0.0
    server = np.full(model.groups, -1)
    for v, own in enumerate(solution.trips):
        for trip in own:
            server[model.group_of[list(trip.nodes)]] = v
    return float(model.churn[(model.stay >= 0) & (server != model.stay)].sum())


def _fairness(day: Day, solution: Solution) -> Fairness:
    return of(day.problem, {day.problem.tasks[t].id for t in day.served(solution)})


def _weights(day: Day, now: Fairness) -> "np.ndarray":
    strength = day.problem.fairness
    return np.array([weight(day.problem.tasks[t], now, strength) for t in day.tasks])
