"""Bad input from the air and from the ground: a named error, and the others fly on."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from core.errors import InvalidInput, NotFound
from fleet.address import MAIN, Address
from fleet.events import Lost
from fleet.messages import GlobalPosition, Heartbeat, MissionCurrent, ParamValue, StatusText
from fleet.plans.mission import Mission
from fleet.vehicle import Vehicle

US = Address(MAIN, 7)
PAPARAZZI, OPENPILOT = 9, 4
WRONG_TYPE = 99


async def settle(world: Any, seconds: float) -> None:
    for _ in range(round(seconds / 0.5)):
        await world.clock.sleep(0.5)
    await asyncio.sleep(0)


@pytest.fixture
async def world(make_range: Callable[..., Any]) -> Any:
    made = make_range()
    made.add(7)
    await made.start()
    await made.fleet.heard([US])
    autopilot = made.autopilots[7]
    autopilot.armed, autopilot.height_m, autopilot.mode = True, 40.0, 3
    await settle(made, 2)
    return made


@pytest.fixture
def vehicle(world: Any) -> Vehicle:
    found: Vehicle = world.fleet.vehicle(US)
    return found


async def flies_on(world: Any) -> None:
    """The link is up, the vehicle is heard, and it takes orders."""
    await settle(world, 5)
    assert not world.of(Lost)
    await world.fleet.vehicle(US).hold()


def beat(autopilot: int) -> Heartbeat:
    return Heartbeat(kind=2, autopilot=autopilot, base_mode=1, custom_mode=0, system_status=3)


@pytest.mark.parametrize("make", [PAPARAZZI, OPENPILOT])
async def test_an_autopilot_that_is_not_flown_is_named_and_harms_nobody(
    world: Any, make: int, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        world.air.send(beat(make), sender=9)
        await settle(world, 1)
    with pytest.raises(NotFound, match=rf"main/9: .* not flown by FlyOnce: MAV_AUTOPILOT {make}"):
        world.fleet.vehicle(Address(MAIN, 9))
    assert len([r for r in caplog.records if "main/9" in r.message]) == 1
    assert set(world.fleet.vehicles) == {US}
    await flies_on(world)


async def test_a_ground_station_is_nobody_who_is_asked_for(world: Any) -> None:
    world.air.send(beat(8), sender=9)
    await settle(world, 1)
    with pytest.raises(NotFound, match="never heard"):
        world.fleet.vehicle(Address(MAIN, 9))


async def test_a_parameter_of_a_type_that_does_not_exist(world: Any, vehicle: Vehicle) -> None:
    parameters, name = vehicle.onboard.parameters, "FENCE_ACTION"
    assert await parameters.read(name) == 1
    wrong = ParamValue(name=name, raw=5.0, kind=WRONG_TYPE, count=1, index=0)
    raised: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: raised.append(context))
    world.air.send(wrong, sender=7)
    await settle(world, 1)
    assert not raised
    world.autopilots[7].parameters.receive = lambda message: world.air.send(wrong, sender=7)
    with pytest.raises(InvalidInput, match=f"no parameter is of type {WRONG_TYPE}"):
        await parameters.read(name)
    assert not raised
    await flies_on(world)


async def test_a_hold_while_it_flies_a_mission_of_no_items(world: Any, vehicle: Vehicle) -> None:
    await vehicle.download()
    assert vehicle.mission == Mission(())
    world.air.send(MissionCurrent(seq=7, total=9, state=3), sender=7)
    await flies_on(world)
    assert vehicle.state.mode == "GUIDED"


async def test_positions_that_are_none_do_not_move_it(world: Any, vehicle: Vehicle) -> None:
    await settle(world, 1)
    before = vehicle.state.position
    for boot_s in (1.0, 1.1):
        world.air.send(
            GlobalPosition(
                boot_s=boot_s, position=None, altitude_m=0.0, height_m=0.0, north_mps=0.0,
                east_mps=0.0, down_mps=0.0, heading_deg=None,
            ),
            sender=7,
        )  # fmt: skip
    await flies_on(world)
    assert vehicle.state.position == before


async def test_what_a_vehicle_says_cannot_steer_a_terminal(world: Any, vehicle: Vehicle) -> None:
    world.air.send(StatusText(severity=2, text="PreArm: \x1b[2Jgone\nok"), sender=7)
    await settle(world, 1)
    texts = [e.text for e in world.events if hasattr(e, "text")]
    assert texts == ["PreArm: ?[2Jgone?ok"]


@pytest.mark.parametrize("cut", [1, 9, 20])
async def test_cut_and_spoilt_packets_between_good_ones(world: Any, cut: int) -> None:
    sent: list[bytes] = []
    keep = world.air.send_bytes
    world.air.send_bytes = sent.append
    world.air.send(StatusText(severity=2, text="a forged one"), sender=7)
    world.air.send_bytes = keep
    spoilt = bytearray(sent[0])
    spoilt[-1] ^= 0xFF
    for data in (bytes(spoilt), sent[0][:cut], b"\xfd", b"\xfe\x00", sent[0][cut:]):
        keep(data)
    await settle(world, 1)
    assert not [e for e in world.events if getattr(e, "text", "") == "a forged one"]
    await flies_on(world)
