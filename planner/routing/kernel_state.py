"""Kernels that keep a solution's state consistent: times along trips and along vehicles."""

import numpy as np

from planner.routing.jit import kernel, part
from planner.routing.layout import (
    BACK_M,
    BACK_S,
    BEST,
    CAPACITY,
    CARRIED,
    CHURN,
    DUE,
    DUR,
    EARLIEST,
    EARLY,
    END,
    EPS,
    FIRST,
    FIRST_USABLE,
    FREE,
    HEAD,
    KIND,
    LAST,
    LATEST,
    LINK,
    LOAD,
    LOSS,
    METRES,
    NEXT,
    OUT_M,
    OUT_S,
    OWNER,
    PD,
    PE,
    PL,
    POOL,
    PREV,
    RATE,
    READY,
    RELEASE,
    RELEASED,
    REST,
    SAVED,
    SD,
    SE,
    SIZE,
    SL,
    SPARE,
    SPECIAL,
    STAMP,
    START,
    TABLE,
    TAIL,
    TO_M,
    TO_S,
    TOTAL,
    TOUCHED,
    TRIP,
    TRIP_COST,
    UNTIL,
    USABLE,
    WAY_OUT,
    State,
    Tables,
)  # fmt: skip


@part
def timed(t: Tables, s: State, trip: int, v: int, leads: bool) -> bool:
    """Recompute a trip from its chain of nodes; false where its own rules do not hold."""
    kind, table = t.label[v, KIND], t.label[v, TABLE]
    post = t.label[v, FIRST] if leads else t.label[v, START]
    end = t.label[v, END]
    dur, early, late = 0.0, -np.inf, np.inf
    metres, load, release, size = 0.0, 0.0, -np.inf, 0
    fine = True
    before, n = -1, s.trip[trip, HEAD]
    while n >= 0:
        if before < 0:
            step_m, step_s = t.gate[n, post, OUT_M], t.gate[n, post, OUT_S]
            s.span[trip, WAY_OUT] = step_m
        else:
            step_m, step_s = t.leg[table, before, n, TO_M], t.leg[table, before, n, TO_S]
            s.seg[before, LINK] = step_m
        dur += step_s
        fine = fine and early + dur <= t.node[n, LATEST] + EPS
        wait = max(t.node[n, EARLIEST] - dur - late, 0.0)
        early = max(t.node[n, EARLIEST] - dur, early) - wait
        late = min(t.node[n, LATEST] - dur, late)
        dur += wait + t.work[kind, n, 1]
        s.seg[n, PD], s.seg[n, PE], s.seg[n, PL] = dur, early, late
        metres += step_m + t.work[kind, n, 0]
        load += t.node[n, LOAD]
        release = max(release, t.node[n, RELEASE])
        size += 1
        before, n = n, s.link[n, NEXT]
    metres += t.gate[before, end, BACK_M]
    s.seg[before, LINK] = t.gate[before, end, BACK_M]
    whole = dur + t.gate[before, end, BACK_S]
    usable = t.limit[v, FIRST_USABLE] if leads else t.limit[v, USABLE]
    s.trip[trip, SIZE] = size
    s.trip[trip, OWNER] = v
    s.span[trip, DUR] = whole
    s.span[trip, EARLY] = max(early, release)
    s.span[trip, LAST] = min(late, t.limit[v, UNTIL] - whole)
    s.span[trip, CARRIED] = load
    s.span[trip, RELEASED] = release
    s.span[trip, METRES] = metres
    _backward(t, s, trip, kind, table, end)
    return fine and whole <= usable + EPS and load <= t.limit[v, CAPACITY] + EPS


@part
def _backward(t: Tables, s: State, trip: int, kind: int, table: int, end: int) -> None:
    """The times from each node to the trip's end."""
    n = s.trip[trip, TAIL]
    dur, early, late = t.gate[n, end, BACK_S] + 0.0, -np.inf, np.inf
    after = -1
    while n >= 0:
        if after >= 0:
            dur += t.leg[table, n, after, TO_S]
            early, late = early - t.leg[table, n, after, TO_S], late - t.leg[table, n, after, TO_S]
        work = t.work[kind, n, 1]
        wait = max(early - work - t.node[n, LATEST], 0.0)
        early, late = (
            max(early - work, t.node[n, EARLIEST]) - wait,
            min(late - work, t.node[n, LATEST]),
        )
        dur += work + wait
        s.seg[n, SD], s.seg[n, SE], s.seg[n, SL] = dur, early, late
        after, n = n, s.link[n, PREV]


@part
def chained(t: Tables, s: State, v: int) -> int:
    """Recompute when a vehicle's trips may leave, and its cost; the first trip too late, or -1."""
    ready, many = t.limit[v, FREE], s.many[v]
    cost = 0.0
    bad = -1
    for k in range(many):
        trip = s.trips[v, k]
        s.span[trip, READY] = ready
        start = max(ready, s.span[trip, EARLY])
        if start > s.span[trip, LAST] + EPS and bad < 0:
            bad = k
        dur = s.span[trip, DUR]
        ready = start + dur + t.limit[v, REST] + t.limit[v, RATE] * dur
        cost += s.span[trip, METRES] + t.limit[v, TRIP_COST] + t.second_cost * dur
        n = s.trip[trip, HEAD]
        while n >= 0:
            g = t.group[n]
            if t.stay[g] >= 0 and t.stay[g] != v:
                cost += t.loss[g, CHURN]
            n = s.link[n, NEXT]
    due = np.inf
    for k in range(many - 1, -1, -1):
        trip = s.trips[v, k]
        dur = s.span[trip, DUR]
        due = min(s.span[trip, LAST], due - dur - t.limit[v, REST] - t.limit[v, RATE] * dur)
        s.span[trip, DUE] = due
    s.total[TOTAL] += cost - s.cost[v]
    s.cost[v] = cost
    return bad


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
