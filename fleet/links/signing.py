"""MAVLink 2 signatures on one link: every packet of a vehicle that has a key is signed both ways.

A signature is the first 48 bits of SHA-256 over key, packet, link id and timestamp; timestamps
count 10 microseconds from 2015 and only grow, so that a recorded packet cannot be sent again
(https://mavlink.io/en/guide/message_signing.html). It fails closed: a vehicle that must sign and
does not is not heard, and one that must sign and has no key is not spoken to.

Each vehicle has its own key and so its own timestamps: one vehicle with a wrong clock spoils
nothing for the others.
"""

import hashlib
import hmac
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from pymavlink.dialects.v20 import ardupilotmega as dialect

from core.clock import Clock

BLOCK_BYTES = dialect.MAVLINK_SIGNATURE_BLOCK_LEN
"""Link id (1), timestamp (6), signature (6)."""

_SIGNATURE_BYTES = 6
EPOCH = datetime(2015, 1, 1, tzinfo=UTC)
UNIT = timedelta(microseconds=10)
"""A timestamp counts these since `EPOCH`."""

WINDOW = timedelta(minutes=1) // UNIT
"""The first packet of a stream may be older than our own time by so much, not by more."""

LAST = 2**48 - 1 - timedelta(days=365) // UNIT
"""A timestamp has 48 bits, which end in the year 2104. Nobody is followed into the last year: a
vehicle that claims to be there would leave us no later timestamp to speak to it with."""

UNSIGNED_ALLOWED = frozenset({dialect.MAVLINK_MSG_ID_RADIO_STATUS})
"""Radios put these in by themselves, have no key, and nothing is done that they say:
https://mavlink.io/en/guide/message_signing.html#accepting-unsigned-packets."""

SHARE_OF = 100
"""The signed share is taken over so many packets of a vehicle."""


class Verdict(StrEnum):
    """What the check of a packet found."""

    SIGNED = "signed"
    OPEN = "open"
    """Unsigned, and need not be."""
    UNSIGNED = "unsigned"
    FORGED = "forged"
    """A signature that is not of this vehicle's key."""
    REPLAYED = "replayed"
    """Rightly signed, but not newer than what was heard before."""
    STALE = "stale"
    """Rightly signed, the first of its stream, and more than a minute behind our time; or so far
    ahead that nobody could go on from there (`LAST`)."""
    NO_KEY = "no key"
    """It must sign, and there is no key to check it with."""


ACCEPTED = frozenset({Verdict.SIGNED, Verdict.OPEN})


@dataclass(slots=True)
class _Partner:
    """A vehicle with a key.

    Attributes:
        sent: the latest timestamp that was used, ours or a later one of theirs.
        streams: the latest timestamp heard, by (link id, component id).
    """

    key: bytes
    sent: int = 0
    streams: dict[tuple[int, int], int] = field(default_factory=dict)


