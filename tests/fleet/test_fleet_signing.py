"""Signatures against pymavlink's own, keys that stay secret, and nothing that passes unsigned."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from core.clock import ManualClock
from core.errors import InvalidInput, Unavailable
from fleet.address import MAIN, Address, named_links
from fleet.links.codec import Encoder, Parser
from fleet.links.gateway import Gateway
from fleet.links.keys import Keys, new_key
from fleet.links.signing import EPOCH, LAST, UNIT, WINDOW, Signing
from fleet.links.wire import Wire
from fleet.messages import CommandLong, Heartbeat, Message, Packet, StatusText

START = datetime(2026, 5, 12, tzinfo=UTC)
KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
BEAT = Heartbeat(kind=2, autopilot=3, base_mode=1, custom_mode=3, system_status=3)
ARM = CommandLong(command=400, params=(1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0))
SEVEN = Address(MAIN, 7)


def stamp(at: datetime) -> int:
    return (at - EPOCH) // UNIT


class Peer:
    """A vehicle that signs with pymavlink's own implementation."""

    def __init__(self, key: bytes | None = KEY, at: datetime = START, link_id: int = 3) -> None:
        self.mav = dialect.MAVLink(None, srcSystem=7, srcComponent=1)
        self.mav.robust_parsing = True
        self.mav.signing.secret_key = key
        self.mav.signing.sign_outgoing = key is not None
        self.mav.signing.link_id = link_id
        self.mav.signing.timestamp = stamp(at)

    def says(self, mode: int = 3, radio: bool = False) -> bytes:
        if radio:
            message = dialect.MAVLink_radio_status_message(1, 2, 3, 4, 5, 6, 7)
        else:
            message = dialect.MAVLink_heartbeat_message(2, 3, 1, mode, 3, 3)
        packed = bytes(message.pack(self.mav))
        self.mav.seq = (self.mav.seq + 1) % 256
        return packed

    def hears(self, data: bytes) -> list[str]:
        found = self.mav.parse_buffer(bytearray(data)) or []
        return [m.get_type() for m in found]


class Ground:
    """Our end: what it accepts, and what it sends."""

    def __init__(self, *, required: bool = True, keys: dict[int, bytes] | None = None) -> None:
        self.clock = ManualClock(START)
        self.wire = Wire.signed({7: KEY} if keys is None else keys, self.clock, required=required)
        self.parser = self.wire.parser()

    def hears(self, data: bytes) -> list[Packet]:
        return self.parser.feed(data)

    def says(self, message: Message, to: int = 7) -> bytes:
        return b"".join(data for _, data in self.wire.outgoing(message, to))

    @property
    def refused(self) -> dict[tuple[int, str], int]:
        return dict(self.wire.counts().refused)


def test_pymavlinks_signatures_are_believed_and_it_believes_ours() -> None:
    ground, peer = Ground(), Peer()
    for _ in range(300):  # round the sequence numbers
        (packet,) = ground.hears(peer.says())
        assert packet.message == BEAT
        assert peer.hears(ground.says(ARM)) == ["COMMAND_LONG"]
    assert peer.mav.signing.goodsig_count == 300
    assert peer.mav.signing.badsig_count == 0
    assert ground.wire.signed_share(7) == 1.0
    assert ground.refused == {}


def test_broadcasts_are_signed_for_each_vehicle_with_its_own_key() -> None:
    ground = Ground(keys={7: KEY, 8: OTHER})
    packets = dict(ground.wire.outgoing(BEAT, 0))
    assert sorted(packets) == [7, 8]
    assert Peer(KEY).hears(packets[7]) == ["HEARTBEAT"]
    assert Peer(KEY).hears(packets[8]) == ["BAD_DATA"]
    assert Peer(OTHER).hears(packets[8]) == ["HEARTBEAT"]


def test_unsigned_packets_of_a_vehicle_that_must_sign_are_counted_and_not_heard() -> None:
    ground = Ground(required=False)
    assert ground.hears(Peer(key=None).says()) == []
    assert ground.refused == {(7, "unsigned"): 1}
    assert ground.wire.signed_share(7) == 0.0
    old = dialect.MAVLink(None, srcSystem=7, srcComponent=1)
    beat = dialect.MAVLink_heartbeat_message(2, 3, 1, 3, 3, 3)
    assert ground.hears(bytes(beat.pack(old, force_mavlink1=True))) == []
    assert ground.refused == {(7, "unsigned"): 2}


def test_radio_status_may_be_unsigned_and_is_no_share_of_the_vehicle() -> None:
    ground = Ground()
    ground.hears(Peer(key=None).says(radio=True))
    assert ground.refused == {}
    assert ground.wire.signed_share(7) is None


