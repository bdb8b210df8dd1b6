"""Ids, errors, equipment, routes, zones, clearance and energy."""

import math
import pickle
import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from core import errors
from core.clearance import conflicts
from core.energy import CALM, Wind, climb_s, descent_s, ground_speed_mps, leg_s, route_s
from core.equipment import CameraSpec, Sensor, VehicleSpec
from core.geo import LocalFrame, LonLat, distance_m, offset
from core.ids import new_id
from core.pose import Attitude
from core.route import Route, Waypoint
from core.units import degrees_e7, from_degrees_e7
from core.zones import Zone, ZoneKind

NOW = datetime(2026, 5, 12, 1, 0, tzinfo=UTC)
HOME = LonLat(118.87, 28.95)


def camera(**changes: object) -> CameraSpec:
    values: dict[str, object] = {
        "id": "cam",
        "sensor": Sensor.THERMAL,
        "width_px": 640,
        "height_px": 512,
        "hfov_deg": 2 * math.degrees(math.atan(0.5)),
    }
    return CameraSpec(**{**values, **changes})  # type: ignore[arg-type]


def vehicle(**changes: object) -> VehicleSpec:
    values: dict[str, object] = {
        "id": "quad",
        "name": "Quad",
        "name_zh": "四旋翼",
        "vtol": False,
        "cruise_mps": 10.0,
        "climb_mps": 5.0,
        "descent_mps": 3.0,
        "endurance_s": 2000.0,
        "recharge_s": 1800.0,
        "wind_limit_mps": 12.0,
        "cameras": (camera(),),
    }
    return VehicleSpec(**{**values, **changes})  # type: ignore[arg-type]


def test_ids_sort_by_age_and_are_unique_over_threads() -> None:
    early, late = new_id("flt", NOW), new_id("flt", NOW + timedelta(milliseconds=1))
    assert early < late
    assert early.startswith("flt-")
    made: list[str] = []
    threads = [
        threading.Thread(target=lambda: made.extend(new_id("x", NOW) for _ in range(500)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 2000


def test_errors_say_what_where_and_what_to_do() -> None:
    error = errors.InvalidInput("no width", where="docks.yaml: 3", remedy="give one")
    assert str(error) == "docks.yaml: 3: no width (give one)"
    assert str(errors.Unavailable("the disk is full")) == "the disk is full"


def test_errors_survive_a_process_pool() -> None:
    every = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.FlyOnceError)
    ]
    assert len(every) > 10
    for kind in every:
        back = pickle.loads(pickle.dumps(kind("a", where="b", remedy="c")))  # noqa: S301
        assert (type(back), str(back)) == (kind, "b: a (c)")


def test_a_camera_sees_as_far_as_its_lens() -> None:
    one = camera()
    assert one.focal_px == pytest.approx(640)
    assert one.footprint_m(100) == pytest.approx((100, 80))
    assert one.gsd_m(64) == pytest.approx(0.1)
    assert one.height_for_gsd_m(one.gsd_m(73)) == pytest.approx(73)


@pytest.mark.parametrize(
    "changes",
    [{"width_px": 0}, {"hfov_deg": 0.5}, {"hfov_deg": 175}, {"stored_scale": 0}],
)
def test_an_impossible_camera_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="cam"):
        camera(**changes)


@pytest.mark.parametrize(
    "changes", [{"cruise_mps": 0}, {"endurance_s": -1}, {"reserve": 0.95}, {"recharge_s": 0}]
)
def test_an_impossible_vehicle_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="quad"):
        vehicle(**changes)


def test_a_vehicle_knows_its_cameras() -> None:
    drone = vehicle(cameras=(camera(), camera(id="zoom", sensor=Sensor.ZOOM)))
    assert drone.sensors == {Sensor.THERMAL, Sensor.ZOOM}
    assert drone.camera(Sensor.ZOOM) is drone.cameras[1]
    assert drone.camera(Sensor.VISIBLE) is None
    assert drone.usable_s == pytest.approx(1600)


def test_an_impossible_attitude_is_refused() -> None:
    with pytest.raises(ValueError, match="pitch"):
        Attitude(yaw_deg=0.0, pitch_deg=200.0)


@settings(deadline=None, max_examples=40)
@given(st.integers(-1_800_000_000, 1_800_000_000))
def test_mavlink_degrees_there_and_back(value: int) -> None:
    assert degrees_e7(from_degrees_e7(value)) == value


