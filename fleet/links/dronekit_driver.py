"""The process in which dronekit lives: it may call `os._exit`, and then only this one ends.

Started by `dronekit_link` as ``python -m fleet.links.dronekit_driver ADDRESS``. Standard input
carries packets to send and standard output packets received, each after two bytes of length
(little-endian); an empty one on standard output says that the link is up.
"""

import os
import select
import struct
import sys
import threading
from typing import Any

from fleet.links import dronekit_compat

LENGTH = struct.Struct("<H")
WATCH_S = 0.2
"""How often the end of dronekit's own threads is looked for."""


class Frames:
    """Splits bytes into the pieces that `frame` made."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Add bytes; the pieces that they complete."""
        self._buffer += data
        found = []
        while len(self._buffer) >= LENGTH.size:
            (size,) = LENGTH.unpack_from(self._buffer)
            end = LENGTH.size + size
            if len(self._buffer) < end:
                break
            found.append(bytes(self._buffer[LENGTH.size : end]))
            del self._buffer[:end]
        return found


def frame(piece: bytes) -> bytes:
    """A piece with its length before it."""
    return LENGTH.pack(len(piece)) + piece


def run(address: str) -> int:
    """Carry packets until standard input ends (0) or the connection breaks (1)."""
    output = os.dup(1)
    os.dup2(2, 1)  # what libraries print must not get between the packets
    broken = threading.Event()
    loaded = dronekit_compat.load()
    try:
        connection = loaded.MAVConnection(address, source_system=255, source_component=190)
    except OSError as error:
        print(f"cannot open {address}: {error}", file=sys.stderr)
        return 1

    def received(_: Any, message: Any) -> None:
        if message.get_type() != "BAD_DATA":
            os.write(output, frame(bytes(message.get_msgbuf())))

    connection.message_listeners.append(received)
    connection.master.handle_eof = broken.set
    connection.master.handle_disconnect = broken.set
    os.write(output, frame(b""))
    connection.start()
    frames = Frames()
    while not broken.is_set() and connection.mavlink_thread_in.is_alive():
        if not select.select([0], [], [], WATCH_S)[0]:
            continue
        data = os.read(0, 65536)
        if not data:
            return 0
        for piece in frames.feed(data):
            connection.out_queue.put(piece)
    return 1


if __name__ == "__main__":
    status = run(sys.argv[1])
    sys.stderr.flush()
    os._exit(status)  # dronekit's exit hook would wait for its threads
