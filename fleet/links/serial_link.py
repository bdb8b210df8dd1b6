"""MAVLink 2 over a serial port: a telemetry radio, or a cable to a vehicle on the bench.

The port is opened again whenever it vanishes, as a radio's does when it is unplugged.
"""

import asyncio
import os
from contextlib import suppress

import serial

from core.errors import InvalidInput
from fleet.links.link import Receiver
from fleet.links.wire import Wire, numbered_twice
from fleet.messages import Message

MOST_BAUD = 4_000_000
"""Of what Linux and usual converters know."""

READ_BYTES = 16 * 1024

SEND_QUEUE_BYTES = 16 * 1024
"""When more than this waits to be sent (3 s at 57,600 baud), packets are dropped."""

RETRY_S = (0.2, 0.5, 1.0, 2.0)
"""Waits between attempts to open the port, seconds of the wall clock; the last one repeats."""


class SerialLink:
    """A serial port that is opened again whenever it breaks.

    Args:
        device: such as /dev/ttyUSB0.
        baud: bits a second; radios of the usual kind are set to 57,600.

    Attributes:
        dropped: messages that could not be sent.
    """

    def __init__(self, device: str, baud: int, *, wire: Wire | None = None) -> None:
        self.dropped = 0
        self.wire = wire or Wire()
        self._device = device
        self._baud = baud
        self._receiver: Receiver | None = None
        self._runner: asyncio.Task[None] | None = None
        self._port: _Port | None = None

    @property
    def name(self) -> str:
        return f"serial:{self._device}:{self._baud}"

    @property
    def connected(self) -> bool:
        return self._port is not None

    async def open(self, receiver: Receiver) -> None:
        with suppress(OSError):  # it may come later; a speed that it does not know never will
            self._opened().close()
        self._receiver = receiver
        self._runner = asyncio.create_task(self._run(receiver), name=self.name)

    async def _run(self, receiver: Receiver) -> None:
        attempt = 0
        while True:
            try:
                port = _Port(self._opened(), self.wire, receiver)
            except OSError:  # pyserial's own errors are among them
                await asyncio.sleep(RETRY_S[min(attempt, len(RETRY_S) - 1)])
                attempt += 1
                continue
            attempt = 0
            self._set_port(port)
            try:
                await port.broken
            finally:
                port.close()
                self._set_port(None)
            await asyncio.sleep(RETRY_S[0])

    def _opened(self) -> serial.Serial:
        try:
            return serial.Serial(self._device, self._baud, timeout=0, exclusive=True)
        except ValueError as error:
            raise InvalidInput(
                f"this port cannot be used: {error}", where=self.name, remedy="choose another speed"
            ) from error

    def _set_port(self, port: "_Port | None") -> None:
        self._port = port
        if self._receiver is not None:
            self._receiver.changed(port is not None)

    def send(self, message: Message, to: int = 0) -> None:
        for _, data in self.wire.outgoing(message, to):
            if self._port is None or not self._port.write(data):
                self.dropped += 1

    async def close(self) -> None:
        self._receiver = None
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)


class _Port:
    """An open port: parses what arrives, queues what cannot be sent at once.

    Attributes:
        broken: done when the port has failed.
    """

    def __init__(self, port: serial.Serial, wire: Wire, receiver: Receiver) -> None:
        self._loop = asyncio.get_running_loop()
        self.broken: asyncio.Future[None] = self._loop.create_future()
        self._port = port
        self._receiver = receiver
        self._parser = wire.parser()
        self._waiting = bytearray()
        self._file = port.fileno()
        os.set_blocking(self._file, False)
        self._loop.add_reader(self._file, self._read)

    def _read(self) -> None:
        try:
            data = os.read(self._file, READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:  # unplugged, or the other side is gone
            self._break()
            return
        for packet in self._parser.feed(data):
            self._receiver.packet(packet)
        for system_id, why in numbered_twice(self._parser):
            self._receiver.doubled(system_id, why)

    def write(self, data: bytes) -> bool:
        """Send now or soon; False when it was dropped."""
        if self.broken.done() or len(self._waiting) > SEND_QUEUE_BYTES:
            return False
        if not self._waiting:
            self._loop.add_writer(self._file, self._flush)
        self._waiting += data
        self._flush()
        return True

    def _flush(self) -> None:
        try:
            sent = os.write(self._file, self._waiting)
        except BlockingIOError:
            return
        except OSError:
            self._break()
            return
        del self._waiting[:sent]
        if not self._waiting:
            self._loop.remove_writer(self._file)

    def _break(self) -> None:
        self._loop.remove_reader(self._file)
        self._loop.remove_writer(self._file)
        if not self.broken.done():
            self.broken.set_result(None)

    def close(self) -> None:
        """Give the port back."""
        self._break()
        self._port.close()
