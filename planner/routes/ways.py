"""Shortest ways round what may not be crossed within one area: its holes, notches and zones.

A visibility graph on the corners of the blocked (Lozano-Perez and Wesley 1979,
doi:10.1145/359156.359164), reduced to lines that touch both their corners, as any line of a
shortest way does; searched by Dijkstra's method.
"""

import heapq
import math
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

OFF_M = 0.05
"""Corners stand off so far, so that lines along an edge do not count as crossing it."""
CLEAR_M = 0.1
"""Distance from the blocked at which lines end: more than that of the corners, which only then are
seen as corners."""
MOST_CORNERS = 500
"""More corners than this are simplified away (outwards): making the graph takes their square."""


class Ways:
    """Straight where one can, else from corner to corner.

    Args:
        blocked: shapely geometry in metres; its inside may not be crossed.
    """

    def __init__(self, blocked: Any) -> None:
        self.blocked = blocked
        self._parts = np.array(
            [p for p in shapely.get_parts(blocked) if p.geom_type == "Polygon"], dtype=object
        )
        shapely.prepare(self._parts)
        self._tree = shapely.STRtree(self._parts)
        self._made: tuple[Floats, Floats, list[list[tuple[int, float]]]] | None = None
        self._sights: dict[tuple[float, float, bool], tuple[npt.NDArray[np.intp], Floats]] = {}
        self._known: dict[tuple[float, ...], tuple[float, Floats] | None] = {}

    @cached_property
    def apart(self) -> Any:
        """The blocked with `CLEAR_M` round it, for cutting lines off before it."""
        return self.blocked.buffer(CLEAR_M)

    @cached_property
    def _near(self) -> npt.NDArray[np.object_]:
        """The parts with the corners' distance: who is inside sees corners from behind."""
        near = shapely.buffer(self._parts, 2 * OFF_M)
        shapely.prepare(near)
        return np.asarray(near)

    def crosses(self, a: Floats, b: Floats) -> Bools:
        """Whether the straight lines from a to b, both (N, 2) metres, cross anything blocked."""
        hit = np.zeros(len(a), bool)
        if len(self._parts) and len(a):
            lines = shapely.linestrings(np.stack([a, b], axis=1))
            line, part = self._tree.query(lines)
            hit[line[shapely.intersects(self._parts[part], lines[line])]] = True
        return hit

    def way(self, a: Floats, b: Floats) -> tuple[float, Floats] | None:
        """Length and corners (K, 2) between a and b, both (2,) metres; None when there is none."""
        straight = math.hypot(b[0] - a[0], b[1] - a[1])
        if not len(self._parts):
            return straight, np.empty((0, 2))
        key = (float(a[0]), float(a[1]), float(b[0]), float(b[1]))
        if key not in self._known:
            if self.crosses(a[None], b[None])[0]:
                found = self._round(a, b) or self._round(a, b, behind=True)
            else:
                found = straight, np.empty((0, 2))
            self._known[key] = found
            self._known[key[2:] + key[:2]] = found and (found[0], found[1][::-1])
        return self._known[key]

    def _round(self, a: Floats, b: Floats, *, behind: bool = False) -> tuple[float, Floats] | None:
        """Dijkstra's method from the corners that a sees to those that b sees.

        Args:
            behind: also by corners that lines from a or b do not just touch; ends in narrow gaps
                may need them.
        """
        nodes, _, beside = self._graph()
        goal = dict(zip(*(s.tolist() for s in self._seen(b, behind)), strict=True))
        best = np.full(len(nodes), np.inf)
        come = np.full(len(nodes), -1)
        heap = []
        for k, metres in zip(*(s.tolist() for s in self._seen(a, behind)), strict=True):
            best[k] = metres
            heap.append((metres, k))
        heapq.heapify(heap)
        end: tuple[float, int] = (math.inf, -1)
        while heap and heap[0][0] < end[0]:
            metres, k = heapq.heappop(heap)
            if metres > best[k]:
                continue
            if k in goal:
                end = min(end, (metres + goal[k], k))
            for other, step in beside[k]:
                if metres + step < best[other] - 1e-9:
                    best[other], come[other] = metres + step, k
                    heapq.heappush(heap, (metres + step, other))
        if end[1] < 0:
            return None
        chain = [end[1]]
        while come[chain[-1]] >= 0:
            chain.append(int(come[chain[-1]]))
        return end[0], nodes[chain[::-1]]

    def _seen(self, point: Floats, behind: bool) -> tuple[npt.NDArray[np.intp], Floats]:
        """The corners that a point sees and a shortest way may turn at, and how far each is."""
        key = (float(point[0]), float(point[1]), behind)
        if key in self._sights:
            return self._sights[key]
        nodes, steps, _ = self._graph()
        close = behind or shapely.intersects_xy(self._near, *point).any()
        seen = np.arange(len(nodes))
        if not close:
            seen = np.flatnonzero(_touches(nodes - point, steps))
        there = np.broadcast_to(point, (len(seen), 2))
        seen = seen[~self.crosses(there, nodes[seen])]
        self._sights[key] = seen, np.hypot(*(nodes[seen] - point).T)
        return self._sights[key]

    def _graph(self) -> tuple[Floats, Floats, list[list[tuple[int, float]]]]:
        """Corners (N, 2), the steps to their ring neighbours (N, 2, 2) and the corners that each
        sees with their distances; made when first used."""
        if self._made is None:
            nodes, steps = _outline(self.blocked)
            i, j = np.triu_indices(len(nodes), 1)
            line = nodes[j] - nodes[i]
            use = _touches(line, steps[i]) & _touches(line, steps[j])
            i, j = i[use], j[use]
            free = ~self.crosses(nodes[i], nodes[j])
            i, j = i[free], j[free]
            beside: list[list[tuple[int, float]]] = [[] for _ in nodes]
            metres = np.hypot(*(nodes[i] - nodes[j]).T).tolist()
            for p, q, m in zip(i.tolist(), j.tolist(), metres, strict=True):
                beside[p].append((q, m))
                beside[q].append((p, m))
            self._made = nodes, steps, beside
        return self._made