def test_a_route_counts_its_photographs() -> None:
    points = [HOME, offset(HOME, 90, 100), offset(HOME, 90, 150)]
    route = Route(
        (
            Waypoint(position=points[0], height_m=80, photo_spacing_m=20),
            Waypoint(position=points[1], height_m=80),
            Waypoint(position=points[2], height_m=80, photo=True),
        )
    )
    assert route.length_m == pytest.approx(150, abs=1e-3)
    assert route.photos in (6, 7)  # five or six on the leg of 100 m, give or take rounding
    assert (route.entry, route.exit) == (points[0], points[2])
    with pytest.raises(ValueError, match="at least one"):
        Route(())


def zone(**changes: object) -> Zone:
    frame = LocalFrame(HOME)
    values: dict[str, object] = {
        "id": "z",
        "name": "Airport",
        "name_zh": "机场",
        "kind": ZoneKind.CONTROL,
        "polygon": frame.to_degrees(box(1000, -500, 2000, 500)),
        "buffer_m": 50.0,
    }
    return Zone(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("east_m", "allowed"), [(800, True), (949, True), (951, False), (1500, False), (2100, True)]
)
def test_a_path_keeps_the_buffer(east_m: float, allowed: bool) -> None:
    path = [offset(HOME, 90, east_m), offset(offset(HOME, 90, east_m), 0, 10)]
    found = conflicts(path, [zone()], height_m=80)
    assert (found == []) is allowed
    if found:
        assert "Airport" in str(found[0])


def test_a_leg_that_jumps_over_a_zone_is_found() -> None:
    found = conflicts([HOME, offset(HOME, 90, 3000)], [zone()], height_m=80)
    assert found[0].distance_m == 0
    assert "enters Airport" in str(found[0])


@pytest.mark.parametrize(("east_m", "allowed"), [(999, True), (1000, True), (1002, False)])
def test_a_zone_without_a_buffer_is_entered_all_the_same(east_m: float, allowed: bool) -> None:
    for path in ([HOME, offset(HOME, 90, east_m)], [offset(HOME, 90, east_m)]):
        assert (conflicts(path, [zone(buffer_m=0.0)], height_m=80) == []) is allowed


def test_zones_hold_at_their_heights_and_times() -> None:
    inside = [offset(HOME, 90, 1500)]
    assert conflicts(inside, [zone(floor_m=100.0)], height_m=80) == []
    hour = timedelta(hours=1)
    short = zone(active=(NOW, NOW + hour))
    assert conflicts(inside, [short], height_m=80, start=NOW + hour, end=NOW + 2 * hour) == []
    assert conflicts(inside, [short], height_m=80, start=NOW - hour, end=NOW + hour)
    assert conflicts(inside, [short], height_m=80)


def test_wind_helps_hinders_and_forbids() -> None:
    assert ground_speed_mps(15, 0, Wind(5, 0)) == pytest.approx(10)
    assert ground_speed_mps(15, 180, Wind(5, 0)) == pytest.approx(20)
    assert ground_speed_mps(13, 90, Wind(5, 0)) == pytest.approx(12)
    for wind in (Wind(15, 0), Wind(16, 90)):
        with pytest.raises(ValueError, match="too strong"):
            ground_speed_mps(15, 0, wind)


@settings(deadline=None, max_examples=40)
@given(st.floats(0, 360), st.floats(0, 8), st.floats(0, 360))
def test_there_and_back_in_wind_is_never_quicker(
    course: float, speed: float, wind_from: float
) -> None:
    end = offset(HOME, course, 1000)
    wind = Wind(speed, wind_from)
    both = leg_s(HOME, end, vehicle(), wind) + leg_s(end, HOME, vehicle(), wind)
    assert both >= 2 * leg_s(HOME, end, vehicle()) - 1e-6


def test_what_a_route_costs() -> None:
    end = offset(HOME, 90, 1000)
    plain = Route(
        (Waypoint(position=HOME, height_m=80), Waypoint(position=end, height_m=80, hold_s=5))
    )
    seconds = distance_m(HOME, end) / 10
    assert route_s(plain, vehicle(), CALM) == pytest.approx(seconds + 5)
    slow = Route(
        (
            Waypoint(position=HOME, height_m=80, speed_mps=5.0),
            Waypoint(position=end, height_m=80),
        )
    )
    assert route_s(slow, vehicle()) == pytest.approx(2 * seconds)
    assert leg_s(HOME, HOME, vehicle()) == 0.0
    assert climb_s(100, vehicle()) == pytest.approx(28.0)
    assert descent_s(100, vehicle()) == pytest.approx(30 + 20)
    assert descent_s(5, vehicle()) == pytest.approx(10)
