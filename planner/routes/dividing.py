"""An area divided so that each part can have its own direction of lines.

At corners that point inwards the area is cut along the edges that meet there. The cut that saves
most flying time by a rough count is made, and again in the parts, while it saves anything.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
import shapely.ops

Floats = npt.NDArray[np.float64]

_CORNERS = 10
"""Corners at most at which cuts are tried in one part, those of the longest edges."""
_CUTS = 4
_LEAST = 0.04
"""Share of the area below which a part is no part."""
_SAVES = 0.998
"""Flying time of the parts over that of the whole, at most, for a cut to be made."""


def partitions(area: Any, spacing_m: float, seconds: Callable[[Any], float]) -> list[list[Any]]:
    """Ways to divide an area, from one cut on; none where no cut saves time.

    Args:
        seconds: about how long lines over a part take, joins between parts not counted.
    """
    parts = [p for p in shapely.get_parts(area) if p.area > 0]
    cost = [seconds(p) for p in parts]
    found: list[list[Any]] = []
    least = _LEAST * area.area
    tried: dict[int, tuple[float, list[Any], list[float]] | None] = {}
    for _ in range(_CUTS):
        best: tuple[float, int, list[Any], list[float]] | None = None
        for k, part in enumerate(parts):
            if id(part) not in tried:
                tried[id(part)] = _best_cut(part, cost[k], spacing_m, least, seconds)
            cut = tried[id(part)]
            if cut is not None and (best is None or cut[0] > best[0]):
                best = (cut[0], k, cut[1], cut[2])
        if best is None:
            return found
        _, k, pieces, costs = best
        parts = [*parts[:k], *pieces, *parts[k + 1 :]]
        cost = [*cost[:k], *costs, *cost[k + 1 :]]
        found.append(parts)
    return found


def _best_cut(
    part: Any, whole: float, spacing_m: float, least: float, seconds: Callable[[Any], float]
) -> tuple[float, list[Any], list[float]] | None:
    """The time saved by the best cut of a part, its pieces and their times."""
    best: tuple[float, list[Any], list[float]] | None = None
    for line in _cuts(part, spacing_m):
        pieces = [p for p in shapely.get_parts(shapely.ops.split(part, line)) if p.area > 0]
        if not 2 <= len(pieces) <= 4 or min(p.area for p in pieces) < least:
            continue
        costs = [seconds(p) for p in pieces]
        saved = whole - sum(costs)
        if saved > (1 - _SAVES) * whole and (best is None or saved > best[0]):
            best = (saved, pieces, costs)
    return best


def _cuts(part: Any, spacing_m: float) -> list[Any]:
    """Lines right through a part, along the edges at its corners that point inwards."""
    plain = shapely.orient_polygons(shapely.simplify(part, 0.2 * spacing_m))
    reach = 2 * math.hypot(*(np.array(part.bounds[2:]) - part.bounds[:2]))
    corners: list[tuple[float, Floats, Floats]] = []
    for ring in (plain.exterior, *plain.interiors):
        xy = shapely.get_coordinates(ring)[:-1]
        before, after = xy - np.roll(xy, 1, axis=0), np.roll(xy, -1, axis=0) - xy
        inward = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0] < 0
        for k in np.flatnonzero(inward):
            edges = (before[k], after[k])
            corners.extend((float(np.hypot(*edge)), xy[k], edge) for edge in edges)
    corners.sort(key=lambda c: -c[0])
    found, known = [], set()
    for length, spot, edge in corners:
        along = edge / max(length, 1e-9)
        course = round(math.degrees(math.atan2(along[1], along[0])) % 180, 0) % 180
        offset = round(float(-along[1] * spot[0] + along[0] * spot[1]) / spacing_m)
        if (course, abs(offset)) in known:
            continue
        known.add((course, abs(offset)))
        found.append(shapely.LineString([spot - along * reach, spot + along * reach]))
    return found[: 2 * _CORNERS]