def test_a_wrong_key_a_changed_byte_and_a_cut_packet_are_refused() -> None:
    ground = Ground()
    assert ground.hears(Peer(OTHER).says()) == []
    good = bytearray(Peer().says())
    good[-1] ^= 1
    assert ground.hears(bytes(good)) == []
    assert ground.refused == {(7, "forged"): 2}
    assert ground.hears(Peer().says()[:-3]) == []


def test_a_recorded_packet_is_not_heard_twice_but_another_stream_is_its_own() -> None:
    ground, peer = Ground(), Peer()
    recorded = peer.says()
    assert len(ground.hears(recorded)) == 1
    assert ground.hears(recorded) == []
    assert ground.refused == {(7, "replayed"): 1}
    assert len(ground.hears(Peer(link_id=4).says())) == 1
    assert len(ground.hears(peer.says())) == 1


def test_the_first_packet_of_a_stream_may_be_a_minute_old_and_not_more() -> None:
    assert timedelta(minutes=1) == WINDOW * UNIT
    for seconds, heard in ((59.0, 1), (61.0, 0)):
        ground = Ground()
        peer = Peer(at=START - timedelta(seconds=seconds))
        assert len(ground.hears(peer.says())) == heard
    assert ground.refused == {(7, "stale"): 1}


def test_a_vehicle_whose_clock_is_years_behind_is_set_right_by_our_heartbeat() -> None:
    ground, peer = Ground(), Peer(at=START - timedelta(days=3000))
    assert ground.hears(peer.says()) == []
    assert ground.parser.stale == {7}
    assert peer.hears(ground.says(BEAT, 0)) == ["HEARTBEAT"]
    assert len(ground.hears(peer.says())) == 1


def test_a_vehicle_whose_clock_is_ahead_is_followed_and_spoils_no_other() -> None:
    ground = Ground(keys={7: KEY, 8: OTHER})
    peer = Peer(at=START + timedelta(days=300))
    assert len(ground.hears(peer.says())) == 1
    assert peer.hears(ground.says(ARM)) == ["COMMAND_LONG"]
    other = dict(ground.wire.outgoing(BEAT, 0))[8]
    assert int.from_bytes(other[-12:-6], "little") == stamp(START)


def test_a_vehicle_that_signs_at_the_end_of_all_timestamps_is_not_followed_there() -> None:
    ground = Ground(keys={7: KEY})
    peer = Peer(at=EPOCH + (LAST + 1) * UNIT)
    assert ground.hears(peer.says()) == []
    assert int.from_bytes(ground.says(ARM)[-12:-6], "little") == stamp(START)


def test_timestamps_grow_with_every_packet_though_the_clock_stands_or_goes_back() -> None:
    ground = Ground()
    stamps = [int.from_bytes(ground.says(ARM)[-12:-6], "little") for _ in range(50)]
    assert stamps == list(range(stamps[0], stamps[0] + 50))
    ground.clock.advance(10)
    assert int.from_bytes(ground.says(ARM)[-12:-6], "little") >= stamps[-1] + 999_000


def test_without_a_key_nothing_is_sent_where_signing_is_required() -> None:
    ground = Ground(keys={})
    assert ground.says(ARM) == b""
    assert ground.says(BEAT, 0) == b""
    assert ground.hears(Peer(key=None).says()) == []
    counts = ground.wire.counts()
    assert counts.unsendable == {7: 1}
    assert counts.refused == {(7, "no key"): 1}


def test_a_vehicle_without_a_key_is_heard_where_signing_is_not_required() -> None:
    ground = Ground(required=False, keys={8: OTHER})
    assert len(ground.hears(Peer(key=None).says())) == 1
    assert ground.wire.signed_share(7) == 0.0
    assert Peer(key=None).hears(ground.says(ARM)) == ["COMMAND_LONG"]


def test_a_key_learnt_while_running_shuts_the_unsigned_out_at_once() -> None:
    ground = Ground(required=False, keys={})
    assert len(ground.hears(Peer(key=None).says())) == 1
    ground.wire.signing.learn(7, KEY)
    assert ground.hears(Peer(key=None).says()) == []
    assert len(ground.hears(Peer().says())) == 1
    ground.wire.signing.forget(7)
    assert len(ground.hears(Peer(key=None).says())) == 1


def test_of_many_reports_a_forged_one_hides_no_signed_one() -> None:
    ground, peer = Ground(), Peer()
    liar = Peer(key=None)
    stream = b"".join(peer.says(mode=n) for n in range(120)) + liar.says(mode=99)
    modes = [p.message.custom_mode for p in ground.hears(stream)]  # type: ignore[attr-defined]
    assert modes == list(range(120))


# --- keys --------------------------------------------------------------------------------------


