"""Kernels of the search: take neighbouring strings of work out, put it back better, anneal.

Slack induction by string removals (Christiaens & Vanden Berghe 2020, doi:10.1287/trsc.2019.0914) on
trips, with the groups not served near the seed as further candidates.
"""

import math

import numpy as np

from planner.routing.jit import kernel, part
from planner.routing.kernel_insert import listed, put
from planner.routing.kernel_open import opened
from planner.routing.kernel_place import found
from planner.routing.kernel_state import (
    forget_trip,
    into_pool,
    keep,
    mended,
    recount,
    settled,
    touch,
    undone,
)  # fmt: skip
from planner.routing.kernel_times import timed
from planner.routing.layout import (
    BEST,
    HEAD,
    LOSS,
    MINE,
    NEXT,
    OWNER,
    POOL,
    PREV,
    SIZE,
    SPARE,
    STAMP,
    TAIL,
    TOTAL,
    TOUCHED,
    TRIP,
    State,
    Tables,
)  # fmt: skip

OPENING = 0.01
"""Share of rounds on a group not served that open a trip for it."""
LENIENT = 0.1
"""Share of rounds that insert work at a loss, too."""


@part
def _unlink(t: Tables, s: State, n: int) -> None:
    """Take a node out of its trip; times come later."""
    trip, p, q = s.link[n, TRIP], s.link[n, PREV], s.link[n, NEXT]
    if p < 0:
        s.trip[trip, HEAD] = q
    else:
        s.link[p, NEXT] = q
    if q < 0:
        s.trip[trip, TAIL] = p
    else:
        s.link[q, PREV] = p
    s.trip[trip, SIZE] -= 1
    into_pool(t, s, t.group[n])


@part
def _place(s: State, v: int, trip: int) -> int:
    """Which trip of its vehicle's day it is."""
    k = 0
    while s.trips[v, k] != trip:
        k += 1
    return k


@part
def _cut(t: Tables, s: State, g: int, most: float, out: int) -> int:
    """Remove a string of nodes that holds the group; with a chance of one half, a split one.

    Returns how many groups are in `todo` then.
    """
    n = s.at[g]
    trip = s.link[n, TRIP]
    v = s.trip[trip, OWNER]
    touch(s, v)
    size = s.trip[trip, SIZE]
    long = min(float(size), most)
    cut = min(size, int(1.0 + np.random.random() * long))
    kept = 0
    if cut > 1 and cut < size and np.random.random() < 0.5:
        while cut + kept < size and np.random.random() < 0.5:
            kept += 1
    back = int(np.random.random() * (cut + kept))
    first, stepped = n, 0
    while stepped < back and s.link[first, PREV] >= 0:
        first = s.link[first, PREV]
        stepped += 1
    spare_from = 1 + int(np.random.random() * max(cut - 1, 1))
    i, removed = 0, 0
    while first >= 0 and removed < cut:
        after = s.link[first, NEXT]
        if kept == 0 or i < spare_from or i >= spare_from + kept:
            s.todo[out] = t.group[first]
            out += 1
            removed += 1
            s.fresh[t.group[first]] = s.count[STAMP]
            _unlink(t, s, first)
        i += 1
        first = after
    k = _place(s, v, trip)
    if s.trip[trip, SIZE] == 0:
        forget_trip(s, v, k)
    elif not timed(t, s, trip, v, k == 0):
        n = s.trip[trip, HEAD]
        while n >= 0:
            s.todo[out] = t.group[n]
            s.fresh[t.group[n]] = s.count[STAMP]
            out += 1
            n = s.link[n, NEXT]
        while s.trip[trip, SIZE] > 0:
            _unlink(t, s, s.trip[trip, HEAD])
        forget_trip(s, v, k)
    return out


