"""Ruin and recreate on the exact model: take a few neighbouring tasks out, put them back better.

After Schrimpf et al. 2000, doi:10.1006/jcph.1999.6413, with the adjacency and the skips ("blinks")
of Christiaens and Vanden Berghe 2020, doi:10.1287/trsc.2019.0914. Worse plans are kept for a while,
the less worse the later (threshold falling to nothing).
"""

import math
import random
import time
from collections.abc import Callable

import numpy as np

from planner.assign.greedy import ranked
from planner.assign.model import Day
from planner.assign.roster import Roster

TELL_S = 0.5
FEWEST, MOST = 3, 14
"""Tasks taken out at a time."""
WARMEST_M = 3000.0
"""How much worse a plan may be at first and still be worked on."""
NEAREST, CLOSE = 14, 4
"""Neighbours of a task whose drones are tried for it, and docks next to it that are."""
BLINK = 0.03
"""Share of stations that an insertion overlooks, so that it is not always the same."""


def ruin_and_recreate(
    roster: Roster,
    *,
    until: float,
    random_: random.Random,
    tell: Callable[[str, Roster], None],
) -> Roster:
    """The best roster found until a moment of `time.monotonic`, at least as good as the given."""
    day = roster.day
    around = _neighbours(day)
    rank = {t: k for k, t in enumerate(ranked(day, range(len(day.prize))))}
    best, current = roster, roster
    best_value = current_value = roster.objective()
    began = told = time.monotonic()
    while (now := time.monotonic()) < until and len(rank) > 1:
        trial = _changed(current, around, rank, random_)
        value = trial.objective()
        warmth = WARMEST_M * (1 - (now - began) / max(until - began, 1e-9))
        if value > current_value + warmth * math.log(random_.uniform(1e-9, 1.0)):
            current, current_value = trial, value
            if value > best_value + 1.0:
                best, best_value = trial, value
        if now - told > TELL_S:
            told = now
            tell("search", best)
    return best


def _neighbours(day: Day) -> list[list[int]]:
    """For each task, all others from the nearest on."""
    kind = day.kinds[0]
    places = [k.begin + k.end for k in day.kinds]
    xy = np.select([np.isfinite(k.work_s)[:, None] for k in day.kinds], places, default=kind.begin)[
        ::2
    ]
    return [np.argsort(np.hypot(*(xy - p).T))[:60].tolist() for p in xy]


def _changed(
    roster: Roster, around: list[list[int]], rank: dict[int, int], random_: random.Random
) -> Roster:
    trial = roster.copy()
    centre = random_.randrange(len(around))
    count = random_.randint(FEWEST, MOST)
    near = around[centre]
    # the nearest of all, or some of the nearest; now and then a whole flight
    out = set(near[:count])
    if random_.random() < 0.5:
        out = set(random_.sample(near, min(count, len(near))))
    if random_.random() < 0.5:
        out |= _flightmates(trial, centre)
    served = trial.served()
    missing = [t for t in rank if t not in served]
    trial.remove(out)
    waiting = [t for t in {*out, *missing} if t in rank]
    if random_.random() < 0.5:
        random_.shuffle(waiting)
    else:
        waiting.sort(key=rank.__getitem__)
    rate = random_.choice((0.0, 0.3, 1.0, 3.0))
    flown_by = {n >> 1: s for s, own in enumerate(trial.flights) for f in own for n in f.nodes}
    for task in waiting:
        stations = _stations(roster.day, task, around[task], flown_by)
        place = trial.best_place(task, [s for s in stations if random_.random() > BLINK], rate)
        if place is not None:
            trial.put(place)
            flown_by[task] = place.station
    return trial


def _stations(day: Day, task: int, around: list[int], flown_by: dict[int, int]) -> list[int]:
    """Those that fly the task's nearest neighbours, and its nearest docks."""
    able = day.near[task]
    likely = dict.fromkeys(flown_by[t] for t in around[1:NEAREST] if t in flown_by)
    likely.update(dict.fromkeys(able[:CLOSE]))
    return [s for s in likely if s in able]


def _flightmates(roster: Roster, task: int) -> set[int]:
    for own in roster.flights:
        for flight in own:
            if any(n >> 1 == task for n in flight.nodes):
                return {n >> 1 for n in flight.nodes}
    return set()
