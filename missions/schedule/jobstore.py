"""APScheduler's job store over our records: when each job runs next.

What is stored are names, times and words, not pickled code: a database that serves as evidence
holds nothing that runs when it is read (ADR "jobs are records"). Work and trigger come from the
code, by the job's name.
"""

import logging
from dataclasses import replace
from datetime import datetime
from typing import Any

from apscheduler.jobstores.base import BaseJobStore, ConflictingIdError, JobLookupError

from missions.store.protocol import Store, Unit
from missions.store.records import JobRecord

logger = logging.getLogger("flyonce.schedule")


class RecordsJobStore(BaseJobStore):  # type: ignore[misc]  # APScheduler has no types
    """Jobs by name; their next run times are in the database.

    Only the holder of the lease has one open, so what was read at the start stays true; whoever
    moves a time does it by `moved`, in the unit that claims the run.
    """

    def __init__(self, records: Store) -> None:
        super().__init__()
        self._records = records
        self._entries: dict[str, Any] = {}

    def add_job(self, entry: Any) -> None:
        """Keep a job; one that is known under the same trigger keeps its next run time."""
        if entry.id in self._entries:
            raise ConflictingIdError(entry.id)
        spoken = str(entry.trigger)
        with self._records.unit() as unit:
            found = found_job(unit, entry.id)
            if found is None:
                unit.jobs.add(_record(entry))
            elif found.trigger != spoken:
                logger.info("%s runs %s from now on, not %s", entry.id, spoken, found.trigger)
                unit.jobs.put(_record(entry))
            else:
                entry.next_run_time = found.next_run_at
        self._entries[entry.id] = entry

    def update_job(self, entry: Any) -> None:
        """Write down a job's next run time."""
        self._must_know(entry.id)
        with self._records.unit() as unit:
            unit.jobs.put(_record(entry))
        self._entries[entry.id] = entry

    def moved(self, unit: Unit, name: str, stood: datetime, to: datetime | None) -> bool:
        """Move a job's next run time within a unit; False where another has moved it before."""
        found = unit.jobs.get(name)
        if found.next_run_at != stood:
            self._entries[name].next_run_time = found.next_run_at
            return False
        unit.jobs.put(replace(found, next_run_at=to))
        return True

    def remove_job(self, job_id: str) -> None:
        """Forget a job for good: under this name, another begins anew."""
        self._must_know(job_id)
        with self._records.unit() as unit:
            unit.jobs.remove(job_id)
        del self._entries[job_id]

    def remove_all_jobs(self) -> None:
        for job_id in tuple(self._entries):
            self.remove_job(job_id)

    def lookup_job(self, job_id: str) -> Any | None:
        return self._entries.get(job_id)

    def get_due_jobs(self, now: datetime) -> list[Any]:
        due = [e for e in self._entries.values() if e.next_run_time and e.next_run_time <= now]
        return sorted(due, key=lambda entry: entry.next_run_time)

    def get_next_run_time(self) -> datetime | None:
        times = [e.next_run_time for e in self._entries.values() if e.next_run_time]
        return min(times, default=None)

    def get_all_jobs(self) -> list[Any]:
        return list(self._entries.values())

    def _must_know(self, job_id: str) -> None:
        if job_id not in self._entries:
            raise JobLookupError(job_id)


def found_job(unit: Unit, name: str) -> JobRecord | None:
    """The record of a job, if there is one."""
    found = unit.jobs.find(id=name)
    return found[0] if found else None


def _record(entry: Any) -> JobRecord:
    return JobRecord(id=entry.id, trigger=str(entry.trigger), next_run_at=entry.next_run_time)
