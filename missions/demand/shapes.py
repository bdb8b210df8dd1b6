"""Is this a place that can be photographed? GeoJSON from a caller, judged before anybody plans."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from core.errors import InvalidInput
from core.geo import LonLat, area_m2, path_length_m
from missions.demand.datum import Suspicion, betrayed, hinted, said, to_wgs84
from missions.presets import Preset

KINDS: Mapping[str, str] = {
    "Polygon": "area",
    "MultiPolygon": "area",
    "LineString": "corridor",
    "MultiLineString": "corridor",
    "Point": "points",
    "MultiPoint": "points",
}
"""What a geometry type asks for."""

MAX_VERTICES = 5_000
MAX_FEATURES = 500
MAX_AREA_M2 = 100e6
"""100 km2: with 51 drones of about 1 km2 a flight, more than a day of the whole network."""
MAX_LENGTH_M = 200_000.0
MAX_POINTS = 200
_BORDER_DEG = 0.005
"""The preset's boundary is simplified to about this; nobody is refused for standing on it."""
_MAX_DEPTH = 5
_NO_NUMBER = 1e12
"""No coordinate of any system is as large; infinity and NaN are not smaller either."""
_SAME_AS_WGS84 = ("CRS84", "4326", "4490", "WGS84", "WGS 84", "CGCS2000")
"""Parts of names of systems in degrees that are WGS-84 to within a metre."""


def checked_geometry(
    preset: Preset, geometry: Any, crs: str | None = None
) -> tuple[str, BaseGeometry]:
    """The kind of look ("area", "corridor", "points") and the shape, WGS-84, in two dimensions.

    Args:
        geometry: GeoJSON geometry, Feature, or FeatureCollection of one kind of look.
        crs: what its coordinates are in, see `missions.demand.datum`; None where nobody said.

    Raises:
        InvalidInput: no geometry that can be flown, or it seems to be in other coordinates; the
            text says why and what to do.
    """
    bodies, words = _unwrapped(geometry)
    place = merged([_shape(body) for body in bodies])
    if shapely.get_num_coordinates(place) > MAX_VERTICES:
        raise _refused(
            f"more than {MAX_VERTICES} vertices",
            "simplify the shape; POST /requests/geometry does that",
        )
    kind, found, suspicion = checked_place(preset, place, crs, words)
    if suspicion is not None:
        raise InvalidInput(
            f"it looks like {suspicion.crs}: {suspicion.why}",
            where="crs",
            remedy=f"say crs: {suspicion.crs} to have it converted, or crs: WGS84 to keep it",
        )
    return kind, found


def checked_place(
    preset: Preset, place: BaseGeometry, crs: str | None, words: str = ""
) -> tuple[str, BaseGeometry, Suspicion | None]:
    """The kind of look, the shape in WGS-84, and what else its coordinates seem to be where nobody
    said. Raises as `checked_geometry`."""
    kind, known = KINDS[place.geom_type], said(crs)
    if known is not None:
        place = to_wgs84(place, known)
    _must_be_simple(place)
    _must_be_inside(preset, place)
    _must_be_small(kind, place)
    return kind, place, None if known else hinted(words) or betrayed(preset, place)


def merged(places: Sequence[BaseGeometry]) -> BaseGeometry:
    """Several shapes of one kind as one; a single one as it is.

    Raises:
        InvalidInput: they are of different kinds, or overlapping areas cross themselves.
    """
    kinds = {KINDS[place.geom_type] for place in places}
    if len(kinds) > 1:
        raise _refused(
            f"{' and '.join(sorted(kinds))} in one request", "send one request for each kind"
        )
    if len(places) == 1:
        return places[0]
    if kinds == {"area"}:
        for place in places:
            _must_be_simple(place)
        return shapely.union_all(places)
    parts = [part for place in places for part in shapely.get_parts(place)]
    return shapely.MultiPoint(parts) if kinds == {"points"} else shapely.MultiLineString(parts)


def _unwrapped(geometry: Any) -> tuple[list[Mapping[str, Any]], str]:
    """The bare geometries of a geometry, a Feature or a collection, and the words beside them."""
    features = [geometry]
    if isinstance(geometry, Mapping) and geometry.get("type") == "FeatureCollection":
        given = geometry.get("features")
        if not isinstance(given, list) or not 0 < len(given) <= MAX_FEATURES:
            raise _refused(
                f"a collection has 1 to {MAX_FEATURES} features", "send several requests"
            )
        features = given
    bodies = []
    words = [str(geometry.get("crs") or "")] if isinstance(geometry, Mapping) else []
    for feature in [geometry, *features]:
        if isinstance(feature, Mapping):
            _must_be_wgs84(feature)
    for feature in features:
        body = feature
        if isinstance(feature, Mapping) and feature.get("type") == "Feature":
            body = feature.get("geometry")
            words.append(str(feature.get("properties") or ""))
        if not isinstance(body, Mapping) or str(body.get("type")) not in KINDS:
            raise _refused("no geometry that can be looked at", f"use GeoJSON {', '.join(KINDS)}")
        bodies.append(body)
    return bodies, "\n".join(words)


