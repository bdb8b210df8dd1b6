"""Ground that the lines of a layout miss, seen by photographing joins and by short legs more.

Legs end at holes, so that slivers beside slanted holes stay uncovered; the way along the hole from
one leg to the next passes them anyway.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from planner.routes import trimming
from planner.routes.survey import Survey, join

Floats = npt.NDArray[np.float64]
Run = npt.NDArray[np.float64]

_WORTH = 0.02
"""Share of its own strip that a join must newly cover to be photographed."""
_MOST = 60
"""Pieces looked after in a round."""
_ROUNDS = 3


def filled(survey: Survey, runs: Sequence[Run]) -> tuple[list[Run], list[bool]]:
    """The runs with photographed joins and further legs, and which of them are joins."""
    found, fixed = list(runs), [False] * len(runs)
    missed = trimming.uncovered(survey.area, found, survey.spacing_m)
    spare = (1 - survey.share) * survey.area.area * 0.5
    if missed.area <= spare:
        return found, fixed
    found, fixed = _joins(survey, found, missed)
    missed = trimming.uncovered(survey.area, found, survey.spacing_m)
    for _ in range(_ROUNDS):
        pieces = sorted(shapely.get_parts(missed), key=lambda p: -p.area)
        left = missed.area
        if left <= spare:
            break
        for piece in pieces[:_MOST]:
            if left <= spare:
                break
            left -= piece.area
            for leg in _legs(survey, piece):
                _insert(survey, found, fixed, leg)
        missed = trimming.uncovered(survey.area, found, survey.spacing_m)
    return found, fixed


def _joins(survey: Survey, runs: list[Run], missed: Any) -> tuple[list[Run], list[bool]]:
    """Joins whose strips hold enough of what is missed become runs of their own."""
    found, fixed = [runs[0]], [False]
    shapely.prepare(missed)
    for before, run in itertools.pairwise(runs):
        way = np.concatenate([before[-1:], join(survey, before[-1], run[0])[1], run[:1]])
        length = float(np.hypot(*np.diff(way, axis=0).T).sum())
        if length > 0.1:
            strip = shapely.union_all(trimming.strips([way], survey.spacing_m))
            if shapely.intersection(missed, strip).area > _WORTH * survey.spacing_m * length:
                found.append(way)
                fixed.append(True)
        found.append(run)
        fixed.append(False)
    return found, fixed


def reachable(
    survey: Survey, runs: Sequence[Run], fixed: Sequence[bool]
) -> tuple[list[Run], list[bool]]:
    """The runs without those that only a way across what is blocked would reach: what they would
    cover is the shortfall."""
    blocked = [bool(survey.clear.crosses(run[:-1], run[1:]).any()) for run in runs]
    ways = survey.clear
    cut = [ways.way(a[-1], b[0]) is None for a, b in itertools.pairwise(runs)]
    if not any(cut) and not any(blocked):
        return list(runs), list(fixed)
    main = max(
        (run for run, bad in zip(runs, blocked, strict=True) if not bad),
        key=lambda run: float(np.hypot(*(run[-1] - run[0]))),
    )
    kept = [
        k for k, run in enumerate(runs) if not blocked[k] and ways.way(main[0], run[0]) is not None
    ]
    return [runs[k] for k in kept], [fixed[k] for k in kept]


def _legs(survey: Survey, piece: Any) -> list[Run]:
    """Legs along the middle of a piece, clear of what is blocked."""
    box = shapely.get_coordinates(piece.minimum_rotated_rectangle)
    if len(box) < 5:
        return []
    sides = np.diff(box[:3], axis=0)
    k = int(np.argmax(np.hypot(*sides.T)))
    across = sides[1 - k]
    count = max(1, int(np.ceil(np.hypot(*across) / survey.spacing_m - 1e-6)))
    begin = box[0] if k == 0 else box[1]
    away = box[3] - box[0] if k == 0 else box[0] - box[1]
    found: list[Run] = []
    for row in range(count):
        a = begin + away * (row + 0.5) / count
        line = shapely.LineString([a, a + sides[k]])
        free = line.difference(survey.clear.apart)
        found.extend(shapely.get_coordinates(p) for p in shapely.get_parts(free) if p.length > 0.05)
    return found


def _insert(survey: Survey, runs: list[Run], fixed: list[bool], leg: Run) -> None:
    """Put a leg where the way becomes least longer, never within a photographed join."""
    tails = np.array([r[-1] for r in runs])
    heads = np.array([r[0] for r in runs])
    best: tuple[float, int, Run] | None = None
    inner = np.hypot(*(heads[1:] - tails[:-1]).T)
    for way in (leg, leg[::-1]):
        out, back = np.hypot(*(tails - way[0]).T), np.hypot(*(heads - way[-1]).T)
        cost = np.concatenate([back[:1], out[:-1] + back[1:] - inner, out[-1:]])
        place = int(cost.argmin())
        if best is None or cost[place] < best[0]:
            best = (float(cost[place]), place, way)
    if best is not None:
        runs.insert(best[1], best[2])
        fixed.insert(best[1], False)
