"""Random days with everything a day can have, each from its seed, and what must hold on them."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
import shapely
from planner_city import END, FRAME, START, city

from core.clearance import conflicts
from core.energy import Wind, climb_s, step_s
from core.zones import Zone
from planner import Plan, Problem, prepare, solve, verify
from planner.problem import Closure, Flight, Separation, Station, Task, Violation

HALF_M = 6000.0
HOUR = timedelta(hours=1)
Rng = np.random.Generator


@dataclass(frozen=True, kw_only=True)
class Day:
    """One day of the campaign and what became of it.

    Attributes:
        entered: flights that enter a zone, by `core.clearance` alone.
    """

    seed: int
    plan: Plan
    violations: tuple[Violation, ...]
    entered: tuple[str, ...]
    seconds: float


def lived(seed: int, seconds: float = 0.05, looks: int = 16) -> Day:
    """Make a day of so many looks at most, plan it, check it."""
    problem = day(seed, looks)
    began = time.monotonic()
    plan = solve(problem, seconds=seconds, seed=seed)
    took = time.monotonic() - began
    return Day(
        seed=seed,
        plan=plan,
        violations=verify(problem, plan),
        entered=tuple(entered(problem, plan)),
        seconds=took,
    )


def day(seed: int, looks: int = 16) -> Problem:
    """The day of a seed: each feature is there on some days, all of them on few."""
    rng = np.random.default_rng(seed)
    wishes, stations, zones = city(
        int(rng.integers(1 << 30)), int(rng.integers(1, 7)), int(rng.integers(1, looks + 1)),
        int(rng.integers(0, 6)), HALF_M,
    )  # fmt: skip
    zones = [_zone(rng, z) for z in zones]
    wind = Wind(float(rng.uniform(0, 11)), float(rng.uniform(0, 360))) if _some(rng) else Wind()
    tasks = prepare(wishes, stations, zones, wind=wind).tasks
    plain = Problem(
        stations=tuple(stations), tasks=tasks, zones=tuple(zones), start=START, end=END, wind=wind
    )
    before = solve(plain, seconds=0.0, seed=seed)
    problem = replace(
        plain,
        tasks=tuple(_task(rng, t) for t in tasks),
        closures=tuple(_closure(rng, k) for k in range(int(rng.choice([0, 0, 1, 3])))),
        crew_limit=int(rng.integers(1, 5)) if _some(rng) else None,
        separation=_separation(rng) if _some(rng) else None,
        previous=before if _some(rng) else None,
        churn_m=float(rng.choice([0, 3000])),
        wear_m=float(rng.choice([0, 500])),
        fairness=float(rng.choice([0, 0, 0.5, 1])),
    )
    return _with_now(rng, _with_frozen(rng, problem, before))


def entered(problem: Problem, plan: Plan) -> Iterator[str]:
    """Names of flights that enter a zone: asked of `core.clearance`, leg by leg where need be."""
    specs = {s.id: s.spec for s in problem.stations}
    for flight in plan.flights:
        points = flight.route.waypoints
        whole = conflicts(
            [w.position for w in points], problem.zones, height_m=max(w.height_m for w in points)
        )
        zones = [c.zone for c in whole]
        if not zones:
            continue
        spec = specs[flight.station]
        now = flight.start + timedelta(seconds=climb_s(points[0].height_m, spec))
        for a, b in pairwise(points):
            end = now + timedelta(seconds=a.hold_s + step_s(a, b, spec, problem.wind))
            low, high = sorted((a.height_m, b.height_m))
            for found in conflicts(
                [a.position, b.position],
                [z for z in zones if z.ceiling_m >= low],
                height_m=high,
                start=now,
                end=end,
            ):
                yield f"{flight.id}: {found}"
            now = end


def _some(rng: Rng, share: float = 0.4) -> bool:
    return bool(rng.random() < share)


def _zone(rng: Rng, zone: Zone) -> Zone:
    """Some zones have heights, some times, some no buffer."""
    floor, ceiling = [(0, 1000), (0, 1000), (70, 1000), (100, 1000), (125, 1000), (0, 50), (0, 90)][
        int(rng.integers(7))
    ]
    active = None
    if _some(rng):
        begin = START + float(rng.uniform(-1, 9)) * HOUR
        active = (begin, begin + float(rng.uniform(0.2, 4)) * HOUR)
    return replace(
        zone, floor_m=float(floor), ceiling_m=float(ceiling), active=active,
        buffer_m=float(rng.choice([0, 50, 50, 200])),
    )  # fmt: skip


def _task(rng: Rng, task: Task) -> Task:
    windows: tuple[tuple[object, object], ...] = ()
    if _some(rng, 0.3):
        cuts = np.sort(rng.uniform(0, 1, 2 * int(rng.integers(1, 3))))
        moments = [task.earliest + float(c) * (task.latest - task.earliest) for c in cuts]
        windows = tuple(zip(moments[::2], moments[1::2], strict=True))
    file_by = START + float(rng.uniform(-3, 3)) * HOUR if _some(rng, 0.2) else None
    return replace(task, windows=windows, file_by=file_by, departments=(f"d{rng.integers(3)}",))


def _closure(rng: Rng, k: int) -> Closure:
    begin = START + float(rng.uniform(-1, 9)) * HOUR
    x, y = rng.uniform(-HALF_M, HALF_M, 2)
    disc = shapely.Point(x, y).buffer(float(rng.uniform(300, 3000)))
    return Closure(
        id=f"C{k}", start=begin, end=begin + float(rng.uniform(0.2, 3)) * HOUR, reason="storm",
        reason_zh="雷暴", area=None if _some(rng, 0.3) else FRAME.to_degrees(disc),
    )  # fmt: skip


def _separation(rng: Rng) -> Separation:
    if _some(rng, 0.5):
        return Separation()
    return Separation(within_m=200.0, height_m=150.0, time_s=120.0, near_dock_m=100.0)


def _with_frozen(rng: Rng, problem: Problem, before: Plan) -> Problem:
    """Some flights of the plan in hand are released; some drones are worn, kept or sent away."""
    held: list[Flight] = [f for f in before.flights if _some(rng, 0.2)] if _some(rng) else []
    flown = {s.task for f in held for s in f.stops}
    if held and _some(rng, 0.2):  # of another plan, whose drones are not ours
        held[0] = replace(held[0], station="elsewhere")
    stations = [_station(rng, s, problem) for s in problem.stations]
    busy = {f.station for f in held}
    return replace(
        problem,
        stations=tuple(replace(new, lands_at=None) if new.id in busy else new for new in stations),
        frozen=tuple(held),
        tasks=tuple(t for t in problem.tasks if t.id not in flown),
    )


def _station(rng: Rng, station: Station, problem: Problem) -> Station:
    others = [s.position for s in problem.stations if s.id != station.id]
    return replace(
        station,
        health=float(rng.uniform(0.5, 1)) if _some(rng) else 1.0,
        standby=_some(rng, 0.1),
        lands_at=others[int(rng.integers(len(others)))] if others and _some(rng, 0.15) else None,
        available_from=START + float(rng.choice([0, 0, 1, 3])) * HOUR,
        available_until=END - float(rng.choice([0, 0, 2])) * HOUR,
    )


def _with_now(rng: Rng, problem: Problem) -> Problem:
    """On some days it is later than the morning, and drones without a frozen flight are up."""
    if not _some(rng):
        return problem
    now = START + float(rng.uniform(0, 5)) * HOUR
    busy = {f.station for f in problem.frozen}
    shut = shapely.union_all([FRAME.to_metres(z.polygon).buffer(300) for z in problem.zones])
    stations = []
    for station in problem.stations:
        x, y = np.array(FRAME.point_xy(station.position)) + rng.uniform(-1500, 1500, 2)
        up = _some(rng, 0.3) and station.id not in busy and not shapely.intersects_xy(shut, x, y)
        left = float(rng.uniform(0.2, 1)) * station.spec.usable_s * station.health
        stations.append(
            replace(
                station, starts_from=FRAME.point(float(x), float(y)), airborne_s=left,
                available_from=now,
            )
            if up
            else station
        )  # fmt: skip
    return replace(problem, now=now, stations=tuple(stations))
