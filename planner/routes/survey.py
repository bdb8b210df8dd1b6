"""What a path over an area is sought for, and the way from one leg to the next."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from planner.routes.pace import Pace
from planner.routes.ways import Ways

GRID_M = 0.001
"""Coordinates are rounded to this where shapes meet: rounding leaves no impossible rings then."""
MOST_CORNERS = 1500
"""Outlines of more corners are simplified; whole counties have as many."""

FINE_CORNERS = 600
"""Of an outline with more corners only notches deeper than two lines are gone round, and only the
best of the roughly compared layouts is finished."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Survey:
    """An area to be photographed, with what every trial layout needs.

    Attributes:
        area: shapely Polygon or MultiPolygon, metres.
        clear: ways round holes and whatever else is blocked.
        inside: ways also round the notches of the outline.
        share: of the area that must be covered.
    """

    area: Any
    spacing_m: float
    pace: Pace
    clear: Ways
    inside: Ways
    share: float

    @property
    def corners(self) -> int:
        """Corners of what is not crossed, which trials take time for."""
        return int(shapely.get_num_coordinates(self.clear.blocked))


def survey(area: Any, spacing_m: float, pace: Pace, share: float, blocked: Any = None) -> Survey:
    """The survey of an area whose holes, and whatever else is blocked, are not crossed."""
    area = plain(area, spacing_m)
    holes = [shapely.Polygon(r) for p in shapely.get_parts(area) for r in p.interiors]
    shut = shapely.union_all([h for h in holes if h.area > 0]).difference(area)
    if blocked is not None and not blocked.is_empty:
        shut = shapely.union(shut, blocked, grid_size=GRID_M)
    if outer_corners(area) > FINE_CORNERS:
        near = shapely.simplify(area, spacing_m).buffer(2 * spacing_m, quad_segs=2)
    else:
        near = area.buffer(spacing_m / 2, quad_segs=2)
    near = shapely.make_valid(near)
    hulls = shapely.union_all([p.convex_hull for p in shapely.get_parts(area)])
    notches = shapely.difference(hulls, near, grid_size=GRID_M)
    return Survey(
        area=area,
        spacing_m=spacing_m,
        pace=pace,
        clear=Ways(shut.buffer(-0.01)),
        inside=Ways(shapely.union(shut, notches, grid_size=GRID_M).buffer(-0.01)),
        share=share,
    )


def outer_corners(area: Any) -> int:
    """Corners of an outline, its holes' not counted."""
    return int(
        shapely.get_num_coordinates(shapely.get_exterior_ring(shapely.get_parts(area))).sum()
    )


def plain(area: Any, spacing_m: float) -> Any:
    """An outline of few enough corners for many trials; only far too fine ones change, and by less
    than a quarter of the spacing. What that leaves out is counted when the coverage is measured."""
    tolerance, found = 0.03 * spacing_m, area
    while shapely.get_num_coordinates(found) > MOST_CORNERS and tolerance < spacing_m / 4:
        found = shapely.simplify(found, tolerance)  # again and again: the sum is below the next
        tolerance *= 2
    return found


def join(survey: Survey, a: Floats, b: Floats) -> tuple[float, Floats]:
    """Length and corners of the way from a to b: inside the outline if there is a way, else clear
    of what is blocked, else straight."""
    for ways in (survey.inside, survey.clear):
        found = ways.way(a, b)
        if found is not None:
            return found
    return float(np.hypot(*(b - a))), np.empty((0, 2))
