"""A path over an area from the layout of its strips: cells joined, gaps filled, ends shortened."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from planner.routes import joining, patching, strips, trimming
from planner.routes.strips import Cell, Grid, Run
from planner.routes.survey import Survey, join

Floats = npt.NDArray[np.float64]

SHARE = 0.997
"""Of an area that must be covered at the asked overlap: 0.995 is asked (issue 3), the rest allows
for other frames and roundings."""


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A part of a path: (K, 2) metres, photographed or only flown."""

    xy: Floats
    photo: bool


@dataclass(frozen=True, kw_only=True)
class AreaPath:
    """A way over an area.

    Attributes:
        covered: share of the area that the photo legs cover at the asked overlap.
        length_m: from the first point to the last.
        ideal_m: area over line spacing: the photo legs without any waste.
    """

    stretches: tuple[Stretch, ...]
    covered: float
    length_m: float
    ideal_m: float
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Laid:
    """A part of the area and its strips."""

    part: Any
    grid: Grid


def lay(survey: Survey, laid: Sequence[Laid]) -> list[Run]:
    """The runs over all parts in flying order, before their ends are shortened."""
    found: list[Cell] = []
    for one in laid:
        level = strips.moved(one.part, strips.turning(one.grid.angle_deg).T)
        rows = strips.cut(level, one.grid)
        found.extend(
            strips.legs(strips.cells(rows), one.grid.angle_deg, survey.clear, survey.spacing_m)
        )
    return in_order(survey, found)


def in_order(survey: Survey, cells: Sequence[Cell]) -> list[Run]:
    """The runs of all cells, cells and lines in the order with the shortest joins."""
    options = [option for k, cell in enumerate(cells) for option in _options(cell, k)]
    if not options:
        return []
    ends = joining.Ends(
        cell=np.array([o[0] for o in options]),
        entry=np.array([o[1][0][0] for o in options]),
        exit=np.array([o[1][-1][-1] for o in options]),
        inner=np.array([_joins_m(o[1]) for o in options]),
        back=np.array([4 * (k // 4) + (k + 2) % 4 for k in range(len(options))]),
    )
    order = joining.shortest(ends, lambda a, b: join(survey, a, b)[0])
    return [run for way in order for run in options[way][1]]


def _options(cell: Cell, number: int) -> list[tuple[int, list[Run]]]:
    """To and fro through a cell from each of its corners; the third turns back the first."""
    one = [run if k % 2 == 0 else run[::-1] for k, run in enumerate(cell)]
    other = [run[::-1] if k % 2 == 0 else run for k, run in enumerate(cell)]
    ways = [one, other, [r[::-1] for r in one[::-1]], [r[::-1] for r in other[::-1]]]
    return [(number, way) for way in ways]


def _joins_m(runs: Sequence[Run]) -> float:
    if len(runs) < 2:
        return 0.0
    gaps = np.array([b[0] - a[-1] for a, b in itertools.pairwise(runs)])
    return float(np.hypot(*gaps.T).sum())


def finished(survey: Survey, runs: Sequence[Run]) -> AreaPath:
    """A path from runs in order: gaps filled, ends shortened, joins flown round what is blocked."""
    runs, fixed = patching.filled(survey, runs)
    runs, fixed = patching.reachable(survey, runs, fixed)
    runs = trimming.trimmed(survey.area, runs, survey.spacing_m, share=survey.share, fixed=fixed)
    stretches: list[Stretch] = []
    for k, run in enumerate(runs):
        if k:
            gap = np.concatenate(
                [runs[k - 1][-1:], join(survey, runs[k - 1][-1], run[0])[1], run[:1]]
            )
            if np.hypot(*np.diff(gap, axis=0).T).sum() > 0.01:
                stretches.append(Stretch(xy=gap, photo=False))
        stretches.append(Stretch(xy=run, photo=True))
    missed = shapely.area(trimming.uncovered(survey.area, runs, survey.spacing_m))
    return AreaPath(
        stretches=tuple(stretches),
        covered=1 - float(missed) / survey.area.area,
        length_m=sum(float(np.hypot(*np.diff(s.xy, axis=0).T).sum()) for s in stretches),
        ideal_m=survey.area.area / survey.spacing_m,
        seconds=survey.pace.path_s([s.xy for s in stretches]),
    )


def measured(path: AreaPath, area: Any, spacing_m: float) -> AreaPath:
    """The path with what it covers of another outline: the true one, where it was simplified."""
    runs = [s.xy for s in path.stretches if s.photo]
    missed = float(shapely.area(trimming.uncovered(area, runs, spacing_m)))
    return replace(path, covered=1 - missed / area.area, ideal_m=area.area / spacing_m)
