"""What a ground station gets from the autopilot: missions, modes, arming, refusals."""

from itertools import pairwise
from typing import Any

import pytest
from pymavlink.dialects.v20 import ardupilotmega as wire

from sim.swarm import Swarm
from sim.world import build

LAT, LON = 28.9, 118.8
WAYPOINT, TAKEOFF, RTL = 16, 22, 20
TRIGGER = wire.MAV_CMD_DO_SET_CAM_TRIGG_DIST
AUTO, GUIDED, BRAKE = 3, 4, 17
ACCEPTED, FAILED = 0, 4

MISSION: list[tuple[float, ...]] = [
    (0, WAYPOINT, 0, 0, 0, 0, LAT, LON, 0),
    (3, TAKEOFF, 0, 0, 0, 0, 0, 0, 40),
    (10, WAYPOINT, 0, 0, 0, 0, LAT + 0.002, LON, 60),
    (2, TRIGGER, 30, 0, 0, 0, 0, 0, 0),
    (10, WAYPOINT, 0, 0, 0, 0, LAT + 0.006, LON, 60),
    (2, TRIGGER, 0, 0, 0, 0, 0, 0, 0),
    (2, RTL, 0, 0, 0, 0, 0, 0, 0),
]


def arm(pilot: Any) -> int:
    return int(pilot.command(wire.MAV_CMD_COMPONENT_ARM_DISARM, 1))


def mode(pilot: Any, number: int) -> int:
    return int(pilot.command(wire.MAV_CMD_DO_SET_MODE, 1, number))


def start_auto(pilot: Any) -> None:
    pilot.send(wire.MAVLink_param_set_message(1, 1, b"AUTO_OPTIONS", 3, 6))
    assert mode(pilot, AUTO) == ACCEPTED
    assert arm(pilot) == ACCEPTED


class TestBoot:
    def test_before_standby_an_upload_finds_no_space_and_a_mode_does_not_last(
        self, pilot: Any
    ) -> None:
        autopilot = pilot.swarm.autopilots[0]
        autopilot._boot_at_s = 0.0
        autopilot.transfers.booted = False
        assert pilot.upload(MISSION) == wire.MAV_MISSION_NO_SPACE
        assert mode(pilot, GUIDED) == ACCEPTED
        pilot.run(4)
        assert autopilot.mode == 0
        assert pilot.upload(MISSION) == wire.MAV_MISSION_ACCEPTED

    def test_arming_too_early_fails_with_reasons_after_the_answer(self, pilot: Any) -> None:
        pilot.run(5)
        pilot.heard.clear()
        assert arm(pilot) == FAILED
        kinds = [m.get_type() for m in pilot.heard]
        assert kinds.index("COMMAND_ACK") < kinds.index("STATUSTEXT")
        assert any("PreArm" in text for text in pilot.texts())

    def test_nothing_streams_but_heartbeat_and_time_until_asked(self, pilot: Any) -> None:
        pilot.run(3)
        assert {m.get_type() for m in pilot.heard} == {"HEARTBEAT", "SYSTEM_TIME"}
        asked = pilot.command(wire.MAV_CMD_SET_MESSAGE_INTERVAL, 33, 500_000)
        pilot.heard.clear()
        pilot.run(10)
        positions = [m for m in pilot.heard if m.get_type() == "GLOBAL_POSITION_INT"]
        assert asked == ACCEPTED
        assert len(positions) == pytest.approx(20, abs=1)

    def test_the_time_of_day_is_the_worlds(self, pilot: Any) -> None:
        pilot.run(30)
        time = pilot.last("SYSTEM_TIME").time_unix_usec / 1e6
        assert time == pytest.approx(pilot.swarm.world.start.timestamp() + 30, abs=1.1)


