"""A run is claimed in the database before it begins, so that no two processes run it.

The claim, the job's next run time and the trail's word on what was skipped are one unit of work.
A run whose process died is begun again by the next holder of the lease, a few times at most.
"""

import logging
from dataclasses import replace
from datetime import datetime

from missions.operations.journal import note
from missions.schedule.jobs import MOST_COUNTED, Decision, Job, Missed
from missions.schedule.jobstore import RecordsJobStore, found_job
from missions.schedule.lease import Lease
from missions.store.protocol import Store, Unit
from missions.store.records import JobRun

logger = logging.getLogger("flyonce.schedule")
MOST_ATTEMPTS = 3
"""A run that was interrupted so often is left: it may be what ends the process."""
KEPT_RUNS = 200
"""Runs of one job that are remembered; what was skipped or made up stays in the audit trail."""


class Claims:
    """The runs of jobs in the database."""

    def __init__(self, records: Store, lease: Lease) -> None:
        self._records = records
        self._lease = lease

    def claim(
        self, jobs: RecordsJobStore, job: Job, decision: Decision, now: datetime
    ) -> JobRun | None:
        """Take what was decided; None where nothing is to run, or another was first.

        Raises:
            LeaseLost: this process does not run the jobs any more.
        """
        with self._records.unit() as unit:
            self._lease.check(unit)
            if not jobs.moved(unit, job.name, decision.stood, decision.next):
                return None
            _tell(unit, now, job, decision)
            if decision.run is None:
                return None
            return self._begin(unit, job, decision, decision.run, now)

    def _begin(
        self, unit: Unit, job: Job, decision: Decision, due: datetime, now: datetime
    ) -> JobRun | None:
        run = JobRun(
            id=f"{job.name} {due.isoformat()}",
            job=job.name,
            due=due,
            holder=self._lease.holder,
            fence=self._lease.fence,
            started_at=now,
            missed=len(decision.made_up),
        )
        earlier = unit.job_runs.find(id=run.id)
        if not earlier:
            unit.job_runs.add(run)
            _forget(unit, job.name)
            return run
        if earlier[0].outcome != "interrupted":  # a clock or a trigger went back: it ran
            return None
        run = replace(run, attempt=earlier[0].attempt + 1)
        unit.job_runs.put(run)
        return run

    def ended(self, run: JobRun, outcome: str, now: datetime) -> None:
        """Write down how a run ended.

        Raises:
            LeaseLost: this process does not run the jobs any more.
        """
        with self._records.unit() as unit:
            self._lease.check(unit)
            unit.job_runs.put(replace(run, outcome=outcome, ended_at=now))

    def recover(self, jobs: dict[str, Job], now: datetime) -> None:
        """Runs that ended with their process are due again, by their job's rule.

        To be called once, by the new holder, before anything runs.
        """
        with self._records.unit() as unit:
            self._lease.check(unit)
            for run in unit.job_runs.find(outcome="running"):
                unit.job_runs.put(replace(run, outcome="interrupted", ended_at=now))
                job = jobs.get(run.job)
                again = (
                    job is not None
                    and job.missed is not Missed.SKIP
                    and run.attempt < MOST_ATTEMPTS
                )
                if again:
                    _due_again(unit, run)
                _tell_interrupted(unit, now, run, again=again)


def _due_again(unit: Unit, run: JobRun) -> None:
    record = found_job(unit, run.job)
    if record is not None and (record.next_run_at is None or run.due < record.next_run_at):
        unit.jobs.put(replace(record, next_run_at=run.due))


def _forget(unit: Unit, name: str) -> None:
    ended = unit.job_runs.count(job=name) - KEPT_RUNS
    for run in unit.job_runs.find(job=name, limit=max(0, ended)):
        unit.job_runs.remove(run.id)


# --- what the log and the trail say ---------------------------------------------------------------


def _tell(unit: Unit, now: datetime, job: Job, decision: Decision) -> None:
    if decision.skipped:
        text = f"{_count(decision.skipped)} of {job.name} skipped, due {_span(decision.skipped)}"
        zh = f"{job.name}：略过 {_count_zh(decision.skipped)} 次"
        logger.warning("%s", text)
        note(unit, now, job.name, "schedule.skipped", text, f"{zh}（{_span(decision.skipped)}）")
    if decision.made_up:
        made_up = decision.made_up
        text = f"{_count(made_up)} of {job.name} caught up by one run, due {_span(made_up)}"
        zh = f"{job.name}：补执行一次，代替错过的 {_count_zh(made_up)} 次"
        logger.info("%s", text)
        note(unit, now, job.name, "schedule.caught_up", text, f"{zh}（{_span(made_up)}）")


def _tell_interrupted(unit: Unit, now: datetime, run: JobRun, *, again: bool) -> None:
    then = "it is begun again" if again else "it is not begun again"
    then_zh = "将重新执行" if again else "不再执行"
    text = f"{run.job}, due {run.due.isoformat()}, ended with its process; {then}"
    logger.warning("%s", text)
    zh = f"{run.job}（{run.due.isoformat()}）随进程中断，{then_zh}"
    note(unit, now, run.job, "schedule.interrupted", text, zh)


def _count(times: tuple[datetime, ...]) -> str:
    more = f"more than {MOST_COUNTED}" if len(times) > MOST_COUNTED else str(len(times))
    return f"{more} {'run' if len(times) == 1 else 'runs'}"


def _count_zh(times: tuple[datetime, ...]) -> str:
    return f"{MOST_COUNTED} 以上" if len(times) > MOST_COUNTED else str(len(times))


def _span(times: tuple[datetime, ...]) -> str:
    first, last = times[0].isoformat(), times[-1].isoformat()
    return first if first == last else f"{first} to {last}"
