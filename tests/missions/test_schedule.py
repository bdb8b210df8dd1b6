"""Jobs run on the service's clock, once, in one process; what was missed is told."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.clock import ManualClock
from missions.schedule import Job, Lease, LeaseLost, daily, every, recurring, run
from missions.schedule.jobs import MOST_EACH, decide, following
from missions.store import MemoryStore, Store

ZONE = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")


async def turn(clock: ManualClock, seconds: float, times: int) -> None:
    """Move the clock on, with room for others in between."""
    for _ in range(times):
        for _ in range(12):
            await asyncio.sleep(0)
        clock.advance(seconds)
    for _ in range(12):
        await asyncio.sleep(0)


@asynccontextmanager
async def running(
    jobs: tuple[Job, ...], clock: ManualClock, records: Store, lease: Lease | None = None
) -> AsyncIterator[None]:
    task = asyncio.create_task(run(jobs, clock, records, lease))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Diary:
    """Work that writes down when it ran."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.ran: list[str] = []

    def work(self, name: str) -> Callable[[], "asyncio.Future[None]"]:
        async def go() -> None:
            self.ran.append(f"{name} {self.clock.now():%d %H:%M}")

        return go  # type: ignore[return-value]


@pytest.fixture
def diary(clock: ManualClock) -> Diary:
    return Diary(clock)


def actions(records: Store) -> list[str]:
    with records.view() as unit:
        return [f"{entry.action} {entry.subject}" for entry in unit.log.find()]


# --- when jobs run --------------------------------------------------------------------------------


async def test_jobs_run_at_their_times_of_the_service(
    clock: ManualClock, diary: Diary, store: Store
) -> None:
    jobs = (
        every("often", 3600, diary.work("often"), ZONE),
        every("tick", 30, diary.work("tick"), ZONE),
        daily("noon", time(12, 0), diary.work("noon"), ZONE),
    )
    async with running(jobs, clock, store):
        await turn(clock, 600, 24)
    assert [r for r in diary.ran if r.startswith("noon")] == ["noon 12 04:00"]
    assert [r for r in diary.ran if r.startswith("often")] == [
        f"often 12 0{h}:00" for h in range(1, 6)
    ]
    assert len([r for r in diary.ran if r.startswith("tick")]) == 25
    assert actions(store) == []


async def test_a_job_that_fails_ends_the_schedule(clock: ManualClock, store: Store) -> None:
    async def broken() -> None:
        raise RuntimeError("broken")

    task = asyncio.create_task(run((every("broken", 60, broken, ZONE),), clock, store))
    await turn(clock, 60, 3)
    with pytest.raises(ExceptionGroup):
        await task


async def test_the_next_time_outlives_the_service(
    clock: ManualClock, diary: Diary, store: Store
) -> None:
    jobs = (daily("noon", time(12, 0), diary.work("noon"), ZONE),)
    async with running(jobs, clock, store):
        await turn(clock, 3600, 1)
    clock.advance(2.5 * 3600)  # the service is down at noon
    async with running(jobs, clock, store):
        await turn(clock, 60, 2)
    assert diary.ran == ["noon 12 04:30"]
    assert actions(store) == ["schedule.caught_up noon"]
    with store.view() as unit:
        assert unit.jobs.get("noon").next_run_at == datetime(2026, 5, 13, 4, 0, tzinfo=UTC)
        assert [(r.outcome, r.missed) for r in unit.job_runs.find()] == [("done", 1)]


async def test_another_time_in_the_code_begins_anew(
    clock: ManualClock, diary: Diary, store: Store
) -> None:
    for hour in (12, 11):
        async with running((daily("plan", time(hour, 0), diary.work("plan"), ZONE),), clock, store):
            await turn(clock, 60, 1)
    with store.view() as unit:
        assert unit.jobs.get("plan").next_run_at == datetime(2026, 5, 12, 3, 0, tzinfo=UTC)


# --- missed runs ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("missed", "ran", "told"),
    [
        ("once", 1, ["schedule.caught_up hourly"]),
        ("skip", 0, ["schedule.skipped hourly"]),
        ("each", 5, ["schedule.caught_up hourly"] * 5),
    ],
)
async def test_missed_runs_follow_their_rule_and_are_told(
    clock: ManualClock,
    diary: Diary,
    missed: str,
    ran: int,
    told: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "flyonce.schedule")
    store = MemoryStore()
    job = recurring("hourly", "FREQ=HOURLY;BYMINUTE=5", diary.work("hourly"), ZONE, missed)
    async with running((job,), clock, store):
        await turn(clock, 60, 1)
    clock.advance(4.7 * 3600)  # from 01:01 past 01:05 ... 05:05 to 05:43
    async with running((job,), clock, store):
        await turn(clock, 1, 12)
    assert len(diary.ran) == ran
    assert actions(store) == told
    assert "2026-05-12T01:05:00+00:00" in caplog.text


def test_a_run_that_is_a_little_late_is_in_time() -> None:
    job = daily("noon", time(12, 0), _nothing, ZONE, missed="skip")
    due = datetime(2026, 5, 12, 4, 0, tzinfo=UTC)
    decision = decide(job, due, due + timedelta(minutes=9))
    assert (decision.run, decision.skipped) == (due, ())
    decision = decide(job, due, due + timedelta(minutes=11))
    assert (decision.run, decision.skipped) == (None, (due,))