class TestMission:
    def test_read_back_is_what_was_sent_but_home_and_frames(self, pilot: Any) -> None:
        pilot.run(25)
        assert pilot.upload(MISSION) == wire.MAV_MISSION_ACCEPTED
        items = pilot.download()
        assert [i.command for i in items] == [i[1] for i in MISSION]
        assert items[4].x == round((LAT + 0.006) * 1e7)
        assert items[0].z == pytest.approx(pilot.body.altitude_m, abs=0.1)
        assert items[3].frame == 0

    def test_a_whole_flight(self, pilot: Any) -> None:
        pilot.run(45)
        pilot.upload(MISSION)
        start_auto(pilot)
        autopilot = pilot.swarm.autopilots[0]
        pilot.run_until(lambda: pilot.body.flying, 20)
        pilot.run_until(lambda: not autopilot.armed, 400)
        reached = [m.seq for m in pilot.heard if m.get_type() == "MISSION_ITEM_REACHED"]
        assert reached == [1, 3, 5, 6]  # of 2 and its DO item 3 only the last is told
        home = pilot.swarm.dock_of(0)
        assert abs(pilot.body.lon - home.lon) < 3e-5
        assert abs(pilot.body.lat - home.lat) < 3e-5
        assert 0.8 < pilot.body.battery < 0.99

    def test_photos_stand_where_the_trigger_distance_says(self, pilot: Any) -> None:
        pilot.run(45)
        pilot.upload(MISSION)
        start_auto(pilot)
        pilot.run_until(lambda: pilot.swarm.autopilots[0].runner.returning, 300)
        thermal = [p for p in pilot.photos if p.camera.id == "t-thermal"]
        spacing = [(b.lat - a.lat) * 110_900 for a, b in pairwise(thermal)]
        assert len(thermal) == pytest.approx(444 / 30, abs=2)
        assert all(s == pytest.approx(30, abs=0.5) for s in spacing[1:])
        assert all(abs(p.height_m - 60) < 6 for p in thermal)
        feedback = [m for m in pilot.heard if m.get_type() == "CAMERA_FEEDBACK"]
        assert len(feedback) == len(pilot.photos) == 2 * len(thermal)

    def test_without_takeoff_it_arms_never_lifts_and_disarms(self, pilot: Any) -> None:
        pilot.run(45)
        pilot.upload([MISSION[0], *MISSION[2:]])
        start_auto(pilot)
        pilot.run(9)
        assert pilot.swarm.autopilots[0].armed
        pilot.run(3)
        assert not pilot.swarm.autopilots[0].armed
        assert not pilot.body.flying

    def test_auto_does_not_arm_without_its_option(self, pilot: Any) -> None:
        pilot.run(45)
        pilot.upload(MISSION)
        mode(pilot, AUTO)
        assert arm(pilot) == FAILED
        assert "Arm: AUTO mode not armable" in pilot.texts()

    def test_auto_without_a_mission_is_taken_on_the_ground_and_does_not_arm(
        self, pilot: Any
    ) -> None:
        pilot.run(45)
        assert mode(pilot, AUTO) == ACCEPTED
        assert arm(pilot) == FAILED
        assert "PreArm: Mode requires mission" in pilot.texts()

    def test_auto_without_a_mission_is_refused_in_the_air(self, pilot: Any) -> None:
        pilot.airborne()
        assert mode(pilot, AUTO) == FAILED

    @pytest.mark.parametrize(
        ("item", "result"),
        [
            ((3, 31000, 0, 0, 0, 0, LAT, LON, 50), wire.MAV_MISSION_UNSUPPORTED),
            ((1, WAYPOINT, 0, 0, 0, 0, LAT, LON, 50), wire.MAV_MISSION_UNSUPPORTED_FRAME),
            ((3, WAYPOINT, 0, 0, 0, 0, 95.0, LON, 50), wire.MAV_MISSION_INVALID_PARAM5_X),
            ((3, WAYPOINT, 0, 0, 0, 0, LAT, 185.0, 50), wire.MAV_MISSION_INVALID_PARAM6_Y),
            ((3, WAYPOINT, 0, 0, 0, 0, LAT, LON, float("nan")), wire.MAV_MISSION_INVALID_PARAM7),
            ((3, WAYPOINT, float("nan"), 0, 0, 0, LAT, LON, 9), wire.MAV_MISSION_INVALID_PARAM1),
        ],
    )
    def test_a_refused_item_leaves_a_mixed_mission(
        self, pilot: Any, item: tuple[float, ...], result: int
    ) -> None:
        pilot.run(25)
        pilot.upload(MISSION)
        other = [*MISSION[:2], (3, WAYPOINT, 0, 0, 0, 0, LAT + 0.01, LON, 60), item, MISSION[4]]
        assert pilot.upload(other) == result
        mixed = pilot.download()
        assert [i.command for i in mixed] == [i[1] for i in MISSION[:5]]
        assert mixed[2].x == round((LAT + 0.01) * 1e7)
        assert mixed[4].x == round((LAT + 0.006) * 1e7)  # of the old mission

    def test_too_many_items_find_no_space(self, pilot: Any) -> None:
        pilot.run(25)
        pilot.send(wire.MAVLink_mission_count_message(1, 1, 5000, 0))
        assert pilot.last("MISSION_ACK").type == wire.MAV_MISSION_NO_SPACE

    def test_a_second_ground_station_is_denied(self, pilot: Any) -> None:
        pilot.run(25)
        pilot.send(wire.MAVLink_mission_count_message(1, 1, 4, 0))
        pilot._mine.srcSystem = 254
        pilot.send(wire.MAVLink_mission_count_message(1, 1, 4, 0))
        assert pilot.last("MISSION_ACK").type == wire.MAV_MISSION_DENIED

    def test_entering_auto_again_resumes_at_the_same_item(self, pilot: Any) -> None:
        pilot.run(45)
        pilot.upload(MISSION)
        start_auto(pilot)
        runner = pilot.swarm.autopilots[0].runner
        pilot.run_until(lambda: runner.seq == 4, 120)
        assert mode(pilot, BRAKE) == ACCEPTED
        pilot.run(10)
        assert pilot.body.speed_mps < 0.5
        assert mode(pilot, AUTO) == ACCEPTED
        assert runner.seq == 4
        pilot.run_until(lambda: runner.returning, 120)

    def test_pause_and_continue(self, pilot: Any) -> None:
        pilot.run(45)
        pilot.upload(MISSION)
        start_auto(pilot)
        runner = pilot.swarm.autopilots[0].runner
        pilot.run_until(lambda: runner.seq == 4, 120)
        assert pilot.command(wire.MAV_CMD_DO_PAUSE_CONTINUE, 0) == ACCEPTED
        pilot.run(20)
        assert pilot.body.speed_mps < 0.5
        assert pilot.command(wire.MAV_CMD_DO_PAUSE_CONTINUE, 1) == ACCEPTED
        pilot.run_until(lambda: runner.returning, 120)


