"""Fence, rally, camera, gimbal, parameters, signing, failsafes: what a real autopilot answers."""

import math
import struct
from typing import Any

import pytest
from pymavlink.dialects.v20 import ardupilotmega as wire

from sim.autopilot.health import Satellites
from sim.autopilot.modes import Mode
from sim.autopilot.signing import EPOCH_US
from sim.swarm import Swarm
from sim.world import build

LAT, LON = 28.9, 118.8
ACCEPTED, DENIED, UNSUPPORTED, FAILED = 0, 2, 3, 4
VERTEX = wire.MAV_CMD_NAV_FENCE_POLYGON_VERTEX_INCLUSION
RALLY = wire.MAV_CMD_NAV_RALLY_POINT


def ring(size: float) -> list[tuple[float, ...]]:
    corners = [(-size, -size), (-size, size), (size, size), (size, -size)]
    return [(0, VERTEX, 4, 0, 0, 0, LAT + a, LON + b, 0) for a, b in corners]


def put(pilot: Any, name: str, value: float, kind: int = 9) -> None:
    pilot.send(wire.MAVLink_param_set_message(1, 1, name.encode(), value, kind))


def first(pilot: Any) -> Any:
    return pilot.swarm.autopilots[0]


class TestTransfers:
    def test_some_items_are_written_anew(self, pilot: Any) -> None:
        pilot.run(25)
        items = [(3, 16, 0, 0, 0, 0, LAT, LON, 10.0 * k) for k in range(5)]
        assert pilot.upload(items) == ACCEPTED
        pilot.send(wire.MAVLink_mission_write_partial_list_message(1, 1, 2, 2, 0))
        assert pilot.last("MISSION_REQUEST").seq == 2
        place = (round(LAT * 1e7), round(LON * 1e7), 77.0)
        pilot.send(
            wire.MAVLink_mission_item_int_message(1, 1, 2, 3, 16, 0, 1, 0, 0, 0, 0, *place, 0)
        )
        assert [i.z for i in pilot.download()][1:] == [10, 77, 30, 40]
        pilot.send(wire.MAVLink_mission_write_partial_list_message(1, 1, 9, 12, 0))
        assert pilot.last("MISSION_ACK").type == wire.MAV_MISSION_ERROR

    def test_mission_and_fence_may_be_uploaded_at_the_same_time(self, pilot: Any) -> None:
        pilot.run(25)
        pilot.send(wire.MAVLink_mission_count_message(1, 1, 3, 0))
        pilot.send(wire.MAVLink_mission_count_message(1, 1, 4, 1))
        assert pilot.last("MISSION_REQUEST").mission_type == 1

    def test_home_can_be_read_though_there_is_no_mission(self, pilot: Any) -> None:
        pilot.run(25)
        pilot.send(wire.MAVLink_mission_request_list_message(1, 1, 0))
        assert pilot.last("MISSION_COUNT").count == 0
        pilot.send(wire.MAVLink_mission_request_int_message(1, 1, 0, 0))
        assert pilot.last("MISSION_ITEM_INT").x == pytest.approx(LAT * 1e7, abs=2)

    def test_an_upload_that_nobody_goes_on_with_ends(
        self, pilot: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wall = [1000.0]
        monkeypatch.setattr("sim.autopilot.autopilot.time.monotonic", lambda: wall[0])
        pilot.run(25)
        pilot.send(wire.MAVLink_mission_count_message(1, 1, 3, 0))
        wall[0] += 60
        pilot.run(10)
        assert pilot.last("MISSION_ACK").type == wire.MAV_MISSION_OPERATION_CANCELLED
        assert "Mission upload timeout" in pilot.texts()


class TestFence:
    def test_outside_it_does_not_arm(self, pilot: Any) -> None:
        pilot.run(45)
        far = [(0, VERTEX, 4, 0, 0, 0, i[6] + 0.1, i[7], 0) for i in ring(0.01)]
        assert pilot.upload(far, kind=1) == ACCEPTED
        put(pilot, "FENCE_ENABLE", 1)
        pilot.command(wire.MAV_CMD_DO_SET_MODE, 1, 4)
        assert pilot.command(wire.MAV_CMD_COMPONENT_ARM_DISARM, 1) == FAILED
        assert "PreArm: Vehicle breaching Polygon fence" in pilot.texts()

    def test_too_high_is_a_breach_and_brings_it_home(self, pilot: Any) -> None:
        pilot.airborne(30)
        put(pilot, "FENCE_TYPE", 1)
        put(pilot, "FENCE_ALT_MAX", 20)
        put(pilot, "FENCE_ENABLE", 1)
        pilot.run(3)
        assert first(pilot).mode is Mode.RTL
        assert "Max Alt fence breached" in pilot.texts()
        assert pilot.last("FENCE_STATUS").breach_type == wire.FENCE_BREACH_MAXALT

    def test_a_hole_and_a_circle_count(self, pilot: Any) -> None:
        pilot.run(25)
        hole = (0, wire.MAV_CMD_NAV_FENCE_CIRCLE_EXCLUSION, 50, 0, 0, 0, LAT + 0.005, LON, 0)
        assert pilot.upload([*ring(0.01), hole], kind=1) == ACCEPTED
        put(pilot, "FENCE_ENABLE", 1)
        put(pilot, "FENCE_TYPE", 4)
        permitted = first(pilot).permitted
        assert permitted(LON, LAT, 150.0)
        assert not permitted(LON, LAT + 0.005, 150.0)
        assert not permitted(LON, LAT + 0.02, 150.0)


class TestRally:
    @pytest.mark.parametrize(("limit_km", "north"), [(0.0, 0.0018), (0.1, 0.0)])
    def test_a_return_goes_to_the_nearest_within_the_limit(
        self, pilot: Any, limit_km: float, north: float
    ) -> None:
        pilot.airborne()
        point = (3, RALLY, 0, 0, 0, 0, LAT + 0.0018, LON, 30)
        assert pilot.upload([point], kind=2) == ACCEPTED
        put(pilot, "RALLY_LIMIT_KM", limit_km)
        x, y = round((LAT + 0.004) * 1e7), round(LON * 1e7)
        goto = wire.MAV_CMD_DO_REPOSITION
        pilot.send(wire.MAVLink_command_int_message(1, 1, 6, goto, 0, 0, -1, 1, 0, 0, x, y, 40))
        pilot.run(50)
        assert pilot.command(wire.MAV_CMD_NAV_RETURN_TO_LAUNCH) == ACCEPTED
        pilot.run_until(lambda: not pilot.body.flying, 200)
        assert pilot.body.lat == pytest.approx(LAT + north, abs=4e-5)


class TestCameraAndGimbal:
    def test_each_camera_tells_of_itself(self, pilot: Any) -> None:
        ask = wire.MAV_CMD_REQUEST_MESSAGE
        assert pilot.command(ask, wire.MAVLINK_MSG_ID_CAMERA_INFORMATION, 2) == ACCEPTED
        told = pilot.last("CAMERA_INFORMATION")
        assert (told.resolution_h, told.camera_device_id) == (640, 2)
        assert pilot.command(ask, wire.MAVLINK_MSG_ID_CAMERA_INFORMATION, 7) == FAILED

    def test_a_full_storage_takes_no_photograph(self, pilot: Any) -> None:
        pilot.run(3)
        assert pilot.command(wire.MAV_CMD_IMAGE_START_CAPTURE, 1, 0, 1) == ACCEPTED
        first(pilot).health.storage_full = True
        assert pilot.command(wire.MAV_CMD_IMAGE_START_CAPTURE, 1, 0, 1) == FAILED
        pilot.command(wire.MAV_CMD_REQUEST_MESSAGE, wire.MAVLINK_MSG_ID_STORAGE_INFORMATION)
        assert pilot.last("STORAGE_INFORMATION").available_capacity == 0

    def test_photographs_by_time_end_when_told(self, pilot: Any) -> None:
        pilot.run(3)
        pilot.command(wire.MAV_CMD_IMAGE_START_CAPTURE, 1, 2.0, 0)
        pilot.run(9)
        taken = len(pilot.photos)
        assert taken == pytest.approx(5, abs=1)
        assert pilot.command(wire.MAV_CMD_IMAGE_STOP_CAPTURE) == ACCEPTED
        pilot.run(6)
        assert len(pilot.photos) == taken

    def test_only_the_one_in_control_moves_the_gimbal(self, pilot: Any) -> None:
        configure, aim = (
            wire.MAV_CMD_DO_GIMBAL_MANAGER_CONFIGURE,
            wire.MAV_CMD_DO_GIMBAL_MANAGER_PITCHYAW,
        )
        nan = math.nan
        assert pilot.command(configure, 7, 1, 0, 0, 0, 0, 0) == ACCEPTED
        assert pilot.last("GIMBAL_MANAGER_STATUS").primary_control_sysid == 7
        assert pilot.command(aim, -30, 0, nan, nan, 0, 0, 0) == DENIED
        assert pilot.command(configure, -2, -2, 0, 0, 0, 0, 0) == ACCEPTED
        assert pilot.command(aim, -30, 10, nan, nan, 0, 0, 0) == ACCEPTED
        looks = first(pilot).shutter.attitude()
        assert (looks.pitch_deg, looks.yaw_deg) == (-30, 10)

    def test_a_stuck_gimbal_stays_and_says_so(self, pilot: Any) -> None:
        first(pilot).health.gimbal_stuck = True
        before = first(pilot).shutter.attitude()
        pilot.command(wire.MAV_CMD_DO_MOUNT_CONTROL, -20, 0, 0, 0, 0, 0, 2)
        assert first(pilot).shutter.attitude() == before
        number = wire.MAVLINK_MSG_ID_GIMBAL_DEVICE_ATTITUDE_STATUS
        pilot.command(wire.MAV_CMD_REQUEST_MESSAGE, number)
        assert pilot.last("GIMBAL_DEVICE_ATTITUDE_STATUS").failure_flags


class TestParameters:
    def test_one_that_is_read_only_is_refused(self, pilot: Any) -> None:
        put(pilot, "MIS_TOTAL", 5)
        assert pilot.last("PARAM_ERROR").error == 5
        assert first(pilot).parameters["MIS_TOTAL"] == 0

    def test_they_survive_a_reboot_and_so_does_the_mission(self, pilot: Any) -> None:
        pilot.run(25)
        put(pilot, "RTL_ALT_M", 44)
        pilot.upload([(3, 16, 0, 0, 0, 0, LAT, LON, 10.0)] * 3)
        assert pilot.command(wire.MAV_CMD_PREFLIGHT_REBOOT_SHUTDOWN, 1) == ACCEPTED
        pilot.run(1)
        assert first(pilot).boot_s() < 2
        assert first(pilot).parameters["RTL_ALT_M"] == 44
        pilot.run(5)
        assert len(pilot.download()) == 3

    def test_an_older_generation_has_the_older_names_and_is_silent(
        self, city: Any, pilot: Any
    ) -> None:
        old = type(pilot)(Swarm(build(_made(city, "ardupilot-4.5"), 7)))
        old.send(wire.MAVLink_param_request_read_message(1, 1, b"WPNAV_SPEED", -1))
        assert old.last("PARAM_VALUE").param_value == 1500
        old.heard.clear()
        old.send(wire.MAVLink_param_request_read_message(1, 1, b"WP_SPD", -1))
        assert not old.heard


class TestCommands:
    def test_what_takes_a_while_tells_its_progress_and_can_be_cancelled(self, pilot: Any) -> None:
        pilot.run(3)
        calibrate = wire.MAV_CMD_PREFLIGHT_CALIBRATION
        assert pilot.command(calibrate, 1) == wire.MAV_RESULT_IN_PROGRESS
        assert pilot.command(calibrate, 1) == wire.MAV_RESULT_TEMPORARILY_REJECTED
        pilot.run(2)
        assert 0 < pilot.last("COMMAND_ACK").progress < 100
        head = bytes([253, 4, 0, 0, 0, 255, 190, 80, 0, 0])
        packet = head + struct.pack("<HBB", calibrate, 1, 1) + bytes(2)
        pilot.swarm.receive(wire.MAVLink_unknown(80, packet))  # COMMAND_CANCEL
        pilot._listen()
        assert pilot.last("COMMAND_ACK").result == 6

    def test_files_are_refused_and_there_are_no_logs(self, pilot: Any) -> None:
        pilot.send(wire.MAVLink_file_transfer_protocol_message(0, 1, 1, [0, 0, 0, 4] + [0] * 247))
        assert pilot.last("FILE_TRANSFER_PROTOCOL").payload[3] == 129
        pilot.send(wire.MAVLink_log_request_list_message(1, 1, 0, 65535))
        assert pilot.last("LOG_ENTRY").num_logs == 0

    def test_it_tells_the_ground_anywhere(self, pilot: Any) -> None:
        place = round((LAT + 0.01) * 1e7), round(LON * 1e7)
        pilot.send(wire.MAVLink_terrain_check_message(*place))
        assert pilot.last("TERRAIN_REPORT").terrain_height == pytest.approx(100, abs=5)


class TestFailsafes:
    def test_a_lost_ground_station_brings_it_home_where_that_is_on(
        self, pilot: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wall = [1000.0]
        monkeypatch.setattr("time.monotonic", lambda: wall[0])
        pilot.airborne()
        put(pilot, "FS_GCS_ENABLE", 1)
        pilot.send(wire.MAVLink_heartbeat_message(6, 8, 0, 0, 0, 3))
        pilot.run(8)
        assert first(pilot).mode is Mode.GUIDED  # not yet in the computer's own time
        wall[0] += 10
        pilot.run(2)
        assert first(pilot).mode is Mode.RTL
        assert "GCS Failsafe" in pilot.texts()

    def test_without_satellites_it_lands(self, pilot: Any) -> None:
        pilot.airborne()
        first(pilot).health.gps = Satellites.NONE
        pilot.run(4)
        assert first(pilot).mode is Mode.LAND
        assert any("EKF Failsafe: changed to LAND" in text for text in pilot.texts())

    def test_an_obstacle_stops_it_and_it_does_not_go_on_by_itself(self, pilot: Any) -> None:
        pilot.airborne()
        first(pilot).health.obstacle = True
        pilot.run(2)
        first(pilot).health.obstacle = False
        pilot.run(5)
        assert first(pilot).mode is Mode.BRAKE
        assert pilot.body.speed_mps < 0.5

    def test_a_wrong_clock_tells_a_wrong_time(self, pilot: Any) -> None:
        pilot.run(3)
        first(pilot).health.clock_error_s = 3600.0
        pilot.run(2)
        told = [m for m in pilot.heard if m.get_type() == "SYSTEM_TIME" and m.get_srcSystem() == 1]
        real = pilot.swarm.world.start.timestamp() + pilot.swarm.now_s()
        assert told[-1].time_unix_usec / 1e6 - real == pytest.approx(3600, abs=2)


class TestSigning:
    KEY = bytes(range(32))

    def _set_up(self, pilot: Any) -> None:
        now = first(pilot).unix_us() - EPOCH_US
        pilot.send(wire.MAVLink_setup_signing_message(1, 1, list(self.KEY), now // 10))

    def test_with_a_key_unsigned_packets_are_dropped_and_signed_ones_heard(
        self, pilot: Any
    ) -> None:
        pilot.run(3)
        self._set_up(pilot)
        pilot.heard.clear()
        pilot.send(wire.MAVLink_param_request_read_message(1, 1, b"RTL_ALT_M", -1))
        assert not pilot.heard
        self._sign(pilot, self.KEY)
        pilot.send(wire.MAVLink_param_request_read_message(1, 1, b"RTL_ALT_M", -1))
        assert pilot.last("PARAM_VALUE").param_id == "RTL_ALT_M"
        assert pilot.last("PARAM_VALUE").get_msgbuf()[2] & 1  # it is signed, too

    def test_another_key_and_a_replay_are_dropped(self, pilot: Any) -> None:
        pilot.run(3)
        self._set_up(pilot)
        self._sign(pilot, bytes(32 * [9]))
        pilot.heard.clear()
        pilot.send(wire.MAVLink_param_request_read_message(1, 1, b"RTL_ALT_M", -1))
        assert not pilot.heard
        self._sign(pilot, self.KEY)
        packet = wire.MAVLink_param_request_read_message(1, 1, b"RTL_ALT_M", -1).pack(pilot._mine)
        for _ in range(2):
            pilot.swarm.receive(wire.MAVLink(None).parse_buffer(packet)[0])
        pilot._listen()
        assert len([m for m in pilot.heard if m.get_type() == "PARAM_VALUE"]) == 1

    def _sign(self, pilot: Any, key: bytes) -> None:
        signing = pilot._mine.signing
        signing.secret_key, signing.sign_outgoing, signing.link_id = key, True, 3
        signing.timestamp = (first(pilot).unix_us() - EPOCH_US) // 10 + 5


def _made(city: Any, autopilot: str) -> Any:
    made = city(docks=1)
    made["docks"][0]["autopilot"] = autopilot
    return made


class TestPx4:
    LEGS: tuple[tuple[float, ...], ...] = (
        (3, 22, 0, 0, 0, 0, LAT, LON, 30),
        (3, 16, 0, 0, 0, 0, LAT + 0.002, LON, 40),
        (2, 206, 30, 0, 0, 0, 0, 0, 0),
        (3, 16, 0, 0, 0, 0, LAT + 0.004, LON, 40),
        (2, 20, 0, 0, 0, 0, 0, 0, 0),
    )

    @pytest.fixture
    def px4(self, city: Any, pilot: Any) -> Any:
        made: Any = type(pilot)(Swarm(build(_made(city, "px4"), 7)))
        return made

    def _upload(self, px4: Any, items: Any, kind: int = 0) -> int:
        return int(px4.upload([(2 if i[0] == 2 else i[0], *i[1:]) for i in items], kind))

    def test_it_says_that_it_is_px4_and_streams_by_itself(self, px4: Any) -> None:
        px4.run(5)
        assert px4.last("HEARTBEAT").autopilot == wire.MAV_AUTOPILOT_PX4
        assert px4.last("HEARTBEAT").custom_mode == (4 << 16 | 3 << 24)
        assert {"GLOBAL_POSITION_INT", "SYS_STATUS"} <= {m.get_type() for m in px4.heard}

    def test_integers_travel_byte_by_byte_and_another_type_is_refused(self, px4: Any) -> None:
        two = struct.unpack("<f", struct.pack("<i", 2))[0]
        px4.send(wire.MAVLink_param_set_message(1, 1, b"NAV_DLL_ACT", two, 6))
        assert first(px4).parameters["NAV_DLL_ACT"] == 2
        carried = struct.pack("<f", px4.last("PARAM_VALUE").param_value)
        assert struct.unpack("<i", carried)[0] == 2
        px4.send(wire.MAVLink_param_set_message(1, 1, b"NAV_DLL_ACT", 3.0, 9))
        assert px4.last("PARAM_ERROR").error == 7
        assert first(px4).parameters["NAV_DLL_ACT"] == 2

    def test_item_0_is_the_first_and_a_refused_upload_changes_nothing(self, px4: Any) -> None:
        px4.run(25)
        assert px4.upload(list(self.LEGS)) == ACCEPTED
        px4.run(2)
        assert px4.last("MISSION_CURRENT").total == 5
        bad = (10, 16, 0, 0, 0, 0, LAT, LON, 40)
        assert px4.upload([self.LEGS[0], bad]) == wire.MAV_MISSION_UNSUPPORTED_FRAME
        assert [i.command for i in px4.download()] == [22, 16, 206, 16, 20]

    def test_a_far_first_waypoint_is_told_and_not_flown(self, px4: Any) -> None:
        px4.run(45)
        far = (3, 16, 0, 0, 0, 0, LAT + 0.2, LON, 40)
        px4.upload([self.LEGS[0], far])
        first(px4).parameters["MIS_DIST_1WP"] = 900
        px4.upload([far, self.LEGS[0]])
        assert any("First waypoint too far" in text for text in px4.texts())
        assert px4.command(wire.MAV_CMD_MISSION_START) == wire.MAV_RESULT_TEMPORARILY_REJECTED

    def test_a_whole_flight(self, px4: Any) -> None:
        px4.run(45)
        assert px4.upload(list(self.LEGS)) == ACCEPTED
        assert px4.command(wire.MAV_CMD_MISSION_START) == ACCEPTED
        px4.run_until(lambda: px4.body.flying, 20)
        px4.run_until(lambda: not first(px4).armed, 400)
        assert len(px4.photos) > 3
        assert px4.last("CAMERA_IMAGE_CAPTURED").capture_result == 1
        assert px4.body.lat == pytest.approx(LAT, abs=3e-5)

    def test_it_orbits_and_holds(self, px4: Any) -> None:
        px4.run(45)
        px4.command(wire.MAV_CMD_NAV_TAKEOFF, 0, 0, 0, math.nan, math.nan, math.nan, 140)
        assert px4.command(wire.MAV_CMD_COMPONENT_ARM_DISARM, 1) == ACCEPTED
        px4.run_until(lambda: first(px4).mode is Mode.LOITER and px4.body.flying, 60)
        nan = math.nan
        assert px4.command(wire.MAV_CMD_DO_ORBIT, 40, 6, nan, nan, LAT, LON, nan) == ACCEPTED
        px4.run(60)
        away = math.hypot((px4.body.lat - LAT) * 110_900, (px4.body.lon - LON) * 97_600)
        assert away == pytest.approx(40, abs=6)
        assert px4.command(wire.MAV_CMD_DO_PAUSE_CONTINUE, 0) == ACCEPTED
        px4.run(10)
        assert px4.body.speed_mps < 0.6
