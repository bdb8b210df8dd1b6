"""People see what runs by the clock: the rule, what is next, what ran, what was missed, and who."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from api_values import TOKENS
from fake_service import FakeService
from starlette.testclient import TestClient

from missions import schedule
from missions.operations.journal import note
from missions.schedule.showing import Jobs
from missions.store import MemoryStore
from missions.store.records import JobRecord, JobRun

ZONE = ZoneInfo("Asia/Shanghai")
DUE = datetime(2026, 5, 11, 19, tzinfo=UTC)


async def work() -> None:
    """Nothing."""


@pytest.fixture
def shown(service: FakeService, client: TestClient) -> TestClient:
    """A service that has run retention five times, missed some, and ticks."""
    records = MemoryStore()
    lease = schedule.Lease(records, "city-1:/srv/flyonce", clock=service.clock)
    lease.take()
    nightly = schedule.daily("retention", time(3, 0), work, ZONE, missed="skip")
    tick = schedule.every("clock", 5, work, ZONE)
    with records.unit() as unit:
        unit.jobs.add(JobRecord(id="retention", trigger="x", next_run_at=DUE + timedelta(days=1)))
        for days in reversed(range(5)):
            due = DUE - timedelta(days=days)
            unit.job_runs.add(
                JobRun(
                    id=f"retention {due.isoformat()}",
                    job="retention",
                    due=due,
                    holder="city-1:/srv/flyonce",
                    fence=1,
                    started_at=due,
                    ended_at=due,
                    outcome="failed" if days == 1 else "done",
                )
            )
        note(unit, DUE, "retention", "schedule.skipped", "2 runs of retention skipped", "略过")
        note(unit, DUE, "other", "schedule.skipped", "another job", "另一个")
    jobs = Jobs(records, service.clock, lease)
    jobs.known = lambda: (tick, nightly)
    service.jobs = jobs
    return client


def test_each_job_tells_its_rule_its_runs_and_what_was_missed(shown: TestClient) -> None:
    found = shown.get("/api/v1/jobs", params={"runs": 2}).json()
    assert found["lease"]["holder"] == "city-1:/srv/flyonce"
    assert found["lease"]["here"] is True
    clock, retention = found["items"]
    assert (clock["name"], clock["tick"], clock["rule"]) == ("clock", True, "every 5 s")
    assert clock["next_run_at"] is not None
    assert clock["runs"] == clock["missed"] == []
    assert retention["rule"].startswith("FREQ=DAILY;BYHOUR=3")
    assert retention["rule"].endswith("Asia/Shanghai")
    assert retention["if_missed"] == "skip"
    assert datetime.fromisoformat(retention["next_run_at"]) == DUE + timedelta(days=1)
    assert [run["outcome"] for run in retention["runs"]] == ["done", "failed"]
    assert [(m["what"], m["text"]) for m in retention["missed"]] == [
        ("skipped", "2 runs of retention skipped")
    ]


def test_only_who_sees_the_whole_city_sees_the_jobs(
    shown: TestClient, make_client: Callable[..., TestClient]
) -> None:
    for token, principal in TOKENS.items():
        answer = shown.get("/api/v1/jobs", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == (200 if principal.sees_all else 403)
    assert make_client(remote=True).get("/api/v1/jobs").status_code == 401
    assert shown.get("/api/v1/jobs", params={"runs": 0}).status_code == 422


def test_a_tick_remembers_how_it_went_last() -> None:
    import asyncio

    from core.clock import ManualClock

    records, clock = MemoryStore(), ManualClock(DUE)

    async def fails() -> bool:
        return False

    jobs = (schedule.every("clock", 5, work, ZONE), schedule.every("mend", 5, fails, ZONE))

    async def some_time() -> None:
        running = asyncio.create_task(schedule.run(jobs, clock, records))
        for _ in range(200):
            if all(job.last.run for job in jobs):
                break
            clock.advance(5.0)
            await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(some_time())
    assert [job.last.run and job.last.run.outcome for job in jobs] == ["done", "failed"]


def test_the_command_prints_them(
    shown: TestClient, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = TestClient(shown.app, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 50001))
    monkeypatch.setattr("api.cli.calling.httpx.Client", lambda **_: here)
    status, said, _ = run("jobs", "list")
    assert status == 0
    for word in ("retention", "failed", "every 5 s", "2 runs of retention skipped", "city-1:"):
        assert word in said
