"""Packets parsed and packed in a second of one core, beside pymavlink's own way."""

import time
from collections.abc import Callable, Iterator

from pymavlink.dialects.v20 import ardupilotmega as wire

from benchmarks.fleet.generator import Talker
from benchmarks.fleet.registry import Row, Setting, Table, group
from fleet.links.codec import Encoder, Parser
from fleet.messages import CommandLong, Heartbeat, MissionItem

PIECE = 1400
VEHICLES = 51
LONGEST_S = 1.0


@group("codec", "Packets parsed and packed each second of one core, beside pymavlink")
def measure(setting: Setting) -> Iterator[Table]:
    """The best of several runs of each."""
    stream, count = _stream()
    pieces = [stream[k : k + PIECE] for k in range(0, len(stream), PIECE)]
    limit_s = min(LONGEST_S, setting.seconds)
    rows: list[Row] = [
        _row("parse telemetry", count, lambda: _ours(pieces), lambda: _theirs(pieces), limit_s),
        _row("pack", 300, _pack_ours, _pack_theirs, limit_s),
    ]
    yield Table(
        title="Codec, packets in a second of one core",
        columns=tuple(rows[0]),
        rows=rows,
        notes=(
            f"Telemetry of {VEHICLES} vehicles in pieces of {PIECE} bytes; ATTITUDE, which nobody "
            "reads, is skipped by its length, everything else is checked and becomes a value.",
            "Packed: COMMAND_LONG, MISSION_ITEM_INT and HEARTBEAT in equal parts.",
        ),
    )


def _stream() -> tuple[bytes, int]:
    """Two seconds of the generator's telemetry."""
    cast = [Talker(k + 1, k / VEHICLES, time.monotonic_ns()) for k in range(VEHICLES)]
    packets = [p for t in range(20) for talker in cast for p in talker.packets(t * 0.1 + 0.1)]
    return b"".join(packets), len(packets)


def _row(
    what: str, count: int, ours: Callable[[], None], theirs: Callable[[], None], limit_s: float
) -> Row:
    mine, other = count / _best_s(ours, limit_s), count / _best_s(theirs, limit_s)
    return {"what": what, "FlyOnce": mine, "pymavlink": other, "times": mine / other}


def _best_s(work: Callable[[], None], limit_s: float) -> float:
    """CPU seconds of the fastest of several runs."""
    best, spent = float("inf"), 0.0
    while spent < limit_s:
        began = time.process_time()
        work()
        took = time.process_time() - began
        best, spent = min(best, took), spent + max(took, 1e-4)
    return best


def _ours(pieces: list[bytes]) -> None:
    parser = Parser()
    for piece in pieces:
        parser.feed(piece)


def _theirs(pieces: list[bytes]) -> None:
    parser = wire.MAVLink(None)
    parser.robust_parsing = True
    for piece in pieces:
        parser.parse_buffer(piece)


def _pack_ours() -> None:
    encoder = Encoder()
    messages = (
        CommandLong(command=400, params=(1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)),
        MissionItem(seq=1, command=16, frame=3, x=289000000, y=1188000000, z=3.0),
        Heartbeat(kind=6, autopilot=8, base_mode=0, custom_mode=0, system_status=4),
    )
    for _ in range(100):
        for message in messages:
            encoder.encode(message, 7)


def _pack_theirs() -> None:
    link = wire.MAVLink(None, srcSystem=255, srcComponent=190)
    for _ in range(100):
        for message in (
            wire.MAVLink_command_long_message(7, 1, 400, 0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
            wire.MAVLink_mission_item_int_message(
                *(7, 1, 1, 3, 16, 0, 1, 0.0, 0.0, 0.0, 0.0, 289000000, 1188000000, 3.0)
            ),
            wire.MAVLink_heartbeat_message(6, 8, 0, 0, 4, 3),
        ):
            message.pack(link)
            link.seq = (link.seq + 1) & 255
