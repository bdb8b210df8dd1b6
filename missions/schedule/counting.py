"""How the jobs fare, as figures: when each ran last, and what went wrong of late.

Ticks (`jobs.TICK_S`) keep no record of their runs and are not among them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from missions.store.protocol import Unit

FAILED = ("failed", "interrupted")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCount:
    """A job so far.

    Attributes:
        began: when its last run began, by the service's time; None where it never ran.
        failures: of the runs that are remembered (`claims.KEPT_RUNS`), those that failed or
            ended with their process.
        missed: due times that its last run made up for.
        next: when it is due; None for never again.
    """

    name: str
    began: datetime | None
    failures: int
    missed: int
    next: datetime | None


def counted(unit: Unit) -> Iterator[JobCount]:
    """Every job that keeps a record of its runs."""
    for job in unit.jobs.find():
        runs = unit.job_runs.find(job=job.id, newest_first=True, limit=1)
        yield JobCount(
            name=job.id,
            began=runs[0].started_at if runs else None,
            failures=unit.job_runs.count(job=job.id, outcome=FAILED),
            missed=runs[0].missed if runs else 0,
            next=job.next_run_at,
        )