def test_a_long_time_down_is_bounded() -> None:
    job = recurring("hourly", "FREQ=HOURLY;BYMINUTE=0", _nothing, ZONE, missed="each")
    stood = datetime(2026, 1, 1, tzinfo=UTC)
    decision = decide(job, stood, stood + timedelta(hours=500))
    assert len(decision.skipped) == 501 - MOST_EACH
    assert decision.run == stood + timedelta(hours=401)
    decision = decide(job, stood, stood + timedelta(days=900))
    assert decision.next is not None


async def _nothing() -> None:
    pass


async def test_a_busy_job_is_not_run_twice_at_once(clock: ManualClock, store: Store) -> None:
    begun = 0
    gate = asyncio.Event()

    async def slow() -> None:
        nonlocal begun
        begun += 1
        await gate.wait()

    async with running((every("slow", 900, slow, ZONE),), clock, store):
        await turn(clock, 900, 4)
        assert begun == 1
        gate.set()
        await turn(clock, 1, 3)
        assert begun == 2
    assert actions(store) == ["schedule.caught_up slow"]


# --- clock changes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2026-03-28T00:00+01:00", ["28 01:30", "29 01:30", "30 00:30", "31 00:30"]),
        ("2026-10-24T00:00+02:00", ["24 00:30", "25 00:30", "26 01:30", "27 01:30"]),
    ],
    ids=["a time that does not exist", "a time that comes twice"],
)
def test_a_daily_job_runs_once_a_day_over_clock_changes(start: str, expected: list[str]) -> None:
    """At 02:30 in Berlin: in UTC."""
    trigger = daily("night", time(2, 30), _nothing, BERLIN).trigger
    at = datetime.fromisoformat(start)
    found = []
    for _ in range(4):
        after = following(trigger, at)
        assert after is not None
        at = after
        found.append(f"{at:%d %H:%M}")
    assert found == expected


def test_an_interval_does_not_drift_and_knows_no_clock_changes() -> None:
    trigger = every("often", 21_600, _nothing, BERLIN).trigger
    at = datetime(2026, 3, 28, 0, 0, 0, 7, tzinfo=UTC)
    for _ in range(400):
        after = following(trigger, at)
        assert after is not None
        assert after.hour % 6 == after.minute == after.second == after.microsecond == 0
        assert after - at <= timedelta(hours=6)
        at = after + timedelta(seconds=17)  # a slow run


def test_a_change_of_zone_moves_the_job() -> None:
    day = datetime(2026, 5, 12, 0, 0, tzinfo=UTC)
    shanghai, berlin = (daily("noon", time(12), _nothing, zone).trigger for zone in (ZONE, BERLIN))
    assert following(shanghai, day) == day.replace(hour=4)
    assert following(berlin, day) == day.replace(hour=10)
    assert str(shanghai) != str(berlin)


# --- one process ----------------------------------------------------------------------------------


async def test_only_the_holder_of_the_lease_runs_jobs(
    clock: ManualClock, diary: Diary, store: Store
) -> None:
    seconds = [0.0]
    first = Lease(store, "first", ticks=lambda: seconds[0])
    second = Lease(store, "second", ticks=lambda: seconds[0])
    assert first.take()
    assert not second.take()
    jobs = (every("job", 900, diary.work("job"), ZONE), every("tick", 10, diary.work("tick"), ZONE))
    async with running(jobs, clock, store, first):
        await turn(clock, 900, 3)
        ran = len(diary.ran)
        assert ran == 8
        seconds[0] = 21  # held up for longer than the lease lasts
        await turn(clock, 900, 3)
        assert len(diary.ran) == ran


async def test_a_former_holder_runs_nothing_and_writes_nothing(
    clock: ManualClock, store: Store
) -> None:
    seconds = [0.0]
    first = Lease(store, "first", ticks=lambda: seconds[0])
    second = Lease(store, "second", ticks=lambda: seconds[0])
    gate = asyncio.Event()

    async def slow() -> None:
        await gate.wait()
        with store.unit() as unit:
            unit.settings.set("wrote", "first")

    assert first.take()
    task = asyncio.create_task(run((every("slow", 900, slow, ZONE),), clock, store, first))
    await turn(clock, 900, 2)
    assert not second.take()
    seconds[0] = 21
    assert second.take()
    gate.set()
    with pytest.raises(ExceptionGroup) as told:
        await task
    assert told.group_contains(LeaseLost)
    with store.view() as unit:
        assert unit.settings.get("wrote") is None


async def test_an_interrupted_run_is_begun_again_by_the_next_holder(
    clock: ManualClock, store: Store
) -> None:
    begun: list[datetime] = []

    async def endless() -> None:
        begun.append(clock.now())
        await asyncio.Event().wait()

    jobs = (daily("plan", time(9, 0), endless, ZONE),)
    for holder in ("first", "second", "third", "fourth", "fifth"):
        lease = Lease(store, holder)
        assert lease.take()
        async with running(jobs, clock, store, lease):
            await turn(clock, 1, 2)
        lease.release()
    assert len(begun) == 3, "a run that ends its process each time is left"
    assert actions(store) == ["schedule.interrupted plan"] * 3
    with store.view() as unit:
        (last,) = unit.job_runs.find()
        assert (last.attempt, last.outcome) == (3, "interrupted")
