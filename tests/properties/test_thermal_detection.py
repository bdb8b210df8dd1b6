"""What must hold for the detector in any frame."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput
from thermal.detection.detect import GENERAL_RULE, MAX_SPOTS, DetectionRule, Kind, detect, spots

TOP_HAT = DetectionRule(contrast_k=6, z=4)
RULES = st.sampled_from([GENERAL_RULE, TOP_HAT])


def scene(seed, shape=(96, 128)):
    rng = np.random.default_rng(seed)
    frame = (
        20 + 4 * cv2.GaussianBlur(rng.normal(0, 4, shape), (0, 0), 4) + rng.normal(0, 0.1, shape)
    )
    for _ in range(6):
        row, col = rng.uniform(14, shape[0] - 14), rng.uniform(14, shape[1] - 14)
        rows, cols = np.mgrid[: shape[0], : shape[1]] + 0.5
        spot = np.hypot(rows - row, cols - col) <= rng.uniform(1, 6)
        frame += rng.uniform(12, 60) * cv2.GaussianBlur(spot.astype(float), (0, 0), 0.7)
    return np.round(frame * 64).astype(np.float32) / 64  # exact in float32, also when moved


def places(found, shape=None, turn=lambda row, col: (row, col)):
    return sorted(
        (round(r, 2), round(c, 2)) for r, c in (turn(spot.row, spot.col) for spot in found)
    )


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), RULES, st.sampled_from([-64.0, 16.0, 256.0]))
def test_a_warmer_day_changes_nothing(seed, rule, kelvin):
    frame = scene(seed)

    assert places(detect(frame, rule)) == places(detect(frame + np.float32(kelvin), rule))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), RULES)
def test_cold_is_hot_upside_down(seed, rule):
    frame = scene(seed)
    cold = DetectionRule(
        kind=Kind.COLD, contrast_k=rule.contrast_k, z=rule.z, isolation_k=rule.isolation_k,
        step_k=rule.step_k, roundness=rule.roundness,
    )  # fmt: skip

    assert places(detect(frame, rule)) == places(detect(-frame, cold))


@pytest.mark.parametrize("how", ["left-right", "up-down", "transposed"])
def test_strong_spots_are_found_however_the_frame_is_turned(how):
    """Of two things that touch the outline of one seed either may be taken for it, depending on
    the order of pixels: 1 of 200 strong spots of these scenes is lost by turning."""
    strict = DetectionRule(contrast_k=12, z=4, isolation_k=9, step_k=12)
    loose = DetectionRule(contrast_k=6, z=2, isolation_k=5, step_k=6)
    kept = []
    for seed in range(60):
        frame = scene(seed)
        height, width = frame.shape
        turned, back = {
            "left-right": (frame[:, ::-1], lambda r, c, w=width: (r, w - c)),
            "up-down": (frame[::-1], lambda r, c, h=height: (h - r, c)),
            "transposed": (frame.T, lambda r, c: (c, r)),
        }[how]
        found = [back(s.row, s.col) for s in detect(turned, loose)]
        for spot in detect(frame, strict):
            near = [np.hypot(spot.row - r, spot.col - c) < 9 for r, c in found]
            kept.append(any(near))  # a pair may be one

    assert len(kept) > 100
    assert np.mean(kept) > 0.98


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (2, 3), (5, 5), (60, 80), (1024, 1280)])
@pytest.mark.parametrize("rule", [GENERAL_RULE, TOP_HAT, DetectionRule(floor_c=60, max_px=1e6)])
def test_frames_of_any_size(shape, rule):
    frame = np.full(shape, 20, np.float32)
    frame[shape[0] // 2, shape[1] // 2] = 90

    found = detect(frame, rule)

    assert len(found) <= 1
    assert found or min(shape) < 60


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([np.nan, np.inf, -np.inf]), RULES)
def test_pixels_that_are_no_numbers_are_never_a_find(seed, value, rule):
    frame = scene(seed)
    frame[40:44, 60:64] = value

    for spot in detect(frame, rule):
        assert np.isfinite([spot.peak_c, spot.background_c, spot.contrast_k, spot.score]).all()


@pytest.mark.parametrize("bad", [np.full((9, 9), np.nan), np.zeros((4, 4, 3)), np.zeros((0, 5))])
def test_what_is_no_frame_is_refused(bad):
    with pytest.raises(InvalidInput, match="thermal detection"):
        detect(bad.astype(np.float32), GENERAL_RULE)


def test_a_saturated_frame_has_a_bounded_number_of_finds():
    rng = np.random.default_rng(1)
    frame = np.where(rng.random((512, 640)) < 0.08, 150, 20).astype(np.float32)

    for rule in (GENERAL_RULE, TOP_HAT, DetectionRule(floor_c=75, max_px=1e6)):
        assert len(spots(frame, [rule])) <= 2 * MAX_SPOTS
    assert detect(np.full((512, 640), 150, np.float32), GENERAL_RULE) == ()


@settings(max_examples=50, deadline=None)
@given(st.floats(0.01, 5), st.floats(0.05, 3), st.floats(0, 10))
def test_sizes_in_metres_hold_the_thing_itself(gsd_m, small_m, more_m):
    rule = DetectionRule(min_m=small_m, max_m=small_m + more_m).at(gsd_m)
    across_px = small_m / gsd_m

    assert rule.min_px <= max(np.pi / 4 * across_px**2, 1.0) <= max(rule.max_px, 1.0)
