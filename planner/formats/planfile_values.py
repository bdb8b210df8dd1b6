"""The planner's values as JSON and back, each with its type's name; nothing else is made."""

import math
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any

import shapely
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from core.energy import Wind
from core.equipment import CameraSpec, Sensor, VehicleSpec
from core.geo import LonLat
from core.route import Route, Waypoint
from core.zones import Zone, ZoneKind
from planner.problem import (
    Closure,
    Flight,
    Offer,
    Plan,
    Problem,
    Refusal,
    Separation,
    Station,
    Stop,
    Task,
)

_CLASSES: Mapping[str, type] = {
    kind.__name__: kind
    for kind in (
        CameraSpec, Closure, Flight, LonLat, Offer, Plan, Problem, Refusal, Separation, Station,
        Stop, Task, VehicleSpec, Wind, Zone,
    )
}  # fmt: skip
_ENUMS: Mapping[str, type[Enum]] = {"Sensor": Sensor, "ZoneKind": ZoneKind}
_POINT = tuple(f.name for f in fields(Waypoint))
_TYPE = "is"


class Unreadable(ValueError):
    """JSON that stands for none of the planner's values."""


def packed(value: Any) -> Any:
    """A value as what JSON knows.

    Raises:
        Unreadable: none of the planner's values.
    """
    if value is None or (isinstance(value, bool | int | str) and not isinstance(value, Enum)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {_TYPE: "number", "text": repr(value)}
    for kind, pack in _PACK:
        if isinstance(value, kind):
            return pack(value)
    if is_dataclass(value) and type(value).__name__ in _CLASSES:
        made = {f.name: packed(getattr(value, f.name)) for f in fields(value)}
        return {_TYPE: type(value).__name__, **made}
    raise Unreadable(f"a {type(value).__name__} has no form in a plan file")


def _route(route: Route) -> Any:
    """Points as rows, without their names: routes are nearly all of a file."""
    rows = [[packed(getattr(w, name)) for name in _POINT[1:]] for w in route.waypoints]
    places = [[w.position.lon, w.position.lat] for w in route.waypoints]
    return {_TYPE: "Route", "places": places, "points": rows}


_PACK: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (Enum, lambda v: {_TYPE: type(v).__name__, "value": v.value}),
    (datetime, lambda v: {_TYPE: "time", "iso": v.isoformat()}),
    (BaseGeometry, lambda v: {_TYPE: "geometry", "geojson": mapping(v)}),
    (Route, _route),
    (frozenset, lambda v: {_TYPE: "set", "of": sorted((packed(m) for m in v), key=str)}),
    (tuple | list, lambda v: [packed(m) for m in v]),
    (Mapping, lambda v: {_TYPE: "map", "of": {str(k): packed(m) for k, m in v.items()}}),
)


def unpacked(value: Any) -> Any:
    """What `packed` was given; lists become tuples.

    Raises:
        Unreadable, KeyError, TypeError, ValueError: it was packed by nobody.
    """
    if isinstance(value, list):
        return tuple(unpacked(m) for m in value)
    if not isinstance(value, dict):
        return value
    name = str(value.get(_TYPE))
    if name in _UNPACK:
        return _UNPACK[name](value)
    if name in _ENUMS:
        return _ENUMS[name](value["value"])
    if name in _CLASSES:
        given = {k: unpacked(v) for k, v in value.items() if k != _TYPE}
        return _CLASSES[name](**given)
    raise Unreadable(f"{name!r} is no value of a plan")


def _route_back(value: Mapping[str, Any]) -> Route:
    return Route(
        tuple(
            Waypoint(
                position=LonLat(*place),
                **dict(zip(_POINT[1:], (unpacked(v) for v in row), strict=True)),
            )
            for place, row in zip(value["places"], value["points"], strict=True)
        )
    )


def _geometry(value: Mapping[str, Any]) -> Any:
    try:
        return shape(value["geojson"])
    except (shapely.errors.ShapelyError, AttributeError) as error:
        raise Unreadable(f"no geometry: {error}") from error


_UNPACK: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "number": lambda v: float(v["text"]),
    "time": lambda v: datetime.fromisoformat(v["iso"]),
    "geometry": _geometry,
    "Route": _route_back,
    "set": lambda v: frozenset(unpacked(m) for m in v["of"]),
    "map": lambda v: {k: unpacked(m) for k, m in v["of"].items()},
}
