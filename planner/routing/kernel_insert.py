"""Kernels that find the cheapest place for a group and put it there."""

import math

import numpy as np

from planner.routing.jit import kernel, part
from planner.routing.kernel_state import chained, out_of_pool, timed, touch
from planner.routing.layout import (
    BACK_M,
    BACK_S,
    BLINK,
    CAPACITY,
    CARRIED,
    CHURN,
    CLASS,
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
    LOSS,
    NEXT,
    OUT_M,
    OUT_S,
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
    SL,
    SPARE,
    SPECIAL,
    START,
    TABLE,
    TAIL,
    TO_M,
    TO_S,
    TOUCHED,
    TRIP,
    TRIP_COST,
    TRIPS,
    UNTIL,
    USABLE,
    WAY_OUT,
    State,
    Tables,
)  # fmt: skip

NEIGHBOURS = 30
"""Vehicles that serve one of so many nearest groups are tried."""


@part
def _blinks(share: float) -> int:
    """After how many places the next one is overlooked (Christiaens & Vanden Berghe 2020)."""
    if share <= 0.0:
        return 1 << 60
    return int(math.log(1.0 - np.random.random()) / math.log(1.0 - share))


@part
def listed(t: Tables, s: State, g: int, reach: int) -> int:
    """Fill `list` with vehicles to try: 0 those touched, 1 also those near the group, 2 all."""
    s.count[BLINK] += 1
    stamp = s.count[BLINK]
    many = 0
    for i in range(s.count[TOUCHED]):
        many = _listed(t, s, g, s.touched[i], stamp, many)
    if reach == 2:
        for v in range(len(s.many)):
            many = _listed(t, s, g, v, stamp, many)
    if reach != 1:
        return many
    for i in range(min(NEIGHBOURS, t.near.shape[1])):
        n = s.at[t.near[g, i]]
        if n >= 0:
            many = _listed(t, s, g, s.trip[s.link[n, TRIP], 3], stamp, many)
    for i in range(t.home.shape[1]):
        c = t.home[g, i]
        if c < 0:
            break
        few = t.kin[c + 1] - t.kin[c] <= 2
        for j in range(t.kin[c], t.kin[c + 1]):
            v = t.members[j]
            if few or s.many[v] == 0:
                many = _listed(t, s, g, v, stamp, many)
                if not few:
                    break
    return many


@part
def _listed(t: Tables, s: State, g: int, v: int, stamp: int, many: int) -> int:
    if s.mark[v] == stamp or not t.fits[g, v] or not s.on[v]:
        return many
    s.mark[v] = stamp
    if s.many[v] == 0:
        c = t.label[v, CLASS]
        if s.class_mark[c] == stamp:
            return many
        s.class_mark[c] = stamp
    s.list[many] = v
    return many + 1


