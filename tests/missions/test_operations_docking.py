"""Nothing starts through a door that is not seen open, and every landing finds one that is."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import flying_range as rig
import pytest

from core.errors import NotReady
from fleet.docks.dock import Charger, Door
from fleet.docks.dock_memory import Box, MemoryDock
from fleet.docks.dockyard import Dockyard
from fleet.messages import AutopilotVersion
from fleet.setup.enrolment import VehicleRecord
from missions.access import LOCAL_OPERATOR
from missions.entities import FlightState
from missions.operations import docking, enrolled, packs
from missions.operations.conduct import check, conduct
from missions.operations.room import ControlRoom
from missions.presets import Preset


class Yard:
    """Docks in memory over the simulated drones: they see who stands on them."""

    def __init__(self, world: Any, room: ControlRoom) -> None:
        self.world, self.room = world, room
        self.docks = {d.id: MemoryDock(d.id, room.clock) for d in room.preset.docks}
        self.doors: list[tuple[str, Door]] = []
        room.docks = Dockyard(
            list(self.docks.values()), room.clock, lambda event: docking.heard(room, event)
        )

    async def watch(self) -> None:
        """Follow the first drone: who is on the pad, and the door as it passes."""
        home, flying = self.docks["TC-01"], False
        while True:
            now = bool(self.world.autopilot().body.flying)
            if now is not flying:
                home._advance()
                self.doors.append(("out" if now else "in", Door(home.box._door())))
                at = home if now else self.docks[self._nearest()]
                at.change(lambda box, now=now: setattr(box, "occupant", "" if now else "TC-01"))
            flying = now
            await asyncio.sleep(0)

    def _nearest(self) -> str:
        swarm = self.world.swarm
        return swarm.world.docks[
            swarm.pads.nearest(float(swarm.state.lon[0]), float(swarm.state.lat[0]))[0]
        ].id


@pytest.fixture
async def yard(preset: Preset, tmp_path: Path) -> AsyncIterator[Yard]:
    world = rig.Range(rig.with_docks(preset, rig.A, rig.B), tmp_path)
    room = await world.controller()
    made = Yard(world, room)
    async with room.docks:
        watching = asyncio.create_task(made.watch())
        vehicle = room.fleet.vehicle(room.preset.docks[0].address)
        await vehicle.wait(lambda s: bool(s.packs), 60, "its packs")
        yield made
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await room.close()
    await world.stop()


def diary(room: ControlRoom, subject: str = "flt-1") -> list[str]:
    with room.view() as unit:
        return [entry.text for entry in unit.log.find(subject=subject)]


async def until(room: ControlRoom, holds: Callable[[], bool]) -> None:
    for _ in range(300):
        if holds():
            return
        await room.clock.sleep(1.0)
    raise AssertionError("it did not happen")


def refusal(yard: Yard) -> str:
    flight = rig.a_flight(yard.room)
    with pytest.raises(NotReady) as refused:
        check(yard.room, flight, yard.room.fleet.vehicle(flight.address))
    return refused.value.what


async def test_a_flight_goes_out_of_and_into_its_dock(yard: Yard) -> None:
    room, home = yard.room, yard.docks["TC-01"]
    ended = await conduct(room, rig.a_flight(room))
    assert ended.state is FlightState.DONE
    await until(room, lambda: home.state().charger is Charger.CHARGING)
    assert yard.doors == [("out", Door.OPEN), ("in", Door.OPEN)]
    assert home.state().door is Door.CLOSED
    said = [line for line in diary(room) if "TC-01" in line]
    assert said == [
        "the door of TC-01 is open",
        "the door of TC-01 is closed after take-off",
        "the door of TC-01 is open for landing",
        "the door of TC-01 is closed over it",
        "TC-01 charges it",
    ]
    with room.view() as unit:
        assert [p.flights for p in unit.packs.find()] == [1]


async def test_nothing_is_armed_behind_a_door_that_gets_stuck(yard: Yard) -> None:
    room, home = yard.room, yard.docks["TC-01"]
    flight = rig.a_flight(room)
    flying = yard.world.start(conduct(room, flight))
    await until(room, lambda: home.state().door is Door.OPENING)
    home.change(lambda box: setattr(box, "stuck", True))
    await until(room, lambda: any("its door is stuck" in line for line in diary(room)))
    assert yard.world.armed == 0
    assert not flying.done()
    assert any("not ready" in line for line in diary(room))


async def test_the_door_is_looked_at_again_just_before_arming(yard: Yard) -> None:
    room, home = yard.room, yard.docks["TC-01"]
    flight = rig.a_flight(room)
    vehicle = room.fleet.vehicle(flight.address)
    await docking.open_for_launch(room, flight, vehicle)
    docking.last_look(room, flight, vehicle)
    home.change(lambda box: setattr(box, "position", 0.7))
    with pytest.raises(NotReady, match="not open"):
        docking.last_look(room, flight, vehicle)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"stopped": True}, "emergency stop of TC-01"),
        ({"stuck": True}, "door of TC-01 is stuck"),
        ({"occupant": ""}, "sees nothing on its pad"),
        ({"occupant": "?"}, "something that it does not know"),
        ({"occupant": "TC-02"}, "sees TC-02"),
        ({"charger_dead": True}, "charger of TC-01"),
        ({"weather": None}, "weather at TC-01 is not known"),
        ({"weather": {**(Box().weather or {}), "rain_mmph": 4.0}}, "rain 4.0 mm/h"),
        ({"weather": {**(Box().weather or {}), "wind_mps": 19.0}}, "wind 19.0 m/s"),
        ({"weather": {**(Box().weather or {}), "gust_mps": 40.0}}, "wind 24.1 m/s"),
    ],
)
async def test_the_dock_has_its_say_before_the_flight(
    yard: Yard, wrong: dict[str, Any], words: str
) -> None:
    for name, value in wrong.items():
        yard.docks["TC-01"].change(lambda box, n=name, v=value: setattr(box, n, v))
    assert words in refusal(yard)


async def test_a_dock_that_is_not_heard_lets_nobody_start(yard: Yard) -> None:
    yard.docks["TC-01"].silent = True
    await yard.room.clock.sleep(40.0)
    assert "TC-01 has not been heard for" in refusal(yard)


async def test_a_silent_or_taken_dock_is_no_place_to_land(yard: Yard) -> None:
    room = yard.room
    assert room.docks.free("TC-02")
    assert not room.docks.free("TC-02", "TC-01")
    yard.docks["TC-02"].change(lambda box: setattr(box, "occupant", "?"))
    assert not room.docks.free("TC-02")
    assert any("occupied by something" in line for line in diary(room, "TC-02"))
    yard.docks["TC-02"].change(lambda box: setattr(box, "occupant", ""))
    assert room.docks.free("TC-02", "TC-01")
    yard.docks["TC-02"].silent = True
    await until(room, lambda: not room.docks.free("TC-02", "TC-01"))
    assert "has not been heard" in room.docks.refusal("TC-02", "TC-01")


async def test_the_flight_ends_at_an_alternate_when_the_door_at_home_does_not_open(
    yard: Yard,
) -> None:
    room, home, other = yard.room, yard.docks["TC-01"], yard.docks["TC-02"]
    other.change(lambda box: setattr(box, "occupant", ""))
    state = yard.world.swarm.state
    state.lat[1] += 0.02  # the drone that lives there is elsewhere
    flying = yard.world.start(conduct(room, rig.a_flight(room)))
    await until(room, lambda: home.state().door is Door.CLOSING)
    home.change(lambda box: setattr(box, "stuck", True))
    ended = await flying
    assert ended.lands_at == "TC-02"
    assert any("turned back to TC-02" in line for line in diary(room))
    assert "the door of TC-02 is open for landing" in diary(room)


async def test_a_pack_that_a_person_locked_does_not_fly(yard: Yard) -> None:
    room = yard.room
    (view, *_) = packs.overview(room, "TC-01")
    locked = packs.lock(room, LOCAL_OPERATOR, view.record.id, "swollen")
    assert locked.verdict.refusals
    assert "taken out of service: swollen" in refusal(yard)
    packs.lock(room, LOCAL_OPERATOR, view.record.id, "")
    flight = rig.a_flight(room, name="flt-2")
    vehicle = room.fleet.vehicle(flight.address)
    await vehicle.wait(lambda s: s.position_ok is True, 120, "where it is")
    check(room, flight, vehicle)


async def test_another_autopilot_under_the_same_address_does_not_fly(yard: Yard) -> None:
    room = yard.room
    vehicle = room.fleet.vehicle(room.preset.docks[0].address)
    await until(room, lambda: vehicle.state.identity is not None)
    told = vehicle.state.identity
    assert told is not None
    record = VehicleRecord(
        id="veh-1", address=str(vehicle.address), name="north", autopilot="ArduCopter",
        enrolled_at=room.now() - timedelta(days=1), firmware="4.8.0", git="", uid=told.uid,
        board=0, capabilities=0,
    )  # fmt: skip
    enrolled.keep(room.records, record)
    assert enrolled.refusals(room, vehicle.state) == ()
    enrolled.keep(room.records, replace(record, uid="ff" * 8))
    assert "another autopilot answers as main/1" in refusal(yard)
    stranger = AutopilotVersion(uid="", firmware="4.8.0", git="", capabilities=0)
    state = replace(vehicle.state, identity=stranger)
    assert "nameless" in enrolled.refusals(room, state)[0]
