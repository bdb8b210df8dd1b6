"""A single photograph laid on the ground: each cell of a map takes the pixel that shows it.

No value is made up on the way: cells take the nearest pixel as it is, never a mix of neighbours,
and cells are so small that every pixel of the photograph is in the map at least once. A single
hot pixel, an ember, is not lost.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from affine import Affine
from pyproj import Transformer

from core.equipment import CameraSpec
from core.errors import InvalidInput
from core.geo import HeightModel, LonLat
from core.pose import Pose
from imagery.ground.georeference import look
from imagery.ground.lens import pixels
from imagery.ground.rays import MAX_RANGE_M, Floats, Plane, axes, directions, meet_ground

MAX_CELLS = 24_000_000
"""A map of more cells is drawn coarser: 96 MB of float32 is what a worker may take for it."""

_BAND_CELLS = 1_000_000
"""So many cells are worked on at once."""

_SIGHT_SHARES = (0.5, 0.7, 0.85, 0.93, 0.97)
"""Where along a line of sight it is looked whether a hill stands in the way."""
_HILL_M = 1.0
"""Less relief than this hides nothing that a height model could tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnGround:
    """A raster on the map.

    Attributes:
        values: (rows, columns) float32, NaN where the photograph shows nothing.
        transform: from (column, row) to metres of the reference system.
        epsg: a UTM zone on WGS-84.
        cell_m: side of a cell.
        footprint: the ground shown, shapely Polygon in WGS-84 degrees.
        coarsened: the map had to be drawn so coarse that some pixels are not in it.
    """

    values: npt.NDArray[np.float32]
    transform: Affine
    epsg: int
    cell_m: float
    footprint: shapely.Polygon
    coarsened: bool = False


