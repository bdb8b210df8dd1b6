"""Our engine as the other engines are run: one job in a fresh process."""

import time
from pathlib import Path

from benchmarks.planner.peers import Answer
from planner.routing.families import read
from planner.routing.model import Model, Solution


class First:
    """A progress callback that remembers when the first plan was there."""

    def __init__(self) -> None:
        self.seconds: float | None = None

    def __call__(self, elapsed_s: float, solution: Solution, objective: float) -> None:
        if self.seconds is None:
            self.seconds = elapsed_s


def published(path: Path, seconds: float, threads: int, seed: int) -> Answer:
    """Our solution of a published instance. The kernels are compiled before the clock runs, as
    the peers' are."""
    from planner.routing import solve

    model = read(path).model
    _warm(model)
    began, first = time.perf_counter(), First()
    found = solve(model, seconds=seconds, seed=seed, threads=threads, progress=first)
    return Answer(found, first.seconds, time.perf_counter() - began)


def _warm(model: Model) -> None:
    """Load or compile the kernels' code, on as little of the model as makes them run."""
    from planner.routing import solve

    little = model.part(range(min(2, model.vehicles)), range(min(4, model.groups)))
    solve(little, seconds=0.0)
