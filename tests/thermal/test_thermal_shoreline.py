"""Outfalls along simulated banks: slowly warming water, hot and cold things on land."""

import cv2
import numpy as np
import pytest

from core.errors import InvalidInput
from thermal.detection.rule import DetectionRule, Kind
from thermal.detection.shoreline import Bank, outfalls, waterline

RULE = DetectionRule(kind=Kind.EITHER, contrast_k=2.0, z=5, min_px=20, max_px=20_000)


def river(seed, plumes=(), height=512, width=640):
    """A winding bank, land above with hot and cold things, water below; line left to right."""
    rng = np.random.default_rng(seed)
    col = np.arange(width)
    edge = 200 + 40 * np.sin(col / 110 + seed) + 6 * np.sin(col / 17)
    rows = np.arange(height)[:, None]
    land = 30 + 4 * cv2.GaussianBlur(rng.normal(0, 8, (height, width)), (0, 0), 8)
    for _ in range(30):
        r, c = rng.integers(0, height), rng.integers(0, width)
        cv2.circle(land, (int(c), int(r)), int(rng.integers(2, 9)), float(rng.uniform(5, 70)), -1)
    water = 20 + 1.5 * col[None, :] / width + 0.15 * rng.normal(0, 1, (height, width))
    for at, kelvin, size in plumes:
        away = np.hypot(col[None, :] - at, (rows - edge[at]) * 1.5)
        water = water + kelvin * np.exp(-((away / size) ** 2))
    frame = np.where(rows > edge[None, :], water, land)
    frame = cv2.GaussianBlur(frame.astype(np.float32), (0, 0), 0.7)
    line = np.column_stack([col[::8] + 0.5, edge[::8]])
    return frame, line


def found(frame, line):
    """Travelling to the right with rows downwards, water lies on the right hand."""
    return outfalls(frame, Bank(line=line), RULE)


def test_warm_and_cold_outfalls_are_found_with_their_sign():
    hits = alarms = 0
    for seed in range(12):
        plumes = ((150, 4.0, 22), (420, -4.0, 22))
        frame, line = river(seed, plumes)
        spots = found(frame, line)
        for at, kelvin, _ in plumes:
            near = [s for s in spots if abs(s.col - at) < 25]
            hits += any(s.kind is (Kind.HOT if kelvin > 0 else Kind.COLD) for s in near)
        alarms += sum(min(abs(s.col - 150), abs(s.col - 420)) >= 25 for s in spots)

    assert hits >= 23
    assert alarms <= 1


def test_what_stands_on_the_bank_is_no_outfall():
    assert sum(len(found(*river(seed))) for seed in range(12)) <= 1


def test_the_rule_chooses_the_sign():
    frame, line = river(3, ((150, 5.0, 22), (420, -5.0, 22)))
    cold = DetectionRule(kind=Kind.COLD, contrast_k=2.0, z=5, min_px=20, max_px=20_000)

    (spot,) = outfalls(frame, Bank(line=line), cold)

    assert spot.kind is Kind.COLD
    assert spot.contrast_k == pytest.approx(4.5, abs=1)
    assert spot.background_c == pytest.approx(21, abs=0.5)


def test_the_line_may_run_the_other_way():
    frame, line = river(3, ((150, 5.0, 22),))

    spots = outfalls(frame, Bank(line=line[::-1], water_left=True), RULE)

    assert [round(s.col, -1) for s in spots] == [150]


def test_a_river_outside_the_frame_has_no_outfalls():
    frame, line = river(3)

    assert outfalls(frame, Bank(line=line + 5000), RULE) == ()
    with pytest.raises(InvalidInput, match="two or more points"):
        Bank(line=np.zeros((1, 2)))


def test_the_waterline_is_found_from_a_pixel_of_water():
    frame, line = river(2)

    edge = waterline(frame, (320, 450))

    expected = np.interp(edge[:, 0], line[:, 0], line[:, 1])
    assert np.median(np.abs(edge[:, 1] - expected)) < 3
    assert np.ptp(edge[:, 0]) > 300
