"""The best trip of a class at given prices, where its trips are too many to be listed.

A walk may visit a group again once it has been far enough away (ng-routes: Baldacci, Mingozzi and
Roberti 2011, doi:10.1287/opre.1110.0975): every trip is such a walk, so that the best walk earns
no less than the best trip. Walks grow in the order of what they may still earn, which the looser
walks without memory say (`onward`): the first to be closed is the best, and whenever one stops,
what the next one promises is a bound. Walks that another one of the same node beats are dropped.
Waiting between two windows counts against the longest trip, but is not charged.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from planner.routing.bound_classes import Class, Reach
from planner.routing.bound_fields import Field, made, remember
from planner.routing.bound_pool import Reaches, joined, sample
from planner.routing.bound_prices import RANKS, Ceiling, Columns, Prices
from planner.routing.kernel_walks import (
    LAST,
    PARENT,
    best_walks,
    onward,
)
from planner.routing.model import Floats, Ints, Model

TURNS = 4
"""Searches at the same prices, each without the groups of the best trips of those before: a day's
trips share no groups, and prices settle in fewer rounds when they learn of several such trips."""

FURTHER = 1_000
"""Walks that each search after the first may grow."""

FEW = 1_200
"""Short trips that the linear program begins with."""


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
        alone = [_shortest(f.reach) for f in self.fields]
        return min(alone, default=math.inf) * (1 + self.own.rest_rate) + self.own.rest_s

    def some(self, most: int) -> Columns:
        """Short trips."""
        return self.few

    def price(self, number: int, prices: Prices, effort: int, most: int) -> tuple[Ceiling, Columns]:
        """By growing at most `effort` walks for each outing."""
        found = [self._field(number, prices, field, effort, most) for field in self.fields]
        ceiling = Ceiling(
            weight=np.concatenate([np.empty(0), *(c.weight for c, _ in found)]),
            earned=np.concatenate([np.empty(0), *(c.earned for c, _ in found)]),
        )
        return ceiling, joined([columns for _, columns in found])

    def _field(
        self, number: int, prices: Prices, field: Field, effort: int, most: int
    ) -> tuple[Ceiling, Columns]:
        own, there = self.own, field.reach
        second = float(prices.second[number])
        rate = self.second_cost + second * (1 + own.rest_rate)
        fixed = own.trip_cost + second * own.rest_s + float(prices.trip[number])
        fixed += float(prices.opening[number]) if field.opening else 0.0
        gain = field.earned - prices.group[there.group]
        out, legs, back = _charged(there, gain, rate, fixed)
        node = there.table()
        held, loose = np.array([_shortest(there)]), np.array([math.inf])
        best, after, second_best = _NOTHING
        if field.width > 0:
            best, after, second_best = onward(
                field.steps, field.order, legs, field.home, back[:, 1], field.local, field.buckets
            )
            held, loose = _loosest(out, there, best, field)
        weight = held * (1 + own.rest_rate) + own.rest_s
        least = 1e-9 * max(1.0, abs(prices.worth))
        if not len(there.nodes) or loose.max() <= least:
            return Ceiling.over(weight, np.where(np.isfinite(loose), loose, 0.0)), joined([])
        top, parts = math.inf, []
        for turn in range(TURNS):
            found, labels, closed, earned = best_walks(
                out, there.leg_s, legs, node, back, field.local, field.near, there.limits, least,
                field.width, field.order, field.counts, best, after, second_best, field.waits,
                min(effort, FURTHER) if turn else effort,
            )  # fmt: skip
            top = top if turn else found
            order = closed[np.argsort(-earned, kind="stable")[:most]]
            if not len(order):
                break
            parts.append(_columns(own, self.second_cost, field, _walked(field, labels, order)))
            # the next trips are to be others: without the groups of the best one
            taken = np.isin(there.group, parts[-1].some(np.zeros(1, np.int32)).members)
            out[taken, 1], legs[:, taken] = -math.inf, -math.inf
        return Ceiling(weight=weight, earned=np.minimum(top, loose)), joined(parts)


_NOTHING = (np.empty((0, 1)), np.empty((0, 1), np.int32), np.empty((0, 1)))


def walks(model: Model, own: Class, there: Reaches, known: Sequence[tuple[int, ...]] = ()) -> Walks:
    """The class made ready; it begins with trips as in a plan that is known (nodes in order)."""
    fields = [made(model, own, *one) for one in there if len(one[1].nodes)]
    return Walks(
        own=own,
        second_cost=model.second_cost,
        few=joined(
            [sample(model, own, there, FEW), *(_alike(model, own, f, known) for f in fields)]
        ),
        fields=tuple(fields),
    )


def _alike(model: Model, own: Class, field: Field, known: Sequence[tuple[int, ...]]) -> Columns:
    """The known trips that the outing could make too, and what is left of each without one node:
    prices that know a plan are better from the start."""
    local = np.full(len(model.earliest), -1)
    local[field.reach.nodes] = np.arange(len(field.reach.nodes))
    chains: set[tuple[int, ...]] = set()
    for trip in known:
        own_nodes = tuple(n for n in local[list(trip)].tolist() if n >= 0)
        less = (own_nodes[:k] + own_nodes[k + 1 :] for k in range(len(own_nodes)))
        chains |= {chain for chain in (own_nodes, *less) if chain}
    every = _columns(own, model.second_cost, field, [list(c) for c in sorted(chains)])
    longest = (float(field.reach.limits[0]) * (1 + own.rest_rate)) + own.rest_s
    fits = np.isfinite(every.value) & (every.weight <= longest) & (every.value > 0)
    return every.some(np.flatnonzero(fits).astype(np.int32))


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


def _shortest(there: Reach) -> float:
    """Seconds that the shortest trip takes, or less; infinite for no trip."""
    return float((there.reach_s + there.work_s + there.home_s).min(initial=math.inf))


def _loosest(out: Floats, there: Reach, best: Floats, field: Field) -> tuple[Floats, Floats]:
    """By rank, seconds that looser walks take at least, and what they earn at most."""
    shortest = _shortest(there)
    if not shortest <= there.limits[0]:
        return np.array([math.inf]), np.array([-math.inf])
    ends = np.linspace(shortest, float(there.limits[0]), RANKS + 1)
    earned = np.full(RANKS, -math.inf)
    for rank, most in enumerate(ends[1:].tolist()):
        left = most - out[:, 0] - there.work_s
        fits = left >= 0
        r = np.minimum((left[fits] / field.width).astype(int), field.buckets - 1)
        walks = out[fits, 1] + best[r, np.flatnonzero(fits)]
        earned[rank] = walks.max(initial=-math.inf)
    return ends[:-1], earned


def _walked(field: Field, labels: Ints, ends: Ints) -> list[list[int]]:
    """The walks that end with these labels; what they come back to is remembered from now on."""
    chains: list[list[int]] = []
    for end in ends.tolist():
        chain, at = [], end
        while at >= 0:
            chain.append(int(labels[at, LAST]))
            at = int(labels[at, PARENT])
        chain.reverse()
        remember(field, chain)
        chains.append(chain)
    return chains


def _columns(own: Class, second_cost: float, field: Field, chains: list[list[int]]) -> Columns:
    """These walks."""
    there = field.reach
    worths, weights = [], []
    for chain in chains:
        first, last = chain[0], chain[-1]
        legs = list(pairwise(chain))
        held = there.out_s[first] + there.work_s[chain].sum() + there.back_s[last]
        held += sum(there.leg_s[a, b] for a, b in legs)
        metres = there.out_m[first] + there.back_m[last]
        metres += sum(there.leg_m[a, b] for a, b in legs)
        earned = float(field.earned[chain].sum()) - float(metres) - own.trip_cost
        worths.append(earned - second_cost * float(held))
        weights.append(float(held) * (1 + own.rest_rate) + own.rest_s)
    sizes = [len(c) for c in chains]
    flat = np.array([n for c in chains for n in c], int)
    return Columns(
        value=np.array(worths, float),
        weight=np.array(weights, float),
        first=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32),
        members=there.group[flat].astype(np.int32),
        opening=np.full(len(chains), field.opening, np.int32),
    )
