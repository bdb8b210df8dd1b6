"""A link through dronekit's transport, in a process of its own.

For vehicles and radios that are known to work with dronekit. Its process is started again when it
ends, whatever the reason. dronekit's transport sends everything to every peer it has heard.
"""

import asyncio
import contextlib
import sys

from fleet.codec import Encoder, Parser
from fleet.dronekit_driver import Frames, frame
from fleet.link import Receiver
from fleet.messages import Message

RESTART_S = 0.5
"""Pause before the process is started again, seconds of the wall clock."""

GOODBYE_S = 2.0
"""How long the process may take to end by itself, seconds of the wall clock."""

SEND_QUEUE_BYTES = 64 * 1024
"""When more than this waits for the process, packets are dropped."""


class DronekitLink:
    """A `fleet.link.Link` whose other half is a dronekit process.

    Args:
        address: as dronekit writes them: tcp:HOST:PORT, udpin:HOST:PORT, udpout:HOST:PORT ...

    Attributes:
        dropped: messages that could not be sent.
    """

    def __init__(self, address: str) -> None:
        self.dropped = 0
        self._address = address
        self._encoder = Encoder()
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
        self._receiver = receiver
        self._runner = asyncio.create_task(self._run(receiver), name=self.name)

    async def _run(self, receiver: Receiver) -> None:
        while True:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "fleet.dronekit_driver",
                self._address,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
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
        frames, parser = Frames(), Parser()
        while data := await process.stdout.read(16384):
            for piece in frames.feed(data):
                if not piece:
                    self._set_up(True)
                for packet in parser.feed(piece):
                    receiver.packet(packet)

    def _set_up(self, up: bool) -> None:
        if up != self._up:
            self._up = up
            if self._receiver is not None:
                self._receiver.changed(up)

    def send(self, message: Message, to: int = 0) -> None:
        pipe = self._process.stdin if self._process is not None and self._up else None
        if pipe is None or pipe.transport.get_write_buffer_size() > SEND_QUEUE_BYTES:
            self.dropped += 1
            return
        pipe.write(frame(self._encoder.encode(message, to)))

    async def close(self) -> None:
        self._receiver = None
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)


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
