"""A file that a department sends: GeoJSON, KML, KMZ or a zipped shapefile, as geometry to ask with.

Nothing is stored. What is in other coordinates is converted and said; what is larger than a request
may be, though harmless, is simplified and said; all else is refused with the way out.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry import mapping

from core.errors import InvalidInput
from core.geo import LocalFrame, LonLat, area_m2, path_length_m
from missions.demand.datum import WGS84, Suspicion, hinted, said
from missions.demand.shapes import KINDS, MAX_FEATURES, MAX_VERTICES, checked_place, merged
from missions.presets import Preset
from planner.formats.files import places_in
from planner.formats.place import Place

MOST_VERTICES = 100_000
"""Of a whole file: a cadastre's outline may have as many; more is no look but a map."""
SIMPLER_M = (0.25, 0.5, 1.0, 2.0, 5.0)
"""An outline may move so much to have fewer vertices: less than a drone's own way does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One place of a file.

    Attributes:
        kind: of look: "area", "corridor" or "points".
        place: shapely, WGS-84 degrees.
        size: square metres of an area, metres of a corridor, number of points.
    """

    name: str
    kind: str
    place: Any
    size: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What a file holds.

    Attributes:
        format: "geojson", "kml", "kmz" or "shapefile".
        crs: that its coordinates were taken for.
        geometry: all of it as one GeoJSON geometry to ask with; None where it is of several kinds.
        suspicion: what the coordinates seem to be instead, where nobody said.
        notes: what was done to it.
    """

    format: str
    crs: str
    drawn: tuple[Drawn, ...]
    geometry: Mapping[str, Any] | None
    suspicion: Suspicion | None
    notes: tuple[str, ...]


def receive(preset: Preset, content: bytes, name: str, crs: str | None) -> Received:
    """Read a file.

    Args:
        name: of the file; its format is told by what is in it.
        crs: what its coordinates are in, see `missions.demand.datum`; None where nobody said.

    Raises:
        InvalidInput: it is not of these formats, or holds something that cannot be looked at; the
            text names the place in the file and what to do.
    """
    said(crs)
    where = name[:120] or "body"
    form, suffix = _form(content, where)
    content, named = _without_crs(content) if form == "geojson" else (content, None)
    places = places_in(content, suffix, where)
    _must_be_few(places, where)
    notes = list(dict.fromkeys(place.note for place in places if place.note))
    words = "\n".join((name, *(f"{p.name} {p.properties}" for p in places)))
    drawn, suspicions = [], []
    for place in places:
        own, suspicion = _drawn(preset, place, crs, notes)
        drawn.append(own)
        suspicions.append(suspicion)
    suspicion = None
    if crs is None:
        suspicion = named or hinted(words) or next(filter(None, suspicions), None)
    if said(crs) not in (None, WGS84):
        notes.append(f"converted from {said(crs)} to WGS-84")
    return Received(
        format=form,
        crs=said(crs) or WGS84,
        drawn=tuple(drawn),
        geometry=_whole(preset, drawn, notes),
        suspicion=suspicion,
        notes=tuple(notes),
    )


def _form(content: bytes, where: str) -> tuple[str, str]:
    """The format and its file extension, by the first bytes: names lie."""
    head = content[:2000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:2] == b"PK":
        inside = content[-200_000:] + content[:4000]  # the directory is at the end
        return ("kmz", ".kmz") if b".kml" in inside.lower() else ("shapefile", ".zip")
    if head[:1] in (b"{", b"["):
        return "geojson", ".geojson"
    if head[:1] == b"<":
        return "kml", ".kml"
    raise InvalidInput(
        "it is neither GeoJSON nor KML, KMZ or a zipped shapefile" if head else "it is empty",
        where=where,
        remedy="export it in one of these; of a shapefile zip .shp, .shx, .dbf and .prj together",
    )


def _must_be_few(places: list[Place], where: str) -> None:
    if len(places) > MAX_FEATURES:
        raise InvalidInput(
            f"{len(places)} features",
            where=where,
            remedy=f"send at most {MAX_FEATURES}: only what is to be looked at",
        )
    count = sum(int(shapely.get_num_coordinates(p.geometry)) for p in places)
    if count > MOST_VERTICES:
        raise InvalidInput(
            f"{count:,} vertices",
            where=where,
            remedy=f"simplify it to {MOST_VERTICES:,}; QGIS: Vector, Geometry Tools, Simplify",
        )


def _without_crs(content: bytes) -> tuple[bytes, Suspicion | None]:
    """A GeoJSON whose `crs` member names a map provider's coordinates, without it: PROJ knows none
    of these; and what it names."""
    try:
        given = json.loads(content)
    except (ValueError, RecursionError):
        return content, None  # told by the reader
    found = hinted(str(given.get("crs") or "")) if isinstance(given, dict) else None
    if found is None:
        return content, None
    given.pop("crs")
    return json.dumps(given).encode("utf-8", "surrogatepass"), found


def _drawn(
    preset: Preset, place: Place, crs: str | None, notes: list[str]
) -> tuple[Drawn, Suspicion | None]:
    """One place, checked as a request's is."""
    if place.geometry.geom_type not in KINDS:
        raise InvalidInput(
            f"{place.name[:60]}: a {place.geometry.geom_type} cannot be looked at",
            where="geometry",
            remedy=f"draw it as one of {', '.join(KINDS)}",
        )
    try:
        kind, found, suspicion = checked_place(preset, place.geometry, crs)
    except InvalidInput as error:
        raise InvalidInput(
            f"{place.name[:60]}: {error.what}", where=error.where, remedy=error.remedy
        ) from error
    simple = simplified(found, notes, place.name)
    return Drawn(
        name=place.name[:200], kind=kind, place=simple, size=_size(kind, simple)
    ), suspicion


