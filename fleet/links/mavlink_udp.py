"""MAVLink 2 over UDP, listening for any number of peers or sending to one."""

import asyncio
from typing import Any

from fleet.links.link import Receiver
from fleet.links.wire import Wire, numbered_twice
from fleet.messages import Message, Packet
from fleet.routes import Routes, by_turns, name_of, taken


class UdpLink:
    """Datagrams; a packet never spans two of them.

    Attributes:
        dropped: messages that could not be sent.
    """

    def __init__(self, host: str, port: int, *, listen: bool, wire: Wire | None = None) -> None:
        self.dropped = 0
        self.wire = wire or Wire()
        self._address = (host, port)
        self._listen = listen
        self._transport: asyncio.DatagramTransport | None = None
        self._receiver: Receiver | None = None
        self._routes = Routes[tuple[str, int]]()
        self._behind: dict[int, tuple[str, int]] = {}

    @property
    def name(self) -> str:
        scheme = "udpin" if self._listen else "udpout"
        return f"{scheme}:{self._address[0]}:{self._address[1]}"

    @property
    def connected(self) -> bool:
        return self._transport is not None

    async def open(self, receiver: Receiver) -> None:
        self._receiver = receiver
        local, remote = (self._address, None) if self._listen else (None, self._address)
        loop = asyncio.get_running_loop()
        try:
            await loop.create_datagram_endpoint(
                lambda: _Datagrams(self, receiver), local_addr=local, remote_addr=remote
            )
        except OSError as error:
            raise taken(self.name, error) from error

    def joined(self, transport: asyncio.DatagramTransport) -> None:
        self._transport = transport
        if self._receiver is not None:
            self._receiver.changed(True)

    def heard(self, packet: Packet, source: tuple[str, int]) -> None:
        before = self._routes.learn(packet, source)
        if before is not None and self._receiver is not None:
            self._receiver.doubled(packet.system_id, by_turns(name_of(before), name_of(source)))

    def heard_late(self, system_id: int, source: tuple[str, int]) -> None:
        """A vehicle whose clock is behind: our signed heartbeats set it right, if it gets them."""
        self._behind[system_id] = source

    def left(self) -> None:
        self._transport = None

    def send(self, message: Message, to: int = 0) -> None:
        if self._transport is None:
            self.dropped += 1
            return
        for whose, data in self.wire.outgoing(message, to):
            if not self._listen:
                self._transport.sendto(data)
                continue
            known = self._routes.get(whose) or self._behind.get(whose)
            for address in [known] if known else self._routes.everywhere():
                self._transport.sendto(data, address)

    async def close(self) -> None:
        self._receiver = None
        if self._transport is not None:
            self._transport.abort()
            self._transport = None
            await asyncio.sleep(0)


class _Datagrams(asyncio.DatagramProtocol):
    """Parses each datagram by itself; several packets may share one."""

    def __init__(self, owner: UdpLink, receiver: Receiver) -> None:
        self._owner = owner
        self._receiver = receiver
        self._parser = owner.wire.parser()

    def connection_made(self, transport: Any) -> None:
        self._owner.joined(transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        for packet in self._parser.feed(data):
            self._owner.heard(packet, addr)
            self._receiver.packet(packet)
        self._parser.clear()
        for system_id, why in numbered_twice(self._parser):
            self._receiver.doubled(system_id, why)
        while self._parser.stale:
            self._owner.heard_late(self._parser.stale.pop(), addr)

    def error_received(self, exc: Exception) -> None:
        """A peer is not there yet (port unreachable): like any loss, retries mend it."""

    def connection_lost(self, exc: Exception | None) -> None:
        self._owner.left()