@part
def found(
    t: Tables, s: State, g: int, many: int, most: float, blink: float
) -> tuple[float, int, int, int, int]:
    """The cheapest place in the vehicles listed that costs less than `most`.

    Returns what it costs more, the vehicle (-1 for none), the trip's place in its day, the node to
    follow (-1 for the trip's beginning, -2 for a trip of its own), and the group's node.
    """
    best, at_v, at_k, at_p, at_n = most, -1, -1, -1, -1
    skip = _blinks(blink)
    for i in range(many):
        v = s.list[i]
        kind, table, end = t.label[v, KIND], t.label[v, TABLE], t.label[v, END]
        extra = t.loss[g, CHURN] if t.stay[g] >= 0 and t.stay[g] != v else 0.0
        rest, rate, until = t.limit[v, REST], t.limit[v, RATE], t.limit[v, UNTIL]
        trips = s.many[v]
        for n in range(t.first[g], t.first[g + 1]):
            work, work_m = t.work[kind, n, 1], t.work[kind, n, 0] + extra
            opens, shuts, release = t.node[n, EARLIEST], t.node[n, LATEST], t.node[n, RELEASE]
            for k in range(trips):
                trip = s.trips[v, k]
                ready, before = s.span[trip, READY], s.span[trip, DUR]
                if ready > shuts:
                    break
                usable = t.limit[v, FIRST_USABLE] if k == 0 else t.limit[v, USABLE]
                due = s.span[s.trips[v, k + 1], DUE] if k + 1 < trips else np.inf
                if (
                    before + work > usable + EPS
                    or opens + work > due
                    or s.span[trip, CARRIED] + t.node[n, LOAD] > t.limit[v, CAPACITY] + EPS
                ):
                    continue
                release_k = max(release, s.span[trip, RELEASED])
                post = t.label[v, FIRST] if k == 0 else t.label[v, START]
                p, q = -1, s.trip[trip, HEAD]
                link = s.span[trip, WAY_OUT]
                step_m, step_s = t.gate[n, post, OUT_M], t.gate[n, post, OUT_S]
                dur, early, late = 0.0, -np.inf, np.inf
                while True:
                    if q >= 0:
                        next_m, next_s = t.leg[table, n, q, TO_M], t.leg[table, n, q, TO_S]
                    else:
                        next_m, next_s = t.gate[n, end, BACK_M], t.gate[n, end, BACK_S]
                    delta = step_m + next_m - link + work_m
                    if early + dur + step_s > shuts + EPS:
                        break
                    if delta < best:
                        dur += step_s
                        wait = max(opens - dur - late, 0.0)
                        early = max(opens - dur, early) - wait
                        late = min(shuts - dur, late)
                        dur += work + wait + next_s
                        fine = True
                        if q >= 0:
                            fine = early + dur <= s.seg[q, SL] + EPS
                            wait = max(s.seg[q, SE] - dur - late, 0.0)
                            early = max(s.seg[q, SE] - dur, early) - wait
                            late = min(s.seg[q, SL] - dur, late)
                            dur += wait + s.seg[q, SD]
                        start = max(ready, early, release_k)
                        delta += t.second_cost * (dur - before)
                        if (
                            fine
                            and delta < best
                            and dur <= usable + EPS
                            and start <= late + EPS
                            and start + dur <= until + EPS
                            and start + dur * (1.0 + rate) + rest <= due + EPS
                        ):
                            if skip == 0:
                                skip = _blinks(blink)
                            else:
                                skip -= 1
                                best, at_v, at_k, at_p, at_n = delta, v, k, p, n
                    if q < 0:
                        break
                    p = q
                    q = s.link[p, NEXT]
                    step_m, step_s = t.leg[table, n, p, FROM_M], t.leg[table, n, p, FROM_S]
                    dur, early, late = s.seg[p, PD], s.seg[p, PE], s.seg[p, PL]
                    link = s.seg[p, LINK]
            if trips >= t.label[v, TRIPS]:
                continue
            # A trip of its own, in the first gap between trips that is long enough.
            post = t.label[v, FIRST] if trips == 0 else t.label[v, START]
            usable = t.limit[v, FIRST_USABLE] if trips == 0 else t.limit[v, USABLE]
            way_s = t.gate[n, post, OUT_S]
            dur = way_s + work + t.gate[n, end, BACK_S]
            delta = t.gate[n, post, OUT_M] + t.gate[n, end, BACK_M] + work_m
            delta += t.limit[v, TRIP_COST] + t.second_cost * dur
            if delta >= best or dur > usable + EPS or t.node[n, LOAD] > t.limit[v, CAPACITY] + EPS:
                continue
            early, late = max(opens - way_s, release), min(shuts - way_s, until - dur)
            stays = dur * (1.0 + rate) + rest
            leave = t.limit[v, FREE]
            for k in range(1 if t.label[v, SPECIAL] and trips > 0 else 0, trips + 1):
                if k > 0:
                    last = s.trips[v, k - 1]
                    over = s.span[last, DUR] * (1.0 + rate) + rest
                    leave = max(s.span[last, READY], s.span[last, EARLY]) + over
                start = max(leave, early)
                if start > late + EPS:
                    break
                due = s.span[s.trips[v, k], DUE] if k < trips else np.inf
                if start + stays <= due + EPS:
                    if skip == 0:
                        skip = _blinks(blink)
                    else:
                        skip -= 1
                        best, at_v, at_k, at_p, at_n = delta, v, k, -2, n
                        break
    return best, at_v, at_k, at_p, at_n


@part
def put(t: Tables, s: State, g: int, v: int, k: int, p: int, n: int) -> None:
    """Serve a group where `found` said."""
    touch(s, v)
    if p == -2:
        for i in range(s.many[v], k, -1):
            s.trips[v, i] = s.trips[v, i - 1]
        s.count[SPARE] -= 1
        trip = s.spare[s.count[SPARE]]
        s.trips[v, k] = trip
        s.many[v] += 1
        q, p = -1, -1
    else:
        trip = s.trips[v, k]
        q = s.trip[trip, HEAD] if p < 0 else s.link[p, NEXT]
    s.link[n, PREV], s.link[n, NEXT], s.link[n, TRIP] = p, q, trip
    if p < 0:
        s.trip[trip, HEAD] = n
    else:
        s.link[p, NEXT] = n
    if q < 0:
        s.trip[trip, TAIL] = n
    else:
        s.link[q, PREV] = n
    out_of_pool(t, s, g, n)
    timed(t, s, trip, v, k == 0)
    chained(t, s, v)


@kernel
def insert_all(t: Tables, s: State, many: int, reach: int, blink: float) -> None:
    """Insert the first groups of `todo` in turn, each at its cheapest place, if that pays."""
    for i in range(many):
        g = s.todo[i]
        if s.at[g] >= 0:
            continue
        tried = listed(t, s, g, reach)
        _, v, k, p, n = found(t, s, g, tried, t.loss[g, LOSS], blink)
        if v >= 0:
            put(t, s, g, v, k, p, n)