def simplified(place: Any, notes: list[str], name: str) -> Any:
    """With no more vertices than a request may have.

    Raises:
        InvalidInput: it would have to move by more than the last of `SIMPLER_M`.
    """
    before = int(shapely.get_num_coordinates(place))
    if before <= MAX_VERTICES:
        return place
    frame = LocalFrame(LonLat(place.centroid.x, place.centroid.y))
    metres = frame.to_metres(place)
    for tolerance_m in SIMPLER_M:
        simpler = shapely.simplify(metres, tolerance_m)
        after = int(shapely.get_num_coordinates(simpler))
        if after <= MAX_VERTICES and not simpler.is_empty:
            notes.append(
                f"{name[:60]}: {before:,} vertices simplified to {after:,}; "
                f"nothing moves by more than {tolerance_m:g} m"
            )
            return frame.to_degrees(simpler)
    raise InvalidInput(
        f"{name[:60]}: {before:,} vertices, and even {SIMPLER_M[-1]:g} m off more than "
        f"{MAX_VERTICES:,}",
        where="geometry",
        remedy="simplify it, or ask for parts of it",
    )


def _whole(preset: Preset, drawn: list[Drawn], notes: list[str]) -> Mapping[str, Any] | None:
    """Everything as one geometry, if one request may ask for it."""
    if len({one.kind for one in drawn}) > 1:
        notes.append("several kinds of look: send one request for each feature")
        return None
    try:
        whole = simplified(merged([one.place for one in drawn]), notes, "all of it")
        checked_place(preset, whole, WGS84)
    except InvalidInput as error:
        notes.append(f"too much for one request: {error.what}; send one for each feature")
        return None
    found: Mapping[str, Any] = mapping(whole)
    return found


def _size(kind: str, place: Any) -> float:
    if kind == "area":
        return area_m2(place)
    parts = shapely.get_parts(place)
    if kind == "points":
        return float(len(parts))
    return sum(path_length_m(LonLat(x, y) for x, y in part.coords) for part in parts)
