"""Telemetry logs: every packet of one vehicle, both ways, as ground stations replay them.

A `.tlog` is a row of records: eight bytes of big-endian microseconds since 1970 (UTC), then the
packet as it was on the wire (QGroundControl, MAVProxy and Mission Planner; the format is told in
ardupilot.org/copter/docs/common-mission-planner-telemetry-logs.html). Packets are kept as they
came, signatures included, those that we do not read as well.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from core.errors import InvalidInput
from core.geo import LonLat
from core.matching import Fix
from fleet.launch import AIRBORNE_M
from fleet.links.codec import Parser, packet_length
from fleet.messages import GlobalPosition, Heartbeat, Packet

_STAMP = struct.Struct(">Q")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
BUFFER_BYTES = 32 * 1024
"""Written to disk in pieces of so many bytes; a crash loses at most the last one."""


class TelemetryLog:
    """A log being written; appended to when the file is there already (after a restart).

    Raises:
        OSError: the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO | None = path.open("ab", buffering=BUFFER_BYTES)
        self.path = path

    def take(self, at: datetime, frame: bytes) -> None:
        """Add a packet; ignored once the log is closed."""
        if self._file is not None:
            self._file.write(_STAMP.pack((at - _EPOCH) // _MICROSECOND) + frame)

    def close(self) -> None:
        """Write what is left. A closed log stays closed."""
        if self._file is not None:
            self._file.close()
            self._file = None


@dataclass(frozen=True, slots=True)
class Record:
    """A packet of a log and when it was heard or sent."""

    at: datetime
    frame: bytes


def records(path: Path) -> Iterator[Record]:
    """The packets of a log; a record that was cut off at the end is left out.

    Raises:
        InvalidInput: it is no telemetry log.
    """
    data = path.read_bytes()
    at = 0
    while at + _STAMP.size + 8 <= len(data):
        (stamp,) = _STAMP.unpack_from(data, at)
        length = packet_length(data, at + _STAMP.size)
        if length == 0:
            raise InvalidInput(
                f"byte {at + _STAMP.size} begins no MAVLink packet",
                where=str(path),
                remedy="give a .tlog file as FlyOnce, QGroundControl or MAVProxy write it",
            )
        begin, at = at + _STAMP.size, at + _STAMP.size + length
        if at <= len(data):
            yield Record(_EPOCH + stamp * _MICROSECOND, data[begin:at])


def packets(path: Path) -> Iterator[tuple[datetime, Packet]]:
    """The messages of a log that we read, with their times; raises as `records` does."""
    parser = Parser()
    for record in records(path):
        for packet in parser.feed(record.frame):
            yield record.at, packet
        parser.clear()


def track(path: Path) -> list[Fix]:
    """Where the vehicle was from take-off until it was disarmed; raises as `records` does.

    Only the take-off is told by height: over a valley a vehicle flies lower than its home.
    """
    armed = aloft = False
    found: list[Fix] = []
    for at, packet in packets(path):
        match packet.message:
            case Heartbeat():
                armed = packet.message.armed
                aloft = aloft and armed
            case GlobalPosition(position=LonLat() as here, height_m=height_m) if armed:
                aloft = aloft or height_m >= AIRBORNE_M
                if aloft:
                    found.append(Fix(at, here, packet.message.altitude_m))
            case _:
                pass
    return found
