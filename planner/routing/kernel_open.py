"""A kernel that opens a trip which no single group would pay for, and fills it.

Ruin and recreate puts in one group at a time where it pays by itself; where the way out is long,
only many groups together pay for it.
"""

import numpy as np

from planner.routing.jit import kernel, part
from planner.routing.kernel_insert import listed, put
from planner.routing.kernel_place import apart, found
from planner.routing.layout import LOSS, POOL, State, Tables

MOST = 1000
"""Groups tried for a new trip."""
STEPS = 3
"""First go in those that cost a quarter of their loss, then half, then all of it."""


@part
def _own_trip(t: Tables, s: State, g: int, many: int) -> tuple[float, int, int, int]:
    """The cheapest trip of its own for a group in the vehicles listed: cost, vehicle, k, node."""
    best, at_v, at_k, at_n = np.inf, -1, -1, -1
    for i in range(many):
        v = s.list[i]
        for n in range(t.first[g], t.first[g + 1]):
            best, k, _ = apart(t, s, v, n, 0.0, best, 1 << 60, 0.0)
            if k >= 0:
                at_v, at_k, at_n = v, k, n
    return best, at_v, at_k, at_n


@kernel
def opened(t: Tables, s: State, sown: int) -> bool:
    """Give the group a trip of its own, at whatever loss, and fill it; false if there is none."""
    tried = listed(t, s, sown, 1)
    _, v, k, n = _own_trip(t, s, sown, tried)
    if v < 0:
        return False
    put(t, s, sown, v, k, -2, n)
    many, size = 0, s.count[POOL]
    start = int(np.random.random() * size)
    for i in range(min(size, MOST)):
        g = s.pool[(start + i) % size]
        if s.own[g] and t.fits[g, v]:
            s.todo[many] = g
            many += 1
    s.list[0] = v
    for step in range(STEPS):
        most = 0.5 ** (STEPS - 1 - step)
        for i in range(many):
            g = s.todo[i]
            if s.at[g] < 0:
                _, w, k, p, n = found(t, s, g, 1, most * t.loss[g, LOSS], 0.0)
                if w >= 0:
                    put(t, s, g, w, k, p, n)
    return True
