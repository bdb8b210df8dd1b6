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
from planner.routing.bound_pool import Pool, Pricer, pool, sample
from planner.routing.bound_prices import Master, Prices, Purse, promise, purse
from planner.routing.bound_walks import walks
from planner.routing.model import Cost, Model

LABELS = 150_000
"""Labels for the list of one class's trips; where it is longer the trips are searched for."""

DIRECT = 120_000
"""Up to so many listed trips the linear program takes them all at once."""

BATCH = 60
"""Trips of a class that a round adds at most."""

PRECISE = 1e-6
"""The share of the value to which the bound is found."""

STALLED = 0.15
"""A round that lowers the bound by less of what is open lets the next ones search further."""

CENTRED = 0.5
"""Weight of the best prices so far against the newest ones: keeps prices from swinging (Wentges
1997, doi:10.1016/S0969-6016(97)00001-4)."""


EFFORT = (2_000, 500_000)
"""Walks that the search for one class's trips may grow in the first rounds, and in the last."""


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
    pricers = _pricers(model, every, began + seconds, stop)
    if pricers is None:
        return None
    found = _Rounds(model, every, pricers).run(began + seconds, stop)
    return None if found is None else replace(found, seconds=monotonic() - began)


def _pricers(
    model: Model, every: list[Class], deadline: float, stop: Callable[[], bool]
) -> list[Pricer] | None:
    """The trips of each class: listed, or else searched for; None when time is up."""
    pricers: list[Pricer] = []
    full = 0
    for own in every:
        if stop() or monotonic() > deadline:
            return None
        # lists that grow too long take time: after a few of them only short ones are tried
        listed = pool(model, own, LABELS if full < 2 else LABELS // 10)
        full += listed is None
        pricers.append(walks(model, own) if listed is None else listed)
    return pricers


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
        self._best, self._weight = math.inf, 0.0 if self._listed else CENTRED
        self._centre: Prices | None = None
        self._effort = EFFORT[0]
        self._start(model, every)

    def run(self, deadline: float, stop: Callable[[], bool]) -> Bound | None:
        """Prices, then better trips at these prices, until there are none or time is up."""
        complete = False
        while not complete and not stop() and monotonic() < deadline:
            prices = self._master.solve(deadline - monotonic())
            if prices is None:
                break
            complete = self._round(prices, deadline, stop)
        if math.isinf(self._best):
            return None
        return Bound(
            value=self._best - self._lost,
            trips=self._master.columns,
            seconds=0.0,
            method="all trips" if self._listed else "column generation",
            complete=complete,
        )

    def _start(self, model: Model, every: list[Class]) -> None:
        """The first trips: all that are listed if they are few enough, else some of each class."""
        pools = [p for p in self._pricers if isinstance(p, Pool)]
        few = sum(len(p.columns) for p in pools) <= DIRECT
        for number, (own, pricer) in enumerate(zip(every, self._pricers, strict=True)):
            if isinstance(pricer, Pool):
                self._master.add(number, pricer.columns if few else pricer.some(BATCH))
            else:
                self._master.add(number, sample(model, own, 20 * BATCH))

    def _round(self, prices: Prices, deadline: float, stop: Callable[[], bool]) -> bool:
        """One round; whether the bound is as low as it gets."""
        asked = prices if self._centre is None else prices.mixed(self._centre, self._weight)
        beyond, useful = [], 0.0
        for number, pricer in enumerate(self._pricers):
            if stop() or monotonic() > deadline:
                return False
            best, columns = pricer.price(number, asked, self._effort, BATCH)
            beyond.append(best)
            self._master.add(number, columns)
            useful = max(useful, float(prices.beyond(number, columns).max(initial=0.0)))
        found, before = promise(asked, self._purses, beyond), self._best
        if found < before:
            self._best, self._centre = found, asked
        left = self._best - prices.worth
        if left <= PRECISE * max(1.0, abs(self._best)):
            return True
        if before - self._best < STALLED * left:
            self._effort = min(EFFORT[1], 4 * self._effort)
        return self._settled(asked is prices or self._weight == 0.0, useful)

    def _settled(self, exact: bool, useful: float) -> bool:
        """After a round whose best trip earned so much more at the newest prices: whether nothing
        is left to be found."""
        if useful > PRECISE / 100 * max(1.0, abs(self._best)):
            return False
        self._weight = 0.0 if self._weight < 0.2 else self._weight / 2
        return exact and self._effort >= EFFORT[1]


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
