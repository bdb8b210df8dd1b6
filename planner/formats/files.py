"""Which file is which: places and routes from a file, a route into one, by its extension."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import shapely

from core.errors import InvalidInput
from core.route import Route
from planner.formats import geojson, kml, litchi, qgc, shapefile_zip, wayline, waypoints, wpml
from planner.formats.packed import names
from planner.formats.place import Place, checked
from planner.formats.projecting import Change, to_degrees
from planner.formats.site import Imported, Site
from planner.formats.whole import store
from planner.formats.wpml import WAYLINES

AREAS = (".geojson", ".json", ".kml", ".kmz", ".zip")
ROUTES = (".geojson", ".json", ".plan", ".waypoints", ".kml", ".kmz", ".csv", ".zip")
"""Routes as GeoJSON, for QGroundControl, ArduPilot, as KML, for DJI, Litchi, as shapefile."""
MOST_BYTES = 200_000_000


def read_places(path: Path) -> list[Place]:
    """The areas, lines and points of a GeoJSON, KML, KMZ or zipped shapefile.

    Raises:
        InvalidInput: the file is missing, not of its kind, or a place in it is none.
    """
    kind = path.suffix.lower()
    if kind not in AREAS:
        _content(path)
        raise _unknown(path, AREAS)
    return places_in(_content(path), kind, path.name)


def places_in(content: bytes, kind: str, where: str) -> list[Place]:
    """The same of a file's content; ``kind`` is one of `AREAS`, ``where`` names it in errors."""
    if kind in (".kml", ".kmz"):
        return kml.read(content, where)
    if kind == ".zip":
        return shapefile_zip.read(content, where)
    return _geojson_places(content, where)


def read_route(path: Path, cruise_mps: float | None = None) -> Imported:
    """A route from a file: our GeoJSON, .plan, .waypoints, WPML .kmz, Litchi .csv.

    Args:
        cruise_mps: speeds equal to this are "cruise".

    Raises:
        InvalidInput: the file is missing, not of its kind, or holds no route.
    """
    content, kind, where = _content(path), path.suffix.lower(), path.name
    if kind == ".kmz":
        if WAYLINES not in names(content, where):
            raise InvalidInput(
                "it is no DJI wayline file", where=where, remedy="a plain KMZ holds no waypoints"
            )
        return wayline.read(content, where, cruise_mps)
    text = _text(content, where)
    if kind == ".plan":
        return qgc.read(text, where)
    if kind in (".waypoints", ".txt"):
        return waypoints.read(text, where, cruise_mps)
    if kind == ".csv":
        return litchi.read(text, where, cruise_mps)
    if kind in (".geojson", ".json"):
        return Imported(geojson.read(_json(content, where), where))
    raise _unknown(path, (".geojson", ".plan", ".waypoints", ".kmz", ".csv"))


def write_route(path: Path, route: Route, site: Site) -> tuple[str, ...]:
    """Write a route in the format that the extension names, whole or not at all.

    A `.kmz` is DJI's wayline file. Returns what the format could not keep, and further files.

    Raises:
        InvalidInput: no format has this extension.
        Unavailable: the file cannot be written.
    """
    kind, name = path.suffix.lower(), path.stem
    if kind == ".csv":
        made = litchi.write(route, site)
        return (*made.notes, *_parts(path, made.texts))
    writers: dict[str, Callable[[], str | bytes]] = {
        ".geojson": lambda: _dump(geojson.collection(route)),
        ".json": lambda: _dump(geojson.collection(route)),
        ".plan": lambda: _dump(qgc.write(route, site)),
        ".waypoints": lambda: waypoints.write(route, site),
        ".kml": lambda: kml.write(route, name),
        ".kmz": lambda: wpml.write(route, site),
        ".zip": lambda: shapefile_zip.write(route, name),
    }
    if kind not in writers:
        raise _unknown(path, ROUTES)
    store(path, writers[kind]())
    level = kind == ".kmz" and any(w.amsl_m is None for w in route.waypoints)
    return ("heights are above the start point: level ground is assumed",) if level else ()


def _parts(path: Path, texts: tuple[str, ...]) -> list[str]:
    """Write one file, or several numbered ones; what there is to say about that."""
    if len(texts) == 1:
        store(path, texts[0])
        return []
    for number, text in enumerate(texts, 1):
        store(path.with_stem(f"{path.stem}-{number}"), text)
    return [f"{len(texts)} files, {path.stem}-1 on: Litchi takes {litchi.MOST} waypoints each"]


def _geojson_places(content: bytes, where: str) -> list[Place]:
    given = _json(content, where)
    listed = given.get("features") if given.get("type") == "FeatureCollection" else [given]
    change, note = _projection(given.get("crs"), where)
    found = []
    for number, feature in enumerate(listed if isinstance(listed, list) else [], 1):
        spot = f"{where}, feature {number}"
        own = feature if isinstance(feature, dict) else {}
        shape = own.get("geometry") if own.get("type") == "Feature" else own
        properties = own.get("properties")
        properties = properties if isinstance(properties, dict) else {}
        try:
            geometry = change(shapely.force_2d(shapely.geometry.shape(shape)))
        except (
            AttributeError,
            IndexError,
            KeyError,
            RecursionError,
            TypeError,
            ValueError,
            shapely.errors.ShapelyError,
        ) as error:
            raise InvalidInput(
                "no GeoJSON geometry", where=spot, remedy="see RFC 7946, section 3.1"
            ) from error
        name = str(properties.get("name") or spot)
        found.append(checked(Place(name, geometry, properties, note), spot))
    if not found:
        raise InvalidInput("it holds no feature", where=where, remedy="give at least one area")
    return found


def _projection(member: Any, where: str) -> tuple[Change, str]:
    """How to turn coordinates into degrees: as the `crs` member of GeoJSON before RFC 7946 says."""
    properties = member.get("properties") if isinstance(member, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if name is None:
        return (lambda shape: shape), ""
    return to_degrees(str(name), f"{where}, crs")


def _json(content: bytes, where: str) -> dict[str, Any]:
    try:
        given = json.loads(content)
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(f"no JSON: {error}", where=where, remedy="save it again") from error
    if not isinstance(given, dict):
        raise InvalidInput("it is no GeoJSON object", where=where, remedy="see RFC 7946")
    return given


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InvalidInput("it is larger than 200 MB", where=str(path), remedy="split it")
        return path.read_bytes()
    except OSError as why:
        raise InvalidInput(
            f"cannot be read: {why.strerror}", where=str(path), remedy="check its name"
        ) from why


def _text(content: bytes, where: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput("it is no UTF-8 text", where=where, remedy="save it as UTF-8") from error


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def _unknown(path: Path, known: tuple[str, ...]) -> InvalidInput:
    kind = path.suffix or "no extension"
    return InvalidInput(
        f"{kind} is no known format", where=str(path), remedy=f"use one of {', '.join(known)}"
    )
