"""Simulated annealing on the kernels: one state, or one for each thread on its vehicles."""

import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from planner.routing import kernel_search, kernel_state
from planner.routing.cut import middles, slices
from planner.routing.layout import BEST, MINE, OWNER, TOTAL, TRIP, State, Tables
from planner.routing.model import Ints, Model
from planner.routing.state import state

_CHUNK = 300
"""Rounds that a lone thread does between two looks at the clock (3 to 20 ms)."""
_FOREVER = 1 << 40
_DEAR = 30.0
"""Prizes are all that counts where they are so many times what serving costs."""


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """How the search behaves; temperatures as shares of the first plan's cost for each group.

    Attributes:
        hot, cold: temperature at the beginning and at the end.
        hot_lost, cold_lost: the same as shares of a prize, where only prizes count.
        mean: groups removed on average, and longest: string removed at most (Christiaens & Vanden
            Berghe 2020 give 10 and 10).
        mean_lost, longest_lost: the same where only prizes count: trips are full, and what is to
            get in needs half of one (best of 10 to 40 on Chao's instances of team orienteering).
        blink: share of places overlooked.
        round_s: how long one cut of the vehicles lasts.
    """

    hot: float = 1.0
    cold: float = 0.003
    hot_lost: float = 3.0
    cold_lost: float = 0.1
    mean: float = 10.0
    longest: float = 10.0
    mean_lost: float = 25.0
    longest_lost: float = 25.0
    blink: float = 0.01
    round_s: float = 0.05


@dataclass(frozen=True)
class Watch:
    """Time from one moment to another, and whether the search was called off.

    Attributes:
        warm, cool: how far the whole search's cooling is at the beginning and at the end, 0 to 1.
    """

    begun: float
    seconds: float
    cancelled: Callable[[], bool] | None = None
    warm: float = 0.0
    cool: float = 1.0

    @property
    def share(self) -> float:
        """How much of the time is over, 1 for all."""
        return min(1.0, (time.perf_counter() - self.begun) / max(self.seconds, 1e-9))

    @property
    def cooled(self) -> float:
        """How far the cooling is."""
        return self.warm + (self.cool - self.warm) * self.share

    @property
    def off(self) -> bool:
        """The time is over, or the search was called off."""
        return self.share >= 1.0 or (self.cancelled is not None and self.cancelled())

    def sleep(self, seconds: float) -> None:
        """Sleep so long, less if it is off before."""
        until = time.perf_counter() + seconds
        while not self.off and (left := until - time.perf_counter()) > 0:
            time.sleep(min(left, 0.02, max(0.0, self.seconds * (1.0 - self.share))))


