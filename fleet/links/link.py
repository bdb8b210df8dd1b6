"""The way to vehicles: a `Link` sends messages and hands on what it receives.

A link carries up to 254 vehicles, told apart by their system id; see `fleet.address`. Links are
plain callbacks on the event loop: what is received is handed on at once, nothing queues up unseen,
and a slow receiver slows the sender (TCP) or loses packets (UDP), as the transport does it anyway.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Protocol

from fleet.links.codec import Encoder
from fleet.links.gateway import Gateway
from fleet.links.signing import Signing
from fleet.links.wire import Wire, numbered_twice
from fleet.messages import Message, Packet


def _ignore_change(connected: bool) -> None:
    """The default for receivers that do not care about the connection."""


def _ignore_doubled(system_id: int, why: str) -> None:
    """The default for receivers that do not care who is behind a system id."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who listens to a link.

    Attributes:
        packet: called for every packet received; must not raise and must not block.
        changed: called with True when the link comes up, with False when it goes down.
        doubled: called with a system id and a sentence for each observation that speaks for two
            vehicles with this id; one alone proves nothing, see `fleet.links.twins`.
    """

    packet: Callable[[Packet], None]
    changed: Callable[[bool], None] = _ignore_change
    doubled: Callable[[int, str], None] = _ignore_doubled


class Link(Protocol):
    """A connection over which messages travel both ways, with one listener."""

    @property
    def name(self) -> str:
        """What to call it in a log, e.g. its address."""
        ...

    @property
    def connected(self) -> bool:
        """Whether sending makes sense now."""
        ...

    @property
    def wire(self) -> Wire:
        """Its gateway and signatures, with their counts."""
        ...

    async def open(self, receiver: Receiver) -> None:
        """Start to connect and to receive; reconnecting goes on until `close`.

        Raises:
            Unavailable: a local address cannot be used, e.g. the port is taken.
        """
        ...

    def send(self, message: Message, to: int = 0) -> None:
        """Send to one system id (0: everybody); never waits.

        What cannot be sent (link down, queue full) is lost like any packet and counted; so is
        what the gateway bars, or may only be sent signed to a vehicle that has no key.
        """
        ...

    async def close(self) -> None:
        """Stop and release everything; a closed link stays closed."""
        ...


class MemoryLink:
    """One end of a link within this process; what it carries goes through the real codec.

    Args:
        loss: share of packets lost on the way.
        duplication: share of packets that arrive twice.
        reordering: share of packets that arrive after up to three later ones.
        rng: where chance comes from; required when any share is above zero.
    """

    def __init__(
        self,
        name: str = "memory",
        *,
        system_id: int = 255,
        component_id: int = 190,
        loss: float = 0.0,
        duplication: float = 0.0,
        reordering: float = 0.0,
        rng: random.Random | None = None,
        wire: Wire | None = None,
    ) -> None:
        if loss + duplication + reordering > 0 and rng is None:
            raise ValueError("a lossy link needs a seeded random generator")
        self._name = name
        self._component = component_id
        self._encoders: dict[int, Encoder] = {}
        self.wire = wire or Wire(system_id=system_id, component_id=component_id)
        self._parser = self.wire.parser()
        self._receiver: Receiver | None = None
        self._peer: MemoryLink | None = None
        self._held: list[bytes] = []
        self._shares = (loss, duplication, reordering)
        self._rng = rng or random.Random(0)
        self.up = True

    @staticmethod
    def pair(
        *,
        loss: float = 0.0,
        duplication: float = 0.0,
        reordering: float = 0.0,
        seed: int = 0,
        signing: Signing | None = None,
        vehicles_signing: Signing | None = None,
    ) -> "tuple[MemoryLink, MemoryLink]":
        """Two ends, ground first, vehicles second; the same chances both ways.

        Args:
            signing, vehicles_signing: who signs at the ground and at the vehicles' end.
        """
        rng = random.Random(seed)

        def end(name: str, system_id: int, component_id: int, wire: Wire) -> MemoryLink:
            return MemoryLink(
                name,
                system_id=system_id,
                component_id=component_id,
                loss=loss,
                duplication=duplication,
                reordering=reordering,
                rng=rng,
                wire=wire,
            )

        ground = end("ground", 255, 190, Wire(signing))
        gateway = Gateway(vehicle_side=True)
        vehicles = end(
            "vehicles", 1, 1, Wire(vehicles_signing, gateway, system_id=1, component_id=1)
        )
        ground._peer, vehicles._peer = vehicles, ground
        return ground, vehicles

    @property
    def name(self) -> str:
        return self._name

    @property
    def connected(self) -> bool:
        return self.up and self._receiver is not None

    async def open(self, receiver: Receiver) -> None:
        self._receiver = receiver
        if self.up:
            receiver.changed(True)

    def send(self, message: Message, to: int = 0, *, sender: int | None = None) -> None:
        """Send as ``sender`` (a system id), so that one end can speak for many vehicles."""
        if sender is None:
            for _, data in self.wire.outgoing(message, to):
                self.send_bytes(data)
            return
        if sender not in self._encoders:
            self._encoders[sender] = Encoder(sender, self._component)
        self.send_bytes(self._encoders[sender].encode(message, to))

    def send_bytes(self, data: bytes) -> None:
        """Send raw bytes, whole packets or not: for tests of what must be survived."""
        if not self.up or self._peer is None:
            return
        loss, duplication, reordering = self._shares
        if loss and self._rng.random() < loss:
            return
        if reordering and self._rng.random() < reordering and len(self._held) < 3:
            self._held.append(data)
            return
        copies = 2 if duplication and self._rng.random() < duplication else 1
        for piece in [data] * copies + self._held:
            self._deliver(piece)
        self._held.clear()

    def _deliver(self, data: bytes) -> None:
        peer = self._peer
        if peer is not None and peer._receiver is not None:
            asyncio.get_running_loop().call_soon(peer._take, data)

    def _take(self, data: bytes) -> None:
        if self._receiver is None or not self.up:
            return
        for packet in self._parser.feed(data):
            self._receiver.packet(packet)
        for system_id, why in numbered_twice(self._parser):
            self._receiver.doubled(system_id, why)

    def set_up(self, up: bool) -> None:
        """Cut the cable, or mend it, at both ends."""
        for end in (self, self._peer):
            if end is not None and end.up != up:
                end.up = up
                if end._receiver is not None:
                    end._receiver.changed(up)

    async def close(self) -> None:
        self._receiver = None
        self._held.clear()


async def packets(link: Link) -> AsyncIterator[Packet]:
    """Open a link and iterate over what arrives; closes it at the end."""
    queue: asyncio.Queue[Packet] = asyncio.Queue()
    await link.open(Receiver(queue.put_nowait))
    try:
        while True:
            yield await queue.get()
    finally:
        await link.close()
