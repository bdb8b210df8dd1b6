"""The trips that a few vehicles may make, for an exact plan: those that no better plan can hold are
left out.

The linear program over all of them has prices, and a trip that earns less than what it costs at
these prices by more than the gap between the bound and the plan in hand is in no better plan
(reduced cost fixing: Dantzig, Fulkerson and Johnson 1954, doi:10.1287/opre.2.4.393).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from planner.routing.bound import achieved, lost
from planner.routing.bound_classes import Class, classes, reaches
from planner.routing.bound_pool import worth
from planner.routing.bound_prices import Ceiling, Columns, Master, Purse, promise
from planner.routing.bound_trips import Trips, trips
from planner.routing.check import cost
from planner.routing.model import Floats, Ints, Model, Solution

LISTED = 40_000
"""Trips that are listed at most: the linear program over them takes a second."""

OPTIONS = 8_000
"""Trips that CP-SAT is given at most."""

MARGIN = 1.0
"""Metres by which a trip has to miss the gap: CP-SAT's values are rounded to a tenth."""


@dataclass(frozen=True, slots=True)
class Option:
    """A trip that a vehicle may make: leaves from `early` to `late`, and is away for `busy_s`."""

    vehicle: int
    opening: bool
    nodes: tuple[int, ...]
    groups: tuple[int, ...]
    early: float
    late: float
    busy_s: float
    rest_s: float
    value: float


@dataclass(frozen=True, kw_only=True, eq=False)
class _Listed:
    """The options of a vehicle in one outing, by number: `option` in `found`."""

    own: Class
    vehicle: int
    opening: bool
    found: Trips
    option: Ints
    columns: Columns
    early: Floats
    late: Floats
    busy_s: Floats

    def made(self, k: int) -> Option:
        """The option of this number."""
        first = self.columns.first
        busy = float(self.busy_s[k])
        return Option(
            vehicle=self.vehicle,
            opening=self.opening,
            nodes=self.found.sequence(int(self.option[k])),
            groups=tuple(self.columns.members[first[k] : first[k + 1]].tolist()),
            early=float(self.early[k]),
            late=float(self.late[k]),
            busy_s=busy,
            rest_s=self.own.rest_s + (self.own.rest_rate * busy if self.own.rest_rate else 0.0),
            value=float(self.columns.value[k]),
        )


def options(part: Model, hand: Solution, seconds: float) -> list[Option] | None:
    """Every trip of every vehicle that a better plan may hold, and those in hand; None where they
    are too many.

    Args:
        seconds: for the linear program; without its prices all trips stay.
    """
    every: list[_Listed] = []
    for own in classes(part):
        for outing, there in reaches(part, own, 0.0):
            found = trips(there, 20 * OPTIONS)
            if not found.complete:
                return None
            every += [_of(part, own, v, found, outing.first) for v in own.vehicles]
            if sum(len(one.option) for one in every) > LISTED:
                return None
    kept = _kept(part, every, hand, seconds)
    if sum(len(k) for k in kept) > OPTIONS:
        return None
    return [one.made(k) for one, own in zip(every, kept, strict=True) for k in own.tolist()]


def _of(part: Model, own: Class, v: int, found: Trips, opening: bool) -> _Listed:
    """The options of one vehicle that earn something, or hold a group that must be served."""
    sets, sizes = len(found.first) - 1, np.diff(found.first)
    member_of, members = np.repeat(np.arange(sets), sizes), found.members[: found.first[-1]]
    earned = np.bincount(member_of, worth(part, replace(own, vehicles=(v,)))[members], sets)
    must = np.bincount(member_of, ~np.isfinite(part.prize[members]), sets) > 0
    late = found.start_s
    busy = np.maximum(found.time_s, found.end_s - late)
    early = np.maximum(np.maximum(found.release_s, found.end_s - found.time_s), own.free)
    spent = found.metres + own.trip_cost + (part.second_cost * busy if part.second_cost else 0.0)
    value = earned[found.of_set] - spent
    keep = np.flatnonzero((value > 0) | must[found.of_set] | opening).astype(np.int32)
    sets_only = Columns(
        value=np.zeros(sets),
        weight=np.zeros(sets),
        first=found.first.astype(np.int32),
        members=members,
        opening=np.full(sets, opening, np.int32),
    )
    rest = own.rest_s + (own.rest_rate * busy if own.rest_rate else 0.0)
    columns = sets_only.some(found.of_set[keep])
    return _Listed(
        own=own,
        vehicle=v,
        opening=opening,
        found=found,
        option=keep,
        columns=replace(columns, value=value[keep], weight=np.asarray(busy + rest)[keep]),
        early=np.minimum(early, late)[keep],
        late=late[keep],
        busy_s=busy[keep],
    )


def _kept(part: Model, every: Sequence[_Listed], hand: Solution, seconds: float) -> list[Ints]:
    """Of each list the options that a better plan may hold, and those in hand."""
    whole = [np.arange(len(one.option), dtype=np.int32) for one in every]
    if not np.isfinite(part.prize).all():
        return whole
    purses = _purses(part, every)
    master = Master(np.zeros(part.groups, np.int32), purses, 0.0)
    for one in every:
        master.add(one.vehicle, one.columns)
    prices = master.solve(seconds)
    if prices is None:
        return whole
    beyond = [prices.beyond(one.vehicle, one.columns) for one in every]
    ceilings = [_ceiling(v, every, beyond) for v in range(part.vehicles)]
    gap = promise(prices, purses, ceilings) - _earned(part, hand) + MARGIN
    return [
        np.flatnonzero((b >= -gap) | _held(one, hand)).astype(np.int32)
        for one, b in zip(every, beyond, strict=True)
    ]


def _held(one: _Listed, hand: Solution) -> npt.NDArray[np.bool_]:
    """(K,) whether an option flies what a trip in hand flies."""
    flown = {frozenset(trip.nodes) for trip in hand.trips[one.vehicle]}
    likely = np.isin(np.diff(one.columns.first), [len(nodes) for nodes in flown])
    held = np.zeros(len(one.option), bool)
    for k in np.flatnonzero(likely).tolist():
        held[k] = frozenset(one.found.sequence(int(one.option[k]))) in flown
    return held


def _earned(part: Model, hand: Solution) -> float:
    """What the plan in hand earns, counted as the options are: churn that is saved, not lost."""
    return achieved(cost(part, hand), part) + lost(part)


def _purses(part: Model, every: Sequence[_Listed]) -> list[Purse]:
    """What each vehicle can spend."""
    time_s = np.zeros(part.vehicles)
    for one in every:
        time_s[one.vehicle] = one.own.time_s / len(one.own.vehicles)
    most = np.minimum(part.max_trips, part.groups)
    return [
        Purse(time_s=float(time_s[v]), trips=int(most[v]), openings=1) for v in range(part.vehicles)
    ]


def _ceiling(v: int, every: Sequence[_Listed], beyond: Sequence[Floats]) -> Ceiling:
    """What the trips of a vehicle earn beyond the prices."""
    own = [k for k, one in enumerate(every) if one.vehicle == v]
    return Ceiling.over(
        np.concatenate([np.empty(0), *(every[k].columns.weight for k in own)]),
        np.concatenate([np.empty(0), *(beyond[k] for k in own)]),
    )
