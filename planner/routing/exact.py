"""One to three vehicles planned anew and exactly: CP-SAT over all trips that they can make.

Every way to fly every set of groups is an optional interval: its length is fixed, the rest after it
included, and its start lies in the window in which nobody waits without need. Intervals of a
vehicle do not overlap, a group is held by one trip at most, and the plan in hand is the hint.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

import numpy as np
from ortools.sat.python import cp_model

from planner.routing.bound_classes import classes, reaches
from planner.routing.check import Infeasible, cost
from planner.routing.exact_options import Option, options
from planner.routing.model import Ints, Model, Solution, Trip

TICKS = 100
"""Times count in hundredths of a second, rounded to the safe side."""


@dataclass(frozen=True, kw_only=True)
class Polished:
    """A plan, and whether no better one exists for these vehicles and groups."""

    solution: Solution
    proven: bool


def polish(
    model: Model, solution: Solution, vehicles: Sequence[int], *, seconds: float, seed: int = 0
) -> Solution:
    """The solution with the vehicles' trips replaced by better ones if there are any; what other
    vehicles do stays as it is."""
    return polished(model, solution, vehicles, seconds=seconds, seed=seed).solution


def polished(
    model: Model,
    solution: Solution,
    vehicles: Sequence[int],
    *,
    seconds: float,
    seed: int = 0,
    workers: int = 1,
) -> Polished:
    """As `polish`, with the proof: "proven" means that CP-SAT has shown that these vehicles cannot
    do better with their groups and all unserved ones, to a hundredth of a second."""
    deadline = monotonic() + seconds
    own = sorted(set(vehicles))
    part, nodes, offered, whole = _offered(model, solution, own, seconds / 3)
    if not offered:
        return Polished(solution=solution, proven=whole)
    program = _Program(part, offered)
    program.hint(_hand(solution, own, nodes))
    left = max(0.01, deadline - monotonic())
    chosen, optimal = program.solve(left, seed, workers)
    if chosen is None:
        return Polished(solution=solution, proven=False)
    found = [tuple(_global(t, nodes) for t in trips) for trips in _placed(part, chosen)]
    better = _better(model, solution, dict(zip(own, found, strict=True)))
    return Polished(solution=better, proven=optimal and whole)


def _global(trip: Trip, nodes: Ints) -> Trip:
    """The trip in the model's numbers instead of the part's."""
    return Trip(trip.start, tuple(int(nodes[n]) for n in trip.nodes))


def _better(model: Model, old: Solution, own: dict[int, tuple[Trip, ...]]) -> Solution:
    """The new solution if it keeps every rule and costs less, else the old one."""
    new = Solution(tuple(own.get(v, trips) for v, trips in enumerate(old.trips)))
    try:
        return new if cost(model, new).objective < cost(model, old).objective else old
    except Infeasible:
        return old


def _offered(
    model: Model, solution: Solution, own: list[int], seconds: float
) -> tuple[Model, Ints, list[Option], bool]:
    """The part of the model, the model's nodes of the part's, the trips, and whether every
    unserved group was offered: only some are where trips are too many."""
    group_of = model.group_of
    held = [int(group_of[n]) for v in own for t in solution.trips[v] for n in t.nodes]
    free = _unserved(model, solution, own)
    many = len(free)
    while True:
        order = held + free[:many]
        nodes = np.concatenate(
            [np.arange(model.first[g], model.first[g + 1]) for g in order] or [np.empty(0, int)]
        )
        part = model.part(own, order)
        found = options(part, _hand(solution, own, nodes), seconds)
        if found is not None or many == 0:
            return part, nodes, found or [], many == len(free) and found is not None
        many //= 2


def _unserved(model: Model, solution: Solution, own: list[int]) -> list[int]:
    """Groups that nobody serves and one of the vehicles could, the nearest first."""
    served = {int(model.group_of[n]) for n in solution.nodes()}
    away: dict[int, float] = {}
    for one in classes(model):
        if not set(one.vehicles) & set(own):
            continue
        for _, there in reaches(model, one, 0.0):
            for group, there_s, home_s in zip(
                there.group.tolist(), there.reach_s.tolist(), there.home_s.tolist(), strict=True
            ):
                if group not in served:
                    away[group] = min(away.get(group, math.inf), there_s + home_s)
    return sorted(away, key=lambda g: (away[g], g))


def _hand(solution: Solution, own: list[int], nodes: Ints) -> Solution:
    """The trips in hand in the numbers of the part."""
    local = {int(n): k for k, n in enumerate(nodes)}
    return Solution(
        tuple(
            tuple(Trip(t.start, tuple(local[n] for n in t.nodes)) for t in solution.trips[v])
            for v in own
        )
    )


class _Program:
    """The options as a CP-SAT model."""

    def __init__(self, part: Model, options: list[Option]) -> None:
        self._part, self._options = part, options
        self._cp = cp_model.CpModel()
        self._taken = [self._cp.new_bool_var(f"t{k}") for k in range(len(options))]
        self._starts = [self._start(o) for o in options]
        self._once()
        for v in range(part.vehicles):
            self._own(v, [k for k, o in enumerate(options) if o.vehicle == v])
        prize = np.where(np.isfinite(part.prize), 0.0, self._penalty())
        self._cp.maximize(
            sum(
                round(10 * (o.value + float(prize[list(o.groups)].sum()))) * taken
                for o, taken in zip(options, self._taken, strict=True)
            )
        )

    def _penalty(self) -> float:
        """What a group that must be served counts: more than all else together."""
        return 1.0 + sum(abs(p) for p in self._part.prize if np.isfinite(p)) + 1e6

    def _start(self, option: Option) -> cp_model.IntVar:
        early = math.ceil(option.early * TICKS - 1e-6)
        horizon = self._horizon()
        late = math.floor(min(option.late, horizon) * TICKS + 1e-6)
        return self._cp.new_int_var(min(early, late), late, "")

    def _horizon(self) -> float:
        """An end of time for vehicles without one: all work, one trip after another."""
        finite = self._part.until[np.isfinite(self._part.until)]
        if len(finite) == self._part.vehicles:
            return float(finite.max())
        busy = sum(o.busy_s + o.rest_s for o in self._options)
        late = max((o.early for o in self._options), default=0.0)
        return late + busy

    def _once(self) -> None:
        """Each group in one trip at most."""
        holders: dict[int, list[cp_model.IntVar]] = defaultdict(list)
        for option, taken in zip(self._options, self._taken, strict=True):
            for group in option.groups:
                holders[group].append(taken)
        for own in holders.values():
            self._cp.add_at_most_one(own)

    def _own(self, v: int, own: list[int]) -> None:
        """The rules of one vehicle: one trip after another, so many at most, in the time."""
        part, cp, options, taken = self._part, self._cp, self._options, self._taken
        sizes = {k: math.ceil((options[k].busy_s + options[k].rest_s) * TICKS - 1e-6) for k in own}
        cp.add_no_overlap(
            [
                cp.new_optional_fixed_size_interval_var(self._starts[k], sizes[k], taken[k], "")
                for k in own
            ]
        )
        cp.add(sum(taken[k] for k in own) <= min(int(part.max_trips[v]), len(own)))
        if math.isfinite(part.until[v]):
            longest = max((options[k].rest_s for k in own), default=0.0)
            time_s = float(part.until[v] - part.free[v]) + longest
            # follows from the intervals, and gives the relaxation the time
            cp.add(sum(sizes[k] * taken[k] for k in own) <= math.ceil(time_s * TICKS) + len(own))
        openings = [k for k in own if options[k].opening]
        if openings:
            self._opened(openings, [k for k in own if not options[k].opening], sizes)

    def _opened(self, openings: list[int], later: list[int], sizes: dict[int, int]) -> None:
        """The first trip begins elsewhere: without it there is no other, and it comes first."""
        cp, taken, starts = self._cp, self._taken, self._starts
        cp.add_at_most_one(taken[k] for k in openings)
        ready = cp.new_int_var(-(2**40), 2**40, "")
        for k in openings:
            cp.add(ready >= starts[k] + sizes[k]).only_enforce_if(taken[k])
        for k in later:
            cp.add_bool_or([taken[o] for o in openings]).only_enforce_if(taken[k])
            cp.add(starts[k] >= ready).only_enforce_if(taken[k])

    def hint(self, hand: Solution) -> None:
        """Begin at the plan in hand: the option with the same nodes that earns most."""
        known = {(v, frozenset(t.nodes)): t.start for v, own in enumerate(hand.trips) for t in own}
        best: dict[tuple[int, frozenset[int]], int] = {}
        for k, o in enumerate(self._options):
            key = (o.vehicle, frozenset(o.nodes))
            if key in known and (key not in best or o.value > self._options[best[key]].value):
                best[key] = k
        at = {k: known[key] for key, k in best.items()}
        for k, taken in enumerate(self._taken):
            self._cp.add_hint(taken, k in at)
            if k in at:
                self._cp.add_hint(self._starts[k], round(at[k] * TICKS))

    def solve(
        self, seconds: float, seed: int, workers: int
    ) -> tuple[list[tuple[float, Option]] | None, bool]:
        """The chosen options with their starts, and whether nothing is better."""
        solver = cp_model.CpSolver()
        solver.parameters.max_time_in_seconds = seconds
        solver.parameters.random_seed = seed
        solver.parameters.num_workers = workers
        status = solver.solve(self._cp)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None, False
        chosen = [
            (float(solver.value(self._starts[k])), option)
            for k, option in enumerate(self._options)
            if solver.boolean_value(self._taken[k])
        ]
        return chosen, status == cp_model.OPTIMAL


def _placed(part: Model, chosen: list[tuple[float, Option]]) -> list[tuple[Trip, ...]]:
    """By vehicle its trips, each as early as it can be without waiting in vain."""
    plans: list[list[Trip]] = [[] for _ in range(part.vehicles)]
    ready = [float(f) for f in part.free]
    for _, option in sorted(chosen, key=lambda c: c[0]):
        v = option.vehicle
        start = max(ready[v], option.early)
        plans[v].append(Trip(start, option.nodes))
        ready[v] = start + option.busy_s + option.rest_s
    return [tuple(p) for p in plans]
