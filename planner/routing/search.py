"""The search for the best solution that some seconds allow."""

import time
from collections.abc import Callable

from planner.routing import kernel_state
from planner.routing.anneal import Annealer, Tuning, Watch
from planner.routing.greedy import begin
from planner.routing.model import Model, Solution, nothing
from planner.routing.state import solution, state
from planner.routing.tables import tables

Progress = Callable[[float, Solution, float], None]
"""Takes seconds since the start, the best solution so far and its objective."""

_TELL_S = 0.25
_VEHICLES = 4
"""Each thread has at least so many: fewer cannot give each other work (team orienteering with two
to four vehicles is 0.5 to 3 % better on one thread than on two)."""


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
        initial: where to start; trips of it that break a rule are dropped.
        threads: how many work side by side, each on a part of the vehicles,
            four at least.
        progress: called with the first plan and about four times a second.
        cancelled: asked every 20 ms or so; the best so far is returned.
        iterations: end after so many rounds of ruin and recreate, on one thread, instead of by
            time: then the same seed gives the same solution.
    """
    begun = time.perf_counter()
    if not model.groups or not model.vehicles:
        return nothing(model)
    t = tables(model)
    s = state(model, t)
    begin(model, t, s, initial)
    search = Annealer(model, t, s, seed, tuning or Tuning())
    tell = _Teller(search, begun, progress, initial)
    tell(now=True)
    watch = Watch(begun, seconds, cancelled)
    threads = max(1, min(threads, model.vehicles // _VEHICLES))
    if iterations is not None:
        search.count(iterations)
    elif threads > 1:
        search.together(watch, threads, tell)
    else:
        search.alone(watch, tell)
    kernel_state.load(t, s, search.best)
    return solution(t, s, initial)


class _Teller:
    """Tells the best so far, now and then."""

    def __init__(
        self, search: Annealer, begun: float, progress: Progress | None, initial: Solution | None
    ) -> None:
        self.search, self.begun, self.progress, self.initial = search, begun, progress, initial
        self.told = begun

    def __call__(self, now: bool = False) -> None:
        at = time.perf_counter()
        if self.progress is None or not (now or at - self.told > _TELL_S):
            return
        self.told = at
        search = self.search
        shown = state(search.model, search.tables)
        kernel_state.load(search.tables, shown, search.best)
        best = solution(search.tables, shown, self.initial)
        self.progress(at - self.begun, best, search.value)
