"""How long an explanation may be worked at, when somebody waits for it."""

import time
from collections.abc import Callable


class OutOfPatience(Exception):
    """The time is over; what was found until then is all there is."""


class Patience:
    """Time for an explanation.

    Args:
        seconds: of real time from now; no search is broken off in the middle of a step, which takes
            up to half a second for the largest places.
        clock: seconds that only grow.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = clock() + seconds

    def check(self) -> None:
        """Raises OutOfPatience once the time is over."""
        if self.over:
            raise OutOfPatience

    @property
    def over(self) -> bool:
        """Whether the time is over."""
        return self._clock() > self._until
