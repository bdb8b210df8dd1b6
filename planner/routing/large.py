"""Searches too large for one table of ways: regions side by side, cut anew each round.

Each region's model is made where it is solved, from the source; any `concurrent.futures.Executor`
will do: threads here, a pool of processes, or Dask's ``client.get_executor()`` over machines.
"""

import math
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait

import numpy as np

from planner.routing.cut import middles, regions
from planner.routing.model import Solution, Source, Trip
from planner.routing.region import Day, Done, Turn, turned
from planner.routing.search import Progress

REGION = 1000
"""Groups of a region, about: its table of ways takes 24 MB while it is built and searched."""
_WORTH_S = 0.7
"""A region's turn is at least so long: making its model takes a tenth of that."""


def solve_large(
    source: Source,
    *,
    seconds: float,
    seed: int = 0,
    executor: Executor | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    region: int = REGION,
) -> Solution:
    """The best solution found in the time, for any number of groups; nodes as ``part(all, all)``.

    Args:
        executor: where regions are solved; None for a thread for each core here. With processes
            or machines the source must be picklable, and small.
        workers: how many threads, where there is no executor; all cores if not given.
        progress: called after each round.
        cancelled: asked every 20 ms; the best so far is returned.
        region: groups of a region, about.
    """
    begun = time.perf_counter()
    if executor is not None:
        return _Large(source, seed, executor, cancelled, region).run(begun, seconds, progress)
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        return _Large(source, seed, pool, cancelled, region).run(begun, seconds, progress)


class _Large:
    """The rounds of a large search."""

    def __init__(
        self,
        source: Source,
        seed: int,
        executor: Executor,
        cancelled: Callable[[], bool] | None,
        region: int,
    ) -> None:
        self.source, self.executor, self.cancelled = source, executor, cancelled
        self.random = np.random.default_rng(seed)
        self.xy, self.vehicle_xy = source.xy, source.vehicle_xy
        self.parts = max(1, math.ceil(len(self.xy) / region))
        self.days: list[Day] = [() for _ in self.vehicle_xy]
        self.best, self.value = list(self.days), math.inf
        self.nodes = np.ones(len(self.xy), np.int32)
        self.heats: tuple[float, float] | None = None
        self.workers = float(os.cpu_count() or 1)

    def run(self, begun: float, seconds: float, progress: Progress | None) -> Solution:
        """A greedy plan, then round after round until the time is over."""
        if not len(self.xy) or not len(self.vehicle_xy):
            return Solution(tuple(() for _ in self.vehicle_xy))
        end, share, more = begun + seconds, 0.0, self._round(0.0, 0.0, 0.0)
        while more:
            if progress is not None:
                progress(time.perf_counter() - begun, self._solution(), self.value)
            left = end - time.perf_counter()
            turns = self.parts / min(self.workers, self.parts)
            rounds = max(1, min(8, int(left / (turns * _WORTH_S))))
            each = left / (rounds * turns)
            if left < 0.05 * seconds:
                break
            cool = share + (1.0 - share) / rounds
            more = self._round(each, share, cool)
            share = cool
        return self._solution()

    def _round(self, seconds: float, warm: float, cool: float) -> bool:
        """All regions once; false if the search was called off before they were done."""
        begun = time.perf_counter()
        turns = self._turns(seconds, warm, cool)
        jobs = [self.executor.submit(turned, turn) for turn in turns]
        if not self._waited(jobs):
            return False
        done = [job.result() for job in jobs]
        busy, took = sum(one.busy_s for one in done), time.perf_counter() - begun
        self.workers = max(1.0, min(busy / took, len(turns)))
        self._merge(turns, done)
        return True

    def _waited(self, jobs: Sequence["Future[Done]"]) -> bool:
        """Wait for the jobs; false, and those not begun taken back, if called off before."""
        open_jobs = set(jobs)
        while open_jobs:
            if self.cancelled is not None and self.cancelled():
                for job in open_jobs:
                    job.cancel()
                return False
            _, open_jobs = wait(open_jobs, timeout=0.02)
        return True

    def _turns(self, seconds: float, warm: float, cool: float) -> list[Turn]:
        owner = np.full(len(self.xy), -1, np.int32)
        for v, day in enumerate(self.days):
            owner[[g for _, nodes in day for g, _ in nodes]] = v
        middle, load = middles(self.xy, self.vehicle_xy, owner)
        whose = np.empty(len(middle), np.int64)
        cuts = regions(middle, load + 1.0, self.parts, self.random)
        for i, own in enumerate(cuts):
            whose[own] = i
        part = whose[np.where(owner >= 0, owner, _closest(self.xy, self.vehicle_xy, owner))]
        return [
            Turn(
                source=self.source,
                vehicles=tuple(own.tolist()),
                groups=tuple(np.flatnonzero(part == i).tolist()),
                days=tuple(self.days[v] for v in own),
                seconds=seconds,
                warm=warm,
                cool=cool,
                heats=self.heats,
                seed=int(self.random.integers(1 << 31)),
            )
            for i, own in enumerate(cuts)
        ]

    def _merge(self, turns: list[Turn], done: list[Done]) -> None:
        """Regions share nothing: their days are the day, and their bests together a plan too."""
        best = list(self.days)
        for turn, one in zip(turns, done, strict=True):
            for i, v in enumerate(turn.vehicles):
                self.days[v], best[v] = one.now[i], one.best[i]
            self.nodes[list(turn.groups)] = one.nodes
        value = sum(one.best_value for one in done)
        if value < self.value:
            self.best, self.value = best, value
        if self.heats is None:
            busy = [one.heats for one in done if one.heats[0] > 0]
            hot, cold = np.median(busy or [(1.0, 0.003)], axis=0)
            self.heats = float(hot), float(cold)

    def _solution(self) -> Solution:
        first = np.concatenate([[0], np.cumsum(self.nodes)])
        return Solution(
            tuple(
                tuple(
                    Trip(start, tuple(int(first[g]) + o for g, o in nodes)) for start, nodes in day
                )
                for day in self.best
            )
        )


def _closest(xy: np.ndarray, vehicle_xy: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """(G,) the closest vehicle of each group without one, 0 for the others."""
    closest = np.zeros(len(xy), np.int64)
    for g in np.flatnonzero(owner < 0):
        closest[g] = np.argmin(np.hypot(*(vehicle_xy - xy[g]).T))
    return closest
