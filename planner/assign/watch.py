"""The time of a solve, and who wants to know how far it is."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from planner.assign.certificate import Certificate
from planner.assign.model import Day
from planner.problem import Plan, Problem, Progress
from planner.routing.model import Solution

Watcher = Callable[[Progress], None]


@dataclass(kw_only=True)
class Watch:
    """Attributes:
    began: of `time.monotonic`.
    seconds: asked for; `budget_s` is less for a day of few tasks.
    proof: where gaps come from, once there is one.
    """

    problem: Problem
    began: float
    seconds: float
    progress: Callable[[Progress], None] | None
    cancelled: Callable[[], bool] | None
    proof: Certificate | None = None

    @property
    def over(self) -> bool:
        """Whether the user has had enough."""
        return self.cancelled is not None and self.cancelled()

    def left_s(self, share: float) -> float:
        """Seconds until a share of the time is over; 0 afterwards, or when cancelled."""
        if self.over:
            return 0.0
        return max(0.0, self.began + share * self.seconds - time.monotonic())

    def tell(self, stage: str, day: Day, solution: Solution, metres: float) -> None:
        """How far the search is."""
        if self.progress is not None:
            tasks = day.served(solution)
            gap = None if self.proof is None else self.proof.of(tasks, metres, trips(solution))
            self._say(
                stage, len(tasks), sum(day.problem.tasks[t].prize for t in tasks), metres, gap
            )

    def done(self, plan: Plan) -> None:
        """The last word."""
        if self.progress is not None:
            flown = sum(len(f.stops) for f in plan.flights)
            self._say("done", flown, plan.value, 1000 * plan.km, plan.gap)

    def _say(self, stage: str, served: int, value: float, metres: float, gap: float | None) -> None:
        if self.progress is not None:
            self.progress(
                Progress(
                    elapsed_s=time.monotonic() - self.began,
                    seconds=self.seconds,
                    stage=stage,
                    served=served,
                    tasks=len(self.problem.tasks),
                    value=value,
                    km=metres / 1000,
                    gap=gap,
                )
            )


def trips(solution: Solution) -> int:
    """How many trips a solution makes."""
    return sum(len(own) for own in solution.trips)
