"""The conversation with one vehicle: send to it, and listen to what it answers."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager

from core.clock import Clock
from core.errors import SharedIdentity
from fleet.address import Address
from fleet.messages import Message
from fleet.orders import Order, OrderBook, OrderState, advance

Inbox = asyncio.Queue[Message]


class Channel:
    """One vehicle's share of a link.

    Listening begins before a request is sent, so that a quick answer is never missed::

        with channel.listening(CommandAck) as inbox:
            channel.send(command)
            answer = await inbox.get()

    Args:
        address: the vehicle.
        send: hands a message to the link, addressed to the vehicle; never waits.
        clock: where its time comes from.
        orders: where what is asked of it is written down.
        signed: the share of its packets that was signed rightly, see `fleet.links.wire`.

    Attributes:
        conflict: while two vehicles answer to its address, a sentence that names both.
    """

    def __init__(
        self,
        address: Address,
        send: Callable[[Message], None],
        clock: Clock,
        orders: OrderBook | None = None,
        signed: Callable[[], float | None] = lambda: None,
    ) -> None:
        self.address = address
        self.conflict = ""
        self._signed = signed
        self.clock = clock
        self._send = send
        self._orders = orders or OrderBook(clock)
        self._listeners: list[tuple[tuple[type[Message], ...], Inbox]] = []

    @property
    def name(self) -> str:
        """What to call the vehicle in an error."""
        return f"vehicle {self.address}"

    @property
    def signed_share(self) -> float | None:
        """Which share of its last hundred packets was signed rightly; None before the first."""
        return self._signed()

    def refuse_conflict(self, task: str) -> None:
        """Refuse to do what must not reach the wrong vehicle.

        Raises:
            SharedIdentity: two vehicles answer to its address.
        """
        if self.conflict:
            raise SharedIdentity(
                f"refused to {task}: two vehicles answer to this system id: {self.conflict}",
                where=self.name,
                remedy="switch one of them off, or give it another system id",
            )

    def send(self, message: Message) -> None:
        """Hand a message to the link; never waits. The current order is `sent` from now on."""
        advance(OrderState.SENT)
        self._send(message)

    def order(self, what: str) -> AbstractAsyncContextManager[Order]:
        """Run a block as an order to this vehicle, see `fleet.orders`: "hold where it is"."""
        return self._orders.under(self.address, what)

    def deliver(self, message: Message) -> None:
        """Hand a received message to whoever listens for its type."""
        for types, inbox in self._listeners:
            if isinstance(message, types):
                inbox.put_nowait(message)

    @contextmanager
    def listening(self, *types: type[Message]) -> Iterator[Inbox]:
        """A queue of all messages of these types from now until the block ends."""
        entry = (types, Inbox())
        self._listeners.append(entry)
        try:
            yield entry[1]
        finally:
            self._listeners.remove(entry)
