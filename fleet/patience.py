"""Waiting for a vehicle: on the vehicle's clock, with a way out when no time is heard at all."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import TypeVar

from core.clock import Clock

T = TypeVar("T")

STANDSTILL_S = 60.0
"""Seconds of the wall clock after which a standing clock ends a wait. A followed clock stands
while nobody reports a time: the simulation pauses for slow uploads (seconds), or it is gone."""


class ClockStandsStill(TimeoutError):
    """No time was reported for so long that further waiting is pointless."""


async def patiently(
    clock: Clock, seconds: float, work: Awaitable[T], *, standstill_s: float = STANDSTILL_S
) -> T:
    """Await ``work``, but no longer than ``seconds`` of ``clock``.

    Raises:
        TimeoutError: the time ran out; the work was cancelled.
        ClockStandsStill: the clock stood still for ``standstill_s`` seconds of the wall clock.
    """
    task = asyncio.ensure_future(work)
    alarm = asyncio.ensure_future(clock.sleep(seconds))
    try:
        while True:
            before = clock.now()
            done, _ = await asyncio.wait(
                {task, alarm}, timeout=standstill_s, return_when=asyncio.FIRST_COMPLETED
            )
            if task in done:
                return task.result()
            if alarm in done:
                raise TimeoutError(f"no answer within {seconds:g} s")
            if clock.now() == before:
                raise ClockStandsStill(f"no vehicle has reported the time for {standstill_s:g} s")
    finally:
        task.cancel()
        alarm.cancel()
        await asyncio.gather(task, alarm, return_exceptions=True)


async def pause(clock: Clock, seconds: float) -> None:
    """Do nothing for so long; shorter when the clock stands still."""
    with suppress(ClockStandsStill):
        await patiently(clock, 2 * seconds, clock.sleep(seconds))


class Deadline:
    """A moment on a clock, so many seconds from now."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._start = clock.now()
        self._seconds = seconds

    def left_s(self) -> float:
        """Seconds until then; a little above zero at least, so that a wait is a wait."""
        return max(0.01, self._seconds - (self._clock.now() - self._start).total_seconds())
