"""Jobs run on the service's clock, whatever the wall says."""

import asyncio
from datetime import time
from zoneinfo import ZoneInfo

import pytest

from core.clock import ManualClock
from missions.schedule import daily, every, run

ZONE = ZoneInfo("Asia/Shanghai")


async def tick(clock: ManualClock, seconds: float, times: int) -> None:
    """Move the clock on, with room for others in between."""
    for _ in range(times):
        for _ in range(5):
            await asyncio.sleep(0)
        clock.advance(seconds)


async def test_jobs_run_at_their_times_of_the_service(clock: ManualClock) -> None:
    ran: list[str] = []

    async def often() -> None:
        ran.append(f"often {clock.now():%H:%M}")

    async def noon() -> None:
        ran.append(f"noon {clock.now():%H:%M}")

    jobs = (every("often", 3600, often, ZONE), daily("noon", time(12, 0), noon, ZONE))
    task = asyncio.create_task(run(jobs, clock))
    await tick(clock, 600, 24)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert [r for r in ran if r.startswith("noon")] == ["noon 04:00"]
    assert [r for r in ran if r.startswith("often")] == [f"often 0{h}:00" for h in range(1, 6)]


async def test_a_job_that_fails_ends_the_schedule(clock: ManualClock) -> None:
    async def broken() -> None:
        raise RuntimeError("broken")

    task = asyncio.create_task(run((every("broken", 60, broken, ZONE),), clock))
    await tick(clock, 60, 3)
    with pytest.raises(ExceptionGroup):
        await task
