"""A certificate: what no plan for a model can exceed ("within x % of the best possible").

Column generation over all trips of all vehicles; where the trips of a class can be listed they
are, and else the best trip at given prices is found by a relaxed search. Windows between the trips
of one vehicle are relaxed to the time that it has in all; windows inside a trip are kept.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic

import numpy as np

from planner.routing.bound_classes import Class, classes
from planner.routing.bound_pool import Pool, Pricer, pool
from planner.routing.bound_prices import Master, Prices, Purse, promise, purse
from planner.routing.model import Cost, Model

LABELS = 2_000_000
"""How many labels the lists of trips may take together (about 100 bytes each)."""

DIRECT = 120_000
"""Up to so many listed trips the linear program takes them all at once."""

BATCH = 400
"""Trips a class that a round adds at most."""


@dataclass(frozen=True, kw_only=True)
class Bound:
    """An upper bound on what a plan is worth.

    Attributes:
        value: metres; no plan's finite prizes of served groups less metres, seconds, trips and
            churn come to more.
        trips: columns in the linear program.
        seconds: what it took.
        method: "all trips" or "column generation".
        complete: solved to the end; else stopped early, still valid and less tight.
    """

    value: float
    trips: int
    seconds: float
    method: str
    complete: bool

    def gap(self, cost: Cost, model: Model) -> float:
        """How far the plan may be from the best possible, as a share of the bound; infinite for a
        plan that leaves out what must be served."""
        value = achieved(cost, model)
        if not math.isfinite(value):
            return math.inf
        return max(0.0, self.value - value) / max(abs(self.value), 1e-9)


def achieved(cost: Cost, model: Model) -> float:
    """What a plan is worth, in the bound's terms."""
    return float(model.prize[np.isfinite(model.prize)].sum()) - cost.objective


def bound(
    model: Model, *, seconds: float, cancelled: Callable[[], bool] | None = None
) -> Bound | None:
    """The best bound that can be proven in this time; None when none was.

    The search runs in compiled code without Python's lock, so that it may run in a thread beside
    another one; `cancelled` is asked between its steps.
    """
    began = monotonic()
    stop = cancelled or (lambda: False)
    every = classes(model)
    pricers: list[Pricer] = []
    for own in every:
        if stop() or monotonic() - began > seconds:
            return None
        listed = pool(model, own, LABELS)
        if listed is None:
            return None
        pricers.append(listed)
    rounds = _Rounds(model, every, pricers)
    found = rounds.run(began + seconds, stop)
    return None if found is None else replace(found, seconds=monotonic() - began)


class _Rounds:
    """The rounds of column generation."""

    def __init__(self, model: Model, every: list[Class], pricers: list[Pricer]) -> None:
        self._pricers = pricers
        self._purses: list[Purse] = [
            purse(own, p.least) for own, p in zip(every, pricers, strict=True)
        ]
        self._listed = all(isinstance(p, Pool) for p in pricers)
        self._lost = _lost(model)
        must = ~np.isfinite(model.prize)
        self._master = Master(must.astype(np.int32), self._purses, _penalty(model))
        self._best = math.inf

    def run(self, deadline: float, stop: Callable[[], bool]) -> Bound | None:
        """Prices, then better trips at these prices, until there are none or time is up."""
        self._start(deadline)
        complete = False
        while not complete and not stop() and monotonic() < deadline:
            prices = self._master.solve(deadline - monotonic())
            if prices is None:
                break
            complete = self._round(prices, deadline)
        if math.isinf(self._best):
            return None
        return Bound(
            value=self._best - self._lost,
            trips=self._master.columns,
            seconds=0.0,
            method="all trips" if self._listed else "column generation",
            complete=complete,
        )

    def _start(self, deadline: float) -> None:
        """The first trips: all that are listed if they are few enough, else the most valuable."""
        pools = [p for p in self._pricers if isinstance(p, Pool)]
        few = sum(len(p.columns) for p in pools) <= DIRECT
        for number, pricer in enumerate(self._pricers):
            if few and isinstance(pricer, Pool):
                self._master.add(number, pricer.columns)

    def _round(self, prices: Prices, deadline: float) -> bool:
        """One round; whether the bound is as low as it gets."""
        beyond, added = [], 0
        for number, pricer in enumerate(self._pricers):
            best, columns = pricer.price(number, prices, deadline, BATCH)
            beyond.append(best)
            self._master.add(number, columns)
            added += len(columns)
        self._best = min(self._best, promise(prices, self._purses, beyond))
        return added == 0


def _lost(model: Model) -> float:
    """Churn that a plan pays when it keeps no group where it was."""
    kept = (model.stay >= 0) & np.isfinite(model.churn)
    return float(model.churn[kept].sum())


def _penalty(model: Model) -> float:
    """Metres that leaving out a group that must be served costs here: more than a trip may."""
    ways = (model.out_m, model.back_m, model.work_m, model.leg_m)
    longest = sum(float(np.max(w, initial=0.0, where=np.isfinite(w))) for w in ways)
    usable = model.usable_s[np.isfinite(model.usable_s)]
    held = model.second_cost * float(usable.max(initial=0.0))
    return 100.0 * (1.0 + longest + held + float(model.trip_cost.max(initial=0.0)))
