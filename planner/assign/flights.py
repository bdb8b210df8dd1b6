"""From the search's trips to flights over ground: transfers round zones, exact times."""

from collections.abc import Sequence
from datetime import UTC, timedelta
from math import inf

from core.energy import Wind, climb_s, descent_s
from core.equipment import VehicleSpec
from core.route import Route
from planner.assign.kinds import Floats
from planner.assign.model import Day
from planner.assign.path import Path
from planner.assign.posts import Place
from planner.problem import Flight, Station, Stop
from planner.routes.effort import reversed_route, routes_s
from planner.routing.model import Solution, Trip

LEAST_WAIT_S = 0.5
"""A shorter wait is within the rounding of times."""


def flight_s(route: Route, spec: VehicleSpec, wind: Wind) -> float:
    """Seconds from take-off to landing."""
    return (
        climb_s(route.waypoints[0].height_m, spec)
        + float(routes_s([route], spec, wind)[1][0])
        + descent_s(route.waypoints[-1].height_m, spec)
    )


def flights(day: Day, solution: Solution) -> list[Flight]:
    """The solution's trips as flights in order of start."""
    taken = {f.id for f in day.problem.frozen}
    number = [0] * len(day.problem.stations)
    found = []
    for v, k, trip in _in_time(day, solution):
        station = day.drones[v].station
        while True:
            number[station] += 1
            name = f"{day.problem.stations[station].id}-{number[station]}"
            if name not in taken:
                break
        found.append(_flight(day, v, k, trip, name))
    return sorted(found, key=lambda f: (f.start, f.station))


def _in_time(day: Day, solution: Solution) -> list[tuple[int, int, Trip]]:
    """Drone, number and trip of all trips in the order of time."""
    every = [(v, k, trip) for v, own in enumerate(solution.trips) for k, trip in enumerate(own)]
    return sorted(every, key=lambda one: (one[2].start, one[0]))


def _flight(day: Day, v: int, k: int, trip: Trip, name: str) -> Flight:
    drone, problem = day.drones[v], day.problem
    dock = problem.stations[drone.station]
    tasks, nodes = day.places(trip.nodes)
    turned = (day.nodes.way[nodes] & 1).astype(bool).tolist()
    begin = drone.first if k == 0 else drone.start
    path = _path(day, dock, (begin, drone.end), tasks.tolist(), turned)
    clock = path.reached_s(dock.spec, problem.wind)
    if not begin.aloft:
        clock = clock + climb_s(path.levels[0], dock.spec)
    late_s, waits = _waits(trip.start + clock, day.nodes.earliest[nodes], day.nodes.latest[nodes])
    route = path.route(waits)
    seconds = flight_s(route, dock.spec, problem.wind)
    if begin.aloft:
        seconds -= climb_s(path.levels[0], dock.spec)
    start = (problem.start + timedelta(seconds=trip.start + late_s)).astimezone(UTC)
    return Flight(
        id=name,
        station=dock.id,
        start=start,
        end=start + timedelta(seconds=seconds),
        stops=tuple(
            Stop(problem.tasks[t].id, back) for t, back in zip(tasks.tolist(), turned, strict=True)
        ),
        route=route,
        landing_share=_left(dock, begin, seconds),
    )


def _path(
    day: Day, dock: Station, ends: tuple[Place, Place], tasks: Sequence[int], turned: Sequence[bool]
) -> Path:
    routes = [day.problem.tasks[t].routes[dock.spec.id] for t in tasks]
    begin, end = (day.posts[day.post_of[place]] for place in ends)
    return Path(
        begin=ends[0].position,
        end=ends[1].position,
        pieces=tuple(
            reversed_route(r) if back else r for r, back in zip(routes, turned, strict=True)
        ),
        met=(begin.met, *day.met[tasks], end.met),
        air=day.air,
    )


def _left(dock: Station, begin: Place, seconds: float) -> float:
    """Share of the endurance at landing; what a drone in the air has used before counts."""
    whole = dock.spec.endurance_s * dock.health
    before = 0.0
    if begin.aloft and dock.airborne_s is not None:
        before = max(0.0, dock.spec.usable_s * dock.health - dock.airborne_s)
    return 1 - (before + seconds) / whole


def _waits(reached: Floats, earliest: Floats, latest: Floats) -> tuple[float, list[float]]:
    """How much later the flight may start without landing later, and what it then still waits
    before each task.

    Args:
        reached: when each task would be reached without any wait.
    """
    waited, most = 0.0, inf
    for at, low, high in zip(reached, earliest, latest, strict=True):
        waited += max(0.0, low - at - waited)
        most = min(most, waited + max(0.0, high - at - waited))
    late = min(waited, most)
    waits, waited = [], late
    for at, low in zip(reached, earliest, strict=True):
        wait = max(0.0, low - at - waited)
        waits.append(wait if wait >= LEAST_WAIT_S else 0.0)
        waited += wait
    return late, waits
