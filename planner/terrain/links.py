"""The fewest straight links through a band of heights.

Between the ends of a leg the height may be anything between a lower and an upper bound, sampled
along the way. Imai and Iri 1986 (J. Inf. Process. 9(3)) solve it exactly: a link goes as far as
any straight line gets, the next one starts where that line can first be left. The line that gets
furthest touches the upper bound and before that the lower one (or the other way round); what lies
beyond is reached only by crossing its last part, the *window*.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SHORTEST_M = 0.05
"""Corners nearer to another one are left out: at most 0.1 m of height."""
_EPS = 1e-7
"""Metres by which rounding may break a bound."""


class Line(NamedTuple):
    """A straight line through (x, z); ``after`` is the first sample beyond x."""

    slope: float
    x: float
    z: float
    after: int

    def at(self, x: float) -> float:
        """Its height at x."""
        return self.z + self.slope * (x - self.x)


@dataclass(frozen=True, eq=False)
class Leg:
    """A leg's samples.

    Attributes:
        x: (N,) metres from its beginning, rising.
        low, high: (N,) bounds of the height; both change by no more than the slopes allow.
        up, down: steepest climb and descent, metres a metre.
    """

    x: Floats
    low: Floats
    high: Floats
    up: float
    down: float


@dataclass(eq=False)
class _Funnel:
    """All lines above the lower and below the upper points so far.

    For each side (+1 upper, -1 lower) the points that can still matter (a convex chain) and the
    extreme line: the highest beyond its anchor for +1, the lowest for -1.
    """

    up: float
    down: float
    chains: dict[int, list[tuple[float, float]]] = field(default_factory=lambda: {1: [], -1: []})
    extreme: dict[int, Line] = field(default_factory=dict)

    def add(self, side: int, x: float, z: float, after: int) -> bool:
        """Narrow the lines by a point of one side; False, and no change, if none is left."""
        other, own = self.extreme.get(-side), self.extreme.get(side)
        if other is not None and side * (z - other.at(x)) < -_EPS:
            return False
        if own is None or side * (z - own.at(x)) < 0:
            steepest = self.up if side > 0 else self.down
            slopes = [side * (z - b) / (x - a) for a, b in self.chains[-side] if x - a > 1e-9]
            self.extreme[side] = Line(side * min([steepest, *slopes]), x, z, after)
        chain = self.chains[side]
        while len(chain) > 1 and _bulges(chain[-2], chain[-1], (x, z), side):
            chain.pop()
        chain.append((x, z))
        return True


def _bulges(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float], s: int) -> bool:
    """Whether b is no tighter than the straight line from a to c."""
    return s * ((b[1] - a[1]) * (c[0] - a[0]) - (c[1] - a[1]) * (b[0] - a[0])) >= 0


@dataclass(frozen=True, eq=False)
class _Passed:
    """How a leg was passed: the lines of its links but the last, and the funnel of the last."""

    lines: tuple[Line, ...]
    last: _Funnel
    end: float

    @property
    def reached(self) -> tuple[float, float]:
        """Lowest and highest height at the end with this number of links."""
        low, high = (self.last.extreme[s].at(self.end) for s in (-1, 1))
        return min(low, high), max(low, high)


def fewest_links(legs: Sequence[Leg]) -> list[list[tuple[float, float]]]:
    """For each leg the corners of the path, (x, z) from its beginning to its end.

    Legs follow one another: each begins at the height at which the one before ends, and the
    height at a join is chosen so that the number of links is least over all.
    """
    passed: list[_Passed] = []
    start = (float(legs[0].low[0]), float(legs[0].high[0])) if legs else (0.0, 0.0)
    for leg in legs:
        passed.append(_pass(leg, start))
        start = passed[-1].reached
    found: list[list[tuple[float, float]]] = []
    target = sum(start) / 2
    for one in reversed(passed):
        corners = _corners(one, target)
        found.append(corners)
        target = corners[0][1]
    return found[::-1]


def _pass(leg: Leg, start: tuple[float, float]) -> _Passed:
    """Along a leg from anywhere between two heights."""
    x, low, high = leg.x.tolist(), leg.low.tolist(), leg.high.tolist()
    funnel = _Funnel(leg.up, leg.down)
    funnel.add(1, x[0], max(start), 1)
    funnel.add(-1, x[0], min(start), 1)
    lines: list[Line] = []
    i = 1
    while i < len(x):
        if not funnel.add(1, x[i], high[i], i + 1):
            side = -1
        elif not funnel.add(-1, x[i], low[i], i + 1):
            side = 1
        else:
            i += 1
            continue
        line = funnel.extreme[side]
        lines.append(line)
        funnel = _beyond(leg, line, side, i, high if side > 0 else low, low if side > 0 else high)
    return _Passed(tuple(lines), funnel, x[-1])


def _beyond(
    leg: Leg, line: Line, side: int, i: int, own: Sequence[float], other: Sequence[float]
) -> _Funnel:
    """The lines that cross the window of an extreme line, which cannot get to sample i."""
    funnel = _Funnel(leg.up, leg.down)
    funnel.add(side, line.x, line.z, line.after)
    for k in range(line.after, i):
        funnel.add(side, float(leg.x[k]), own[k], k + 1)
    a, b = float(leg.x[i - 1]), float(leg.x[i])
    before, behind = line.at(a) - other[i - 1], line.at(b) - other[i]
    share = min(1.0, max(0.0, before / (before - behind))) if before != behind else 1.0
    hit = a + share * (b - a)
    funnel.add(-side, hit, line.at(hit), i)
    return funnel


def _corners(one: _Passed, target: float) -> list[tuple[float, float]]:
    """Corners of a leg that ends at a height within what is reached."""
    lines = [*one.lines, Line(_slope_to(one.last, one.end, target), one.end, target, 0)]
    found = [(0.0, lines[0].at(0.0))]
    for a, b in pairwise(lines):
        if abs(a.slope - b.slope) < 1e-12:  # one and the same line
            continue
        x = (b.z - a.z + a.slope * a.x - b.slope * b.x) / (a.slope - b.slope)
        if found[-1][0] + SHORTEST_M < x < one.end - SHORTEST_M:
            found.append((x, a.at(x)))
    found.append((one.end, target))
    return found


def _slope_to(funnel: _Funnel, end: float, target: float) -> float:
    """The gentlest slope with which a link can end at a height."""
    most, least = funnel.up, -funnel.down
    for x, z in funnel.chains[1]:
        if end - x > 1e-9:
            least = max(least, (target - z) / (end - x))
    for x, z in funnel.chains[-1]:
        if end - x > 1e-9:
            most = min(most, (target - z) / (end - x))
    return max(least, min(most, 0.0))