def test_keys_are_kept_in_a_file_that_only_the_owner_reads(tmp_path: Path) -> None:
    path = tmp_path / "home" / "keys.json"
    keys = Keys({SEVEN: KEY}).with_key(Address("east", 7), OTHER)
    keys.save(path)
    assert path.stat().st_mode & 0o777 == 0o600
    again = Keys.load(path)
    assert again.key(SEVEN) == KEY
    assert again.of_link("east") == {7: OTHER}
    assert again.vehicles == keys.vehicles
    assert KEY.hex() not in repr(again)
    assert len(again.without(SEVEN)) == 1


def test_no_file_means_no_keys_and_a_missing_one_is_a_refusal(tmp_path: Path) -> None:
    keys = Keys.load(tmp_path / "keys.json")
    assert len(keys) == 0
    with pytest.raises(Unavailable, match=r"no signing key for main/7, main/8 \(enrol"):
        keys.require([Address(MAIN, 8), SEVEN])
    with pytest.raises(Unavailable, match="no signing key for main/7"):
        keys.key(SEVEN)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o777])
def test_a_file_that_others_may_read_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "keys.json"
    Keys({SEVEN: KEY}).save(path)
    path.chmod(mode)
    with pytest.raises(Unavailable, match=f"chmod 600 {path}"):
        Keys.load(path)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        '{"main/7": 5}',
        '{"main/7": "zz"}',
        '{"main/7": "00"}',
        json.dumps({"main/7": "00" * 32}),
        json.dumps({"main/999": KEY.hex()}),
        json.dumps({"main/7": KEY.hex(), "main/8": KEY.hex()}),
        "[" * 100_000,
    ],
)
def test_a_file_that_holds_no_keys_is_refused_and_quotes_none(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keys.json"
    handle = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    os.write(handle, content.encode())
    os.close(handle)
    with pytest.raises(InvalidInput, match=r"keys\.json") as caught:
        Keys.load(path)
    assert KEY.hex() not in str(caught.value)


def test_new_keys_differ() -> None:
    assert len({new_key() for _ in range(100)}) == 100
    assert {len(new_key())} == {32}


# --- gateway and names ---------------------------------------------------------------------------


@pytest.mark.parametrize("number", [126, 110, 76, 75, 256, 385, 120])
def test_what_reaches_a_shell_a_file_or_gives_orders_does_not_come_in(number: int) -> None:
    gateway = Gateway()
    kind = dialect.mavlink_map[number]
    payload = bytes(kind.unpacker.size)
    head = bytes([len(payload), 0, 0, 0, 7, 1, number & 255, number >> 8, 0])
    crc = dialect.x25crc(head + payload + bytes([kind.crc_extra])).crc
    assert Parser(gateway).feed(b"\xfd" + head + payload + crc.to_bytes(2, "little")) == []
    assert gateway.dropped_in == {number: 1}


def test_forced_arming_and_unknown_commands_do_not_go_out() -> None:
    wire = Wire()
    forced = CommandLong(command=400, params=(1.0, 21196.0, 0.0, 0.0, 0.0, 0.0, 0.0))
    assert wire.outgoing(forced, 7) == []
    assert wire.outgoing(CommandLong(command=185, params=(1.0,) * 7), 7) == []
    assert len(wire.outgoing(ARM, 7)) == 1
    assert wire.counts().dropped_out == {"forced arming": 1, "command 185": 1}


def test_links_have_names() -> None:
    assert dict(named_links("tcp:h:1")) == {"main": "tcp:h:1"}
    assert list(named_links("main=tcp:h:1  east=serial:/dev/ttyUSB0:57600")) == ["main", "east"]
    for wrong in ("", "a=tcp:h:1 a=tcp:h:2", "tcp:h:1 tcp:h:2", "A=tcp:h:1", "x="):
        with pytest.raises(InvalidInput, match="NAME=ADDRESS"):
            named_links(wrong)


@pytest.mark.parametrize("text", ["", "x", "main/0", "main/255", "M/1", "main/-1", "main/1/2"])
def test_what_is_no_vehicle_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="LINK/SYSTEM_ID"):
        Address.parse(text)


def test_addresses_read_and_write_the_same() -> None:
    assert Address.parse("7") == SEVEN
    assert Address.parse(str(Address("east", 200))) == Address("east", 200)
    assert StatusText(severity=1, text="x") in [
        p.message for p in Parser().feed(Encoder(1, 1).encode(StatusText(severity=1, text="x")))
    ]


def test_signing_tells_who_is_a_partner() -> None:
    signing = Signing({7: KEY}, ManualClock(START))
    assert signing.must_sign(7)
    assert not signing.must_sign(8)
    assert signing.partners == {7}
