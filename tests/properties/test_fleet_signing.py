"""Forged, truncated, replayed and shuffled signed packets: nothing false is heard, nothing breaks.

Bounded: about 1,500 examples, a few seconds.
"""

import math
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as dialect

from core.clock import ManualClock
from fleet.links.codec import MARKER_V2, unpack
from fleet.links.signing import Signing
from fleet.links.wire import Wire
from fleet.messages import StatusText

START = datetime(2026, 5, 12, tzinfo=UTC)
KEY = bytes(range(32))
WRONG = bytes(32)[:-1] + b"\1"


def ground() -> Wire:
    return Wire(Signing({7: KEY}, ManualClock(START), required=True))


def vehicle(key: bytes = KEY) -> Wire:
    signing = Signing({255: key}, ManualClock(START), required=True)
    return Wire(signing, system_id=7, component_id=1)


def spoken(wire: Wire, count: int) -> list[bytes]:
    texts = [StatusText(severity=6, text=f"line {n}") for n in range(count)]
    return [data for text in texts for _, data in wire.outgoing(text, 255)]


EDITS = st.lists(
    st.tuples(st.floats(0, 0.9999), st.binary(min_size=1, max_size=4)), min_size=1, max_size=4
)


@settings(max_examples=400, deadline=None)
@given(EDITS, st.integers(0, 9))
def test_whatever_is_changed_in_a_packet_it_is_not_heard(
    edits: list[tuple[float, bytes]], which: int
) -> None:
    packets = spoken(vehicle(), 10)
    changed = bytearray(packets[which])
    for place, patch in edits:
        at = int(place * len(changed))
        changed[at : at + len(patch)] = patch
    parser = ground().parser()
    heard = parser.feed(bytes(changed))
    if bytes(changed) != packets[which]:
        assert heard == [] or packets[which] in bytes(changed)


@settings(max_examples=300, deadline=None)
@given(EDITS, st.integers(0, 9))
def test_a_forger_with_a_right_checksum_and_no_key_is_not_heard(
    edits: list[tuple[float, bytes]], which: int
) -> None:
    forged = bytearray(spoken(vehicle(WRONG), 10)[which])
    for place, patch in edits:  # link id, timestamp and signature as he likes
        at = len(forged) - 13 + int(place * 13)
        forged[at : at + len(patch)] = patch
    wire = ground()
    assert wire.parser().feed(bytes(forged[: len(spoken(vehicle(WRONG), 10)[which])])) == []
    assert wire.signed_share(7) in (None, 0.0)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 11), min_size=1, max_size=60))
def test_replayed_in_any_order_each_packet_is_heard_at_most_once(order: list[int]) -> None:
    packets = spoken(vehicle(), 12)
    parser = ground().parser()
    heard = [p.message.text for n in order for p in parser.feed(packets[n])]  # type: ignore[attr-defined]
    numbers = [int(text.split()[1]) for text in heard]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] == max(order)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=4), st.integers(1, 80), st.data())
def test_noise_and_cuts_between_signed_packets_break_nothing(
    noise: list[bytes], cut: int, data: st.DataObject
) -> None:
    packets = spoken(vehicle(), 6)
    parser = ground().parser()
    for piece in (*noise, packets[0][:cut]):
        parser.feed(piece)
    parser.clear()  # as between datagrams
    heard = [p.message for p in parser.feed(b"".join(packets[1:]))]
    assert [m.text for m in heard] == [f"line {n}" for n in range(1, 6)]  # type: ignore[attr-defined]


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(sorted(dialect.mavlink_map)),
    st.binary(max_size=255),
    st.integers(0, 255),
)
def test_packets_are_unpacked_as_pymavlink_does_it(number: int, payload: bytes, seq: int) -> None:
    kind = dialect.mavlink_map[number]
    payload = payload[: kind.unpacker.size] or b"\0"
    head = bytes([len(payload), 0, 0, seq, 7, 1, number & 255, number >> 8 & 255, number >> 16])
    crc = dialect.x25crc(head + payload + bytes([kind.crc_extra])).crc
    frame = bytearray([MARKER_V2, *head, *payload, crc & 255, crc >> 8])
    ours, theirs = unpack(bytearray(frame), number), dialect.MAVLink(None).decode(frame)
    assert ours is not None
    for name in kind.fieldnames:
        assert same(getattr(ours, name), getattr(theirs, name)), name
    frame[-1] ^= 1
    assert unpack(frame, number) is None


def same(a: object, b: object) -> bool:
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) and isinstance(b, float):
        return a == b or (math.isnan(a) and math.isnan(b))
    return a == b
