"""A vehicle that talks well-formed nonsense: requests end with named errors, and it is flown after.

How much is tried: `absurd.EFFORT` times as much as usual (environment variable FLYONCE_FUZZ).
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import absurd
import pytest
from pymavlink.dialects.v20 import ardupilotmega as wire

from core.clock import ManualClock
from core.equipment import VehicleSpec
from core.errors import FlyOnceError
from core.geo import FlatGround, LonLat, offset
from core.route import Route, Waypoint
from fleet.address import MAIN, Address
from fleet.links.gateway import Gateway
from fleet.messages import EkfStatus
from fleet.plans.cage import caged
from fleet.plans.flightplan import FlightPlan
from fleet.plans.mission import build
from fleet.plans.proof import Conditions
from fleet.vehicle import Vehicle

HOME = LonLat(118.87, 28.95)
QUIET_S = 40.0
"""So long after the storm every suspicion and late answer is over."""
SPEC = VehicleSpec(
    id="q", name="q", name_zh="q", vtol=False, cruise_mps=15, climb_mps=4, descent_mps=3,
    endurance_s=2400, recharge_s=1800, wind_limit_mps=12, cameras=(),
)  # fmt: skip
HEARD = tuple(sorted(Gateway().readers))
"""What a ground station lets in at all."""


class Liar:
    """Speaks on the vehicles' side of a link, in the name of one of them."""

    def __init__(self, world: Any, system_id: int, seed: int) -> None:
        self._world = world
        self._rng = random.Random(seed)
        self._mav = wire.MAVLink(None, srcSystem=system_id, srcComponent=1)

    def say(self, count: int) -> None:
        for _ in range(count):
            number = self._rng.choice(HEARD)
            packet = bytearray(absurd.message(self._rng, number, (255,)).pack(self._mav))
            self._mav.seq = (self._mav.seq + 1) % 256
            chance = self._rng.random()
            if chance < 0.1:
                packet[self._rng.randrange(len(packet))] ^= 1 << self._rng.randrange(8)
            elif chance < 0.2:
                del packet[self._rng.randrange(len(packet)) :]
            self._world.air.send_bytes(bytes(packet))


def a_plan() -> tuple[FlightPlan, Conditions]:
    points = [Waypoint(position=offset(HOME, 90, 200.0 * i), height_m=80) for i in range(4)]
    mission = build(Route(tuple(points)), home=HOME, cameras=())
    conditions = Conditions(
        spec=SPEC, home=HOME, docks=(HOME,), heights=FlatGround(70.0), return_height_m=50
    )
    return caged(mission, conditions)


async def wait(clock: ManualClock, seconds: float) -> None:
    for _ in range(round(seconds / 0.5)):
        await clock.sleep(0.5)


@pytest.mark.timeout(120 * absurd.EFFORT)
@pytest.mark.parametrize("seed", range(4 * absurd.EFFORT))
async def test_lies_end_requests_with_named_errors_and_harm_nothing_after(
    seed: int, make_range: Callable[..., Any]
) -> None:
    raised: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: raised.append(context))
    world = make_range()
    autopilot = world.add(7)
    await world.start()
    await world.fleet.heard([Address(MAIN, 7)])
    vehicle: Vehicle = world.fleet.vehicle(Address(MAIN, 7))
    plan, conditions = a_plan()
    liar = Liar(world, 7, seed)

    await vehicle.onboard.parameters.hold({"FENCE_ACTION": 1.0})

    async def storm() -> None:
        while True:
            liar.say(25)
            await world.clock.sleep(0.5)

    requests: list[Callable[[], Awaitable[Any]]] = [
        lambda: vehicle.upload(plan),
        vehicle.download,
        lambda: vehicle.onboard.parameters.hold({"FENCE_ACTION": 1.0, "RTL_ALT_M": 20.0}),
        vehicle.onboard.parameters.read_all,
        vehicle.hold,
        vehicle.launch,
        vehicle.return_home,
        vehicle.clear,
    ]
    lies = asyncio.create_task(storm())
    said = []
    for request in requests:
        try:
            await request()
        except FlyOnceError as error:
            said.append(str(error))
    assert all(sentence.isprintable() for sentence in said)
    lies.cancel()
    await asyncio.gather(lies, return_exceptions=True)
    autopilot.armed, autopilot.height_m, autopilot.mode = False, 0.0, 4
    autopilot.say(EkfStatus(position_ok=True))
    await wait(world.clock, QUIET_S)
    await vehicle.upload(plan)
    vehicle.prove(conditions)
    await vehicle.launch()
    assert autopilot.armed
    assert not raised
