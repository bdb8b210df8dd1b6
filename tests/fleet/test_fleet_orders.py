"""Every order has an id, a state and an end; given twice it is one order."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from core.clock import ManualClock
from core.errors import CommandRefused, InvalidInput, NotFound
from fleet.address import MAIN, Address
from fleet.orders import STEPS, Order, OrderBook, OrderState, advance, current
from fleet.vocabulary import Command

SEVEN = Address(MAIN, 7)
START = datetime(2026, 5, 12, tzinfo=UTC)


class Kept:
    """A book and what it told of its orders."""

    def __init__(self) -> None:
        self.clock = ManualClock(START)
        self.told: list[Order] = []
        self.book = OrderBook(self.clock, self.told.append)

    def states(self, order_id: str) -> list[str]:
        return [o.state.value for o in self.told if o.id == order_id]


@pytest.fixture
def kept() -> Kept:
    return Kept()


async def test_an_order_goes_through_its_states_in_order_and_never_back(kept: Kept) -> None:
    async def work() -> None:
        advance(OrderState.SENT)
        advance(OrderState.ACKNOWLEDGED)
        advance(OrderState.SENT)  # its second command
        advance(OrderState.EXECUTING)

    accepted = kept.book.give("one", SEVEN, "fly", work, by="Li")
    assert accepted.state is OrderState.ACCEPTED
    done = await kept.book.ended("one")
    assert done.state is OrderState.DONE
    assert done.by == "Li"
    assert kept.states("one") == ["accepted", "sent", "acknowledged", "executing", "done"]
    for before, after in pairwise(kept.told):
        assert after.state in STEPS[before.state]


async def test_given_twice_it_is_done_once_even_after_its_end(kept: Kept) -> None:
    runs = []

    async def work() -> None:
        runs.append(1)
        await asyncio.sleep(0)

    kept.book.give("one", SEVEN, "fly", work)
    kept.book.give("one", SEVEN, "fly", work)
    await kept.book.ended("one")
    assert kept.book.give("one", SEVEN, "fly", work).state is OrderState.DONE
    assert runs == [1]


async def test_an_id_cannot_be_used_for_another_order(kept: Kept) -> None:
    kept.book.give("one", SEVEN, "fly", asyncio.Event().wait)
    with pytest.raises(InvalidInput, match="belongs to another order: fly, for main/7"):
        kept.book.give("one", SEVEN, "land", asyncio.Event().wait)
    with pytest.raises(InvalidInput):
        kept.book.give("one", Address("east", 7), "fly", asyncio.Event().wait)
    await kept.book.close()


async def test_a_failure_is_named_in_the_vehicles_words(kept: Kept) -> None:
    async def work() -> None:
        raise CommandRefused("refused to arm: PreArm: Compass", where="vehicle main/7")

    kept.book.give("one", SEVEN, "fly", work)
    failed = await kept.book.ended("one")
    assert failed.state is OrderState.FAILED
    assert failed.reason == "vehicle main/7: refused to arm: PreArm: Compass"


async def test_an_order_times_out_on_the_vehicles_clock(kept: Kept) -> None:
    kept.book.give("one", SEVEN, "fly", asyncio.Event().wait, timeout_s=30)
    for _ in range(5):
        await asyncio.sleep(0)
    assert not kept.book.get("one").ended
    kept.clock.advance(31)
    failed = await kept.book.ended("one")
    assert failed.state is OrderState.FAILED
    assert "not done in time: fly" in failed.reason


async def test_what_is_called_off_or_breaks_is_not_left_hanging(kept: Kept) -> None:
    async def broken() -> None:
        raise ZeroDivisionError("division by zero")

    kept.book.give("off", SEVEN, "fly", asyncio.Event().wait)
    await asyncio.sleep(0)
    await kept.book.close()
    assert kept.book.get("off").reason == "it was called off"
    with pytest.raises(ZeroDivisionError):
        async with kept.book.under(SEVEN, "fly"):
            await broken()
    assert "ZeroDivisionError" in kept.told[-1].reason


async def test_a_manoeuvre_within_an_order_belongs_to_it(kept: Kept) -> None:
    async with kept.book.under(SEVEN, "return home") as outer:
        async with kept.book.under(SEVEN, "hold") as inner:
            assert inner.id == outer.id
            advance(OrderState.SENT)
        assert current() is not None
        async with kept.book.under(Address(MAIN, 8), "make room") as other:
            assert other.id != outer.id
    assert current() is None
    assert kept.states(outer.id) == ["accepted", "sent", "done"]


async def test_what_the_book_forgot_is_found_where_it_is_kept() -> None:
    clock = ManualClock(START)
    old = Order(id="old", vehicle=SEVEN, what="fly", by="Li", given_at=START, at=START,
                state=OrderState.FAILED, reason="the service was restarted")  # fmt: skip
    book = OrderBook(clock, find=lambda order_id: old if order_id == "old" else None)
    assert book.give("old", SEVEN, "fly", asyncio.Event().wait) is old
    assert book.get("old") is old
    with pytest.raises(NotFound, match="there is no such order"):
        book.get("older")


async def test_a_book_that_remembers_much_forgets_the_oldest(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fleet.orders.KEPT", 3)
    for n in range(6):
        async with kept.book.under(SEVEN, f"order {n}"):
            pass
    assert [o.what for o in kept.book.of(SEVEN)] == ["order 3", "order 4", "order 5"]


async def test_commands_mark_the_order_sent_and_acknowledged(
    make_range: Callable[..., Any],
) -> None:
    world = make_range()
    autopilot = world.add(7)
    autopilot.refuse[Command.DO_SET_MISSION_CURRENT] = 4
    await world.start()
    await world.fleet.heard([SEVEN])
    vehicle = world.fleet.vehicle(SEVEN)

    async def work() -> None:
        await vehicle.commander.long(Command.DO_SET_MODE, 1, 4)

    async def refused() -> None:
        await vehicle.commander.long(Command.DO_SET_MISSION_CURRENT, 1)

    told: list[str] = []
    world.fleet.orders._on_change = lambda order: told.append(order.state.value)
    world.fleet.orders.give("one", SEVEN, "guided", work)
    await world.fleet.orders.ended("one")
    assert told == ["accepted", "sent", "acknowledged", "done"]
    world.fleet.orders.give("two", SEVEN, "skip", refused)
    failed = await world.fleet.orders.ended("two")
    assert failed.state is OrderState.FAILED
    assert "refused to" in failed.reason


async def test_a_command_outside_of_any_manoeuvre_is_an_order_and_asking_for_reports_is_none(
    make_range: Callable[..., Any],
) -> None:
    world = make_range()
    world.add(7)
    await world.start()
    await world.fleet.heard([SEVEN])
    commander = world.fleet.vehicle(SEVEN).commander
    await commander.long(Command.SET_MESSAGE_INTERVAL, 33, 1e6)
    assert world.fleet.orders.of(SEVEN) == []
    await commander.long(Command.DO_SET_MODE, 1, 4, doing="change to GUIDED")
    (order,) = world.fleet.orders.of(SEVEN)
    assert (order.what, order.state) == ("change to GUIDED", OrderState.DONE)


async def test_a_manoeuvre_is_one_order_whatever_commands_it_takes(
    make_range: Callable[..., Any],
) -> None:
    world = make_range()
    autopilot = world.add(7)
    autopilot.armed, autopilot.height_m = True, 40.0
    await world.start()
    await world.fleet.heard([SEVEN])
    vehicle = world.fleet.vehicle(SEVEN)
    await vehicle.wait(lambda s: s.in_flight, 10, "to fly")
    await vehicle.return_home()
    (order,) = world.fleet.orders.of(SEVEN)
    assert (order.what, order.state) == ("return home and land", OrderState.DONE)
    autopilot.refuse[Command.DO_SET_MODE] = 4
    with pytest.raises(CommandRefused):
        await vehicle.land()
    assert world.fleet.orders.of(SEVEN)[-1].state is OrderState.FAILED
