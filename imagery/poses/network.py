"""Where frames must have been, by their tie points and nothing else than their positions.

A picture that looks down shows the ground turned and scaled. In complex numbers, with east + i
north: a frame at place c, height h and yaw psi shows ground point X at the level tangent g where
X = c + a g and a = h exp(-i psi). A tie point seen in two frames says c1 + a1 g1 = c2 + a2 g2, and
the satellites say roughly where each c is. Both are linear in c and a, so least squares solves all
frames at once, without believing any stated yaw or height: first the frames among themselves,
then the whole laid over the stated places. Cauchy weights, tightened from round to
round (iteratively reweighted least squares), let single frames lie about their position.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.pose import Attitude
from imagery.ground.lens import Floats
from imagery.ground.rays import axes
from imagery.poses.ties import Pair

Complexes = npt.NDArray[np.complex128]
LevelTie = tuple[int, int, Complexes, Complexes]
"""First and second frame of a pair, and the `level` tangents of its tie points in each."""

RELIEF = 0.03
"""Scatter of tie points as a share of the height: houses and trees under a low survey."""
_ROUNDS = 8
_FIRST_SCALE = 16.0
_WORTH = 4.0
_SPREAD = 4.0
_LINES = 2000
_STEEPEST = 2.5
"""Tangents beyond 68 degrees off the vertical say little about the ground below."""


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """The frames as their tie points place them.

    Attributes:
        places: (N,) complex, metres east + i north.
        scales: (N,) complex, h exp(-i yaw): its size is the height above the ground in metres.
        tied: (N,) whether a frame has tie points at all; elsewhere the other two mean nothing.
        group: (N,) which frames hang together, by the lowest index among them.
        misfit: the sum of the robust costs; compares solutions of the same ties.
    """

    places: Complexes
    scales: Complexes
    tied: npt.NDArray[np.bool_]
    group: npt.NDArray[np.intp]
    misfit: float

    @property
    def heights_m(self) -> Floats:
        """(N,) above the ground."""
        return np.abs(self.scales)

    @property
    def yaws_deg(self) -> Floats:
        """(N,) clockwise from north, -180 to 180."""
        return -np.degrees(np.angle(self.scales))


def level(slopes: Floats, pitch_deg: float, roll_deg: float) -> Complexes:
    """Tangents as a camera that looks straight down to the north would show them: right + i up.

    NaN where a ray does not come down steeply.
    """
    turned = axes(Attitude(yaw_deg=0.0, pitch_deg=pitch_deg, roll_deg=roll_deg))
    rays = np.column_stack([slopes, np.ones(len(slopes))]) @ turned
    down = np.where(rays[:, 2] < -1e-6, -rays[:, 2], np.nan)
    flat = (rays[:, 0] + 1j * rays[:, 1]) / down
    return np.where(np.abs(flat) < _STEEPEST, flat, np.nan)


def solve(stated: Complexes, sigma_m: Floats, ties: Sequence[LevelTie]) -> Network:
    """The network of frames.

    Args:
        stated: (N,) complex, the places that the frames state, metres.
        sigma_m: (N,) their standard deviations.
    """
    count = len(stated)
    group = groups(count, [(i, j) for i, j, _, _ in ties])
    places, scales = _by_tree(count, ties)
    nobody = np.zeros(count)
    for k in range(_ROUNDS):
        weights = _tie_weights(places, scales, ties, k)
        places, scales = _least_squares(places, scales, nobody, ties, weights, group)
    tied = np.zeros(count, bool)
    for one in np.unique(group):
        members = np.flatnonzero(group == one)
        fitted = _onto(places[members], stated[members], sigma_m[members])
        if fitted is None:
            continue
        tied[members] = True
        places[members] = fitted[0] * places[members] + fitted[1]
        scales[members] *= fitted[0]
    anchors = nobody
    for k in range(_ROUNDS):
        off = np.abs(places - stated) / (2.0 * sigma_m) / _scale(k)
        anchors = np.where(tied, 1 / (sigma_m * (1 + off**2)) ** 2, 0.0)
        weights = _tie_weights(places, scales, ties, k)
        places, scales = _least_squares(stated, scales, anchors, ties, weights, group)
    misfit = float(np.log1p((np.abs(places - stated)[tied] / (2 * sigma_m[tied])) ** 2).sum())
    return Network(places, scales, tied, group, misfit)


def groups(count: int, edges: Sequence[tuple[int, int]]) -> npt.NDArray[np.intp]:
    """(N,) the lowest index among the frames that each hangs together with."""
    leader = list(range(count))

    def root(i: int) -> int:
        while leader[i] != i:
            leader[i] = leader[leader[i]]
            i = leader[i]
        return i

    for i, j in edges:
        a, b = sorted((root(i), root(j)))
        leader[b] = a
    return np.array([root(i) for i in range(count)], np.intp)


def level_ties(pairs: Sequence[Pair], tilts: Sequence[tuple[float, float]]) -> list[LevelTie]:
    """Pairs as `solve` takes them; ``tilts`` are (pitch, roll) of each frame in degrees."""
    found = []
    for pair in pairs:
        a, b = level(pair.a, *tilts[pair.first]), level(pair.b, *tilts[pair.second])
        good = np.isfinite(a) & np.isfinite(b)
        if good.sum() >= 4:
            found.append((pair.first, pair.second, a[good], b[good]))
    return found


def _scale(k: int) -> float:
    """How lenient the robust weights are in round k."""
    return max(1.0, _FIRST_SCALE * 0.5**k)


def _by_tree(count: int, ties: Sequence[LevelTie]) -> tuple[Complexes, Complexes]:
    """A first placement: from frame to frame along the pairs with most tie points."""
    places, scales = np.zeros(count, complex), np.ones(count, complex)
    edges: dict[int, list[tuple[int, int, complex, complex]]] = {i: [] for i in range(count)}
    for i, j, a, b in ties:
        s, t = _similarity(b, a)  # b = what the second shows, a = s b + t
        edges[i].append((-len(a), j, s, t))
        s, t = _similarity(a, b)
        edges[j].append((-len(a), i, s, t))
    done = np.zeros(count, bool)
    for start in range(count):
        if done[start]:
            continue
        done[start] = True
        queue = [(n, start, j, s, t) for n, j, s, t in edges[start]]
        while queue:
            queue.sort(key=lambda edge: (-edge[0], edge[2]))
            _, i, j, s, t = queue.pop()
            if done[j]:
                continue
            done[j] = True
            scales[j], places[j] = scales[i] * s, places[i] + scales[i] * t
            queue += [(n, j, k, s, t) for n, k, s, t in edges[j] if not done[k]]
    return places, scales


def _similarity(x: Complexes, y: Complexes) -> tuple[complex, complex]:
    """s, t with y = s x + t by robust least squares."""
    weight = np.ones(len(x))
    s, t = 1 + 0j, 0j
    for k in range(8):
        mx, my = np.average(x, weights=weight), np.average(y, weights=weight)
        s = (weight * np.conj(x - mx) * (y - my)).sum() / max(
            float((weight * np.abs(x - mx) ** 2).sum()), 1e-12
        )
        t = my - s * mx
        weight = 1 / (1 + (np.abs(s * x + t - y) / (RELIEF * _scale(k))) ** 2)
    return complex(s), complex(t)


def _onto(places: Complexes, stated: Complexes, sigma_m: Floats) -> tuple[complex, complex] | None:
    """The turn and scale, and the shift, that lay a group over its stated places; None when those
    lie too near each other to tell: closer than `_SPREAD` of their standard deviations.

    The candidate with the least median misfit of all lines between two frames begins, so that
    less than half may lie.
    """
    if len(places) < 2 or np.abs(stated - np.median(stated)).max() < _SPREAD * sigma_m.max():
        return None
    i, j = np.triu_indices(len(places), 1)
    if len(i) > _LINES:
        i, j = (index[:: len(index) // _LINES + 1] for index in (i, j))
    far = np.abs(places[i] - places[j]) > 1e-9
    turns = (stated[i] - stated[j])[far] / (places[i] - places[j])[far]
    if not len(turns):
        return None
    shifts = stated[i][far] - turns * places[i][far]
    off = np.abs(turns[:, None] * places + shifts[:, None] - stated)
    best = int(np.median(off, axis=1).argmin())
    s, t = turns[best], shifts[best]
    for k in range(_ROUNDS):
        off_now = np.abs(s * places + t - stated) / (2 * sigma_m * max(1.0, 8 * 0.6**k))
        weight = 1 / (sigma_m * (1 + off_now**2)) ** 2
        mx, my = np.average(places, weights=weight), np.average(stated, weights=weight)
        spread = float((weight * np.abs(places - mx) ** 2).sum())
        s = (weight * np.conj(places - mx) * (stated - my)).sum() / max(spread, 1e-12)
        t = my - s * mx
    return complex(s), complex(t)


def _tie_weights(
    places: Complexes, scales: Complexes, ties: Sequence[LevelTie], k: int
) -> list[Floats]:
    """A weight for each tie point. Those of one pair count as `_WORTH` together: what throws them
    off, trees and a tilted camera, throws all of them off."""
    weights = []
    for i, j, a, b in ties:
        sigma = RELIEF * (abs(scales[i]) + abs(scales[j])) / 2 + 1e-9
        miss = np.abs(places[i] + scales[i] * a - places[j] - scales[j] * b) / sigma
        weights.append(_WORTH / len(a) / sigma**2 / (1 + (miss / _scale(k)) ** 2))
    return weights


def _least_squares(
    stated: Complexes,
    before: Complexes,
    anchors: Floats,
    ties: Sequence[LevelTie],
    weights: Sequence[Floats],
    group: npt.NDArray[np.intp],
) -> tuple[Complexes, Complexes]:
    """One weighted solution; unknowns are all places, then all scales.

    Left alone the scales shrink, for at height zero all tie points agree: so the mean scale of
    each group is held at what it was ``before``.
    """
    n = len(stated)
    normal, right = np.zeros((2 * n, 2 * n), complex), np.zeros(2 * n, complex)
    confidence = anchors + 1e-9
    diagonal = np.arange(n)
    normal[diagonal, diagonal] = confidence
    right[:n] = confidence * stated
    for (i, j, a, b), weight in zip(ties, weights, strict=True):
        one = np.ones(len(a))
        rows = np.column_stack([one, a, -one, -b]) * np.sqrt(weight)[:, None]
        where = np.array([i, n + i, j, n + j])
        normal[np.ix_(where, where)] += rows.conj().T @ rows
    heavy = 1e3 * max(1.0, float(np.abs(normal).max()))
    for one_group in np.unique(group):
        members = np.flatnonzero(group == one_group)
        row = before[members].conj() / np.linalg.norm(before[members])
        where = members + n
        normal[np.ix_(where, where)] += heavy * np.outer(row.conj(), row)
        right[where] += heavy * row.conj() * np.linalg.norm(before[members])
    solution = np.asarray(np.linalg.solve(normal, right), complex)
    return solution[:n], solution[n:]
