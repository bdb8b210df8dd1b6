"""The ground that a request asks for, as an area."""

from typing import Any

import shapely
from shapely.geometry import shape

from core.geo import LocalFrame, LonLat
from missions.entities import Request

POINT_M = 10.0
"""Around a point, what a photograph of it must show."""
FLAT_KINDS = frozenset({"area", "corridor", "points"})
"""Looks that are asked for by ground; an orbit or a facade is asked for by what stands on it."""


def ground_of(request: Request, geometry: Any | None = None) -> shapely.Geometry:
    """The ground asked for, (Multi)Polygon in degrees.

    Args:
        geometry: a part of the request's own; all of it if left out.
    """
    place = shape(request.geometry if geometry is None else geometry)
    if request.kind not in {"points", "corridor"} or place.geom_type.endswith("Polygon"):
        return place
    frame = LocalFrame(LonLat(place.centroid.x, place.centroid.y))
    metres = frame.to_metres(place)
    if request.kind == "points":
        return frame.to_degrees(metres.buffer(POINT_M))
    return frame.to_degrees(metres.buffer(max(request.width_m / 2, 1.0), cap_style="flat"))


def overlaps_of(request: Request) -> tuple[float, float]:
    """The asked overlaps, front and side; a point only needs to be on one photograph."""
    if request.kind == "points":
        return 0.0, 0.0
    return request.front_overlap, request.side_overlap
