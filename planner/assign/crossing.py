"""Where and when two flights come near one another: exact for straight legs.

On a leg, place and height change linearly with time. Of two legs, the moments (one of each) at
which the drones are near form a convex set: what an ellipse, a band and a rectangle have in common.
The extremes of a linear function lie on its corners or where the function touches the ellipse, so
all of these points are written down and the ones that belong to the set are compared.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt
import shapely

from planner.assign.tracks import Floats, Ints, Legs
from planner.problem import Separation

Bools = npt.NDArray[np.bool_]
Pair = tuple[Legs, Legs]

_ROUND = 1e-7
"""Shares of a leg, and of the distances asked for, that are rounding."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """Two flights that come near one another at one place.

    Attributes:
        first, second: which flights, as indices.
        first_s, second_s: seconds after each one's start between which it is near the other.
        lag_s: least and greatest seconds by which the second starts after the first when both are
            there at the same moment.
    """

    first: int
    second: int
    first_s: tuple[float, float]
    second_s: tuple[float, float]
    lag_s: tuple[float, float]


def crossings(
    legs: Legs,
    docks: Floats,
    rule: Separation,
    *,
    asked: Bools | None = None,
    same: Ints | None = None,
) -> list[Crossing]:
    """Every place at which two flights come nearer than the rule allows, whatever the time.

    Args:
        docks: (F, D, 2) metres: near these the rule does not hold, neither for the flight itself
            nor for any other that meets it there.
        asked: (F,) whether a flight's crossings matter; pairs of two others are left out.
        same: (F,) flights with the same number are one drone's and are not compared.
    """
    i, j = _near_boxes(legs, rule)
    a, b = legs.flight[i], legs.flight[j]
    use = a < b
    if asked is not None:
        use &= asked[a] | asked[b]
    if same is not None:
        use &= same[a] != same[b]
    pair = legs.take(i[use]), legs.take(j[use])
    for k in range(docks.shape[1]):
        for owner in (0, 1):
            for side in (0, 1):
                pair = _outside(pair, side, docks[pair[owner].flight, k], rule.near_dock_m)
    return list(_joined(_extremes(pair, rule), rule.time_s))


def _near_boxes(legs: Legs, rule: Separation) -> tuple[Ints, Ints]:
    """Pairs of legs whose lines come near, and whose heights do."""
    lines = shapely.linestrings(np.stack([legs.begin, legs.end], axis=1))
    i, j = shapely.STRtree(lines).query(lines, predicate="dwithin", distance=rule.within_m)
    low, high = np.minimum(legs.begin_m, legs.end_m), np.maximum(legs.begin_m, legs.end_m)
    level = (low[i] < high[j] + rule.height_m) & (low[j] < high[i] + rule.height_m)
    return i[level], j[level]


def _outside(pair: Pair, side: int, centre: Floats, radius_m: float) -> Pair:
    """The pairs with one leg's part inside a disc left out: up to two pairs for each."""
    leg = pair[side]
    low, high = _within(leg.begin - centre, leg.end - leg.begin, radius_m)
    none, one = np.zeros(len(leg)), np.ones(len(leg))
    touched = low < high
    before, after = np.where(touched, low, one), np.where(touched, high, one)
    found: list[Pair] = []
    for start, stop in ((none, before), (after, one)):
        keep = np.flatnonzero(stop - start > _ROUND)
        part = leg.take(keep).cut(start[keep], stop[keep])
        other = pair[1 - side].take(keep)
        found.append((part, other) if side == 0 else (other, part))
    return _both(found[0][0], found[1][0]), _both(found[0][1], found[1][1])


def _both(a: Legs, b: Legs) -> Legs:
    names = Legs.__dataclass_fields__
    return Legs(*(np.concatenate([getattr(a, n), getattr(b, n)]) for n in names))


def _within(at: Floats, step: Floats, radius_m: float) -> tuple[Floats, Floats]:
    """Shares of the way from `at` along `step`, (N, 2) each, between which it is within a radius
    of the origin; the first is not below the second where it never is."""
    square = (step * step).sum(axis=1)
    half = (at * step).sum(axis=1)
    rest = (at * at).sum(axis=1) - radius_m**2
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(half * half - square * rest)
        low, high = (-half - root) / square, (-half + root) / square
    still = square < 1e-12
    low = np.where(still, np.where(rest < 0, 0.0, 1.0), np.nan_to_num(low, nan=1.0))
    high = np.where(still, np.where(rest < 0, 1.0, 0.0), np.nan_to_num(high, nan=0.0))
    return np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)


@dataclass(frozen=True, eq=False)
class _Extremes:
    """Of pairs of legs, the seconds of both flights and their lag: (N, 2) least and greatest."""

    first: Ints
    second: Ints
    first_s: Floats
    second_s: Floats
    lag_s: Floats


