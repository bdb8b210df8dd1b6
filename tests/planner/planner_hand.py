"""A day made by hand, so that each rule can be broken alone: two docks, two straight tasks."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from planner_city import COPTER, END, FRAME, START, station

from core.energy import climb_s, descent_s, route_s
from core.equipment import Sensor
from core.geo import LonLat
from core.route import Route, Waypoint
from planner.problem import Flight, Plan, Problem, Station, Stop, Task

HEIGHT_M = 80.0
TEN = START + timedelta(hours=2)


def point(x: float, y: float, **extra: float) -> Waypoint:
    """A waypoint so many metres east and north of the city's middle."""
    return Waypoint(position=FRAME.point(x, y), **{"height_m": HEIGHT_M, **extra})


def task(name: str, *spots: tuple[float, float], **extra: object) -> Task:
    """A straight path past the spots, any time of the day."""
    values: dict[str, object] = {
        "looks": (f"look of {name}",), "sensors": frozenset({Sensor.VISIBLE}),
        "routes": {COPTER.id: Route(tuple(point(*s) for s in spots))},
        "earliest": START, "latest": END, "priority": 3,
    }  # fmt: skip
    return Task(id=name, **{**values, **extra})  # type: ignore[arg-type]


WEST, EAST = station("W", 0, 0, COPTER), station("E", 4000, 0, COPTER)
ALONG = task("along", (1000, 0), (2000, 0))
ACROSS = task("across", (2000, 1000), (2000, -1000))
DAY = Problem(
    stations=(WEST, EAST), tasks=(ALONG, ACROSS), zones=(), start=START, end=END
)  # fmt: skip


def flight(
    problem: Problem,
    dock: Station,
    tasks: Sequence[Task],
    start: datetime,
    *,
    name: str = "",
    way: Sequence[Waypoint] | None = None,
    begin: LonLat | None = None,
    aloft: bool = False,
) -> Flight:
    """Straight from the dock over the tasks to where its drone lands, with its true times.

    Args:
        way: the whole path, instead.
        begin: another place of departure; aloft: it is in the air there.
    """
    first = Waypoint(position=begin or dock.position, height_m=HEIGHT_M)
    last = Waypoint(position=dock.lands_at or dock.position, height_m=HEIGHT_M)
    pieces = [w for t in tasks for w in t.routes[dock.spec.id].waypoints]
    route = Route(tuple(way or (first, *pieces, last)))
    spec = dock.spec
    seconds = route_s(route, spec, problem.wind) + descent_s(route.waypoints[-1].height_m, spec)
    if not aloft:
        seconds += climb_s(route.waypoints[0].height_m, spec)
    before = spec.usable_s * dock.health - (dock.airborne_s or 0.0) if aloft else 0.0
    return Flight(
        id=name or f"{dock.id}-{start:%H%M%S}", station=dock.id, start=start,
        end=start + timedelta(seconds=seconds), stops=tuple(Stop(t.id) for t in tasks),
        route=route, landing_share=1 - (before + seconds) / (spec.endurance_s * dock.health),
    )  # fmt: skip


def plan(problem: Problem, *flights: Flight) -> Plan:
    """These flights as a plan; there must be one for each task."""
    flown = {s.task for f in flights for s in f.stops}
    return Plan(
        flights=flights, unserved={},
        value=sum(t.prize for t in problem.tasks if t.id in flown),
        km=sum(f.route.length_m for f in flights) / 1000,
    )  # fmt: skip


def moved(flight: Flight, seconds: float) -> Flight:
    """The same flight so much later."""
    later = timedelta(seconds=seconds)
    return replace(flight, start=flight.start + later, end=flight.end + later)
