"""What has really been photographed: the union of footprints on a raster of the territory."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from core.errors import InvalidInput
from core.geo import LocalFrame, LonLat

GSD_CLASSES_M = (0.02, 0.05, 0.10, 0.20, 0.50, 1.0, float("inf"))
"""Upper bounds of the resolution classes, metres a pixel; a photo belongs to the first that holds
it."""

_UNSEEN = np.uint8(len(GSD_CLASSES_M))


class Coverage:
    """A raster over a territory; each cell remembers the finest class that has shown its centre.

    The share is unbiased: a footprint covers a cell when it holds the cell's centre, so borders
    are lost and gained alike. At 50 m cells the city of Quzhou (8,844 km2) takes 15 MB.
    """

    def __init__(self, territory: Any, *, cell_m: float = 50.0) -> None:
        """Args:
        territory: shapely (Multi)Polygon or several of them, WGS-84 degrees.

        Raises:
            InvalidInput: the territory is empty or the cell is not above zero.
        """
        parts = list(territory) if isinstance(territory, Iterable) else [territory]
        whole = shapely.union_all(parts)
        if whole.is_empty or cell_m <= 0:
            raise InvalidInput(
                "coverage needs a territory and a cell size above zero",
                where="coverage",
                remedy="check the preset's territory",
            )
        west, south, east, north = whole.bounds
        self.frame = LocalFrame(LonLat((west + east) / 2, (south + north) / 2))
        self.cell_m = cell_m
        metres = self.frame.to_metres(whole)
        x0, y0, x1, y1 = metres.bounds
        self._x0, self._y0 = x0, y0
        columns, rows = int((x1 - x0) / cell_m) + 1, int((y1 - y0) / cell_m) + 1
        self._best: npt.NDArray[np.uint8] = np.full((rows, columns), _UNSEEN, np.uint8)
        self._inside = rasterise(metres, x0, y0, cell_m, rows, columns)
        self._total = int(self._inside.sum())
        self._counts = np.zeros(len(GSD_CLASSES_M), np.int64)

    def add(self, footprint: Any, gsd_m: float | None = None) -> int:
        """Add one photo's footprint.

        Args:
            footprint: shapely Polygon, WGS-84 degrees.
            gsd_m: its ground sampling distance; None when unknown, which is the coarsest class.

        Returns:
            How many cells of the territory it shows for the first time or finer than before.
        """
        if footprint is None or footprint.is_empty:
            return 0
        ring = shapely.get_coordinates(shapely.get_exterior_ring(footprint))
        x, y = self.frame.xy(ring[:, 0], ring[:, 1])
        left, bottom, window = self._window(x, y)
        if window is None:
            return 0
        rows, columns = window.shape
        east = self._x0 + (left + np.arange(columns) + 0.5) * self.cell_m
        north = self._y0 + (bottom + np.arange(rows) + 0.5) * self.cell_m
        shown = inside_ring(x, y, east, north[:, None])
        return self._improve(left, bottom, shown, _class_of(gsd_m))

    def share(self, gsd_m: float | None = None) -> float:
        """Share of the territory photographed, at least as finely as ``gsd_m`` if given; the
        resolution counts by its class in `GSD_CLASSES_M`."""
        return self._seen(gsd_m) / self._total if self._total else 0.0

    def area_m2(self, gsd_m: float | None = None) -> float:
        """Square metres of the territory photographed."""
        return self._seen(gsd_m) * self.cell_m**2

    def by_class(self) -> dict[float, float]:
        """Share of the territory whose finest photo is in each class (by its upper bound)."""
        return {
            bound: float(count) / max(self._total, 1)
            for bound, count in zip(GSD_CLASSES_M, self._counts, strict=True)
        }

    def share_of(self, area: Any, gsd_m: float | None = None) -> float:
        """Share of one area (shapely Polygon, degrees) photographed finely enough; an area that
        holds no cell's centre counts by the cell at its middle."""
        ring = shapely.get_coordinates(shapely.get_exterior_ring(area))
        x, y = self.frame.xy(ring[:, 0], ring[:, 1])
        left, bottom, window = self._window(x, y)
        if window is None:
            return 0.0
        rows, columns = window.shape
        east = self._x0 + (left + np.arange(columns) + 0.5) * self.cell_m
        north = self._y0 + (bottom + np.arange(rows) + 0.5) * self.cell_m
        wanted = inside_ring(x, y, east, north[:, None])
        if not wanted.any():
            wanted[rows // 2, columns // 2] = True
        limit = len(GSD_CLASSES_M) - 1 if gsd_m is None else _class_of(gsd_m)
        return float((window[wanted] <= limit).mean())

    def merge(self, other: "Coverage") -> None:
        """Add all that another coverage of the same territory and cell holds.

        Raises:
            InvalidInput: the rasters differ.
        """
        if other._best.shape != self._best.shape or other.cell_m != self.cell_m:
            raise InvalidInput("two coverages of different territories", where="coverage")
        np.minimum(self._best, other._best, out=self._best)
        counts = np.bincount(self._best[self._inside], minlength=len(GSD_CLASSES_M) + 1)
        self._counts = counts[: len(GSD_CLASSES_M)].astype(np.int64)

    def _window(
        self, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]
    ) -> tuple[int, int, npt.NDArray[np.uint8] | None]:
        rows, columns = self._best.shape
        left = max(int((float(x.min()) - self._x0) / self.cell_m), 0)
        right = min(int((float(x.max()) - self._x0) / self.cell_m) + 1, columns)
        bottom = max(int((float(y.min()) - self._y0) / self.cell_m), 0)
        top = min(int((float(y.max()) - self._y0) / self.cell_m) + 1, rows)
        if left >= right or bottom >= top:
            return left, bottom, None
        return left, bottom, self._best[bottom:top, left:right]

    def _improve(self, left: int, bottom: int, shown: npt.NDArray[np.bool_], grade: int) -> int:
        area = np.s_[bottom : bottom + shown.shape[0], left : left + shown.shape[1]]
        best = self._best[area]
        better = shown & (best > grade)
        counted = best[better & self._inside[area]]
        if counted.size:
            before = np.bincount(counted, minlength=len(GSD_CLASSES_M) + 1)
            self._counts -= before[: len(GSD_CLASSES_M)]
            self._counts[grade] += counted.size
        best[better] = grade
        return int(counted.size)

    def _seen(self, gsd_m: float | None) -> int:
        last = len(GSD_CLASSES_M) if gsd_m is None else _class_of(gsd_m) + 1
        return int(self._counts[:last].sum())


