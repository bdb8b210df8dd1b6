"""Along a wall: rows of photos at several heights, the camera square to it.

The standoff is the distance at which a pixel covers the asked resolution; rows and photos overlap
by the asked shares, both ways.
"""

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from core.equipment import CameraSpec
from planner.orbit import levels

Floats = npt.NDArray[np.float64]
Row = tuple[Floats, float, float]
"""A photo leg: (2, 2) metres from where to where, its height and its heading in degrees."""

LEAST_STANDOFF_M = 5.0
"""Drones keep at least this from walls: GNSS beside buildings errs by several metres."""


def standoff_m(camera: CameraSpec, gsd_m: float) -> float:
    """Distance from the wall for a resolution, metres; never below `LEAST_STANDOFF_M`."""
    return max(LEAST_STANDOFF_M, camera.height_for_gsd_m(gsd_m))


def facade(
    wall: Any,
    camera: CameraSpec,
    *,
    base_m: float,
    top_m: float,
    away_m: float,
    front_overlap: float,
    side_overlap: float,
) -> tuple[list[Row], float]:
    """Photo legs along a wall, in flying order, and the metres between their photos.

    Args:
        wall: shapely LineString in metres; the drone flies on its right-hand side.
        base_m, top_m: of the wall, above ground.
        away_m: distance from the wall.

    Raises:
        ValueError: a wall without height or length.
    """
    if top_m <= base_m or base_m < 0:
        raise ValueError(f"a wall from {base_m:g} m to {top_m:g} m has no height")
    if wall.length < 1.0:
        raise ValueError("a wall needs a length of 1 m at least")
    wide, tall = camera.footprint_m(away_m)
    sides = _sides(wall, away_m)
    rows: list[Row] = []
    for k, height in enumerate(levels(base_m, top_m, tall, side_overlap)):
        for leg, heading in sides if k % 2 == 0 else [(s[::-1], h) for s, h in sides[::-1]]:
            rows.append((leg, height, heading))
    return rows, wide * (1 - front_overlap)


def _sides(wall: Any, away_m: float) -> list[tuple[Floats, float]]:
    """A leg beside each straight piece of the wall, as long as the piece, and the heading at it."""
    xy = shapely.get_coordinates(shapely.simplify(wall, 0.2))
    found = []
    for a, b in pairwise(xy):
        along = (b - a) / np.hypot(*(b - a))
        right = np.array([along[1], -along[0]])
        heading = float(np.degrees(np.arctan2(-right[0], -right[1])) % 360.0)
        found.append((np.array([a, b]) + away_m * right, heading))
    return found
