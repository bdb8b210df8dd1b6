"""Bytes to messages and back; raw messages exist only here and in `readers` and `writers`.

pymavlink checks and unpacks each packet. Packets whose id no reader wants are skipped by their
length before any check, which makes telemetry that nobody asked for almost free. When much arrives
at once, of several equal reports of one vehicle only the last is unpacked: whoever falls behind
catches up instead of acting on old news.
"""

from collections.abc import Callable
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as dialect

from fleet.messages import Message, Packet
from fleet.readers import READERS
from fleet.writers import WRITERS

MARKER_V1 = dialect.PROTOCOL_MARKER_V1
MARKER_V2 = dialect.PROTOCOL_MARKER_V2
_SIGNED = dialect.MAVLINK_IFLAG_SIGNED
_SIGNATURE = dialect.MAVLINK_SIGNATURE_BLOCK_LEN
MANY_BYTES = 4096
"""From so many bytes at once on (some 100 packets), superseded reports are skipped."""

REPORTS = frozenset(
    {
        dialect.MAVLINK_MSG_ID_HEARTBEAT,
        dialect.MAVLINK_MSG_ID_SYSTEM_TIME,
        dialect.MAVLINK_MSG_ID_SYS_STATUS,
        dialect.MAVLINK_MSG_ID_GLOBAL_POSITION_INT,
        dialect.MAVLINK_MSG_ID_EXTENDED_SYS_STATE,
        dialect.MAVLINK_MSG_ID_MISSION_CURRENT,
        dialect.MAVLINK_MSG_ID_EKF_STATUS_REPORT,
        dialect.MAVLINK_MSG_ID_WIND,
    }
)
"""Messages that replace their predecessor; all others are events and are never skipped."""


class Parser:
    """Takes bytes as they come and gives the packets in them.

    Attributes:
        rejected: bytes that belonged to no valid packet.
    """

    def __init__(self) -> None:
        self.rejected = 0
        self._buffer = bytearray()
        self._mav = dialect.MAVLink(None)

    def feed(self, data: bytes | bytearray | memoryview) -> list[Packet]:
        """Add bytes; return every packet that they complete and somebody reads."""
        buffer = self._buffer
        buffer += data
        packets = []
        at, size = 0, len(buffer)
        latest = _latest(buffer) if size > MANY_BYTES else {}
        while size - at >= 8:
            length, number = _header(buffer, at, size)
            if length == 0:
                at += 1
                self.rejected += 1
                continue
            if size - at < length:
                break
            reader = READERS.get(number)
            if reader is not None and latest.get((buffer[at + 5], number), at) <= at:
                packet = self._decode(buffer[at : at + length], reader)
                if packet is None:
                    at += 1
                    self.rejected += 1
                    continue
                packets.append(packet)
            at += length
        del buffer[:at]
        return packets

    def clear(self) -> None:
        """Forget a half-received packet (between datagrams, after a reconnection)."""
        self._buffer.clear()

    def _decode(self, frame: bytearray, reader: Callable[[Any], Message]) -> Packet | None:
        try:
            raw = self._mav.decode(frame)
        except dialect.MAVError:
            return None
        header = raw._header
        target = getattr(raw, "target_system", 0)
        return Packet(header.srcSystem, header.srcComponent, target, reader(raw))


def _latest(buffer: bytearray) -> dict[tuple[int, int], int]:
    """Where the last report of each kind begins, by (system id, message id); MAVLink 2 only.

    Nothing is checked here: noise can at worst hide a report, as any loss can.
    """
    latest = {}
    at, size = 0, len(buffer)
    while size - at >= 10:
        length, number = _header(buffer, at, size)
        if length == 0:
            at += 1
            continue
        if size - at < length:
            break
        if number in REPORTS and buffer[at] == MARKER_V2:
            latest[buffer[at + 5], number] = at
        at += length
    return latest


def _header(buffer: bytearray, at: int, size: int) -> tuple[int, int]:
    """Length and message id of the packet at this place; (0, 0) when none can begin here."""
    marker = buffer[at]
    if marker == MARKER_V2:
        if size - at < 10:
            return 280, 0  # the longest packet: wait for more bytes
        flags = buffer[at + 2]
        if flags & ~_SIGNED:
            return 0, 0
        number = buffer[at + 7] | buffer[at + 8] << 8 | buffer[at + 9] << 16
        return 12 + buffer[at + 1] + (_SIGNATURE if flags else 0), number
    if marker == MARKER_V1:
        return 8 + buffer[at + 1], buffer[at + 5]
    return 0, 0


class Encoder:
    """Packs messages as one sender: numbers them as MAVLink wants it.

    Args:
        system_id, component_id: who sends (a ground station is 255/190 by custom).
    """

    def __init__(self, system_id: int = 255, component_id: int = 190) -> None:
        self._mav = dialect.MAVLink(None, srcSystem=system_id, srcComponent=component_id)

    def encode(self, message: Message, to: int = 0, component: int = 1) -> bytes:
        """The packet for one addressee (0: everybody)."""
        raw = WRITERS[type(message)](message, to, component if to else 0)
        packed = bytes(raw.pack(self._mav))
        self._mav.seq = (self._mav.seq + 1) % 256
        return packed
