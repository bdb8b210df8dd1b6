"""Kernels that find the cheapest place for a group and put it there."""

from planner.routing.jit import kernel, part
from planner.routing.kernel_place import found
from planner.routing.kernel_state import out_of_pool, touch
from planner.routing.kernel_times import chained, timed
from planner.routing.layout import (
    BLINK,
    CLASS,
    HEAD,
    LOSS,
    NEXT,
    PREV,
    SPARE,
    SPECIAL,
    TAIL,
    TOUCHED,
    TRIP,
    State,
    Tables,
)  # fmt: skip

NEIGHBOURS = 30
"""Vehicles that serve one of so many nearest groups are tried."""


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
def put(t: Tables, s: State, g: int, v: int, k: int, p: int, n: int) -> None:
    """Serve a group where `found` said."""
    touch(s, v)
    alone = p == -2
    if alone:
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
    if alone and k == 0 and t.label[v, SPECIAL] and s.many[v] > 1:
        timed(t, s, s.trips[v, 1], v, False)  # it was the first and begins elsewhere now
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
