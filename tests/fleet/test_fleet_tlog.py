"""Telemetry logs: every packet both ways, replayable by programs that we did not write."""

import asyncio
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymavlink import mavutil

from core.clock import ManualClock
from core.errors import InvalidInput
from core.geo import LonLat
from fleet.links import tlog
from fleet.links.link import MemoryLink, Receiver
from fleet.links.tlog import TelemetryLog
from fleet.messages import CommandLong, GlobalPosition, Heartbeat, Packet

NOW = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)
ARMED = Heartbeat(kind=2, autopilot=3, base_mode=0x81, custom_mode=3, system_status=4)


def _position(north: float, height_m: float = 80.0) -> GlobalPosition:
    return GlobalPosition(
        boot_s=1.0,
        position=LonLat(118.8, 28.9 + north * 1e-4),
        altitude_m=150.0,
        height_m=height_m,
        north_mps=0.0,
        east_mps=0.0,
        down_mps=0.0,
        heading_deg=0.0,
    )


async def _recorded(path: Path) -> None:
    """A short conversation with vehicle 7, while vehicle 8 talks, too."""
    clock = ManualClock(NOW)
    ground, vehicles = MemoryLink.pair()
    heard: list[Packet] = []
    await ground.open(Receiver(heard.append))
    await vehicles.open(Receiver(lambda packet: None))
    log = TelemetryLog(path)
    ground.wire.taps[7] = lambda packet: log.take(clock.now(), packet)
    vehicles.send(ARMED, sender=7)
    for k in range(5):
        vehicles.send(_position(k), sender=7)
        vehicles.send(_position(k), sender=8)
        ground.send(CommandLong(command=512, params=(0.0,) * 7), 7)
        ground.send(CommandLong(command=512, params=(0.0,) * 7), 8)
        await asyncio.sleep(0)
        clock.advance(1.0)
    log.close()
    await ground.close()
    await vehicles.close()


async def test_both_ways_are_taken_down_for_one_vehicle_only(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "flight.tlog"
    await _recorded(path)
    found = list(tlog.packets(path))
    assert {p.system_id for _, p in found} <= {7, 255}
    assert sum(isinstance(p.message, GlobalPosition) for _, p in found) == 5
    assert len(list(tlog.records(path))) == 11
    assert [f.at for f in tlog.track(path)] == [NOW + timedelta(seconds=k) for k in range(5)]


async def test_a_program_that_we_did_not_write_replays_it(tmp_path: Path) -> None:
    path = tmp_path / "flight.tlog"
    await _recorded(path)
    log: Any = mavutil.mavlink_connection(str(path))
    kinds, times = [], []
    while (message := log.recv_match()) is not None:
        kinds.append(message.get_type())
        times.append(message._timestamp)
    log.close()
    assert kinds.count("GLOBAL_POSITION_INT") == 5
    assert kinds.count("COMMAND_LONG") == 5
    assert "BAD_DATA" not in kinds
    assert times == sorted(times)
    assert times[0] == pytest.approx(NOW.timestamp())


async def test_a_log_goes_on_after_a_restart_and_survives_a_cut_end(tmp_path: Path) -> None:
    path = tmp_path / "flight.tlog"
    await _recorded(path)
    await _recorded(path)
    assert len(list(tlog.records(path))) == 22
    path.write_bytes(path.read_bytes()[:-5])
    assert len(list(tlog.records(path))) == 21


def test_what_is_no_log_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "notes.tlog"
    path.write_bytes(struct.pack(">Q", 1) + b"no packet begins like this")
    with pytest.raises(InvalidInput, match="begins no MAVLink packet") as error:
        list(tlog.records(path))
    assert str(path) in str(error.value)


def test_nothing_is_written_after_closing(tmp_path: Path) -> None:
    log = TelemetryLog(tmp_path / "a.tlog")
    log.close()
    log.take(NOW, b"late")
    log.close()
    assert (tmp_path / "a.tlog").read_bytes() == b""
