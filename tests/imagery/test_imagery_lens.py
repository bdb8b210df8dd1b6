import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.equipment import CameraSpec, Lens, Sensor
from core.geo import FlatGround, LonLat
from core.pose import Attitude, Pose
from imagery.ground.georeference import ground_point, pixel_of
from imagery.ground.lens import distort, field_radius, pixels, tangents

BARREL = Lens(k1=-0.28, k2=0.11, p1=0.0008, p2=-0.0005, k3=-0.02, cx_px=12.0, cy_px=-7.5)


def camera(lens=None):
    return CameraSpec(
        id="c", sensor=Sensor.VISIBLE, width_px=4000, height_px=3000, hfov_deg=73.7, lens=lens
    )


def test_the_distortion_is_opencvs():
    """So that coefficients from any OpenCV calibration, and DJI's DewarpData, can be used."""
    rays = np.random.default_rng(1).uniform(-0.7, 0.7, (50, 2))
    spec = camera(BARREL)
    matrix = np.array([[spec.focal_px, 0, 2012.0], [0, spec.focal_px, 1492.5], [0, 0, 1]])
    points = np.column_stack([rays, np.ones(50)])
    theirs, _ = cv2.projectPoints(
        points,
        np.zeros(3),
        np.zeros(3),
        matrix,
        np.array([BARREL.k1, BARREL.k2, BARREL.p1, BARREL.p2, BARREL.k3]),
    )

    assert pixels(spec, rays) == pytest.approx(theirs[:, 0], abs=1e-6)


def _widest(lens):
    """How far from the centre the lens shows anything, in focal lengths (corner: 0.94)."""
    edge = field_radius(lens)
    turns = np.linspace(0, 2 * math.pi, 33)
    shown = distort(lens, edge * np.column_stack([np.cos(turns), np.sin(turns)]))
    return np.hypot(*shown.T).min()


@settings(max_examples=100, deadline=None)
@given(
    k1=st.floats(-0.3, 0.3),
    k2=st.floats(-0.05, 0.12),
    p1=st.floats(-0.002, 0.002),
    p2=st.floats(-0.002, 0.002),
    column=st.floats(0, 4000),
    row=st.floats(0, 3000),
)
def test_through_the_lens_and_back(k1, k2, p1, p2, column, row):
    spec = camera(Lens(k1=k1, k2=k2, p1=p1, p2=p2, cx_px=5.0))

    back = pixels(spec, tangents(spec, (column, row)))

    # a lens so strong that it shows nothing at the corner says so, it does not invent a ray
    assert back[0] == pytest.approx((column, row), abs=1e-3) or (
        np.isnan(back).all() and _widest(spec.lens) < 0.98
    )


def test_a_point_beyond_the_field_never_folds_into_the_picture():
    spec = camera(Lens(k1=-0.4))
    assert field_radius(spec.lens) == pytest.approx(math.sqrt(1 / 1.2))

    assert np.isnan(pixels(spec, (1.5, 0.0))).all()


def test_a_place_seen_through_a_distorting_lens_is_found_again():
    spec = camera(BARREL)
    pose = Pose(
        position=LonLat(118.87, 28.97),
        altitude_m=200.0,
        attitude=Attitude(yaw_deg=30.0, pitch_deg=-80.0),
    )
    ground = FlatGround(100.0)
    corner = ground_point(pose, spec, (300.0, 200.0), ground)
    straight = ground_point(pose, camera(), (300.0, 200.0), ground)

    assert pixel_of(pose, spec, corner, 100.0) == pytest.approx((300.0, 200.0), abs=0.01)
    assert abs(straight.lon - corner.lon) * 97_000 > 2.0


def test_a_lens_of_nonsense_is_refused():
    with pytest.raises(ValueError, match="finite"):
        Lens(k1=math.nan)
