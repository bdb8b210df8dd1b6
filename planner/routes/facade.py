"""Along a wall: rows of photos at several heights, the camera square to it.

The standoff is the distance at which a pixel covers the asked resolution; rows and photos overlap
by the asked shares, both ways. At corners that point inwards the rows end where the next wall comes
as near; from leg to leg the way keeps its distance from the whole wall.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from core.equipment import CameraSpec
from planner.routes.orbit import levels
from planner.routes.ways import Ways

Floats = npt.NDArray[np.float64]
Row = tuple[Floats, float, float]
"""A photo leg: (2, 2) metres from where to where, its height and its heading in degrees."""

LEAST_STANDOFF_M = 5.0
"""Drones keep at least this from walls: GNSS beside buildings errs by several metres."""
LOWEST_M = 4.0
"""No row is lower: people, cars and hedges stand there."""
_PLAIN_M = 0.2
"""Walls are straightened by so much at most."""
_LEAST_LEG_M = 0.5


def standoff_m(camera: CameraSpec, gsd_m: float) -> float:
    """Distance from the wall for a resolution, metres; never below `LEAST_STANDOFF_M`."""
    return max(LEAST_STANDOFF_M, camera.height_for_gsd_m(gsd_m))


def facade(wall: Any, *, heights_m: Sequence[float], away_m: float) -> list[Row]:
    """Photo legs along a wall, in flying order.

    Args:
        wall: shapely LineString or MultiLineString in metres; the drone flies on its right-hand
            side.
        heights_m: of the rows, see `rows_m`.
        away_m: distance from the wall.

    Raises:
        ValueError: a wall without length.
    """
    if wall.length < 1.0:
        raise ValueError("a wall needs a length of 1 m at least")
    sides = [side for part in shapely.get_parts(wall) for side in _sides(part, wall, away_m)]
    rows: list[Row] = []
    for k, height in enumerate(heights_m):
        for leg, heading in sides if k % 2 == 0 else [(s[::-1], h) for s, h in sides[::-1]]:
            rows.append((leg, height, heading))
    return rows


def rows_m(base_m: float, top_m: float, tall_m: float, overlap: float) -> list[float]:
    """Heights of the rows whose pictures hold a wall, none below `LOWEST_M`.

    Raises:
        ValueError: a wall without height.
    """
    if top_m <= base_m or base_m < 0:
        raise ValueError(f"a wall from {base_m:g} m to {top_m:g} m has no height")
    return sorted({max(LOWEST_M, h) for h in levels(base_m, top_m, tall_m, overlap)})


def beside(wall: Any, away_m: float) -> Ways:
    """Ways from leg to leg that keep their distance from the whole wall."""
    return Ways(wall.buffer(0.9 * _kept_m(away_m), quad_segs=4))


def _kept_m(away_m: float) -> float:
    return away_m - max(1.5 * _PLAIN_M, 0.03 * away_m)


def _sides(part: Any, wall: Any, away_m: float) -> list[tuple[Floats, float]]:
    """Legs beside each straight piece of a wall, as long as the piece where no other piece is in
    the way, and the heading at it."""
    xy = shapely.get_coordinates(shapely.simplify(part, _PLAIN_M))
    near = wall.buffer(_kept_m(away_m))
    found: list[tuple[Floats, float]] = []
    for a, b in pairwise(xy):
        along = (b - a) / np.hypot(*(b - a))
        right = np.array([along[1], -along[0]])
        heading = float(np.degrees(np.arctan2(-right[0], -right[1])) % 360.0)
        free = shapely.difference(shapely.LineString(np.array([a, b]) + away_m * right), near)
        legs = [shapely.get_coordinates(p) for p in shapely.get_parts(free)]
        legs = [leg for leg in legs if len(leg) > 1 and np.ptp(leg @ along) >= _LEAST_LEG_M]
        legs.sort(key=lambda leg: float(leg[0] @ along))
        found.extend((leg[[0, -1]], heading) for leg in legs)
    return found
