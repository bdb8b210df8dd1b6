import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.equipment import CameraSpec, Sensor
from core.errors import InvalidInput
from core.geo import FlatGround, HeightGrid, LonLat, area_m2, bearing_deg, distance_m, offset
from core.pose import Attitude, Pose
from imagery.files import metadata
from imagery.ground.georeference import (
    camera_from_focal35,
    footprint,
    ground_point,
    look,
    native_pixel,
    pixel_of,
)

HERE = LonLat(118.87, 28.97)
CAMERA = CameraSpec(id="cam", sensor=Sensor.THERMAL, width_px=640, height_px=512, hfov_deg=45.8)
GROUND = FlatGround(100.0)


def pose(yaw=0.0, pitch=-90.0, roll=0.0, altitude_m=200.0):
    attitude = Attitude(yaw_deg=yaw, pitch_deg=pitch, roll_deg=roll)
    return Pose(position=HERE, altitude_m=altitude_m, attitude=attitude)


def test_straight_down_the_centre_is_below_the_camera():
    point = ground_point(pose(), CAMERA, (320, 256), GROUND)

    assert distance_m(point, HERE) < 0.001


def test_the_footprint_straight_down_has_the_data_sheets_area():
    width, length = CAMERA.footprint_m(100.0)

    assert area_m2(footprint(pose(), CAMERA, GROUND)) == pytest.approx(width * length, rel=1e-4)


@pytest.mark.parametrize(
    ("yaw", "pixel", "bearing"),
    [(0, (320, 0), 0), (0, (640, 256), 90), (90, (320, 0), 90), (-45, (320, 512), 135)],
)
def test_the_top_of_the_picture_points_where_the_yaw_says(yaw, pixel, bearing):
    point = ground_point(pose(yaw=yaw), CAMERA, pixel, GROUND)

    turn = (bearing_deg(HERE, point) - bearing + 180) % 360 - 180
    assert turn == pytest.approx(0, abs=0.01)


def test_an_oblique_ray_goes_out_by_the_tangent():
    point = ground_point(pose(yaw=30, pitch=-45), CAMERA, (320, 256), GROUND)

    assert distance_m(point, offset(HERE, 30, 100.0)) < 0.01


def test_roll_turns_clockwise_about_the_line_of_sight():
    """With the camera level to the north and rolled clockwise, the horizon falls to the left, so
    the picture's right side looks further down."""
    view = pose(pitch=-45, roll=20)
    left = ground_point(view, CAMERA, (0, 256), GROUND)
    right = ground_point(view, CAMERA, (640, 256), GROUND)

    assert distance_m(HERE, right) < distance_m(HERE, left)


def test_the_first_ground_on_the_way_counts():
    heights = np.full((101, 101), 100.0)
    heights[60:62, :] = 190.0  # a ridge to the north
    grid = HeightGrid(118.82, 28.92, 0.001, heights)

    point = ground_point(pose(pitch=-5), CAMERA, (320, 256), grid)

    assert distance_m(HERE, point) < 1110
    assert grid.height_m(point.lon, point.lat) > 100.0


def test_a_picture_with_sky_ends_at_the_last_ground():
    polygon = footprint(pose(pitch=-10), CAMERA, GROUND)

    assert polygon.is_valid
    assert 1e4 < area_m2(polygon) < 3e6
    with pytest.raises(InvalidInput, match="no ground"):
        footprint(pose(pitch=40), CAMERA, GROUND)


def test_look_gives_the_slant_range():
    assert look(pose(pitch=-30), CAMERA, GROUND)[1] == pytest.approx(200.0, abs=0.01)


def test_stored_frames_share_the_axis_and_the_width():
    assert native_pixel(CAMERA, 80, 64, (160, 128)) == (320, 256)
    assert native_pixel(CAMERA, 0, 0, (160, 120)) == (0, 16)


def test_the_35_mm_equivalent_of_a_thermal_camera():
    camera = camera_from_focal35("M30T", Sensor.THERMAL, 640, 512, 40.0)

    assert camera.hfov_deg == pytest.approx(
        2 * math.degrees(math.atan(640 * 0.012 / 2 / 9.1)), abs=0.2
    )


@settings(max_examples=60, deadline=None)
@given(
    yaw=st.floats(-180, 180),
    pitch=st.floats(-90, -50),
    roll=st.floats(-20, 20),
    column=st.floats(5, 635),
    row=st.floats(5, 507),
)
def test_pixel_to_ground_and_back(yaw, pitch, roll, column, row):
    heights = HeightGrid(118.8, 28.9, 0.002, np.random.default_rng(5).uniform(60, 120, (80, 80)))
    view = pose(yaw, pitch, roll, altitude_m=230.0)

    point = ground_point(view, CAMERA, (column, row), heights)
    back = pixel_of(view, CAMERA, point, float(heights.height_m(point.lon, point.lat)))

    assert back == pytest.approx((column, row), abs=0.05)


def test_the_laser_rangefinders_target(shared):
    meta = metadata.read((shared / "dji" / "H20N_DJI_0006_R.JPG").read_bytes())
    camera = camera_from_focal35("H20N", Sensor.THERMAL, 640, 512, meta.focal35_mm)

    point = ground_point(meta.pose, camera, (320, 256), FlatGround(47.0))

    assert distance_m(point, LonLat(114.0066452, 22.5960255)) < 0.3
