"""Our engine as the other engines are run: one job in a fresh process."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.planner.peers import Answer
from planner.routing.city import City
from planner.routing.city_file import city
from planner.routing.city_made import made
from planner.routing.families import read
from planner.routing.model import Solution


class First:
    """A progress callback that remembers when the first plan was told."""

    def __init__(self) -> None:
        self.seconds: float | None = None

    def __call__(self, elapsed_s: float, solution: Solution, objective: float) -> None:
        if self.seconds is None:
            self.seconds = elapsed_s


def published(path: Path, seconds: float, threads: int, seed: int) -> Answer:
    """Our solution of a published instance. The kernels are compiled before the clock runs, as
    the peers' are."""
    from planner.routing import compiled, solve

    compiled()
    model = read(path).model
    began, first = time.perf_counter(), First()
    found = solve(model, seconds=seconds, seed=seed, threads=threads, progress=first)
    return Answer(found, first.seconds, time.perf_counter() - began)


def planned(raw: dict[str, Any], seconds: float, threads: int, seed: int) -> Answer:
    """Our plan for a city instance; the time of the model's tables counts."""
    from planner.routing import compiled, first, solve

    compiled()
    one = _city(raw)
    began = time.perf_counter()
    model = one.model()
    start = first(model)
    first_s = time.perf_counter() - began
    found = solve(model, seconds=seconds - first_s, seed=seed, threads=threads, initial=start)
    took = time.perf_counter() - began
    return Answer(one.plan(found), first_s, took)


def large(docks: int, tasks: int, seconds: float, seed: int) -> Answer:
    """Our plan for a made city of any size."""
    from planner.routing import compiled, solve_large

    compiled()
    one = city(made(docks, tasks, seed), where="the made city")
    began, first = time.perf_counter(), First()
    found = solve_large(one, seconds=seconds, seed=seed, progress=first)
    return Answer(one.plan(found), first.seconds, time.perf_counter() - began)


@dataclass(frozen=True)
class Start:
    """Seconds to build the model and to find the first plan, and what that plan costs."""

    model_s: float
    first_s: float
    plan: Any


def started(raw: dict[str, Any]) -> Start:
    """The first feasible plan of a city instance."""
    from planner.routing import compiled, first

    compiled()
    one = _city(raw)
    began = time.perf_counter()
    model = one.model()
    middle = time.perf_counter()
    found = first(model)
    return Start(middle - began, time.perf_counter() - middle, one.plan(found))


def bounded(raw: dict[str, Any], seconds: float) -> Any:
    """The certificate of a city instance, a `planner.routing.bound.Bound` or None."""
    from planner.routing.bound import bound

    return bound(_city(raw).model(), seconds=seconds)


def bounded_large(docks: int, tasks: int, seconds: float, seed: int) -> Any:
    """The certificate of a made city of any size."""
    from planner.routing.bound_large import bound_large

    return bound_large(_city(made(docks, tasks, seed)), seconds=seconds)


def _city(raw: dict[str, Any]) -> City:
    return city(raw, where="the instance")
