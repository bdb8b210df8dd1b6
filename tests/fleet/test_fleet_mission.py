"""Routes become missions; what a vehicle gives back is compared as autopilots really answer."""

from dataclasses import replace

import pytest

from core.equipment import CameraSpec, Sensor, VehicleSpec
from core.errors import InvalidInput
from core.geo import LonLat, offset
from core.route import Route, Waypoint
from fleet.messages import MissionItem
from fleet.plans.mission import Mission, build, differences, matches
from fleet.vocabulary import Command as C
from fleet.vocabulary import Frame

HOME = LonLat(118.87, 28.95)
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


def at(metres: float, **more: object) -> Waypoint:
    return Waypoint(position=offset(HOME, 90, metres), height_m=80, **more)  # type: ignore[arg-type]


def mission(*waypoints: Waypoint, spec: VehicleSpec | None = None) -> Mission:
    return build(Route(waypoints), home=HOME, cameras=CAMERAS, spec=spec)


def commands(m: Mission) -> list[int]:
    return [i.command for i in m.items]


def test_a_photo_leg_begins_and_ends_its_trigger() -> None:
    m = mission(at(0), at(100, photo_spacing_m=20, sensor=Sensor.THERMAL), at(300), at(0))
    assert commands(m) == [
        C.NAV_WAYPOINT,
        C.NAV_TAKEOFF,
        C.NAV_WAYPOINT,
        C.NAV_WAYPOINT,
        C.DO_MOUNT_CONTROL,
        C.DO_SET_CAM_TRIGG_DIST,
        C.NAV_WAYPOINT,
        C.DO_SET_CAM_TRIGG_DIST,
        C.NAV_WAYPOINT,
        C.NAV_RETURN_TO_LAUNCH,
    ]
    assert m.items[5].params == (20, 0, 1, 2)
    assert m.items[7].params == (0, 0, 0, 0)
    assert [i.seq for i in m.items] == list(range(len(m.items)))
    assert m.waypoint_seqs == (2, 3, 6, 8)


def test_a_trigger_goes_on_over_equal_legs() -> None:
    legs = [at(100 * i, photo_spacing_m=20) for i in range(4)]
    m = mission(*legs, at(500))
    assert commands(m).count(C.DO_SET_CAM_TRIGG_DIST) == 2


def test_heights_are_above_the_ground_below_and_the_take_off_above_home() -> None:
    m = mission(at(0), at(100))
    assert m.items[1].frame == Frame.RELATIVE_INT
    assert m.items[1].z == 80
    assert {i.frame for i in m.items if i.command == C.NAV_WAYPOINT and i.seq} == {
        Frame.TERRAIN_INT
    }


def test_a_single_photo_waits_with_the_gimbal_turned() -> None:
    m = mission(at(0), at(100, photo=True, hold_s=5, gimbal_pitch_deg=-45, sensor=Sensor.VISIBLE))
    assert commands(m)[3:] == [
        C.NAV_WAYPOINT,
        C.DO_MOUNT_CONTROL,
        C.NAV_DELAY,
        C.IMAGE_START_CAPTURE,
        C.NAV_RETURN_TO_LAUNCH,
    ]
    assert m.items[4].params[0] == -45
    assert m.items[5].params[0] == 5
    assert m.items[6].params == (1, 0, 1, 1)


def test_all_cameras_are_number_zero() -> None:
    m = mission(at(0, photo_spacing_m=30), at(100))
    (start, _) = [i for i in m.items if i.command == C.DO_SET_CAM_TRIGG_DIST]
    assert start.params[3] == 0


