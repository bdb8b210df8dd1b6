"""An independent checker: accepts a plan or names every rule that it breaks.

It shares no code with what makes plans (routes, airspace, assignment): it asks `core` what paths
cost and where places are, and recomputes everything else from the plan itself. Frozen flights are
taken as they are; the plan's must keep from them.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from core.equipment import VehicleSpec
from core.geo import LonLat, distance_m
from core.route import Waypoint
from planner.problem import Flight, Plan, Problem, Station, Stop, Task, Violation
from planner.verify.path import (
    PLACE_M,
    TIME_S,
    Known,
    at_clock,
    bad,
    clock,
    known,
    landed_s,
)
from planner.verify.space import Regions, closed_everywhere
from planner.verify.together import apart, crew, places, rests

LOWEST_M = 30.0
"""Lower is neither a transfer nor a look."""


def verify(problem: Problem, plan: Plan) -> tuple[Violation, ...]:
    """Every rule that the plan breaks; empty when it is accepted."""
    know = known(problem, plan)
    regions = Regions(know)
    found = list(_account(know))
    unflyable = False
    for flight in plan.flights:
        dock = know.stations.get(flight.station)
        if dock is None:
            found.append(bad("station", flight.id, f"there is no station {flight.station}"))
            continue
        try:
            reached = clock(
                flight.route.waypoints, dock.spec, problem.wind, aloft=know.is_aloft(flight)
            )
        except ValueError as error:
            found.append(bad("wind", flight.id, str(error)))
            unflyable = True
            continue
        found.extend(_flight(know, flight, dock, reached))
        found.extend(closed_everywhere(know, flight))
        found.extend(regions.entered(flight))
    found += [*places(know), *rests(know), *crew(know)]
    if not unflyable:  # else there is no moment to compare
        found += apart(know)
    return tuple(found)


def _account(know: Known) -> Iterator[Violation]:
    """Each task is flown at most once, and every other one is named as unserved."""
    flown = {s.task for f in know.problem.frozen for s in f.stops}
    before = set(flown)
    names: set[str] = set()
    for flight in know.plan.flights:
        if flight.id in names:
            yield bad("account", flight.id, "two flights have this name")
        names.add(flight.id)
        if not flight.stops:
            yield bad("account", flight.id, "flies nothing")
        for stop in flight.stops:
            if stop.task not in know.tasks:
                yield bad("task", flight.id, f"there is no task {stop.task}")
            elif stop.task in flown:
                yield bad("task", flight.id, f"task {stop.task} is flown twice")
            flown.add(stop.task)
    for task in know.tasks:
        if task not in flown and task not in know.plan.unserved:
            yield bad("account", task, "is neither flown nor refused with a reason")
        if task in flown and task in know.plan.unserved:
            yield bad("account", task, "is flown and refused")
    value = sum(know.tasks[t].prize for t in flown - before if t in know.tasks)
    if abs(value - know.plan.value) > 1e-6 * max(1.0, value):
        yield bad("account", "plan", f"value {know.plan.value:.0f} is really {value:.0f}")
    km = sum(f.route.length_m for f in know.plan.flights) / 1000
    if abs(km - know.plan.km) > 1e-3 * max(1.0, km):
        yield bad("account", "plan", f"{know.plan.km:.1f} km are really {km:.1f} km")


def _flight(
    know: Known, flight: Flight, dock: Station, reached: Sequence[float]
) -> Iterator[Violation]:
    problem, spec = know.problem, dock.spec
    if dock.standby:
        yield bad("standby", flight.id, f"{dock.id} is kept for emergencies")
    if problem.wind.speed_mps > spec.wind_limit_mps:
        yield bad("wind", flight.id, f"{problem.wind.speed_mps:g} m/s is too strong for {spec.id}")
    yield from _heights(know, flight, spec)
    yield from _cameras(flight, spec)
    seconds = landed_s(flight.route.waypoints, reached, spec)
    yield from _times(know, flight, dock, seconds)
    yield from _endurance(know, flight, dock, seconds)
    yield from _stops(know, flight, spec, reached)


def _heights(know: Known, flight: Flight, spec: VehicleSpec) -> Iterator[Violation]:
    heights = [w.height_m for w in flight.route.waypoints]
    if max(heights) > spec.max_height_m + 0.1:
        yield bad("height", flight.id, f"{max(heights):.0f} m is above {spec.max_height_m:.0f} m")
    low = [w for w in flight.route.waypoints if w.height_m < LOWEST_M]
    if low and not {(w.position, w.height_m) for w in low} <= _meant(flight, spec, know):
        yield bad("height", flight.id, f"{min(heights):.0f} m is too low for a transfer or a look")


def _meant(flight: Flight, spec: VehicleSpec, know: Known) -> set[tuple[LonLat, float]]:
    """Places and heights at which a wall or a tower is looked at from the side."""
    tasks = [know.tasks[s.task] for s in flight.stops if s.task in know.tasks]
    routes = [t.routes[spec.id] for t in tasks if spec.id in t.routes]
    return {
        (w.position, w.height_m) for r in routes for w in r.waypoints if w.heading_deg is not None
    }


def _cameras(flight: Flight, spec: VehicleSpec) -> Iterator[Violation]:
    for point in flight.route.waypoints:
        if point.photo_spacing_m > 0:
            speed = point.speed_mps or spec.cruise_mps
            used = [c for c in spec.cameras if point.sensor in (None, c.sensor)]
            slow = max((c.min_interval_s for c in used), default=0.0)
            if not used:
                yield bad("sensor", flight.id, f"{spec.id} has no {point.sensor} camera")
                return
            if point.photo_spacing_m / speed < slow - 1e-3:
                every = point.photo_spacing_m / speed
                yield bad("sensor", flight.id, f"a camera cannot photograph every {every:.2f} s")
                return


def _times(know: Known, flight: Flight, dock: Station, seconds: float) -> Iterator[Violation]:
    """Its stated times are those of its path, and its drone and the day are there."""
    stated = (flight.end - flight.start).total_seconds()
    if abs(stated - seconds) > TIME_S:
        yield bad("time", flight.id, f"takes {seconds:.0f} s, not {stated:.0f} s")
    problem, slack = know.problem, timedelta(seconds=TIME_S)
    begin = max(t for t in (dock.available_from, problem.start, problem.now) if t is not None)
    last = min(dock.available_until, problem.end)
    if flight.start < begin - slack or flight.end > last + slack:
        yield bad("availability", flight.id, f"{dock.id} is not available all the time")


def _endurance(know: Known, flight: Flight, dock: Station, seconds: float) -> Iterator[Violation]:
    """It lands with its reserve; a worn battery gives less, a drone in the air has less left."""
    whole, usable = dock.spec.endurance_s * dock.health, dock.spec.usable_s * dock.health
    used = 0.0
    if know.is_aloft(flight) and dock.airborne_s is not None:
        used = max(0.0, usable - dock.airborne_s)
        left = (flight.end - dock.available_from).total_seconds()
        if left > dock.airborne_s + TIME_S:
            yield bad(
                "endurance",
                flight.id,
                f"lands {left:.0f} s from where it is in the air; {dock.airborne_s:.0f} s are left",
            )
    if seconds > usable - used + TIME_S:
        yield bad(
            "endurance",
            flight.id,
            f"{seconds:.0f} s leave no reserve; {usable - used:.0f} s may be used",
        )
    share = 1 - (used + seconds) / whole
    if abs(share - flight.landing_share) > 0.005:
        yield bad("endurance", flight.id, f"lands with {share:.1%}, not {flight.landing_share:.1%}")


def _stops(
    know: Known, flight: Flight, spec: VehicleSpec, reached: Sequence[float]
) -> Iterator[Violation]:
    at = 0
    for stop in flight.stops:
        task = know.tasks.get(stop.task)
        if task is None:
            continue
        if not task.sensors <= spec.sensors:
            yield bad("sensor", flight.id, f"{spec.id} lacks what task {task.id} needs")
        if (
            task.file_by is not None
            and know.problem.now is not None
            and task.file_by < know.problem.now
        ):
            yield bad(
                "filing", flight.id, f"task {task.id} was to be filed {at_clock(task.file_by)}"
            )
        wanted = _wanted(task, stop, spec)
        points = flight.route.waypoints
        begin = _find(points, wanted, at, stop.reverse) if wanted else None
        if begin is None:
            yield bad("route", flight.id, f"the path does not hold the route of task {task.id}")
            continue
        at = begin + len(wanted)
        waits = points[begin].hold_s - wanted[0].hold_s  # before the work, at its first place
        yield from _window(
            flight, task, reached[begin] + waits, reached[at - 1] + wanted[-1].hold_s
        )


def _window(flight: Flight, task: Task, begin_s: float, end_s: float) -> Iterator[Violation]:
    slack = timedelta(seconds=TIME_S)
    begin, end = (flight.start + timedelta(seconds=s) for s in (begin_s, end_s))
    if begin < task.earliest - slack:
        yield bad("window", flight.id, f"task {task.id} begins {at_clock(begin)}, too early")
    if end > task.latest + slack:
        yield bad("window", flight.id, f"task {task.id} ends {at_clock(end)}, too late")
    if task.windows and not any(a - slack <= begin and end <= b + slack for a, b in task.windows):
        times = f"{at_clock(begin)} to {at_clock(end)}"
        yield bad("window", flight.id, f"task {task.id} is flown {times}, in none of its windows")


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
    """Same places, heights and holds, photos on the same legs, cameras turned the same way."""
    for have, want in zip(points, wanted, strict=True):
        if (
            distance_m(have.position, want.position) > PLACE_M
            or abs(have.height_m - want.height_m) > 0.5
            or have.photo != want.photo
            or have.sensor != want.sensor
            or have.hold_s < want.hold_s
            or (want.photo and _aim(have) != _aim(want))
        ):
            return False
    # a leg's photos are noted where it starts: backward that is the waypoint further on
    for have, want in zip(points[:-1], wanted[1:] if reverse else wanted[:-1], strict=True):
        if have.photo_spacing_m != want.photo_spacing_m:
            return False
        if want.photo_spacing_m > 0 and not have.photo and _aim(have) != _aim(want):
            return False
    return True


def _aim(point: Waypoint) -> tuple[float | None, float]:
    return point.heading_deg, point.gimbal_pitch_deg
