"""Telemetry logs: every packet of one vehicle, both ways, as ground stations replay them.

A `.tlog` is a row of records: eight bytes of big-endian microseconds since 1970 (UTC), then the
packet as it was on the wire (QGroundControl, MAVProxy and Mission Planner; the format is told in
ardupilot.org/copter/docs/common-mission-planner-telemetry-logs.html). Packets are kept as they
came, signatures included, those that we do not read as well.
"""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import BinaryIO

from core.errors import InvalidInput
from core.geo import LonLat
from core.matching import Fix
from fleet.launch import AIRBORNE_M
from fleet.links.codec import Parser, packet_length
from fleet.messages import GlobalPosition, Heartbeat, Packet, SysStatus

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


@dataclass(frozen=True, slots=True)
class Sample:
    """Where a vehicle was and how it went there.

    Attributes:
        altitude_m: above mean sea level (EGM96).
        heading_deg, battery: degrees from north; share of the charge; None where not told.
        speed_mps: over ground.
    """

    at: datetime
    position: LonLat
    altitude_m: float
    heading_deg: float | None
    speed_mps: float
    battery: float | None


def flown(path: Path) -> list[Sample]:
    """Where the vehicle was from take-off until it was disarmed; raises as `records` does.

    Only the take-off is told by height: over a valley a vehicle flies lower than its home. Times
    are the vehicle's own, so that late packets do not bend its way.
    """
    armed = aloft = False
    battery: float | None = None
    found: list[Sample] = []
    booted_s: list[float] = []
    for at, packet in packets(path):
        match packet.message:
            case Heartbeat():
                armed = packet.message.armed
                aloft = aloft and armed
            case SysStatus():
                battery = packet.message.battery
            case GlobalPosition(position=LonLat() as here) as told if armed:
                aloft = aloft or told.height_m >= AIRBORNE_M
                if aloft:
                    speed_mps = math.hypot(told.north_mps, told.east_mps)
                    booted_s.append(told.boot_s)
                    found.append(
                        Sample(at, here, told.altitude_m, told.heading_deg, speed_mps, battery)
                    )
            case _:
                pass
    return _by_its_own_clock(found, booted_s)


def _by_its_own_clock(found: list[Sample], booted_s: list[float]) -> list[Sample]:
    """Samples at the times since boot that the vehicle gave, moved to when they were heard (by the
    median); as heard where its clock did not go on steadily, as after a reboot."""
    if not found or any(later <= earlier for earlier, later in pairwise(booted_s)):
        return found
    origin = found[0].at
    heard_s = ((s.at - origin).total_seconds() for s in found)
    lag_s = median(h - b for h, b in zip(heard_s, booted_s, strict=True))
    return [
        replace(s, at=origin + timedelta(seconds=round(b + lag_s, 3)))
        for s, b in zip(found, booted_s, strict=True)
    ]


def track(path: Path) -> list[Fix]:
    """The positions of `flown` alone."""
    return [Fix(s.at, s.position, s.altitude_m) for s in flown(path)]