def _extremes(pair: Pair, rule: Separation) -> _Extremes:
    """What is asked of the pairs that really come near; the others are left out."""
    one, two = pair
    a, b, apart = one.end - one.begin, two.end - two.begin, one.begin - two.begin
    up, down, over = one.end_m - one.begin_m, two.end_m - two.begin_m, one.begin_m - two.begin_m
    lasts, other = one.end_s - one.begin_s, two.end_s - two.begin_s
    with np.errstate(all="ignore"):
        shares = np.stack(
            [
                *_rectangle(len(a)),
                *_edges(a, b, apart, up, down, over, rule),
                *_band(a, b, apart, up, down, over, rule),
                *_touched(a, b, apart, lasts, other, rule.within_m),
            ]
        )
        s, u = shares[..., 0], shares[..., 1]
        gap = apart + s[..., None] * a - u[..., None] * b
        near = (gap * gap).sum(axis=-1) <= (rule.within_m * (1 + _ROUND)) ** 2 + 1e-6
        level = np.abs(over + s * up - u * down) <= rule.height_m * (1 + _ROUND) + 1e-6
        inside = (np.abs(shares - 0.5) <= 0.5 + _ROUND).all(axis=-1) & near & level
    some = inside.any(axis=0)
    # what is outside, or no number at all, is not compared
    first_s = np.where(inside, one.begin_s + s * lasts, 0.0)
    second_s = np.where(inside, two.begin_s + u * other, 0.0)

    def least_and_most(values: Floats) -> Floats:
        low = np.where(inside, values, np.inf).min(axis=0)
        high = np.where(inside, values, -np.inf).max(axis=0)
        return np.stack([low, high], axis=1)[some]

    return _Extremes(
        one.flight[some],
        two.flight[some],
        least_and_most(first_s),
        least_and_most(second_s),
        least_and_most(first_s - second_s),
    )


def _rectangle(count: int) -> Iterator[Floats]:
    """Both legs' ends."""
    for s in (0.0, 1.0):
        for u in (0.0, 1.0):
            yield np.tile([s, u], (count, 1))


def _roots(at: Floats, step: Floats, radius_m: float) -> Iterator[Floats]:
    """Where the line from `at` along `step` meets the circle about the origin; NaN where not."""
    square, half = (step * step).sum(axis=1), (at * step).sum(axis=1)
    root = np.sqrt(half * half - square * ((at * at).sum(axis=1) - radius_m**2))
    yield (-half - root) / square
    yield (-half + root) / square


def _edges(
    a: Floats, b: Floats, apart: Floats, up: Floats, down: Floats, over: Floats, rule: Separation
) -> Iterator[Floats]:
    """Where the ellipse and the band meet the rectangle's edges."""
    for fixed in (0.0, 1.0):
        still = np.full(len(a), fixed)
        for u in _roots(apart + fixed * a, -b, rule.within_m):
            yield np.stack([still, u], axis=1)
        for s in _roots(apart - fixed * b, a, rule.within_m):
            yield np.stack([s, still], axis=1)
        for height in (-rule.height_m, rule.height_m):
            yield np.stack([still, (over + fixed * up - height) / down], axis=1)
            yield np.stack([(height - over + fixed * down) / up, still], axis=1)


def _band(
    a: Floats, b: Floats, apart: Floats, up: Floats, down: Floats, over: Floats, rule: Separation
) -> Iterator[Floats]:
    """Where the ellipse meets the band's two lines."""
    normal = np.stack([up, -down], axis=1)
    along = np.stack([down, up], axis=1)
    for height in (-rule.height_m, rule.height_m):
        foot = normal * ((height - over) / (normal * normal).sum(axis=1))[:, None]
        at = apart + foot[:, :1] * a - foot[:, 1:] * b
        step = along[:, :1] * a - along[:, 1:] * b
        for share in _roots(at, step, rule.within_m):
            yield foot + share[:, None] * along


def _touched(
    a: Floats, b: Floats, apart: Floats, lasts: Floats, other: Floats, radius_m: float
) -> Iterator[Floats]:
    """Where the ellipse has its extremes of either share and of the lag."""
    turn = a[:, 1] * b[:, 0] - a[:, 0] * b[:, 1]  # determinant of the matrix with columns a, -b
    none, one = np.zeros_like(lasts), np.ones_like(lasts)
    for g in ((one, none), (none, one), (lasts, -other)):
        pull = np.stack(  # the inverse matrix, transposed, times g
            [-b[:, 1] * g[0] - a[:, 1] * g[1], b[:, 0] * g[0] + a[:, 0] * g[1]], axis=1
        )
        pull *= radius_m / np.hypot(*pull.T)[:, None]
        for way in (-1.0, 1.0):
            gap = way * pull - apart
            yield np.stack(
                [
                    (-b[:, 1] * gap[:, 0] + b[:, 0] * gap[:, 1]) / turn,
                    (-a[:, 1] * gap[:, 0] + a[:, 0] * gap[:, 1]) / turn,
                ],
                axis=1,
            )


def _joined(found: _Extremes, time_s: float) -> Iterator[Crossing]:
    """Legs that follow one another make one crossing: where lags are not further apart than what
    the rule forbids on both sides of each."""
    order = np.lexsort((found.lag_s[:, 0], found.second, found.first))
    for (first, second), group in groupby(
        order.tolist(), key=lambda k: (int(found.first[k]), int(found.second[k]))
    ):
        now: Crossing | None = None
        for k in group:
            new = Crossing(
                first,
                second,
                tuple(found.first_s[k].tolist()),
                tuple(found.second_s[k].tolist()),
                tuple(found.lag_s[k].tolist()),
            )
            if now is not None and new.lag_s[0] > now.lag_s[1] + 2 * time_s:
                yield now
                now = None
            now = new if now is None else _hull(now, new)
        if now is not None:
            yield now


def _hull(a: Crossing, b: Crossing) -> Crossing:
    def both(x: tuple[float, float], y: tuple[float, float]) -> tuple[float, float]:
        return min(x[0], y[0]), max(x[1], y[1])

    return Crossing(
        a.first,
        a.second,
        both(a.first_s, b.first_s),
        both(a.second_s, b.second_s),
        both(a.lag_s, b.lag_s),
    )
