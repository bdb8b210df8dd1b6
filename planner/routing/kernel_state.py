"""Kernels that keep a solution's state consistent: what is served, undo, and the best so far."""

import numpy as np

from planner.routing.jit import kernel, part
from planner.routing.kernel_times import chained, timed
from planner.routing.layout import (
    BEST,
    EARLY,
    HEAD,
    LOSS,
    NEXT,
    POOL,
    PREV,
    READY,
    SAVED,
    SIZE,
    SPARE,
    SPECIAL,
    STAMP,
    TAIL,
    TOTAL,
    TOUCHED,
    TRIP,
    State,
    Tables,
)  # fmt: skip


@part
def into_pool(t: Tables, s: State, g: int) -> None:
    """The group is served no more."""
    s.at[g] = -1
    s.slot[g] = s.count[POOL]
    s.pool[s.count[POOL]] = g
    s.count[POOL] += 1
    s.total[TOTAL] += t.loss[g, LOSS]


@part
def out_of_pool(t: Tables, s: State, g: int, n: int) -> None:
    """The group is served, by this node."""
    s.at[g] = n
    s.count[POOL] -= 1
    last = s.pool[s.count[POOL]]
    s.pool[s.slot[g]] = last
    s.slot[last] = s.slot[g]
    s.slot[g] = -1
    s.total[TOTAL] -= t.loss[g, LOSS]


@part
def drop_trip(t: Tables, s: State, v: int, k: int) -> None:
    """Take a trip off its vehicle, its groups into the pool; the vehicle's times come later."""
    trip = s.trips[v, k]
    n = s.trip[trip, HEAD]
    while n >= 0:
        into_pool(t, s, t.group[n])
        n = s.link[n, NEXT]
    forget_trip(s, v, k)


@part
def forget_trip(s: State, v: int, k: int) -> None:
    """Free the slot of a trip that holds nothing any more."""
    s.spare[s.count[SPARE]] = s.trips[v, k]
    s.count[SPARE] += 1
    for i in range(k, s.many[v] - 1):
        s.trips[v, i] = s.trips[v, i + 1]
    s.many[v] -= 1


@part
def mended(t: Tables, s: State, v: int) -> None:
    """After removals: drop whole trips until what is left of the vehicle's day is feasible.

    Taking work out can only break a rule where legs are no metric or the first trip is special.
    """
    while True:
        if t.label[v, SPECIAL] and s.many[v] > 0 and not timed(t, s, s.trips[v, 0], v, True):
            drop_trip(t, s, v, 0)
            continue
        bad = chained(t, s, v)
        if bad < 0:
            return
        drop_trip(t, s, v, bad)


@part
def clear(t: Tables, s: State, v: int) -> None:
    """The vehicle does nothing."""
    while s.many[v] > 0:
        drop_trip(t, s, v, s.many[v] - 1)
    s.total[TOTAL] -= s.cost[v]
    s.cost[v] = 0.0


@part
def write(s: State, v: int, to: np.ndarray, at: int) -> int:
    """Write a vehicle's trips: how many, then for each its size and nodes; where to go on."""
    to[at] = s.many[v]
    at += 1
    for k in range(s.many[v]):
        trip = s.trips[v, k]
        to[at] = s.trip[trip, SIZE]
        at += 1
        n = s.trip[trip, HEAD]
        while n >= 0:
            to[at] = n
            at += 1
            n = s.link[n, NEXT]
    return at


@part
def read(t: Tables, s: State, v: int, of: np.ndarray, at: int) -> int:
    """Give an empty vehicle the trips written at a place; what is infeasible is left out."""
    trips = of[at]
    at += 1
    for _ in range(trips):
        size = of[at]
        at += 1
        s.count[SPARE] -= 1
        trip = s.spare[s.count[SPARE]]
        s.trip[trip, HEAD] = of[at]
        s.trip[trip, TAIL] = of[at + size - 1]
        for i in range(size):
            n = of[at + i]
            s.link[n, PREV] = of[at + i - 1] if i > 0 else -1
            s.link[n, NEXT] = of[at + i + 1] if i + 1 < size else -1
            s.link[n, TRIP] = trip
            out_of_pool(t, s, t.group[n], n)
        at += size
        s.trips[v, s.many[v]] = trip
        s.many[v] += 1
        if not timed(t, s, trip, v, s.many[v] == 1):
            drop_trip(t, s, v, s.many[v] - 1)
    mended(t, s, v)
    return at


@part
def touch(s: State, v: int) -> None:
    """Write down a vehicle before it changes for the first time since `settled`."""
    if s.saved_mark[v] != s.count[STAMP]:
        s.saved_mark[v] = s.count[STAMP]
        s.touched[s.count[TOUCHED]] = v
        s.count[TOUCHED] += 1
        s.count[SAVED] = write(s, v, s.saved, s.count[SAVED])


@part
def settled(s: State) -> None:
    """What was changed stays."""
    s.count[STAMP] += 1
    s.count[TOUCHED] = 0
    s.count[SAVED] = 0


@part
def undone(t: Tables, s: State) -> None:
    """Every vehicle as it was at `settled`."""
    for i in range(s.count[TOUCHED]):
        clear(t, s, s.touched[i])
    at = 0
    for i in range(s.count[TOUCHED]):
        at = read(t, s, s.touched[i], s.saved, at)
    settled(s)


@kernel
def dump(s: State, to: np.ndarray) -> None:
    """Write all vehicles' trips, see `write`."""
    at = 0
    for v in range(len(s.many)):
        at = write(s, v, to, at)


@kernel
def load(t: Tables, s: State, of: np.ndarray) -> None:
    """Make the state what `dump` wrote, and that the best so far."""
    for v in range(len(s.many)):
        clear(t, s, v)
    at = 0
    for v in range(len(s.many)):
        at = read(t, s, v, of, at)
    settled(s)
    recount(t, s)
    keep(s)


@part
def keep(s: State) -> None:
    """What is now is the best."""
    s.total[BEST] = s.total[TOTAL]
    dump(s, s.best)


@part
def recount(t: Tables, s: State) -> None:
    """Sum the objective anew: it drifts by rounding over millions of changes."""
    total = 0.0
    for v in range(len(s.many)):
        total += s.cost[v]
    for i in range(s.count[POOL]):
        total += t.loss[s.pool[i], LOSS]
    s.total[TOTAL] = total


@kernel
def starts(t: Tables, s: State, to: np.ndarray) -> None:
    """When each trip leaves, in the order of `dump`."""
    at = 0
    for v in range(len(s.many)):
        for k in range(s.many[v]):
            trip = s.trips[v, k]
            to[at] = max(s.span[trip, READY], s.span[trip, EARLY])
            at += 1


@kernel
def spliced(parts: np.ndarray, of: np.ndarray, at: np.ndarray, to: np.ndarray) -> None:
    """Put one solution together: vehicle v as row ``of[v]`` of `parts` has it, see `dump`.

    `at` is zero for each of the parts.
    """
    end = 0
    for v in range(len(of)):
        for i in range(len(parts)):
            begin = at[i]
            trips = parts[i, begin]
            at[i] += 1
            for _ in range(trips):
                at[i] += 1 + parts[i, at[i]]
            if i == of[v]:
                size = at[i] - begin
                for j in range(size):
                    to[end + j] = parts[i, begin + j]
                end += size
