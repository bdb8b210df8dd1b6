"""Whatever well-formed nonsense a ground station sends, the simulated vehicles go on."""

import random
from typing import Any

import absurd
import numpy as np
import pytest
from pymavlink.dialects.v20 import ardupilotmega as wire

from sim.swarm import Swarm
from sim.world import build

MESSAGES, SETTLED_S = 250, 3.0
SETUP_SIGNING = wire.MAVLINK_MSG_ID_SETUP_SIGNING
"""Left out: whoever sets a key rightly hears nothing from a stranger any more."""
KINDS = tuple(n for n in sorted(wire.mavlink_map) if n != SETUP_SIGNING)


def mixed(city: Any) -> Any:
    """An ArduCopter, a PX4 and a QuadPlane."""
    made = city(docks=3)
    made["docks"][1]["autopilot"] = "px4"
    vehicle = {**made["docks"][2]["vehicle"], "id": "test-vtol", "vtol": True}
    made["docks"][2]["vehicle"] = vehicle
    return made


def lift(pilot: Any, swarm: Swarm) -> None:
    """All three into the air, each as its make wants it."""
    for to in (1, 3):
        pilot.command(wire.MAV_CMD_DO_SET_MODE, 1, 4, to=to)
        pilot.command(wire.MAV_CMD_COMPONENT_ARM_DISARM, 1, to=to)
        pilot.command(wire.MAV_CMD_NAV_TAKEOFF, 0, 0, 0, 0, 0, 0, 40, to=to)
    pilot.command(wire.MAV_CMD_NAV_TAKEOFF, 0, 0, 0, 0, 0, 0, 300, to=2)
    pilot.command(wire.MAV_CMD_COMPONENT_ARM_DISARM, 1, to=2)
    pilot.run(20)
    assert swarm.state.flying.all()


def answers(pilot: Any, to: int) -> bool:
    """Whether a vehicle still gives a parameter when it is asked for one."""
    pilot.heard.clear()
    pilot.send(wire.MAVLink_param_request_read_message(to, 1, b"", 0))
    return any(m.get_type() == "PARAM_VALUE" and m.get_srcSystem() == to for m in pilot.heard)


@pytest.mark.parametrize("seed", range(16 * absurd.EFFORT))
def test_no_message_stops_a_vehicle(seed: int, city: Any, pilot: Any) -> None:
    swarm = Swarm(build(mixed(city), seed=7), booted=True)
    ground: Any = type(pilot)(swarm)
    if seed % 2:
        lift(ground, swarm)
    rng = random.Random(seed)
    for _ in range(MESSAGES):
        often = rng.random() < 0.7
        ground.send(absurd.message(rng, rng.choice(absurd.FREQUENT if often else KINDS), (1, 2, 3)))
        if rng.random() < 0.2:
            swarm.step(rng.choice((0.05, 0.2, 1.0)))
    ground.run(SETTLED_S)
    state = swarm.state
    for place in (state.lon, state.lat, state.altitude_m, state.consumed_ah):
        assert np.isfinite(place).all()
    assert [to for to in (1, 2, 3) if not answers(ground, to)] == []