def utm_epsg(place: LonLat) -> int:
    """The code of the UTM zone of a place: 326 and the zone in the north, 327 in the south.

    >>> utm_epsg(LonLat(118.87, 28.95))
    32650
    """
    zone = min(int((place.lon + 180.0) // 6.0) + 1, 60)
    return (32600 if place.lat >= 0.0 else 32700) + zone


def lay(
    picture: npt.NDArray[np.float32], pose: Pose, camera: CameraSpec, heights: HeightModel
) -> OnGround:
    """Lay a photograph on the ground.

    Args:
        picture: (H, W) float32; may be stored smaller than the camera's native picture.

    Raises:
        InvalidInput: it shows no ground.
    """
    footprint, _ = look(pose, camera, heights)
    epsg = utm_epsg(pose.position)
    to_map = Transformer.from_crs("EPSG:4326", f"EPSG:{epsg}", always_xy=True)
    ring = shapely.get_coordinates(footprint)
    x, y = to_map.transform(ring[:, 0], ring[:, 1])
    finest = _finest_pixel_m(pose, camera, heights) * camera.width_px / picture.shape[1]
    # in a square turned by any angle there is a point of a grid this fine
    wanted = finest / math.sqrt(2.0)
    cell = _rounded_down(max(wanted, math.sqrt(float(np.ptp(x) * np.ptp(y)) / MAX_CELLS)))
    west, north = math.floor(x.min() / cell) * cell, math.ceil(y.max() / cell) * cell
    columns = math.ceil((x.max() - west) / cell)
    rows = math.ceil((north - y.min()) / cell)
    transform = Affine(cell, 0.0, west, 0.0, -cell, north)
    shown = _View(picture, pose, camera, heights)
    values = np.full((rows, columns), np.nan, np.float32)
    step = max(1, _BAND_CELLS // columns)
    for top in range(0, rows, step):
        band = slice(top, min(top + step, rows))
        lon, lat = _centres(transform, to_map, band, columns)
        values[band] = shown.at(lon, lat).reshape(-1, columns)
    return OnGround(
        values=values,
        transform=transform,
        epsg=epsg,
        cell_m=cell,
        footprint=footprint,
        coarsened=cell > wanted,
    )


@dataclass(frozen=True, slots=True)
class _View:
    """A photograph as a function of places on the ground."""

    picture: npt.NDArray[np.float32]
    pose: Pose
    camera: CameraSpec
    heights: HeightModel

    def at(self, lon: Floats, lat: Floats) -> npt.NDArray[np.float32]:
        """(N,) values at (N,) places; NaN for what the photograph does not show."""
        ground = self.heights.height_m(lon, lat)
        plane = Plane.at(self.pose.position)
        rays = np.column_stack(
            [
                (lon - plane.origin.lon) * plane.east_m_per_deg,
                (lat - plane.origin.lat) * plane.north_m_per_deg,
                ground - self.pose.altitude_m,
            ]
        )
        right, down, ahead = axes(self.pose.attitude) @ rays.T
        near = (ahead > 0.0) & (np.einsum("ij,ij->i", rays, rays) <= MAX_RANGE_M**2)
        depth = np.where(near, ahead, 1.0)
        native = pixels(self.camera, np.column_stack([right / depth, down / depth]))
        values = self._values(native)
        values[~near | self._hidden(lon, lat, ground)] = np.nan
        return values

    def _values(self, native: Floats) -> npt.NDArray[np.float32]:
        """The stored pixels under native ones; see `georeference.native_pixel`."""
        height, width = self.picture.shape
        scale = self.camera.width_px / width
        place = (native - (0.0, self.camera.height_px / 2)) / scale + (0.0, height / 2)
        inside = (place >= 0).all(axis=1) & (place < (width, height)).all(axis=1)
        column, row = np.where(inside[:, None], place, 0.0).astype(np.intp).T
        return np.where(inside, self.picture[row, column], np.float32(np.nan))

    def _hidden(self, lon: Floats, lat: Floats, ground: Floats) -> Any:
        """Whether a hill stands between the camera and a place."""
        if np.ptp(ground) < _HILL_M:
            return False
        here, altitude = self.pose.position, self.pose.altitude_m
        hidden = np.zeros(lon.shape, bool)
        for share in _SIGHT_SHARES:
            above = altitude + share * (ground - altitude)
            hill = self.heights.height_m(
                here.lon + share * (lon - here.lon), here.lat + share * (lat - here.lat)
            )
            hidden |= hill > above + _HILL_M
        return hidden


def _centres(
    transform: Affine, to_map: Transformer, band: slice, columns: int
) -> tuple[Floats, Floats]:
    """Degrees of the middles of some rows of cells, one after the other."""
    x = transform.c + (np.arange(columns) + 0.5) * transform.a
    y = transform.f + (np.arange(band.start, band.stop) + 0.5) * transform.e
    grid_x, grid_y = np.meshgrid(x, y)
    lon, lat = to_map.transform(grid_x.ravel(), grid_y.ravel(), direction="INVERSE")
    return np.asarray(lon), np.asarray(lat)


def _finest_pixel_m(pose: Pose, camera: CameraSpec, heights: HeightModel) -> float:
    """Side of the smallest native pixel on the ground, across the line of sight."""
    w, h = float(camera.width_px), float(camera.height_px)
    grid = np.array([(c, r) for c in np.linspace(0.0, w, 5) for r in np.linspace(0.0, h, 5)])
    vectors = directions(pose.attitude, camera, grid)
    starts = np.zeros_like(vectors)
    starts[:, 2] = pose.altitude_m
    along = meet_ground(Plane.at(pose.position), starts, vectors, heights)
    # depth, not range: a pixel covers depth / focal across the optical axis
    depths = along * (vectors @ axes(pose.attitude)[2])
    if np.isnan(depths).all():
        raise InvalidInput(
            "the picture shows no ground",
            where=f"pitch {pose.attitude.pitch_deg:.0f} degrees",
            remedy="tilt the gimbal further down",
        )
    return float(np.nanmin(depths)) / camera.focal_px


def _rounded_down(cell_m: float) -> float:
    """To three figures, so that the map's numbers can be read."""
    unit = 10.0 ** (math.floor(math.log10(cell_m)) - 2)
    return max(math.floor(cell_m / unit), 1) * unit
