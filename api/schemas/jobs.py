"""What runs by the clock, on the wire."""

from datetime import datetime

from pydantic import Field

from api.schemas.base import Model
from missions.entities import LogEntry
from missions.schedule.showing import JobView, ScheduleView
from missions.store.records import JobRun, LeaseRecord


class LeaseOut(Model):
    """Who runs the jobs: one process of all that share the database."""

    holder: str = Field(examples=["city-1:/var/lib/flyonce"], description="Computer and home.")
    number: int = Field(description="Grows whenever it changes hands or is taken anew.")
    here: bool = Field(description="Whether the process that answers is the holder.")
    released: bool = Field(description="Whether the holder has let go of it.")
    expires_at: datetime = Field(description="By the holder's clock; renewed every 5 s.")

    @classmethod
    def of(cls, lease: LeaseRecord, *, here: bool) -> "LeaseOut":
        return cls(
            holder=lease.holder,
            number=lease.fence,
            here=here,
            released=lease.released,
            expires_at=lease.expires_at,
        )


class RunOut(Model):
    """A run of a job; times are the service's. `outcome` is running, done, failed, or interrupted
    (its process ended first); `missed` counts earlier due times that it makes up for."""

    due: datetime
    started_at: datetime
    ended_at: datetime | None
    outcome: str
    attempt: int
    missed: int
    holder: str

    @classmethod
    def of(cls, run: JobRun) -> "RunOut":
        return cls(
            due=run.due,
            started_at=run.started_at,
            ended_at=run.ended_at,
            outcome=run.outcome,
            attempt=run.attempt,
            missed=run.missed,
            holder=run.holder,
        )


class MissedOut(Model):
    """Runs that did not happen when they were due, in the words of the audit trail."""

    at: datetime
    what: str = Field(description="skipped, caught_up or interrupted")
    text: str
    text_zh: str

    @classmethod
    def of(cls, entry: LogEntry) -> "MissedOut":
        what = entry.action.removeprefix("schedule.")
        return cls(at=entry.at, what=what, text=entry.text, text_zh=entry.text_zh)


class JobOut(Model):
    """A job. `if_missed` says what becomes of runs that were missed: once (one makes up for all),
    skip or each. Of a `tick`, which comes round within a quarter of an hour, only the last run is
    known, and only to the process that runs it."""

    name: str = Field(examples=["retention"])
    rule: str = Field(examples=["FREQ=DAILY;BYHOUR=3;BYMINUTE=0;BYSECOND=0 in Asia/Shanghai"])
    if_missed: str
    tick: bool
    next_run_at: datetime | None
    runs: list[RunOut]
    missed: list[MissedOut]

    @classmethod
    def of(cls, view: JobView) -> "JobOut":
        return cls(
            name=view.job.name,
            rule=view.job.rule,
            if_missed=view.job.missed.value,
            tick=view.job.tick,
            next_run_at=view.next_run_at,
            runs=[RunOut.of(run) for run in view.runs],
            missed=[MissedOut.of(entry) for entry in view.missed],
        )


class ScheduleOut(Model):
    """All jobs by name, and who runs them."""

    lease: LeaseOut | None
    items: list[JobOut]

    @classmethod
    def of(cls, view: ScheduleView) -> "ScheduleOut":
        lease = None if view.lease is None else LeaseOut.of(view.lease, here=view.here)
        jobs = sorted(view.jobs, key=lambda shown: shown.job.name)
        return cls(lease=lease, items=[JobOut.of(shown) for shown in jobs])
