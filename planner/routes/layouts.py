"""The search for the layout of lines over an area that takes the least time.

Many directions and positions of the strips are laid out roughly, the promising ones wholly, and
the quickest is kept. Where holes or notches make one direction dear, the area is divided
(`planner.routes.dividing`) and each part is laid out by itself; the cells of all are joined into
one way.
"""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import shapely

from core.energy import CALM, Wind
from planner.routes import dividing, strips
from planner.routes.area import SHARE, AreaPath, Laid, finished, lay, measured
from planner.routes.pace import Pace
from planner.routes.strips import Grid, Run
from planner.routes.survey import FINE_CORNERS, Survey, outer_corners, survey

TIP = 0.0004
"""Share of an area that may be left out at either end across the lines."""
_TRIMMED = 0.25
"""Share of the shift from one leg's end to the next that shortening the longer one saves."""

_LOST = 0.001
"""Share of an area that simplifying its outline may lose."""
_EVERY_DEG = 10.0
_REFINED = 4
"""Directions round which nearer ones and other positions of the strips are tried."""
_PHASES = 4
_LINES = 120
"""With more lines than about this, directions are compared by fewer lines, farther apart."""
_WORK = 600.0
"""Lines and corners of holes, as quarter lines, of all layouts made wholly: half a second."""
_MOST = 16


def area_path(
    area: Any,
    *,
    line_spacing_m: float,
    speed_mps: float,
    wind: Wind = CALM,
    angle_deg: float | None = None,
    blocked: Any = None,
    turn_s: float = 0.0,
) -> AreaPath:
    """The quickest path found that photographs an area, never across its holes.

    Args:
        area: shapely Polygon or MultiPolygon in metres.
        angle_deg: direction of all lines, counter-clockwise from east; the best when None.
        blocked: what else may not be crossed, metres.
        turn_s: what a right angle's stop costs; 0 for the shortest way in calm.

    A share below `SHARE` is covered only where what is blocked is in the way: see `covered`.
    """
    pace = Pace(speed_mps=speed_mps, wind=wind, turn_s=turn_s)
    sought = survey(area, line_spacing_m, pace, SHARE, blocked)
    angles = None if angle_deg is None else [angle_deg]
    path = best(sought, angles)
    if sought.area is area:
        return path
    path = measured(path, area, line_spacing_m)
    if path.covered >= SHARE - _LOST:
        return path
    # too much lies outside of the simplified outline: once more with that outline farther out
    rings = [r for p in shapely.get_parts(area) for r in p.interiors]
    holes = shapely.union_all([shapely.Polygon(r) for r in rings])
    shut = holes if blocked is None else shapely.union(holes, blocked)
    wide = sought.area.buffer(line_spacing_m / 4, join_style="mitre", mitre_limit=2.0)
    wider = best(survey(wide, line_spacing_m, pace, SHARE, shut), angles)
    wider = measured(wider, area, line_spacing_m)
    return max(path, wider, key=lambda p: p.covered)


