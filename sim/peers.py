"""Ground stations at one link's sockets: TCP connections and UDP senders, who come and go.

A TCP client that stops reading holds the simulation back (as it would hold a real TCP autopilot
back) until it reads or leaves; a UDP client loses what it does not read, as on a radio.
"""

import asyncio
import socket
import time
from collections.abc import Callable
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as wire

FULL_BYTES = 64 * 1024
"""Unsent bytes of one client above which the simulation waits for it."""
PATIENCE_S = 10.0
"""A client that reads nothing for so long is cut off."""
DATAGRAM_BYTES = 1400
"""Packets are sent together up to this; more would be split on the way."""
SILENT_S = 60.0
"""A UDP client that says nothing for so long has gone: ground stations speak every second, unless
time stands still for them."""
MOST_PEERS = 32
"""UDP senders at one time; beyond, the one that was silent longest is forgotten."""

Receive = Callable[[wire.MAVLink_message], None]
Address = tuple[Any, ...]


class Reader:
    """Bytes of one partner into messages; garbage is skipped."""

    def __init__(self, receive: Receive) -> None:
        self._parser = wire.MAVLink(None)
        self._parser.robust_parsing = True
        self._receive = receive

    def feed(self, data: bytes) -> None:
        """Take what came; hands on every whole message in it."""
        for message in self._parser.parse_buffer(data) or ():
            if message.get_type() != "BAD_DATA":
                self._receive(message)


class TcpPeer(asyncio.Protocol):
    """One TCP client."""

    def __init__(self, peers: "set[TcpPeer]", receive: Receive) -> None:
        self._peers = peers
        self._reader = Reader(receive)
        self._transport: asyncio.Transport | None = None
        self._read_at = time.monotonic()
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        wire_socket = transport.get_extra_info("socket")
        wire_socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._peers.add(self)

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._peers.discard(self)
        if not self.closed.done():
            self.closed.set_result(None)

    def write(self, data: bytes) -> None:
        """Send; a client that has gone hears nothing."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    @property
    def unsent_bytes(self) -> int:
        """What it has not read yet."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def behind(self) -> bool:
        """Whether it reads too slowly; one that reads nothing for long is cut off."""
        now = time.monotonic()
        if self.unsent_bytes < FULL_BYTES:
            self._read_at = now
            return False
        if now - self._read_at > PATIENCE_S and self._transport is not None:
            self._transport.abort()
            self._peers.discard(self)
            return False
        return True

    def close(self) -> None:
        """Let it go once it has read what was sent."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Let it go at once."""
        if self._transport is not None:
            self._transport.abort()


class UdpPeers(asyncio.DatagramProtocol):
    """Everybody who speaks over one UDP socket.

    Args:
        fixed: a ground station that listens there and is spoken to before it says anything.
    """

    def __init__(self, receive: Receive, fixed: Address | None = None) -> None:
        self._receive = receive
        self._fixed = fixed
        self._readers: dict[Address, tuple[Reader, float]] = {}
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Address) -> None:
        known = self._readers.pop(addr, None)
        reader = Reader(self._receive) if known is None else known[0]
        self._readers[addr] = reader, time.monotonic()
        while len(self._readers) > MOST_PEERS:
            del self._readers[next(iter(self._readers))]
        reader.feed(data)

    def error_received(self, exc: Exception) -> None:
        """A ground station's port is closed now: nothing to do, it comes back or is forgotten."""

    @property
    def present(self) -> bool:
        """Whether any client has spoken lately."""
        self._forget()
        return bool(self._readers)

    @property
    def needed(self) -> bool:
        """Whether there is anybody to send to."""
        return bool(self._readers) or self._fixed is not None

    def write(self, datagrams: list[bytes]) -> None:
        """Send to everybody."""
        if self._transport is None:
            return
        for address in {*self._readers, *(() if self._fixed is None else (self._fixed,))}:
            for datagram in datagrams:
                self._transport.sendto(datagram, address)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _forget(self) -> None:
        now = time.monotonic()
        gone = [a for a, (_, heard) in self._readers.items() if now - heard > SILENT_S]
        for address in gone:
            del self._readers[address]


def datagrams(packets: list[bytes]) -> list[bytes]:
    """Packets together in datagrams; none spans two.

    >>> [len(d) for d in datagrams([b"x" * 600] * 5)]
    [1200, 1200, 600]
    """
    found: list[bytes] = []
    batch: list[bytes] = []
    size = 0
    for packet in packets:
        if batch and size + len(packet) > DATAGRAM_BYTES:
            found.append(b"".join(batch))
            batch, size = [], 0
        batch.append(packet)
        size += len(packet)
    return [*found, b"".join(batch)] if batch else found
