"""The codec keeps what it carries; the state survives whatever comes."""

import math
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as dialect

from core.geo import LonLat
from fleet.address import MAIN, Address
from fleet.autopilots import ArduCopter, Autopilot, Px4
from fleet.events import derive
from fleet.links.codec import Encoder, Parser
from fleet.links.gateway import Gateway
from fleet.links.writers import WRITERS
from fleet.messages import (
    CameraFeedback,
    CommandAck,
    CommandInt,
    CommandLong,
    GlobalPosition,
    Heartbeat,
    Message,
    MissionCount,
    MissionCurrent,
    MissionItem,
    MissionRequest,
    StatusText,
    SysStatus,
    SystemTime,
)
from fleet.state import VehicleState, update

START = datetime(2026, 5, 12, tzinfo=UTC)
U8, U16 = st.integers(0, 255), st.integers(0, 65535)
F32 = st.floats(width=32, allow_nan=False, allow_infinity=False)
E7 = st.builds(
    lambda lon, lat: LonLat(lon / 1e7, lat / 1e7),
    st.integers(-1800000000, 1800000000),
    st.integers(1, 900000000),
)
CENTI = st.integers(-30000, 30000).map(lambda v: v / 100)
MILLI = st.integers(-(2**31), 2**31 - 1).map(lambda v: v / 1000)
TIMES = st.integers(1, 4 * 10**15).map(
    lambda us: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
)
BOOT = st.integers(0, 2**32 - 1).map(lambda ms: ms / 1000)
MESSAGES: st.SearchStrategy[Message] = st.one_of(
    st.builds(
        Heartbeat,
        kind=U8,
        autopilot=U8,
        base_mode=U8,
        custom_mode=st.integers(0, 2**32 - 1),
        system_status=U8,
    ),
    st.builds(SystemTime, utc=st.none() | TIMES, boot_s=BOOT),
    st.builds(
        SysStatus,
        battery=st.none() | st.integers(0, 100).map(lambda p: p / 100),
        voltage_v=st.none() | st.integers(0, 60000).map(lambda v: v / 1000),
        current_a=st.none() | st.integers(0, 30000).map(lambda v: v / 100),
        ready=st.none() | st.booleans(),
    ),
    st.builds(
        GlobalPosition,
        boot_s=BOOT,
        position=st.none() | E7,
        altitude_m=MILLI,
        height_m=MILLI,
        north_mps=CENTI,
        east_mps=CENTI,
        down_mps=CENTI,
        heading_deg=st.none() | st.integers(0, 35999).map(lambda v: v / 100),
    ),
    st.builds(
        CommandLong, command=U16, params=st.tuples(F32, F32, F32, F32, F32, F32, F32),
        confirmation=U8,
    ),
    st.builds(
        CommandInt, command=U16, frame=U8, params=st.tuples(F32, F32, F32, F32),
        x=st.integers(-(2**31), 2**31 - 1), y=st.integers(-(2**31), 2**31 - 1), z=F32,
    ),
    st.builds(CommandAck, command=U16, result=U8, progress=st.none() | st.integers(0, 100)),
    st.builds(MissionCount, count=U16, mission_type=U8),
    st.builds(MissionRequest, seq=U16, mission_type=U8, old=st.booleans()),
    st.builds(
        MissionItem, seq=U16, command=U16, frame=U8, params=st.tuples(F32, F32, F32, F32),
        x=st.integers(-(2**31), 2**31 - 1), y=st.integers(-(2**31), 2**31 - 1), z=F32,
        current=st.booleans(), mission_type=U8,
    ),
    st.builds(MissionCurrent, seq=U16, total=st.integers(0, 65534), state=st.integers(1, 255)),
    st.builds(
        StatusText, severity=U8,
        text=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=50),
        text_id=U16, chunk=U8,
    ),
    st.builds(
        CameraFeedback, taken_at=st.none() | TIMES, index=U16, camera=st.integers(1, 255),
        position=st.none() | E7, altitude_m=F32, height_m=F32,
    ),
)  # fmt: skip


def reading() -> Parser:
    """A vehicle's parser: it hears orders, too."""
    return Parser(Gateway(vehicle_side=True))


