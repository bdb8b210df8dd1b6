"""A database server that goes away and comes back: nothing half kept, and no restart needed."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from core.clock import ManualClock
from core.errors import Unavailable
from missions import schedule
from missions.schedule import LeaseLost, outlasting, until_done
from missions.store import MemoryStore, SqlStore


@pytest.fixture
def store(postgres_url: str) -> Iterator[SqlStore]:
    made = SqlStore(postgres_url)
    yield made
    made.close()


def cut_off(url: str) -> None:
    """End all connections to a database, as a restart of the server does."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_server_that_was_started_again_is_not_noticed(store: SqlStore, postgres_url: str) -> None:
    with store.unit() as unit:
        unit.settings.set("a", "1")
    cut_off(postgres_url)
    with store.view() as unit:
        assert unit.settings.get("a") == "1"
    cut_off(postgres_url)
    with store.unit() as unit:
        unit.settings.set("a", "2")


def test_a_unit_that_is_cut_off_says_so_and_keeps_nothing(
    store: SqlStore, postgres_url: str
) -> None:
    with pytest.raises(Unavailable, match="does not answer"), store.unit() as unit:  # noqa: PT012
        unit.settings.set("a", "1")
        cut_off(postgres_url)
        unit.settings.set("b", "1")
    with pytest.raises(Unavailable, match="does not answer"), store.unit() as unit:  # noqa: PT012
        unit.settings.set("c", "1")
        cut_off(postgres_url)  # and the commit fails
    with store.unit() as unit:
        assert [unit.settings.get(name) for name in "abc"] == [None] * 3
        unit.settings.set("a", "2")


def test_a_server_that_is_not_there_is_named(tmp_path: Any) -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        SqlStore(f"postgresql+psycopg://flyonce@/none?host={tmp_path}")


async def test_a_loop_outlasts_an_outage_but_not_the_loss_of_its_lease() -> None:
    with outlasting("this"):
        raise Unavailable("away", where="it", remedy="wait")
    with pytest.raises(LeaseLost), outlasting("this"):
        raise LeaseLost("gone", where="it", remedy="none")
    with pytest.raises(ZeroDivisionError), outlasting("this"):
        _ = 1 / 0


async def test_a_step_is_done_again_until_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("missions.schedule.outlast.AGAIN_S", 0.0)
    tries: list[int] = []

    async def step() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise Unavailable("away", where="it", remedy="wait")
        return "done"

    assert await until_done("this", step) == "done"
    assert len(tries) == 3


class Failing(MemoryStore):
    """A store that is away as often as it is told."""

    away = 0

    @contextmanager
    def unit(self) -> Iterator[Any]:
        if self.away:
            self.away -= 1
            raise Unavailable("away", where="it", remedy="wait")
        with super().unit() as unit:
            yield unit


async def test_the_schedule_goes_on_after_an_outage_and_loses_no_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The claim fails, then the word on how the run ended: it runs once and is written down."""
    monkeypatch.setattr("missions.schedule.outlast.AGAIN_S", 0.0)
    monkeypatch.setattr("missions.schedule.scheduler.LOOK_AGAIN_S", 0.01)
    store, ran = Failing(), []
    clock = ManualClock(datetime(2026, 5, 12, tzinfo=UTC))

    async def work() -> None:
        ran.append(clock.now())
        store.away = 2

    job = schedule.every("hourly", 3600, work, ZoneInfo("UTC"))
    running = asyncio.create_task(schedule.run((job,), clock, store))
    await asyncio.sleep(0.05)
    store.away = 2
    clock.advance(3600.0)
    for _ in range(300):
        with store.view() as unit:
            if unit.job_runs.count(outcome="done"):
                break
        await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    with store.view() as unit:
        assert [run.outcome for run in unit.job_runs.find()][-1] == "done"
    assert len(ran) == len(set(ran))
