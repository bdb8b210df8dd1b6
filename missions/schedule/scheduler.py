"""APScheduler, driven by the service's clock and allowed by the lease.

APScheduler 3 knows one clock, the computer's. Ours may follow a simulation, so the step that asks
"what is due?" is our own; jobs, triggers, job stores, executors and their life cycle are its.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

from apscheduler.executors.base import BaseExecutor, MaxInstancesReachedError
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.base import BaseScheduler

from core.clock import Clock
from missions.schedule.claims import Claims
from missions.schedule.jobs import MOMENT, Job, decide, following
from missions.schedule.jobstore import RecordsJobStore
from missions.schedule.lease import Lease
from missions.schedule.outlast import outlasting, until_done
from missions.store.fencing import fenced
from missions.store.protocol import Store
from missions.store.records import JobRun

KEPT, TICKS = "kept", "ticks"
"""The two job stores: jobs whose times are in the database, and ticks."""
LOOK_AGAIN_S = 1.0
"""Seconds of the computer after which a process without its lease, or without its database, looks
whether it is back."""
quiet = logging.getLogger("flyonce.schedule.apscheduler")
quiet.setLevel(
    logging.WARNING
)  # of every run it says that it runs; ours says what is worth reading


class ClockScheduler(BaseScheduler):  # type: ignore[misc]  # APScheduler has no types
    """Runs jobs on our clock while the lease is held."""

    def __init__(self, jobs: Sequence[Job], clock: Clock, records: Store, lease: Lease) -> None:
        self._jobs = {job.name: job for job in jobs}
        if len(self._jobs) < len(jobs):
            raise ValueError("two jobs have the same name")
        self._clock = clock
        self._lease = lease
        self._claims = Claims(records, lease)
        self._kept = RecordsJobStore(records)
        self._woken = asyncio.Event()
        super().__init__(
            timezone=UTC,
            logger=quiet,
            jobstores={KEPT: self._kept, TICKS: MemoryJobStore()},
        )

    async def run(self) -> None:
        """Run until cancelled, or until a job raises."""
        self._claims.recover(self._jobs, self._clock.now())
        for job in self._jobs.values():
            self._enter(job)
        async with asyncio.TaskGroup() as group:
            self.add_executor(_Tasks(group), "default")
            self.start()
            try:
                while True:
                    self._woken.clear()
                    await self._rest(self._process_jobs())
            finally:
                self.shutdown(wait=False)

    def wakeup(self) -> None:
        """Look at once what is due."""
        self._woken.set()

    def shutdown(self, wait: bool = True) -> None:
        super().shutdown(wait)

    def _enter(self, job: Job) -> None:
        first = following(job.trigger, self._clock.now() - MOMENT)
        self.add_job(
            self._work,
            job.trigger,
            args=(job, None),
            id=job.name,
            name=job.name,
            jobstore=TICKS if job.tick else KEPT,
            next_run_time=first,
            misfire_grace_time=None,
        )

    def _process_jobs(self) -> float | None:
        """Begin what is due; seconds of our clock until the next look, None for no end."""
        if self._lease.held():
            with outlasting("the schedule"):
                return self._begin_due(self._clock.now())
        asyncio.get_running_loop().call_later(LOOK_AGAIN_S, self.wakeup)
        return None

    def _begin_due(self, now: datetime) -> float | None:
        next_at: datetime | None = None
        for alias in (KEPT, TICKS):
            store = self._lookup_jobstore(alias)
            for entry in store.get_due_jobs(now):
                if entry.id not in self._busy():
                    self._begin(entry, now)
            waiting = (e.next_run_time for e in store.get_all_jobs() if e.id not in self._busy())
            next_at = min((t for t in (next_at, *waiting) if t is not None), default=None)
        return None if next_at is None else (next_at - now).total_seconds()

    def _busy(self) -> frozenset[str]:
        executor: _Tasks = self._lookup_executor("default")
        return executor.busy()

    def _begin(self, entry: Any, now: datetime) -> None:
        job = self._jobs[entry.id]
        if job.tick:
            entry.next_run_time = following(job.trigger, now)
            self._lookup_jobstore(TICKS).update_job(entry)
            self._submit(entry, None)
            return
        decision = decide(job, entry.next_run_time, now)
        run = self._claims.claim(self._kept, job, decision, now)
        if entry.next_run_time == decision.stood:  # else the database knew another time
            entry.next_run_time = decision.next
        if run is not None:
            self._submit(entry, run)

    def _submit(self, entry: Any, run: JobRun | None) -> None:
        entry.args = (self._jobs[entry.id], run)
        with suppress(MaxInstancesReachedError):
            self._lookup_executor("default").submit_job(entry, [run.due if run else None])

    async def _work(self, job: Job, run: JobRun | None) -> None:
        began = self._clock.now()
        with fenced(self._lease.check):
            fine = await job.work()
        outcome = "failed" if fine is False else "done"
        if run is None:
            job.last.run = self._ticked(job, began, outcome)
        else:
            await until_done(job.name, partial(self._ended, run, outcome))

    def _ticked(self, job: Job, began: datetime, outcome: str) -> JobRun:
        return JobRun(
            id=job.name,
            job=job.name,
            due=began,
            holder=self._lease.holder,
            fence=self._lease.fence,
            started_at=began,
            ended_at=self._clock.now(),
            outcome=outcome,
        )

    async def _ended(self, run: JobRun, outcome: str) -> None:
        self._claims.ended(run, outcome, self._clock.now())

    async def _rest(self, seconds: float | None) -> None:
        alarm = None
        if seconds is not None:
            alarm = asyncio.ensure_future(self._clock.sleep(seconds))
            alarm.add_done_callback(lambda _: self._woken.set())
        try:
            await self._woken.wait()
        finally:
            if alarm is not None:
                alarm.cancel()


class _Tasks(BaseExecutor):  # type: ignore[misc]  # APScheduler has no types
    """Runs jobs as tasks of a group; one that raises ends the group, as it must be seen."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        super().__init__()
        self._group = group

    def busy(self) -> frozenset[str]:
        """Jobs that are running."""
        return frozenset(self._instances)

    def _do_submit_job(self, entry: Any, run_times: list[datetime | None]) -> None:
        task = self._group.create_task(entry.func(*entry.args), name=f"job {entry.id}")
        task.add_done_callback(lambda done: self._ended(entry.id))

    def _ended(self, job_id: str) -> None:
        self._run_job_success(job_id, [])
        self._scheduler.wakeup()
