"""What happens by the clock: recurring jobs on the service's own time, run by one process.

APScheduler keeps the jobs and their triggers; our `Clock` decides what time it is, so that the
same schedule runs in real time and in simulation. Next run times are in the database, and so is
the lease: of all processes on one database, only its holder runs jobs. A job that comes round less
often than every quarter of an hour is claimed run by run; runs that were missed are made up for
or left out by the job's rule, never silently.
"""

from core.clock import Clock
from missions.schedule.jobs import Job, Missed, Work, daily, every, recurring
from missions.schedule.lease import Lease, LeaseLost
from missions.schedule.outlast import outlasting, until_done
from missions.schedule.scheduler import ClockScheduler
from missions.store.protocol import Store

__all__ = [
    "Job",
    "Lease",
    "LeaseLost",
    "Missed",
    "Work",
    "daily",
    "every",
    "outlasting",
    "recurring",
    "run",
    "until_done",
]


async def run(
    jobs: tuple[Job, ...], clock: Clock, records: Store, lease: Lease | None = None
) -> None:
    """Run the jobs for ever while the lease is held; a job that raises ends them all.

    Args:
        records: where next run times and runs are kept.
        lease: which process runs them; None where there is only this one.

    Raises:
        LeaseLost: another process has taken over.
        ExceptionGroup: of what a job raised.
    """
    if lease is None:
        lease = Lease.alone(records)
    await ClockScheduler(jobs, clock, records, lease).run()
