"""An independent checker: accepts a plan or names every rule that it breaks.

It shares no code with what makes plans (routes, airspace, assignment); it asks `core` what paths
cost and whether they are clear, and recomputes everything else from the plan itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import shapely

from core.clearance import conflicts
from core.energy import CLIMB_FACTOR, climb_s, descent_s, leg_s
from core.equipment import VehicleSpec
from core.geo import distance_m
from core.route import Waypoint
from core.zones import Zone
from planner.problem import Flight, Plan, Problem, Station, Stop, Task, Violation

TIME_S = 1.5
"""Rounding allowed in times."""
PLACE_M = 2.0
"""Rounding allowed in places."""


@dataclass(frozen=True)
class _Known:
    problem: Problem
    stations: dict[str, Station]
    tasks: dict[str, Task]
    zones: list[Zone]
    tree: shapely.STRtree


def verify(problem: Problem, plan: Plan) -> tuple[Violation, ...]:
    """Every rule that the plan breaks; empty when it is accepted."""
    known = _Known(
        problem,
        {s.id: s for s in problem.stations},
        {t.id: t for t in problem.tasks},
        list(problem.zones),
        shapely.STRtree([z.polygon for z in problem.zones]),
    )
    found = list(_account(known, plan))
    for flight in plan.flights:
        if flight.station not in known.stations:
            found.append(_bad("station", flight.id, f"there is no station {flight.station}"))
        else:
            found.extend(_flight(known, flight, known.stations[flight.station]))
    found.extend(_turnarounds(known, plan))
    return tuple(found)


def _bad(rule: str, where: str, message: str) -> Violation:
    return Violation(rule=rule, where=where, message=message)


def _account(known: _Known, plan: Plan) -> Iterator[Violation]:
    """Each task is flown at most once, and every other one is named as unserved."""
    flown: set[str] = set()
    names: set[str] = set()
    for flight in plan.flights:
        if flight.id in names:
            yield _bad("account", flight.id, "two flights have this name")
        names.add(flight.id)
        if not flight.stops:
            yield _bad("account", flight.id, "flies nothing")
        for stop in flight.stops:
            if stop.task not in known.tasks:
                yield _bad("task", flight.id, f"there is no task {stop.task}")
            elif stop.task in flown:
                yield _bad("task", flight.id, f"task {stop.task} is flown twice")
            flown.add(stop.task)
    for task in known.tasks:
        if task not in flown and task not in plan.unserved:
            yield _bad("account", task, "is neither flown nor refused with a reason")
        if task in flown and task in plan.unserved:
            yield _bad("account", task, "is flown and refused")
    value = sum(known.tasks[t].prize for t in flown if t in known.tasks)
    if abs(value - plan.value) > 1e-6 * max(1.0, value):
        yield _bad("account", "plan", f"value {plan.value:.0f} is really {value:.0f}")
    km = sum(f.route.length_m for f in plan.flights) / 1000
    if abs(km - plan.km) > 1e-3 * max(1.0, km):
        yield _bad("account", "plan", f"{plan.km:.1f} km are really {km:.1f} km")


def _flight(known: _Known, flight: Flight, dock: Station) -> Iterator[Violation]:
    points, spec = flight.route.waypoints, dock.spec
    problem = known.problem
    for end, name in ((points[0], "begins"), (points[-1], "ends")):
        if distance_m(end.position, dock.position) > PLACE_M:
            yield _bad("route", flight.id, f"{name} away from its dock")
    if problem.wind.speed_mps > spec.wind_limit_mps:
        yield _bad("wind", flight.id, f"{problem.wind.speed_mps:g} m/s is too strong for {spec.id}")
    yield from _heights(flight, spec)
    yield from _cameras(flight, spec)
    try:
        clock = _clock(points, spec, known)
    except ValueError as error:
        yield _bad("wind", flight.id, str(error))
        return
    yield from _times(known, flight, dock, clock[-1] + descent_s(points[-1].height_m, spec))
    yield from _stops(known, flight, spec, clock)
    yield from _zones(known, flight)


def _heights(flight: Flight, spec: VehicleSpec) -> Iterator[Violation]:
    heights = [w.height_m for w in flight.route.waypoints]
    if max(heights) > spec.max_height_m + 0.1:
        yield _bad("height", flight.id, f"{max(heights):.0f} m is above {spec.max_height_m:.0f} m")
    if min(heights) < 30.0:
        yield _bad("height", flight.id, f"{min(heights):.0f} m is too low for a transfer or a look")


def _cameras(flight: Flight, spec: VehicleSpec) -> Iterator[Violation]:
    for point in flight.route.waypoints:
        if point.photo_spacing_m > 0:
            speed = point.speed_mps or spec.cruise_mps
            used = [c for c in spec.cameras if point.sensor in (None, c.sensor)]
            slow = max((c.min_interval_s for c in used), default=0.0)
            if not used:
                yield _bad("sensor", flight.id, f"{spec.id} has no {point.sensor} camera")
                return
            if point.photo_spacing_m / speed < slow - 1e-3:
                every = point.photo_spacing_m / speed
                yield _bad("sensor", flight.id, f"a camera cannot photograph every {every:.2f} s")
                return


def _clock(points: Sequence[Waypoint], spec: VehicleSpec, known: _Known) -> list[float]:
    """Seconds after take-off at which each waypoint is reached."""
    wind = known.problem.wind
    now = climb_s(points[0].height_m, spec)
    found = [now]
    for a, b in pairwise(points):
        seconds = leg_s(a.position, b.position, spec, wind)
        if a.speed_mps is not None:
            seconds = max(seconds, distance_m(a.position, b.position) / a.speed_mps)
        rise = max(0.0, b.height_m - a.height_m)
        now += a.hold_s + seconds + climb_s(rise, spec) * (1 - 1 / CLIMB_FACTOR)
        found.append(now)
    found[-1] += points[-1].hold_s
    return found


def _times(known: _Known, flight: Flight, dock: Station, seconds: float) -> Iterator[Violation]:
    spec = dock.spec
    stated = (flight.end - flight.start).total_seconds()
    if abs(stated - seconds) > TIME_S:
        yield _bad("time", flight.id, f"takes {seconds:.0f} s, not {stated:.0f} s")
    if seconds > spec.usable_s + TIME_S:
        yield _bad(
            "endurance",
            flight.id,
            f"{seconds:.0f} s leave no reserve; {spec.usable_s:.0f} s may be used",
        )
    share = 1 - seconds / spec.endurance_s
    if abs(share - flight.landing_share) > 0.005:
        yield _bad(
            "endurance", flight.id, f"lands with {share:.1%}, not {flight.landing_share:.1%}"
        )
    slack = timedelta(seconds=TIME_S)
    begin = max(dock.available_from, known.problem.start)
    last = min(dock.available_until, known.problem.end)
    if flight.start < begin - slack or flight.end > last + slack:
        yield _bad("availability", flight.id, f"{dock.id} is not available all the time")


def _stops(
    known: _Known, flight: Flight, spec: VehicleSpec, clock: Sequence[float]
) -> Iterator[Violation]:
    at = 0
    for stop in flight.stops:
        task = known.tasks.get(stop.task)
        if task is None:
            continue
        if not task.sensors <= spec.sensors:
            yield _bad("sensor", flight.id, f"{spec.id} lacks what task {task.id} needs")
        wanted = _wanted(task, stop, spec)
        points = flight.route.waypoints
        begin = _find(points, wanted, at, stop.reverse) if wanted else None
        if begin is None:
            yield _bad("route", flight.id, f"the path does not hold the route of task {task.id}")
            continue
        at = begin + len(wanted)
        yield from _window(flight, task, clock[begin], clock[at - 1] + wanted[-1].hold_s)


def _window(flight: Flight, task: Task, begin_s: float, end_s: float) -> Iterator[Violation]:
    slack = timedelta(seconds=TIME_S)
    begin, end = (flight.start + timedelta(seconds=s) for s in (begin_s, end_s))
    if begin < task.earliest - slack:
        yield _bad("window", flight.id, f"task {task.id} begins {_clock_text(begin)}, too early")
    if end > task.latest + slack:
        yield _bad("window", flight.id, f"task {task.id} ends {_clock_text(end)}, too late")


def _clock_text(moment: datetime) -> str:
    return moment.strftime("%d %H:%M:%S UTC")


def _wanted(task: Task, stop: Stop, spec: VehicleSpec) -> list[Waypoint]:
    """The waypoints that must be in the path; empty when this kind cannot fly the task."""
    route = task.routes.get(spec.id)
    if route is None:
        return []
    return list(route.waypoints[::-1] if stop.reverse else route.waypoints)


def _find(
    points: Sequence[Waypoint], wanted: Sequence[Waypoint], at: int, reverse: bool
) -> int | None:
    """Where the wanted waypoints stand in the path one after another."""
    for begin in range(at, len(points) - len(wanted) + 1):
        if points[begin].position == wanted[0].position and _same(
            points[begin : begin + len(wanted)], wanted, reverse
        ):
            return begin
    return None


def _same(points: Sequence[Waypoint], wanted: Sequence[Waypoint], reverse: bool) -> bool:
    """Same places, heights and holds, and photos on the same legs."""
    for have, want in zip(points, wanted, strict=True):
        if (
            distance_m(have.position, want.position) > PLACE_M
            or abs(have.height_m - want.height_m) > 0.5
            or have.photo != want.photo
            or have.sensor != want.sensor
            or have.hold_s < want.hold_s
        ):
            return False
    legs = [w.photo_spacing_m for w in points[:-1]]
    # a leg's photos are noted where it starts: backward that is the waypoint further on
    return legs == [w.photo_spacing_m for w in (wanted[1:] if reverse else wanted[:-1])]


def _zones(known: _Known, flight: Flight) -> Iterator[Violation]:
    places = [w.position for w in flight.route.waypoints]
    line = shapely.LineString([(p.lon, p.lat) for p in places])
    # 0.01 degrees are at least 500 m below 60 degrees of latitude; buffers may be wider
    widest = max((z.buffer_m for z in known.zones), default=0.0) / 50_000 + 0.01
    near = known.tree.query(shapely.box(*line.bounds).buffer(widest))
    height = max(w.height_m for w in flight.route.waypoints)
    zones = [known.zones[int(k)] for k in near]
    for conflict in conflicts(places, zones, height_m=height, start=flight.start, end=flight.end):
        yield _bad("zone", flight.id, str(conflict))


def _turnarounds(known: _Known, plan: Plan) -> Iterator[Violation]:
    """Between landing and the next start of a drone lies its recharging."""
    by_station: dict[str, list[Flight]] = {}
    for flight in plan.flights:
        by_station.setdefault(flight.station, []).append(flight)
    for name, own in by_station.items():
        if name not in known.stations:
            continue
        rest = timedelta(seconds=known.stations[name].spec.recharge_s - TIME_S)
        for before, after in pairwise(sorted(own, key=lambda f: f.start)):
            if after.start < before.end + rest:
                yield _bad("recharge", after.id, f"starts before {name} has recharged")
