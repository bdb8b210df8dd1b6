"""A short way through pieces that can each be passed in one of several ways.

A piece is a list of options; an option is the path (N, 2) in metres that it would fly. Cells of
an area have four options, lines two, points one.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Path = npt.NDArray[np.float64]
"""(N, 2) metres east and north."""


def order(pieces: Sequence[Sequence[Path]], start: npt.ArrayLike | None = None) -> list[Path]:
    """The chosen option of each piece, in flying order.

    Nearest neighbour from several beginnings, then relocation and reversal of runs (2-opt),
    options chosen anew by dynamic programming: the joins are short, not proven shortest.
    """
    if not pieces:
        return []
    if all(len(options) == 1 and len(options[0]) == 1 for options in pieces):
        spots = np.concatenate([options[0] for options in pieces])
        return [pieces[k][0] for k in _spots(spots)]
    ends = [np.array([(o[0], o[-1]) for o in options]) for options in pieces]
    inner = [
        np.array([np.hypot(*np.diff(o, axis=0).T).sum() if len(o) > 1 else 0.0 for o in options])
        for options in pieces
    ]
    centres = np.array([e.mean(axis=(0, 1)) for e in ends])
    begin = None if start is None else np.asarray(start, float)
    best: tuple[float, list[int], list[int]] | None = None
    for first in _beginnings(centres, begin):
        sequence = _nearest(ends, first)
        cost, choice = _choose(sequence, ends, inner)
        if best is None or cost < best[0]:
            best = (cost, sequence, choice)
    assert best is not None  # noqa: S101  (there is at least one beginning)
    _, sequence, choice = _improve(best, ends, inner)
    return [pieces[k][c] for k, c in zip(sequence, choice, strict=True)]


def _spots(xy: Path) -> list[int]:
    """An open tour through single points: nearest neighbour, then 2-opt."""
    gap = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1)).tolist()
    tour = [int(np.argmin(xy[:, 0]))]
    left = set(range(len(xy))) - set(tour)
    while left:
        row = gap[tour[-1]]
        tour.append(min(left, key=row.__getitem__))
        left.discard(tour[-1])
    last = len(tour) - 1
    better = True
    while better:
        better = False
        for i in range(last):
            for j in range(i + 1, last + 1):
                a, b, c = tour[i - 1], tour[i], tour[j]
                old = (gap[a][b] if i else 0.0) + (gap[c][tour[j + 1]] if j < last else 0.0)
                new = (gap[a][c] if i else 0.0) + (gap[b][tour[j + 1]] if j < last else 0.0)
                if new < old - 1e-6:
                    tour[i : j + 1] = tour[i : j + 1][::-1]
                    better = True
    return tour


def _beginnings(centres: Path, begin: Path | None) -> list[int]:
    if begin is not None:
        return [int(np.hypot(*(centres - begin).T).argmin())]
    x, y = centres.T
    return sorted({int(x.argmin()), int(x.argmax()), int(y.argmin()), int(y.argmax())})


def _nearest(ends: list[Path], first: int) -> list[int]:
    """Always on to the piece with the nearest end."""
    entries = np.concatenate([e[:, 0] for e in ends])
    owner = np.concatenate([np.full(len(e), k) for k, e in enumerate(ends)])
    open_ = np.ones(len(owner), bool)
    sequence = [first]
    open_[owner == first] = False
    here = ends[first][0, 1]
    while open_.any():
        gap = np.where(open_, np.hypot(*(entries - here).T), np.inf)
        row = int(gap.argmin())
        piece = int(owner[row])
        sequence.append(piece)
        open_[owner == piece] = False
        option = row - int(np.searchsorted(owner, piece))
        here = ends[piece][option, 1]
    return sequence


def _choose(sequence: list[int], ends: list[Path], inner: list[Path]) -> tuple[float, list[int]]:
    """Best option of each piece for a given sequence (dynamic programming)."""
    cost = inner[sequence[0]].copy()
    back: list[npt.NDArray[np.intp]] = []
    for a, b in pairwise(sequence):
        join = ends[b][None, :, 0] - ends[a][:, None, 1]
        total = cost[:, None] + np.hypot(join[..., 0], join[..., 1]) + inner[b][None, :]
        back.append(total.argmin(axis=0))
        cost = total.min(axis=0)
    choice = [int(cost.argmin())]
    for step in reversed(back):
        choice.append(int(step[choice[-1]]))
    return float(cost.min()), choice[::-1]


def _improve(
    best: tuple[float, list[int], list[int]], ends: list[Path], inner: list[Path]
) -> tuple[float, list[int], list[int]]:
    """2-opt and relocation on the sequence, for counts at which it takes milliseconds; cells that
    follow one another along a long area are in good order from the beginning."""
    cost, sequence, choice = best
    n = len(sequence)
    if not 3 <= n <= 10:
        return best
    for _ in range(4):
        before = cost
        for i in range(n - 1):
            for j in range(i + 1, n):
                for trial in _moves(sequence, i, j):
                    c, ch = _choose(trial, ends, inner)
                    if c < cost - 1e-6:
                        cost, sequence, choice = c, trial, ch
        if cost >= before - 1e-6:
            break
    return cost, sequence, choice


def _moves(s: list[int], i: int, j: int) -> list[list[int]]:
    flipped = s[:i] + s[i : j + 1][::-1] + s[j + 1 :]
    later = [*s[:i], *s[i + 1 : j + 1], s[i], *s[j + 1 :]]
    earlier = [*s[:i], s[j], *s[i:j], *s[j + 1 :]]
    return [flipped, later, earlier]