def _must_be_wgs84(geometry: Mapping[str, Any]) -> None:
    """A `crs` member, as old GeoJSON has it, is not passed over: it may mean another place.

    A provider's name is asked about elsewhere."""
    name = str(geometry.get("crs") or "").upper()
    if name and not hinted(name) and not any(own in name for own in _SAME_AS_WGS84):
        raise InvalidInput(
            f"coordinates in another system: {name[:80]}",
            where="crs",
            remedy="send the file to POST /requests/geometry, which converts it, or send WGS-84",
        )


def _shape(body: Mapping[str, Any]) -> BaseGeometry:
    count = 0
    for lon, lat in _positions(body.get("coordinates"), 0):
        count += 1
        if abs(lat) > 90 and abs(lon) <= 90:
            raise _refused("latitude comes first", "GeoJSON has longitude first: exchange them")
        if not (abs(lon) <= 180 and abs(lat) <= 90):
            raise _refused(
                f"no such place: longitude {lon:g}, latitude {lat:g}",
                "give WGS-84 degrees, not metres",
            )
    if count == 0:
        raise _refused("the geometry is empty", "give at least one position")
    try:
        return shapely.force_2d(shape(body))
    except (ValueError, TypeError, IndexError, shapely.errors.ShapelyError) as error:
        raise _refused(f"no geometry: {error}", "close rings; a line has two points") from error


def _positions(value: Any, depth: int) -> Iterator[tuple[float, float]]:
    """Every (longitude, latitude) of nested coordinates."""
    if not isinstance(value, (list, tuple)) or depth > _MAX_DEPTH:
        raise _refused("coordinates are nested lists of numbers", "check them against GeoJSON")
    if value and all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in value):
        if len(value) < 2 or not all(abs(v) < _NO_NUMBER for v in value):
            raise _refused("a position is two finite numbers", "give longitude and latitude")
        yield float(value[0]), float(value[1])
        return
    for inner in value:
        yield from _positions(inner, depth + 1)


def _must_be_simple(place: BaseGeometry) -> None:
    if place.is_empty:
        raise _refused("the geometry is empty", "give at least one position")
    if not place.is_valid:
        why = shapely.is_valid_reason(place)
        raise _refused(f"the outline crosses itself: {why}", "draw it without crossings")


def _must_be_inside(preset: Preset, place: BaseGeometry) -> None:
    territory = _grown(tuple(county.polygon for county in preset.territory.values()))
    if territory.covers(place):
        return
    swapped = shapely.transform(place, lambda c: c[:, ::-1])
    if territory.covers(swapped):
        raise _refused("latitude comes first", "GeoJSON has longitude first: exchange them")
    if territory.intersects(place):
        raise _refused(f"it reaches beyond {preset.title}", "cut it at the boundary")
    raise _refused(f"it lies outside {preset.title}", "check position and coordinate system")


def _must_be_small(kind: str, place: BaseGeometry) -> None:
    if kind == "area":
        area = area_m2(place)
        if area > MAX_AREA_M2:
            raise _refused(
                f"{area / 1e6:.0f} km2 are more than one request may ask",
                f"ask for parts of at most {MAX_AREA_M2 / 1e6:.0f} km2",
            )
        if area < 1.0:
            raise _refused("the area is smaller than a square metre", "ask for a point instead")
    elif kind == "corridor":
        length = sum(
            path_length_m(LonLat(x, y) for x, y in part.coords) for part in shapely.get_parts(place)
        )
        if length > MAX_LENGTH_M:
            raise _refused(f"{length / 1000:.0f} km in one request", "ask for parts of 200 km")
        if length < 1.0:
            raise _refused("the line is shorter than a metre", "ask for a point instead")
    elif len(shapely.get_parts(place)) > MAX_POINTS:
        raise _refused(f"more than {MAX_POINTS} points", "send several requests")


@lru_cache(maxsize=4)
def _grown(counties: tuple[BaseGeometry, ...]) -> BaseGeometry:
    grown = shapely.union_all(counties).buffer(_BORDER_DEG)
    shapely.prepare(grown)
    return grown


def _refused(what: str, remedy: str) -> InvalidInput:
    return InvalidInput(what, where="geometry", remedy=remedy)
