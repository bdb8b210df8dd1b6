"""The best trip of a class at given prices, where its trips are too many to be listed.

A walk may visit a group again once it has been far enough away (ng-routes: Baldacci, Mingozzi and
Roberti 2011, doi:10.1287/opre.1110.0975): every trip is such a walk, so that the best walk earns
no less than the best trip. Walks grow in the order of what they may still earn, which the looser
walks without memory say (`onward`): the first to be closed is the best, and whenever one stops,
what the next one promises is a bound. Walks that another one of the same node beats are dropped.
Waiting between two windows counts against the longest trip, but is not charged.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from planner.routing.bound_classes import Class, Outing, Reach, reach
from planner.routing.bound_pool import joined, sample, worth
from planner.routing.bound_prices import Columns, Prices
from planner.routing.kernel_walks import (
    LAST,
    PARENT,
    TIME,
    Words,
    best_walks,
    onward,
)
from planner.routing.model import Floats, Ints, Model

NEAR = 4
"""Groups that a walk remembers around each node."""

FEW = 1_200
"""Short trips that the linear program begins with."""

BUCKETS = 1_500
"""Buckets of time of the looser walks at most; finer ones cost more than they spare."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Field:
    """An outing made ready for many prices.

    Attributes:
        near: (n, words) the groups that a walk remembers at each node, as bits of local numbers.
        local: (n,) the group of each node, numbered within the outing.
        earned: (n,) what a visit earns less its own metres.
        steps, order, home: as `onward` wants them.
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
    home: Ints
    width: float
    buckets: int
    waits: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class Walks:
    """The trips of a class, found as they are asked for."""

    own: Class
    second_cost: float
    few: Columns
    fields: tuple[Field, ...]

    @property
    def least(self) -> float:
        """Seconds that the shortest trip takes, rest included, or less; infinite for no trip."""
        alone = [
            float((f.reach.reach_s + f.reach.work_s + f.reach.home_s).min(initial=np.inf))
            for f in self.fields
        ]
        return min(alone, default=math.inf) * (1 + self.own.rest_rate) + self.own.rest_s

    def some(self, most: int) -> Columns:
        """Short trips."""
        return self.few.some(np.arange(min(most, len(self.few)), dtype=np.int32))

    def price(self, number: int, prices: Prices, effort: int, most: int) -> tuple[float, Columns]:
        """By growing at most `effort` walks for each outing."""
        best, parts = 0.0, []
        for field in self.fields:
            top, columns = self._field(number, prices, field, effort, most)
            best = max(best, top)
            parts.append(columns)
        return best, joined(parts)

    def _field(
        self, number: int, prices: Prices, field: Field, effort: int, most: int
    ) -> tuple[float, Columns]:
        own, there = self.own, field.reach
        second = float(prices.second[number])
        rate = self.second_cost + second * (1 + own.rest_rate)
        fixed = own.trip_cost + second * own.rest_s + float(prices.trip[number])
        fixed += float(prices.opening[number]) if field.opening else 0.0
        gain = field.earned - prices.group[there.group]
        out, legs, back = _charged(there, gain, rate, fixed)
        node = there.table()
        loose = math.inf
        best, after, second_best = _NOTHING
        if field.width > 0:
            best, after, second_best = onward(
                field.steps, field.order, legs, field.home, back[:, 1], field.local, field.buckets
            )
            loose = _loosest(out, there, best, field)
        least = 1e-9 * max(1.0, abs(prices.worth))
        if loose <= least or not len(there.nodes):
            return max(0.0, loose), joined([])
        top, values, labels, closed, earned = best_walks(
            out, there.leg_s, legs, node, back, field.local, field.near, there.limits, least,
            field.width, best, after, second_best, field.waits, effort,
        )  # fmt: skip
        order = closed[np.argsort(-earned, kind="stable")[:most]]
        columns = _columns(self, field, values, labels, order)
        return min(top, loose), columns


_NOTHING = (np.empty((0, 1)), np.empty((0, 1), np.int32), np.empty((0, 1)))


def walks(model: Model, own: Class) -> Walks:
    """The class made ready."""
    fields: list[Field] = []
    for outing in own.outings:
        field = _field(model, own, outing)
        if outing.first and not len(field.reach.nodes):
            break  # who cannot make the first trip makes no other
        fields.append(field)
    return Walks(
        own=own,
        second_cost=model.second_cost,
        few=sample(model, own, FEW),
        fields=tuple(fields),
    )


def _field(model: Model, own: Class, outing: Outing) -> Field:
    there = reach(model, own, outing)
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
        order=np.argsort(hops, axis=1, kind="stable").astype(np.int32),
        home=_buckets(there.back_s, width, buckets),
        waits=bool(np.any(np.maximum(there.earliest, there.release) > there.limits[2])),
    )


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


def _charged(
    there: Reach, gain: Floats, rate: float, fixed: float
) -> tuple[Floats, Floats, Floats]:
    """(n, 2) the ways out, (n, n) the legs, (n, 2) the ways back: what each earns, with seconds
    charged by `rate`, and a visit counted with the way to it."""
    visit = gain - rate * there.work_s
    out = np.stack([there.out_s, visit + _way(there.out_m, there.out_s, rate) - fixed], axis=1)
    legs = visit[None, :] + _way(there.leg_m, there.leg_s, rate)
    back = np.stack([there.back_s, _way(there.back_m, there.back_s, rate)], axis=1)
    return out, legs, back


def _way(metres: Floats, seconds: Floats, rate: float) -> Floats:
    """What ways earn; minus infinity where there is none."""
    there = np.isfinite(metres) & np.isfinite(seconds)
    charged = np.where(there, metres, 0.0) + rate * np.where(there, seconds, 0.0)
    return np.where(there, -charged, -np.inf)


def _loosest(out: Floats, there: Reach, best: Floats, field: Field) -> float:
    """What no looser walk earns more than."""
    left = there.limits[0] - out[:, 0] - there.work_s
    fits = left >= 0
    r = np.minimum((left[fits] / field.width).astype(int), field.buckets - 1)
    return float((out[fits, 1] + best[r, np.flatnonzero(fits)]).max(initial=-math.inf))


def _columns(walks: Walks, field: Field, values: Floats, labels: Ints, ends: Ints) -> Columns:
    """The walks that end with these labels."""
    own, there = walks.own, field.reach
    chains: list[list[int]] = []
    worths, weights = [], []
    for end in ends.tolist():
        chain, at = [], end
        while at >= 0:
            chain.append(int(labels[at, LAST]))
            at = int(labels[at, PARENT])
        chain.reverse()
        last = chain[-1]
        held = values[end, TIME] + there.back_s[last]
        metres = there.out_m[chain[0]] + there.back_m[last]
        metres += sum(there.leg_m[a, b] for a, b in pairwise(chain))
        earned = float(field.earned[chain].sum()) - float(metres) - own.trip_cost
        worths.append(earned - walks.second_cost * float(held))
        weights.append(float(held) * (1 + own.rest_rate) + own.rest_s)
        chains.append(chain)
    sizes = [len(c) for c in chains]
    flat = np.array([n for c in chains for n in c], int)
    return Columns(
        value=np.array(worths, float),
        weight=np.array(weights, float),
        first=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32),
        members=there.group[flat].astype(np.int32),
        opening=np.full(len(chains), field.opening, np.int32),
    )
