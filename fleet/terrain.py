"""Ground heights for autopilots that ask: ArduPilot follows the ground only where it knows it.

A mission in the terrain frame does not arm ("waiting for terrain data") until the ground has
answered its TERRAIN_REQUESTs; no other source is on board of a new vehicle. What is sent is the
planner's own ground, so that the vehicle keeps the heights that were proven.

Layout (MAVLink common.xml, TERRAIN_REQUEST; AP_Terrain): a block begins at its south-west corner
and holds 7 rows of 8 squares, rows going north; a square holds 4 x 4 heights, row by row north.
"""

import math

import numpy as np

from core.geo import HeightModel, LonLat, offsets
from core.units import from_degrees_e7
from fleet.messages import TerrainData, TerrainRequest

SQUARES_EAST = 8
SQUARES_NORTH = 7
SIDE = 4
MOST_SPACING_M = 1000
"""ArduPilot's TERRAIN_SPACING is 100 m; far coarser grids are nonsense that nobody flies by."""


def answers(request: TerrainRequest, ground: HeightModel) -> list[TerrainData]:
    """The squares that a vehicle lacks; empty for places and spacings that make no sense."""
    corner = _corner(request)
    if corner is None or not 0 < request.spacing_m <= MOST_SPACING_M:
        return []
    heights = _block(corner, request.spacing_m, ground)
    return [
        TerrainData(
            lat_e7=request.lat_e7,
            lon_e7=request.lon_e7,
            spacing_m=request.spacing_m,
            square=square,
            heights_m=_square(heights, square),
        )
        for square in request.wanted
        if 0 <= square < SQUARES_EAST * SQUARES_NORTH
    ]


def _corner(request: TerrainRequest) -> LonLat | None:
    lat, lon = from_degrees_e7(request.lat_e7), from_degrees_e7(request.lon_e7)
    return LonLat(lon, lat) if abs(lat) < 85 and abs(lon) <= 180 else None


def _block(corner: LonLat, spacing_m: int, ground: HeightModel) -> "np.ndarray":
    """Heights in whole metres, shape (28 northward, 32 eastward), int64."""
    rows, columns = SQUARES_NORTH * SIDE, SQUARES_EAST * SIDE
    _, lats = offsets(corner, 0.0, [spacing_m * n for n in range(rows)])
    lons, _ = offsets(corner, 90.0, [spacing_m * n for n in range(columns)])
    east = np.asarray(lons) - corner.lon
    shrink = math.cos(math.radians(corner.lat)) / np.cos(np.radians(lats))
    lon = corner.lon + east[None, :] * shrink[:, None]
    lat = np.broadcast_to(np.asarray(lats)[:, None], lon.shape)
    found = np.asarray(ground.height_m(lon, lat), float)
    return np.clip(np.rint(np.nan_to_num(found)), -500, 9000).astype(np.int64)


def _square(heights: "np.ndarray", number: int) -> tuple[int, ...]:
    row, column = (number // SQUARES_EAST) * SIDE, (number % SQUARES_EAST) * SIDE
    return tuple(heights[row : row + SIDE, column : column + SIDE].ravel().tolist())