@part
def ruined(t: Tables, s: State, seed: int, mean: float, longest: float) -> int:
    """Remove strings from trips round the seed; how many groups are in `todo` then."""
    size = (len(s.at) - s.count[POOL]) / max(len(s.spare) - s.count[SPARE], 1)
    most = max(1.0, min(longest, size))
    strings = int(1.0 + np.random.random() * (4.0 * mean / (1.0 + most) - 1.0))
    out, cut = 0, 0
    mark = s.count[STAMP]
    for i in range(-1, t.near.shape[1]):
        g = seed if i < 0 else t.near[seed, i]
        n = s.at[g]
        if n < 0:
            continue
        trip = s.link[n, TRIP]
        if s.trip_mark[trip] == mark or not s.on[s.trip[trip, OWNER]]:
            continue
        s.trip_mark[trip] = mark
        out = _cut(t, s, g, most, out)
        cut += 1
        if cut >= strings:
            break
    for i in range(s.count[TOUCHED]):
        mended(t, s, s.touched[i])
    return out


@part
def _ranked(s: State, t: Tables, begin: int, end: int) -> None:
    """Sort a part of `todo` by a random one of the orders of insertion."""
    order = int(np.random.random() * (t.key.shape[0] + 2))
    for i in range(begin, end):
        s.rank[i] = np.random.random() if order >= t.key.shape[0] else t.key[order, s.todo[i]]
    for i in range(begin + 1, end):
        g, r = s.todo[i], s.rank[i]
        j = i
        while j > begin and s.rank[j - 1] > r:
            s.todo[j], s.rank[j] = s.todo[j - 1], s.rank[j - 1]
            j -= 1
        s.todo[j], s.rank[j] = g, r


@part
def _recreated(t: Tables, s: State, many: int, blink: float) -> None:
    """Insert all of `todo`: those just removed wherever it is good, others where there is room."""
    stamp = s.count[STAMP]
    # Now and then work goes in at a loss: a trip may pay for two where it does not for one.
    lenient = 1.0 / (1.0 - np.random.random()) if np.random.random() < LENIENT else 1.0
    _ranked(s, t, 0, many)
    for i in range(many):
        g = s.todo[i]
        tried = listed(t, s, g, 1 if s.fresh[g] == stamp else 0)
        _, v, k, p, n = found(t, s, g, tried, lenient * t.loss[g, LOSS], blink)
        if v >= 0:
            put(t, s, g, v, k, p, n)


@part
def _again(t: Tables, s: State, sown: int, mean: float, longest: float, blink: float) -> None:
    """Ruin and recreate round a group."""
    removed = ruined(t, s, sown, mean, longest)
    many = removed
    if s.at[sown] < 0 and s.fresh[sown] != s.count[STAMP]:
        s.fresh[sown] = s.count[STAMP]  # tried everywhere near, not only where there is room
        s.todo[many] = sown
        many += 1
    for i in range(t.near.shape[1]):
        g = t.near[sown, i]
        if s.at[g] < 0 and s.own[g] and s.fresh[g] != s.count[STAMP]:
            s.todo[many] = g
            many += 1
    _recreated(t, s, many, blink)


@kernel
def anneal(
    t: Tables, s: State, seed: int, rounds: int, hot: float, cold: float,
    mean: float, longest: float, blink: float,
) -> int:  # fmt: skip
    """So many rounds of ruin and recreate, cooling from `hot` to `cold` (metres); rounds done."""
    np.random.seed(seed)
    settled(s)
    recount(t, s)
    heat = hot
    cool = (cold / hot) ** (1.0 / max(rounds, 1))
    for done in range(rounds):
        if s.stop[0] or s.count[MINE] == 0:
            return done
        heat *= cool
        before = s.total[TOTAL]
        sown = s.mine[int(np.random.random() * s.count[MINE])]
        if not (s.at[sown] < 0 and np.random.random() < OPENING and opened(t, s, sown)):
            _again(t, s, sown, mean, longest, blink)
        limit = before - heat * math.log(1.0 - np.random.random())
        if s.total[TOTAL] < limit:
            settled(s)
            if s.total[TOTAL] < s.total[BEST] - 1e-6:
                keep(s)
        else:
            undone(t, s)
    return rounds
