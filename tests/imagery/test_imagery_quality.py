"""Blur is told in pixels, along every direction; thermal frames that show nothing are told."""

import cv2
import numpy as np
import pytest

from imagery.quality import Thresholds, judge, measure, measure_thermal


@pytest.fixture(scope="module")
def frames(shared):
    paths = sorted((shared / "rgb" / "brighton_q").glob("*.JPG"))[::6]
    return [cv2.imread(str(p), cv2.IMREAD_GRAYSCALE) for p in paths]


def smeared(gray, length, vertical):
    size = (1, length) if vertical else (length, 1)
    return cv2.blur(gray, size)


@pytest.mark.parametrize("vertical", [False, True])
def test_motion_blur_of_real_frames_is_measured_and_trips_the_threshold(frames, vertical):
    for gray in frames:
        assert judge(measure(gray), Thresholds()) == ()
        for length in (4, 6, 8):
            found = measure(smeared(gray, length, vertical)).blur_px
            assert found == pytest.approx(length, rel=0.25)
        reasons = judge(measure(smeared(gray, 20, vertical)), Thresholds())
        assert "blurred over" in reasons[0]


def test_a_closed_shutter_and_a_saturated_frame_are_told():
    rng = np.random.default_rng(1)
    flat = np.float32(20.0 + rng.normal(0, 0.02, (64, 80)))
    hot = np.float32(np.minimum(20.0 + rng.normal(0, 30.0, (64, 80)), 25.0))

    assert "shows nothing" in judge(measure_thermal(flat), Thresholds())[0]
    assert "saturated" in judge(measure_thermal(hot), Thresholds())[0]