@settings(max_examples=300, deadline=None)
@given(MESSAGES, st.integers(1, 255), st.integers(0, 255))
def test_what_is_sent_arrives(message: Message, sender: int, to: int) -> None:
    (packet,) = reading().feed(Encoder(sender, 1).encode(message, to))
    assert packet.system_id == sender
    assert packet.message == message


@settings(max_examples=200, deadline=None)
@given(MESSAGES, st.integers(1, 255), st.integers(0, 255), st.integers(0, 255))
def test_packets_are_packed_as_pymavlink_does_it(
    message: Message, sender: int, to: int, number: int
) -> None:
    encoder = Encoder(sender, 9)
    encoder._numbers[0] = number
    theirs = dialect.MAVLink(None, srcSystem=sender, srcComponent=9)
    theirs.seq = number
    raw = WRITERS[type(message)](message, to, 1 if to else 0)
    assert encoder.encode(message, to) == bytes(raw.pack(theirs))


@settings(max_examples=100, deadline=None)
@given(st.lists(MESSAGES, min_size=1, max_size=8), st.data())
def test_a_stream_may_be_cut_anywhere(messages: list[Message], data: st.DataObject) -> None:
    encoder = Encoder(1, 1)
    stream = b"".join(encoder.encode(m) for m in messages)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    parser = reading()
    got = []
    for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        got += [p.message for p in parser.feed(stream[a:b])]
    assert got == messages


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=40).filter(lambda b: not {0xFD, 0xFE} & set(b)), MESSAGES)
def test_rubbish_before_a_packet_is_skipped(rubbish: bytes, message: Message) -> None:
    packets = reading().feed(rubbish + Encoder(1, 1).encode(message))
    assert [p.message for p in packets] == [message]


def fold(state: VehicleState, message: Message, autopilot: Autopilot) -> VehicleState:
    after = update(state, message, START, autopilot)
    derive(state, after, message)
    return after


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(dialect.mavlink_map)), st.binary(max_size=255)),
        max_size=10,
    ),
    st.sampled_from([ArduCopter(), Px4()]),
)
def test_any_payload_of_any_message_folds(
    payloads: list[tuple[int, bytes]], autopilot: Autopilot
) -> None:
    state = VehicleState(address=Address(MAIN, 1), heard_at=START)
    parser = reading()
    for number, payload in payloads:
        for packet in parser.feed(forged(number, payload)):
            state = fold(state, packet.message, autopilot)
    assert all(
        v is None or math.isfinite(v) for v in (state.speed_mps, state.height_m, state.battery)
    )


def forged(number: int, payload: bytes) -> bytes:
    """A packet with a right checksum and whatever payload."""
    head = bytes([len(payload), 0, 0, 0, 1, 1, number & 255, number >> 8 & 255, number >> 16])
    crc = dialect.x25crc(head + payload + bytes([dialect.mavlink_map[number].crc_extra])).crc
    return bytes([dialect.PROTOCOL_MARKER_V2]) + head + payload + crc.to_bytes(2, "little")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=5), MESSAGES, st.data())
def test_noise_and_truncated_packets_raise_nothing(
    noise: list[bytes], message: Message, data: st.DataObject
) -> None:
    packed = Encoder(1, 1).encode(message)
    parser = reading()
    state = VehicleState(address=Address(MAIN, 1), heard_at=START)
    for piece in [*noise, packed[: data.draw(st.integers(0, len(packed)))]]:
        for packet in parser.feed(piece):
            state = fold(state, packet.message, ArduCopter())


def test_of_many_reports_only_the_last_is_unpacked_and_no_event_is_lost() -> None:
    encoders = {n: Encoder(n, 1) for n in (1, 2)}
    stream = bytearray()
    for second in range(200):
        for system_id, encoder in encoders.items():
            at = START + timedelta(seconds=second)
            stream += encoder.encode(SystemTime(utc=at, boot_s=float(second)))
            stream += encoder.encode(StatusText(severity=6, text=f"{system_id} {second}"))
    packets = reading().feed(stream)
    times = [p for p in packets if isinstance(p.message, SystemTime)]
    assert [(p.system_id, p.message.boot_s) for p in times] == [(1, 199.0), (2, 199.0)]  # type: ignore[attr-defined]
    texts = [p.message.text for p in packets if isinstance(p.message, StatusText)]
    assert texts == [f"{n} {second}" for second in range(200) for n in (1, 2)]
