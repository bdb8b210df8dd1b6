"""The rounds of column generation: prices, better trips at these prices, a lower bound."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic

import numpy as np

from planner.routing.bound_classes import Class
from planner.routing.bound_pool import Pool, Pricer
from planner.routing.bound_prices import Master, Prices, Purse, promise, purse
from planner.routing.model import Cost, Floats, Ints, Model

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
        method: "all trips", "column generation", or "shortest ways" when time was up before.
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


@dataclass(frozen=True, kw_only=True, eq=False)
class Stakes:
    """What a bound needs to know beside the trips.

    Attributes:
        must: (G,) groups that have to be served, or cost `penalty`.
        lost: churn that a plan pays when it keeps no group where it was.
        alone: (G,) prices of groups at which no trip earns anything.
    """

    must: Ints
    penalty: float
    lost: float
    alone: Floats


class Rounds:
    """The rounds of column generation."""

    def __init__(
        self,
        every: Sequence[Class],
        pricers: Sequence[Pricer],
        stakes: Stakes,
        tell: Callable[[float], None] = lambda value: None,
    ) -> None:
        """`tell`: hears of each lower bound."""
        self._pricers, self._tell = pricers, tell
        self._purses: list[Purse] = [
            purse(own, p.least) for own, p in zip(every, pricers, strict=True)
        ]
        self._listed = all(isinstance(p, Pool) for p in pricers)
        self._lost = stakes.lost
        self._master = Master(stakes.must, self._purses, stakes.penalty)
        self._best, self._weight = float(stakes.alone.sum()), 0.0 if self._listed else CENTRED
        none = np.zeros(len(every))
        self._centre = Prices(
            group=stakes.alone, second=none, trip=none, opening=none, worth=self._best
        )
        self._effort = EFFORT[0]
        self._start()

    def run(self, deadline: float, stop: Callable[[], bool]) -> Bound:
        """Prices, then better trips at these prices, until there are none or time is up."""
        complete = False
        while not complete and not stop() and monotonic() < deadline:
            prices = self._master.solve(deadline - monotonic())
            if prices is None:
                break
            complete = self._round(prices, deadline, stop)
        return Bound(
            value=self._best - self._lost,
            trips=self._master.columns,
            seconds=0.0,
            method="all trips" if self._listed else "column generation",
            complete=complete,
        )

    def _start(self) -> None:
        """The first trips: all that are listed if they are few enough, else some of each class."""
        pools = [p for p in self._pricers if isinstance(p, Pool)]
        few = sum(len(p.columns) for p in pools) <= DIRECT
        for number, pricer in enumerate(self._pricers):
            listed = pricer.columns if few and isinstance(pricer, Pool) else None
            self._master.add(number, pricer.some(20 * BATCH) if listed is None else listed)

    def _round(self, prices: Prices, deadline: float, stop: Callable[[], bool]) -> bool:
        """One round; whether the bound is as low as it gets."""
        asked = prices.mixed(self._centre, self._weight)
        beyond, useful = [], 0.0
        for number, pricer in enumerate(self._pricers):
            if stop() or monotonic() > deadline:
                return False
            best, columns = pricer.price(number, asked, self._effort, BATCH)
            beyond.append(best)
            # walks that come back to a group are remembered by who searches, and come no more
            self._master.add(number, columns.plain())
            useful = max(useful, float(prices.beyond(number, columns).max(initial=0.0)))
        found, before = promise(asked, self._purses, beyond), self._best
        if found < before:
            self._best, self._centre = found, asked
            self._tell(found - self._lost)
        left = self._best - prices.worth
        if left <= PRECISE * max(1.0, abs(self._best)):
            return True
        if before - self._best < STALLED * left:
            self._effort = min(EFFORT[1], 4 * self._effort)
        return self._settled(self._weight == 0.0, useful)

    def _settled(self, exact: bool, useful: float) -> bool:
        """After a round whose best trip earned so much more at the newest prices: whether nothing
        is left to be found."""
        if useful > PRECISE / 100 * max(1.0, abs(self._best)):
            return False
        self._weight = 0.0 if self._weight < 0.2 else self._weight / 2
        return exact and self._effort >= EFFORT[1]
