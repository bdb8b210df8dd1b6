import math

import numpy as np
import pytest

from core.equipment import CameraSpec, Sensor
from core.errors import InvalidInput
from core.geo import FlatGround, HeightGrid, LocalFrame, LonLat, distance_m, offset
from core.pose import Attitude, Pose
from imagery.ground.georeference import ground_point, pixel_of
from thermal.places.locate import Ellipse, locate_pixel

HERE = LonLat(118.87, 28.97)
CAMERA = CameraSpec(
    id="t", sensor=Sensor.THERMAL, width_px=640, height_px=512, hfov_deg=45.8, stored_scale=0.25
)
SHAPE = (128, 160)


def pose(pitch=-90.0, yaw=0.0, **sigmas):
    return Pose(
        position=HERE,
        altitude_m=200.0,
        attitude=Attitude(yaw_deg=yaw, pitch_deg=pitch),
        **sigmas,
    )


def test_frames_stored_small_give_the_same_place_as_native_ones():
    native = ground_point(pose(), CAMERA, (400, 100), FlatGround(100.0))

    place = locate_pixel((100, 25), SHAPE, pose(), CAMERA, FlatGround(100.0))

    assert distance_m(place.position, native) < 0.01
    assert place.altitude_m == pytest.approx(100.0, abs=0.01)


def test_straight_down_the_ellipse_is_the_sum_of_gps_and_attitude():
    place = locate_pixel((80, 64), SHAPE, pose(), CAMERA, FlatGround(100.0))

    tilt = 100 * math.radians(1.0)
    pixel = 0.5 * 4 * CAMERA.gsd_m(100)
    expected = 2.4477 * math.sqrt(2.5**2 + tilt**2 + pixel**2)
    assert place.error.semi_major_m == pytest.approx(expected, rel=0.02)
    assert place.error.semi_minor_m == pytest.approx(expected, rel=0.02)


def test_looking_far_ahead_the_ellipse_points_away_from_the_camera():
    place = locate_pixel((80, 64), SHAPE, pose(pitch=-20, yaw=40), CAMERA, FlatGround(100.0))

    assert place.error.bearing_deg == pytest.approx(40, abs=3)
    assert place.error.semi_major_m > 2 * place.error.semi_minor_m


def test_the_ellipse_holds_95_percent_of_the_truth():
    """Simulated: the true camera differs from the stated one by its stated errors."""
    rng = np.random.default_rng(7)
    ground = HeightGrid(118.8, 28.9, 0.002, rng.uniform(90, 130, (80, 80)))
    inside, errors = 0, []
    for _ in range(200):
        yaw, pitch = rng.uniform(-180, 180), rng.uniform(-90, -55)
        stated = pose(pitch, yaw)
        east, north, up = rng.normal(0, (2.5, 2.5, 3.0))
        turn = rng.normal(0, 1.0, 3)
        true = Pose(
            position=LocalFrame(HERE).point(east, north),
            altitude_m=200.0 + up,
            attitude=Attitude(yaw_deg=yaw + turn[0], pitch_deg=pitch + turn[1], roll_deg=turn[2]),
        )
        truth = ground_point(true, CAMERA, (400, 200), ground)
        place = locate_pixel((100, 50), SHAPE, stated, CAMERA, ground)
        frame = LocalFrame(place.position)
        shift = np.array(frame.point_xy(truth))
        distance2 = shift @ np.linalg.inv(place.error.covariance()) @ shift
        inside += distance2 <= 5.991
        errors.append(np.hypot(*shift))

    assert inside >= 0.9 * 200
    assert np.median(errors) < 4.5


def test_with_the_exact_pose_the_place_is_exact():
    rng = np.random.default_rng(8)
    ground = HeightGrid(118.8, 28.9, 0.002, rng.uniform(90, 130, (80, 80)))
    for _ in range(50):
        view = pose(rng.uniform(-90, -50), rng.uniform(-180, 180))
        target = offset(HERE, rng.uniform(0, 360), rng.uniform(0, 30))
        pixel = pixel_of(view, CAMERA, target, float(ground.height_m(target.lon, target.lat)))
        if pixel is None:
            continue
        place = locate_pixel((pixel[0] / 4, pixel[1] / 4), SHAPE, view, CAMERA, ground)
        assert distance_m(place.position, target) < 0.5


def test_an_ellipse_and_its_covariance():
    ellipse = Ellipse(semi_major_m=8.0, semi_minor_m=3.0, bearing_deg=30.0)

    back = Ellipse.of_covariance(ellipse.covariance())

    assert back.semi_major_m == pytest.approx(8.0)
    assert back.semi_minor_m == pytest.approx(3.0)
    assert back.bearing_deg == pytest.approx(30.0)


def test_the_sky_is_no_place():
    with pytest.raises(InvalidInput, match="no ground"):
        locate_pixel((80, 10), SHAPE, pose(pitch=10), CAMERA, FlatGround(100.0))
