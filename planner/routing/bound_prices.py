"""The prices of groups, of vehicles' time and of trips: a linear program that takes columns.

The master problem chooses trips so that the prizes less the costs are greatest, each group is
served at most once and each class of vehicles has the time and the number of trips. Its dual
values are prices, and *any* prices give a valid bound (Lagrange; Farley 1990,
doi:10.1287/opre.38.5.922): what all groups and all vehicles are worth at the prices, plus what the
best trip of each class still earns beyond them, as often as the class can fly. So the bound never
relies on the tolerances of the LP's solver.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ortools.linear_solver import pywraplp

from planner.routing.bound_classes import Class
from planner.routing.model import Floats, Ints

TICKS = 400
"""Ticks of a vehicle's day in which the seconds of its trips are counted."""

RANKS = 64
"""Ranks of trips by their length, of each of which the best is known."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Columns:
    """Trips of one class.

    Attributes:
        value: (S,) prizes less costs.
        weight: (S,) seconds that the trip takes from the class's time, rest included.
        first, members: groups of trip s are ``members[first[s]:first[s + 1]]``; a relaxed trip may
            hold a group more than once.
        opening: (S,) whether it counts among the vehicles' first trips, where those differ.
    """

    value: Floats
    weight: Floats
    first: Ints
    members: Ints
    opening: Ints

    def __len__(self) -> int:
        return len(self.value)

    def plain(self) -> "Columns":
        """Those that hold no group twice."""
        of = np.repeat(np.arange(len(self)), np.diff(self.first))
        _, at = np.unique(np.stack([of, self.members]), axis=1, return_index=True)
        once = np.bincount(of[at], minlength=len(self)) == np.diff(self.first)
        return self.some(np.flatnonzero(once).astype(np.int32))

    def some(self, keep: Ints) -> "Columns":
        """The columns at these places."""
        sizes = np.diff(self.first)[keep]
        starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
        within = np.arange(starts[-1]) - np.repeat(starts[:-1], sizes)
        return Columns(
            value=self.value[keep],
            weight=self.weight[keep],
            first=starts,
            members=self.members[np.repeat(self.first[:-1][keep], sizes) + within],
            opening=self.opening[keep],
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Prices:
    """What things cost at present.

    Attributes:
        group: (G,) never negative, except for groups that must be served.
        second: (C,) of a second of each class; `trip`: (C,) of a trip; `opening`: (C,) of a first.
        worth: what the trips chosen so far earn at most.
    """

    group: Floats
    second: Floats
    trip: Floats
    opening: Floats
    worth: float

    def mixed(self, other: "Prices", weight: float) -> "Prices":
        """These prices and others, the others by this weight."""
        own = 1.0 - weight
        return Prices(
            group=own * self.group + weight * other.group,
            second=own * self.second + weight * other.second,
            trip=own * self.trip + weight * other.trip,
            opening=own * self.opening + weight * other.opening,
            worth=self.worth,
        )

    def beyond(self, number: int, columns: Columns) -> Floats:
        """(S,) what each trip of class `number` earns beyond the prices."""
        sums = np.concatenate([[0.0], np.cumsum(self.group[columns.members])])
        paid = sums[columns.first[1:]] - sums[columns.first[:-1]]
        time = self.second[number] * columns.weight if self.second[number] else 0.0
        return (
            columns.value - paid - time - self.trip[number] - self.opening[number] * columns.opening
        )


@dataclass(frozen=True, kw_only=True)
class Purse:
    """What a class has to spend: its time, its trips and its first trips."""

    time_s: float
    trips: int
    openings: int


def purse(own: Class, least: float) -> Purse:
    """Of a class whose shortest trip takes `least` seconds, rest included: the number of trips of
    a vehicle is whole."""
    trips, many = own.trips, len(own.vehicles)
    each = own.time_s / many
    if math.isinf(least):
        trips = 0
    elif math.isfinite(each) and least > 0:
        trips = min(trips, many * int(each / least + 1e-6))
    return Purse(time_s=own.time_s, trips=trips, openings=many)


@dataclass(frozen=True, kw_only=True, eq=False)
class Ceiling:
    """What no trip of a class earns more than, by how long it takes.

    Attributes:
        weight: (K,) seconds, rest included, rising: trips of rank k take no less.
        earned: (K,) nor do they earn more beyond the prices.
    """

    weight: Floats
    earned: Floats

    @classmethod
    def over(cls, weight: Floats, earned: Floats) -> "Ceiling":
        """Of trips of which each is known; in few ranks."""
        useful = earned > 0
        weight, earned = weight[useful], earned[useful]
        if not len(weight):
            return cls(weight=weight, earned=earned)
        least, most = float(weight.min()), float(weight.max())
        rank = ((weight - least) / max(most - least, 1e-9) * (RANKS - 1)).astype(int)
        lightest, best = np.full(RANKS, math.inf), np.zeros(RANKS)
        np.minimum.at(lightest, rank, weight)
        np.maximum.at(best, rank, earned)
        held = best > 0
        return cls(weight=lightest[held], earned=best[held])

    @property
    def top(self) -> float:
        """What no trip earns more than."""
        return float(self.earned.max(initial=0.0))

    def day(self, time_s: float) -> float:
        """What a vehicle earns at most in so many seconds: an unbounded knapsack whose weights
        are rounded down; infinite where time does not limit it."""
        useful = self.earned > 0
        if not useful.any():
            return 0.0
        if not math.isfinite(time_s):
            return math.inf
        unit = max(time_s, 1.0) / TICKS
        weight = np.floor(self.weight[useful] / unit * (1 - 1e-9)).astype(int)
        if weight.min() < 1:
            return math.inf
        best = np.zeros(TICKS + 1)
        for at in range(int(weight.min()), TICKS + 1):
            fits = weight <= at
            with_one = self.earned[useful][fits] + best[at - weight[fits]]
            best[at] = max(best[at - 1], float(with_one.max()))
        return float(best[-1])


def promise(prices: Prices, purses: Sequence[Purse], beyond: Sequence[Ceiling]) -> float:
    """The bound that the prices give when the trips of class c earn no more than ``beyond[c]``
    over them."""
    total = float(prices.group.sum())
    for c, own in enumerate(purses):
        if prices.second[c] > 0:
            total += float(prices.second[c]) * own.time_s
        total += float(prices.trip[c]) * own.trips + float(prices.opening[c]) * own.openings
        most = own.trips * beyond[c].top
        if most > 0:
            most = min(most, own.openings * beyond[c].day(own.time_s / own.openings))
        total += most
    return total


class Master:
    """The linear program over the trips so far; GLOP through the one interface of OR-Tools that
    adds columns quickly (42,000 trips: 0.2 s to build and 0.5 s to solve; PDLP 1.7 s)."""

    def __init__(self, must: Ints, purses: Sequence[Purse], penalty: float) -> None:
        """`must`: (G,) which groups have to be served, or else cost `penalty`."""
        self._solver = pywraplp.Solver.CreateSolver("GLOP")
        self._goal = self._solver.Objective()
        self._goal.SetMaximization()
        self._must = must.astype(bool)
        self._groups = [self._row(1.0, equal=bool(m)) for m in self._must]
        self._second = [self._row(p.time_s) for p in purses]
        self._trip = [self._row(float(p.trips)) for p in purses]
        self._opening = [self._row(float(p.openings)) for p in purses]
        for group in np.flatnonzero(self._must):
            slack = self._solver.NumVar(0.0, 1.0, "")
            self._goal.SetCoefficient(slack, -penalty)
            self._groups[group].SetCoefficient(slack, 1.0)
        self.columns = 0

    def _row(self, most: float, *, equal: bool = False) -> pywraplp.Constraint:
        least = most if equal else -self._solver.infinity()
        return self._solver.Constraint(least, min(most, self._solver.infinity()))

    def add(self, number: int, columns: Columns) -> None:
        """More trips of class `number`."""
        solver, goal, groups = self._solver, self._goal, self._groups
        members = columns.members.tolist()
        bounds = columns.first.tolist()
        rest = zip(
            columns.value.tolist(), columns.weight.tolist(), columns.opening.tolist(), strict=True
        )
        for s, (value, weight, opening) in enumerate(rest):
            trip = solver.NumVar(0.0, solver.infinity(), "")
            goal.SetCoefficient(trip, value)
            own = members[bounds[s] : bounds[s + 1]]
            for group in own if len(own) == len(set(own)) else set(own):
                groups[group].SetCoefficient(trip, float(own.count(group)))
            self._second[number].SetCoefficient(trip, weight)
            self._trip[number].SetCoefficient(trip, 1.0)
            if opening:
                self._opening[number].SetCoefficient(trip, 1.0)
        self.columns += len(columns)

    def solve(self, seconds: float) -> Prices | None:
        """Prices of the best mix of the trips so far; None when there is no time for it."""
        self._solver.SetTimeLimit(max(1, int(seconds * 1000)))
        if self._solver.Solve() != pywraplp.Solver.OPTIMAL:
            return None
        group = np.array([row.dual_value() for row in self._groups], np.float64)
        return Prices(
            group=np.where(self._must, group, np.maximum(group, 0.0)),
            second=self._duals(self._second),
            trip=self._duals(self._trip),
            opening=self._duals(self._opening),
            worth=float(self._goal.Value()),
        )

    @staticmethod
    def _duals(rows: Sequence[pywraplp.Constraint]) -> Floats:
        return np.maximum(np.array([row.dual_value() for row in rows], np.float64), 0.0)