def best(survey: Survey, angles: Sequence[float] | None = None) -> AreaPath:
    """The quickest path over a survey's area that was found.

    Args:
        angles: directions of lines to try, degrees counter-clockwise from east; all when None.
    """
    whole = _promising(survey, survey.area, angles)
    outline = shapely.get_num_coordinates(survey.area)
    work = whole[0][1].count + survey.corners / 4 + outline / 8
    fine = outer_corners(survey.area) > FINE_CORNERS
    least = 1 if fine and whole[0][1].count > _LINES else 2
    trials = int(np.clip(_WORK / work, least, _MOST))
    layouts = [[Laid(part=survey.area, grid=grid)] for _, grid in whole[:trials]]
    if angles is None and work < _LINES:
        layouts += _divided(survey)
    laid = [lay(survey, layout) for layout in layouts]
    laid.sort(key=lambda runs: _joined_s(survey, runs))
    few = 1 if fine else max(2, trials // 2)
    paths = [finished(survey, runs) for runs in laid[:few]]
    return min(paths, key=lambda p: (p.covered < survey.share - 1e-9, p.seconds))


def _divided(survey: Survey) -> list[list[Laid]]:
    """Layouts of the area in parts, each with its own best strips."""
    plain = shapely.simplify(survey.area, 0.05 * survey.spacing_m)

    def seconds(part: Any) -> float:
        return rough(survey, part, _along(part), 0)[0][0] + 2 * survey.spacing_m * unit

    unit = survey.pace.both(0.0)
    return [
        [Laid(part=p, grid=_promising(survey, p, None)[0][1]) for p in parts]
        for parts in dividing.partitions(plain, survey.spacing_m, seconds)
    ]


def _along(part: Any) -> list[float]:
    """The few directions that are mostly best: along the longest edges and the narrowest box."""
    box = shapely.minimum_rotated_rectangle(part)
    steps = np.concatenate(
        [np.diff(shapely.get_coordinates(g), axis=0) for g in (box, part.convex_hull)]
    )
    longest = steps[np.argsort(-np.hypot(*steps.T), kind="stable")[:5]]
    return sorted({round(float(a), 1) % 180 for a in np.degrees(np.arctan2(*longest.T[::-1]))})


def _joined_s(survey: Survey, runs: Sequence[Run]) -> float:
    """Time of runs with straight joins."""
    ways = list(runs[:1])
    for before, run in itertools.pairwise(runs):
        ways += [np.array([before[-1], run[0]]), run]
    return survey.pace.path_s(ways)


def _promising(
    survey: Survey, part: Any, angles: Sequence[float] | None
) -> list[tuple[float, Grid]]:
    """Layouts of strips over a part, the best at first: all directions, then the positions of the
    strips and nearer directions for the best of these."""
    outline = shapely.simplify(part, 0.05 * survey.spacing_m)
    if angles is not None:
        return rough(survey, outline, angles, _PHASES)
    coarse = max(1.0, math.sqrt(part.area) / survey.spacing_m / _LINES)
    wide = replace(survey, spacing_m=coarse * survey.spacing_m)
    first = rough(wide, outline, directions(part, _EVERY_DEG), 0)
    if coarse > 1.0:
        return rough(survey, outline, [grid.angle_deg for _, grid in first[:2]], 0)
    near = {
        round(grid.angle_deg + turn, 2) % 180
        for _, grid in first[:_REFINED]
        for turn in (-3.0, -1.0, 0.0, 1.0, 3.0)
    }
    return sorted(first + rough(survey, outline, sorted(near), _PHASES), key=lambda f: f[0])


def rough(
    survey: Survey, part: Any, angles: Iterable[float], phases: int
) -> list[tuple[float, Grid]]:
    """Seconds that lines over a part take about, by direction and position, the least first."""
    found = []
    for angle in angles:
        level = strips.moved(part, strips.turning(angle).T)
        for grid in strips.grids(level, angle, survey.spacing_m, TIP, phases):
            rows = strips.cut(level, grid)
            found.append((_rough(survey, rows, grid), grid))
    return sorted(found, key=lambda f: f[0])


def _rough(survey: Survey, rows: Sequence[Sequence[strips.Piece]], grid: Grid) -> float:
    """About how long one set of strips takes: legs less what trimming saves, joins, turns."""
    chains = strips.cells(rows)
    ends = np.array([piece for chain in chains for piece in chain])
    owner = np.repeat(np.arange(len(chains)), [len(chain) for chain in chains])
    shift = np.abs(np.diff(ends[:, :2], axis=0))[owner[1:] == owner[:-1]]
    legs = float((ends[:, 1] - ends[:, 0]).sum()) - _TRIMMED * float(shift.sum())
    joins = float(np.hypot(grid.step_m, shift / 2).mean(axis=1).sum()) if len(shift) else 0.0
    joins += 2.0 * (len(chains) - 1) * grid.step_m
    return survey.pace.sweep_s(legs, joins, len(ends), grid.angle_deg)


def directions(part: Any, every_deg: float) -> list[float]:
    """Directions worth a trial: along the longest edges, across them, and all round."""
    rings = shapely.get_rings(shapely.simplify(part, np.sqrt(part.area) * 0.01))
    steps = np.concatenate([np.diff(shapely.get_coordinates(ring), axis=0) for ring in rings])
    longest = steps[np.argsort(-np.hypot(*steps.T))[:10]]
    along = np.degrees(np.arctan2(longest[:, 1], longest[:, 0]))
    found = {round(float(a), 2) % 180 for a in np.concatenate([along, along + 90])}
    return sorted(found | {float(a) for a in np.arange(0, 180, every_deg)})
