"""Flying by hand over the simulator: control, errands with proof, hand-back, records, restarts."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import flying_range as rig
import pytest
from shapely.geometry import Point

from core.errors import ControlHeld, NotAllowed, NotFound, PathRefused
from core.geo import LocalFrame, LonLat, distance_m, offset
from core.zones import Zone, ZoneKind
from missions.access import Principal, Role
from missions.entities import FlightState, TaskState
from missions.operations import conduct
from missions.operations.errands import GoTo, Height, Orbit, ReturnTo
from missions.operations.segments import parts_of
from missions.presets import Preset

LI = Principal(name="Li", role=Role.PILOT)
WANG = Principal(name="Wang", role=Role.PILOT)
CHIEF = Principal(name="Chief", role=Role.DISPATCHER)


@pytest.fixture
async def world(preset: Preset, tmp_path: Path) -> AsyncIterator[Any]:
    made = rig.Range(rig.with_docks(preset, rig.A, rig.B), tmp_path)
    yield made
    await made.stop()


async def airborne(world: Any, photos: int = 2) -> tuple[Any, Any, Any]:
    """A controller, its flight in the air, and the conducting task."""
    room = await world.controller()
    flight = rig.a_flight(room)
    task = world.start(conduct.conduct(room, flight))
    return room, await rig.flying(room, flight, photos), task


async def test_a_pilot_takes_over_flies_and_hands_back_at_the_photo_that_is_due(world: Any) -> None:
    room, flight, task = await airborne(world)
    vehicle = room.fleet.vehicle(flight.address)
    with pytest.raises(NotAllowed, match="nobody has taken"):
        room.helms.fly(flight, LI, room.helms.preview(flight, Height(height_m=60)).token)
    room.helms.take(flight, LI, "smoke on the ridge")
    target = offset(vehicle.state.position, 270, 300)
    drawn = room.helms.preview(flight, GoTo(target=target, height_m=90))
    order = room.helms.fly(flight, LI, drawn.token)
    done = await room.fleet.orders.ended(order.id)
    assert done.state == "done", done.reason
    assert distance_m(vehicle.state.position, target) < 12
    assert vehicle.state.altitude_m == pytest.approx(90, abs=4)
    await room.helms.command(flight, LI, "photograph")
    await room.helms.hand_back(flight, LI, "seen", "resume")
    ended = await task
    assert ended.state is FlightState.DONE
    with room.view() as unit:
        (part,) = parts_of(unit, ended)
        assert part.state is FlightState.DONE
        assert part.km == pytest.approx(0.3, abs=0.35)
        assert unit.tasks.get(part.task_ids[0]).state is TaskState.FLOWN
        lines = [line for f in (ended, part) for line in unit.ledger.find(flight_id=f.id)]
        aloft_s = (ended.landed_at - ended.took_off_at).total_seconds()
        assert sum(line.seconds for line in lines) == pytest.approx(aloft_s, abs=1)
        diary = [entry.text for entry in unit.log.find(subject=flight.id)]
    assert "Li took the controls: smoke on the ridge" in diary
    assert any(text.startswith("Li handed the controls back") for text in diary)
    taken = [LonLat(p.lon, p.lat) for p in world.photos if p.camera_index == 1]
    assert_every_photo_once(flight, taken)


def assert_every_photo_once(flight: Any, taken: list[LonLat]) -> None:
    """Each photograph of the route was taken, none of them more than twice."""
    for shot in flight.route.shots:
        near = [p for p in taken if distance_m(p, shot.position) < 20]
        assert 1 <= len(near) <= 2, (shot, len(near))


async def test_one_holder_at_a_time_and_a_dispatcher_takes_over(world: Any) -> None:
    room, flight, _ = await airborne(world, 1)
    room.helms.take(flight, LI, "look")
    with pytest.raises(ControlHeld, match="Li holds the controls"):
        room.helms.take(flight, WANG, "mine")
    with pytest.raises(ControlHeld, match="Li holds the controls"):
        await room.helms.command(flight, WANG, "hold")
    with pytest.raises(ControlHeld):
        room.helms.take(flight, WANG, "mine", over=True)
    room.helms.ask(flight, WANG, "my sector")
    await room.clock.sleep(31)
    assert room.helms.take(flight, WANG, "my sector", over=True).who == "Wang"
    assert room.helms.take(flight, CHIEF, "an emergency", over=True).who == "Chief"


async def test_a_silent_holder_hands_back_and_the_mission_goes_on(world: Any) -> None:
    room, flight, task = await airborne(world)
    world.start(room.helms.watch())
    room.helms.take(flight, LI, "look")
    await room.helms.command(flight, LI, "hold")
    ended = await task
    assert ended.state is FlightState.DONE
    with room.view() as unit:
        texts = [e.text for e in unit.log.find(subject=flight.id)]
    assert any("was not heard of for 120 s" in text for text in texts)


async def test_an_orbit_keeps_its_radius_and_a_new_errand_replaces_it(world: Any) -> None:
    room, flight, _ = await airborne(world, 1)
    room.helms.take(flight, LI, "look")
    vehicle = room.fleet.vehicle(flight.address)
    centre = offset(vehicle.state.position, 90, 150)
    drawn = room.helms.preview(flight, Orbit(centre=centre, radius_m=60, turns=3))
    order = room.helms.fly(flight, LI, drawn.token)
    for _ in range(200):
        await room.clock.sleep(1)
        if vehicle.manoeuvres.legs_done > 6:
            break
    seen = []
    for _ in range(20):
        await room.clock.sleep(1)
        seen.append(distance_m(vehicle.state.position, centre))
    assert all(52 < metres < 68 for metres in seen)
    other = room.helms.preview(flight, GoTo(target=centre))
    second = room.helms.fly(flight, LI, other.token)
    assert (await room.fleet.orders.ended(second.id)).state == "done"
    assert "another order" in (await room.fleet.orders.ended(order.id)).reason


def a_zone(centre: LonLat, radius_m: float) -> Zone:
    frame = LocalFrame(centre)
    return Zone(
        id="z", name="Prison", name_zh="监狱", kind=ZoneKind.PROHIBITED,
        polygon=frame.to_degrees(Point(0, 0).buffer(radius_m)), buffer_m=50.0,
    )  # fmt: skip


async def test_a_zone_is_flown_round_and_a_place_in_it_is_refused_with_an_offer(
    preset: Preset, tmp_path: Path
) -> None:
    middle = offset(offset(rig.A, 0, 300), 270, 250)
    world = rig.Range(rig.with_docks(preset, rig.A, rig.B, zones=(a_zone(middle, 40),)), tmp_path)
    try:
        room, flight, _ = await airborne(world, 1)
        behind = offset(middle, 270, 200)
        drawn = room.helms.preview(flight, GoTo(target=behind))
        assert len(drawn.path) > 2
        assert drawn.detour_m > 1
        with pytest.raises(PathRefused, match="no-fly zone"):
            room.helms.preview(flight, GoTo(target=middle))
        offer = room.helms.instead(flight, GoTo(target=middle))
        assert 100 <= distance_m(offer.path[-1].position, middle) < 125
        room.helms.take(flight, LI, "look")
        order = room.helms.fly(flight, LI, drawn.token)
        nearest = 1e9
        while not room.fleet.orders.get(order.id).ended:
            await room.clock.sleep(1)
            at = room.fleet.vehicle(flight.address).state.position
            nearest = min(nearest, distance_m(at, middle))
        said = room.fleet.orders.get(order.id)
        with room.view() as unit:
            diary = [e.text for e in unit.log.find(subject=flight.id)]
        assert said.state == "done", (said.reason, diary[-4:])
        assert nearest > 80
    finally:
        await world.stop()


async def test_out_of_the_fence_is_refused_and_the_farthest_offered(world: Any) -> None:
    room, flight, _ = await airborne(world, 1)
    far = offset(rig.A, 270, 5_000)
    with pytest.raises(PathRefused, match="leaves the fence"):
        room.helms.preview(flight, GoTo(target=far))
    offer = room.helms.instead(flight, GoTo(target=far))
    assert 400 < distance_m(offer.path[0].position, offer.path[-1].position) < 900


async def test_too_little_charge_for_the_place_and_the_way_back_is_refused(world: Any) -> None:
    room, flight, _ = await airborne(world, 1)
    world.swarm.state.battery[0] = 0.26
    await room.clock.sleep(3)
    with pytest.raises(PathRefused, match="the reserve is 20%"):
        room.helms.preview(flight, GoTo(target=offset(rig.A, 270, 550)))


async def test_a_token_is_good_for_its_path_and_its_time_only(world: Any) -> None:
    room, flight, _ = await airborne(world, 1)
    room.helms.take(flight, LI, "look")
    with pytest.raises(NotFound, match="preview again"):
        room.helms.fly(flight, LI, "f" * 32)
    drawn = room.helms.preview(flight, Height(height_m=60))
    room.helms.take(flight, LI, "")
    first = room.helms.fly(flight, LI, drawn.token, "key-1")
    again = room.helms.fly(flight, LI, drawn.token, "key-1")
    assert first.id == again.id
    assert (await room.fleet.orders.ended(first.id)).state == "done"


async def test_home_is_taken_it_lands_at_the_alternate_and_the_next_flight_starts_there(
    world: Any,
) -> None:
    room, flight, task = await airborne(world, 1)
    room.pads.says = {"TC-01": True, "TC-02": False}.get
    room.helms.take(flight, LI, "look")
    await room.helms.command(flight, LI, "return")
    ended = await task
    assert (ended.lands_at, ended.state) == ("TC-02", FlightState.DIVERTED)
    vehicle = room.fleet.vehicle(flight.address)
    assert distance_m(vehicle.state.position, rig.B) < 10
    world.swarm.state.battery[0] = 1.0
    room.pads.says = {"TC-01": False, "TC-02": False}.get
    await vehicle.wait(lambda s: (s.battery or 0) > 0.98, 60, "a full battery")
    async with rig.answered(room):
        again = await conduct.conduct(room, rig.a_flight(room, legs=1, name="flt-2"))
    assert again.state is FlightState.DONE
    assert (again.dock, again.lands_at) == ("TC-02", None)
    with room.view() as unit:
        filing = unit.filings.get(again.filing_id or "")
        said = unit.preflights.find(flight_id=again.id)
    assert filing.emergency, "from another dock it is another flight: filed anew"
    assert [c.word for c in said] == ["no_go", "no_go", "go"], "each decision is kept"
    assert "nothing was filed for flights from TC-02" in said[0].reasons[0]
    assert distance_m(vehicle.state.position, rig.A) < 10


async def test_the_safeguard_turns_a_held_drone_back_and_takes_the_controls(world: Any) -> None:
    room, flight, task = await airborne(world, 1)
    room.helms.take(flight, LI, "look")
    await room.helms.command(flight, LI, "hold")
    world.swarm.state.battery[0] = 0.22
    ended = await task
    assert ended.state is FlightState.DIVERTED, "a mission that was broken off is not done"
    with room.view() as unit:
        texts = [e.text for e in unit.log.find(subject=flight.id)]
    assert any("lost the controls to the safeguard" in text for text in texts)


async def test_dock_named_in_a_return_must_be_free(world: Any) -> None:
    room, flight, _ = await airborne(world, 1)
    with pytest.raises(PathRefused, match="not free"):
        room.helms.preview(flight, ReturnTo(dock="TC-02"))


async def test_a_px4_that_knows_no_ground_keeps_its_height_above_it(
    preset: Preset, tmp_path: Path
) -> None:
    world = rig.Range(rig.with_docks(preset, rig.A, rig.B), tmp_path, "px4")
    try:
        room, flight, task = await airborne(world)
        vehicle = room.fleet.vehicle(flight.address)
        assert vehicle.autopilot.name == "PX4"
        room.helms.take(flight, LI, "look")
        target = offset(vehicle.state.position, 270, 200)
        drawn = room.helms.preview(flight, GoTo(target=target, height_m=95))
        assert drawn.path[-1].amsl_m == pytest.approx(95, abs=0.1)
        order = room.helms.fly(flight, LI, drawn.token)
        assert (await room.fleet.orders.ended(order.id)).state == "done"
        assert vehicle.state.altitude_m == pytest.approx(95, abs=4)
        await room.helms.hand_back(flight, LI, "seen", "resume")
        assert (await task).state is FlightState.DONE
        taken = [LonLat(p.lon, p.lat) for p in world.photos if p.camera_index == 1]
        assert_every_photo_once(flight, taken)
    finally:
        await world.stop()
