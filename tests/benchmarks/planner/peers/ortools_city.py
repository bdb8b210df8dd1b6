"""OR-Tools' routing solver on a city, in groups of five docks: one model of the whole is known to
fail (shared facts: 77 % of the value). Two processes; round after round the groups are drawn anew,
each takes the tasks that it flies now and those that nobody flies, and keeps what is better.
"""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np

from benchmarks.planner import form
from benchmarks.planner.peers import Answer

DOCKS = 5
"""Docks in a group: measured best between 3 and 8 when the product still used this form."""
LONGEST_S = 3.0
NEAREST = 4
"""A task may be flown by a group that holds one of the nearest docks with its sensor."""
NEVER = 10**7


def solve(
    city: form.City, slot_count: int, seconds: float, seed: int = 0, workers: int = 2
) -> Answer:
    """The best plan after some seconds."""
    slots = form.slots(city, slot_count)
    own: dict[int, list[int]] = {v: [] for v in range(len(slots))}
    near, random = _near(city), np.random.default_rng(seed)
    began, first = time.perf_counter(), None
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        list(pool.map(_warm, range(workers)))
        began, number = time.perf_counter(), 0
        while (left := began + seconds - time.perf_counter()) > 0.2:
            groups = list(_partition(city, random))
            share = left * (0.5 if number == 0 else 1.0) * workers / len(groups)
            each, number = min(max(share, 0.15), LONGEST_S), number + 1
            for at in range(0, len(groups), workers):
                left = began + seconds - time.perf_counter()
                if left < 0.15:
                    break
                _round(city, slots, own, near, groups[at : at + workers], min(each, left), pool)
            first = first or time.perf_counter() - began
    took = time.perf_counter() - began
    return Answer(form.plan(city, [(slots[v], tasks) for v, tasks in own.items()]), first, took)


def _round(
    city: form.City,
    slots: Sequence[form.Slot],
    own: dict[int, list[int]],
    near: form.Whole,
    groups: Sequence[Sequence[int]],
    seconds: float,
    pool: ProcessPoolExecutor,
) -> None:
    """Solve some groups side by side; a task that nobody flies goes to the first that may."""
    flown, jobs = {k for tasks in own.values() for k in tasks}, []
    for docks in groups:
        mine = [v for v, slot in enumerate(slots) if slot.dock in docks]
        idle = [k for k in range(city.tasks) if k not in flown and np.isin(near[k], docks).any()]
        flown.update(idle)
        jobs.append((mine, [k for v in mine for k in own[v]] + idle))
    tasks = [
        (city, [slots[v] for v in mine], keys, [own[v] for v in mine], seconds)
        for mine, keys in jobs
    ]
    for (mine, _), answer in zip(jobs, pool.map(improve, *zip(*tasks, strict=True)), strict=True):
        if answer is not None:
            own.update(zip(mine, answer, strict=True))


def improve(
    city: form.City,
    slots: Sequence[form.Slot],
    tasks: Sequence[int],
    present: Sequence[Sequence[int]],
    seconds: float,
) -> list[list[int]] | None:
    """The tasks of each slot in a plan at least as good as the present one, or None."""
    from ortools.constraint_solver import pywrapcp

    docks = sorted({slot.dock for slot in slots})
    ends = [docks.index(slot.dock) for slot in slots]
    manager = pywrapcp.RoutingIndexManager(len(docks) + len(tasks), len(slots), ends, ends)
    model = pywrapcp.RoutingModel(manager)
    index = {k: manager.NodeToIndex(at) for at, k in enumerate(tasks, len(docks))}
    _constrain(model, city, slots, index, _tables(city, docks, tasks))
    parameters = _parameters(seconds)
    model.CloseModelWithParameters(parameters)
    if any(present):
        start = model.ReadAssignmentFromRoutes([[index[k] for k in own] for own in present], True)
        found = start and model.SolveFromAssignmentWithParameters(start, parameters)
    else:
        found = model.SolveWithParameters(parameters)
    task_at = {at: k for k, at in index.items()}
    return [_route(model, found, v, task_at) for v in range(len(slots))] if found else None


def _tables(
    city: form.City, docks: Sequence[int], tasks: Sequence[int]
) -> tuple[form.Whole, form.Whole]:
    """Metres and seconds of the group's places; work counts on leaving."""
    keys = np.array(tasks, int)
    nodes = np.concatenate([np.array(docks, int), city.docks + keys])
    seconds = city.seconds[np.ix_(nodes, nodes)].copy()
    seconds[len(docks) :] += city.dur[keys][:, None]
    np.fill_diagonal(seconds, 0)
    return city.metres[np.ix_(nodes, nodes)], seconds


def _constrain(
    model: Any,
    city: form.City,
    slots: Sequence[form.Slot],
    index: dict[int, int],
    tables: tuple[form.Whole, form.Whole],
) -> None:
    metres, seconds = (model.RegisterTransitMatrix(table.tolist()) for table in tables)
    model.SetArcCostEvaluatorOfAllVehicles(metres)
    model.AddDimension(seconds, city.endurance, 2 * city.day, False, "time")
    time_ = model.GetDimensionOrDie("time")
    for v, slot in enumerate(slots):
        time_.SetSpanUpperBoundForVehicle(city.endurance, v)
        time_.CumulVar(model.Start(v)).SetRange(slot.begin, slot.end)
        time_.CumulVar(model.End(v)).SetRange(slot.begin, slot.end)
    for k, at in index.items():
        model.AddDisjunction([at], int(city.prize[k]))
        time_.CumulVar(at).SetRange(int(city.early[k]), int(city.late[k]))
        able = [v for v, slot in enumerate(slots) if city.sens[slot.dock] & city.sensor[k]]
        model.VehicleVar(at).SetValues([-1, *able])  # -1: nobody


def _parameters(seconds: float) -> Any:
    from ortools.constraint_solver import pywrapcp, routing_enums_pb2

    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.local_search_metaheuristic = (
        routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    )
    parameters.first_solution_strategy = (
        routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    )
    parameters.time_limit.FromMilliseconds(max(20, int(1000 * seconds)))
    return parameters


def _route(model: Any, found: Any, vehicle: int, task_at: dict[int, int]) -> list[int]:
    route, at = [], found.Value(model.NextVar(model.Start(vehicle)))
    while not model.IsEnd(at):
        route.append(task_at[at])
        at = found.Value(model.NextVar(at))
    return route


def _warm(_: int) -> None:
    """Import before the clock runs."""
    import ortools.constraint_solver.pywrapcp  # noqa: F401


def _near(city: form.City) -> form.Whole:
    """(tasks, NEAREST) docks by the metres out and back, those with the sensor only."""
    d = city.docks
    both = city.metres[:d, d:].T + city.metres[d:, :d]
    both = np.where(city.sensor[:, None] & city.sens[None, :], both, NEVER)
    return np.argsort(both, axis=1)[:, :NEAREST]


def _partition(city: form.City, random: np.random.Generator) -> Iterator[list[int]]:
    """Groups of neighbouring docks: a dock on the rim and those nearest to it, again and again."""
    between = city.metres[: city.docks, : city.docks]
    left, toward = list(range(city.docks)), int(random.integers(city.docks))
    while left:
        first = max(left, key=lambda d: between[toward, d])
        group = sorted(left, key=lambda d: between[first, d])[:DOCKS]
        left = [d for d in left if d not in group]
        yield group
