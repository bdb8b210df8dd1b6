"""Clocks: time is an argument."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest

from core.clock import FollowedClock, ManualClock, SystemClock, within

START = datetime(2026, 5, 12, 1, 0, tzinfo=UTC)


def test_a_followed_clock_never_goes_back() -> None:
    clock = FollowedClock(START)
    clock.follow(START + timedelta(seconds=5))
    clock.follow(START + timedelta(seconds=3))
    assert clock.now() == START + timedelta(seconds=5)


def test_a_followed_clock_tells_utc() -> None:
    city = timezone(timedelta(hours=8))
    clock = FollowedClock(START.astimezone(city))
    assert clock.now().tzinfo is UTC
    clock.follow((START + timedelta(hours=1)).astimezone(city))
    assert clock.now() == START + timedelta(hours=1)
    assert clock.now().tzinfo is UTC


def test_a_clock_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="aware"):
        FollowedClock(datetime(2026, 5, 12))  # noqa: DTZ001


async def test_sleepers_wake_in_order_and_not_before() -> None:
    clock = ManualClock(START)
    woken: list[int] = []

    async def sleeper(seconds: int) -> None:
        await clock.sleep(seconds)
        woken.append(seconds)

    tasks = [asyncio.create_task(sleeper(s)) for s in (30, 10, 20)]
    await asyncio.sleep(0)
    for expected in ([], [10], [10, 20], [10, 20, 30]):
        assert woken == expected
        clock.advance(10)
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)


async def test_no_time_is_no_sleep() -> None:
    await ManualClock(START).sleep(0)
    await ManualClock(START).sleep(-1)
    await SystemClock().sleep(-1)


async def test_a_cancelled_sleeper_disturbs_nobody() -> None:
    clock = ManualClock(START)
    first = asyncio.create_task(clock.sleep(5))
    second = asyncio.create_task(clock.sleep(5))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    clock.advance(5)
    await second


async def test_within_gives_the_result_in_time() -> None:
    async def work() -> int:
        return 7

    assert await within(ManualClock(START), 1.0, work()) == 7


async def test_within_cancels_what_takes_too_long() -> None:
    clock = ManualClock(START)
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    waiting = asyncio.create_task(within(clock, 10.0, work()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    clock.advance(11)
    with pytest.raises(TimeoutError, match="10 s"):
        await waiting
    assert ended.is_set()


async def test_within_passes_errors_on() -> None:
    async def work() -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError):
        await within(ManualClock(START), 1.0, work())


def test_the_systems_clock_tells_utc() -> None:
    assert SystemClock().now().tzinfo is UTC
