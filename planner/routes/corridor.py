"""Along a river, a road or a line: one pass, or several side by side where it is wide."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from planner.routes.tour import Path, order

Run = npt.NDArray[np.float64]
"""(K, 2) metres, photographed from its first point to its last."""


def passes(width_m: float, swath_m: float, line_spacing_m: float) -> int:
    """How many passes see a corridor of this width.

    >>> passes(0, 120, 50), passes(120, 120, 50), passes(121, 120, 50)
    (1, 1, 2)
    """
    return 1 + max(0, math.ceil((width_m - swath_m) / line_spacing_m - 1e-9))


def follow(
    line: Any,
    *,
    width_m: float,
    swath_m: float,
    line_spacing_m: float,
    blocked: Any = None,
) -> list[Run]:
    """Runs along a line, in flying order.

    Args:
        line: shapely LineString or MultiLineString in metres.
        width_m: of the corridor, across; 0 means that the line itself is to be seen.
        swath_m: width of a photo across the track.
        blocked: what no run may enter, metres.

    A winding line is straightened as far as the spare width of the outermost photo allows, at
    least 2 m and at most a tenth of the swath.
    """
    count = passes(width_m, swath_m, line_spacing_m)
    spare = (swath_m + (count - 1) * line_spacing_m - width_m) / 2
    smooth = line.simplify(min(max(2.0, spare / 2), swath_m / 10))
    ways: list[list[Path]] = []
    for part in _parts(shapely.line_merge(smooth)):
        for k in range(count):
            away = (k - (count - 1) / 2) * line_spacing_m
            beside = part.offset_curve(away, join_style="mitre") if away else part
            if blocked is not None and not blocked.is_empty:
                beside = beside.difference(blocked)
            for piece in _parts(beside):
                xy = shapely.get_coordinates(piece)
                ways.append([xy, xy[::-1].copy()])
    return order(ways)


def _parts(lines: Any) -> list[Any]:
    return [p for p in shapely.get_parts(lines) if p.geom_type == "LineString" and p.length > 1.0]


SHARP_DEG = 50.0
"""Bends from which on straight photo legs leave a gap outside the bend that is worth flying for:
beyond this the gap of half a swath is deeper than a tenth of it."""


def sharpened(run: Run, reach_m: float) -> list[Run]:
    """A run cut at its sharp bends, each piece flown on until the outside of the bend is seen.

    Args:
        reach_m: half of the swath, how far beside the leg is seen.
    """
    found: list[Run] = []
    begin = 0
    pieces: list[tuple[int, int, float]] = []
    for k in range(1, len(run) - 1):
        into, out = run[k] - run[k - 1], run[k + 1] - run[k]
        turn = abs(math.atan2(into[0] * out[1] - into[1] * out[0], float(into @ out)))
        if turn > math.radians(SHARP_DEG):
            pieces.append((begin, k, min(1.0, math.tan(turn / 2)) * reach_m))
            begin = k
    pieces.append((begin, len(run) - 1, 0.0))
    before = 0.0
    for a, b, after in pieces:
        piece = run[a : b + 1].copy()
        first, last = piece[1] - piece[0], piece[-1] - piece[-2]
        piece[0] -= first / max(float(np.hypot(*first)), 1e-9) * before
        piece[-1] += last / max(float(np.hypot(*last)), 1e-9) * after
        found.append(piece)
        before = after
    return found
