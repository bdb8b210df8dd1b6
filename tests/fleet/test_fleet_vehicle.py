"""A pilot's requests against a scripted autopilot."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from core.clock import FollowedClock
from core.equipment import CameraSpec, Sensor, VehicleSpec
from core.errors import (
    CommandRefused,
    CommandTimeout,
    LinkLost,
    NotReady,
    ReadBackMismatch,
    TransferFailed,
)
from core.geo import FlatGround, LonLat, bearing_deg, distance_m, offset
from core.route import Route, Waypoint
from fleet.address import MAIN, Address
from fleet.autopilots import ArduCopter
from fleet.channel import Channel
from fleet.commands import Commander
from fleet.events import TurnedBack
from fleet.messages import (
    CommandLong,
    MissionAck,
    MissionClear,
    MissionItem,
    MissionRequest,
    SystemTime,
)
from fleet.patience import patiently
from fleet.plans.cage import caged
from fleet.plans.flightplan import FlightPlan
from fleet.plans.mission import Mission, build
from fleet.plans.proof import Conditions
from fleet.setup.parameters import ParameterRefused
from fleet.uploads import courier
from fleet.vehicle import Vehicle
from fleet.vocabulary import Command
from fleet.watch.reach import Place

HOME = LonLat(118.87, 28.95)
HERE = Place(id="home", position=HOME, home=True)
CAMERAS = (
    CameraSpec(id="v", sensor=Sensor.VISIBLE, width_px=4000, height_px=3000, hfov_deg=70),
    CameraSpec(id="t", sensor=Sensor.THERMAL, width_px=640, height_px=512, hfov_deg=45),
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
    cameras=CAMERAS,
)


def a_mission(legs: int = 4) -> Mission:
    points = [
        Waypoint(
            position=offset(HOME, 90, 200.0 * i),
            height_m=80,
            photo_spacing_m=20 if i % 2 else 0,
            sensor=Sensor.THERMAL,
        )
        for i in range(legs)
    ]
    return build(Route(tuple(points)), home=HOME, cameras=CAMERAS)


def conditions() -> Conditions:
    return Conditions(
        spec=SPEC, home=HOME, docks=(HOME,), heights=FlatGround(70.0), return_height_m=50
    )


async def put(vehicle: Vehicle, mission: Mission) -> None:
    """Upload a mission with the cage drawn for it, and prove it."""
    plan, proven_under = caged(mission, conditions())
    await vehicle.upload(plan)
    vehicle.prove(proven_under)


@pytest.fixture
async def ranged(make_range: Callable[..., Any]) -> Any:
    world = make_range()
    world.add(7)
    await world.start()
    await world.fleet.heard([Address(MAIN, 7)])
    return world


@pytest.fixture
def vehicle(ranged: Any) -> Vehicle:
    return ranged.fleet.vehicle(Address(MAIN, 7))


@pytest.fixture
def autopilot(ranged: Any) -> Any:
    return ranged.autopilots[7]


def commands(autopilot: Any, command: int) -> list[CommandLong]:
    return [m for m in autopilot.received if isinstance(m, CommandLong) and m.command == command]


async def test_a_mission_is_uploaded_read_back_and_flown(vehicle: Vehicle, autopilot: Any) -> None:
    mission = a_mission()
    await put(vehicle, mission)
    assert len(autopilot.items) == len(mission.items)
    await vehicle.launch()
    assert vehicle.state.in_flight
    assert vehicle.state.mode == "AUTO"
    assert vehicle.state.height_m == 30.0


async def test_launching_twice_arms_once(vehicle: Vehicle, autopilot: Any) -> None:
    await put(vehicle, a_mission())
    await asyncio.gather(vehicle.launch(), vehicle.launch())
    assert len(commands(autopilot, Command.ARM_DISARM)) == 1


async def test_a_refused_item_is_named_and_nothing_stays_behind(
    vehicle: Vehicle, autopilot: Any
) -> None:
    autopilot.reject_item = {3: 8}
    with pytest.raises(TransferFailed, match=r"item 3 \(.*\): parameter 3 is invalid"):
        await put(vehicle, a_mission())
    assert any(isinstance(m, MissionClear) for m in autopilot.received)
    assert autopilot.items == []
    with pytest.raises(NotReady, match="no proven mission"):
        await vehicle.launch()
    assert not autopilot.armed


async def test_an_upload_that_the_vehicle_gave_up_is_repeated(
    vehicle: Vehicle, autopilot: Any
) -> None:
    def give_up_once(item: MissionItem) -> MissionItem:
        if item.seq == 2:
            autopilot.reject_item = {3: 15} if not autopilot.reject_item else {4711: 1}
        return item

    autopilot.corrupt = give_up_once
    await put(vehicle, a_mission())
    assert len(autopilot.items) == len(a_mission().items)


async def test_a_silently_changed_item_is_found(vehicle: Vehicle, autopilot: Any) -> None:
    autopilot.corrupt = lambda i: replace(i, z=i.z + 5) if (i.seq, i.mission_type) == (2, 0) else i
    with pytest.raises(ReadBackMismatch, match=r"item 2 \(NAV_WAYPOINT\): height 80 became 85"):
        await put(vehicle, a_mission())
    assert autopilot.items == []
    assert vehicle.mission is None


async def test_an_upload_waits_until_the_autopilot_is_up(vehicle: Vehicle, autopilot: Any) -> None:
    autopilot.status = 1
    await vehicle.wait(lambda s: s.system_status == 1, 5, "booting")
    going = asyncio.create_task(vehicle.upload(FlightPlan(a_mission())))
    await asyncio.sleep(0.01)
    assert autopilot.items == []
    autopilot.status = 3
    await going
    assert autopilot.items


async def test_refused_arming_tells_the_reasons(vehicle: Vehicle, autopilot: Any) -> None:
    await put(vehicle, a_mission())
    autopilot.refuse = {Command.ARM_DISARM: 4}
    with pytest.raises(CommandRefused, match=r"refused to arm: .*Compass not calibrated"):
        await vehicle.launch()


async def test_a_failing_pre_arm_check_is_not_ready(vehicle: Vehicle, autopilot: Any) -> None:
    await put(vehicle, a_mission())
    autopilot.ready = False
    await vehicle.wait(lambda s: s.ready is False, 5, "not ready")
    with pytest.raises(NotReady, match="pre-flight checks"):
        await vehicle.launch()
    assert not commands(autopilot, Command.ARM_DISARM)


async def test_a_mode_that_is_accepted_and_undone_is_an_error_and_it_does_not_arm(
    vehicle: Vehicle, autopilot: Any
) -> None:
    await put(vehicle, a_mission())
    autopilot.mode = 0
    autopilot.undo_mode = True
    await vehicle.wait(lambda s: s.mode == "STABILIZE", 5, "mode")
    with pytest.raises(CommandRefused, match="acknowledged, but did not stay in GUIDED"):
        await vehicle.launch()
    assert not autopilot.armed


async def test_no_take_off_disarms_again(vehicle: Vehicle, autopilot: Any) -> None:
    await put(vehicle, a_mission())
    autopilot.deaf = {Command.MISSION_START}
    with pytest.raises(CommandTimeout, match="start the mission"):
        await vehicle.launch()
    assert not autopilot.armed


async def test_in_progress_extends_the_wait(vehicle: Vehicle, autopilot: Any) -> None:
    autopilot.progress = {Command.ARM_DISARM: 3}
    await vehicle.commander.long(Command.ARM_DISARM, 1, doing="arm")
    assert autopilot.armed


async def test_after_point_and_fly_the_leg_is_joined_where_its_next_photo_is_due(
    vehicle: Vehicle, autopilot: Any
) -> None:
    mission = a_mission(5)
    await put(vehicle, mission)
    await vehicle.launch()
    seq = mission.waypoint_seqs[2]  # ends the photographed leg that waypoint 1 starts
    begin, end = mission.place(mission.waypoint_seqs[1]), mission.place(seq)
    assert begin is not None
    assert end is not None
    autopilot.seq, autopilot.position = seq, offset(begin, bearing_deg(begin, end), 50)
    await vehicle.wait(lambda s: s.mission_seq == seq, 5, "progress")
    await vehicle.go_to(offset(HOME, 0, 300), 60)
    assert vehicle.state.mode == "GUIDED"
    assert commands(autopilot, Command.DO_SET_CAM_TRIGG_DIST)[-1].params[0] == 0
    await vehicle.manoeuvres.flown()
    await vehicle.resume()
    await vehicle.manoeuvres.flown()
    due = offset(begin, bearing_deg(begin, end), 40)  # one every 20 m; nobody said where the last
    assert distance_m(autopilot.position, due) < 0.1
    assert autopilot.seq == seq
    assert vehicle.state.mode == "AUTO"


async def test_hold_stops_the_cameras_and_resume_restores_them(
    vehicle: Vehicle, autopilot: Any
) -> None:
    mission = a_mission(5)
    await put(vehicle, mission)
    await vehicle.launch()
    seq = mission.waypoint_seqs[2]
    autopilot.seq = seq
    await vehicle.wait(lambda s: s.mission_seq == seq, 5, "progress")
    await vehicle.hold()
    assert commands(autopilot, Command.DO_SET_CAM_TRIGG_DIST)[-1].params[0] == 0
    await vehicle.resume()
    assert autopilot.seq == seq
    last = commands(autopilot, Command.DO_SET_CAM_TRIGG_DIST)[-1]
    assert (last.params[0], last.params[3]) == (20, 2)


async def test_return_and_land(vehicle: Vehicle) -> None:
    with pytest.raises(NotReady, match="not in flight"):
        await vehicle.return_home()
    await put(vehicle, a_mission())
    await vehicle.launch()
    await vehicle.return_home()
    assert vehicle.state.mode == "RTL"
    await vehicle.land()
    assert vehicle.state.mode == "LAND"


async def test_an_upload_in_flight_holds_first_and_resumes_after_the_take_off(
    vehicle: Vehicle, autopilot: Any
) -> None:
    await put(vehicle, a_mission())
    await vehicle.launch()
    shorter = a_mission(2)
    await put(vehicle, shorter)
    assert vehicle.state.mode == "GUIDED"
    await vehicle.resume()
    assert autopilot.seq == shorter.waypoint_seqs[0]


async def test_a_mission_without_take_off_is_not_launched(vehicle: Vehicle, autopilot: Any) -> None:
    whole = a_mission()
    await vehicle.upload(FlightPlan(Mission((whole.items[0], *whole.items[2:]))))
    with pytest.raises(NotReady, match="no take-off"):
        await vehicle.launch()


async def test_a_lost_vehicle_takes_no_requests(
    ranged: Any, vehicle: Vehicle, autopilot: Any
) -> None:
    autopilot.silent = True
    with pytest.raises(CommandTimeout):
        await vehicle.commander.long(Command.ARM_DISARM, 1)
    with pytest.raises(LinkLost, match="not heard since"):
        await put(vehicle, a_mission())


async def test_a_vehicle_in_flight_is_adopted_and_its_mission_downloaded(
    vehicle: Vehicle, autopilot: Any
) -> None:
    mission = a_mission()
    autopilot.items = list(mission.items)
    autopilot.armed, autopilot.mode, autopilot.height_m, autopilot.seq = True, 3, 50.0, 4
    await vehicle.wait(lambda s: s.in_flight and s.mission_seq == 4, 5, "adopted")
    held = await vehicle.download()
    assert held.mission.waypoint_seqs == mission.waypoint_seqs
    await vehicle.launch()  # already flying its mission: nothing is armed again
    assert not commands(autopilot, Command.ARM_DISARM)


@pytest.mark.parametrize("seed", range(6))
async def test_uploads_over_a_bad_link_are_proven_or_fail(
    make_range: Callable[..., Any], seed: int
) -> None:
    world = make_range(loss=0.25, duplication=0.1, reordering=0.1, seed=seed)
    autopilot = world.add(7)
    await world.start()
    await world.fleet.heard([Address(MAIN, 7)])
    vehicle = world.fleet.vehicle(Address(MAIN, 7))
    mission = a_mission(3)
    try:
        await put(vehicle, mission)
    except (TransferFailed, ReadBackMismatch):
        assert vehicle.mission is None
    else:
        assert [i.z for i in autopilot.items[1:]] == [i.z for i in mission.items[1:]]
        assert [i.command for i in autopilot.items] == [i.command for i in mission.items]


async def test_a_guarded_vehicle_is_turned_back_for_its_battery(
    ranged: Any, vehicle: Vehicle, autopilot: Any
) -> None:
    ranged.fleet.guard(Address(MAIN, 7), SPEC, lambda: (HERE,))
    await put(vehicle, a_mission(40))
    await vehicle.launch()
    autopilot.position = offset(HOME, 90, 3000)
    await ranged.clock.sleep(10)
    assert not ranged.of(TurnedBack)
    autopilot.battery = 0.3
    await vehicle.wait(lambda s: s.mode == "RTL", 20, "turning back")
    (event,) = ranged.of(TurnedBack)
    assert "home with reserve needs" in event.reason


async def test_when_no_time_is_heard_requests_end_with_named_errors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert patiently.__kwdefaults__ is not None
    monkeypatch.setitem(patiently.__kwdefaults__, "standstill_s", 0.05)
    clock = FollowedClock(datetime(2026, 5, 12, tzinfo=UTC))
    channel = Channel(Address(MAIN, 7), lambda message: None, clock)
    with pytest.raises(CommandTimeout, match="vehicle main/7: no acknowledgement of: arm"):
        await Commander(channel).long(Command.ARM_DISARM, 1, doing="arm")
    with pytest.raises(TransferFailed, match="no vehicle has reported the time"):
        await courier.upload(channel, ArduCopter(), FlightPlan(a_mission()))


async def test_a_mission_is_started_only_on_a_vehicle_that_is_armed(
    vehicle: Vehicle, autopilot: Any
) -> None:
    """ArduPilot accepts a start that it should not, and flies off at the next arming."""
    await put(vehicle, a_mission())
    autopilot.refuse = {Command.ARM_DISARM: 4}
    with pytest.raises(CommandRefused, match="refused to arm"):
        await vehicle.launch()
    assert not commands(autopilot, Command.MISSION_START)


async def test_a_start_that_comes_too_late_is_repeated_from_the_arming(
    vehicle: Vehicle, autopilot: Any
) -> None:
    await put(vehicle, a_mission())
    obey = autopilot._obey

    def disarm_instead(command: int, params: tuple[float, ...]) -> None:
        if command == Command.MISSION_START and len(commands(autopilot, Command.ARM_DISARM)) == 1:
            autopilot.armed = False
            return
        obey(command, params)

    autopilot._obey = disarm_instead
    await vehicle.launch()
    assert vehicle.state.in_flight
    assert len(commands(autopilot, Command.ARM_DISARM)) == 2


async def test_silence_alone_gives_no_order_to_turn_back(
    ranged: Any, vehicle: Vehicle, autopilot: Any
) -> None:
    ranged.fleet.guard(Address(MAIN, 7), SPEC, lambda: (HERE,))
    await put(vehicle, a_mission())
    await vehicle.launch()
    autopilot.silent = True
    await ranged.clock.sleep(20)
    autopilot.silent = False
    await ranged.clock.sleep(20)
    assert not ranged.of(TurnedBack)
    assert vehicle.state.mode == "AUTO"


async def test_what_is_meant_for_another_ground_station_is_no_answer_to_us(
    ranged: Any, vehicle: Vehicle, autopilot: Any
) -> None:
    await put(vehicle, a_mission())
    ranged.air.send(MissionAck(result=0), 250, sender=7)
    await ranged.clock.sleep(1.0)
    assert not vehicle.onboard.custody.fresh(ranged.clock.now())  # read again before arming
    going = asyncio.create_task(vehicle.upload(FlightPlan(a_mission(2))))
    for seq in range(4):
        ranged.air.send(MissionRequest(seq=seq), 250, sender=7)
    await going
    items = a_mission(2).items[1:]
    assert [(i.command, i.z) for i in autopilot.items[1:]] == [(i.command, i.z) for i in items]


async def test_somebody_elses_mission_is_found_before_arming_and_cleared(
    ranged: Any, vehicle: Vehicle, autopilot: Any
) -> None:
    await put(vehicle, a_mission())
    autopilot.items = list(a_mission(2).items)
    await ranged.clock.sleep(5.0)
    with pytest.raises(ReadBackMismatch, match="no longer holds the plan that was proven"):
        await vehicle.launch()
    assert not autopilot.armed
    assert autopilot.items == []
    with pytest.raises(NotReady):
        await vehicle.launch()


async def test_a_reboot_between_upload_and_launch_takes_the_proof_away(
    ranged: Any, vehicle: Vehicle, autopilot: Any
) -> None:
    await put(vehicle, a_mission())
    ranged.air.send(SystemTime(utc=None, boot_s=500.0), 255, sender=7)
    await ranged.clock.sleep(1.0)  # its next report says one second since boot
    with pytest.raises(NotReady, match="no proven mission"):
        await vehicle.launch()
    await vehicle.download()
    with pytest.raises(NotReady, match="has not been checked"):
        await vehicle.launch()
    vehicle.prove(conditions())
    await vehicle.launch()
    assert autopilot.armed


async def test_a_failsafe_that_does_not_hold_keeps_it_on_the_ground(
    vehicle: Vehicle, autopilot: Any
) -> None:
    await put(vehicle, a_mission())
    autopilot.parameters.stuck = {"FENCE_ENABLE"}
    with pytest.raises(ParameterRefused, match="FENCE_ENABLE stays 0 instead of 1"):
        await vehicle.launch()
    assert not autopilot.armed
    autopilot.parameters.stuck = set()
    await vehicle.launch()
    assert {autopilot.parameters.held[n][0] for n in ("FENCE_ENABLE", "FS_GCS_ENABLE")} == {1}
