"""The shortest way round the zones: a visibility graph, prepared once for a city.

Zones grow by their buffer and a margin; their corners see one another or do not. Shortest ways
between all corners are computed once (Floyd-Warshall), so that a query only joins its two ends to
the corners that they see. Lozano-Perez and Wesley 1979, doi:10.1145/359156.359164.
"""

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from core.geo import LocalFrame, LonLat
from core.zones import Zone

Floats = npt.NDArray[np.float64]

MARGIN_M = 6.0
"""Kept on top of the buffer: covers the bend of straight lines between this frame and the frame
of whoever checks (under 2 m on 60 km at 100 km from the origin)."""
_CORNER_M = 25.0
"""How far the graph's corners may stand off, so that round zones get few corners."""
_QUADRANT = 4
"""Segments a quarter circle of a buffer; circumscribed, so that chords keep the distance."""


class Airspace:
    """Where one may fly, in one local frame.

    Attributes:
        frame: metres about the city's middle.
        blocked: zones with buffer and margin, metres; empty polygon when there are none.
    """

    def __init__(self, frame: LocalFrame, zones: Iterable[Zone]) -> None:
        self.frame = frame
        grown = [_grown(frame.to_metres(shapely.make_valid(z.polygon)), z.buffer_m) for z in zones]
        self.blocked: Any = shapely.union_all(grown) if grown else shapely.Polygon()
        self._parts = np.array(shapely.get_parts(self.blocked))
        shapely.prepare(self._parts)
        self._tree = shapely.STRtree(self._parts)
        self._nodes, self._beside, self._hulls = _corners(self._parts, self.blocked)
        near = shapely.STRtree(self._hulls).query(shapely.points(self._nodes), predicate="within")
        within = np.zeros(len(self._nodes), bool)  # corners close to another zone
        within[near[0]] = True
        self._between, self._next = _all_ways(self._nodes, self._beside, within, self.crosses)
        self._seen: dict[tuple[float, float], tuple[npt.NDArray[np.intp], Floats]] = {}
        self._ways: dict[tuple[float, float, float, float], tuple[float, Floats] | None] = {}

    def crosses(self, a: Floats, b: Floats) -> npt.NDArray[np.bool_]:
        """Whether the straight lines from a to b, both (N, 2) metres, meet anything blocked."""
        hit = np.zeros(len(a), bool)
        if len(self._parts) and len(a):
            lines = shapely.linestrings(np.stack([a, b], axis=1))
            line, part = self._tree.query(lines)
            # the tree would prepare each line; the parts are prepared, so they ask
            hit[line[shapely.intersects(self._parts[part], lines[line])]] = True
        return hit

    def inside(self, points: Floats) -> npt.NDArray[np.bool_]:
        """Whether the points, (N, 2) metres, are in anything blocked."""
        hit = np.zeros(len(points), bool)
        if len(self._parts) and len(points):
            hit[self._tree.query(shapely.points(points), predicate="intersects")[0]] = True
        return hit

    def way(self, a: Floats, b: Floats) -> tuple[float, Floats] | None:
        """Length and corners (K, 2) between a and b, both (2,) metres; None when there is none."""
        key = (float(a[0]), float(a[1]), float(b[0]), float(b[1]))
        if key in self._ways:
            return self._ways[key]
        if not self.crosses(a[None], b[None])[0]:
            return float(np.hypot(*(b - a))), np.empty((0, 2))
        return self.round(a, b)

    def round(self, a: Floats, b: Floats) -> tuple[float, Floats] | None:
        """The same for points between which the straight line is known to be blocked."""
        key = (float(a[0]), float(a[1]), float(b[0]), float(b[1]))
        if key not in self._ways:
            found = self._find(a, b)
            self._ways[key] = found
            self._ways[key[2:] + key[:2]] = found and (found[0], found[1][::-1])
        return self._ways[key]

    def _find(self, a: Floats, b: Floats) -> tuple[float, Floats] | None:
        (i, out), (j, back) = self._to_corners(a), self._to_corners(b)
        if not len(i) or not len(j):
            return None
        total = out[:, None] + self._between[np.ix_(i, j)] + back[None, :]
        p, q = np.unravel_index(int(total.argmin()), total.shape)
        if not np.isfinite(total[p, q]):
            return None
        return float(total[p, q]), self._nodes[self._chain(int(i[p]), int(j[q]))]

    def _to_corners(self, point: Floats) -> tuple[npt.NDArray[np.intp], Floats]:
        """The corners that a point sees, and how far each is."""
        key = (float(point[0]), float(point[1]))
        if key not in self._seen:
            if shapely.intersects_xy(self._hulls, *point).any():  # close to a zone
                seen = np.arange(len(self._nodes))
            else:
                seen = np.flatnonzero(_touches(self._nodes - point, self._beside))
            seen = seen[~self.crosses(np.broadcast_to(point, (len(seen), 2)), self._nodes[seen])]
            self._seen[key] = seen, np.hypot(*(self._nodes[seen] - point).T)
        return self._seen[key]

    def _chain(self, i: int, j: int) -> list[int]:
        chain = [i]
        while i != j:
            i = int(self._next[i, j])
            chain.append(i)
        return chain


