"""PyVRP's stopping criterion with a memory for its first feasible solution."""

import math
import time


class Clock:
    """Stops after some seconds from its making, so that PyVRP's start counts as well."""

    def __init__(self, seconds: float) -> None:
        self.began = time.perf_counter()
        self.first_s: float | None = None
        self._seconds = seconds

    def __call__(self, best_cost: float) -> bool:
        now = time.perf_counter() - self.began
        if self.first_s is None and math.isfinite(best_cost) and best_cost < 2**62:
            self.first_s = now
        return now >= self._seconds
