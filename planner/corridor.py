"""Along a river, a road or a line: one pass, or several side by side where it is wide."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from planner.tour import Path, order

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
