"""What every dock behind a wire has in common: order, freshness, and commands seen through.

A carrier (HTTP, MQTT, or memory) hands in the messages that it receives and sends commands; this
sorts out what may be believed.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from core.clock import Clock
from core.errors import DockRefused, DockSilent, InvalidInput
from core.ids import new_id
from fleet.docks.dock import Charger, DockState, Door, Listener
from fleet.docks.dock_messages import Answer, Order, Report, command, read_report, sentence
from fleet.patience import Deadline, patiently

ANSWER_S = 10.0
"""A dock answers a command within so many seconds; it is asked `TRIES` times, with the same id."""

TRIES = 3
SWITCH_S = 20.0
"""A charger shows what it was told within so many seconds (it has to find its contacts)."""

TRAVEL_MARGIN = 1.5
"""A door may take so much longer than it says before it counts as not moving."""

logger = logging.getLogger("flyonce.docks")

Believed = Callable[[DockState], bool]


class RemoteDock(ABC):
    """A dock whose messages come from somewhere.

    Attributes:
        rejected: how many messages were not believed, by reason.
    """

    def __init__(self, dock_id: str, clock: Clock) -> None:
        self._id = dock_id
        self.clock = clock
        self.rejected: Counter[str] = Counter()
        self._state = DockState(dock=dock_id)
        self._report: Report | None = None
        self._listeners: list[Listener] = []
        self._waiting: list[asyncio.Future[None]] = []
        self._busy = asyncio.Lock()
        self._complained: set[str] = set()

    @property
    def id(self) -> str:
        return self._id

    def state(self) -> DockState:
        return self._state

    def listen(self, listener: Listener) -> None:
        self._listeners.append(listener)

    @abstractmethod
    async def start(self) -> None:
        """Begin to listen."""

    @abstractmethod
    async def stop(self) -> None:
        """Let go of connections."""

    @abstractmethod
    async def send(self, message: dict[str, Any]) -> Answer:
        """Carry a command to the dock and return its answer.

        Raises:
            ConnectionError: the dock cannot be reached now.
        """

    async def ask(self) -> None:  # noqa: B027 - a carrier that cannot ask need not
        """Ask for a state now, if the carrier can; otherwise one comes by itself."""

    # --- what it is told -----------------------------------------------------------------------

    async def open(self) -> None:
        await self._order(Order.OPEN, lambda s: s.door is Door.OPEN, "open its door")

    async def close(self) -> None:
        await self._order(Order.CLOSE, lambda s: s.door is Door.CLOSED, "close its door")

    async def charge(self, on: bool) -> None:
        if on:
            live = (Charger.CHARGING, Charger.FULL)
            await self._order(Order.CHARGE_ON, lambda s: s.charger in live, "charge")
        else:
            await self._order(
                Order.CHARGE_OFF, lambda s: s.charger is not Charger.CHARGING, "stop charging"
            )

    async def halt(self) -> None:
        await self._order(
            Order.HALT, lambda s: s.door not in (Door.OPENING, Door.CLOSING), "stand still"
        )

    async def _order(self, order: Order, done: Believed, doing: str) -> None:
        """Give a command and see it through.

        An emergency stop does not wait for the command before it.
        """
        if order is Order.HALT:
            await self._carry_out(order, done, doing)
            return
        async with self._busy:
            await self._carry_out(order, done, doing)

    async def _carry_out(self, order: Order, done: Believed, doing: str) -> None:
        if not self._state.fresh(self.clock.now()):
            with suppress(TimeoutError):
                await patiently(self.clock, ANSWER_S, self.ask())
        self._check_heard(doing)
        number = new_id("cmd", self.clock.now())
        before = self._report
        answer = await self._answered(number, order, doing)
        if answer.state == "refused":
            raise self._refused(doing, answer.reason)
        await self._seen_through(number, order, done, doing, before)

    async def _answered(self, number: str, order: Order, doing: str) -> Answer:
        for _ in range(TRIES):
            seen = None if self._report is None else (self._report.boot, self._report.seq)
            deadline = Deadline(self.clock, ANSWER_S)
            try:
                work = self.send(command(number, order, seen))
                return await patiently(self.clock, ANSWER_S, work)
            except TimeoutError:
                continue
            except ConnectionError:
                with suppress(TimeoutError):
                    await patiently(self.clock, deadline.left_s(), self._news())
        raise DockSilent(
            f"no answer of the dock to: {doing}",
            where=self._id,
            remedy="see whether the dock has power and network",
        )

    async def _seen_through(
        self, number: str, order: Order, done: Believed, doing: str, before: Report | None
    ) -> None:
        """Wait until a message that is newer than the command shows that it is done."""
        seconds = SWITCH_S
        if order in (Order.OPEN, Order.CLOSE):
            seconds += TRAVEL_MARGIN * self._state.door_travel_s
        deadline = Deadline(self.clock, seconds)
        try:
            await patiently(self.clock, deadline.left_s(), self.ask())
            while not self._done(number, order, done, doing, before):
                await patiently(self.clock, deadline.left_s(), self._news())
        except TimeoutError as late:
            raise DockSilent(
                f"the dock did not {doing} within {seconds:.0f} s, or did not say so",
                where=self._id,
                remedy="go and look at the dock",
            ) from late

    def _done(
        self, number: str, order: Order, done: Believed, doing: str, before: Report | None
    ) -> bool:
        report = self._report
        if report is None or report is before or not self._state.fresh(self.clock.now()):
            return False
        self._check_failed(report, number, order, doing)
        return done(self._state) and _knows(report, number)

    def _check_failed(self, report: Report, number: str, order: Order, doing: str) -> None:
        state = self._state
        if report.command is not None and report.command[:2] == (number, "failed"):
            raise self._refused(doing, report.command[2])
        if order is Order.HALT:
            return
        if state.emergency_stop:
            raise self._refused(doing, "emergency-stop")
        if state.door is Door.STUCK and order in (Order.OPEN, Order.CLOSE):
            raise self._refused(doing, "door-stuck")
        if state.charger is Charger.DEAD and order is Order.CHARGE_ON:
            raise self._refused(doing, "charger-dead")

    def _check_heard(self, doing: str) -> None:
        now = self.clock.now()
        if not self._state.fresh(now):
            raise DockSilent(
                f"the dock {self._state.silence(now)}: not asked to {doing}",
                where=self._id,
                remedy="see whether the dock has power and network",
            )

    def _refused(self, doing: str, reason: str | None) -> DockRefused:
        why = sentence(reason) if reason else "it gave no reason"
        return DockRefused(
            f"the dock did not {doing}: {why}",
            where=self._id,
            remedy="clear what it reports, then try again",
        )

    # --- what it says ----------------------------------------------------------------------------

    def received(self, body: Any, *, live: bool = True) -> None:
        """Take in a state message.

        Args:
            live: False for one that a broker kept: it is shown, but proves nothing.
        """
        try:
            report = read_report(body, self.clock.now())
        except InvalidInput as wrong:
            self._reject("malformed", str(wrong))
            return
        if report.state.dock != self._id:
            self._reject("another dock's", report.state.dock)
            return
        if not live:
            if self._report is None:
                self._take(replace(report.state, heard_at=None))
            return
        last = self._report
        if last is not None and last.boot == report.boot and report.seq <= last.seq:
            if report.seq < last.seq:  # answers overtake each other: no news, and no fault
                self.rejected["out of order"] += 1
            return
        self._report = report
        self._take(report.state)

    def gone(self) -> None:
        """It said good-bye, or its carrier did for it: nothing of it may be trusted any more."""
        self._take(replace(self._state, heard_at=None))

    def _take(self, state: DockState) -> None:
        before, self._state = self._state, state
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)
        self._waiting.clear()
        for listener in self._listeners:
            listener(before, state)

    async def _news(self) -> None:
        """Return with the next message."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        await waiter

    def _reject(self, why: str, detail: str) -> None:
        self.rejected[why] += 1
        if why not in self._complained:
            self._complained.add(why)
            logger.warning("dock %s: a message was not believed, %s: %s", self._id, why, detail)


def _knows(report: Report, number: str) -> bool:
    """Whether a state was made after the command arrived.

    A dock that does not report commands is believed when its state fits.
    """
    return report.command is None or report.command[0] == number
