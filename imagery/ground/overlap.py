"""How often, and from how many places, each bit of ground was really photographed.

A place is photographed at the asked overlap where the middles of the pictures cover it: the part of
a picture that its neighbours at exactly that overlap do not show. Middles fit edge to edge where
the overlap was kept, and leave a hole where a photograph is missing.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import shapely
import shapely.affinity
from rasterio.features import shapes
from rasterio.transform import from_origin
from shapely.geometry import shape

from core.errors import InvalidInput
from core.geo import LocalFrame, LonLat
from imagery.ground.coverage import inside_ring, rasterise

Floats = npt.NDArray[np.float64]

TOLERANCE = 1.10
"""Middles may be so much apart: wind and satellite positions (sigma 1 to 2 m) move a photograph by
a tenth of the usual spacing of 20 m."""
THIN = 0.15
"""Gaps thinner than this share of a middle's shorter side are rounding, not missing photographs."""
_MAX_CELLS = 400_000
_CELLS_ACROSS = 8
_SHOWN = 12
"""Counts of photographs above this are one class on the map."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One photograph: its footprint (shapely Polygon, degrees; corners in the picture's own order
    from its top left clockwise) and where the camera was."""

    footprint: shapely.Polygon
    position: LonLat
    height_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """What was measured of an area.

    Attributes:
        share: of the area photographed at the asked overlap; seen: photographed at all.
        photos: number of photographs that show something of it.
        depth: how many photographs show a cell: its 5th percentile, median and 95th percentile.
        angle_deg: median over the cells of the angle between the two lines of sight farthest apart.
        gaps: what is not photographed at the asked overlap (shapely MultiPolygon, degrees).
        unseen: what no photograph shows.
        by_count: by number of photographs (12 and more are one), the ground (degrees).
        cell_m: the raster's cell.
    """

    share: float
    seen: float
    photos: int
    depth: tuple[float, float, float]
    angle_deg: float
    gaps: shapely.MultiPolygon
    unseen: shapely.MultiPolygon
    cell_m: float
    by_count: Mapping[int, shapely.MultiPolygon] = field(default_factory=dict)


def overlap_of(
    area: shapely.Geometry,
    shots: Sequence[Shot],
    *,
    front: float,
    side: float,
    tolerance: float = TOLERANCE,
    mapped: bool = False,
) -> Overlap:
    """Measure what photographs show of an area.

    Args:
        area: (Multi)Polygon, WGS-84 degrees.
        front, side: asked overlaps, 0 to below 1; pictures are taken to fly upright, so that their
            height lies along the track.
        mapped: also make `Overlap.by_count`.

    Raises:
        InvalidInput: the area is empty, or an overlap is not from 0 to below 1.
    """
    if area.is_empty or not (0.0 <= front < 1.0 and 0.0 <= side < 1.0):
        raise InvalidInput("no area, or no overlap", where="overlap", remedy="use 0 to 0.95")
    frame = LocalFrame(LonLat(area.centroid.x, area.centroid.y))
    metres = frame.to_metres(area)
    prints = [(shot, frame.to_metres(shot.footprint)) for shot in shots]
    prints = [(s, p) for s, p in prints if not p.is_empty and p.intersects(metres)]
    middles = [_middle(p, (1 - side) * tolerance, (1 - front) * tolerance) for _, p in prints]
    grid = _Grid(metres, _cell_m(metres, middles))
    for (shot, whole), middle in zip(prints, middles, strict=True):
        grid.add(whole, middle, frame.point_xy(shot.position), shot.height_m)
    return grid.result(frame, middles, len(prints), mapped=mapped)


