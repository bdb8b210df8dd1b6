"""A plan or a route as GeoJSON (RFC 7946): lines over ground, photo legs apart."""

from itertools import pairwise
from typing import Any

from core.route import Route, Waypoint
from planner.problem import Flight, Plan

Feature = dict[str, Any]


def plan(given: Plan) -> dict[str, Any]:
    """A FeatureCollection: each flight's path and photo legs; what is unserved is listed beside.

    The member `unserved` is foreign to GeoJSON, which permits that (RFC 7946, section 6.1).
    """
    return {
        "type": "FeatureCollection",
        "features": [feature for flight in given.flights for feature in features(flight)],
        "unserved": [
            {"task": name, "code": r.code, "reason": r.reason, "reason_zh": r.reason_zh}
            for name, r in given.unserved.items()
        ],
    }


def features(flight: Flight) -> list[Feature]:
    """One flight: its path with `path: true`, each photo leg with `photo: true`."""
    common = {"flight": flight.id, "station": flight.station}
    path = {
        **common,
        "start": flight.start.isoformat(),
        "end": flight.end.isoformat(),
        "tasks": [stop.task for stop in flight.stops],
        "landing_share": round(flight.landing_share, 4),
    }
    made = route(flight.route)
    made[0]["properties"].update(path)
    for feature in made[1:]:
        feature["properties"].update(common)
    return made


def route(given: Route) -> list[Feature]:
    """The whole path as one LineString with `path: true` (a Point if it does not move), then each
    photo leg as a LineString and each single photo as a Point with `photo: true`."""
    points = given.waypoints
    found = [_feature([_position(w) for w in points], path=True)]
    for a, b in pairwise(points):
        if a.photo_spacing_m > 0:
            leg = [_position(a), _position(b)]
            found.append(_feature(leg, photo=True, photo_spacing_m=round(a.photo_spacing_m, 2)))
    found += [_feature([_position(w)], photo=True) for w in points if w.photo]
    return found


def _position(point: Waypoint) -> list[float]:
    """Degrees to 0.01 m. No third number: RFC 7946 wants heights above the ellipsoid there,
    and ours are above the ground."""
    return [round(point.position.lon, 7), round(point.position.lat, 7)]


def _feature(positions: list[list[float]], **properties: Any) -> Feature:
    line = len(positions) > 1
    geometry = {
        "type": "LineString" if line else "Point",
        "coordinates": positions if line else positions[0],
    }
    return {"type": "Feature", "geometry": geometry, "properties": properties}
