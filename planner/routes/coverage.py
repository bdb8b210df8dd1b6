"""Lines over an area: strips across the sweep direction, cells flown to and fro, cells joined.

The area is cut into strips as wide as the line spacing. Each connected piece of a strip gets one
photo leg along its middle, as long as the piece, so that the legs with half a spacing to each side
hold the whole area and nothing is photographed across holes or notches wider than the strip.
Pieces that follow one another without branching form a cell (boustrophedon decomposition, Choset
2000, doi:10.1023/A:1008958800904).
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from core.energy import CALM, Wind
from planner.routes.strips import Piece
from planner.routes.strips import cells as chained
from planner.routes.tour import Path, order

Floats = npt.NDArray[np.float64]
Leg = npt.NDArray[np.float64]
"""(2, 2) metres: where photographing begins and where it ends."""

TURN_S = 5.0
"""Seconds that braking, turning and speeding up again cost at the end of a line: 15 m/s at the
2.5 m/s2 of an ordinary autopilot set-up, half of it lost each way."""

CLIMB_S_PER_M = 0.1
"""Endurance that a metre of climb costs on top: 0.4 of the time at 4 m/s (`core.energy`)."""
_SAMPLE = 12
"""Lines sampled for a direction, and samples of the ground each way."""


def sweep(
    area: Any,
    *,
    line_spacing_m: float,
    photo_spacing_m: float,
    length_m: float,
    speed_mps: float,
    wind: Wind = CALM,
    angle_deg: float | None = None,
    blocked: Any = None,
) -> list[Leg]:
    """Photo legs that cover an area, in flying order.

    Args:
        area: shapely Polygon or MultiPolygon in metres.
        length_m: of a photo's footprint along the track.
        speed_mps: on photo legs.
        angle_deg: direction of the lines, counter-clockwise from east; the quickest when None.
        blocked: what no line may enter, metres.
    """
    if area.is_empty:
        return []
    if angle_deg is None:
        angle_deg = best_angle_deg(area, line_spacing_m, speed_mps, wind)
    turn = _turn(angle_deg)
    level = _moved(area, turn.T)
    rows = _strips(level, line_spacing_m)
    overrun = max(0.0, photo_spacing_m - length_m / 2)
    # the last photo may fall this much short of the end, whichever end that is
    cells = [[(a - overrun, b + overrun, y) for a, b, y in cell] for cell in chained(rows)]
    if blocked is not None and not blocked.is_empty:
        cells = _clear(cells, _moved(blocked, turn.T))
    ways = order([_options(cell) for cell in cells])
    return [leg @ turn.T for way in ways for leg in way.reshape(-1, 2, 2)]


def best_angle_deg(
    area: Any,
    spacing_m: float,
    speed_mps: float,
    wind: Wind = CALM,
    ground: Callable[[Floats], Floats] | None = None,
) -> float:
    """The direction of lines with the shortest flying time: length, turns, wind and slope.

    Args:
        ground: heights (N,) of points (N, 2); lines along a slope cost no climbing.
    """
    angles = np.array(_candidates(area))
    counts, pieces = _lines(area, angles, spacing_m)
    pace = np.array([_pace(math.radians(a), speed_mps, wind) for a in angles])
    if ground is not None:
        pace = pace + _climbing(area, angles, ground)
    seconds = area.area / spacing_m * pace
    seconds += np.maximum(1.0, counts * pieces) * (TURN_S + spacing_m / speed_mps)
    return float(angles[int(np.argmin(seconds))])


def _candidates(area: Any) -> list[float]:
    """Directions of the longest edges of the outline's hull, and every 30 degrees."""
    hull = area.convex_hull
    if hull.geom_type != "Polygon":
        return [0.0]
    edges = np.diff(shapely.get_coordinates(hull.simplify(math.sqrt(hull.area) * 0.02)), axis=0)
    longest = edges[np.argsort(-np.hypot(*edges.T))[:5]]
    along = np.degrees(np.arctan2(longest[:, 1], longest[:, 0])) % 180
    return sorted({round(float(a), 2) for a in along} | {0.0, 30.0, 60.0, 90.0, 120.0, 150.0})


