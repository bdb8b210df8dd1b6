"""Which drones to keep for emergencies, how soon they come, and what they cost the routine work.

Docks are chosen one after another, each so that the 90 % point of the response falls most (greedy
for the p-centre, Gonzalez 1985, doi:10.1016/0304-3975(85)90224-5; ties by the mean, as for the
p-median). The price is really solved: the day is planned without them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.equipment import Sensor
from planner.problem import Plan, Problem, Progress
from planner.replan.response import FIRES, HEAT, Fires, Floats, arrivals, fires, response
from planner.solve import solve

COUNTS = (0, 4, 8, 12)
NEARLY = 1.03
"""Docks whose response is within 3 % of the best are as good: the one with the least routine work
is kept, which 500 simulated fires cannot tell from the best anyway."""
_NEVER_S = 36_000.0
"""Stands for a fire that nobody can answer, where minutes are averaged: a whole day."""


@dataclass(frozen=True, kw_only=True)
class StandbyOffer:
    """So many drones kept back, and what that means.

    Attributes:
        docks: kept, in the order in which they were chosen.
        p50_min, p90_min: minutes to the first drone over a fire.
        value_share: value against the same day without standby; km_more: kilometres against it.
        plan: of the others.
    """

    docks: tuple[str, ...]
    p50_min: float
    p90_min: float
    value: float
    value_share: float
    km: float
    km_more: float
    plan: Plan

    @property
    def price(self) -> tuple[str, str]:
        """What it means in words, English and Chinese."""
        lost = 1 - self.value_share
        return (
            f"{len(self.docks)} on standby: half of all fires within {self.p50_min:.1f} min, nine "
            f"of ten within {self.p90_min:.1f} min; costs {lost:.1%} of the routine value",
            f"{len(self.docks)}架待命：半数火情{self.p50_min:.1f}分钟内到达，九成"
            f"{self.p90_min:.1f}分钟内到达；常规任务价值减少{lost:.1%}",
        )


def standby(
    problem: Problem,
    *,
    seconds: float,
    counts: Sequence[int] = COUNTS,
    p90_min: float | None = None,
    sensors: frozenset[Sensor] = HEAT,
    area: Any = None,
    count: int = FIRES,
    seed: int = 0,
    progress: Callable[[Progress], None] | None = None,
) -> tuple[StandbyOffer, ...]:
    """What the dispatcher chooses from: no standby, and so many drones kept back.

    Args:
        seconds: for planning each day.
        counts: how many to keep.
        p90_min: instead of counts: the fewest drones with which nine of ten fires are reached in
            that time, beside no standby; the last offer is the best that was found.
        area: where fires are simulated, see `fires`. count: how many.
    """
    given = fires(problem, count=count, area=area, seed=seed)
    day = _Day(problem, given, sensors, seconds, seed, progress)
    none = day.offer((), None)
    order = chosen(problem, none.plan, given, sensors=sensors)
    if p90_min is not None:
        return day.until(none, order, p90_min)
    wanted = sorted({min(n, len(order)) for n in counts})
    return tuple(none if n == 0 else day.offer(order[:n], none) for n in wanted)


def chosen(
    problem: Problem, plan: Plan, given: Fires, *, sensors: frozenset[Sensor] = HEAT
) -> tuple[str, ...]:
    """All docks whose drones could answer, in the order in which to keep them."""
    kept = arrivals(problem, (), given, sensors=sensors, kept=True)
    able = [s for s in range(kept.shape[1]) if np.isfinite(kept[:, s]).any()]
    flown = arrivals(problem, plan.flights, given, sensors=sensors)
    now = flown.min(axis=1, initial=np.inf)
    routine = _routine(problem, plan)
    order: list[int] = []
    while len(order) < len(able):
        rest = [s for s in able if s not in order]
        worth = {s: _worth(np.minimum(now, kept[:, s])) for s in rest}
        least = min(worth.values())
        near = [s for s in rest if worth[s][0] <= NEARLY * least[0]]
        best = min(near, key=lambda s: (worth[s][1] > NEARLY * least[1], routine[s], worth[s]))
        order.append(best)
        now = np.minimum(now, kept[:, best])
    return tuple(problem.stations[s].id for s in order)


def _routine(problem: Problem, plan: Plan) -> list[float]:
    """What each station's flights are worth in the plan."""
    prize = {t.id: t.prize for t in problem.tasks}
    sums = dict.fromkeys((s.id for s in problem.stations), 0.0)
    for flight in plan.flights:
        sums[flight.station] += sum(prize[s.task] for s in flight.stops if s.task in prize)
    return [sums[s.id] for s in problem.stations]


def _worth(seconds: Floats) -> tuple[float, float]:
    """The 90 % point, then the mean."""
    capped = np.minimum(seconds, _NEVER_S)
    return float(np.quantile(capped, 0.9)), float(capped.mean())


@dataclass(frozen=True)
class _Day:
    """The day that is planned with one choice after another."""

    problem: Problem
    given: Fires
    sensors: frozenset[Sensor]
    seconds: float
    seed: int
    progress: Callable[[Progress], None] | None

    def offer(self, docks: Sequence[str], none: StandbyOffer | None) -> StandbyOffer:
        """The day with these docks kept back, against the one without."""
        held = tuple(replace(s, standby=s.standby or s.id in docks) for s in self.problem.stations)
        problem = replace(self.problem, stations=held)
        plan = solve(problem, seconds=self.seconds, seed=self.seed, progress=self.progress)
        ready = response(problem, plan.flights, self.given, sensors=self.sensors)
        return StandbyOffer(
            docks=tuple(docks),
            p50_min=ready.p50_min,
            p90_min=ready.p90_min,
            value=plan.value,
            value_share=1.0 if none is None or not none.value else plan.value / none.value,
            km=plan.km,
            km_more=0.0 if none is None else plan.km - none.km,
            plan=plan,
        )

    def until(
        self, none: StandbyOffer, order: Sequence[str], p90_min: float
    ) -> tuple[StandbyOffer, ...]:
        """Bisection: a drone more never makes the fires of the same plan wait longer."""
        if none.p90_min <= p90_min or not order:
            return (none,)
        low, high = 0, len(order)
        best = self.offer(order, none)
        while best.p90_min <= p90_min and high - low > 1:
            number = (low + high) // 2
            trial = self.offer(order[:number], none)
            if trial.p90_min <= p90_min:
                high, best = number, trial
            else:
                low = number
        return none, best
