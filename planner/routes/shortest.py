"""Shortest ways over the corners of a graph, from any of some to any of others.

Small graphs: all pairs at once in arrays (Floyd 1962, doi:10.1145/367766.368168). Large ones: A*
(Hart, Nilsson and Raphael 1968, doi:10.1109/TSSC.1968.300136) for each way that is asked for.
"""

import heapq
import math
from functools import cached_property

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]
Found = tuple[float, list[int]]
"""Metres in all, and the corners passed."""

SMALL = 300
"""Corners up to which all pairs are quicker: 30 ms for as many."""


class Shortest:
    """Shortest ways over an undirected graph.

    Args:
        nodes: (N, 2) metres. i, j: pairs of corners that are joined. metres: between each pair.
    """

    def __init__(self, nodes: Floats, i: Index, j: Index, metres: Floats) -> None:
        self._nodes = nodes
        self._pairs = i, j, metres

    def way(self, i: Index, out: Floats, j: Index, back: Floats, goal: Floats) -> Found | None:
        """The shortest way that begins at one of i and ends at one of j; None if there is none.

        Args:
            out: metres to each of i. back: metres from each of j to the goal, (2,) metres.
        """
        if not len(i) or not len(j):
            return None
        if len(self._nodes) > SMALL:
            return self._search(i, out, dict(zip(j.tolist(), back.tolist(), strict=True)), goal)
        length, before = self._all
        total = out[:, None] + length[np.ix_(i, j)] + back
        p, q = divmod(int(total.argmin()), len(j))
        if not np.isfinite(total[p, q]):
            return None
        chain = [int(j[q])]
        while chain[-1] != i[p]:
            chain.append(int(before[i[p], chain[-1]]))
        return float(total[p, q]), chain[::-1]

    @cached_property
    def _all(self) -> tuple[Floats, Index]:
        """Between all: (N, N) metres, and the last corner before the second one."""
        (i, j, metres), count = self._pairs, len(self._nodes)
        length = np.full((count, count), np.inf)
        np.fill_diagonal(length, 0.0)
        length[i, j] = length[j, i] = metres
        before = np.repeat(np.arange(count)[:, None], count, axis=1)
        for k in range(count):
            through = length[:, k, None] + length[k]
            row, column = np.nonzero(through < length - 1e-9)
            length[row, column] = through[row, column]
            before[row, column] = before[k, column]
        return length, before

    @cached_property
    def _near(self) -> list[list[tuple[int, float]]]:
        near: list[list[tuple[int, float]]] = [[] for _ in self._nodes]
        for a, b, d in zip(*(p.tolist() for p in self._pairs), strict=True):
            near[a].append((b, d))
            near[b].append((a, d))
        return near

    def _search(self, i: Index, out: Floats, ends: dict[int, float], goal: Floats) -> Found | None:
        left = np.hypot(*(self._nodes - goal).T).tolist()  # at least
        length = dict(zip(i.tolist(), out.tolist(), strict=True))
        before: dict[int, int] = {}
        heap = [(d + left[k], k) for k, d in length.items()]
        heapq.heapify(heap)
        best, last = math.inf, -1
        done: set[int] = set()
        while heap and heap[0][0] < best:
            _, k = heapq.heappop(heap)
            if k in done:
                continue
            done.add(k)
            if k in ends and length[k] + ends[k] < best:
                best, last = length[k] + ends[k], k
            for other, step in self._near[k]:
                further = length[k] + step
                if further < length.get(other, math.inf):
                    length[other], before[other] = further, k
                    heapq.heappush(heap, (further + left[other], other))
        if last < 0:
            return None
        chain = [last]
        while chain[-1] in before:
            chain.append(before[chain[-1]])
        return best, chain[::-1]
