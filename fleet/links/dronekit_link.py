"""A link through dronekit's transport, in a process of its own.

For vehicles and radios that are known to work with dronekit. Its process is started again when it
ends, whatever the reason. dronekit's transport sends everything to every peer it has heard.

Signatures are ours: packets are signed before dronekit carries them and checked after. Whether it
carries them whole depends on its version and pymavlink's; where anybody must sign, the link opens
only after a trial on this machine's loopback has shown that it does.
"""

import asyncio
import contextlib
import socket
import sys

from core.clock import SystemClock
from core.errors import Unavailable
from fleet.links.dronekit_driver import LENGTH, Frames, frame
from fleet.links.keys import new_key
from fleet.links.link import Receiver
from fleet.links.signing import Signing
from fleet.links.wire import Wire, numbered_twice
from fleet.messages import Heartbeat, Message

RESTART_S = 0.5
"""Pause before the process is started again, seconds of the wall clock."""

TRIAL_S = 15.0
"""How long the trial of its signatures may take, its start included, seconds of the wall clock."""

GOODBYE_S = 2.0
"""How long the process may take to end by itself, seconds of the wall clock."""

SEND_QUEUE_BYTES = 64 * 1024
"""When more than this waits for the process, packets are dropped."""


class DronekitLink:
    """A `fleet.links.link.Link` whose other half is a dronekit process.

    Args:
        address: as dronekit writes them: tcp:HOST:PORT, udpin:HOST:PORT, udpout:HOST:PORT ...
        wire: its gateway and signatures; a plain one, on which nobody signs, if none is given.

    Attributes:
        dropped: messages that could not be sent.
    """

    def __init__(self, address: str, wire: Wire | None = None) -> None:
        self.dropped = 0
        self.wire = wire or Wire()
        self._address = address
        self._process: asyncio.subprocess.Process | None = None
        self._up = False
        self._receiver: Receiver | None = None
        self._runner: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        return f"dronekit:{self._address}"

    @property
    def connected(self) -> bool:
        return self._up

    async def open(self, receiver: Receiver) -> None:
        """Start the process.

        Raises:
            Unavailable: somebody must sign, and dronekit does not carry signatures.
        """
        signing = self.wire.signing
        if (signing.required or signing.partners) and not await _proven():
            raise Unavailable(
                "dronekit does not carry signed packets whole, and vehicles on this link must sign",
                where=self.name,
                remedy="use the same address without dronekit",
            )
        self._receiver = receiver
        self._runner = asyncio.create_task(self._run(receiver), name=self.name)

    async def _run(self, receiver: Receiver) -> None:
        while True:
            process = await _started(self._address)
            self._process = process
            try:
                await self._read(process, receiver)
            finally:
                self._set_up(False)
                await _end(process)
                self._process = None
            await asyncio.sleep(RESTART_S)

    async def _read(self, process: asyncio.subprocess.Process, receiver: Receiver) -> None:
        """Hand on packets until the process closes its output."""
        assert process.stdout is not None  # noqa: S101 - it was started with a pipe
        frames, parser = Frames(), self.wire.parser()
        while data := await process.stdout.read(16384):
            for piece in frames.feed(data):
                if not piece:
                    self._set_up(True)
                for packet in parser.feed(piece):
                    receiver.packet(packet)
            for system_id, why in numbered_twice(parser):
                receiver.doubled(system_id, why)

    def _set_up(self, up: bool) -> None:
        if up != self._up:
            self._up = up
            if self._receiver is not None:
                self._receiver.changed(up)

    def send(self, message: Message, to: int = 0) -> None:
        pipe = self._process.stdin if self._process is not None and self._up else None
        for _, data in self.wire.outgoing(message, to):
            if pipe is None or pipe.transport.get_write_buffer_size() > SEND_QUEUE_BYTES:
                self.dropped += 1
            else:
                pipe.write(frame(data))

    async def close(self) -> None:
        self._receiver = None
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)


async def _started(address: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "fleet.links.dronekit_driver",
        address,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )


_outcome: list[bool] = []


async def _proven() -> bool:
    """The outcome of the trial, made once: the libraries stay the same while we run."""
    if not _outcome or not _outcome[0]:
        _outcome[:] = [await carries_signatures()]
    return _outcome[0]


async def carries_signatures() -> bool:
    """Whether a dronekit process hands on signed packets byte for byte, both ways."""
    loop = asyncio.get_running_loop()
    wire = Wire(Signing({1: new_key()}, SystemClock()), system_id=1, component_id=1)
    beat = Heartbeat(kind=2, autopilot=3, base_mode=0, custom_mode=0, system_status=3)
    ((_, packet),) = (p for p in wire.outgoing(beat, 0) if p[0] == 1)
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.setblocking(False)
        process = await _started(f"udpout:127.0.0.1:{peer.getsockname()[1]}")
        assert process.stdin is not None  # noqa: S101 - it was started with pipes
        assert process.stdout is not None  # noqa: S101
        try:
            async with asyncio.timeout(TRIAL_S):
                if await _piece(process.stdout):
                    return False
                process.stdin.write(frame(packet))
                outward, source = await loop.sock_recvfrom(peer, 512)
                await loop.sock_sendto(peer, packet, source)
                return packet == outward == await _piece(process.stdout)
        except (TimeoutError, asyncio.IncompleteReadError, OSError):
            return False
        finally:
            await _end(process)


async def _piece(stream: asyncio.StreamReader) -> bytes:
    """The next piece of a driver's output."""
    (size,) = LENGTH.unpack(await stream.readexactly(LENGTH.size))
    return await stream.readexactly(size)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Let the process go: closed input ends it; what lingers is killed."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), GOODBYE_S)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
