"""Reads territory, zones and places from GeoJSON, strictly."""

import json
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path
from typing import Any, NoReturn

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from core.errors import InvalidInput
from core.zones import Zone, ZoneKind
from missions.catalog.fields import Fields, unique
from missions.catalog.model import KINDS, PLACE_KINDS
from missions.presets.model import County, Place

TYPES = {
    "area": ("Polygon",),
    "corridor": ("LineString",),
    "points": ("Point", "MultiPoint"),
}
"""GeoJSON types that a place of each geometry may have."""


def territory(path: Path) -> Mapping[str, County]:
    """The counties; their union is the territory."""
    found: dict[str, County] = {}
    for f, data in _features(path):
        for extra in ("adcode", "area_km2"):
            f.has(extra)
        one = County(
            id=f.text("id"),
            name=f.text("name"),
            name_zh=f.text("name_zh"),
            polygon=_geometry(f, data, ("Polygon", "MultiPolygon")),
        )
        f.finish()
        unique(found, one.id, one, f)
        shapely.prepare(one.polygon)  # every find is placed in one of them
    return found


def zones(path: Path) -> tuple[Zone, ...]:
    """The no-fly zones."""
    found: dict[str, Zone] = {}
    for f, data in _features(path):
        active = None
        if f.has("active_from") or f.has("active_to"):
            active = (
                f.instant("active_from").astimezone(UTC),
                f.instant("active_to").astimezone(UTC),
            )
        one = Zone(
            id=f.text("id"),
            name=f.text("name"),
            name_zh=f.text("name_zh"),
            kind=ZoneKind(f.choice("kind", [k.value for k in ZoneKind], "kind of zone")),
            polygon=_geometry(f, data, ("Polygon", "MultiPolygon")),
            floor_m=f.number("floor_m", 0, 20_000),
            ceiling_m=f.number("ceiling_m", 0, 20_000),
            buffer_m=f.number("buffer_m", 0, 20_000),
            active=active,
        )
        if one.floor_m >= one.ceiling_m:
            f.fail("ceiling_m", "is not above floor_m", "swap the two")
        f.finish()
        unique(found, one.id, one, f)
    return tuple(found.values())


def places(path: Path, counties: Mapping[str, County]) -> tuple[Place, ...]:
    """What is looked at; every place lies in the territory and has its kind's geometry."""
    ground = shapely.union_all([c.polygon for c in counties.values()])
    shapely.prepare(ground)
    found: dict[str, Place] = {}
    for f, data in _features(path):
        kind = f.choice("kind", PLACE_KINDS, "kind of place")
        geometry = next(g for g, kinds in KINDS.items() if kind in kinds)
        one = Place(
            id=f.text("id"),
            kind=kind,
            name=f.text("name"),
            name_zh=f.text("name_zh"),
            county=f.choice("county", counties, "county"),
            geometry=_geometry(f, data, TYPES[geometry]),
            width_m=f.number("width_m", 1, 5000) if geometry == "corridor" else 0.0,
        )
        if not ground.intersects(one.geometry):
            _refuse(f, "lies outside the territory", "check the order longitude, latitude")
        f.finish()
        unique(found, one.id, one, f)
    return tuple(found.values())


def _features(path: Path) -> list[tuple[Fields, Any]]:
    """Each feature's properties as fields, and its geometry as it stands."""
    remedy = "write a GeoJSON FeatureCollection in WGS-84 degrees"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(
            f"cannot be read: {error.strerror}", where=str(path), remedy="check path and rights"
        ) from error
    except ValueError as error:
        raise InvalidInput(f"is no JSON: {error}", where=str(path), remedy=remedy) from error
    features = data.get("features") if isinstance(data, dict) else None
    if not isinstance(features, list) or not features:
        raise InvalidInput("holds no features", where=path.name, remedy=remedy)
    found = []
    for i, feature in enumerate(features):
        if not isinstance(feature, dict):
            raise InvalidInput("is no feature", where=f"{path.name}: features[{i}]", remedy=remedy)
        fields = Fields(path.name, f"features[{i}].properties", feature.get("properties"))
        found.append((fields, feature.get("geometry")))
    return found


def _geometry(f: Fields, data: Any, types: tuple[str, ...]) -> BaseGeometry:
    """A valid geometry of one of the types, in degrees."""
    kind = data.get("type") if isinstance(data, dict) else None
    if kind not in types:
        _refuse(f, f"expected {' or '.join(types)}, found {kind}", "draw it anew")
    try:
        found = shape(data)
    except (KeyError, TypeError, ValueError, IndexError, shapely.errors.ShapelyError) as error:
        _refuse(f, f"cannot be read: {error}", "write GeoJSON coordinates")
    if found.is_empty or not found.is_valid:
        reason = "is empty" if found.is_empty else shapely.is_valid_reason(found)
        _refuse(f, f"is not valid: {reason}", "mend the ring; it may not cross itself")
    west, south, east, north = found.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:
        _refuse(f, "is not in degrees", "write longitude, latitude in WGS-84")
    return found


def _refuse(f: Fields, what: str, remedy: str) -> NoReturn:
    """Refuse the geometry, which stands beside the properties that ``f`` reads."""
    feature = f.path.removesuffix(".properties")
    raise InvalidInput(what, where=f"{f.file}: {feature}.geometry", remedy=remedy)
