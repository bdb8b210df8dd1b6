import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.equipment import CameraSpec, Sensor
from core.geo import FlatGround, LonLat
from core.pose import Attitude, Pose
from thermal.places.locate import Ellipse, Located
from thermal.report.curve import BINS, by_temperature, histogram
from thermal.report.ground import lay
from thermal.report.page import script_json
from thermal.report.palettes import NAMES, tables
from thermal.report.pixels import STEP_K, pack, unpack


@pytest.fixture
def thermal_camera():
    return CameraSpec(id="t", sensor=Sensor.THERMAL, width_px=128, height_px=96, hfov_deg=40.0)


@given(
    low=st.floats(-80, 500), span=st.floats(0, 600), seed=st.integers(0, 99), rows=st.integers(1, 9)
)
def test_a_page_holds_every_temperature_to_half_a_step(low, span, seed, rows):
    celsius = (low + span * np.random.default_rng(seed).random((rows, 7))).astype(np.float32)

    packed = pack(celsius)

    assert packed.step_k == STEP_K
    assert np.abs(unpack(packed) - celsius).max() <= 0.5 * packed.step_k + 1e-4


def test_a_furnace_beside_ice_takes_a_coarser_step():
    celsius = np.array([[-40.0, 2500.0], [20.0, 300.0]], np.float32)

    packed = pack(celsius)

    assert packed.step_k > STEP_K
    assert np.abs(unpack(packed) - celsius).max() <= 0.5 * packed.step_k + 1e-3


def test_the_histogram_counts_every_pixel_once():
    celsius = np.random.default_rng(1).normal(20, 5, (48, 64)).astype(np.float32)

    assert sum(histogram(celsius).counts) == celsius.size
    assert sum(histogram(np.full((3, 4), 7.0, np.float32)).counts) == 12


def test_uncertainty_follows_the_temperature_also_over_empty_bins():
    celsius = np.concatenate([np.linspace(10, 20, 500), np.linspace(90, 100, 500)])
    celsius = celsius.astype(np.float32).reshape(20, 50)

    table = by_temperature(celsius, (0.01 * celsius).astype(np.float32))

    assert len(table) == BINS
    bins = histogram(celsius)
    at_half = int((55 - bins.low_c) / bins.width_k)
    assert table[at_half] == pytest.approx(0.55, abs=0.02)
    assert table[0] == pytest.approx(0.10, abs=0.01)


def test_a_frame_straight_down_lies_under_the_drone(thermal_camera):
    pose = Pose(
        position=LonLat(118.87, 28.97),
        altitude_m=200.0,
        attitude=Attitude(yaw_deg=0.0, pitch_deg=-90.0),
    )
    place = Located(
        position=LonLat(118.8705, 28.97),
        altitude_m=100.0,
        error=Ellipse(semi_major_m=4.0, semi_minor_m=2.0, bearing_deg=90.0),
        range_m=110.0,
    )

    laid = lay(
        np.zeros((96, 128, 3), np.uint8), pose, thermal_camera, FlatGround(100.0), [(1, place)]
    )

    width, height = thermal_camera.footprint_m(100.0)
    x, y, w, h = laid.picture_box
    assert (w, h) == pytest.approx((width, height), rel=1e-3)
    assert (x + w / 2, y + h / 2) == pytest.approx((0, 0), abs=0.1)
    assert laid.marks[0].x == pytest.approx(48.7, abs=0.3)
    assert laid.picture.startswith("data:image/png;base64,")


def test_a_frame_of_the_sky_still_has_its_drone_on_the_map(thermal_camera):
    pose = Pose(
        position=LonLat(118.87, 28.97),
        altitude_m=200.0,
        attitude=Attitude(yaw_deg=0.0, pitch_deg=20.0),
    )

    laid = lay(np.zeros((96, 128, 3), np.uint8), pose, thermal_camera, FlatGround(100.0), [])

    assert laid.picture is None
    assert laid.outline == ()
    assert laid.box[2] > 0


def test_no_text_ends_the_script_it_stands_in():
    value = {"name": "</script><script>alert(1)//\u2028"}

    text = script_json(value)

    assert "</script" not in text
    assert json.loads(text) == value


def test_every_palette_has_256_colours_that_rise_or_fall_evenly():
    for key, _, _ in NAMES:
        colours = tables()[key]
        assert re.fullmatch(r"[0-9a-f]{1536}", colours)
        rgb = np.frombuffer(bytes.fromhex(colours), np.uint8).reshape(256, 3).astype(float)
        steps = np.diff(rgb @ (0.2126, 0.7152, 0.0722))
        assert (steps > -2.5).all() or (steps < 2.5).all()
