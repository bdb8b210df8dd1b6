"""How far a plan is from the best possible: a bound, proven in a thread beside the search."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Event, Thread

from planner.assign.model import Day
from planner.problem import Plan
from planner.routing.model import Model, Solution

PATIENCE_S = 0.3
"""How long a plan waits for a bound that was told to stop; it asks between its steps only, and one
that comes later is not used."""


class Certificate:
    """A bound that gets better while it is on its way; each value holds."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self.value: float | None = None
        self._stop = Event()

    def prove(self, model: Model, seconds: float, known: Solution | None) -> None:
        """Find the bound; runs in a thread of its own."""
        from planner.routing.bound import bound

        bound(
            model, seconds=seconds, known=known, progress=self._lower, cancelled=self._stop.is_set
        )

    def _lower(self, value: float) -> None:
        self.value = value

    def stop(self) -> None:
        """No time is left."""
        self._stop.set()

    def of(self, tasks: Collection[int], metres: float, trips: int) -> float | None:
        """The gap of a plan: share of the bound by which the best may be better.

        Args:
            tasks: those that it serves.
        """
        if self.value is None:
            return None
        worth = float(sum(self.day.prize[self.day.group_of[t]] for t in tasks))
        worth -= metres + self.day.problem.wear_m * trips
        return max(0.0, self.value - worth) / max(abs(self.value), 1e-9)

    def gap(self, plan: Plan) -> float | None:
        """The gap of a plan over ground; churn does not count."""
        number = {task.id: t for t, task in enumerate(self.day.problem.tasks)}
        tasks = [number[stop.task] for f in plan.flights for stop in f.stops]
        return self.of(tasks, 1000 * plan.km, len(plan.flights))


@contextmanager
def certificate(
    day: Day, model: Model | None, seconds: float, known: Solution | None = None
) -> Iterator[Certificate]:
    """A certificate on its way while the block runs; nothing is proven without a model or time.

    Args:
        model: of the day, whatever its prizes are: the day's count.
        known: a plan to begin with.
    """
    proof = Certificate(day)
    if model is None or not model.groups or seconds <= 0:
        yield proof
        return
    thread = Thread(
        target=proof.prove,
        args=(replace(model, prize=day.prize), seconds, known),
        name="certificate",
        daemon=True,
    )
    thread.start()
    try:
        yield proof
    finally:
        proof.stop()
        thread.join(PATIENCE_S)
