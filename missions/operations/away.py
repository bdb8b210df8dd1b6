"""Flights of drones that do not stand at home: a drone belongs to the dock on whose pad it stands.

After landing elsewhere the next flight starts there, by ways that are found anew, and ends at home
if home is free.
"""

from dataclasses import replace

from core.errors import NotReady
from core.geo import LonLat
from core.route import Route, Waypoint
from fleet.vehicle import Vehicle
from missions.entities import Flight
from missions.operations.room import ControlRoom


def from_where_it_stands(
    room: ControlRoom, flight: Flight, vehicle: Vehicle
) -> tuple[Flight, LonLat | None]:
    """The flight as it starts from the drone's pad, and where it lands if not where it started.

    Raises:
        NotReady: it stands on no pad, or no way leads to the route.
    """
    position = vehicle.state.position
    if position is None:
        return flight, None  # pre-flight refuses it with its own reason
    stands, home = room.pads.at(position), room.dock(flight.vehicle)
    if stands is None:
        raise NotReady(
            "it stands on no dock's pad",
            where=flight.vehicle,
            remedy="carry it to a dock; it flies again from there",
        )
    if stands.id == home.id:
        return (flight if flight.dock == home.id else replace(flight, dock=home.id)), None
    home_free = room.pads.taken(home, flight.address, room.now()) is None
    end = home if home_free else stands
    route = _joined(room, stands.position, flight.route, end.position)
    begun = replace(flight, dock=stands.id, route=route, km=route.length_m / 1000)
    return begun, home.position if home_free else None


def _joined(room: ControlRoom, start: LonLat, route: Route, end: LonLat) -> Route:
    """A route with the ways to it and from it."""
    way = room.pads.way(room.now())
    there, back = way(start, route.entry), way(route.exit, end)
    if there is None or back is None:
        raise NotReady("no way round the zones leads from its pad to the route", where="away")
    first, last = route.waypoints[0], route.waypoints[-1]
    out = tuple(_transfer(p, first) for p in there[1:-1])
    home = tuple(_transfer(p, last) for p in back[1:-1])
    return Route((*out, *route.waypoints, *home))


def _transfer(place: LonLat, like: Waypoint) -> Waypoint:
    return Waypoint(position=place, height_m=like.height_m)