def _grown(polygon: Any, buffer_m: float) -> Any:
    reach = (buffer_m + MARGIN_M) / math.cos(math.pi / (4 * _QUADRANT))
    return polygon.buffer(reach, quad_segs=_QUADRANT)


def _corners(parts: Any, blocked: Any) -> tuple[Floats, Floats, Any]:
    """Free corners (N, 2) that stand out, the steps to both ring neighbours (N, 2, 2), and the
    outlines that they stand on, each round one of the parts."""
    nodes, beside = [np.empty((0, 2))], [np.empty((0, 2, 2))]
    outlines: list[Any] = []
    for part in parts:
        off = max(_CORNER_M, 0.03 * math.sqrt(part.area))
        outer = shapely.simplify(part.buffer(off + 2.0, quad_segs=_QUADRANT), off)
        for polygon in shapely.get_parts(outer):
            outlines.append(polygon)
            ring = shapely.get_coordinates(shapely.geometry.polygon.orient(polygon).exterior)[:-1]
            steps = (
                np.stack([np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0)], 1) - ring[:, None]
            )
            out = _cross(-steps[:, 0], steps[:, 1]) > 0
            nodes.append(ring[out])
            beside.append(steps[out])
    points, steps = np.concatenate(nodes), np.concatenate(beside)
    hulls = np.array(outlines, dtype=object)
    shapely.prepare(hulls)
    if not len(points):
        return points, steps, hulls
    free = ~shapely.intersects_xy(blocked, points[:, 0], points[:, 1])
    return points[free], steps[free], hulls


def _cross(a: Floats, b: Floats) -> Floats:
    return np.asarray(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])


def _touches(arrival: Floats, beside: Floats) -> npt.NDArray[np.bool_]:
    """Whether lines that arrive so at the corners only touch them: no other line is ever part of
    a shortest way."""
    left, right = _cross(arrival, beside[..., 0, :]), _cross(arrival, beside[..., 1, :])
    return np.asarray(left * right >= -1e-6)


def _all_ways(
    nodes: Floats, beside: Floats, within: npt.NDArray[np.bool_], crosses: Any
) -> tuple[Floats, npt.NDArray[np.intp]]:
    """Shortest lengths between all corners and the next corner on each way.

    Args:
        within: corners inside another zone's outline, from which lines leave it as they can.
    """
    n = len(nodes)
    length = np.full((n, n), np.inf)
    np.fill_diagonal(length, 0.0)
    i, j = np.triu_indices(n, 1)
    line = nodes[j] - nodes[i]
    use = (_touches(line, beside[i]) | within[j]) & (_touches(line, beside[j]) | within[i])
    i, j = i[use], j[use]
    free = ~crosses(nodes[i], nodes[j])
    i, j = i[free], j[free]
    length[i, j] = length[j, i] = np.hypot(*(nodes[i] - nodes[j]).T)
    following = np.tile(np.arange(n), (n, 1))
    for k in range(n):
        through = length[:, k, None] + length[None, k, :]
        better = through < length - 1e-9
        length = np.where(better, through, length)
        following = np.where(better, following[:, k, None], following)
    return length, following


def airspace(zones: Sequence[Zone], origin: LonLat, highest_m: float = 120.0) -> Airspace:
    """The airspace for flights up to a height above ground; the last ones are kept.

    Zones that begin above that height do not count. A zone that holds only for a time counts for
    the whole day: see `planner.solve` for zones that do not hold on the day at all.
    """
    return _cached(tuple(z for z in zones if z.floor_m <= highest_m), origin)


@lru_cache(maxsize=16)
def _cached(zones: tuple[Zone, ...], origin: LonLat) -> Airspace:
    return Airspace(LocalFrame(origin), zones)


def middle(places: Iterable[LonLat]) -> LonLat:
    """The origin of a city's frame: the middle of its stations, to a hundredth of a degree.

    Raises:
        ValueError: there are no places.
    """
    lon, lat = zip(*((p.lon, p.lat) for p in places), strict=True)
    return LonLat(round((min(lon) + max(lon)) / 2, 2), round((min(lat) + max(lat)) / 2, 2))
