"""Fly once, proven: what separate flights must cost, the best separate plan found, the merged one.

Separate means that each department lays out its own looks and no flight serves two departments;
docks, drones, zones and the day are the same. A look without a department is one by itself. A
department may still fly several of its looks in one flight, so that the saving is the merging's.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.energy import CALM, Wind
from core.geo import HeightModel
from core.zones import Zone
from planner.assign.model import Day, read
from planner.assign.watch import Watch
from planner.prepare import prepare
from planner.problem import Look, Plan, Prepared, Problem, Station, Task
from planner.solve import planned

FOREVER_S = 1e8
"""No moment of a day is later: three years."""
PROMISE_M = 1e6
"""What leaving a task out costs where all must be flown: no flight is 1,000 km long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flown:
    """What a plan flies.

    Attributes:
        served: looks of which everything that was planned is flown.
    """

    km: float
    flights: int
    served: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """The merged plan beside separate ones, for the looks that the merged plan serves.

    Attributes:
        looks: how many those are.
        least_km: proven: no separate plan that serves them all flies less, however long it takes;
            None where the time was too short to prove anything.
        separate: the best separate plan found; it has the same drones and hours, and may have to
            leave some of the looks out.
    """

    looks: int
    least_km: float | None
    separate: Flown
    merged: Flown

    @property
    def share(self) -> float | None:
        """Kilometres saved for certain, as a share of what separate flights must cost."""
        return None if not self.least_km else 1 - self.merged.km / self.least_km


def saving(
    looks: Iterable[Look],
    prepared: Prepared,
    problem: Problem,
    plan: Plan,
    *,
    seconds: float,
    heights: HeightModel | None = None,
    seed: int = 0,
    workers: int = 1,
) -> Saving:
    """What flying once saves on a planned day.

    Args:
        seconds: half of them for the separate plan, half for the bound.
    """
    flown = {stop.task for f in plan.flights for stop in f.stops}
    served = [k for k in looks if _whole(prepared.served_by.get(k.id, ()), flown)]
    day, parts = separate_day(served, problem, heights)
    if day is None:
        nothing = Flown(km=0.0, flights=0, served=0)
        return Saving(looks=0, least_km=0.0, separate=nothing, merged=nothing)
    apart = _planned(day, seconds / 2, seed, workers)
    done = {stop.task for f in apart.flights for stop in f.stops}
    return Saving(
        looks=len(served),
        least_km=least_km(day, seconds / 2),
        separate=Flown(
            km=apart.km,
            flights=len(apart.flights),
            served=sum(_whole(parts[k.id], done) for k in served if k.id in parts),
        ),
        merged=Flown(km=plan.km, flights=len(plan.flights), served=len(served)),
    )


def separate_plan(
    looks: Iterable[Look],
    stations: Sequence[Station],
    zones: Sequence[Zone],
    *,
    seconds: float,
    heights: HeightModel | None = None,
    wind: Wind = CALM,
    seed: int = 0,
    workers: int = 1,
) -> Plan:
    """The best plan found in which no flight serves two departments, over the stations' own day.

    What cannot be laid out at all is not among its tasks.
    """
    wishes = list(looks)
    if not stations or not wishes:
        return Plan(flights=(), unserved={}, value=0.0, km=0.0)
    problem = Problem(
        stations=tuple(stations),
        tasks=(),
        zones=tuple(zones),
        start=min(s.available_from for s in stations),
        end=max(s.available_until for s in stations),
        wind=wind,
    )
    day, _ = separate_day(wishes, problem, heights)
    if day is None:
        return Plan(flights=(), unserved={}, value=0.0, km=0.0)
    return _planned(day, seconds, seed, workers)


def separate_day(
    looks: Sequence[Look], problem: Problem, heights: HeightModel | None
) -> tuple[Day | None, Mapping[str, tuple[str, ...]]]:
    """The day of each department by itself, and by look the tasks that serve it."""
    tasks: list[Task] = []
    owners: list[int] = []
    parts: dict[str, tuple[str, ...]] = {}
    by_department: dict[str, list[Look]] = {}
    for look in looks:
        by_department.setdefault(look.department or f"look {look.id}", []).append(look)
    for number, own in enumerate(by_department.values()):
        made = prepare(own, problem.stations, problem.zones, heights=heights, wind=problem.wind)
        tasks += made.tasks
        owners += [number] * len(made.tasks)
        parts |= made.served_by
    if not tasks:
        return None, parts
    day = read(replace(problem, tasks=tuple(tasks), previous=None))
    return replace(day, owner=np.array(owners, np.intp)), parts


def least_km(day: Day, seconds: float) -> float | None:
    """Kilometres that no plan of the day can do without that flies all that can be flown, with its
    windows and the length of the day left out: a bound by linear programming over all flights."""
    from planner.routing.bound import bound

    model = day.routing()
    nodes, drones = len(model.earliest), model.vehicles
    relaxed = replace(
        model,
        prize=np.full(model.groups, PROMISE_M),
        earliest=np.zeros(nodes),
        latest=np.full(nodes, FOREVER_S),
        release=np.zeros(nodes),
        free=np.zeros(drones),
        until=np.full(drones, FOREVER_S),
        max_trips=np.full(drones, model.groups, np.int32),
        trip_cost=np.zeros(drones),
    )
    found = bound(relaxed, seconds=seconds)
    return None if found is None else max(0.0, PROMISE_M * model.groups - found.value) / 1000


def _planned(day: Day, seconds: float, seed: int, workers: int) -> Plan:
    watch = Watch(
        problem=day.problem,
        began=time.monotonic(),
        seconds=seconds,
        progress=None,
        cancelled=None,
    )
    return planned(day, watch, seed=seed, threads=workers, certify=False)


def _whole(tasks: Iterable[str], flown: set[str]) -> bool:
    names = list(tasks)
    return bool(names) and all(name in flown for name in names)
