import time

import cv2
import numpy as np
import pytest

from core.errors import InvalidInput
from thermal.detection.detect import DetectionRule, Kind, detect, spots
from thermal.detection.severity import assess

RNG = np.random.default_rng(3)


def scene(level=25.0, noise=0.3, shape=(128, 160)):
    return (level + RNG.normal(0, noise, shape)).astype(np.float32)


def disc(frame, row, col, diameter, kelvin):
    yy, xx = np.mgrid[: frame.shape[0], : frame.shape[1]] + 0.5
    spot = ((yy - row) ** 2 + (xx - col) ** 2 <= (diameter / 2) ** 2).astype(np.float32)
    spot = cv2.GaussianBlur(spot, (0, 0), 0.7)
    frame += kelvin * spot / spot.max()
    return frame


@pytest.mark.parametrize("diameter", [2, 4, 7, 14])
@pytest.mark.parametrize("kelvin", [10, 20, 300])
def test_spots_of_all_sizes_are_found_where_they_are(diameter, kelvin):
    frame = disc(scene(), 50.0, 90.0, diameter, kelvin)

    (spot,) = detect(frame, DetectionRule(contrast_k=6))

    assert (spot.row, spot.col) == pytest.approx((50, 90), abs=0.8)
    assert spot.contrast_k == pytest.approx(kelvin, abs=2)
    assert spot.background_c == pytest.approx(25, abs=0.3)
    assert spot.kind is Kind.HOT


def test_nothing_is_found_in_nothing():
    assert detect(scene(), DetectionRule(contrast_k=3)) == ()
    assert detect(np.full((64, 64), 20, np.float32), DetectionRule()) == ()


def test_cold_places_are_found_with_cold_rules_only():
    frame = disc(scene(), 60, 60, 6, -9)

    (spot,) = detect(frame, DetectionRule(kind=Kind.COLD, contrast_k=5))

    assert spot.peak_c == pytest.approx(16, abs=1.5)
    assert spot.contrast_k > 5
    assert detect(frame, DetectionRule(contrast_k=5)) == ()


def test_an_absolute_floor_keeps_ordinary_warm_things_out():
    frame = disc(disc(scene(), 30, 30, 5, 25), 90, 90, 5, 90)  # a car, an ember

    (spot,) = detect(frame, DetectionRule(contrast_k=10, floor_c=80))

    assert (spot.row, spot.col) == pytest.approx((90, 90), abs=0.8)


def test_edges_of_large_warm_roofs_are_no_hotspots():
    frame = scene()
    frame[20:90, 30:110] += 22

    assert detect(frame, DetectionRule(contrast_k=8)) == ()


def test_a_large_fire_is_found_by_a_rule_that_admits_it():
    frame = disc(scene(), 64, 80, 60, 400)

    (spot,) = detect(frame, DetectionRule(floor_c=120, contrast_k=60, max_px=10_000))

    assert spot.area_px > 2000


def test_sizes_bound_what_is_found():
    frame = disc(disc(scene(), 30, 30, 3, 40), 80, 80, 15, 40)

    (small,) = detect(frame, DetectionRule(max_px=40))
    (large,) = detect(frame, DetectionRule(min_px=60))

    assert small.area_px < 40
    assert large.area_px > 60


def test_at_the_very_edge():
    frame = disc(scene(), 1, 1, 4, 60)

    assert len(detect(frame, DetectionRule())) == 1


def test_rules_from_preset_data():
    rule = DetectionRule.from_mapping(
        {"kind": "cold", "floor_c": 12, "contrast_k": 3, "z": 4}, severity=3
    )

    assert rule == DetectionRule(kind=Kind.COLD, floor_c=12.0, contrast_k=3.0, z=4.0, severity=3)
    with pytest.raises(InvalidInput, match="unknown parameter 'flor_c'"):
        DetectionRule.from_mapping({"flor_c": 60})
    with pytest.raises(InvalidInput, match="no number"):
        DetectionRule.from_mapping({"z": "high"})
    with pytest.raises(InvalidInput, match="contrast"):
        DetectionRule(contrast_k=0)


def test_far_beyond_its_rule_a_find_is_more_severe():
    rule = DetectionRule(contrast_k=15, severity=2)
    (mild,) = detect(disc(scene(), 50, 50, 5, 30), rule)
    (bad,) = detect(disc(scene(), 50, 50, 5, 90), rule)

    assert (assess(rule, mild), assess(rule, bad)) == (2, 3)


def test_a_fire_in_its_hot_ash_is_one_find_at_its_middle():
    """Flames at 600 to 840 C in ash of 60 to 150 C, 40 m across: no ring of ordinary ground is
    near the peak."""
    frame = scene()
    for diameter, celsius in ((56, 60), (40, 150)):
        frame = np.maximum(frame, disc(scene(), 64, 80, diameter, celsius - 25))
    for row, col in ((64, 68), (60, 80), (66, 92), (75, 80)):
        disc(frame, row, col, 6, 600)

    (fire,) = detect(
        frame, DetectionRule(floor_c=75, contrast_k=35, max_px=20_000, z=8, severity=4)
    )

    assert (fire.row, fire.col) == pytest.approx((64, 80), abs=2)
    assert fire.peak_c > 600


def test_a_fire_that_fills_the_frame_is_found():
    frame = np.full((128, 160), 350, np.float32) + RNG.normal(0, 60, (128, 160)).astype(np.float32)
    frame[-8:] = 40

    assert detect(frame, DetectionRule(floor_c=75, contrast_k=35, max_px=1e6))


def test_isolation_tells_a_spot_from_warm_texture():
    texture = cv2.GaussianBlur(RNG.normal(0, 1, (128, 160)).astype(np.float32), (0, 0), 8)
    frame = (25 + texture / texture.std() * 4).astype(np.float32)
    disc(frame, 50, 90, 4, 14)
    rule = DetectionRule(contrast_k=6, z=2, isolation_k=6.5)

    (spot,) = detect(frame, rule)

    assert (spot.row, spot.col) == pytest.approx((50, 90), abs=1.5)
    assert len(detect(frame, DetectionRule(contrast_k=6, z=2))) > 1


def test_a_frame_of_the_live_service_takes_little_time():
    frame = disc(scene(), 50, 90, 4, 80)
    rules = [DetectionRule(floor_c=75, contrast_k=35), DetectionRule(floor_c=60, contrast_k=15)]
    spots(frame, rules)

    start = time.process_time()
    for _ in range(20):
        spots(frame, rules)

    assert (time.process_time() - start) / 20 < 0.010  # 0.6 ms on an idle core