class Signing:
    """The signatures of one link.

    Args:
        keys: by system id.
        clock: the time of outgoing packets; a computer without network time will do, it adopts
            what later time it hears.
        required: also vehicles without a key must sign, so they are neither heard nor spoken to.
        link_id: tells our links apart where one vehicle hears several of them.

    Attributes:
        refused: packets that were not accepted, by (system id, verdict).
        unsendable: packets that were not sent because there is no key, by system id.
    """

    def __init__(
        self,
        keys: Mapping[int, bytes],
        clock: Clock,
        *,
        required: bool = False,
        link_id: int = 0,
    ) -> None:
        self.required = required
        self.refused: Counter[tuple[int, Verdict]] = Counter()
        self.unsendable: Counter[int] = Counter()
        self._clock = clock
        self._link_id = link_id
        self._partners = {system_id: _Partner(key) for system_id, key in keys.items()}
        self._recent: dict[int, deque[bool]] = {}

    @property
    def partners(self) -> frozenset[int]:
        """System ids that have a key."""
        return frozenset(self._partners)

    def must_sign(self, system_id: int) -> bool:
        """Whether packets from and to it are signed or not at all."""
        return self.required or system_id in self._partners

    def learn(self, system_id: int, key: bytes) -> None:
        """From now on this vehicle signs with this key, e.g. when it has just been enrolled."""
        self._partners[system_id] = _Partner(key)
        self._recent.pop(system_id, None)

    def forget(self, system_id: int) -> None:
        """Take the key away again; where signing is required the vehicle is cut off."""
        self._partners.pop(system_id, None)
        self._recent.pop(system_id, None)

    def share(self, system_id: int) -> float | None:
        """Which share of its last hundred packets was signed rightly; None before the first."""
        recent = self._recent.get(system_id)
        return sum(recent) / len(recent) if recent else None

    # --- sending -----------------------------------------------------------------------------

    def sign(self, packet: bytes, crc_extra: int, system_id: int) -> bytes:
        """An unsigned MAVLink 2 packet as one that this vehicle believes.

        Raises:
            KeyError: it has no key.
        """
        partner = self._partners[system_id]
        partner.sent = max(partner.sent + 1, self._now())
        body = bytearray(packet[:-2])
        body[2] |= dialect.MAVLINK_IFLAG_SIGNED
        checksum = dialect.x25crc(body[1:] + bytes([crc_extra])).crc
        body += checksum.to_bytes(2, "little")
        body.append(self._link_id)
        body += partner.sent.to_bytes(6, "little")
        return bytes(body) + _signature(partner.key, body)

    # --- receiving ---------------------------------------------------------------------------

    def check(self, frame: bytes | bytearray, number: int, signed: bool) -> Verdict:
        """Judge a packet whose checksum is right, and count it.

        Args:
            frame: the whole packet, signature block included.
            number: its message id.
            signed: whether it has a signature block.
        """
        if not signed and frame[0] == dialect.PROTOCOL_MARKER_V1:
            system_id, component_id = frame[3], frame[4]
        else:
            system_id, component_id = frame[5], frame[6]
        verdict = self._judge(frame, number, signed, system_id, component_id)
        if verdict is not Verdict.OPEN or number not in UNSIGNED_ALLOWED:
            recent = self._recent.get(system_id)
            if recent is None:
                recent = self._recent[system_id] = deque(maxlen=SHARE_OF)
            recent.append(verdict is Verdict.SIGNED)
        if verdict not in ACCEPTED:
            self.refused[system_id, verdict] += 1
        return verdict

    def _judge(
        self,
        frame: bytes | bytearray,
        number: int,
        signed: bool,
        system_id: int,
        component_id: int,
    ) -> Verdict:
        if not signed and number in UNSIGNED_ALLOWED:
            return Verdict.OPEN
        partner = self._partners.get(system_id)
        if partner is None:
            return Verdict.NO_KEY if self.required else Verdict.OPEN
        if not signed:
            return Verdict.UNSIGNED
        body = frame[:-_SIGNATURE_BYTES]
        if not hmac.compare_digest(_signature(partner.key, body), frame[-_SIGNATURE_BYTES:]):
            return Verdict.FORGED
        timestamp = int.from_bytes(frame[-12:-6], "little")
        if timestamp > LAST:
            return Verdict.STALE
        stream = (frame[-BLOCK_BYTES], component_id)
        latest = partner.streams.get(stream)
        if latest is None:
            if timestamp + WINDOW < max(partner.sent, self._now()):
                return Verdict.STALE
        elif timestamp <= latest:
            return Verdict.REPLAYED
        partner.streams[stream] = timestamp
        partner.sent = max(partner.sent, timestamp)
        return Verdict.SIGNED

    def _now(self) -> int:
        return max(0, (self._clock.now() - EPOCH) // UNIT)


def _signature(key: bytes, body: bytes | bytearray) -> bytes:
    digest = hashlib.sha256(key)
    digest.update(body)
    return digest.digest()[:_SIGNATURE_BYTES]