class TestGuided:
    def test_reposition_needs_command_int(self, pilot: Any) -> None:
        pilot.airborne()
        long = pilot.command(wire.MAV_CMD_DO_REPOSITION, -1, 1, 0, 0, LAT, LON, 50)
        assert long == wire.MAV_RESULT_UNSUPPORTED

    def test_reposition_flies_there(self, pilot: Any) -> None:
        pilot.airborne()
        mode(pilot, BRAKE)
        x, y = round((LAT + 0.002) * 1e7), round((LON + 0.002) * 1e7)
        place = (x, y, 40.0)
        command = wire.MAV_CMD_DO_REPOSITION
        pilot.send(wire.MAVLink_command_int_message(1, 1, 6, command, 0, 0, -1, 0, 0, 0, *place))
        assert pilot.last("COMMAND_ACK").result == wire.MAV_RESULT_DENIED
        pilot.send(wire.MAVLink_command_int_message(1, 1, 6, command, 0, 0, -1, 1, 0, 0, *place))
        assert pilot.last("COMMAND_ACK").result == ACCEPTED
        pilot.run(60)
        assert pilot.body.lat == pytest.approx(LAT + 0.002, abs=3e-5)
        assert pilot.body.height_m == pytest.approx(40, abs=3)

    def test_outside_the_fence_one_is_dropped_and_the_other_fails(self, pilot: Any) -> None:
        pilot.run(25)
        corners = [(-0.003, -0.003), (-0.003, 0.003), (0.003, 0.003), (0.003, -0.003)]
        vertex = wire.MAV_CMD_NAV_FENCE_POLYGON_VERTEX_INCLUSION
        ring = [(0, vertex, 4, 0, 0, 0, LAT + a, LON + b, 0) for a, b in corners]
        assert pilot.upload(ring, kind=1) == wire.MAV_MISSION_ACCEPTED
        pilot.send(wire.MAVLink_param_set_message(1, 1, b"FENCE_ENABLE", 1, 2))
        pilot.airborne()
        far = (round((LAT + 0.01) * 1e7), round(LON * 1e7), 40.0)
        pilot.send(
            wire.MAVLink_set_position_target_global_int_message(
                0, 1, 1, 6, 0xDF8, *far, *([0.0] * 8)
            )
        )
        pilot.run(10)
        assert pilot.body.speed_mps < 0.5
        command = wire.MAV_CMD_DO_REPOSITION
        pilot.send(wire.MAVLink_command_int_message(1, 1, 6, command, 0, 0, -1, 1, 0, 0, *far))
        assert pilot.last("COMMAND_ACK").result == FAILED

    def test_an_incomplete_fence_is_refused_with_a_text(self, pilot: Any) -> None:
        pilot.run(25)
        vertex = wire.MAV_CMD_NAV_FENCE_POLYGON_VERTEX_INCLUSION
        ring = [(0, vertex, 4, 0, 0, 0, LAT, LON + k, 0) for k in range(3)]
        assert pilot.upload(ring, kind=1) != wire.MAV_MISSION_ACCEPTED
        assert any("Fence" in text for text in pilot.texts())

    def test_a_low_battery_brings_it_home(self, pilot: Any) -> None:
        pilot.airborne()
        pilot.swarm.state.battery[0] = 0.13
        pilot.run(3)
        assert pilot.swarm.autopilots[0].mode == 6
        beats = [m for m in pilot.heard if m.get_type() == "HEARTBEAT" and m.get_srcSystem() == 1]
        assert beats[-1].system_status == wire.MAV_STATE_CRITICAL
        assert any("Battery 1 is low" in text for text in pilot.texts())

    def test_disarming_in_flight_is_refused(self, pilot: Any) -> None:
        pilot.airborne()
        assert pilot.command(wire.MAV_CMD_COMPONENT_ARM_DISARM, 0) == FAILED


