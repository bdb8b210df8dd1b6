"""Kernels that find the cheapest place for a group: in a trip, or in one of its own."""

import math

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
    FROM_M,
    FROM_S,
    HEAD,
    KIND,
    LATEST,
    LINK,
    LOAD,
    NEXT,
    OUT_M,
    OUT_S,
    PD,
    PE,
    PL,
    RATE,
    READY,
    RELEASE,
    RELEASED,
    REST,
    SD,
    SE,
    SL,
    SPECIAL,
    START,
    TABLE,
    TO_M,
    TO_S,
    TRIP_COST,
    TRIPS,
    UNTIL,
    USABLE,
    WAY_OUT,
    State,
    Tables,
)  # fmt: skip


@part
def blinks(share: float) -> int:
    """After how many places the next one is overlooked (Christiaens & Vanden Berghe 2020)."""
    if share <= 0.0:
        return 1 << 60
    return int(math.log(1.0 - np.random.random()) / math.log(1.0 - share))


@part
def found(
    t: Tables, s: State, g: int, many: int, most: float, blink: float
) -> tuple[float, int, int, int, int]:
    """The cheapest place in the vehicles listed that costs less than `most`.

    Returns what it costs more, the vehicle (-1 for none), the trip's place in its day, the node to
    follow (-1 for the trip's beginning, -2 for a trip of its own), and the group's node.
    """
    best, at_v, at_k, at_p, at_n = most, -1, -1, -1, -1
    skip = blinks(blink)
    for i in range(many):
        v = s.list[i]
        extra = t.loss[g, CHURN] if t.stay[g] >= 0 and t.stay[g] != v else 0.0
        for n in range(t.first[g], t.first[g + 1]):
            for k in range(s.many[v]):
                trip = s.trips[v, k]
                if s.span[trip, READY] > t.node[n, LATEST]:
                    break
                if not _roomy(t, s, v, k, trip, n):
                    continue
                best, p, skip = _along(t, s, v, k, n, extra, best, skip, blink)
                if p >= -1:
                    at_v, at_k, at_p, at_n = v, k, p, n
            best, k, skip = apart(t, s, v, n, extra, best, skip, blink)
            if k >= 0:
                at_v, at_k, at_p, at_n = v, k, -2, n
    return best, at_v, at_k, at_p, at_n


@part
def _roomy(t: Tables, s: State, v: int, k: int, trip: int, n: int) -> bool:
    """Whether a trip may hold the node, wherever in it: by its length, load and time."""
    work = t.work[t.label[v, KIND], n, 1]
    usable = t.limit[v, FIRST_USABLE] if k == 0 else t.limit[v, USABLE]
    return (
        s.span[trip, DUR] + work <= usable + EPS
        and t.node[n, EARLIEST] + work <= _due(s, v, k)
        and s.span[trip, CARRIED] + t.node[n, LOAD] <= t.limit[v, CAPACITY] + EPS
    )


@part
def _due(s: State, v: int, k: int) -> float:
    """When the trip after the k-th must leave at the latest."""
    return s.span[s.trips[v, k + 1], DUE] if k + 1 < s.many[v] else np.inf


@part
def _along(
    t: Tables, s: State, v: int, k: int, n: int, extra: float, best: float, skip: int, blink: float
) -> tuple[float, int, int]:
    """The cheapest place in a trip for a node: its cost, the node to follow (-2: none), skip."""
    kind, table, end = t.label[v, KIND], t.label[v, TABLE], t.label[v, END]
    post = t.label[v, FIRST] if k == 0 else t.label[v, START]
    trip, at_p = s.trips[v, k], -2
    work_m, shuts, before = t.work[kind, n, 0] + extra, t.node[n, LATEST], s.span[trip, DUR]
    usable = t.limit[v, FIRST_USABLE] if k == 0 else t.limit[v, USABLE]
    leaves = max(s.span[trip, READY], t.node[n, RELEASE], s.span[trip, RELEASED])
    until, due, rest, rate = t.limit[v, UNTIL], _due(s, v, k), t.limit[v, REST], t.limit[v, RATE]
    p, q, link = -1, s.trip[trip, HEAD], s.span[trip, WAY_OUT]
    step_m, step_s = t.gate[n, post, OUT_M], t.gate[n, post, OUT_S]
    dur, early, late = 0.0, -np.inf, np.inf
    while True:
        if q >= 0:
            next_m, next_s = t.leg[table, n, q, TO_M], t.leg[table, n, q, TO_S]
        else:
            next_m, next_s = t.gate[n, end, BACK_M], t.gate[n, end, BACK_S]
        delta = step_m + next_m - link + work_m
        if early + dur + step_s > shuts + EPS:
            return best, at_p, skip
        if delta < best:
            dur, early, late, fine = _with(t, s, kind, n, q, step_s, next_s, dur, early, late)
            start = max(leaves, early)
            delta += t.second_cost * (dur - before)
            if (
                fine
                and delta < best
                and dur <= usable + EPS
                and start <= late + EPS
                and start + dur <= until + EPS
                and start + dur * (1.0 + rate) + rest <= due + EPS
            ):
                skip -= 1
                if skip < 0:
                    skip = blinks(blink)
                else:
                    best, at_p = delta, p
        if q < 0:
            return best, at_p, skip
        p, q = q, s.link[q, NEXT]
        step_m, step_s = t.leg[table, n, p, FROM_M], t.leg[table, n, p, FROM_S]
        dur, early, late = s.seg[p, PD], s.seg[p, PE], s.seg[p, PL]
        link = s.seg[p, LINK]


