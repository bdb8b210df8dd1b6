"""The search over a day: quick first plan, neighbourhood search, fair prizes, exact polish."""

from dataclasses import replace

import numpy as np

from planner import routing
from planner.assign.fairness import Fairness, of, weight
from planner.assign.kinds import Floats
from planner.assign.model import Day
from planner.assign.warm import solution_of
from planner.assign.watch import Watch
from planner.routing.model import Model, Solution

DENSE = 2_500
"""Tasks up to which the whole day is one model, whose tables of legs then take 200 MB for each kind
of drone. Beyond, the engine takes the day in regions, and neither the plan in hand nor exact polish
nor a certificate is for it."""
PROMISE = 10.0
"""Weight of prizes against metres in the search: first promises and their value, then few metres. A
look that was asked for is not left out to save the 20 km that its prize stands for, only where it
makes room for others."""
A_TASK_S = 0.5
"""Time that a task is worth: a day of few tasks is solved to the end long before."""
EXACT_DOCKS = 3
"""Drones planned anew at once by CP-SAT: beyond, it no longer ends (facts/planning.md)."""
EXACT_S = 1.0
"""Time for one such group."""
FAIR_ROUNDS = 3
"""Searches, each with prizes that follow what departments got in the one before."""


def eager(day: Day) -> Day:
    """The day with the prizes that the search works by."""
    return day.with_prizes(PROMISE * day.prize)


def whole(day: Day) -> Model | None:
    """The day as one model; None where that would not fit into memory."""
    return day.routing() if len(day.tasks) <= DENSE else None


def first_plan(day: Day, model: Model | None) -> Solution:
    """A plan at once; it begins with the plan in hand, if there is one. The engine makes that of a
    large day by itself."""
    if model is None or not model.groups:
        return Solution(((),) * len(day.drones))
    previous = day.problem.previous
    given = None if previous is None else solution_of(day, model, previous)
    return routing.first(model, given)


def searched(
    day: Day,
    model: Model | None,
    best: Solution,
    watch: Watch,
    *,
    until: float,
    seed: int,
    threads: int,
) -> Solution:
    """The best solution found until a share of the time; as even between departments as the
    problem wants it."""
    fair = day.problem.fairness > 0 and len(day.tasks) > 1
    best = _search(day, model, best, watch, until / FAIR_ROUNDS if fair else until, seed, threads)
    if not fair:
        return best
    kept, even = best, _fairness(day, best)
    for number in range(1, FAIR_ROUNDS):
        share = until * (number + 1) / FAIR_ROUNDS
        weighted = day.with_prizes(day.prize * _weights(day, _fairness(day, best)))
        other = None if model is None else replace(model, prize=weighted.prize)
        best = _search(weighted, other, best, watch, share, seed + number, threads)
        now = _fairness(day, best)
        if (now.jain, now.least) >= (even.jain, even.least):
            kept, even = best, now
    return kept


def _search(
    day: Day,
    model: Model | None,
    best: Solution,
    watch: Watch,
    until: float,
    seed: int,
    threads: int,
) -> Solution:
    seconds = min(watch.left_s(until), A_TASK_S * len(day.tasks))

    def tell(_: float, found: Solution, objective: float) -> None:
        watch.tell("search", day, found, metres(day, found, objective))

    if model is None:
        return routing.solve_large(
            day,
            seconds=seconds,
            seed=seed,
            workers=threads,
            progress=tell,
            cancelled=watch.cancelled,
        )
    if seconds <= 0 or model.groups < 2:  # a single task is where it is cheapest already
        return best
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
    day: Day, model: Model | None, best: Solution, watch: Watch, *, until: float, seed: int
) -> Solution:
    """Groups of up to three neighbouring drones planned anew, exactly, while there is time."""
    from planner.routing.exact import polish

    if model is None or model.groups < 2:
        return best
    order = np.random.default_rng(seed).permutation(model.vehicles)
    for v in order:
        seconds = min(EXACT_S, watch.left_s(until))
        if seconds < EXACT_S / 4:
            break
        away = np.hypot(*(model.vehicle_xy - model.vehicle_xy[v]).T)
        own = np.argsort(away, kind="stable")[:EXACT_DOCKS].tolist()
        best = polish(model, best, own, seconds=seconds, seed=seed)
        watch.tell("polish", day, best, routing.cost(model, best).metres)
        if len(own) == model.vehicles:
            break
    return best


def metres(day: Day, solution: Solution, objective: float) -> float:
    """Metres flown, from what the solution costs."""
    tasks = day.places(solution.nodes())[0]
    lost = day.prize.sum() - day.prize[day.group_of[tasks]].sum()
    wear = day.problem.wear_m * sum(len(own) for own in solution.trips)
    return float(objective - lost - wear - _churn(day, solution))


def _churn(day: Day, solution: Solution) -> float:
    """Metres that moved groups count."""
    server = np.full(len(day.tasks), -1)
    for v, own in enumerate(solution.trips):
        for trip in own:
            server[day.group_of[day.places(trip.nodes)[0]]] = v
    return day.problem.churn_m * int(((day.stay >= 0) & (server != day.stay)).sum())


def _fairness(day: Day, solution: Solution) -> Fairness:
    return of(day.problem, {day.problem.tasks[t].id for t in day.served(solution)})


def _weights(day: Day, now: Fairness) -> Floats:
    strength = day.problem.fairness
    return np.array([weight(day.problem.tasks[t], now, strength) for t in day.tasks])
