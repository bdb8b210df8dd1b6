"""A kernel that opens a trip which no single group would pay for, and fills it.

Ruin and recreate puts in one group at a time where it pays by itself; where the way out is long,
only many groups together pay for it.
"""

import numpy as np

from planner.routing.jit import kernel
from planner.routing.kernel_insert import listed, put
from planner.routing.kernel_place import found, own_trip
from planner.routing.layout import LOSS, POOL, State, Tables

MOST = 1000
"""Groups tried for a new trip."""
STEPS = 3
"""First go in those that cost a quarter of their loss, then half, then all of it."""


@kernel
def opened(t: Tables, s: State, sown: int) -> bool:
    """Give the group a trip of its own, at whatever loss, and fill it; false if there is none."""
    tried = listed(t, s, sown, 1)
    _, v, k, n = own_trip(t, s, sown, tried)
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
