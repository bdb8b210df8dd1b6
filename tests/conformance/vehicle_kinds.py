"""Vehicles of every kind that the fleet must fly, each as a process of its own.

A kind that cannot be had here says why; its tests are skipped with that reason.
"""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.equipment import CameraSpec, Sensor, VehicleSpec
from core.geo import LonLat
from sim.sitl.process import Post
from sim.sitl.sitl import Sitl

START = datetime(2026, 5, 12, tzinfo=UTC)
HOME = LonLat(118.52, 28.8)
GROUND_M = 110.0
CAMERA = CameraSpec(
    id="v", sensor=Sensor.VISIBLE, width_px=4000, height_px=3000, hfov_deg=70, stored_scale=0.02
)
SPEC = VehicleSpec(
    id="q",
    name="q",
    name_zh="q",
    vtol=False,
    cruise_mps=10,
    climb_mps=2.5,
    descent_mps=1.5,
    endurance_s=2400,
    recharge_s=1800,
    wind_limit_mps=12,
    cameras=(CAMERA,),
)


@dataclass(frozen=True)
class Kind:
    """One kind of vehicle.

    Attributes:
        autopilot: what the fleet must recognise it as.
        lacking: why it cannot be had here; None when it can.
        fly: runs one, given a folder; its MAVLink address for the fleet.
    """

    name: str
    autopilot: str
    lacking: Callable[[], str | None]
    fly: Callable[[Path], AbstractContextManager[str]]


def _free_port(kind: socket.SocketKind) -> int:
    with contextlib.closing(socket.socket(socket.AF_INET, kind)) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _world(autopilot: str | None) -> dict[str, object]:
    dock = {
        "system_id": 1,
        "id": "T-1",
        "lon": HOME.lon,
        "lat": HOME.lat,
        "vehicle": asdict(SPEC),
        **({"autopilot": autopilot} if autopilot else {}),
    }
    ground = {"west": 118.4, "south": 28.7, "step": 0.1, "rows": 3, "columns": 3}
    return {
        "start": START.isoformat(),
        "docks": [dock],
        "ground": {**ground, "heights_m": [[GROUND_M] * 3] * 3},
        "places": [],
        "event_types": [],
        "demo": {},
    }


@contextmanager
def _simulated(folder: Path, autopilot: str | None = None) -> Iterator[str]:
    """Our simulator over TCP, as fast as it goes; its photographs have nowhere to go."""
    world, port = folder / "world.json", _free_port(socket.SOCK_STREAM)
    world.write_text(json.dumps(_world(autopilot)))
    command = [
        *(sys.executable, "-m", "sim", "--world", str(world), "--port", str(port)),
        *("--service", f"http://127.0.0.1:{_free_port(socket.SOCK_STREAM)}"),
        *("--speed", "max", "--no-people", "--quiet"),
    ]
    process = subprocess.Popen(command)
    try:
        yield f"tcp:127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def _real_arducopter(folder: Path) -> Iterator[str]:
    port = _free_port(socket.SOCK_DGRAM)
    sitl = Sitl(
        Path(os.environ["FLYONCE_ARDUPILOT"]),
        [Post(system_id=1, name="T-1", position=HOME, altitude_m=GROUND_M)],
        to=("127.0.0.1", port),
        speed=float(os.environ.get("FLYONCE_ARDUPILOT_SPEED", "10")),
        start=START,
        folder=folder,
    )
    with asyncio.Runner() as runner:
        runner.run(sitl.__aenter__())
        try:
            yield f"udpin:127.0.0.1:{port}"
        finally:
            runner.run(sitl.__aexit__(None, None, None))


@contextmanager
def _real_px4(folder: Path) -> Iterator[str]:
    """PX4's own simulation in hardware (SIH): it sends to 14550 + instance, or where told."""
    binary = Path(os.environ["FLYONCE_PX4"]).absolute()
    place = {"PX4_HOME_LAT": HOME.lat, "PX4_HOME_LON": HOME.lon, "PX4_HOME_ALT": GROUND_M}
    environment = {
        **os.environ,
        **{name: str(value) for name, value in place.items()},
        "PX4_SIM_MODEL": "sihsim_quadx",
        "PX4_SIM_SPEED_FACTOR": os.environ.get("FLYONCE_PX4_SPEED", "5"),
    }
    with (folder / "px4.log").open("wb") as log:
        process = subprocess.Popen(
            [binary, "-d", binary.parent.parent / "etc"],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        time.sleep(1)
        yield "udpin:127.0.0.1:14550"
    finally:
        process.terminate()
        process.wait(30)


def _named(variable: str, what: str) -> Callable[[], str | None]:
    def lacking() -> str | None:
        return None if os.environ.get(variable) else f"{variable} names no {what}"

    return lacking


KINDS = (
    Kind("simulated-arducopter", "ArduCopter", lambda: None, _simulated),
    Kind(
        "simulated-arducopter-4.5",
        "ArduCopter",
        lambda: None,
        lambda folder: _simulated(folder, "ardupilot-4.5"),
    ),
    Kind("simulated-px4", "PX4", lambda: None, lambda folder: _simulated(folder, "px4")),
    Kind(
        "real-arducopter",
        "ArduCopter",
        _named("FLYONCE_ARDUPILOT", "arducopter built for SITL"),
        _real_arducopter,
    ),
    Kind("real-px4", "PX4", _named("FLYONCE_PX4", "px4 built for SITL"), _real_px4),
)
