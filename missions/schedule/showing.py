"""What runs by the clock, shown to people: what is next, what ran, what was missed, who runs it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.clock import Clock
from missions.access import Principal
from missions.entities import LogEntry
from missions.schedule.jobs import Job, following
from missions.schedule.jobstore import found_job
from missions.schedule.lease import NAME, Lease
from missions.store.protocol import Store, Unit
from missions.store.records import JobRun, LeaseRecord

ACTIONS = ("schedule.skipped", "schedule.caught_up", "schedule.interrupted")
"""What the audit trail says of runs that did not happen when they were due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """A job of the schedule.

    Attributes:
        next_run_at: by the service's time; None for never again.
        runs: the latest first; of a tick only the last one, since this process has run jobs.
        missed: the trail's words on what was skipped, made up for or interrupted, latest first.
    """

    job: Job
    next_run_at: datetime | None
    runs: tuple[JobRun, ...]
    missed: tuple[LogEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleView:
    """All jobs, and the lease under which they run.

    Attributes:
        lease: who has it or had it last; None before anybody had.
        here: whether it is the process that answers.
    """

    jobs: tuple[JobView, ...]
    lease: LeaseRecord | None
    here: bool


class Jobs:
    """The schedule, to look at.

    Attributes:
        known: the jobs of this service; whoever makes them says so.
    """

    def __init__(self, records: Store, clock: Clock, lease: Lease) -> None:
        self._records = records
        self._clock = clock
        self._lease = lease
        self.known: Callable[[], Sequence[Job]] = tuple

    def list(self, p: Principal, runs: int = 5) -> ScheduleView:
        """Every job with its last runs; for roles that see the whole city.

        Raises:
            NotAllowed: the role does not.
        """
        p.require_whole_city()
        now = self._clock.now()
        with self._records.view() as unit:
            lease = unit.leases.find(id=NAME)
            jobs = tuple(_view(unit, job, now, runs) for job in self.known())
        return ScheduleView(jobs=jobs, lease=lease[0] if lease else None, here=self._lease.held())


def _view(unit: Unit, job: Job, now: datetime, runs: int) -> JobView:
    if job.tick:
        last = job.last.run
        return JobView(
            job=job,
            next_run_at=following(job.trigger, now),
            runs=() if last is None else (last,),
            missed=(),
        )
    record = found_job(unit, job.name)
    ran = unit.job_runs.find(job=job.name, newest_first=True, limit=runs)
    return JobView(
        job=job,
        next_run_at=following(job.trigger, now) if record is None else record.next_run_at,
        runs=tuple(sorted(ran, key=lambda run: run.due, reverse=True)),
        missed=tuple(
            unit.log.find(subject=job.name, action=ACTIONS, newest_first=True, limit=runs)
        ),
    )
