"""Two plans side by side: what they are worth, how fair and how risky they are, what differs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from planner.problem import Flight, Plan, Problem, Task
from planner.replan.changes import by_department, changes
from planner.replan.events import Change
from planner.replan.response import Fires, response

TIGHT = timedelta(minutes=10)
"""A flight that could not start ten minutes later is at risk: ArduPilot's and the docks' own checks
take two, a late filing's answer five."""
LOW_SHARE = 0.25
"""A landing with less charge than this is close to the reserve of 20 %."""
_WHY = ("", "")
"""Two plans differ as they differ: there is no cause to tell."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """One plan in numbers.

    Attributes:
        fairness: Jain's index over the departments' served shares, 1/n to 1 (Jain, Chiu, Hawe
            1984, DEC TR-301); 1 where fewer than two departments ask.
        least_landing_share: of the endurance; 1 without flights.
        tight: share of the flights that could not start `TIGHT` later; low: that land below
            `LOW_SHARE`.
        response_p90_min: None unless fires were given.
    """

    value: float
    km: float
    flights: int
    served: int
    unserved: int
    gap: float | None
    fairness: float
    by_department: Mapping[str, float]
    least_landing_share: float
    tight: float
    low: float
    response_p90_min: float | None = None


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Both plans, and every task that they serve otherwise."""

    first: Figures
    second: Figures
    changes: tuple[Change, ...]

    def content(self) -> dict[str, Any]:
        """As plain values, for JSON and tables."""
        pair = {
            name: [getattr(self.first, name), getattr(self.second, name)]
            for name in Figures.__dataclass_fields__
            if name != "by_department"
        }
        names = sorted({*self.first.by_department, *self.second.by_department})
        shares = {n: [f.by_department.get(n) for f in (self.first, self.second)] for n in names}
        told = {
            department: [
                {"task": c.task, "kind": c.kind, "text": c.text, "text_zh": c.text_zh} for c in own
            ]
            for department, own in by_department(self.changes).items()
        }
        return {**pair, "served_share": shares, "changes": told}


def compare(
    problem: Problem, first: Plan, second: Plan, *, given: Fires | None = None
) -> Comparison:
    """Two plans of one day.

    Args:
        given: simulated fires, for the response time of each.
    """
    tasks = {t.id: t for t in problem.tasks}
    return Comparison(
        first=figures(problem, first, given=given),
        second=figures(problem, second, given=given),
        changes=changes(first.flights, second.flights, tasks, {}, _WHY),
    )


def figures(problem: Problem, plan: Plan, *, given: Fires | None = None) -> Figures:
    """One plan in numbers."""
    tasks = {t.id: t for t in problem.tasks}
    flown = {s.task for f in plan.flights for s in f.stops}
    shares = _shares(tasks, flown)
    count = len(plan.flights) or 1
    ready = None if given is None else response(problem, (*problem.frozen, *plan.flights), given)
    return Figures(
        value=plan.value,
        km=plan.km,
        flights=len(plan.flights),
        served=len(flown),
        unserved=len(plan.unserved),
        gap=plan.gap,
        fairness=jain(list(shares.values())),
        by_department=shares,
        least_landing_share=float(min((f.landing_share for f in plan.flights), default=1.0)),
        tight=sum(slack(f, tasks) < TIGHT for f in plan.flights) / count,
        low=float(sum(f.landing_share < LOW_SHARE for f in plan.flights)) / count,
        response_p90_min=None if ready is None else ready.p90_min,
    )


def _shares(tasks: Mapping[str, Task], flown: set[str]) -> dict[str, float]:
    """By department, the share of what it asked for, by worth, that is served."""
    asked: dict[str, float] = {}
    served: dict[str, float] = {}
    for task in tasks.values():
        for name in task.departments:
            asked[name] = asked.get(name, 0.0) + task.prize
            served[name] = served.get(name, 0.0) + task.prize * (task.id in flown)
    return {name: served[name] / asked[name] for name in sorted(asked)}


def jain(shares: list[float]) -> float:
    """Jain's index of fairness: 1 when all shares are equal, 1/n when one has all.

    >>> jain([1.0, 1.0, 0.0, 0.0])
    0.5
    """
    squares = sum(x * x for x in shares)
    if len(shares) < 2 or squares == 0:
        return 1.0
    return sum(shares) ** 2 / (len(shares) * squares)


def slack(flight: Flight, tasks: Mapping[str, Task]) -> timedelta:
    """How much later it could start and still land before its tasks must be done: at least; what
    it flies after its last task is counted as if it were work."""
    ends = [tasks[s.task].latest for s in flight.stops if s.task in tasks]
    return min(ends, default=flight.end + TIGHT) - flight.end
