"""Round after round over the city: groups of docks are solved anew, what is better is kept."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

import numpy as np

from planner.assign.greedy import fill
from planner.assign.model import Day
from planner.assign.roster import Roster
from planner.assign.routing import improve
from planner.assign.slots import Group, group

DOCKS = 5
"""Docks in a group: measured best between 3 and 8 (facts/planning.md)."""
SHORTEST_S, LONGEST_S = 0.15, 3.0
"""Time for one group: below, the solver has hardly begun; above, it finds little more."""
BETTER_M = 1.0
"""A plan must be better by this to be kept."""


def improved(
    roster: Roster,
    *,
    until: float,
    seed: int,
    workers: int,
    tell: Callable[[str, Roster], None],
) -> Roster:
    """The best roster found until a moment of `time.monotonic`."""
    day, best = roster.day, roster
    random_ = random.Random(seed)
    number = 0
    with _pool(workers) as pool:
        while time.monotonic() < until - SHORTEST_S:
            number += 1
            groups = list(_partition(day, random_))
            left = until - time.monotonic()
            # the first round takes at most half of the time, so that borders move at least once
            share = left * (0.5 if number == 1 else 1.0) * max(1, workers) / len(groups)
            each = min(max(share, SHORTEST_S), LONGEST_S)
            best = _round(best, groups, each, until, pool, workers)
            best = _with_unserved(best)
            tell(f"round {number}", best)
    return best


def _round(
    best: Roster,
    groups: Sequence[list[int]],
    each: float,
    until: float,
    pool: Executor | None,
    workers: int,
) -> Roster:
    """One solve of each group; as many side by side as there are workers."""
    width = 1 if pool is None else workers
    for at in range(0, len(groups), width):
        left = until - time.monotonic()
        if left < SHORTEST_S:
            break
        some = groups[at : at + width]
        asked = [group(best, stations) for stations in some]
        limit = min(each, left)
        if pool is None:
            answers = [improve(asked[0][0], limit)]
        else:
            answers = list(pool.map(improve, [a for a, _ in asked], [limit] * len(asked)))
        for stations, (model, tasks), answer in zip(some, asked, answers, strict=True):
            if answer is not None:
                best = _taken(best, stations, model, tasks, answer)
    return best


def _taken(
    best: Roster,
    stations: Sequence[int],
    model: Group,
    tasks: Sequence[int],
    answer: Sequence[Sequence[int]],
) -> Roster:
    """The roster with a group's answer, if that is exact in time and better."""
    trial = best.copy()
    for s in stations:
        trial.flights[s] = []
    for slot, nodes in zip(model.slots, answer, strict=True):
        if nodes:
            real = [2 * tasks[n >> 1] + (n & 1) for n in nodes]
            sortie = trial.sortie(stations[slot.dock], real)
            if sortie is None:
                return best
            trial.flights[stations[slot.dock]].append(sortie)
    for s in stations:
        if trial.starts(s, trial.flights[s]) is None:
            return best
    served = trial.served()
    if len(served) < sum(len(f.nodes) for own in trial.flights for f in own):
        return best  # a task that another group took meanwhile
    return trial if trial.objective() > best.objective() + BETTER_M else best


def _with_unserved(roster: Roster) -> Roster:
    """Insert what nobody flies wherever it fits now, over all docks."""
    served = roster.served()
    missing = [t for t in range(len(roster.day.prize)) if t not in served]
    if missing:
        roster = roster.copy()
        fill(roster, missing)
    return roster


def _partition(day: Day, random_: random.Random) -> Iterator[list[int]]:
    """Groups of neighbouring docks, others in each round."""
    places = [day.sky.frame.point_xy(s.position) for s in day.problem.stations]
    xy = np.array(places)
    left = list(range(len(places)))
    # beginning at the edge of a random direction leaves no islands behind
    angle = random_.uniform(0, 2 * np.pi)
    left.sort(key=lambda s: xy[s, 0] * np.cos(angle) + xy[s, 1] * np.sin(angle))
    while left:
        first = left[0]
        left.sort(key=lambda s: float(np.hypot(*(xy[s] - xy[first]))))
        yield left[:DOCKS]
        left = left[DOCKS:]
        left.sort(key=lambda s: xy[s, 0] * np.cos(angle) + xy[s, 1] * np.sin(angle))


@contextmanager
def _pool(workers: int) -> Iterator[Executor | None]:
    """Processes started afresh: a forked one would inherit the service's threads and locks."""
    if workers <= 1:
        yield None
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield pool
