"""Signing with a simulated fleet over a real socket: set up, and after restarts."""

import asyncio
import contextlib
import json
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.clock import FollowedClock
from core.equipment import VehicleSpec
from core.geo import LonLat, offset
from fleet.address import MAIN, Address
from fleet.fleet import Fleet
from fleet.links.keys import new_key
from fleet.links.mavlink import connect
from fleet.links.signing import EPOCH, UNIT
from fleet.links.wire import Wire
from fleet.messages import SetupSigning
from fleet.vocabulary import Command, Stream

pytestmark = pytest.mark.system
START = datetime(2026, 5, 12, tzinfo=UTC)
HOME = LonLat(118.87, 28.95)
SPEC = VehicleSpec(
    id="q", name="q", name_zh="q", vtol=False, cruise_mps=15, climb_mps=4, descent_mps=3,
    endurance_s=2400, recharge_s=1800, wind_limit_mps=12, cameras=(),
)  # fmt: skip
ONE, TWO = Address(MAIN, 1), Address(MAIN, 2)


def free_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
async def simulator(tmp_path: Path) -> AsyncIterator[int]:
    """The port of a simulator with two drones at five times real time."""
    spots = ((1, HOME), (2, offset(HOME, 90, 2000)))
    ground = {"west": 118.4, "south": 28.7, "step": 0.1, "rows": 3, "columns": 3}
    world = {
        "start": START.isoformat(),
        "docks": [
            {"system_id": n, "id": f"T-{n}", "lon": p.lon, "lat": p.lat, "vehicle": asdict(SPEC)}
            for n, p in spots
        ],
        "ground": {**ground, "heights_m": [[100, 110, 120]] * 3},
        "places": [],
        "event_types": [],
        "demo": {},
    }
    path, port = tmp_path / "world.json", free_port()
    path.write_text(json.dumps(world))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "sim", "--world", str(path), "--port", str(port), "--speed", "5"),
        *("--service", f"http://127.0.0.1:{free_port()}", "--no-people", "--quiet"),
    )
    yield port
    process.terminate()
    await process.wait()


def fleet_on(port: int, wire: Wire, clock: FollowedClock) -> Fleet:
    link = connect(f"tcp:127.0.0.1:{port}", wire)
    return Fleet({MAIN: link}, clock, on_event=lambda event: None, on_time=clock.follow)


async def test_one_vehicle_signs_and_the_other_need_not_through_restarts_and_wrong_keys(
    simulator: int,
) -> None:
    key, clock = new_key(), FollowedClock(START)
    wire = Wire.signed({}, clock, required=False)
    async with fleet_on(simulator, wire, clock) as fleet:
        await fleet.heard([ONE, TWO])
        vehicle = fleet.vehicle(ONE)
        assert vehicle.channel.signed_share == 0.0
        vehicle.channel.send(SetupSigning(key=key, timestamp=(clock.now() - EPOCH) // UNIT))
        await clock.sleep(2)
        wire.signing.learn(1, key)
        await clock.sleep(10)
        assert vehicle.channel.signed_share == 1.0
        assert fleet.vehicle(TWO).channel.signed_share == 0.0
        assert not vehicle.lost
        await vehicle.commander.long(Command.SET_MESSAGE_INTERVAL, Stream.WIND, 1e6)
    for tried, heard in ((key, True), (new_key(), False)):
        later = FollowedClock(clock.now())
        wire = Wire.signed({1: tried}, later, required=False)
        async with fleet_on(simulator, wire, later) as fleet:
            await fleet.heard([TWO])
            await later.sleep(8)
            assert (ONE in fleet.vehicles) is heard
            assert wire.signed_share(1) == (1.0 if heard else 0.0)
            assert bool(wire.counts().refused) is not heard
