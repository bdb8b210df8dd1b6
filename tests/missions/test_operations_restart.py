"""The controller dies at any moment, and another carries on: nothing is uploaded or armed twice."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import flying_range as rig
import pytest

from core.geo import distance_m, offset
from fleet.events import Landed
from missions.access import Principal, Role
from missions.entities import FlightState
from missions.operations import conduct
from missions.operations.errands import GoTo
from missions.presets import Preset

LI = Principal(name="Li", role=Role.PILOT)
KINDS_OF_PLAN = 3
"""Mission, fence and rally points are one transfer each."""


@pytest.fixture
async def world(preset: Preset, tmp_path: Path) -> AsyncIterator[Any]:
    made = rig.Range(rig.with_docks(preset, rig.A, rig.B), tmp_path)
    yield made
    await made.stop()


async def until(room: Any, holds: Callable[[], bool], seconds: int = 300) -> None:
    for _ in range(seconds * 5):
        if holds():
            return
        await asyncio.sleep(0)
        await room.clock.sleep(0.2)
    raise AssertionError("it did not come about")


async def again(world: Any, flight_id: str) -> tuple[Any, Any]:
    """Another controller, as the dispatcher starts it: adopts, or conducts what was put off."""
    room = await world.controller()
    flight = rig.stored(room, flight_id)

    async def carry_on() -> Any:
        ended = await conduct.adopt(room, flight)
        if ended.state is FlightState.PLANNED:
            ended = await conduct.conduct(room, ended)
        return ended

    return room, world.start(carry_on())


def arms(world: Any) -> int:
    return int(world.armed)


async def test_killed_in_the_middle_of_an_upload(world: Any) -> None:
    room = await world.controller()
    flight = rig.a_flight(room)
    world.start(conduct.conduct(room, flight))
    await until(room, lambda: world.told["MISSION_ITEM_INT"] >= 5)
    await world.kill(room)
    assert arms(world) == 0
    _, task = await again(world, flight.id)
    assert (await task).state is FlightState.DONE
    assert arms(world) == 1


async def test_killed_between_upload_and_launch_it_is_not_uploaded_again(world: Any) -> None:
    room = await world.controller()
    flight = rig.a_flight(room, wait_s=60)
    world.start(conduct.conduct(room, flight))
    vehicle = room.fleet.vehicle(flight.address)
    await until(room, lambda: vehicle.plan is not None)
    uploads = world.told["MISSION_COUNT"]
    assert uploads == KINDS_OF_PLAN
    await world.kill(room)
    _, task = await again(world, flight.id)
    assert (await task).state is FlightState.DONE
    assert world.told["MISSION_COUNT"] == uploads
    assert arms(world) == 1


@pytest.mark.parametrize("moment", ["COMMAND_LONG 400", "COMMAND_LONG 300"])
async def test_killed_while_it_is_launched(world: Any, moment: str) -> None:
    room = await world.controller()
    flight = rig.a_flight(room)
    world.start(conduct.conduct(room, flight))
    await until(room, lambda: world.told[moment] > 0)
    await world.kill(room)
    uploads = world.told["MISSION_COUNT"]
    _, task = await again(world, flight.id)
    assert (await task).state is FlightState.DONE
    assert world.told["MISSION_COUNT"] == uploads
    assert world.took_off == 1


async def test_a_start_that_failed_once_is_not_taken_for_the_landing(world: Any) -> None:
    room = await world.controller()
    flight = rig.a_flight(room)
    task = world.start(conduct.conduct(room, flight))
    await until(room, lambda: world.told["COMMAND_LONG 400"] > 0)
    failed = Landed(
        vehicle=flight.address, at=room.now(), position=None, mission_done=False, battery=None
    )
    room.watchers.tell(failed)
    ended = await task
    assert ended.state is FlightState.DONE
    assert ended.photos_taken > 0


async def test_killed_in_flight(world: Any) -> None:
    room = await world.controller()
    flight = rig.a_flight(room)
    world.start(conduct.conduct(room, flight))
    await rig.flying(room, flight, photos=6)
    told = world.told.copy()
    await world.kill(room)
    _, task = await again(world, flight.id)
    ended = await task
    assert ended.state is FlightState.DONE
    for once in ("MISSION_COUNT", "COMMAND_LONG 400", "COMMAND_LONG 300", "COMMAND_LONG 176"):
        assert world.told[once] == told[once], once


async def test_killed_while_a_pilot_flies_a_path(world: Any) -> None:
    room = await world.controller()
    flight = rig.a_flight(room)
    world.start(conduct.conduct(room, flight))
    flight = await rig.flying(room, flight, photos=4)
    room.helms.take(flight, LI, "smoke")
    target = offset(room.fleet.vehicle(flight.address).state.position, 270, 400)
    order = room.helms.fly(
        flight, LI, room.helms.preview(flight, GoTo(target=target, height_m=80)).token
    )
    await until(room, lambda: world.told["COMMAND_INT 192"] > 0)
    await room.clock.sleep(5)
    assert not room.fleet.orders.get(order.id).ended
    await world.kill(room)
    second, task = await again(world, flight.id)
    vehicle = second.fleet.vehicle(flight.address)
    flight = rig.stored(second, flight.id)
    await until(second, lambda: distance_m(vehicle.state.position, target) < 10)
    assert second.helms.control(flight).who == "Li"
    await second.helms.hand_back(flight, LI, "seen", "resume")
    assert (await task).state is FlightState.DONE
    assert world.took_off == 1
    with second.view() as unit:
        assert any(e.subject == flight.id and "Li" in e.text for e in unit.log.find())


async def test_killed_on_the_way_back(world: Any) -> None:
    room = await world.controller()
    flight = rig.a_flight(room)
    world.start(conduct.conduct(room, flight))
    flight = await rig.flying(room, flight, photos=6)
    await room.helms.command(flight, LI, "return")
    told = world.told.copy()
    await world.kill(room)
    second, task = await again(world, flight.id)
    ended = await task
    assert ended.state is FlightState.DIVERTED, "a mission that was broken off is not done"
    assert world.told["COMMAND_LONG 400"] == told["COMMAND_LONG 400"]
    assert second.pads.at(second.fleet.vehicle(flight.address).state.position).id == "TC-01"
