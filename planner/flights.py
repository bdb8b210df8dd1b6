"""From the search's flights to flights over ground: transfers round zones, exact times."""

from collections.abc import Sequence
from datetime import UTC, timedelta

import numpy as np

from core.energy import Wind, climb_s, descent_s, route_s
from core.equipment import VehicleSpec
from core.geo import LonLat
from core.route import Route, Waypoint
from planner.airspace import Airspace
from planner.assign.model import TRANSFER_M, Day
from planner.assign.roster import Roster, Sortie
from planner.effort import reversed_route
from planner.problem import Flight, Stop


def flight_s(route: Route, spec: VehicleSpec, wind: Wind) -> float:
    """Seconds from take-off to landing."""
    return (
        climb_s(route.waypoints[0].height_m, spec)
        + route_s(route, spec, wind)
        + descent_s(route.waypoints[-1].height_m, spec)
    )


def flights(roster: Roster) -> list[Flight]:
    """The roster's flights in order of start, each as early as it can be."""
    day = roster.day
    found = []
    for station, own in enumerate(roster.flights):
        starts = roster.starts(station, own)
        if starts is None:
            raise ValueError(f"the flights of {day.problem.stations[station].id} do not fit")
        for number, (sortie, start) in enumerate(zip(own, starts, strict=True), 1):
            found.append(_flight(day, station, number, sortie, start))
    return sorted(found, key=lambda f: (f.start, f.station))


def _flight(day: Day, station: int, number: int, sortie: Sortie, start: float) -> Flight:
    problem = day.problem
    dock = problem.stations[station]
    stops = tuple(Stop(problem.tasks[n >> 1].id, bool(n & 1)) for n in sortie.nodes)
    pieces = []
    for node in sortie.nodes:
        route = problem.tasks[node >> 1].routes[dock.spec.id]
        pieces.append(reversed_route(route) if node & 1 else route)
    route = whole_route(dock.position, pieces, day.sky)
    seconds = flight_s(route, dock.spec, problem.wind)
    begin = (problem.start + timedelta(seconds=start)).astimezone(UTC)
    return Flight(
        id=f"{dock.id}-{number}",
        station=dock.id,
        start=begin,
        end=begin + timedelta(seconds=seconds),
        stops=stops,
        route=route,
        landing_share=1 - seconds / dock.spec.endurance_s,
    )


def whole_route(dock: LonLat, pieces: Sequence[Route], sky: Airspace) -> Route:
    """Dock, transfers, the pieces as they are, dock; transfers go round what is blocked.

    Transfers fly at the height of the piece that they lead to or come from, the greater of two,
    and not below `TRANSFER_M`.

    Raises:
        ValueError: there is no way round the zones.
    """
    levels = [
        max(TRANSFER_M, *(w.height_m for w in (p.waypoints[0], p.waypoints[-1]))) for p in pieces
    ]
    points = [Waypoint(position=dock, height_m=levels[0])]
    points += transfer(dock, pieces[0].entry, levels[0], sky)
    for k, piece in enumerate(pieces):
        points += piece.waypoints
        following = pieces[k + 1].entry if k + 1 < len(pieces) else dock
        level = max(levels[k], levels[k + 1]) if k + 1 < len(pieces) else levels[k]
        if level - piece.waypoints[-1].height_m > 0.1:  # first up, then across
            points.append(Waypoint(position=piece.exit, height_m=level))
        points += transfer(piece.exit, following, level, sky)
    points.append(Waypoint(position=dock, height_m=levels[-1]))
    return Route(tuple(points))


def transfer(a: LonLat, b: LonLat, height_m: float, sky: Airspace) -> list[Waypoint]:
    """Waypoints between a and b, neither included: a corner for each turn round a zone.

    Raises:
        ValueError: there is no way round the zones.
    """
    xy = np.column_stack(sky.frame.xy([a.lon, b.lon], [a.lat, b.lat]))
    way = sky.way(xy[0], xy[1])
    if way is None:
        raise ValueError(f"no way round the zones from {a} to {b}")
    lon, lat = sky.frame.lonlat(way[1][:, 0], way[1][:, 1])
    return [
        Waypoint(position=LonLat(float(x), float(y)), height_m=height_m)
        for x, y in zip(lon, lat, strict=True)
    ]
