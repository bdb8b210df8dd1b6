"""The raster of a mosaic: its projection, size and tiles, and where a tile's pixels lie."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from pyproj import Transformer

from core.errors import InvalidInput
from imagery.ground.lens import Floats

TILE_PX = 512
MAX_SIDE_PX = 100_000
"""A side beyond this is a wrong pose or a resolution that nobody meant: 5 km at 5 cm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A window of the raster, in pixels."""

    column: int
    row: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """A north-up raster in a zone of UTM (WGS-84, EPSG:326xx and 327xx).

    Attributes:
        west_m, north_m: the outer corner of the first pixel, metres of the zone.
        bounds: west, south, east, north in degrees.
    """

    epsg: int
    gsd_m: float
    west_m: float
    north_m: float
    width: int
    height: int
    bounds: tuple[float, float, float, float]

    @classmethod
    def around(cls, footprints: Sequence[shapely.Polygon], gsd_m: float) -> "Canvas":
        """The raster that holds all footprints (degrees).

        Raises:
            InvalidInput: it would be larger than `MAX_SIDE_PX`.
        """
        west, south, east, north = shapely.union_all(list(footprints)).bounds
        epsg = utm_epsg((west + east) / 2, (south + north) / 2)
        forward = Transformer.from_crs("EPSG:4326", f"EPSG:{epsg}", always_xy=True)
        corners = np.vstack([shapely.get_coordinates(f) for f in footprints])
        x, y = forward.transform(corners[:, 0], corners[:, 1])
        left, top = math.floor(min(x) / gsd_m) * gsd_m, math.ceil(max(y) / gsd_m) * gsd_m
        width, height = (math.ceil(v) for v in ((max(x) - left) / gsd_m, (top - min(y)) / gsd_m))
        if max(width, height) > MAX_SIDE_PX:
            raise InvalidInput(
                f"the mosaic would be {width} x {height} pixels",
                where=f"at {gsd_m:g} m a pixel",
                remedy="ask for a coarser --gsd, or check the poses of frames far from the others",
            )
        return cls(epsg, gsd_m, left, top, width, height, (west, south, east, north))

    def tiles(self) -> Iterator[Tile]:
        """All tiles, in lines that turn at their ends so that neighbours follow each other."""
        columns = range(0, self.width, TILE_PX)
        for line, row in enumerate(range(0, self.height, TILE_PX)):
            for column in columns if line % 2 == 0 else reversed(columns):
                yield Tile(
                    column=column,
                    row=row,
                    width=min(TILE_PX, self.width - column),
                    height=min(TILE_PX, self.height - row),
                )

    def lonlat(self, tile: Tile, step: int) -> tuple[Floats, Floats]:
        """(R, C) degrees of a tile's pixels, every ``step``-th in both directions from the first
        pixel's centre on to past the last."""
        columns = tile.column + 0.5 + np.arange(0, tile.width + step, step)
        rows = tile.row + 0.5 + np.arange(0, tile.height + step, step)
        x, y = np.meshgrid(self.west_m + columns * self.gsd_m, self.north_m - rows * self.gsd_m)
        back = Transformer.from_crs(f"EPSG:{self.epsg}", "EPSG:4326", always_xy=True)
        lon, lat = back.transform(x, y)
        return np.asarray(lon), np.asarray(lat)


def utm_epsg(lon: float, lat: float) -> int:
    """The EPSG code of the UTM zone of a place (the exceptions of Norway are left out)."""
    zone = min(60, int((lon + 180.0) // 6.0) + 1)
    return (32600 if lat >= 0 else 32700) + zone