class Annealer:
    """A solution in work.

    Attributes:
        best: the best solution, see `kernel_state.dump`; value: its objective.
        heats: temperature at the beginning and at the end, metres.
        strings: groups removed on average, and from one trip at most.
        rounds: of ruin and recreate, so far.
    """

    def __init__(
        self,
        model: Model,
        t: Tables,
        s: State,
        seed: int,
        tuning: Tuning,
        heats: tuple[float, float] | None = None,
    ) -> None:
        self.model, self.tables, self.main, self.tuning = model, t, s, tuning
        self.random = np.random.default_rng(seed)
        prizes = prizes_rule(model, s)
        self.heats = heats or temperatures(model, s, tuning)
        self.strings = (
            (tuning.mean_lost, tuning.longest_lost) if prizes else (tuning.mean, tuning.longest)
        )
        self.best = s.best.copy()
        self.value = float(s.total[BEST])
        self.rounds = 0

    def count(self, rounds: int) -> None:
        """So many rounds on one thread."""
        self._anneal(self.main, rounds, self._heat(0.0), self._heat(1.0))
        self._kept()

    def alone(self, watch: Watch, tell: Callable[[], None] | None = None) -> None:
        """On the calling thread until the watch ends; `tell` is called now and then."""
        while not watch.off:
            heat = self._heat(watch.cooled)
            self.rounds += self._anneal(self.main, _CHUNK, heat, heat)
            self._kept()
            if tell is not None:
                tell()

    def together(self, watch: Watch, threads: int, tell: Callable[[], None] | None = None) -> None:
        """On several threads until the watch ends: disjoint parts, cut anew each round."""
        states = [self.main, *(state(self.model, self.tables) for _ in range(threads - 1))]
        with ThreadPoolExecutor(threads) as pool:
            while not watch.off:
                self._round(watch, pool, states)
                if tell is not None:
                    tell()

    def _round(self, watch: Watch, pool: Executor, states: list[State]) -> None:
        of = self._deal(states)
        heat = self._heat(watch.cooled)
        before = float(self.main.total[TOTAL])
        for s in states:
            s.stop[0] = 0
        jobs = [pool.submit(self._anneal, s, _FOREVER, heat, heat) for s in states]
        watch.sleep(self.tuning.round_s)
        for s in states:
            s.stop[0] = 1
        self.rounds += sum(job.result() for job in jobs)
        self._join(states, of, before)

    def _heat(self, cooled: float) -> float:
        """Temperature in metres; geometric cooling."""
        hot, cold = self.heats
        return hot * (cold / hot) ** cooled

    def _anneal(self, s: State, rounds: int, hot: float, cold: float) -> int:
        seed = int(self.random.integers(1 << 31))
        return kernel_search.anneal(
            self.tables, s, seed, rounds, hot, cold, *self.strings, self.tuning.blink
        )

    def _kept(self) -> None:
        if self.main.total[BEST] < self.value:
            self.value = float(self.main.total[BEST])
            self.best[:] = self.main.best

    def _deal(self, states: list[State]) -> npt.NDArray[np.int64]:
        """Give each state its vehicles and groups; (V,) whose each vehicle is."""
        model, s = self.model, self.main
        owner = owners(s)
        middle, load = middles(model.xy, model.vehicle_xy, owner)
        turn = self.random.uniform(0.0, 2.0 * np.pi)
        axis = np.array([np.cos(turn), np.sin(turn)])
        of, borders = slices(middle @ axis, load + 1.0, len(states))
        part = np.searchsorted(borders, model.xy @ axis)
        part[owner >= 0] = of[owner[owner >= 0]]
        now = dumped(s)
        for i, one in enumerate(states):
            kernel_state.load(self.tables, one, now)
            one.on[:] = of == i
            one.own[:] = part == i
            mine = np.flatnonzero(part == i)
            one.mine[: len(mine)] = mine
            one.count[MINE] = len(mine)
        return of

    def _join(self, states: list[State], of: npt.NDArray[np.int64], before: float) -> None:
        """Put the parts together; what each found best, too: the parts do not touch."""
        value = before + sum(float(one.total[BEST]) - before for one in states)
        if value < self.value - 1e-6:
            self.value = value
            self.best[:] = _spliced([one.best for one in states], of)
        merged = _spliced([dumped(one) for one in states], of)
        kernel_state.load(self.tables, self.main, merged)


def temperatures(model: Model, s: State, tuning: Tuning) -> tuple[float, float]:
    """The temperatures to begin and end with, in metres, from a first plan.

    They are shares of what serving a group costs on average; of a prize where prizes rule.
    """
    if prizes_rule(model, s):
        lost = _lost(model, s)
        return tuning.hot_lost * lost, tuning.cold_lost * lost
    scale = _way(s) or 1.0
    return tuning.hot * scale, tuning.cold * scale


def prizes_rule(model: Model, s: State) -> bool:
    """Whether what a first plan leaves out is worth more by far than the way to it costs, as in
    team orienteering."""
    return _lost(model, s) > _DEAR * _way(s)


def _lost(model: Model, s: State) -> float:
    """The mean prize of what is left out."""
    left = model.prize[(s.at < 0) & np.isfinite(model.prize)]
    return float(left.mean()) if len(left) else 0.0


def _way(s: State) -> float:
    """What serving a group costs on average, metres."""
    served = int(np.sum(s.at >= 0))
    return float(np.sum(s.cost)) / served if served else 0.0


def owners(s: State) -> Ints:
    """(G,) the vehicle that serves each group, or -1."""
    served = np.flatnonzero(s.at >= 0)
    owner = np.full(len(s.at), -1, np.int32)
    owner[served] = s.trip[s.link[s.at[served], TRIP], OWNER]
    return owner


def dumped(s: State) -> Ints:
    """The state's solution, see `kernel_state.dump`."""
    numbers = np.zeros_like(s.best)
    kernel_state.dump(s, numbers)
    return numbers


def _spliced(parts: list[Ints], of: npt.NDArray[np.int64]) -> Ints:
    whole = np.zeros_like(parts[0])
    kernel_state.spliced(np.stack(parts), of, np.zeros(len(parts), np.int64), whole)
    return whole
