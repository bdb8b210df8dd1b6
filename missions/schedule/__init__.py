"""What happens by the clock: recurring jobs on the service's own time.

APScheduler's triggers decide when a job is due; our `Clock` decides what time it is, so that the
same schedule runs in real time and in simulation. Runs that fell due while a job was still busy
are made up by one run, and that is logged.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from core.clock import Clock

logger = logging.getLogger("flyonce.schedule")
Work = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Job:
    """A named piece of recurring work and the trigger that says when."""

    name: str
    trigger: BaseTrigger
    work: Work


def every(name: str, seconds: int, work: Work, zone: ZoneInfo) -> Job:
    """A job that runs again and again, so many seconds apart."""
    origin = datetime(2020, 1, 1, tzinfo=zone)  # a fixed grid: the wall clock has no say in it
    return Job(name, IntervalTrigger(seconds=seconds, start_date=origin, timezone=zone), work)


def daily(name: str, at: time, work: Work, zone: ZoneInfo) -> Job:
    """A job that runs once a day at a local time."""
    return Job(name, CronTrigger(hour=at.hour, minute=at.minute, timezone=zone), work)


async def run(jobs: tuple[Job, ...], clock: Clock) -> None:
    """Run the jobs for ever; a job that raises ends them all."""
    async with asyncio.TaskGroup() as group:
        for job in jobs:
            group.create_task(_repeat(job, clock), name=f"job {job.name}")


async def _repeat(job: Job, clock: Clock) -> None:
    fired: datetime | None = None
    while True:
        now = clock.now()
        due = job.trigger.get_next_fire_time(fired, now)
        if due is None:
            return
        if fired is not None and due < now:
            logger.info("%s fell due at %s while it was busy; running now", job.name, due)
        await clock.sleep((due - now).total_seconds())
        await job.work()
        fired = max(due, clock.now())
