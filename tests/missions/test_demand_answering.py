"""Nobody waits for ever, and a plan in the making does not overrule who withdrew meanwhile."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from core.clock import ManualClock
from missions.access import SERVICE
from missions.demand.answering import Answering
from missions.demand.inserting import insert
from missions.demand.planning import plan_day
from missions.demand.releasing import release
from missions.demand.withdrawing import withdraw
from missions.entities import FlightState, Origin, RequestState, TaskState
from missions.presets import Preset
from missions.store import MemoryStore

TOMORROW = date(2026, 5, 13)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def asked(make: Any, preset: Preset, **changes: Any) -> Any:
    nine = datetime(2026, 5, 13, 9, tzinfo=preset.zone_info)
    given = {
        "earliest": nine,
        "latest": nine + timedelta(hours=4),
        "origin": Origin.ASKED,
        "gsd_m": 0.15,
    }
    return make.request("req-asked", **{**given, **changes})


def kept(store: MemoryStore, wish: Any) -> Any:
    with store.unit() as unit:
        unit.requests.add(wish)
    return wish


def state_of(store: MemoryStore, name: str = "req-asked") -> RequestState:
    with store.view() as unit:
        return unit.requests.get(name).state


async def test_what_was_left_asked_is_answered_once_its_day_is_planned(
    store: MemoryStore, preset: Preset, make: Any, clock: ManualClock
) -> None:
    """Such as after a kill between asking and answering."""
    kept(store, asked(make, preset))
    answering = Answering(store, preset)
    assert await answering.tick(clock.now()) == []
    planned = plan_day(preset, TOMORROW, seconds=0.2, requests=[])
    release(store, preset, planned, clock.now())
    answered = await answering.tick(clock.now())
    assert [r.state for r in answered] == [RequestState.PLANNED]
    assert await answering.tick(clock.now()) == []


async def test_a_window_that_passed_unplanned_has_expired_with_the_reason(
    store: MemoryStore, preset: Preset, make: Any, clock: ManualClock
) -> None:
    kept(store, asked(make, preset))
    expired = await Answering(store, preset).tick(clock.now() + timedelta(days=3))
    assert [r.state for r in expired] == [RequestState.EXPIRED]
    assert expired[0].answer is not None
    assert "window passed" in expired[0].answer.text


def test_a_plan_answers_what_it_took_in(
    store: MemoryStore, preset: Preset, make: Any, clock: ManualClock
) -> None:
    wish = kept(store, asked(make, preset))
    planned = plan_day(preset, TOMORROW, seconds=0.2, requests=[wish])
    release(store, preset, planned, clock.now())
    assert state_of(store) is RequestState.PLANNED


def test_who_withdrew_while_the_day_was_planned_is_not_flown_for(
    store: MemoryStore, preset: Preset, make: Any, clock: ManualClock
) -> None:
    wish = kept(store, asked(make, preset))
    planned = plan_day(preset, TOMORROW, seconds=0.2, requests=[wish])
    with store.unit() as unit:
        withdraw(unit, SERVICE, wish.id, clock.now())
    release(store, preset, planned, clock.now())
    assert state_of(store) is RequestState.WITHDRAWN
    with store.view() as unit:
        assert {f.state for f in unit.flights.find()} == {FlightState.CANCELLED}
        assert {t.state for t in unit.tasks.find()} == {TaskState.REFUSED}


def test_a_day_that_cannot_leaves_the_request_to_the_next_one(
    store: MemoryStore, preset: Preset, make: Any, clock: ManualClock
) -> None:
    """Too late on the first day of its window; the second is not planned yet."""
    late = datetime(2026, 5, 13, 17, 55, tzinfo=preset.zone_info)
    wish = kept(store, asked(make, preset, earliest=late, latest=late + timedelta(days=1)))
    planned = plan_day(preset, TOMORROW, seconds=0.2, requests=[wish])
    assert planned.requests[0].state is RequestState.REFUSED
    release(store, preset, planned, clock.now())
    with store.view() as unit:
        request = unit.requests.get(wish.id)
    assert request.state is RequestState.ASKED
    assert request.answer is not None
    assert request.answer.code == "waiting"


def test_others_fly_as_planned_when_one_withdraws(
    store: MemoryStore, preset: Preset, make: Any, clock: ManualClock
) -> None:
    mine = kept(store, asked(make, preset))
    theirs = kept(store, replace(mine, id="req-theirs", department="urban", shared_with=()))
    planned = plan_day(preset, TOMORROW, seconds=0.2, requests=[mine, theirs])
    release(store, preset, planned, clock.now())
    with store.unit() as unit:
        flight = unit.flights.find()[0]
        assert set(flight.departments) == {"forestry", "urban"}
        withdraw(unit, SERVICE, mine.id, clock.now())
        after = unit.flights.get(flight.id)
    assert (after.state, after.start, after.route) == (flight.state, flight.start, flight.route)
    assert after.departments == ("urban",)
    assert state_of(store, "req-theirs") is RequestState.PLANNED


def test_a_refusal_offers_another_planned_day_where_nothing_else_helps(
    store: MemoryStore, preset: Preset, make: Any, clock: ManualClock
) -> None:
    """Ten minutes are left of its window: another time of today, or the same time tomorrow."""
    for day in (date(2026, 5, 12), TOMORROW):
        release(store, preset, plan_day(preset, day, seconds=0.2, requests=[]), clock.now())
    now = datetime(2026, 5, 12, 16, 50, tzinfo=preset.zone_info)
    wish = kept(
        store,
        asked(make, preset, earliest=now - timedelta(hours=2), latest=now + timedelta(minutes=10)),
    )
    answered = insert(store, preset, wish, now)
    assert answered.state is RequestState.REFUSED
    assert answered.answer is not None
    assert answered.answer.offer is not None
    assert answered.answer.offer.change in ("window", "day")
