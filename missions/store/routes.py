"""Routes as compact text, read only when somebody asks for the waypoints.

A day's list of flights shows no routes; to decode hundreds of waypoints for each would be most of
its cost.
"""

import json
from typing import Any

from core.equipment import Sensor
from core.geo import LonLat
from core.route import Route, Waypoint


class StoredRoute(Route):
    """A route whose waypoints are still text; equal to the plain route it stands for."""

    def __init__(self, text: str) -> None:
        object.__setattr__(self, "text", text)

    def __getattr__(self, name: str) -> Any:
        if name != "waypoints":
            raise AttributeError(name)
        waypoints = _read(self.__dict__["text"])
        object.__setattr__(self, "waypoints", waypoints)
        return waypoints

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Route) and self.waypoints == other.waypoints

    def __hash__(self) -> int:
        return hash((self.waypoints,))

    def __reduce__(self) -> tuple[Any, ...]:
        return (StoredRoute, (self.__dict__["text"],))


def to_text(route: Route) -> str:
    """A row of numbers for each waypoint, as JSON text."""
    stored = route.__dict__.get("text")
    if isinstance(stored, str):
        return stored
    return json.dumps([_row(w) for w in route.waypoints], separators=(",", ":"), allow_nan=False)


def from_text(text: str) -> Route:
    """The route of such a text."""
    return StoredRoute(text)


def places(route: Route) -> list[tuple[float, float]]:
    """Longitude and latitude of each waypoint; of a route that is still text, without reading
    the rest of it."""
    stored = route.__dict__.get("text")
    if isinstance(stored, str) and "waypoints" not in route.__dict__:
        return [(row[0], row[1]) for row in json.loads(stored)]
    return [(w.position.lon, w.position.lat) for w in route.waypoints]


def _row(w: Waypoint) -> list[Any]:
    """The numbers of a waypoint; the last two only where the route says them."""
    row = [
        w.position.lon,
        w.position.lat,
        w.height_m,
        w.photo_spacing_m,
        int(w.photo),
        w.sensor and w.sensor.value,
        w.hold_s,
        w.gimbal_pitch_deg,
        w.speed_mps,
    ]
    return row if w.heading_deg is None and w.amsl_m is None else [*row, w.heading_deg, w.amsl_m]


def _read(text: str) -> tuple[Waypoint, ...]:
    return tuple(
        Waypoint(
            position=LonLat(lon, lat),
            height_m=height_m,
            photo_spacing_m=spacing_m,
            photo=bool(photo),
            sensor=None if sensor is None else Sensor(sensor),
            hold_s=hold_s,
            gimbal_pitch_deg=pitch_deg,
            speed_mps=speed_mps,
            heading_deg=more[0] if more else None,
            amsl_m=more[1] if more else None,
        )
        for lon, lat, height_m, spacing_m, photo, sensor, hold_s, pitch_deg, speed_mps, *more in (
            json.loads(text)
        )
    )
