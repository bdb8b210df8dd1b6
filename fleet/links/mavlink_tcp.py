"""MAVLink 2 over TCP: a client that connects again and again, a server for many peers."""

import asyncio
import socket
from typing import Any

from fleet.links.link import Receiver
from fleet.links.wire import Wire, numbered_twice
from fleet.messages import Message, Packet
from fleet.routes import Routes, by_turns, name_of, taken

READ_BYTES = 64 * 1024
"""At most this much is parsed in one go: about 2,000 packets, of which `Parser` unpacks some 400
for 51 vehicles, so the loop is held up for 10 ms or so."""

RECEIVE_BUFFER_BYTES = 64 * 1024
"""Small on purpose: at high simulation speed a long backlog in the socket would be old news, and
TCP must slow the simulation down early."""

SEND_QUEUE_BYTES = 256 * 1024
"""When more than this waits to be sent, packets are dropped: the peer does not read."""

RETRY_S = (0.2, 0.5, 1.0, 2.0)
"""Waits between attempts to connect, seconds of the wall clock; the last one repeats."""


class _Stream(asyncio.BufferedProtocol):
    """One TCP connection: parses what arrives, drops what cannot be sent."""

    def __init__(self, owner: "TcpClient | TcpServer", receiver: Receiver) -> None:
        self._owner = owner
        self._receiver = receiver
        self._parser = owner.wire.parser()
        self._chunk = bytearray(READ_BYTES)
        self._transport: asyncio.Transport | None = None
        self._peer: object = None
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._peer = transport.get_extra_info("peername")
        wire = transport.get_extra_info("socket")
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        self._owner.joined(self)

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._chunk

    def buffer_updated(self, nbytes: int) -> None:
        for packet in self._parser.feed(memoryview(self._chunk)[:nbytes]):
            self._owner.heard(self, packet)
            self._receiver.packet(packet)
        for system_id, why in numbered_twice(self._parser):
            self._receiver.doubled(system_id, why)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if not self.closed.done():
            self.closed.set_result(None)
        self._owner.left(self)

    def write(self, data: bytes) -> bool:
        """Send; False when it was dropped."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return False
        if transport.get_write_buffer_size() > SEND_QUEUE_BYTES:
            return False
        transport.write(data)
        return True

    @property
    def peer(self) -> str:
        """The other side, such as 10.0.0.7:14550."""
        return name_of(self._peer)

    def stop(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class TcpClient:
    """A TCP connection that is made again whenever it breaks.

    Attributes:
        dropped: messages that could not be sent.
    """

    def __init__(self, host: str, port: int, *, wire: Wire | None = None) -> None:
        self.dropped = 0
        self.wire = wire or Wire()
        self._address = (host, port)
        self._stream: _Stream | None = None
        self._receiver: Receiver | None = None
        self._runner: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        return f"tcp:{self._address[0]}:{self._address[1]}"

    @property
    def connected(self) -> bool:
        return self._stream is not None

    async def open(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._runner = asyncio.create_task(self._run(receiver), name=self.name)

    async def _run(self, receiver: Receiver) -> None:
        loop = asyncio.get_running_loop()
        attempt = 0
        while True:
            try:
                _, stream = await loop.create_connection(
                    lambda: _Stream(self, receiver), *self._address
                )
            except OSError:
                await asyncio.sleep(RETRY_S[min(attempt, len(RETRY_S) - 1)])
                attempt += 1
                continue
            attempt = 0
            await stream.closed
            await asyncio.sleep(RETRY_S[0])

    def joined(self, stream: _Stream) -> None:
        self._stream = stream
        if self._receiver is not None:
            self._receiver.changed(True)

    def heard(self, stream: _Stream, packet: Packet) -> None:
        """Nothing to learn: there is one peer."""

    def left(self, stream: _Stream) -> None:
        self._stream = None
        if self._receiver is not None:
            self._receiver.changed(False)

    def send(self, message: Message, to: int = 0) -> None:
        for _, data in self.wire.outgoing(message, to):
            if self._stream is None or not self._stream.write(data):
                self.dropped += 1

    async def close(self) -> None:
        self._receiver = None
        stream = self._stream
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)
        if stream is not None:
            stream.stop()
            await asyncio.wait([stream.closed])


class TcpServer:
    """Listens; each vehicle is reached through the connection it was last heard on.

    Attributes:
        dropped: messages that could not be sent.
    """

    def __init__(self, host: str, port: int, *, wire: Wire | None = None) -> None:
        self.dropped = 0
        self.wire = wire or Wire()
        self._address = (host, port)
        self._server: asyncio.Server | None = None
        self._receiver: Receiver | None = None
        self._streams: list[_Stream] = []
        self._routes = Routes[_Stream]()

    @property
    def name(self) -> str:
        return f"tcpin:{self._address[0]}:{self._address[1]}"

    @property
    def connected(self) -> bool:
        return bool(self._streams)

    async def open(self, receiver: Receiver) -> None:
        self._receiver = receiver
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(lambda: _Stream(self, receiver), *self._address)
        except OSError as error:
            raise taken(self.name, error) from error

    def joined(self, stream: _Stream) -> None:
        self._streams.append(stream)
        if len(self._streams) == 1 and self._receiver is not None:
            self._receiver.changed(True)

    def heard(self, stream: _Stream, packet: Packet) -> None:
        before = self._routes.learn(packet, stream)
        if before is not None and self._receiver is not None:
            self._receiver.doubled(packet.system_id, by_turns(before.peer, stream.peer))

    def left(self, stream: _Stream) -> None:
        self._streams.remove(stream)
        self._routes.forget(stream)
        if not self._streams and self._receiver is not None:
            self._receiver.changed(False)

    def send(self, message: Message, to: int = 0) -> None:
        for whose, data in self.wire.outgoing(message, to):
            known = self._routes.get(whose)
            sent = [s.write(data) for s in ([known] if known else self._streams)]
            if not any(sent):
                self.dropped += 1

    async def close(self) -> None:
        self._receiver = None
        streams = list(self._streams)
        if self._server is not None:
            self._server.close()
        for stream in streams:
            stream.stop()
        if streams:
            await asyncio.wait([s.closed for s in streams])