def _lines(area: Any, angles: Floats, spacing_m: float) -> tuple[Floats, Floats]:
    """For each direction, how many lines it takes and of how many pieces each is on average.

    A sample of the lines tells the pieces; their length is that of the area in any direction.
    """
    corners = shapely.get_coordinates(area)
    turned = [corners @ _turn(a) for a in angles]
    share = (np.arange(_SAMPLE) + 0.5) / _SAMPLE
    lines = []
    for angle, xy in zip(angles, turned, strict=True):
        (x0, y0), (x1, y1) = xy.min(axis=0), xy.max(axis=0)
        y = y0 + (y1 - y0) * share
        ends = [np.column_stack([np.full(_SAMPLE, x), y]) for x in (x0 - 1, x1 + 1)]
        lines.append(np.stack(ends, axis=1) @ _turn(angle).T)
    shapely.prepare(area)
    cut = shapely.intersection(area, shapely.linestrings(np.concatenate(lines)))
    pieces = shapely.get_num_geometries(cut).reshape(len(angles), _SAMPLE).mean(axis=1)
    counts = np.array([math.ceil(float(np.ptp(xy[:, 1])) / spacing_m) for xy in turned])
    return counts.astype(float), pieces


def _pace(course: float, speed_mps: float, wind: Wind) -> float:
    """Seconds a metre, mean of both ways along a line (wind triangle)."""
    angle = math.radians(90 - wind.from_deg) - course
    cross = wind.speed_mps * math.sin(angle)
    head = wind.speed_mps * math.cos(angle)
    still = math.sqrt(max(speed_mps**2 - cross**2, 1.0))
    return 0.5 * sum(1 / max(1.0, still - sign * head) for sign in (-1, 1))


def _climbing(area: Any, angles: Floats, ground: Callable[[Floats], Floats]) -> Floats:
    """Seconds that following the ground costs in each direction, for a metre of line."""
    x0, y0, x1, y1 = area.bounds
    x, y = np.linspace(x0, x1, _SAMPLE), np.linspace(y0, y1, _SAMPLE)
    grid = np.stack(np.meshgrid(x, y), axis=-1)
    heights = ground(grid.reshape(-1, 2)).reshape(_SAMPLE, _SAMPLE)
    down, right = np.gradient(heights, max(y[1] - y[0], 1.0), max(x[1] - x[0], 1.0))
    course = np.radians(angles)[:, None, None]
    slope = np.abs(right * np.cos(course) + down * np.sin(course)).mean(axis=(1, 2))
    return np.asarray(slope / 2 * CLIMB_S_PER_M)


def _turn(angle_deg: float) -> Floats:
    """Rotation whose columns are the line's direction and its left."""
    c, s = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    return np.array([[c, -s], [s, c]])


def _moved(geometry: Any, matrix: Floats) -> Any:
    return shapely.transform(geometry, lambda c: c @ matrix.T)


def _strips(level: Any, spacing_m: float) -> list[list[Piece]]:
    """The pieces of each strip, from the lowest strip to the highest."""
    rows: list[list[Piece]] = []
    for part in shapely.get_parts(level):
        x0, y0, x1, y1 = part.bounds
        count = max(1, math.ceil((y1 - y0) / spacing_m - 1e-6))
        step = (y1 - y0) / count
        low = y0 + step * np.arange(count)
        low[0] -= 1.0
        boxes = shapely.box(x0 - 1, low, x1 + 1, low + step + np.where(low < y0, 1.0, 0.0))
        shapely.prepare(part)
        cut = shapely.intersection(part, boxes)
        rows.extend(_pieces(strip) for strip in cut)
        rows.append([])  # the next part does not continue this one
    return rows


def _pieces(strip: Any) -> list[Piece]:
    parts = shapely.get_parts(strip)
    bounds = shapely.bounds(parts[shapely.get_dimensions(parts) == 2])
    return [(float(a), float(c), float((b + d) / 2)) for a, b, c, d in bounds if c - a > 1e-6]


def _clear(cells: list[list[Piece]], blocked: Any) -> list[list[Piece]]:
    """The cells without what enters the blocked; pieces cut there begin cells of their own."""
    found: list[list[Piece]] = []
    shapely.prepare(blocked)
    for cell in cells:
        run: list[Piece] = []
        lines = shapely.linestrings([[(a, y), (b, y)] for a, b, y in cell])
        hit = shapely.intersects(blocked, lines)
        for piece, line, stopped in zip(cell, lines, hit, strict=True):
            if not stopped:
                run.append(piece)
                continue
            found.append(run)
            run = []
            for rest in shapely.get_parts(line.difference(blocked)):
                if rest.length > 1.0:
                    x0, _, x1, _ = rest.bounds
                    found.append([(x0, x1, piece[2])])
        found.append(run)
    return [cell for cell in found if cell]


def _options(cell: Sequence[Piece]) -> list[Path]:
    """To and fro through a cell, begun at each of its corners: (2n, 2) metres each."""
    legs = np.array([[(a, y), (b, y)] for a, b, y in cell])
    other = legs.copy()
    legs[1::2] = legs[1::2, ::-1]
    other[0::2] = other[0::2, ::-1]
    ways = [legs.reshape(-1, 2), other.reshape(-1, 2)]
    return [*ways, *(w[::-1].copy() for w in ways)]