def _outline(blocked: Any) -> tuple[Floats, Floats]:
    """The corners round which a shortest way can bend, `OFF_M` outside the blocked (simplified
    outwards where it has too many), and the steps to both neighbours of each."""
    step = 0.0
    while True:
        shape = blocked
        if step:
            shape = blocked.buffer(step, join_style="mitre").simplify(step * 0.99)
        nodes, steps = _bends(shape.buffer(OFF_M, join_style="mitre"))
        if len(nodes) <= MOST_CORNERS:
            free = ~shapely.intersects_xy(blocked, nodes[:, 0], nodes[:, 1])
            return nodes[free], steps[free]
        step = max(0.25, 2 * step)


def _bends(grown: Any) -> tuple[Floats, Floats]:
    """Corners (N, 2) of polygons that stand out into the free, and the steps beside them."""
    nodes, steps = [np.empty((0, 2))], [np.empty((0, 2, 2))]
    for polygon in shapely.get_parts(grown):
        if polygon.geom_type != "Polygon" or polygon.is_empty:
            continue
        oriented = shapely.orient_polygons(polygon)
        for ring in (oriented.exterior, *oriented.interiors):
            xy = shapely.get_coordinates(ring)[:-1]
            beside = np.stack([np.roll(xy, 1, axis=0), np.roll(xy, -1, axis=0)], 1) - xy[:, None]
            out = _cross(-beside[:, 0], beside[:, 1]) > 0
            nodes.append(xy[out])
            steps.append(beside[out])
    return np.concatenate(nodes), np.concatenate(steps)


def _cross(a: Floats, b: Floats) -> Floats:
    return np.asarray(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])


def _touches(arrival: Floats, beside: Floats) -> Bools:
    """Whether lines that arrive so at the corners only touch them: no other line is ever part of
    a shortest way."""
    left, right = _cross(arrival, beside[..., 0, :]), _cross(arrival, beside[..., 1, :])
    return np.asarray(left * right >= -1e-6)
