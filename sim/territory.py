"""A world of its own for a simulation without a city: N docked drones on gentle hills.

Docks lie in rows 400 m apart, links carry 250 drones each, and the cameras are those of ordinary
docked drones. There is nothing to find on the ground.
"""

import math
from datetime import UTC, datetime

import numpy as np

from core.equipment import CameraSpec, Sensor, VehicleSpec
from core.errors import InvalidInput
from core.geo import HeightGrid, LonLat
from sim.earth import per_degree_m
from sim.world import FIRMWARES, Dock, World

CENTRE = LonLat(118.87, 28.94)
START = datetime(2026, 5, 12, 0, 0, tzinfo=UTC)
SPACING_M = 400.0
PER_LINK = 250
"""MAVLink's system ids 1 to 250; those above are left to ground stations."""
MOST = 5000
KINDS = ("multirotor", "vtol", "mixed")
AUTOPILOTS = (*FIRMWARES, "mixed")
OLDEST_CYCLES = 60.0
"""Batteries have seen up to so many full discharges, each one its own number."""
STEP_DEG, HILL_M, HILL_DEG, SEA_LEVEL_M = 0.01, 25.0, 0.07, 80.0
"""The ground: nodes, height and length of its waves, its mean height."""

_CAMERAS = (
    CameraSpec(id="wide", sensor=Sensor.VISIBLE, width_px=4000, height_px=3000, hfov_deg=73.0),
    CameraSpec(id="thermal", sensor=Sensor.THERMAL, width_px=640, height_px=512, hfov_deg=45.0),
)
MULTIROTOR = VehicleSpec(
    id="sim-multirotor",
    name="Simulated docked multirotor",
    name_zh="模拟机巢多旋翼",
    vtol=False,
    cruise_mps=15.0,
    climb_mps=6.0,
    descent_mps=5.0,
    endurance_s=2700.0,
    recharge_s=1620.0,
    wind_limit_mps=12.0,
    cameras=_CAMERAS,
    mass_kg=6.0,
)
VTOL = VehicleSpec(
    id="sim-vtol",
    name="Simulated VTOL aircraft",
    name_zh="模拟复合翼无人机",
    vtol=True,
    cruise_mps=23.0,
    climb_mps=4.0,
    descent_mps=3.0,
    endurance_s=6600.0,
    recharge_s=3000.0,
    wind_limit_mps=13.0,
    cameras=_CAMERAS[:1],
    max_height_m=300.0,
    mass_kg=12.0,
)


def made(
    drones: int, seed: int = 7, *, kind: str = "multirotor", autopilot: str = "ardupilot"
) -> World:
    """A world with this many drones.

    Args:
        kind: "multirotor", "vtol", or "mixed": every second one.
        autopilot: "ardupilot", "ardupilot-4.5", "px4", or "mixed": every second one a PX4.

    Raises:
        InvalidInput: too few or too many drones, or no such kind or autopilot.
    """
    _check(drones, kind, autopilot)
    side = math.ceil(math.sqrt(drones))
    per_east, per_north = per_degree_m(CENTRE.lat)
    cycles = np.random.default_rng([seed, 13]).uniform(0.0, OLDEST_CYCLES, drones)
    docks = tuple(
        Dock(
            system_id=k % PER_LINK + 1,
            id=f"SIM-{k + 1:03d}",
            position=LonLat(
                CENTRE.lon + (k % side - (side - 1) / 2) * SPACING_M / per_east,
                CENTRE.lat + (k // side - (side - 1) / 2) * SPACING_M / per_north,
            ),
            vehicle=VTOL if kind == "vtol" or (kind == "mixed" and k % 2) else MULTIROTOR,
            link=link_name(k // PER_LINK),
            autopilot=firmware(autopilot, k),
            cycles=float(cycles[k]),
        )
        for k in range(drones)
    )
    return World(
        start=START,
        docks=docks,
        ground=_hills(side * SPACING_M / per_east, seed),
        places=(),
        event_kinds=(),
        demo={},
        seed=seed,
    )


def link_name(number: int) -> str:
    """Names of the links: main, link2, link3 ...

    >>> link_name(0), link_name(1)
    ('main', 'link2')
    """
    return "main" if number == 0 else f"link{number + 1}"


def firmware(choice: str, index: int) -> str:
    """The firmware of a vehicle: the chosen one, or of "mixed" every second one."""
    return ("ardupilot", "px4")[index % 2] if choice == "mixed" else choice


def _check(drones: int, kind: str, autopilot: str) -> None:
    if not 1 <= drones <= MOST:
        raise InvalidInput(f"{drones} drones", where="--drones", remedy=f"1 to {MOST}")
    for value, known, option in ((kind, KINDS, "--kind"), (autopilot, AUTOPILOTS, "--autopilot")):
        if value not in known:
            raise InvalidInput(f"{value!r} is not known", where=option, remedy=", ".join(known))


def _hills(width_deg: float, seed: int) -> HeightGrid:
    """Two crossing waves round the centre, 0.2 degrees wider than the docks."""
    nodes = math.ceil((width_deg + 0.4) / STEP_DEG) + 1
    west, south = (c - (nodes - 1) / 2 * STEP_DEG for c in (CENTRE.lon, CENTRE.lat))
    phase = np.random.default_rng([seed, 32]).uniform(0.0, 2 * math.pi, 2)
    at = np.arange(nodes) * STEP_DEG * 2 * math.pi / HILL_DEG
    heights = SEA_LEVEL_M + HILL_M * (np.sin(at + phase[0])[:, None] + np.sin(at + phase[1])) / 2
    return HeightGrid(west=west, south=south, step=STEP_DEG, heights_m=heights)