def test_a_slow_leg_is_followed_by_cruise_speed() -> None:
    m = mission(at(0), at(100, speed_mps=6), at(300), at(400), spec=SPEC)
    speeds = [i.params[1] for i in m.items if i.command == C.DO_CHANGE_SPEED]
    assert speeds == [15, 6, 15]


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        ({"height_m": 0.0}, "waypoint 1 has a height"),
        ({"height_m": float("nan")}, "waypoint 1 has a height nan"),
        ({"height_m": 200.0}, "waypoint 1 has a height 200"),
        ({"hold_s": -1.0}, "hold of -1"),
        ({"speed_mps": float("nan")}, "speed nan"),
        ({"photo_spacing_m": float("inf")}, "photo spacing inf"),
    ],
)
def test_nonsense_is_refused_by_name(bad: dict[str, float], what: str) -> None:
    with pytest.raises(InvalidInput, match=what):
        mission(at(0), replace(at(100), **bad), spec=SPEC)


def test_a_missing_camera_is_refused() -> None:
    with pytest.raises(InvalidInput, match="wants a zoom camera"):
        mission(at(0, photo=True, sensor=Sensor.ZOOM), at(100))


def test_settings_in_force_are_found_for_resuming() -> None:
    m = mission(at(0), at(100, photo_spacing_m=20), at(300), at(400))
    end_of_leg = m.waypoint_seqs[2]
    assert m.photographing(end_of_leg)
    assert m.leg_start(end_of_leg) == m.waypoint_seqs[1]
    assert [i.command for i in m.settings_before(end_of_leg)] == [
        C.DO_MOUNT_CONTROL,
        C.DO_SET_CAM_TRIGG_DIST,
    ]
    assert not m.photographing(m.waypoint_seqs[3])


def as_ardupilot_returns(item: MissionItem) -> MissionItem:
    frame = {6: 3, 11: 10}.get(item.frame, item.frame)
    return replace(item, frame=frame, z=round(item.z, 2))


def test_home_and_frames_may_differ() -> None:
    sent = mission(at(0), at(100, photo_spacing_m=20), at(300))
    items = [as_ardupilot_returns(i) for i in sent.items]
    items[0] = replace(items[0], x=1, y=2, z=70.0)
    assert matches(sent, Mission(tuple(items)))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"command": 17}, "is command 17"),
        ({"x": 5}, "place"),
        ({"z": 70.0}, "height 80 became 70"),
        ({"frame": 3}, "frame 11 became 3"),
        ({"params": (9.0, 0.0, 0.0, 0.0)}, "parameter 1 of 0 became 9"),
    ],
)
def test_every_other_change_is_found(change: dict[str, object], said: str) -> None:
    sent = mission(at(0), at(100), at(300)).items
    stored = [replace(i, **change) if i.seq == 3 else i for i in sent]  # type: ignore[arg-type]
    (found,) = differences(sent, stored)
    assert found.startswith("item 3 (NAV_WAYPOINT): ")
    assert said in found


def test_a_truncated_mission_is_found() -> None:
    sent = mission(at(0), at(100), at(300)).items
    assert differences(sent, sent[:-1]) == ("6 items were sent and 5 are stored",)


def test_the_nose_turns_where_the_route_says_so_and_nowhere_else() -> None:
    m = mission(at(0, heading_deg=370.0), at(50), at(100, heading_deg=270.0), at(150))
    turns = [i.params[0] for i in m.items if i.command == C.CONDITION_YAW]
    assert turns == [10.0, 270.0]
    assert commands(m)[3] == C.CONDITION_YAW  # right after its waypoint, before the leg


def test_heights_above_the_sea_are_flown_as_such() -> None:
    m = mission(at(0, amsl_m=210.0), at(50), at(100, amsl_m=230.5))
    legs = [(i.frame, i.z) for i in m.items if i.command == C.NAV_WAYPOINT][1:]
    assert legs == [(Frame.GLOBAL_INT, 210.0), (Frame.TERRAIN_INT, 80), (Frame.GLOBAL_INT, 230.5)]


@pytest.mark.parametrize("bad", [{"heading_deg": float("nan")}, {"amsl_m": 12_000.0}])
def test_a_heading_or_height_that_is_none_is_refused(bad: dict[str, float]) -> None:
    with pytest.raises(InvalidInput):
        mission(at(0), at(50, **bad), at(100))