def _class_of(gsd_m: float | None) -> int:
    if gsd_m is None:
        return len(GSD_CLASSES_M) - 1
    return next(i for i, bound in enumerate(GSD_CLASSES_M) if gsd_m <= bound * 1.000001)


def inside_ring(
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    east: npt.NDArray[np.float64],
    north: npt.NDArray[np.float64],
) -> npt.NDArray[np.bool_]:
    """Even-odd rule for a closed ring of few corners and a small grid of points."""
    inside = np.zeros(np.broadcast(east, north).shape, bool)
    for x0, y0, x1, y1 in zip(x[:-1], y[:-1], x[1:], y[1:], strict=True):
        if y0 == y1:
            continue
        crosses = (north < y0) != (north < y1)
        inside ^= crosses & (east < x0 + (north - y0) * ((x1 - x0) / (y1 - y0)))
    return inside


def rasterise(
    polygon: Any, x0: float, y0: float, cell_m: float, rows: int, columns: int
) -> npt.NDArray[np.bool_]:
    """(rows, columns) whether a cell's centre lies in the polygon; row by row by its crossings."""
    shapely.prepare(polygon)
    inside = np.zeros((rows, columns), bool)
    west, east = x0 - cell_m, x0 + (columns + 1) * cell_m
    for row in range(rows):
        y = y0 + (row + 0.5) * cell_m
        cut = shapely.intersection(polygon, shapely.LineString([(west, y), (east, y)]))
        for piece in shapely.get_parts(cut):
            if piece.is_empty or piece.geom_type != "LineString":
                continue
            (a, _), (b, _) = piece.coords[0], piece.coords[-1]
            first = int(np.ceil((min(a, b) - x0) / cell_m - 0.5))
            last = int(np.floor((max(a, b) - x0) / cell_m - 0.5))
            inside[row, max(first, 0) : last + 1] = True
    return inside
