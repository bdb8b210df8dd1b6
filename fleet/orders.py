"""Orders: everything that is asked of a vehicle has an id, a state, and an end.

A manoeuvre runs under an order at the cost of one line::

    async def hold(self) -> None:
        async with channel.order("hold where it is"):
            ...

The commander marks the order `sent` and `acknowledged`; a manoeuvre that waits for the vehicle to
move says `advance(OrderState.EXECUTING)`; the end of the block makes it `done`, an error `failed`
with the error's sentence. Within an order of the same vehicle a further ``order`` belongs to it and
makes none of its own, so manoeuvres may call each other. Whoever wants an id of his own, and an
answer at once, uses `OrderBook.give`.

The states are those of good REST services (https://google.aip.dev/151) with MAVLink's between:
sent is "on the wire", acknowledged is the vehicle's COMMAND_ACK.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from core.clock import Clock
from core.errors import CommandTimeout, FlyOnceError, InvalidInput, NotFound
from core.ids import new_id
from fleet.address import Address
from fleet.patience import patiently

KEPT = 5000
"""Ended orders that a book remembers by itself; older ones only ``find`` knows."""


class OrderState(StrEnum):
    """How far an order is."""

    ACCEPTED = "accepted"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    EXECUTING = "executing"
    DONE = "done"
    FAILED = "failed"


_ENDS = frozenset({OrderState.DONE, OrderState.FAILED})
STEPS: Mapping[OrderState, frozenset[OrderState]] = {
    OrderState.ACCEPTED: _ENDS | {OrderState.SENT, OrderState.EXECUTING},
    OrderState.SENT: _ENDS | {OrderState.ACKNOWLEDGED, OrderState.EXECUTING},
    OrderState.ACKNOWLEDGED: _ENDS | {OrderState.EXECUTING},
    OrderState.EXECUTING: _ENDS,
    OrderState.DONE: frozenset(),
    OrderState.FAILED: frozenset(),
}
"""Which state may follow which. An order of several commands is sent and acknowledged with the
first; what needs no command (it does so already) is done at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Something asked of a vehicle.

    Attributes:
        what: as a sentence says it: "return to dock QZ-07".
        by: who asked: a person's name, or "service".
        given_at, at: when it was accepted, and when its state last changed.
        reason: why it failed; empty otherwise.
    """

    id: str
    vehicle: Address
    what: str
    by: str
    given_at: datetime
    at: datetime
    state: OrderState = OrderState.ACCEPTED
    reason: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return not STEPS[self.state]


@dataclass(slots=True)
class _Running:
    """An order that is being carried out; ``order`` is replaced as it goes on."""

    order: Order
    book: "OrderBook"


_current: ContextVar[_Running | None] = ContextVar("order", default=None)


def current() -> Order | None:
    """The order under which this code runs; None outside of any."""
    running = _current.get()
    return running.order if running is not None else None


def advance(state: OrderState) -> None:
    """Say how far the current order is; outside of any, or backwards, it changes nothing."""
    running = _current.get()
    if running is not None and state in STEPS[running.order.state]:
        running.book._change(running, state)


def _ignore(order: Order) -> None:
    """The default for books whose changes nobody wants to hear of."""


class OrderBook:
    """The orders of a fleet.

    Args:
        clock: the vehicles' time.
        on_change: called with each order as it is accepted and whenever it changes; must not
            raise: a full disk must not keep a vehicle in the air.
        find: an order that this book does not remember, e.g. from before a restart, or None.
    """

    def __init__(
        self,
        clock: Clock,
        on_change: Callable[[Order], None] = _ignore,
        find: Callable[[str], Order | None] = lambda _: None,
    ) -> None:
        self._clock = clock
        self._on_change = on_change
        self._find = find
        self._orders: OrderedDict[str, Order] = OrderedDict()
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def give(
        self,
        order_id: str,
        vehicle: Address,
        what: str,
        work: Callable[[], Awaitable[Any]],
        *,
        by: str = "service",
        timeout_s: float | None = None,
    ) -> Order:
        """Accept an order and carry it out in the background; returns at once.

        Given again under the same id it is the same order: nothing is done twice, and the answer
        is how far it is.

        Args:
            work: carries it out; manoeuvres within it belong to this order.
            timeout_s: after so many seconds of the vehicle's clock it has failed.

        Raises:
            InvalidInput: the id belongs to another order.
        """
        known = self._known(order_id)
        if known is not None:
            if (known.vehicle, known.what) != (vehicle, what):
                raise InvalidInput(
                    f"this id belongs to another order: {known.what}, for {known.vehicle}",
                    where=order_id,
                    remedy="give each order an id of its own",
                )
            return known
        running = self._accept(order_id, vehicle, what, by)
        self._start(order_id, self._carry_out(running, work, timeout_s))
        return running.order

    @asynccontextmanager
    async def under(self, vehicle: Address, what: str, by: str = "service") -> AsyncIterator[Order]:
        """Run the block as an order, or as part of the one under which this code runs already."""
        outer = _current.get()
        if outer is not None and outer.order.vehicle == vehicle and not outer.order.ended:
            yield outer.order
            return
        running = self._accept(new_id("ord", self._clock.now()), vehicle, what, by)
        async with self._carried(running):
            yield running.order

    def get(self, order_id: str) -> Order:
        """An order by id.

        Raises:
            NotFound: there is none.
        """
        known = self._known(order_id)
        if known is None:
            raise NotFound("there is no such order", where=order_id)
        return known

    def of(self, vehicle: Address) -> list[Order]:
        """What this book remembers for a vehicle, oldest first."""
        return [o for o in self._orders.values() if o.vehicle == vehicle]

    async def ended(self, order_id: str) -> Order:
        """Wait until an order has ended.

        Raises:
            NotFound: there is none.
        """
        task = self._tasks.get(order_id)
        if task is not None:
            await asyncio.wait({task})
        return self.get(order_id)

    async def close(self) -> None:
        """Call off what is under way in the background; a later `give` starts nothing new."""
        for task in (tasks := tuple(self._tasks.values())):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- within ------------------------------------------------------------------------------

    def _known(self, order_id: str) -> Order | None:
        return self._orders.get(order_id) or self._find(order_id)

    def _accept(self, order_id: str, vehicle: Address, what: str, by: str) -> _Running:
        now = self._clock.now()
        order = Order(id=order_id, vehicle=vehicle, what=what, by=by, given_at=now, at=now)
        self._keep(order)
        return _Running(order, self)

    def _start(self, order_id: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=f"order {order_id}")
        self._tasks[order_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(order_id, None))

    async def _carry_out(
        self, running: _Running, work: Callable[[], Awaitable[Any]], timeout_s: float | None
    ) -> None:
        try:
            async with self._carried(running):
                if timeout_s is None:
                    await work()
                else:
                    await self._in_time(running, work, timeout_s)
        except FlyOnceError:
            return  # the order tells of it

    async def _in_time(
        self, running: _Running, work: Callable[[], Awaitable[Any]], timeout_s: float
    ) -> None:
        try:
            await patiently(self._clock, timeout_s, work())
        except TimeoutError as error:
            raise CommandTimeout(
                f"not done in time: {running.order.what}: {error}",
                where=f"vehicle {running.order.vehicle}",
                remedy="see what the vehicle does, then order it again",
            ) from error

    @asynccontextmanager
    async def _carried(self, running: _Running) -> AsyncIterator[None]:
        token = _current.set(running)
        try:
            yield
        except asyncio.CancelledError:
            self._fail(running, "it was called off")
            raise
        except FlyOnceError as error:
            self._fail(running, str(error))
            raise
        except BaseException as error:
            self._fail(running, f"a fault of the service: {type(error).__name__}: {error}")
            raise
        else:
            self._change(running, OrderState.DONE)
        finally:
            _current.reset(token)

    def _fail(self, running: _Running, reason: str) -> None:
        if not running.order.ended:
            self._change(running, OrderState.FAILED, reason)

    def _change(self, running: _Running, state: OrderState, reason: str = "") -> None:
        running.order = replace(running.order, state=state, reason=reason, at=self._clock.now())
        self._keep(running.order)

    def _keep(self, order: Order) -> None:
        self._orders[order.id] = order
        while len(self._orders) > KEPT and next(iter(self._orders.values())).ended:
            self._orders.popitem(last=False)
        self._on_change(order)
