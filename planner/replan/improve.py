"""A mended plan made better in the background, moving no more flights than the dispatcher allows.

The search starts from the plan in hand and pays for every task that it moves (`Problem.churn_m`).
What it finds is taken apart into sets of drones that exchange tasks among themselves only; each
set can be taken or left by itself, and the best are taken as long as the allowance lasts.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from planner import explain
from planner.problem import Flight, Problem, Progress
from planner.replan.changes import changes, moved, visits
from planner.replan.events import Replanned
from planner.replan.repair import inserted, plan_of, renamed
from planner.solve import solve
from planner.verify import verify

CHURNS_M = (3_000.0, 30_000.0)
"""Metres that a moved task counts in the first round, and in the second, which finds sets that
change less: a tenth and the whole of what the least priority is worth with its detour of 20 km."""
_PROMISE = 10.0
"""Weight of prizes against metres: a promise is not broken to save the 20 km that it stands for."""
_WHY = ("the day was rearranged to serve more", "为服务更多任务而调整")


@dataclass(frozen=True, kw_only=True)
class _Exchange:
    """Drones whose flights change together.

    Attributes:
        gain: prizes won, weighed against metres more.
        moves: flights of the plan in hand that change.
    """

    stations: frozenset[str]
    gain: float
    moves: frozenset[str]


def improve(
    given: Replanned,
    *,
    most_moved: int,
    seconds: float,
    seed: int = 0,
    progress: Callable[[Progress], None] | None = None,
) -> Replanned:
    """A better plan in which at most so many flights of the plan in hand are flown otherwise.

    Args:
        most_moved: flights that may move to another drone, begin a minute or more earlier or
            later, gain or lose a task, or be left out. Further flights for tasks that nobody
            flies move nobody.
    """
    began = time.monotonic()
    problem, flights = given.problem, list(given.plan.flights)
    allowed = most_moved
    for number, churn_m in enumerate(CHURNS_M):
        left = seconds * (number + 1) / len(CHURNS_M) - (time.monotonic() - began)
        flights = _filled(problem, flights)
        if allowed > 0 and left > 0:
            hand = replace(problem, previous=plan_of(problem.tasks, flights, {}), churn_m=churn_m)
            trial = solve(hand, seconds=left, seed=seed, progress=progress)
            better = _taken(problem, flights, trial.flights, allowed)
            allowed -= len(moved(flights, better))
            flights = better
    return _told(given, _filled(problem, flights))


def _filled(problem: Problem, flights: list[Flight]) -> list[Flight]:
    """Further flights for tasks that nobody flies, where drones are free."""
    served = visits(flights)
    idle = [t for t in problem.tasks if t.id not in served]
    new = inserted(problem, flights, idle, seconds=0.0)
    names = [f.id for f in (*problem.frozen, *flights)]
    whole = [*flights, *renamed(new, names)]
    return whole if _accepted(problem, whole) else flights


def _taken(
    problem: Problem, old: Sequence[Flight], new: Sequence[Flight], allowed: int
) -> list[Flight]:
    """The old flights with the exchanges that gain most for each flight that they move."""
    flights = list(old)
    for exchange in sorted(_exchanges(problem, old, new), key=_rank):
        if exchange.gain <= 0 or len(exchange.moves) > allowed:
            continue
        trial = [f for f in flights if f.station not in exchange.stations]
        fresh = [f for f in new if f.station in exchange.stations]
        trial += renamed(fresh, (f.id for f in (*problem.frozen, *trial)))
        if _accepted(problem, trial):
            flights = trial
            allowed -= len(exchange.moves)
    return flights


def _rank(exchange: _Exchange) -> float:
    return -exchange.gain / max(1, len(exchange.moves))


def _exchanges(problem: Problem, old: Sequence[Flight], new: Sequence[Flight]) -> list[_Exchange]:
    """Drones joined wherever a task passes from one to another."""
    root = {s.id: s.id for s in problem.stations}

    def find(name: str) -> str:
        while root[name] != name:
            name = root[name]
        return name

    was, now = visits(old), visits(new)
    for task in was.keys() & now.keys():
        root[find(was[task].station)] = find(now[task].station)
    groups: dict[str, set[str]] = {}
    for name in root:
        groups.setdefault(find(name), set()).add(name)
    return [_exchange(problem, frozenset(g), old, new) for g in groups.values()]


def _exchange(
    problem: Problem, stations: frozenset[str], old: Sequence[Flight], new: Sequence[Flight]
) -> _Exchange:
    before = [f for f in old if f.station in stations]
    after = [f for f in new if f.station in stations]
    was, now = plan_of(problem.tasks, before, {}), plan_of(problem.tasks, after, {})
    return _Exchange(
        stations=stations,
        gain=_PROMISE * (now.value - was.value) - 1000 * (now.km - was.km),
        moves=frozenset(moved(before, after)),
    )


def _accepted(problem: Problem, flights: Sequence[Flight]) -> bool:
    plan = plan_of(problem.tasks, flights, {})
    return all(v.rule == "account" for v in verify(problem, plan))


def _told(given: Replanned, flights: Sequence[Flight]) -> Replanned:
    """The new plan with what it means for everybody, against the day before the events."""
    problem = given.problem
    flown = visits(flights)
    unserved = {
        t.id: given.plan.unserved.get(t.id) or explain.gave_way(t.id)
        for t in problem.tasks
        if t.id not in flown
    }
    plan = plan_of(problem.tasks, flights, unserved)
    tasks = {**given.flown, **{t.id: t for t in problem.tasks}}
    after = (*problem.frozen, *flights)
    told = changes(given.before, after, tasks, given.causes, _WHY)
    return replace(given, plan=plan, changes=told)
