"""The search: threads anneal disjoint parts of the vehicles side by side, cut anew each round."""

import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from planner.routing import kernel_search, kernel_state
from planner.routing.greedy import begin
from planner.routing.layout import BEST, MINE, TOTAL, State, Tables
from planner.routing.model import Model, Solution
from planner.routing.state import solution, state
from planner.routing.tables import tables

Progress = Callable[[float, Solution, float], None]
"""Takes seconds since the start, the best solution so far and its objective."""


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """How the search behaves; temperatures as shares of the first plan's metres for each group.

    Attributes:
        hot, cold: temperature at the beginning and at the end.
        mean: groups removed on average, and longest: string removed at most (Christiaens & Vanden
            Berghe 2020 give 10 and 10).
        blink: share of places overlooked.
        round_s: how long one cut of the vehicles lasts.
    """

    hot: float = 0.3
    cold: float = 0.003
    mean: float = 10.0
    longest: float = 10.0
    blink: float = 0.01
    round_s: float = 0.05


def solve(
    model: Model,
    *,
    seconds: float,
    seed: int = 0,
    initial: Solution | None = None,
    threads: int = 1,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    iterations: int | None = None,
    tuning: Tuning | None = None,
) -> Solution:
    """The best solution found in the time; never worse than `initial`.

    Args:
        progress: called about four times a second.
        cancelled: asked every 20 ms or so; the best so far is returned.
        iterations: end after so many rounds of ruin and recreate, on one thread, instead of by
            time: then the same seed gives the same solution.
    """
    begun = time.perf_counter()
    t = tables(model)
    s = state(model, t)
    begin(model, t, s, initial)
    search = _Search(model, t, s, seed, tuning or Tuning())
    if model.groups and model.vehicles:
        if iterations is not None:
            search.count(iterations)
        else:
            watch = _Watch(begun, seconds, progress, cancelled)
            search.run(watch, threads, initial)
    kernel_state.load(t, s, s.best.copy())
    return solution(t, s, initial)


@dataclass(frozen=True)
class _Watch:
    """Time, and who wants to know."""

    begun: float
    seconds: float
    progress: Progress | None
    cancelled: Callable[[], bool] | None

    @property
    def share(self) -> float:
        """How much of the time is over, 1 for all."""
        return min(1.0, (time.perf_counter() - self.begun) / max(self.seconds, 1e-9))

    def waited(self, seconds: float) -> bool:
        """Sleep, but no longer than there is time; false once it is over or cancelled."""
        until = min(time.perf_counter() + seconds, self.begun + self.seconds)
        while True:
            if self.cancelled is not None and self.cancelled():
                return False
            left = until - time.perf_counter()
            if left <= 0:
                return self.share < 1.0
            time.sleep(min(0.02, left))


class _Search:
    """One solution in work, on one state for each thread."""

    def __init__(self, model: Model, t: Tables, s: State, seed: int, tuning: Tuning) -> None:
        self.model, self.tables, self.main, self.tuning = model, t, s, tuning
        self.random = np.random.default_rng(seed)
        way = float(np.sum(s.cost)) / max(1, int(np.sum(s.at >= 0)))
        self.scale = way if way > 0 else 1.0
        self.best = s.best.copy()
        self.value = float(s.total[BEST])
        self.rounds = 0

    def count(self, rounds: int) -> None:
        """So many rounds on one thread."""
        self._anneal(self.main, rounds, self._heat(0.0), self._heat(1.0))

    def run(self, watch: _Watch, threads: int, initial: Solution | None) -> None:
        """Until the time is over."""
        threads = max(1, min(threads, self.model.vehicles))
        states = [self.main, *(state(self.model, self.tables) for _ in range(threads - 1))]
        told = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            while self._round(watch, pool, states):
                if watch.progress is not None and time.perf_counter() - told > 0.25:
                    told = time.perf_counter()
                    watch.progress(told - watch.begun, self._shown(initial), self.value)
        self.main.best[:] = self.best

    def _round(self, watch: _Watch, pool: Executor, states: list[State]) -> bool:
        """Anneal each part by itself for a while, and put the parts together again."""
        of = self._cut(states)
        heat = self._heat(watch.share)
        before = float(self.main.total[TOTAL])
        for s in states:
            s.stop[0] = 0
        jobs = [pool.submit(self._anneal, s, 1 << 40, heat, heat) for s in states]
        more = watch.waited(self.tuning.round_s)
        for s in states:
            s.stop[0] = 1
        self.rounds += sum(job.result() for job in jobs)
        self._join(states, of, before)
        return more

    def _heat(self, share: float) -> float:
        hot, cold = self.tuning.hot * self.scale, self.tuning.cold * self.scale
        return hot * (cold / hot) ** share

    def _anneal(self, s: State, rounds: int, hot: float, cold: float) -> int:
        how = self.tuning
        seed = int(self.random.integers(1 << 31))
        return kernel_search.anneal(
            self.tables, s, seed, rounds, hot, cold, how.mean, how.longest, how.blink
        )

    def _shown(self, initial: Solution | None) -> Solution:
        s = state(self.model, self.tables)
        kernel_state.load(self.tables, s, self.best)
        return solution(self.tables, s, initial)

    def _cut(self, states: list[State]) -> np.ndarray:
        """Give each state its vehicles and groups: slices across a direction drawn at random."""
        model, s = self.model, self.main
        if len(states) == 1:
            return np.zeros(model.vehicles, np.int64)
        served = np.flatnonzero(s.at >= 0)
        owner = s.trip[s.link[s.at[served], 2], 3]
        load = np.bincount(owner, minlength=model.vehicles).astype(float)
        turn = self.random.uniform(0.0, 2.0 * np.pi)
        axis = np.array([np.cos(turn), np.sin(turn)])
        along = model.xy @ axis
        middle = np.bincount(owner, along[served], model.vehicles) / np.maximum(load, 1.0)
        middle = np.where(load > 0, middle, model.vehicle_xy @ axis)
        order = np.argsort(middle, kind="stable")
        reached = np.cumsum(load[order] + 1.0)
        of = np.empty(model.vehicles, np.int64)
        of[order] = np.minimum(
            (reached - 1e-9) / reached[-1] * len(states), len(states) - 1
        ).astype(np.int64)
        borders = [middle[of == i].max(initial=-np.inf) for i in range(len(states) - 1)]
        part = np.searchsorted(np.maximum.accumulate(borders), along)
        part[served] = of[owner]
        numbers = np.zeros_like(s.best)
        kernel_state.dump(s, numbers)
        for i, one in enumerate(states):
            kernel_state.load(self.tables, one, numbers)
            one.on[:] = of == i
            one.own[:] = part == i
            mine = np.flatnonzero(part == i)
            one.mine[: len(mine)] = mine
            one.count[MINE] = len(mine)
        return of

    def _join(self, states: list[State], of: np.ndarray, before: float) -> None:
        s = self.main
        if len(states) == 1:
            if s.total[BEST] < self.value:
                self.value = float(s.total[BEST])
                self.best[:] = s.best
            return
        value = before + sum(float(one.total[BEST]) - before for one in states)
        if value < self.value - 1e-6:
            self.value = value
            kernel_state.spliced(
                np.stack([one.best for one in states]),
                of,
                np.zeros(len(states), np.int64),
                self.best,
            )
        now = []
        for one in states:
            numbers = np.zeros_like(s.best)
            kernel_state.dump(one, numbers)
            now.append(numbers)
        merged = np.zeros_like(s.best)
        kernel_state.spliced(np.stack(now), of, np.zeros(len(states), np.int64), merged)
        kernel_state.load(self.tables, s, merged)
