"""An area cut into strips across a direction, and the photo legs along them.

Each connected piece of a strip gets one leg along its middle, as long as the piece. Pieces that
follow one another without branching form a cell (boustrophedon decomposition, Choset 2000,
doi:10.1023/A:1008958800904). Legs keep out of holes and zones: where one is in the way the leg
bends round it, if that is short, or ends there.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from planner.routes.ways import Ways

Floats = npt.NDArray[np.float64]
Run = npt.NDArray[np.float64]
"""(K, 2) metres, photographed from its first point to its last."""
Piece = tuple[float, float, float]
"""A photo leg in the turned frame: x from, x to, y."""
Cell = list[Run]
"""Runs side by side, all in one direction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Where the strips lie: in the frame turned by the angle, from low on, each a step high."""

    angle_deg: float
    low_m: float
    step_m: float
    count: int


def turning(angle_deg: float) -> Floats:
    """Rotation whose columns are the line's direction and its left."""
    c, s = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    return np.array([[c, -s], [s, c]])


def moved(geometry: Any, matrix: Floats) -> Any:
    """A geometry with all its points multiplied by a matrix."""
    return shapely.transform(geometry, lambda c: c @ matrix.T)


def grids(level: Any, angle_deg: float, spacing_m: float, cap: float, phases: int) -> list[Grid]:
    """Where strips can lie over a turned area: spread evenly, or a whole spacing apart.

    Args:
        cap: share of the area that may be left out at either end, where it is a mere tip.
    """
    low, high = _reach(level, cap)
    count = max(1, math.ceil((high - low) / spacing_m - 1e-6))
    found = [Grid(angle_deg=angle_deg, low_m=low, step_m=(high - low) / count, count=count)]
    slack = count * spacing_m - (high - low)
    if slack > 0.02 * spacing_m and count > 1:
        for phase in range(phases):
            start = low - slack * phase / max(1, phases - 1)
            found.append(Grid(angle_deg=angle_deg, low_m=start, step_m=spacing_m, count=count))
    return found


def _reach(level: Any, cap: float) -> tuple[float, float]:
    """Lowest and highest y, less the tips of so small a share of the area."""
    _, low, _, high = level.bounds
    x0, _, x1, _ = level.bounds
    whole, size = cap * level.area, high - low
    if whole <= 0:
        return low, high
    steps = size * np.array([0.003, 0.006, 0.012, 0.025, 0.05])
    under = shapely.area([_clip(level, x0, low - 1, x1, low + step) for step in steps])
    over = shapely.area([_clip(level, x0, high - step, x1, high + 1) for step in steps])
    cut_low = max([0.0, *steps[under <= whole]])
    cut_high = max([0.0, *steps[over <= whole]])
    return low + float(cut_low), high - float(cut_high)


def _clip(level: Any, x0: float, y0: float, x1: float, y1: float) -> Any:
    """What of a geometry lies in a rectangle; many times as quick as the intersection with a box,
    which is only made where rounding leaves the quick way a ring without area."""
    try:
        return shapely.clip_by_rect(level, x0, y0, x1, y1)
    except shapely.errors.GEOSException:
        return shapely.intersection(level, shapely.box(x0, y0, x1, y1))


def cut(level: Any, grid: Grid) -> list[list[Piece]]:
    """The pieces of each strip from the lowest to the highest."""
    x0, _, x1, _ = level.bounds
    low = grid.low_m + grid.step_m * np.arange(grid.count)
    found = [_clip(level, x0 - 1, y, x1 + 1, y + grid.step_m) for y in low.tolist()]
    parts, strip = shapely.get_parts(found, return_index=True)
    solid = shapely.get_dimensions(parts) == 2
    parts, strip = parts[solid], strip[solid]
    middle = low + grid.step_m / 2
    rows: list[list[Piece]] = [[] for _ in range(grid.count)]
    for (a, _, b, _), k in zip(shapely.bounds(parts).tolist(), strip.tolist(), strict=True):
        if b - a > 1e-6:
            rows[k].append((a, b, float(middle[k])))
    return rows


def cells(rows: Sequence[Sequence[Piece]]) -> list[list[Piece]]:
    """Chains of pieces, each the only neighbour of the next."""
    found: list[list[Piece]] = []
    open_: dict[Piece, list[Piece]] = {}
    for below, row in zip([[], *rows], rows, strict=False):
        up = {p: [q for q in row if _meet(p, q)] for p in below}
        down = {q: [p for p in below if _meet(p, q)] for q in row}
        still: dict[Piece, list[Piece]] = {}
        for q in row:
            before = down[q]
            if len(before) == 1 and len(up[before[0]]) == 1:
                cell = open_[before[0]]
            else:
                cell = []
                found.append(cell)
            cell.append(q)
            still[q] = cell
        open_ = still
    return found


def _meet(p: Piece, q: Piece) -> bool:
    return p[0] < q[1] and q[0] < p[1]


def legs(
    chains: Sequence[Sequence[Piece]], angle_deg: float, ways: Ways, bend_m: float
) -> list[Cell]:
    """The runs of each cell in metres east and north, clear of what is blocked.

    Args:
        bend_m: how much longer a leg may become by going round something.
    """
    turn = turning(angle_deg).T
    found: list[Cell] = []
    for chain in chains:
        ends = np.array([[(a, y), (b, y)] for a, b, y in chain]) @ turn
        hit = ways.crosses(ends[:, 0], ends[:, 1])
        if not hit.any():
            found.append(list(ends))
            continue
        cell: Cell = []
        for line, stopped in zip(ends, hit, strict=True):
            rest = _round(line, ways, bend_m) if stopped else [line]
            if len(rest) == 1:
                cell.extend(rest)
                continue
            found.append(cell)
            found.extend([run] for run in rest)
            cell = []
        found.append(cell)
    return [cell for cell in found if cell]


def _round(line: Floats, ways: Ways, bend_m: float) -> list[Run]:
    """What is left of a leg outside the blocked, bent round it where that is short."""
    free = shapely.LineString(line).difference(ways.apart)
    along = line[1] - line[0]
    parts = [shapely.get_coordinates(p) for p in shapely.get_parts(free) if p.length > 0.5]
    parts = [p if (p[-1] - p[0]) @ along > 0 else p[::-1] for p in parts]
    parts.sort(key=lambda p: float(p[0] @ along))
    runs: list[Run] = []
    for part in parts:
        way = ways.way(runs[-1][-1], part[0]) if runs else None
        gap = float(np.hypot(*(part[0] - runs[-1][-1]))) if runs else 0.0
        if way is not None and way[0] <= gap + bend_m:
            runs[-1] = np.concatenate([runs[-1], way[1], part])
        else:
            runs.append(part)
    return runs