@part
def _with(
    t: Tables, s: State, kind: int, n: int, q: int, step_s: float, next_s: float,
    dur: float, early: float, late: float,
) -> tuple[float, float, float, bool]:  # fmt: skip
    """Duration, earliest and latest start of a trip's beginning, node n and the rest from q on;
    false where a window is missed (Vidal et al. 2013, without time warp)."""
    opens, shuts = t.node[n, EARLIEST], t.node[n, LATEST]
    dur += step_s
    wait = max(opens - dur - late, 0.0)
    early = max(opens - dur, early) - wait
    late = min(shuts - dur, late)
    dur += t.work[kind, n, 1] + wait + next_s
    if q < 0:
        return dur, early, late, True
    fine = early + dur <= s.seg[q, SL] + EPS
    wait = max(s.seg[q, SE] - dur - late, 0.0)
    early = max(s.seg[q, SE] - dur, early) - wait
    late = min(s.seg[q, SL] - dur, late)
    return dur + wait + s.seg[q, SD], early, late, fine


@part
def apart(
    t: Tables, s: State, v: int, n: int, extra: float, best: float, skip: int, blink: float
) -> tuple[float, int, int]:
    """A trip for a node alone, in the first gap long enough: its cost, its place (-1: none), skip.

    What comes before a special first trip moves that one to the vehicle's post."""
    trips, at = s.many[v], -1
    if trips >= t.label[v, TRIPS]:
        return best, at, skip
    if t.label[v, SPECIAL] and trips > 0:
        delta = _ahead(t, s, v, n, extra, best)
        if delta < best:
            best, at = delta, 0
    kind, end = t.label[v, KIND], t.label[v, END]
    post = t.label[v, FIRST] if trips == 0 else t.label[v, START]
    usable = t.limit[v, FIRST_USABLE] if trips == 0 else t.limit[v, USABLE]
    way_s = t.gate[n, post, OUT_S]
    dur = way_s + t.work[kind, n, 1] + t.gate[n, end, BACK_S]
    delta = t.gate[n, post, OUT_M] + t.gate[n, end, BACK_M] + t.work[kind, n, 0] + extra
    delta += t.limit[v, TRIP_COST] + t.second_cost * dur
    if delta >= best or dur > usable + EPS or t.node[n, LOAD] > t.limit[v, CAPACITY] + EPS:
        return best, at, skip
    early = max(t.node[n, EARLIEST] - way_s, t.node[n, RELEASE])
    late = min(t.node[n, LATEST] - way_s, t.limit[v, UNTIL] - dur)
    rest = dur * t.limit[v, RATE] + t.limit[v, REST]
    leave = t.limit[v, FREE]
    for k in range(1 if t.label[v, SPECIAL] and trips > 0 else 0, trips + 1):
        if k > 0:
            last = s.trips[v, k - 1]
            over = s.span[last, DUR] * (1.0 + t.limit[v, RATE]) + t.limit[v, REST]
            leave = max(s.span[last, READY], s.span[last, EARLY]) + over
        start = max(leave, early)
        if start > late + EPS:
            break
        if start + dur + rest <= _due(s, v, k - 1) + EPS:
            skip -= 1
            if skip < 0:
                return best, at, blinks(blink)
            return delta, k, skip
    return best, at, skip


@part
def _ahead(t: Tables, s: State, v: int, n: int, extra: float, best: float) -> float:
    """What a trip for a node alone costs before a special first trip; infinite if it cannot be."""
    kind, end, first = t.label[v, KIND], t.label[v, END], t.label[v, FIRST]
    old, rest, rate = s.trips[v, 0], t.limit[v, REST], 1.0 + t.limit[v, RATE]
    way_s, q = t.gate[n, first, OUT_S], s.trip[s.trips[v, 0], HEAD]
    dur = way_s + t.work[kind, n, 1] + t.gate[n, end, BACK_S]
    out_s = t.gate[q, t.label[v, START], OUT_S]
    then = out_s + s.seg[q, SD]
    delta = t.gate[n, first, OUT_M] + t.gate[n, end, BACK_M] + t.work[kind, n, 0] + extra
    delta += t.gate[q, t.label[v, START], OUT_M] - s.span[old, WAY_OUT] + t.limit[v, TRIP_COST]
    delta += t.second_cost * (dur + then - s.span[old, DUR])
    start = max(t.limit[v, FREE], t.node[n, EARLIEST] - way_s, t.node[n, RELEASE])
    leave = max(start + dur * rate + rest, s.seg[q, SE] - out_s, s.span[old, RELEASED])
    if (
        delta >= best
        or dur > t.limit[v, FIRST_USABLE] + EPS
        or then > t.limit[v, USABLE] + EPS
        or t.node[n, LOAD] > t.limit[v, CAPACITY] + EPS
        or start > min(t.node[n, LATEST] - way_s, t.limit[v, UNTIL] - dur) + EPS
        or leave > min(s.seg[q, SL] - out_s, t.limit[v, UNTIL] - then) + EPS
        or leave + then * rate + rest > _due(s, v, 0) + EPS
    ):
        return np.inf
    return delta
