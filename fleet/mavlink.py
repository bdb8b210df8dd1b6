"""MAVLink 2 over asyncio: TCP client and server, UDP listening and sending.

Addresses as ground stations write them::

    tcp:HOST:PORT      connect to HOST, again and again until it answers
    tcpin:HOST:PORT    listen, any number of peers
    udpin:HOST:PORT    listen, any number of peers
    udpout:HOST:PORT   send to HOST, hear its answers

With several peers each vehicle is reached at the address that it was last heard from.
"""

import asyncio
import socket
from typing import Any

from core.errors import InvalidInput, Unavailable
from fleet.codec import Encoder, Parser
from fleet.link import Link, Receiver
from fleet.messages import Message

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


def connect(address: str) -> Link:
    """A link to this address, not opened yet.

    Raises:
        InvalidInput: the address is none of the forms above.
    """
    scheme, _, rest = address.partition(":")
    host, _, port = rest.rpartition(":")
    kinds = {"tcp": TcpClient, "tcpin": TcpServer, "udpin": UdpLink, "udpout": UdpLink}
    if scheme not in kinds or not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise InvalidInput(
            f"{address!r} is no vehicle address",
            where="link",
            remedy="write tcp:HOST:PORT, tcpin:HOST:PORT, udpin:HOST:PORT or udpout:HOST:PORT",
        )
    if kinds[scheme] is UdpLink:
        return UdpLink(host, int(port), listen=scheme == "udpin")
    if scheme == "tcp":
        return TcpClient(host, int(port))
    return TcpServer(host, int(port))


class _Stream(asyncio.BufferedProtocol):
    """One TCP connection: parses what arrives, drops what cannot be sent."""

    def __init__(self, owner: "TcpClient | TcpServer", receiver: Receiver) -> None:
        self._owner = owner
        self._receiver = receiver
        self._parser = Parser()
        self._chunk = bytearray(READ_BYTES)
        self._transport: asyncio.Transport | None = None
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        wire = transport.get_extra_info("socket")
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        self._owner.joined(self)

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._chunk

    def buffer_updated(self, nbytes: int) -> None:
        for packet in self._parser.feed(memoryview(self._chunk)[:nbytes]):
            self._owner.heard(self, packet.system_id)
            self._receiver.packet(packet)

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

    def stop(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class TcpClient:
    """A TCP connection that is made again whenever it breaks.

    Attributes:
        dropped: messages that could not be sent.
    """

    def __init__(self, host: str, port: int) -> None:
        self.dropped = 0
        self._address = (host, port)
        self._encoder = Encoder()
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

    def heard(self, stream: _Stream, system_id: int) -> None:
        """Nothing to learn: there is one peer."""

    def left(self, stream: _Stream) -> None:
        self._stream = None
        if self._receiver is not None:
            self._receiver.changed(False)

    def send(self, message: Message, to: int = 0) -> None:
        if self._stream is None or not self._stream.write(self._encoder.encode(message, to)):
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

    def __init__(self, host: str, port: int) -> None:
        self.dropped = 0
        self._address = (host, port)
        self._encoder = Encoder()
        self._server: asyncio.Server | None = None
        self._receiver: Receiver | None = None
        self._streams: list[_Stream] = []
        self._routes: dict[int, _Stream] = {}

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
            raise _taken(self.name, error) from error

    def joined(self, stream: _Stream) -> None:
        self._streams.append(stream)
        if len(self._streams) == 1 and self._receiver is not None:
            self._receiver.changed(True)

    def heard(self, stream: _Stream, system_id: int) -> None:
        self._routes[system_id] = stream

    def left(self, stream: _Stream) -> None:
        self._streams.remove(stream)
        self._routes = {k: s for k, s in self._routes.items() if s is not stream}
        if not self._streams and self._receiver is not None:
            self._receiver.changed(False)

    def send(self, message: Message, to: int = 0) -> None:
        known = self._routes.get(to)
        data = self._encoder.encode(message, to)
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


class UdpLink:
    """Datagrams; a packet never spans two of them.

    Attributes:
        dropped: messages that could not be sent.
    """

    def __init__(self, host: str, port: int, *, listen: bool) -> None:
        self.dropped = 0
        self._address = (host, port)
        self._listen = listen
        self._encoder = Encoder()
        self._transport: asyncio.DatagramTransport | None = None
        self._receiver: Receiver | None = None
        self._routes: dict[int, tuple[str, int]] = {}

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
            raise _taken(self.name, error) from error

    def joined(self, transport: asyncio.DatagramTransport) -> None:
        self._transport = transport
        if self._receiver is not None:
            self._receiver.changed(True)

    def heard(self, system_id: int, source: tuple[str, int]) -> None:
        self._routes[system_id] = source

    def left(self) -> None:
        self._transport = None

    def send(self, message: Message, to: int = 0) -> None:
        if self._transport is None:
            self.dropped += 1
            return
        data = self._encoder.encode(message, to)
        if not self._listen:
            self._transport.sendto(data)
            return
        known = self._routes.get(to)
        for address in [known] if known else set(self._routes.values()):
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
        self._parser = Parser()

    def connection_made(self, transport: Any) -> None:
        self._owner.joined(transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        for packet in self._parser.feed(data):
            self._owner.heard(packet.system_id, addr)
            self._receiver.packet(packet)
        self._parser.clear()

    def error_received(self, exc: Exception) -> None:
        """A peer is not there yet (port unreachable): like any loss, retries mend it."""

    def connection_lost(self, exc: Exception | None) -> None:
        self._owner.left()


def _taken(name: str, error: OSError) -> Unavailable:
    return Unavailable(
        f"cannot use this address: {error.strerror or error}",
        where=name,
        remedy="choose another port, or stop the program that holds it",
    )
