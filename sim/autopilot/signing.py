"""MAVLink 2 signing of one vehicle, both ways, closed when in doubt (as ArduPilot has it).

Signature: the first 6 bytes of SHA-256(key + packet without signature + link id + timestamp), the
timestamp in units of 10 us since 2015-01-01 (https://mavlink.io/en/guide/message_signing.html). A
packet whose timestamp is not later than the last one of its stream, or of a new stream more than a
minute behind, is a replay. Once a key is set, unsigned packets are dropped but for RADIO_STATUS.
"""

import hashlib
import hmac
from collections.abc import Callable

from pymavlink.dialects.v20 import ardupilotmega as wire

from sim.packing import packed

EPOCH_US = 1_420_070_400_000_000
"""2015-01-01T00:00:00Z in microseconds since 1970."""
MINUTE = 6_000_000
"""In units of 10 us."""
KEY_BYTES, SIGNATURE_BYTES = 32, 13
INCOMPATIBLE_SIGNED = 0x01
UNSIGNED = frozenset({"RADIO_STATUS", "RADIO"})
"""Accepted without a signature: a telemetry radio's own."""
LINK_ID = 0
LOW_48_BITS = 2**48 - 1
"""What of a timestamp travels in a packet; MAVLink's C library, too, cuts off the rest."""


class Signing:
    """The key of one vehicle and the timestamps that it has seen."""

    def __init__(self) -> None:
        self._key: bytes | None = None
        self._timestamp = 0
        self._seen: dict[tuple[int, int, int], int] = {}

    @property
    def on(self) -> bool:
        """Whether this vehicle signs and wants signatures."""
        return self._key is not None

    def set_up(self, key: bytes, timestamp: int) -> None:
        """SETUP_SIGNING: a key of 32 bytes; one of zeros with timestamp 0 switches signing off."""
        self._key = key if any(key) or timestamp else None
        self._timestamp = timestamp
        self._seen.clear()

    def accepts(self, message: wire.MAVLink_message, clock_us: Callable[[], int]) -> bool:
        """Whether a packet may be heard.

        Args:
            clock_us: the vehicle's time of day, microseconds since 1970.
        """
        key = self._key
        if key is None or message.get_type() in UNSIGNED:
            return True
        self._timestamp = max(self._timestamp, (clock_us() - EPOCH_US) // 10)
        packet = bytes(message.get_msgbuf())
        if len(packet) <= SIGNATURE_BYTES or not packet[2] & INCOMPATIBLE_SIGNED:
            return False
        if not hmac.compare_digest(packet[-6:], _signature(key, packet[:-6])):
            return False
        return self._fresh(message, packet)

    def pack(
        self, message: wire.MAVLink_message, link: wire.MAVLink, clock_us: Callable[[], int]
    ) -> bytes:
        """A packet of this vehicle, signed if it has a key."""
        packet = packed(message, link)
        if self._key is None:
            return packet
        self._timestamp = max(self._timestamp + 1, (clock_us() - EPOCH_US) // 10)
        signed = _flagged(packet, message.crc_extra)
        signed += bytes([LINK_ID]) + (self._timestamp & LOW_48_BITS).to_bytes(6, "little")
        return signed + _signature(self._key, signed)

    def _fresh(self, message: wire.MAVLink_message, packet: bytes) -> bool:
        stream = (message.get_srcSystem(), message.get_srcComponent(), packet[-13])
        told = int.from_bytes(packet[-12:-6], "little")
        last = self._seen.get(stream)
        if told <= last if last is not None else told < self._timestamp - MINUTE:
            return False
        self._seen[stream] = told
        self._timestamp = max(self._timestamp, told)
        return True


def _signature(key: bytes, packet: bytes) -> bytes:
    return hashlib.sha256(key + packet).digest()[:6]


def _flagged(packet: bytes, crc_extra: int) -> bytes:
    """The packet with the flag of a signature in its header, and the checksum to it."""
    body = packet[:2] + bytes([packet[2] | INCOMPATIBLE_SIGNED]) + packet[3:-2]
    crc = wire.x25crc(body[1:])
    crc.accumulate(bytes([crc_extra]))
    return body + crc.crc.to_bytes(2, "little")
