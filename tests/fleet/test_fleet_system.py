"""A mission on the simulator over a real socket, with the controller restarted in mid-flight."""

import asyncio
import contextlib
import json
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from core.clock import FollowedClock
from core.equipment import CameraSpec, Sensor, VehicleSpec
from core.geo import HeightGrid, LonLat, offset
from core.route import Route, Waypoint
from fleet.address import MAIN, Address
from fleet.events import FleetEvent, Heard, Landed, PhotoTaken
from fleet.fleet import Fleet
from fleet.links.dronekit_link import DronekitLink
from fleet.links.link import Link
from fleet.links.mavlink import connect
from fleet.plans.cage import caged
from fleet.plans.mission import Mission, build, matches
from fleet.plans.proof import Conditions
from fleet.vehicle import Vehicle

pytestmark = pytest.mark.system
START = datetime(2026, 5, 12, tzinfo=UTC)
HOME = LonLat(118.52, 28.8)
CAMERA = CameraSpec(
    id="v", sensor=Sensor.VISIBLE, width_px=4000, height_px=3000, hfov_deg=70, stored_scale=0.02
)
SPEC = VehicleSpec(
    id="q",
    name="q",
    name_zh="q",
    vtol=False,
    cruise_mps=15,
    climb_mps=4,
    descent_mps=3,
    endurance_s=2400,
    recharge_s=1800,
    wind_limit_mps=12,
    cameras=(CAMERA,),
)
ROUTE = Route(
    tuple(
        Waypoint(position=offset(HOME, bearing, 300), height_m=80, photo_spacing_m=spacing)
        for bearing, spacing in ((0, 60), (60, 0), (120, 60), (180, 0))
    )
)


GROUND = HeightGrid(118.4, 28.7, 0.1, np.array([[100.0, 110.0, 120.0]] * 3))


def free_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
async def simulator(tmp_path: Path) -> AsyncIterator[int]:
    """The port of a simulator with two drones; its photos have nowhere to go, so few are taken."""
    spots = ((1, HOME), (2, offset(HOME, 90, 2000)))
    world = {
        "start": START.isoformat(),
        "docks": [
            {"system_id": n, "id": f"T-{n}", "lon": p.lon, "lat": p.lat, "vehicle": asdict(SPEC)}
            for n, p in spots
        ],
        "ground": {
            "west": 118.4,
            "south": 28.7,
            "step": 0.1,
            "rows": 3,
            "columns": 3,
            "heights_m": [[100, 110, 120]] * 3,
        },
        "places": [],
        "event_types": [],
        "demo": {},
    }
    path, port = tmp_path / "world.json", free_port()
    path.write_text(json.dumps(world))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "sim", "--world", str(path), "--port", str(port), "--speed", "max"),
        *("--service", f"http://127.0.0.1:{free_port()}", "--no-people", "--quiet"),
    )
    yield port
    process.terminate()
    await process.wait()


async def put(vehicle: Vehicle, mission: Mission, home: LonLat) -> None:
    """Upload a mission with the cage drawn for it, and prove it."""
    ground = Conditions(spec=SPEC, home=home, docks=(home,), heights=GROUND)
    plan, conditions = caged(mission, ground)
    await vehicle.upload(plan)
    vehicle.prove(conditions)


def fleet_on(link: Link, events: list[FleetEvent]) -> Fleet:
    clock = FollowedClock(START)
    return Fleet({MAIN: link}, clock, on_event=events.append, on_time=clock.follow)


async def test_a_mission_survives_a_restart_of_the_controller(simulator: int) -> None:
    mission = build(ROUTE, home=HOME, spec=SPEC)
    before: list[FleetEvent] = []
    async with fleet_on(connect(f"tcp:127.0.0.1:{simulator}"), before) as fleet:
        await fleet.heard([Address(MAIN, 1), Address(MAIN, 2)])
        vehicle = fleet.vehicle(Address(MAIN, 1))
        await put(vehicle, mission, HOME)
        await vehicle.launch()
        third = mission.waypoint_seqs[1]
        await vehicle.wait(lambda s: (s.mission_seq or 0) >= third, 300, "the second leg")
        await vehicle.hold()
        held_at = vehicle.state.mission_seq
    after: list[FleetEvent] = []
    async with fleet_on(connect(f"tcp:127.0.0.1:{simulator}"), after) as fleet:
        await fleet.heard([Address(MAIN, 1)])
        vehicle = fleet.vehicle(Address(MAIN, 1))
        state = await vehicle.wait_heard()
        assert state.in_flight
        await vehicle.wait(lambda s: s.mission_seq is not None, 30, "where it is in its mission")
        assert vehicle.state.mission_seq == held_at
        assert matches(mission, (await vehicle.download()).mission)
        await vehicle.resume()
        assert vehicle.state.mode == "AUTO"
        await vehicle.wait(lambda s: not s.armed, 600, "the landing")
        await asyncio.sleep(0)
        assert vehicle.state.mission_done
    first = next(e for e in after if isinstance(e, Heard) and e.vehicle == Address(MAIN, 1))
    assert first.armed
    assert sum(isinstance(e, Landed) for e in after if e.vehicle == Address(MAIN, 1)) == 1
    assert sum(isinstance(e, PhotoTaken) for e in before + after) >= 8


async def test_point_and_fly_through_dronekit(simulator: int) -> None:
    events: list[FleetEvent] = []
    async with fleet_on(DronekitLink(f"tcp:127.0.0.1:{simulator}"), events) as fleet:
        await fleet.heard([Address(MAIN, 2)])
        vehicle = fleet.vehicle(Address(MAIN, 2))
        home = offset(HOME, 90, 2000)
        mission = build(Route(ROUTE.waypoints[1:2]), home=home, spec=SPEC)
        await put(vehicle, mission, home)
        await vehicle.launch()
        await vehicle.go_to(offset(home, 0, 60), 60)
        await vehicle.return_home()
        await vehicle.wait(lambda s: not s.armed, 300, "the landing")
        assert vehicle.state.landed
