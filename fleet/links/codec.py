"""Bytes to messages and back; raw messages exist only here and in `readers` and `writers`.

Each packet is checked: its checksum, its signature where the vehicle must sign, and the gateway's
allow-list. Packets whose id no reader wants are skipped by their length before any check, which
makes telemetry that nobody asked for almost free. When much arrives at once, of several equal
reports of one vehicle only the last is unpacked: whoever falls behind catches up instead of acting
on old news.

Packets are packed and unpacked with pymavlink's tables but framed here: its own way takes half as
long again.
"""

import struct
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as dialect

from fleet.links.gateway import Gateway
from fleet.links.numbering import Numbering
from fleet.links.signing import ACCEPTED, BLOCK_BYTES, Signing, Verdict
from fleet.links.writers import WRITERS
from fleet.messages import Message, Packet

MARKER_V1 = dialect.PROTOCOL_MARKER_V1
MARKER_V2 = dialect.PROTOCOL_MARKER_V2
_SIGNED = dialect.MAVLINK_IFLAG_SIGNED
MANY_BYTES = 4096
"""From so many bytes at once on (some 100 packets), superseded reports are skipped."""

AUTOPILOT = 1
"""MAV_COMP_ID_AUTOPILOT1: whose numbering is watched."""

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


Tap = Callable[[bytes], None]
"""Takes down a packet as it was on the wire; must not raise."""


