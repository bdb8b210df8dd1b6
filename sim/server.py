"""The socket end of all vehicles: one TCP server, and UDP if asked; clients come and go.

Every client hears every vehicle. A client that stops reading holds the simulation back (as it
would hold a real TCP autopilot back) until it reads or leaves.
"""

import asyncio
import time
from collections.abc import Callable

from pymavlink.dialects.v20 import ardupilotmega as wire

from core.errors import InvalidInput, Unavailable

FULL_BYTES = 64 * 1024
"""Unsent bytes of one client above which the simulation waits for it."""
CLOSING_S = 2.0
"""So long the last packets have to reach their clients when the simulation ends."""
PATIENCE_S = 10.0
"""A client that reads nothing for so long is cut off."""


class _Reader:
    """Bytes of one partner into messages."""

    def __init__(self, receive: Callable[[wire.MAVLink_message], None]) -> None:
        self._parser = wire.MAVLink(None)
        self._parser.robust_parsing = True
        self._receive = receive

    def feed(self, data: bytes) -> None:
        for message in self._parser.parse_buffer(data) or ():
            if message.get_type() != "BAD_DATA":
                self._receive(message)


class Server:
    """Carries packets between ground stations and the vehicles.

    Args:
        receive: takes every message that a ground station sends.
        forward: decides for a packet whether it gets through (faults); given the packet.
    """

    def __init__(
        self,
        receive: Callable[[wire.MAVLink_message], None],
        forward: Callable[[bytes], bool] = lambda _: True,
    ) -> None:
        self._receive_upward, self._forward = receive, forward
        self._writers: dict[asyncio.StreamWriter, float] = {}
        self._serving: set[asyncio.Task[None]] = set()
        self._tcp: asyncio.Server | None = None
        self._udp: asyncio.DatagramTransport | None = None
        self._udp_peer: tuple[str, int] | None = None
        self._udp_heard = 0.0
        self.port = 0
        self.heard = False
        self.last_client_at = time.monotonic()

    async def open_tcp(self, host: str, port: int) -> None:
        """Listen.

        Raises:
            Unavailable: the port is in use or may not be opened.
        """
        try:
            self._tcp = await asyncio.start_server(self._serve, host, port)
        except OSError as error:
            raise Unavailable(
                f"cannot listen for MAVLink on {host}:{port}: {error.strerror}",
                where="--port",
                remedy="another simulation may be running; stop it or choose another port",
            ) from error
        self.port = self._tcp.sockets[0].getsockname()[1]

    async def open_udp(self, address: str) -> None:
        """Send to a ground station that listens on host:port, and hear its answers.

        Raises:
            InvalidInput: the address is not host:port.
        """
        host, _, port = address.rpartition(":")
        if not host or not port.isdigit():
            raise InvalidInput(
                f"{address!r} is no address", where="--udp", remedy="write host:port"
            )
        server = self
        reader = _Reader(self._receive)

        class Datagrams(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
                server._udp_heard = time.monotonic()
                reader.feed(data)

        self._udp, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            Datagrams, remote_addr=(host, int(port))
        )

    @property
    def connected(self) -> bool:
        """Whether any ground station is there now."""
        now = time.monotonic()
        present = bool(self._writers) or now - self._udp_heard < 5.0
        if present:
            self.last_client_at = now
        return present

    @property
    def congested(self) -> bool:
        """Whether some client reads too slowly for the simulation to go on."""
        now = time.monotonic()
        full = False
        for writer, since in list(self._writers.items()):
            size = writer.transport.get_write_buffer_size()
            if size < FULL_BYTES:
                self._writers[writer] = now
            elif now - since > PATIENCE_S:
                writer.transport.abort()
                self._writers.pop(writer, None)
            else:
                full = True
        return full

    def send(self, packets: list[bytes]) -> None:
        """Give the packets to every client, in one piece."""
        if not packets or not (self._writers or self._udp):
            return
        through = [p for p in packets if self._forward(p)]
        data = b"".join(through)
        for writer in list(self._writers):
            writer.write(data)
        if self._udp is not None:
            batch: list[bytes] = []
            size = 0
            for packet in through:
                if size + len(packet) > 1400:
                    self._udp.sendto(b"".join(batch))
                    batch, size = [], 0
                batch.append(packet)
                size += len(packet)
            if batch:
                self._udp.sendto(b"".join(batch))

    async def close(self) -> None:
        """Stop listening and let everybody go."""
        if self._tcp is not None:
            self._tcp.close()
        for writer in list(self._writers):
            writer.close()
        if self._udp is not None:
            self._udp.close()
        if self._serving:
            await asyncio.wait(self._serving, timeout=CLOSING_S)
        for task in self._serving:
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        parser = _Reader(self._receive)
        task = asyncio.current_task()
        if task is not None:
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        self._writers[writer] = time.monotonic()
        try:
            while data := await reader.read(65536):
                parser.feed(data)
        except (ConnectionError, TimeoutError):
            pass
        finally:
            self._writers.pop(writer, None)
            writer.close()

    def _receive(self, message: wire.MAVLink_message) -> None:
        self.heard = True
        self._receive_upward(message)
