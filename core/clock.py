"""Time is an argument: every timeout, deadline and schedule takes a `Clock`.

In simulation the service follows the time that the vehicles report, so that a speed-up never
cancels a correct upload (ArduPilot #34100).
"""

import asyncio
import heapq
import itertools
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

T = TypeVar("T")


class Clock(Protocol):
    """Where the time comes from; always aware, always UTC."""

    def now(self) -> datetime:
        """The present time, in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after so many seconds of this clock."""
        ...


class SystemClock:
    """The computer's own time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))


class FollowedClock:
    """A clock that somebody else drives: it stands until told a later time, and never goes back.

    >>> clock = FollowedClock(datetime(2026, 5, 12, tzinfo=UTC))
    >>> clock.follow(datetime(2026, 5, 11, tzinfo=UTC))
    >>> clock.now().isoformat()
    '2026-05-12T00:00:00+00:00'
    """

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock needs an aware time: give it a time zone")
        self._now = start.astimezone(UTC)
        self._order = itertools.count()
        self._waiting: list[tuple[datetime, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._now

    def follow(self, reported: datetime) -> None:
        """Move on to the reported time and wake whoever waited for it."""
        if reported <= self._now:
            return
        self._now = reported.astimezone(UTC)
        while self._waiting and self._waiting[0][0] <= self._now:
            waiter = heapq.heappop(self._waiting)[2]
            if not waiter.done():
                waiter.set_result(None)

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        due = self._now + timedelta(seconds=seconds)
        heapq.heappush(self._waiting, (due, next(self._order), waiter))
        await waiter


class ManualClock(FollowedClock):
    """A clock for tests, moved by hand."""

    def advance(self, seconds: float) -> None:
        """Move on by so many seconds."""
        self.follow(self._now + timedelta(seconds=seconds))


async def within(clock: Clock, seconds: float, work: Awaitable[T]) -> T:
    """Await ``work``, but no longer than ``seconds`` of ``clock``.

    Raises:
        TimeoutError: the time ran out; the work was cancelled.
    """
    task = asyncio.ensure_future(work)
    alarm = asyncio.ensure_future(clock.sleep(seconds))
    try:
        done, _ = await asyncio.wait({task, alarm}, return_when=asyncio.FIRST_COMPLETED)
        if task in done:
            return task.result()
        raise TimeoutError(f"no answer within {seconds:g} s")
    finally:
        for pending in (task, alarm):
            if not pending.done():
                pending.cancel()
        await asyncio.gather(task, alarm, return_exceptions=True)
