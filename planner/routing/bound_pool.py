"""The trips of a class, all of them at hand: what earns most at given prices is looked up."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from planner.routing.bound_classes import Class, Outing, Reach
from planner.routing.bound_prices import Ceiling, Columns, Prices
from planner.routing.bound_trips import Trips, trips
from planner.routing.model import Floats, Ints, Model


class Pricer(Protocol):
    """Where the trips of a class come from."""

    @property
    def least(self) -> float:
        """Seconds that the shortest trip takes, rest included, or less; infinite for no trip."""

    def some(self, most: int) -> Columns:
        """So many trips to begin with."""

    def price(self, number: int, prices: Prices, effort: int, most: int) -> tuple[Ceiling, Columns]:
        """What no trip of the class earns more than beyond the prices; and trips that earn
        something, `most` at most; `effort` limits the search."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Pool:
    """All trips that may be worth flying."""

    columns: Columns

    @property
    def least(self) -> float:
        """Seconds that the shortest trip takes, rest included; infinite for no trip."""
        return float(self.columns.weight.min(initial=np.inf))

    def price(self, number: int, prices: Prices, effort: int, most: int) -> tuple[Ceiling, Columns]:
        """By looking at every trip."""
        beyond = prices.beyond(number, self.columns)
        scale = 1e-9 * max(1.0, abs(prices.worth))
        better = np.flatnonzero(beyond > scale)
        if len(better) > most:
            better = better[np.argpartition(-beyond[better], most)[:most]]
        ceiling = Ceiling.over(self.columns.weight, beyond)
        return ceiling, self.columns.some(better.astype(np.int32))

    def some(self, most: int) -> Columns:
        """Those that earn most for their time."""
        rate = self.columns.value / np.maximum(self.columns.weight, 1e-9)
        return self.columns.some(np.argsort(-rate)[:most].astype(np.int32))


def worth(model: Model, own: Class) -> Floats:
    """(G,) what serving a group earns this class: its prize, and the churn that it saves.

    Vehicles of a class share the saving, which can only raise a bound."""
    earned = np.where(np.isfinite(model.prize), model.prize, 0.0)
    kept = np.isin(model.stay, own.vehicles) & np.isfinite(model.churn)
    return earned + np.where(kept, model.churn, 0.0)


Reaches = Sequence[tuple[Outing, Reach]]


def pool(model: Model, own: Class, there: Reaches, most: int) -> Pool | None:
    """All trips of the class; None where they are more than `most` labels can hold."""
    columns, complete = _listed(model, own, there, most)
    return Pool(columns=columns) if complete else None


def sample(model: Model, own: Class, there: Reaches, most: int) -> Columns:
    """Some trips of the class, short ones first."""
    return _listed(model, own, there, most)[0]


def _listed(model: Model, own: Class, there: Reaches, most: int) -> tuple[Columns, bool]:
    """The trips of the class, and whether they are all."""
    parts: list[Columns] = []
    complete = True
    for outing, reach in there:
        found = trips(reach, most)
        complete = complete and found.complete
        if outing.first and not len(found.metres):
            break  # who cannot make the first trip makes no other
        opening = outing.first and len(own.outings) > 1
        parts.append(_columns(model, own, found, opening))
    return joined(parts), complete


def _columns(model: Model, own: Class, found: Trips, opening: bool) -> Columns:
    """The sets of groups as columns: those that cost more than they earn are of no use, unless
    they hold a group that must be served."""
    metres, seconds = found.least()
    sizes = np.diff(found.first)
    member_of = np.repeat(np.arange(len(metres)), sizes)
    members = found.members[: found.first[-1]]
    earned = np.bincount(member_of, worth(model, own)[members], len(metres))
    must = np.bincount(member_of, ~np.isfinite(model.prize[members]), len(metres)) > 0
    spent = metres + own.trip_cost + (model.second_cost * seconds if model.second_cost else 0.0)
    value = earned - spent
    keep = np.flatnonzero(np.isfinite(metres) & ((value > 0) | must)).astype(np.int32)
    every = Columns(
        value=value,
        weight=seconds * (1 + own.rest_rate) + own.rest_s,
        first=found.first.astype(np.int32),
        members=members,
        opening=np.full(len(value), opening, np.int32),
    )
    return every.some(keep)


def joined(parts: Sequence[Columns]) -> Columns:
    """The columns one after another."""
    sizes = np.concatenate([np.empty(0, np.int32), *(np.diff(p.first) for p in parts)])
    return Columns(
        value=_flat([p.value for p in parts]),
        weight=_flat([p.weight for p in parts]),
        first=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32),
        members=_whole([p.members for p in parts]),
        opening=_whole([p.opening for p in parts]),
    )


def _flat(parts: list[Floats]) -> Floats:
    return np.concatenate([np.empty(0), *parts])


def _whole(parts: list[Ints]) -> Ints:
    return np.concatenate([np.empty(0, np.int32), *parts]).astype(np.int32)
