"""A plan or a route as GeoJSON (RFC 7946): lines over ground, photo legs apart."""

from dataclasses import fields
from itertools import pairwise
from typing import Any

from core.equipment import Sensor
from core.errors import InvalidInput
from core.geo import LonLat
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


def collection(given: Route, **properties: Any) -> dict[str, Any]:
    """One route as a FeatureCollection, from which `read` makes the same route again."""
    made = route(given)
    made[0]["properties"] |= {
        **properties,
        "waypoints": [_spoken(w) for w in given.waypoints],
    }
    return {"type": "FeatureCollection", "features": made}


def read(given: dict[str, Any], where: str) -> Route:
    """The route of a collection that `collection` made.

    Raises:
        InvalidInput: there is no path, or its waypoints do not fit it.
    """
    listed = given.get("features", [])
    paths = [f for f in listed if isinstance(f, dict) and (f.get("properties") or {}).get("path")]
    if not paths:
        raise InvalidInput(
            "no feature has path: true", where=where, remedy="give a file of `flyonce route`"
        )
    places = paths[0]["geometry"]["coordinates"]
    if paths[0]["geometry"]["type"] == "Point":
        places = [places]
    said = paths[0]["properties"].get("waypoints", [])
    if len(said) != len(places):
        raise InvalidInput(
            f"{len(said)} waypoints are told for {len(places)} places",
            where=where,
            remedy="give a file of `flyonce route`, unchanged",
        )
    try:
        points = [_heard(place, own) for place, own in zip(places, said, strict=True)]
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput(f"no waypoint: {error}", where=where, remedy="mend it") from error
    return Route(tuple(points))


_DEFAULTS = {f.name: f.default for f in fields(Waypoint) if f.name not in ("position", "height_m")}


def _spoken(point: Waypoint) -> dict[str, Any]:
    """A waypoint's values other than its place; what is as usual is left out."""
    own = {name: getattr(point, name) for name in _DEFAULTS}
    return {
        "height_m": point.height_m,
        **{name: value for name, value in own.items() if value != _DEFAULTS[name]},
    }


def _heard(place: list[float], own: dict[str, Any]) -> Waypoint:
    sensor = own.get("sensor")
    return Waypoint(
        position=LonLat(place[0], place[1]),
        **{**own, "sensor": None if sensor is None else Sensor(sensor)},
    )


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
