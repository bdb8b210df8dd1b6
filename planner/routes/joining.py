"""The order of cells and the way through each, for the shortest joins between them.

A cell can be passed in several ways (four for lines flown to and fro), each with its entry, its
exit and its own joins inside. Up to `EXACT` cells are solved exactly over subsets (Held and Karp
1962, doi:10.1137/0110015); more by reversal and relocation of runs, from several beginnings.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

EXACT = 8
"""Cells solved exactly: 256 subsets of 32 ends take a few milliseconds."""
_ROUNDS = 6
"""How often joins that turn out longer than straight lines are corrected and the order anew."""
_BEGINNINGS = 8
_SOME, _MANY = 30, 90
"""From so many cells on only two beginnings are tried, and only runs turned round."""
_CHEAP = 1e-6


@dataclass(frozen=True, kw_only=True)
class Ends:
    """The ways through all cells, one after another.

    Attributes:
        cell: (N,) which cell a way belongs to.
        entry, exit: (N, 2) metres.
        inner: (N,) metres between the lines of the cell.
        back: (N,) the same way flown backwards.
    """

    cell: Ints
    entry: Floats
    exit: Floats
    inner: Floats
    back: Ints


def shortest(
    ends: Ends,
    length: Callable[[Floats, Floats], float] | None = None,
    tries: int = _BEGINNINGS,
) -> list[int]:
    """The ways to take, in flying order, one of each cell.

    Args:
        length: metres from one point to another where it may be more than the straight line.
    """
    if not len(ends.cell):
        return []
    joins = np.hypot(*(ends.exit[:, None] - ends.entry[None]).transpose(2, 0, 1))
    exact = int(ends.cell.max()) < EXACT
    if int(ends.cell.max()) >= _MANY:
        return _turned(_nearest(ends, joins, 0), ends, joins)
    order = _order(ends, joins, tries)
    for _ in range(_ROUNDS if length is not None else 0):
        longer = False
        for p, q in itertools.pairwise(order):
            assert length is not None  # noqa: S101  (the loop is empty without it)
            true = length(ends.exit[p], ends.entry[q])
            if true > joins[p, q] + 1e-3:
                joins[p, q] = joins[ends.back[q], ends.back[p]] = true
                longer = True
        if not longer:
            break
        order = _improved(order, ends, joins) if not exact else _order(ends, joins, tries)
    return order


def _order(ends: Ends, joins: Floats, tries: int) -> list[int]:
    cells = int(ends.cell.max()) + 1
    if cells == 1:
        return [int(ends.inner.argmin())]
    if cells <= EXACT:
        return _held_karp(ends, joins, cells)
    tries = tries if cells <= _SOME else 2
    starts = np.unique(np.linspace(0, len(ends.cell) - 1, tries).astype(int))
    found = [_improved(_nearest(ends, joins, int(s)), ends, joins) for s in starts]
    return min(found, key=lambda order: _cost(order, ends, joins))


def _cost(order: Sequence[int], ends: Ends, joins: Floats) -> float:
    way = np.array(order)
    return float(ends.inner[way].sum() + joins[way[:-1], way[1:]].sum())


def _held_karp(ends: Ends, joins: Floats, cells: int) -> list[int]:
    """Exact: the best way to have passed each subset of cells and to leave by each way."""
    n = len(ends.cell)
    cost = np.full((1 << cells, n), np.inf)
    come = np.zeros((1 << cells, n), np.intp)
    bit = 1 << ends.cell
    cost[bit, np.arange(n)] = ends.inner
    for done in range(1, 1 << cells):
        here = np.flatnonzero(np.isfinite(cost[done]))
        ahead = np.flatnonzero((bit & done) == 0)
        if not len(here) or not len(ahead):
            continue
        total = cost[done, here][:, None] + joins[np.ix_(here, ahead)]
        best = total.argmin(axis=0)
        reach = total[best, np.arange(len(ahead))] + ends.inner[ahead]
        into = done | bit[ahead]
        cost[into, ahead], come[into, ahead] = reach, here[best]
    done, at = (1 << cells) - 1, int(cost[-1].argmin())
    order = [at]
    while done != int(bit[at]):
        done, at = done ^ int(bit[at]), int(come[done, at])
        order.append(at)
    return order[::-1]


def _nearest(ends: Ends, joins: Floats, start: int) -> list[int]:
    """Always on to the way whose entry is nearest."""
    order = [start]
    open_ = ends.cell != ends.cell[start]
    while open_.any():
        here = int(np.where(open_, joins[order[-1]] + ends.inner, np.inf).argmin())
        order.append(here)
        open_ &= ends.cell != ends.cell[here]
    return order


def _improved(order: list[int], ends: Ends, joins: Floats) -> list[int]:
    """Runs turned round or moved while that shortens, the ways chosen anew in between."""
    while True:
        before = _cost(order, ends, joins)
        order = _turned(order, ends, joins)
        order = _moved(order, ends, joins)
        order = _chosen(order, ends, joins)
        if _cost(order, ends, joins) > before - _CHEAP:
            return order


def _turned(order: list[int], ends: Ends, joins: Floats) -> list[int]:
    """Reversal of runs (2-opt), the best at first."""
    way = np.array(order)
    while True:
        back = ends.back[way]
        link = joins[way[:-1], way[1:]]
        before, after = np.concatenate([[0.0], link]), np.concatenate([link, [0.0]])
        gain = before[:, None] + after[None, :]
        gain[1:, :] -= joins[np.ix_(way[:-1], back)]
        gain[:, :-1] -= joins[np.ix_(back, way[1:])]
        gain = np.triu(gain, 0)
        moves = _apart(gain)
        if not moves:
            return [int(w) for w in way]
        for i, j in moves:
            way[i : j + 1] = ends.back[way[i : j + 1]][::-1]


def _apart(gain: Floats) -> list[tuple[int, int]]:
    """The reversal that gains most; with very many cells, also others that do not touch it."""
    n = len(gain)
    if n < _MANY:
        i, j = divmod(int(gain.argmax()), n)
        return [(i, j)] if gain[i, j] > _CHEAP else []
    found: list[tuple[int, int]] = []
    taken = np.zeros(n + 2, bool)
    best = gain.argmax(axis=1)
    for i in np.argsort(-gain[np.arange(n), best], kind="stable").tolist():
        j = int(best[i])
        if gain[i, j] <= _CHEAP:
            break
        if not taken[i : j + 3].any():  # with the links before and after
            taken[i : j + 3] = True
            found.append((i, j))
    return found


def _moved(order: list[int], ends: Ends, joins: Floats) -> list[int]:
    """Runs of one to three cells to a better place, either way round (or-opt)."""
    k = 0
    while k < len(order):
        for size in (1, 2, 3):
            run, rest = order[k : k + size], order[:k] + order[k + size :]
            if len(run) < size or not rest:
                continue
            turned = [int(ends.back[w]) for w in reversed(run)]
            found = min((_inserted(rest, r, joins) for r in (run, turned)), key=lambda f: f[0])
            now = _inserted_at(rest, run, k, joins)
            if found[0] < now - _CHEAP:
                order = rest[: found[1]] + found[2] + rest[found[1] :]
                k = -1
                break
        k += 1
    return order


def _inserted_at(rest: list[int], run: list[int], place: int, joins: Floats) -> float:
    cost = 0.0
    if place > 0:
        cost += joins[rest[place - 1], run[0]]
    if place < len(rest):
        cost += joins[run[-1], rest[place]]
    if 0 < place < len(rest):
        cost -= joins[rest[place - 1], rest[place]]
    return float(cost)


def _inserted(rest: list[int], run: list[int], joins: Floats) -> tuple[float, int, list[int]]:
    """Least further length of a run among the rest, its place, and the run."""
    way = np.array(rest)
    cost = np.zeros(len(way) + 1)
    cost[1:] += joins[way, run[0]]
    cost[:-1] += joins[run[-1], way]
    cost[1:-1] -= joins[way[:-1], way[1:]]
    place = int(cost.argmin())
    return float(cost[place]), place, run


def _chosen(order: list[int], ends: Ends, joins: Floats) -> list[int]:
    """The best way through each cell for a given order of cells (dynamic programming)."""
    stages = [np.flatnonzero(ends.cell == ends.cell[w]) for w in order]
    cost = ends.inner[stages[0]]
    back: list[Ints] = []
    for a, b in itertools.pairwise(stages):
        total = cost[:, None] + joins[np.ix_(a, b)] + ends.inner[b][None, :]
        back.append(total.argmin(axis=0))
        cost = total.min(axis=0)
    at = int(cost.argmin())
    found = [int(stages[-1][at])]
    for stage, step in zip(stages[-2::-1], reversed(back), strict=True):
        at = int(step[at])
        found.append(int(stage[at]))
    return found[::-1]