class TestParameters:
    def test_set_and_read(self, pilot: Any) -> None:
        pilot.send(wire.MAVLink_param_set_message(1, 1, b"RTL_ALT_M", 60, 9))
        pilot.send(wire.MAVLink_param_request_read_message(1, 1, b"RTL_ALT_M", -1))
        assert pilot.last("PARAM_VALUE").param_value == 60

    def test_an_unknown_name_gets_an_error(self, pilot: Any) -> None:
        pilot.send(wire.MAVLink_param_set_message(1, 1, b"WPNAV_SPEED", 60, 9))
        assert pilot.last("PARAM_ERROR").param_id == "WPNAV_SPEED"

    def test_the_list_is_whole(self, pilot: Any) -> None:
        pilot.send(wire.MAVLink_param_request_list_message(1, 1))
        values = [m for m in pilot.heard if m.get_type() == "PARAM_VALUE"]
        assert len(values) == values[0].param_count


def test_the_seed_and_the_commands_fix_a_flight(city: Any, pilot: Any) -> None:
    make = type(pilot)

    def flown(seed: int) -> list[Any]:
        pilot = make(Swarm(build(city(docks=1), seed)))
        pilot.run(45)
        pilot.upload(MISSION)
        start_auto(pilot)
        pilot.run(90)
        return [(p.lon, p.lat, p.altitude_m, p.at_s) for p in pilot.photos]

    first = flown(7)
    assert len(first) > 4
    assert first == flown(7)
    assert first != flown(8)
