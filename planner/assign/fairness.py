"""How evenly departments are served, and prizes that make it more even.

Jain's index of the served shares: 1 when all are served alike, 1/n when only one of n is.
Jain, Chiu, Hawe 1984, DEC-TR-301.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from planner.problem import Plan, Problem, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What a department got of what it asked for.

    Attributes:
        asked, served: prizes; a task of several departments counts for each.
    """

    asked: float
    served: float

    @property
    def share(self) -> float:
        """Served part, 0 to 1."""
        return self.served / self.asked if self.asked else 1.0


@dataclass(frozen=True, kw_only=True)
class Fairness:
    """Shares by department.

    Attributes:
        jain: Jain's index of the shares, 0 to 1.
        least: the smallest share.
    """

    shares: Mapping[str, Share]
    jain: float
    least: float


def fairness(problem: Problem, plan: Plan) -> Fairness:
    """How evenly a plan serves the departments."""
    return of(problem, {stop.task for f in plan.flights for stop in f.stops})


def of(problem: Problem, served: Collection[str]) -> Fairness:
    """The same for the ids of served tasks."""
    asked: dict[str, float] = {}
    given: dict[str, float] = {}
    for task in problem.tasks:
        for name in task.departments:
            asked[name] = asked.get(name, 0.0) + task.prize
            given[name] = given.get(name, 0.0) + (task.prize if task.id in served else 0.0)
    shares = {name: Share(asked=asked[name], served=given[name]) for name in sorted(asked)}
    values = [s.share for s in shares.values()]
    squares = sum(v * v for v in values)
    return Fairness(
        shares=shares,
        jain=sum(values) ** 2 / (len(values) * squares) if squares else 1.0,
        least=min(values, default=1.0),
    )


def weight(task: Task, now: Fairness, strength: float) -> float:
    """How much more a task counts: up to twice for the department that is served least.

    Args:
        strength: 0 to 1, see `Problem.fairness`.
    """
    shares = [now.shares[name].share for name in task.departments if name in now.shares]
    most = max((s.share for s in now.shares.values()), default=1.0)
    spread = most - now.least
    if not shares or spread <= 0:
        return 1.0
    return 1.0 + strength * (most - min(shares)) / spread
