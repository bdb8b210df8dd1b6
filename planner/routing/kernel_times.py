"""Kernels that keep times: along a trip, and along a vehicle's day."""

import numpy as np

from planner.routing.jit import part
from planner.routing.layout import (
    BACK_M,
    BACK_S,
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
    METRES,
    NEXT,
    OUT_M,
    OUT_S,
    OWNER,
    PD,
    PE,
    PL,
    PREV,
    RATE,
    READY,
    RELEASE,
    RELEASED,
    REST,
    SD,
    SE,
    SIZE,
    SL,
    START,
    TABLE,
    TAIL,
    TO_M,
    TO_S,
    TOTAL,
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
