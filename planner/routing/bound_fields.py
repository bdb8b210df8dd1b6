"""An outing made ready for walks: which node can come next, and what a walk remembers where."""

import math
from dataclasses import dataclass, replace

import numpy as np

from planner.routing.bound_classes import Class, Outing, Reach
from planner.routing.bound_pool import worth
from planner.routing.kernel_walks import Words
from planner.routing.model import Floats, Ints, Model

NEAR = 8
"""Groups that a walk remembers around each node at first; what the best walks visit again is then
remembered too (dynamic ng-routes: Roberti and Mingozzi 2014, doi:10.1287/trsc.2013.0474)."""

BUCKETS = 1_500
"""Buckets of time of the looser walks at most; finer ones cost more than they spare."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Field:
    """An outing made ready for many prices.

    Attributes:
        near: (n, words) the groups that a walk remembers at each node, as bits of local numbers;
            grows with what is learnt.
        local: (n,) the group of each node, numbered within the outing.
        earned: (n,) what a visit earns less its own metres.
        steps, order, home: as `onward` wants them; counts: (n,) nodes that can come next.
        width: seconds of a bucket; 0 where steps are too short for buckets.
        waits: whether a window may make a walk wait.
    """

    reach: Reach
    opening: bool
    near: Words
    local: Ints
    earned: Floats
    steps: Ints
    order: Ints
    counts: Ints
    home: Ints
    width: float
    buckets: int
    waits: bool


def made(model: Model, own: Class, outing: Outing, reach: Reach) -> Field:
    there = _paired(reach)
    unique, numbered = np.unique(there.group, return_inverse=True)
    local: Ints = np.asarray(numbered, np.int32)
    steps = there.leg_s + there.work_s[None, :]
    other = local[:, None] != local[None, :]
    shortest = float(np.min(steps, initial=math.inf, where=other))
    usable = float(there.limits[0])
    # a step must take a bucket at least, or time would stand still
    width = shortest * (1 - 1e-9) if math.isfinite(shortest) else usable
    if not (math.isfinite(usable) and width > 0 and usable / width <= BUCKETS):
        width = 0.0
    elif usable / width < 150:
        width /= math.ceil(150 * width / usable)
    buckets = int(usable / width) + 1 if width else 1
    hops = _buckets(np.where(other, steps, math.inf), width, buckets)
    return Field(
        reach=there,
        opening=outing.first and len(own.outings) > 1,
        near=_near(steps, local, len(unique)),
        local=local,
        earned=worth(model, own)[there.group] - there.work_m,
        width=width,
        buckets=buckets,
        steps=hops,
        order=np.argsort(np.where(other, steps, math.inf), axis=1).astype(np.int32),
        counts=(np.isfinite(steps) & other).sum(axis=1).astype(np.int32),
        home=_buckets(there.back_s, width, buckets),
        waits=bool(np.any(np.maximum(there.earliest, there.release) > there.limits[2])),
    )


def _paired(there: Reach) -> Reach:
    """Only with legs that some trip can hold: in time for the second node, and the trip neither
    longer than it may be nor into the night."""
    _, _, free, until = there.limits
    begin = np.maximum(there.earliest, free + there.reach_s)
    arrive = (begin + there.work_s)[:, None] + there.leg_s
    end = np.maximum(arrive, there.earliest) + there.work_s + there.home_s
    alone = (there.reach_s + there.work_s)[:, None] + there.leg_s + there.work_s + there.home_s
    # no trip leaves later than its first window lets it
    held = np.maximum(alone, end - (there.latest - there.reach_s)[:, None])
    fits = (arrive <= there.latest) & (end <= until) & (held <= there.limits[0])
    return replace(there, leg_s=np.where(fits, there.leg_s, math.inf))


def _buckets(seconds: Floats, width: float, most: int) -> Ints:
    """Whole buckets in these seconds; `most` for what takes too long."""
    if not width:
        return np.full(seconds.shape, most, np.int32)
    return np.floor(np.minimum(seconds / width, most)).astype(np.int32)


def _near(steps: Floats, local: Ints, groups: int) -> Words:
    """(n, words) for each node the bits of its own group and of the `NEAR` that are the shortest
    detour from it and back."""
    n = len(local)
    near = np.zeros((n, max(1, (groups + 63) // 64)), np.uint64)
    detour = steps + steps.T
    for i in range(n):
        own = np.full(groups, math.inf)
        np.minimum.at(own, local, detour[i])
        own[local[i]] = -1.0
        for g in np.argsort(own, kind="stable")[: NEAR + 1]:
            near[i, g >> 6] |= np.uint64(1) << np.uint64(g & 63)
    return near


def remember(field: Field, chain: list[int]) -> None:
    """Where a walk comes back to a group, the nodes between will remember it."""
    last: dict[int, int] = {}
    for at, node in enumerate(chain):
        group = int(field.local[node])
        if group in last:
            between = chain[last[group] + 1 : at]
            field.near[between, group >> 6] |= np.uint64(1) << np.uint64(group & 63)
        last[group] = at