class Parser:
    """Takes bytes as they come and gives the packets in them.

    Args:
        gateway: what may come in; one for a ground station if none is given.
        signing: who must sign; nobody if none is given.
        taps: by system id, who takes down every rightful packet of it, read or not.

    Attributes:
        rejected: bytes that belonged to no valid packet.
        doubled: system ids whose numbering has just spoken for two senders; whoever has told of
            it clears it.
        stale: system ids that signed rightly but more than a minute behind our time.
    """

    def __init__(
        self,
        gateway: Gateway | None = None,
        signing: Signing | None = None,
        taps: Mapping[int, Tap] | None = None,
    ) -> None:
        self.rejected = 0
        self.doubled: list[int] = []
        self.stale: set[int] = set()
        self._gateway = gateway or Gateway()
        self._signing = signing
        self._taps = {} if taps is None else taps
        self._buffer = bytearray()
        self._numbering: dict[int, Numbering] = {}

    def feed(self, data: bytes | bytearray | memoryview) -> list[Packet]:
        """Add bytes; return every packet that they complete and somebody reads."""
        buffer = self._buffer
        buffer += data
        packets = []
        at, size = 0, len(buffer)
        readers, taps = self._gateway.readers, self._taps
        latest = self._latest(buffer) if size > MANY_BYTES else {}
        while size - at >= 8:
            length, number = _header(buffer, at, size)
            if length == 0:
                at += 1
                self.rejected += 1
                continue
            if size - at < length:
                break
            reader = readers.get(number)
            if reader is None:
                self._gateway.unread(number)
                if taps:
                    self._tap(buffer[at : at + length], number)
            elif latest.get((buffer[at + 5], number), at) <= at:
                frame = buffer[at : at + length]
                raw = unpack(frame, number)
                if raw is None:
                    at += 1
                    self.rejected += 1
                    continue
                packet = self._admit(frame, number, raw, reader)
                if packet is not None:
                    packets.append(packet)
                    if packet.system_id in taps:
                        taps[packet.system_id](bytes(frame))
            elif taps:
                self._tap(buffer[at : at + length], number)
            if buffer[at] == MARKER_V2 and buffer[at + 6] == AUTOPILOT:
                self._count(buffer, at, length)
            at += length
        del buffer[:at]
        return packets

    def clear(self) -> None:
        """Forget a half-received packet (between datagrams, after a reconnection)."""
        self._buffer.clear()

    def _admit(
        self, frame: bytearray, number: int, raw: Any, reader: Callable[[Any], Message]
    ) -> Packet | None:
        """The packet of a frame whose checksum is right; None when its signature is not."""
        v2 = frame[0] == MARKER_V2
        signing = self._signing
        if signing is not None:
            verdict = signing.check(frame, number, v2 and frame[2] & _SIGNED != 0)
            if verdict not in ACCEPTED:
                if verdict is Verdict.STALE:
                    self.stale.add(frame[5])
                return None
        system_id, component_id = (frame[5], frame[6]) if v2 else (frame[3], frame[4])
        return Packet(system_id, component_id, getattr(raw, "target_system", 0), reader(raw))

    def _tap(self, frame: bytearray, number: int) -> None:
        """Have a packet taken down that nobody reads, or that a later one supersedes."""
        v2 = frame[0] == MARKER_V2
        tap = self._taps.get(frame[5] if v2 else frame[3])
        if tap is None or unpack(frame, number) is None:
            return
        signed = v2 and frame[2] & _SIGNED != 0
        if self._signing is None or self._signing.check(frame, number, signed) in ACCEPTED:
            tap(bytes(frame))

    def _count(self, buffer: bytearray, at: int, length: int) -> None:
        """Watch the numbering of an autopilot, unless its signature tells it from others."""
        if buffer[at + 2]:
            return
        system_id, number, end = buffer[at + 5], buffer[at + 4], at + length
        fingerprint = buffer[end - 2] << 8 | buffer[end - 1]
        numbering = self._numbering.get(system_id)
        if numbering is None:
            self._numbering[system_id] = Numbering(number, fingerprint)
        elif numbering.expected == number:
            numbering.used[number] = fingerprint
            numbering.expected = (number + 1) & 255
        elif numbering.disagrees(number, fingerprint) and not self._must_sign(system_id):
            self.doubled.append(system_id)

    def _must_sign(self, system_id: int) -> bool:
        return self._signing is not None and self._signing.must_sign(system_id)

    def _latest(self, buffer: bytearray) -> dict[tuple[int, int], int]:
        """Where the last report of each kind begins, by (system id, message id); MAVLink 2 only.

        Nothing is checked here: noise can at worst hide a report, as any loss can. Reports that
        must be signed hide none, lest a forged one does.
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
                system_id = buffer[at + 5]
                if not self._must_sign(system_id):
                    latest[system_id, number] = at
            at += length
        return latest


def packet_length(data: bytes, at: int = 0) -> int:
    """Bytes of the packet that begins here; 0 when none can."""
    head = bytearray(data[at : at + 10])
    return _header(head, 0, len(head))[0] if len(head) >= 8 else 0


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
        return 12 + buffer[at + 1] + (BLOCK_BYTES if flags else 0), number
    if marker == MARKER_V1:
        return 8 + buffer[at + 1], buffer[at + 5]
    return 0, 0


def unpack(frame: bytearray, number: int) -> Any:
    """The fields of a packet by name; None when its checksum is wrong or its id is unknown."""
    layout = _layout(number)
    if layout is None:
        return None
    start = 10 if frame[0] == MARKER_V2 else 6
    end = start + frame[1]
    if dialect.x25crc(frame[1:end] + layout.crc_extra).crc != frame[end] | frame[end + 1] << 8:
        return None
    payload = frame[start:end]
    size: int = layout.size
    if len(payload) < size:
        payload += bytes(size - len(payload))  # trailing zeros are left out on the way
    values = layout.unpack(payload)
    return layout.fields(*(values if layout.flat else _grouped(values, layout.lengths)))


@dataclass(frozen=True, slots=True)
class _Layout:
    """How one message lies in a packet; ``lengths`` in the order of the wire."""

    unpack: Callable[[bytearray], tuple[Any, ...]]
    size: int
    crc_extra: bytes
    fields: Callable[..., Any]
    lengths: tuple[int, ...]
    flat: bool


@cache
def _layout(number: int) -> _Layout | None:
    kind = dialect.mavlink_map.get(number)
    if kind is None:
        return None
    texts = "s" in kind.unpacker.format
    return _Layout(
        unpack=kind.unpacker.unpack_from,
        size=kind.unpacker.size,
        crc_extra=bytes([kind.crc_extra]),
        fields=namedtuple(kind.msgname, kind.ordered_fieldnames, rename=True),
        lengths=tuple(kind.lengths),
        flat=not texts and all(length == 1 for length in kind.lengths),
    )


def _grouped(values: tuple[Any, ...], lengths: tuple[int, ...]) -> Iterator[Any]:
    """Values with arrays as lists and texts up to their first zero."""
    at = 0
    for length in lengths:
        value = values[at]
        if isinstance(value, bytes):
            yield value.split(b"\0", 1)[0].decode("ascii", "replace")
            at += 1
        elif length == 1:
            yield value
            at += 1
        else:
            yield list(values[at : at + length])
            at += length


class Encoder:
    """Packs messages as one sender: numbers and signs them as MAVLink wants it.

    Args:
        system_id, component_id: who sends (a ground station is 255/190 by custom).
        signing: who is spoken to with a signature; nobody if none is given.
    """

    def __init__(
        self, system_id: int = 255, component_id: int = 190, signing: Signing | None = None
    ) -> None:
        self._sender = (system_id, component_id)
        self._signing = signing
        self._numbers: dict[int, int] = {}

    def encode(self, message: Message, to: int = 0, component: int = 1) -> bytes:
        """The unsigned packet for one addressee (0: everybody)."""
        return self._pack(message, to, component, 0)[0]

    def packets(self, message: Message, to: int = 0) -> list[tuple[int, bytes]]:
        """The packets to send, each with the system id whose it is (0: everybody's).

        A message to everybody is signed once for each vehicle that has a key. Empty when the
        addressee must sign and has no key: it is never spoken to unsigned.
        """
        signing = self._signing
        if signing is None or not (to in signing.partners or signing.required or to == 0):
            return [(to, self.encode(message, to))]
        if to in signing.partners:
            return [(to, self._signed(message, to, to, signing))]
        if to != 0:
            signing.unsendable[to] += 1
            return []
        found = [(n, self._signed(message, 0, n, signing)) for n in sorted(signing.partners)]
        if not signing.required:
            found.append((0, self.encode(message)))
        return found

    def _signed(self, message: Message, to: int, partner: int, signing: Signing) -> bytes:
        packed, crc_extra = self._pack(message, to, 1, partner)
        return signing.sign(packed, crc_extra, partner)

    def _pack(self, message: Message, to: int, component: int, series: int) -> tuple[bytes, int]:
        """The packet, and the seed of its checksum; every signed partner has numbers of its own."""
        raw = WRITERS[type(message)](message, to, component if to else 0)
        number = self._numbers.get(series, 0)
        self._numbers[series] = (number + 1) & 255
        return _framed(raw, number, *self._sender), raw.crc_extra


def _framed(raw: Any, number: int, system_id: int, component_id: int) -> bytes:
    """A message as an unsigned packet; its own `pack` lays out the fields, the frame is ours."""
    raw._pack = _payload
    payload: bytes = raw.pack(None)
    payload = payload.rstrip(b"\0") or payload[:1]  # trailing zeros are left out, but for one byte
    kind: int = type(raw).id  # a field of the message may be called id as well
    body = _HEAD.pack(
        len(payload), 0, 0, number, system_id, component_id, kind & 0xFFFF, kind >> 16
    )
    body += payload
    checksum: int = dialect.x25crc(body + bytes((raw.crc_extra,))).crc
    return b"\xfd" + body + checksum.to_bytes(2, "little")


_HEAD = struct.Struct("<BBBBBBHB")


def _payload(_mav: None, _crc_extra: int, payload: bytes, force_mavlink1: bool = False) -> bytes:
    """In the place of pymavlink's framing."""
    return payload
