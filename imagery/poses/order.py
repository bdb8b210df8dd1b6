"""Could one aircraft have been at these places at these times? Which clock is wrong? Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from imagery.poses.network import Complexes

FASTEST_MPS = 30.0
"""Above any small multirotor in survey flight; fixed wings of the city's fleet cruise at 15-25."""
LEEWAY_M = 10.0
"""Positions are no better, and clocks written in whole seconds no finer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfTime:
    """A frame that does not fit into the flight, and when it more likely was taken."""

    index: int
    stated: datetime
    likely: datetime | None


def out_of_time(places: Complexes, times: Sequence[datetime | None]) -> list[OutOfTime]:
    """The frames without which all others follow each other at a speed that can be flown.

    The fewest are accused: the longest chain of frames in the order given, each reachable from
    the one before, is believed. A clock that is wrong for all frames alike is not seen here.

    Args:
        places: (N,) metres, east + i north.
        times: None for frames that do not say.
    """
    timed = [k for k, at in enumerate(times) if at is not None]
    if len(timed) < 3:
        return []
    chain = _longest_chain(
        places[timed],
        np.array([times[k].timestamp() for k in timed]),  # type: ignore[union-attr]
    )
    believed = [timed[k] for k in chain]
    if len(believed) * 2 <= len(timed):  # nobody can tell who is wrong
        return []
    accused = sorted(set(timed) - set(believed))
    return [
        OutOfTime(index=k, stated=at, likely=_between(k, places, times, believed))
        for k in accused
        if (at := times[k]) is not None
    ]


def _longest_chain(places: Complexes, seconds: np.ndarray) -> list[int]:
    """Indices of the longest chain in which each follows the one before in time and in reach."""
    count = len(places)
    length, before = np.ones(count, int), np.full(count, -1)
    for k in range(1, count):
        elapsed = seconds[k] - seconds[:k]
        near = np.abs(places[k] - places[:k]) <= FASTEST_MPS * elapsed + LEEWAY_M
        able = np.flatnonzero((elapsed >= 0) & near)
        if len(able):
            best = able[length[able] == length[able].max()][-1]
            length[k], before[k] = length[best] + 1, best
    chain, k = [], int(length.argmax())
    while k >= 0:
        chain.append(k)
        k = int(before[k])
    return chain[::-1]


def _between(
    k: int, places: Complexes, times: Sequence[datetime | None], believed: Sequence[int]
) -> datetime | None:
    """When it passed its place, between the believed frames before and after it."""
    earlier = [j for j in believed if j < k]
    later = [j for j in believed if j > k]
    if not earlier or not later:
        return None
    a, b = earlier[-1], later[0]
    start, end = times[a], times[b]
    if start is None or end is None:
        return None
    to, fro = abs(places[k] - places[a]), abs(places[b] - places[k])
    share = float(to / (to + fro)) if to + fro > 0 else 0.5
    return start + timedelta(seconds=share * (end - start).total_seconds())
