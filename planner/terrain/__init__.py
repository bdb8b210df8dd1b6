"""The ground from any raster that GDAL reads: heights above mean sea level at places in degrees.

Only the tiles that are asked for are read. Places are moved into the raster's own reference
system; the raster is never resampled. Between the centres of pixels heights are bilinear.
"""

import math
import os
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
from pyproj import Transformer
from rasterio.errors import RasterioError
from rasterio.windows import Window

from core.errors import InvalidInput
from core.geo import LocalFrame, LonLat
from planner.terrain.datum import Datum, read_datum
from planner.terrain.holes import mended
from planner.terrain.place import cell_m, moved, placed

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

TILE = 256
"""Pixels along a tile."""
TILES = 96
"""Tiles kept: 50 MB."""
FILL_M = 60.0
"""Holes up to this size are filled from their rim: a roof or a pond in a surface model, two cells
of a 30 m world model; larger ones may hide a hill."""
LOWEST_M, HIGHEST_M = -500.0, 9000.0
"""No ground on land lies outside: such values are nodata that the file does not name."""


@dataclass(eq=False)
class Terrain:
    """A raster of ground heights; a `core.geo.HeightModel`.

    Attributes:
        cell_m: size of a pixel in metres, the smaller side, at the raster's middle.
        notes: what was assumed about the file, sentences.
    """

    path: Path
    dataset: Any
    datum: Datum
    cell_m: float
    fill_m: float
    _into: Transformer
    _tiles: OrderedDict[tuple[int, int, int], Floats] = field(default_factory=OrderedDict)
    _mended: set[tuple[int, int]] = field(default_factory=set)

    @classmethod
    def open(
        cls, path: str | os.PathLike[str], *, fill_m: float = FILL_M, geoid_m: float | None = None
    ) -> "Terrain":
        """Open a raster; its first band is the ground.

        Args:
            fill_m: holes up to this size are filled from their rim.
            geoid_m: height of the geoid above the ellipsoid, for ellipsoidal heights.

        Raises:
            InvalidInput: it is no raster, has no place on Earth, or its datum cannot be used.
        """
        where = Path(path)
        try:
            with rasterio.Env(GTIFF_REPORT_COMPD_CS="YES"):
                dataset = rasterio.open(where)
        except RasterioError as error:
            raise InvalidInput(
                f"cannot be read as a raster ({error})", where=str(where), remedy="give a GeoTIFF"
            ) from error
        crs = placed(dataset, where)
        datum = read_datum(crs, dataset.units[0], where, geoid_m)
        flat = crs.to_2d() if not crs.is_compound else crs.sub_crs_list[0]
        into = Transformer.from_crs("EPSG:4326", flat, always_xy=True)
        cell = cell_m(dataset, into, where)
        return cls(where, dataset, datum, cell, fill_m, into)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed or mended so far."""
        found = [self.datum.note] if self.datum.note else []
        if self._mended:
            found.append(
                f"{len(self._mended)} pixels without height in holes up to {self.fill_m:g} m "
                "were filled from their rims"
            )
        return tuple(found)

    def height_m(self, lon: npt.ArrayLike, lat: npt.ArrayLike) -> Floats:
        """Ground height in metres AMSL for arrays of degrees, in their broadcast shape.

        Raises:
            InvalidInput: a place is outside the raster or over a hole.
        """
        x, y = np.broadcast_arrays(np.asarray(lon, float), np.asarray(lat, float))
        flat_x, flat_y = x.ravel(), y.ravel()
        row, column = self._pixels(flat_x, flat_y)
        i, j = np.floor(row).astype(int), np.floor(column).astype(int)
        v, u = row - i, column - j
        corners = [self._nodes(i + di, j + dj, 0) for di in (0, 1) for dj in (0, 1)]
        weights = [(1 - v) * (1 - u), (1 - v) * u, v * (1 - u), v * u]
        # a node without weight may be a hole or outside
        parts = [np.where(w > 1e-9, c * w, 0.0) for c, w in zip(corners, weights, strict=True)]
        stored = np.sum(parts, axis=0)
        self._whole(stored, flat_x, flat_y)
        return self.datum.amsl_m(flat_x, flat_y, stored).reshape(x.shape)

    def highest_m(self, lon: npt.ArrayLike, lat: npt.ArrayLike, within_m: float) -> Floats:
        """Height of the highest pixel that lies, even in part, within a distance of each place;
        for no distance, of the pixel that holds the place.

        Raises:
            InvalidInput: a place is outside the raster or that near to a hole.
        """
        x, y = np.asarray(lon, float).ravel(), np.asarray(lat, float).ravel()
        row, column = self._pixels(x, y)
        reach = math.ceil(within_m / self.cell_m)  # from anywhere in the place's own pixel
        stored = self._nodes(np.rint(row).astype(int), np.rint(column).astype(int), reach)
        self._whole(stored, x, y)
        return self.datum.amsl_m(x, y, stored)

    def _pixels(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        """Rows and columns, whole at the centres of pixels, moved half a pixel in at the edges."""
        x, y = (np.asarray(v, float) for v in self._into.transform(lon, lat))
        if self.dataset.crs.is_geographic:  # a raster may begin at 179 and go on to 181
            x = np.where(x < self._west(), x + 360.0, x)
        column, row = moved(~self.dataset.transform, x, y)
        height, width = self.dataset.shape
        out = ~((column >= 0) & (column <= width) & (row >= 0) & (row <= height))
        if out.any():
            k = int(np.argmax(out))
            raise InvalidInput(
                f"does not reach {lon[k]:.6f}, {lat[k]:.6f}",
                where=str(self.path),
                remedy="give a raster that holds the whole route and its surroundings",
            )
        return np.clip(row - 0.5, 0, height - 1), np.clip(column - 0.5, 0, width - 1)

    def _west(self) -> float:
        """The least x of the raster's corners."""
        height, width = self.dataset.shape
        columns, rows = np.array([0.0, width, 0.0, width]), np.array([0.0, 0.0, height, height])
        return float(moved(self.dataset.transform, columns, rows)[0].min())

    def _nodes(self, row: Ints, column: Ints, reach: int) -> Floats:
        """Stored heights of pixels, or the highest within ``reach`` pixels of each."""
        height, width = self.dataset.shape
        row, column = np.minimum(row, height - 1), np.minimum(column, width - 1)
        found = np.empty(len(row))
        key = (row // TILE) * (width // TILE + 1) + column // TILE
        order = np.argsort(key, kind="stable")
        for group in np.split(order, np.flatnonzero(np.diff(key[order])) + 1):
            if len(group):
                a, b = int(row[group[0]]) // TILE, int(column[group[0]]) // TILE
                tile = self._tile(a, b, reach)
                found[group] = tile[row[group] - a * TILE, column[group] - b * TILE]
        return found

    def _tile(self, a: int, b: int, reach: int) -> Floats:
        key = (a, b, reach)
        if key not in self._tiles:
            self._tiles[key] = self._highest(a, b, reach) if reach else self._read(a, b, 0)
            if len(self._tiles) > TILES:
                self._tiles.popitem(last=False)
        self._tiles.move_to_end(key)
        return self._tiles[key]

    def _highest(self, a: int, b: int, reach: int) -> Floats:
        """A tile of maxima over squares; holes spread, what is outside the raster does not."""
        wide = self._read(a, b, reach)
        for axis in (0, 1):
            size = wide.shape[axis] - 2 * reach
            wide = np.maximum.reduce(
                [wide.take(range(k, k + size), axis=axis) for k in range(2 * reach + 1)]
            )
        return wide

    def _read(self, a: int, b: int, margin: int) -> Floats:
        """A tile and so many pixels around it: NaN over holes, minus infinity outside."""
        rim = math.ceil(self.fill_m / self.cell_m) + 1
        more = margin + rim
        height, width = self.dataset.shape
        top, left = a * TILE - more, b * TILE - more
        size = TILE + 2 * more
        r0, c0 = max(top, 0), max(left, 0)
        r1, c1 = min(top + size, height), min(left + size, width)
        window = Window(c0, r0, c1 - c0, r1 - r0)
        try:
            band = self.dataset.read(1, window=window, masked=True).astype(float)
        except RasterioError as error:
            raise InvalidInput(f"is damaged ({error})", where=str(self.path)) from error
        stored = np.ma.filled(band, np.nan) * (self.dataset.scales[0] or 1.0)
        stored += self.dataset.offsets[0]
        with np.errstate(invalid="ignore"):
            metres = stored * self.datum.scale
            stored[~((metres > LOWEST_M) & (metres < HIGHEST_M))] = np.nan
        stored, small = mended(stored, self.fill_m / self.cell_m)
        self._mended |= {(r0 + int(r), c0 + int(c)) for r, c in np.argwhere(small)}
        whole = np.full((size, size), -np.inf)
        whole[r0 - top : r1 - top, c0 - left : c1 - left] = stored
        return whole[rim : size - rim, rim : size - rim]

    def _whole(self, stored: Floats, lon: Floats, lat: Floats) -> None:
        """Refuse places over holes.

        Raises:
            InvalidInput: naming the first place and how many there are.
        """
        hole = ~np.isfinite(stored)
        if hole.any():
            a, b = (int(h) for h in np.flatnonzero(hole)[[0, -1]])
            frame = LocalFrame(LonLat(float(lon[a]), float(lat[a])))
            across = math.hypot(*frame.point_xy(LonLat(float(lon[b]), float(lat[b]))))
            raise InvalidInput(
                f"has no height at {lon[a]:.6f}, {lat[a]:.6f}, nor at {int(hole.sum()) - 1} other "
                f"places asked for, up to {across:.0f} m from there",
                where=str(self.path),
                remedy=f"fill the hole (over {self.fill_m:g} m) from another raster",
            )
