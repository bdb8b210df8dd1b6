"""What was asked of a vehicle is on record, survives a restart, and is never left open."""

import asyncio
import logging
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from core.clock import ManualClock
from core.errors import CommandRefused, NotFound, Unavailable
from fleet.address import MAIN, Address
from fleet.orders import OrderBook, OrderState, advance
from missions.audit import verify
from missions.operations.orders import RESTARTED, close_open, kept_book, listed
from missions.store import Store

START = datetime(2026, 5, 12, tzinfo=UTC)
SEVEN = Address(MAIN, 7)
DOCKS: Any = [SimpleNamespace(id="QZ-07", address=SEVEN)]


def book(store: Store, clock: ManualClock | None = None) -> OrderBook:
    time = clock or ManualClock(START)
    close_open(store, time.now())
    return kept_book(store, time, DOCKS)


async def written() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_an_order_is_on_record_with_its_end_and_in_the_sealed_log(store: Store) -> None:
    kept = book(store)

    async def work() -> None:
        advance(OrderState.SENT)
        raise CommandRefused("refused to land: temporarily", where="vehicle main/7")

    kept.give("ord-1", SEVEN, "land where it is", work, by="Li")
    await kept.ended("ord-1")
    await written()
    with store.view() as unit:
        record = unit.orders.get("ord-1")
        log = unit.log.find(subject="ord-1")
    assert (record.drone, record.what, record.by) == ("QZ-07", "land where it is", "Li")
    assert record.state is OrderState.FAILED
    assert "refused to land" in record.reason
    assert [e.action for e in log] == ["order ordered", "order failed"]
    assert log[0].actor == "Li"
    assert verify(store).whole


async def test_what_a_crash_left_open_is_failed_and_says_why(store: Store) -> None:
    before = book(store)
    before.give("ord-1", SEVEN, "fly", asyncio.Event().wait)
    await written()
    for task in before._tasks.values():  # the process is killed: nothing is told of it
        before._on_change = lambda order: None
        task.cancel()
    await written()
    after = book(store, ManualClock(datetime(2026, 5, 12, 1, tzinfo=UTC)))
    found = after.get("ord-1")
    assert found.state is OrderState.FAILED
    assert found.reason == RESTARTED
    assert found.at.hour == 1
    assert close_open(store, START) == 0


async def test_an_order_given_again_after_a_restart_is_not_done_again(store: Store) -> None:
    runs: list[int] = []

    async def work() -> None:
        runs.append(1)

    first = book(store)
    first.give("ord-1", SEVEN, "fly", work)
    await first.ended("ord-1")
    await written()
    again = book(store).give("ord-1", SEVEN, "fly", work)
    assert again.state is OrderState.DONE
    assert runs == [1]
    with pytest.raises(NotFound):
        book(store).get("ord-2")


async def test_orders_are_listed_by_drone_and_state_in_pages(store: Store) -> None:
    kept = book(store)
    for n in range(5):
        async with kept.under(SEVEN if n % 2 else Address(MAIN, 9), f"order {n}"):
            pass
    await written()
    with store.view() as unit:
        every = listed(unit, drone=None, state=None, after=None, limit=2)
        assert [o.what for o in every.items] == ["order 4", "order 3"]
        rest = listed(unit, drone=None, state=None, after=every.next, limit=9)
        assert [o.what for o in rest.items] == ["order 2", "order 1", "order 0"]
        assert rest.next is None
        ours = listed(unit, drone="QZ-07", state="done", after=None, limit=9)
        assert [o.what for o in ours.items] == ["order 3", "order 1"]
        strangers = listed(unit, drone="", state=None, after=None, limit=9)
        assert len(strangers.items) == 3


async def test_a_full_disk_keeps_no_vehicle_in_the_air(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kept = book(store)

    def full() -> AbstractContextManager[Any]:
        raise Unavailable("the disk is full")

    with monkeypatch.context() as broken, caplog.at_level(logging.ERROR):
        broken.setattr(store, "unit", full)
        async with kept.under(SEVEN, "return home") as order:
            pass
        await written()
    assert kept.get(order.id).state is OrderState.DONE
    assert "is not on record: the disk is full" in caplog.text