class _Grid:
    """A raster over an area that counts photographs."""

    def __init__(self, metres: shapely.Geometry, cell_m: float) -> None:
        x0, y0, x1, y1 = metres.bounds
        self.cell_m, self.x0, self.y0 = cell_m, x0, y0
        self.area = metres
        self.rows = int((y1 - y0) / cell_m) + 1
        self.columns = int((x1 - x0) / cell_m) + 1
        self.inside = rasterise(metres, x0, y0, cell_m, self.rows, self.columns)
        if not self.inside.any():
            self.inside[self.rows // 2, self.columns // 2] = True
        size = (self.rows, self.columns)
        self.count: npt.NDArray[np.uint16] = np.zeros(size, np.uint16)
        self.good = np.zeros(size, bool)
        self.low = np.full((2, *size), np.inf, np.float32)
        self.high = np.full((2, *size), -np.inf, np.float32)
        self._heights: list[float] = []

    def add(
        self,
        whole: shapely.Polygon,
        middle: shapely.Polygon,
        place: tuple[float, float],
        height_m: float | None,
    ) -> None:
        """Count one photograph."""
        window, shown = self._shown(whole)
        if window is None:
            return
        self.count[window] += shown
        for axis in (0, 1):
            low, high = self.low[axis][window], self.high[axis][window]
            low[shown] = np.minimum(low[shown], place[axis])
            high[shown] = np.maximum(high[shown], place[axis])
        window, central = self._shown(middle)
        if window is not None:
            self.good[window] |= central
        if height_m and height_m > 0:
            self._heights.append(height_m)

    def result(
        self,
        frame: LocalFrame,
        middles: Sequence[shapely.Polygon],
        photos: int,
        *,
        mapped: bool,
    ) -> Overlap:
        """The figures of all that was counted."""
        seen, good = self.count > 0, self.good
        depth = np.percentile(self.count[self.inside], (5, 50, 95))
        thin = THIN * min((_short_side(m) for m in middles), default=0.0)
        gaps = self._region(self.inside & ~good, thin)
        total = max(self.area.area, 1e-9)
        counted = np.minimum(self.count, _SHOWN)
        levels = [int(n) for n in np.unique(counted[self.inside])] if mapped else []
        return Overlap(
            share=1.0 - min(1.0, gaps.area / total),
            seen=float(seen[self.inside].mean()),
            photos=photos,
            depth=(float(depth[0]), float(depth[1]), float(depth[2])),
            angle_deg=self._angle_deg(seen & self.inside),
            gaps=frame.to_degrees(gaps),
            unseen=frame.to_degrees(self._region(self.inside & ~seen, thin)),
            cell_m=self.cell_m,
            by_count={
                n: frame.to_degrees(self._region(self.inside & (counted == n), 0.0)) for n in levels
            },
        )

    def _angle_deg(self, seen: npt.NDArray[np.bool_]) -> float:
        if not seen.any() or not self._heights:
            return 0.0
        spread = np.hypot(*(self.high[axis][seen] - self.low[axis][seen] for axis in (0, 1)))
        height = float(np.median(self._heights))
        return math.degrees(2 * math.atan(float(np.median(spread)) / 2 / height))

    def _shown(
        self, polygon: shapely.Polygon
    ) -> tuple[tuple[slice, slice] | None, npt.NDArray[np.bool_]]:
        ring = shapely.get_coordinates(polygon.exterior)
        x, y = ring[:, 0], ring[:, 1]
        left = max(int((x.min() - self.x0) / self.cell_m), 0)
        right = min(int((x.max() - self.x0) / self.cell_m) + 1, self.columns)
        bottom = max(int((y.min() - self.y0) / self.cell_m), 0)
        top = min(int((y.max() - self.y0) / self.cell_m) + 1, self.rows)
        if left >= right or bottom >= top:
            return None, np.zeros((0, 0), bool)
        east = self.x0 + (np.arange(left, right) + 0.5) * self.cell_m
        north = self.y0 + (np.arange(bottom, top) + 0.5) * self.cell_m
        return np.s_[bottom:top, left:right], inside_ring(x, y, east, north[:, None])

    def _region(self, cells: npt.NDArray[np.bool_], thin_m: float) -> shapely.MultiPolygon:
        """Cells as an area in metres, without what is thinner than ``thin_m``."""
        if not cells.any():
            return shapely.MultiPolygon()
        flipped = np.ascontiguousarray(cells[::-1])
        north_west = (self.x0, self.y0 + self.rows * self.cell_m)
        transform = from_origin(*north_west, self.cell_m, self.cell_m)
        found = shapes(flipped.astype(np.uint8), mask=flipped, transform=transform)
        region = shapely.union_all([shape(geometry) for geometry, _ in found])
        if thin_m > 0:
            half = thin_m / 2
            region = region.buffer(-half, join_style="mitre").buffer(half, join_style="mitre")
        region = region.simplify(self.cell_m * 0.8).intersection(self.area)
        return _only_areas(region)


def _only_areas(region: shapely.Geometry) -> shapely.MultiPolygon:
    parts = [p for p in shapely.get_parts(region) if p.geom_type in {"Polygon", "MultiPolygon"}]
    polygons = [q for p in parts for q in shapely.get_parts(p) if q.area > 0]
    return shapely.MultiPolygon(polygons)


def _cell_m(metres: shapely.Geometry, middles: Sequence[shapely.Polygon]) -> float:
    """Fine enough for the middles, coarse enough for the area."""
    x0, y0, x1, y1 = metres.bounds
    least = math.sqrt(max((x1 - x0) * (y1 - y0), 1.0) / _MAX_CELLS)
    wanted = min((_short_side(m) for m in middles), default=20.0) / _CELLS_ACROSS
    return max(least, wanted, 0.05)


def _short_side(polygon: shapely.Polygon) -> float:
    box = polygon.minimum_rotated_rectangle
    ring = shapely.get_coordinates(box)
    if len(ring) < 4:
        return 0.0
    return float(min(np.hypot(*(ring[1] - ring[0])), np.hypot(*(ring[2] - ring[1]))))


def _middle(footprint: shapely.Polygon, across: float, along: float) -> shapely.Polygon:
    """The central part of a footprint: ``across`` of its width and ``along`` of its height."""
    across, along = min(across, 1.0), min(along, 1.0)
    corners = shapely.get_coordinates(footprint.exterior)[:-1]
    if len(corners) != 4:  # the horizon is in it: no picture axes any more
        return shapely.affinity.scale(footprint, across, along, origin="centroid")
    u = np.array([-1, 1, 1, -1]) * across / 2 + 0.5
    v = np.array([-1, -1, 1, 1]) * along / 2 + 0.5
    weights = np.column_stack([(1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v])
    return shapely.Polygon(weights @ corners)
