"""Geometry that somebody gave, made sound or refused by name: one feature, WGS-84 degrees."""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import shape

from core.errors import InvalidInput
from core.geo import LocalFrame, LonLat

Floats = npt.NDArray[np.float64]
RouteKind = Literal["area", "corridor", "points", "orbit", "facade"]

KINDS: dict[str, RouteKind] = {
    "Polygon": "area",
    "MultiPolygon": "area",
    "LineString": "corridor",
    "MultiLineString": "corridor",
    "Point": "points",
    "MultiPoint": "points",
}
"""What is flown over a geometry that does not say."""
FITS: dict[RouteKind, tuple[str, ...]] = {
    "area": ("Polygon", "MultiPolygon"),
    "corridor": ("LineString", "MultiLineString"),
    "points": ("Point", "MultiPoint"),
    "orbit": ("Point", "Polygon"),
    "facade": ("LineString",),
}
WIDEST_M = 150_000.0
"""No route spans more: drones fly 10 to 40 km from their docks (`planner.check`)."""


def outline(given: Any, where: str, kind: str | None = None) -> tuple[RouteKind, Any, list[str]]:
    """The kind of route, the geometry and what was repaired.

    A self-crossing outline is repaired so that everything it goes round stays in, and the note
    says so. Longitudes of a geometry across the antimeridian are counted on past 180.

    Raises:
        InvalidInput: no geometry, a wrong type, coordinates that are no longitude and latitude, no
            extent, or one of more than `WIDEST_M`.
    """
    geometry = _read(given, where)
    wanted = kind or KINDS.get(geometry.geom_type)
    if wanted not in FITS or geometry.geom_type not in FITS[wanted]:
        raise InvalidInput(
            f"a {geometry.geom_type} cannot be flown as {wanted or 'anything'}",
            where=where,
            remedy="kinds: " + ", ".join(f"{k} ({'/'.join(t)})" for k, t in FITS.items()),
        )
    notes: list[str] = []
    geometry = _placed(geometry, where, notes)
    if geometry.geom_type in FITS["area"] and not geometry.is_valid:
        notes.append(f"outline repaired: {shapely.is_valid_reason(geometry)}")
        geometry = shapely.make_valid(geometry, method="structure", keep_collapsed=False)
    _sized(geometry, where)
    return wanted, geometry, notes


def _read(given: Any, where: str) -> Any:
    try:
        geometry = shapely.force_2d(shape(given)) if given else shapely.Point()
    except (ValueError, TypeError, AttributeError, KeyError, shapely.errors.ShapelyError) as why:
        raise InvalidInput(
            f"is no GeoJSON geometry: {why}", where=where, remedy="see RFC 7946"
        ) from why
    if geometry.is_empty:
        raise InvalidInput("has no geometry", where=where, remedy="draw it first")
    return geometry


def _placed(geometry: Any, where: str, notes: list[str]) -> Any:
    """The geometry with sound coordinates, on one side of the antimeridian."""
    xy = shapely.get_coordinates(geometry)
    if not np.isfinite(xy).all() or (np.abs(xy) > (360, 90)).any():
        swapped = np.isfinite(xy).all() and not (np.abs(xy[:, ::-1]) > (180, 90)).any()
        raise InvalidInput(
            "has coordinates that are no longitude and latitude in degrees",
            where=where,
            remedy="longitude comes first: swap them" if swapped else "convert it to WGS-84",
        )
    if float(np.ptp(xy[:, 0])) > 180.0:
        notes.append("crosses the antimeridian: longitudes jump there from 180 to -180")
        geometry = shapely.transform(
            geometry,
            lambda c: np.column_stack([np.where(c[:, 0] < 0, c[:, 0] + 360, c[:, 0]), c[:, 1]]),
        )
    return geometry


def _sized(geometry: Any, where: str) -> None:
    if geometry.is_empty:
        raise InvalidInput("has no extent", where=where, remedy="draw it larger than 1 m")
    metres = frame_of(geometry).to_metres(geometry)
    x0, y0, x1, y1 = metres.bounds
    if not np.isfinite([x0, y0, x1, y1]).all() or max(x1 - x0, y1 - y0) > WIDEST_M:
        raise InvalidInput("is too large for one route", where=where, remedy="split it")
    size = metres.area if geometry.geom_type in FITS["area"] else metres.length
    if geometry.geom_type not in FITS["points"] and size < 1.0:
        raise InvalidInput("has no extent", where=where, remedy="draw it larger than 1 m")


def frame_of(geometry: Any) -> LocalFrame:
    """Metres about the middle of a geometry's bounds."""
    x0, y0, x1, y1 = geometry.bounds
    lon = (x0 + x1) / 2
    return LocalFrame(LonLat(lon - 360 if lon > 180 else lon, (y0 + y1) / 2))
