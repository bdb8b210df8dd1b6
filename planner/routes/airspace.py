"""The shortest way round the zones: a visibility graph, prepared once for a city.

Zones grow by their buffer and a small margin; their corners see one another or do not. Shortest
ways between corners are kept (`planner.routes.shortest`), so that a query only joins its two ends
to the corners that they see. Lozano-Perez and Wesley 1979, doi:10.1145/359156.359164.
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
from planner.routes.shortest import Shortest

Floats = npt.NDArray[np.float64]

BEND_M = 1.2
"""Kept on top of the buffer: covers the bend of straight lines between this frame and the frame
of whoever checks (measured: 0.7 m at most on 60 km, beginning up to 100 km from the origin)."""
MARGIN_M = 2.2
"""The most that zones grow beyond their buffer, besides 2 % of it."""
_FINE_M = 0.25
"""Corners that stand out less are left out, outwards."""
_COARSEST_M = 100.0
_FINE_CORNERS = 1000
"""Of one zone, before it grows: growing takes their square."""
_MOST_CORNERS = 120
"""Of one zone: finer outlines are straightened, outwards, until they have as few."""
_OFF_M = 0.02
"""The graph's corners stand off so far, so that lines along an edge do not cross it."""
_BLOCK = 256
"""Corners whose sights are sought at once: memory."""


class Airspace:
    """Where one may fly, in one local frame.

    Attributes:
        frame: metres about the city's middle.
        blocked: zones with buffer and margin, metres; empty polygon when there are none.
    """

    def __init__(self, frame: LocalFrame, zones: Iterable[Zone]) -> None:
        self.frame = frame
        shut = [grown(frame.to_metres(shapely.make_valid(z.polygon)), z.buffer_m) for z in zones]
        self.blocked: Any = shapely.union_all(shut) if shut else shapely.Polygon()
        self._parts = np.array(shapely.get_parts(self.blocked))
        shapely.prepare(self._parts)
        self._tree = shapely.STRtree(self._parts)
        self._nodes, self._beside, self._hulls = _corners(self._parts)
        near = shapely.STRtree(self._hulls).query(shapely.points(self._nodes), predicate="within")
        within = np.zeros(len(self._nodes), bool)  # corners close to another zone
        within[near[0]] = True
        self._corner_ways = Shortest(
            self._nodes, *_sights(self._nodes, self._beside, within, self.crosses)
        )
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
        found = self._corner_ways.way(i, out, j, back, b)
        return found and (found[0], self._nodes[found[1]])

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


def grown(polygon: Any, buffer_m: float) -> Any:
    """A zone (metres) with its buffer, `BEND_M` and at most what is left of `MARGIN_M` and 2 % of
    the buffer on top; more only round outlines of very many corners."""
    tolerance, plain = 0.0, polygon
    while shapely.get_num_coordinates(plain) > _FINE_CORNERS and tolerance < _COARSEST_M:
        tolerance = 2 * tolerance or _FINE_M
        plain = shapely.simplify(polygon, tolerance)
    outside = _outside(plain, buffer_m + BEND_M + tolerance + _FINE_M)
    tolerance, found = _FINE_M, shapely.simplify(outside, _FINE_M)
    while shapely.get_num_coordinates(found) > _MOST_CORNERS and tolerance < _COARSEST_M:
        tolerance *= 2
        found = shapely.simplify(outside.buffer(tolerance, join_style="mitre"), tolerance)
    return found


def _outside(polygon: Any, reach_m: float) -> Any:
    """A buffer whose corners lie outside of round ones, and its edges not inside."""
    over = min(2.0, 0.0196 * reach_m)
    half = math.acos(reach_m / (reach_m + over))
    quadrant = max(4, math.ceil(math.pi / 4 / half))
    return polygon.buffer(reach_m / math.cos(math.pi / 4 / quadrant), quad_segs=quadrant)


def _corners(parts: Any) -> tuple[Floats, Floats, Any]:
    """Corners (N, 2) that stand out, the steps to both ring neighbours (N, 2, 2), and the parts a
    little larger, on whose outlines they stand."""
    nodes, beside = [np.empty((0, 2))], [np.empty((0, 2, 2))]
    hulls = np.array(shapely.buffer(parts, _OFF_M, join_style="mitre"), dtype=object)
    for polygon in shapely.get_parts(hulls):
        sound = shapely.geometry.polygon.orient(polygon)
        for line in (sound.exterior, *sound.interiors):
            ring = shapely.get_coordinates(line)[:-1]
            steps = (
                np.stack([np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0)], 1) - ring[:, None]
            )
            out = _cross(-steps[:, 0], steps[:, 1]) > 0
            nodes.append(ring[out])
            beside.append(steps[out])
    shapely.prepare(hulls)
    return np.concatenate(nodes), np.concatenate(beside), hulls


def _cross(a: Floats, b: Floats) -> Floats:
    return np.asarray(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])


def _touches(arrival: Floats, beside: Floats) -> npt.NDArray[np.bool_]:
    """Whether lines that arrive so at the corners only touch them: no other line is ever part of
    a shortest way."""
    left, right = _cross(arrival, beside[..., 0, :]), _cross(arrival, beside[..., 1, :])
    return np.asarray(left * right >= -1e-6)


def _sights(
    nodes: Floats, beside: Floats, within: npt.NDArray[np.bool_], crosses: Any
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Floats]:
    """Pairs of corners that see one another, each pair once, and how far apart they are: only lines
    that touch the zones at both ends, since no other line is ever part of a shortest way.

    Args:
        within: corners inside another zone's outline, from which lines leave it as they can.
    """
    found: list[Any] = [np.empty((2, 0), np.intp)]
    for first in range(0, len(nodes), _BLOCK):
        i, j = np.triu_indices(len(nodes) - first, 1)
        i, j = i[i < _BLOCK] + first, j[i < _BLOCK] + first
        line = nodes[j] - nodes[i]
        use = _touches(line, beside[i]) | within[j]
        i, j, line = i[use], j[use], line[use]
        use = _touches(line, beside[j]) | within[i]
        i, j = i[use], j[use]
        free = ~crosses(nodes[i], nodes[j])
        found.append(np.stack([i[free], j[free]]))
    i, j = np.concatenate(found, axis=1)
    return i, j, np.hypot(*(nodes[i] - nodes[j]).T)


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
