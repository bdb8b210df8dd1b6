"""A VTOL's whole mission: on its rotors up, on its wing over the lines, on its rotors down."""

import math
from typing import Any

import numpy as np
import pytest
from pymavlink.dialects.v20 import ardupilotmega as wire

from sim import territory
from sim.earth import per_degree_m
from sim.swarm import Swarm

TAKE_OFF, WAYPOINT, RETURN, TRIGGER = 22, 16, 20, 206
RELATIVE = 3
LINE_M, SPACING_M, LINES = 1200.0, 80.0, 4


@pytest.fixture
def flown(pilot: Any) -> tuple[Swarm, list[Any], list[tuple[float, ...]]]:
    """A survey of four lines; what every step looked like."""
    swarm = Swarm(territory.made(1, seed=2, kind="vtol"), booted=True)
    pilot.swarm = swarm
    dock = swarm.world.docks[0].position
    per_east, per_north = per_degree_m(dock.lat)

    def at(east: float, north: float) -> tuple[float, float]:
        return dock.lat + north / per_north, dock.lon + east / per_east

    corners = []
    for k in range(LINES):
        ends = [(300.0, 400.0 + k * SPACING_M), (300.0 + LINE_M, 400.0 + k * SPACING_M)]
        corners += ends if k % 2 == 0 else ends[::-1]
    items: list[tuple[float, ...]] = [
        (RELATIVE, WAYPOINT, 0, 0, 0, 0, *at(0, 0), 0),
        (RELATIVE, TAKE_OFF, 0, 0, 0, 0, *at(0, 0), 80),
        (RELATIVE, WAYPOINT, 0, 0, 0, 0, *at(*corners[0]), 80),
        (RELATIVE, TRIGGER, 40, 0, 0, 0, 0, 0, 0),
        *((RELATIVE, WAYPOINT, 0, 0, 0, 0, *at(*c), 80) for c in corners[1:]),
        (RELATIVE, TRIGGER, 0, 0, 0, 0, 0, 0, 0),
        (RELATIVE, RETURN, 0, 0, 0, 0, 0, 0, 0),
    ]
    pilot.run(2)
    assert pilot.upload(items) == 0
    assert pilot.command(wire.MAV_CMD_DO_SET_MODE, 1, 4) == 0
    assert pilot.command(wire.MAV_CMD_COMPONENT_ARM_DISARM, 1) == 0
    assert pilot.command(wire.MAV_CMD_MISSION_START) == 0
    states = []
    for _ in range(5 * 900):
        pilot.photos += swarm.step(0.2)
        states.append(swarm.state)
        if len(states) > 100 and not swarm.state.flying[0]:
            break
    places = [((s.lon[0] - dock.lon) * per_east, (s.lat[0] - dock.lat) * per_north) for s in states]
    return swarm, states, places


def test_it_flies_its_lines_on_the_wing_and_lands_in_its_dock(pilot: Any, flown: Any) -> None:
    swarm, states, places = flown
    assert not states[-1].flying[0]
    assert not states[-1].crashed[0]
    assert swarm.pads.of_vehicle[0] == 0
    over = [
        (s, north)
        for s, (east, north) in zip(states, places, strict=True)
        if 500.0 < east < 300.0 + LINE_M - 100.0 and north > 390.0
    ]
    assert all(s.wing[0] for s, _ in over)
    off = [abs((north - 400.0 + SPACING_M / 2) % SPACING_M - SPACING_M / 2) for _, north in over]
    assert np.percentile(off, 95) < 12.0
    assert len(pilot.photos) > 0.8 * LINES * LINE_M / 40


def test_it_is_on_its_rotors_near_the_ground(flown: Any) -> None:
    _, states, places = flown
    ground = states[0].altitude_m[0]
    for state, (east, north) in zip(states, places, strict=True):
        if state.altitude_m[0] - ground < 15.0 and math.hypot(east, north) < 100.0:
            assert not state.wing[0]
