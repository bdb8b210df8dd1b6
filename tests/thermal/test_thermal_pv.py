"""Modules of a plant and the score of a crop."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.errors import InvalidInput
from thermal.detection.pv.forest import Forest, grow
from thermal.detection.pv.modules import Fault, modules
from thermal.detection.pv.plant import PV, with_modules
from thermal.detection.pv.score import auc, fault_score, shipped
from thermal.detection.rule import DetectionRule, Hotspot
from thermal.detection.severity import grade

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def plant(change=lambda frame: None):
    """Four rows of ten modules of 16 x 28 px with lines of one colder pixel, over colder ground."""
    rng = np.random.default_rng(4)
    frame = np.full((240, 260), 32, np.float32)
    for row in range(4):
        for col in range(10):
            frame[20 + row * 52 : 48 + row * 52, 30 + col * 17 : 46 + col * 17] = 46
        for col in range(11):
            frame[20 + row * 52 : 48 + row * 52, 29 + col * 17] = 42
    change(frame)
    return (cv2.GaussianBlur(frame, (0, 0), 0.5) + rng.normal(0, 0.05, frame.shape)).astype("f4")


def test_modules_are_outlined_and_sound_ones_stay_sound():
    found = modules(plant())

    assert len(found) >= 36
    assert {module.fault for module in found} == {Fault.NONE}


def heat(rows, cols, kelvin):
    def change(frame):
        frame[rows, cols] += kelvin

    return change


@pytest.mark.parametrize(
    ("rows", "cols", "kelvin", "fault"),
    [
        (slice(82, 86), slice(105, 109), 25, Fault.HOT_SPOT),
        (slice(72, 100), slice(98, 114), 6, Fault.WHOLE),
        (slice(72, 100), slice(98, 103), 6, Fault.SUBSTRING),
    ],
)
def test_each_pattern_is_told(rows, cols, kelvin, fault):
    worst = modules(plant(heat(rows, cols, kelvin)))[0]

    assert worst.fault is fault
    assert (worst.row, worst.col) == pytest.approx((86, 106), abs=3)
    assert worst.severity >= 2


def test_ground_without_modules_has_none():
    noise = np.random.default_rng(2).normal(30, 1, (256, 320)).astype("f4")

    assert len(modules(cv2.GaussianBlur(noise, (0, 0), 3))) <= 2


def test_a_plant_of_the_data(shared):
    from thermal.formats.decode import decode

    found = modules(decode((shared / "pv/rentadrone/example_flir.jpg").read_bytes()).celsius)

    assert len(found) >= 280
    assert max(module.peak_c for module in found) > 80
    # all that is wrong is in the two glowing tables; the ends of the rows are sound, if cooler
    wrong = [module for module in found if module.fault is not Fault.NONE]
    assert len(wrong) >= 10
    assert all(210 < m.row < 300 and 250 < m.col < 335 for m in wrong)


def test_shipped_forest_on_the_half_they_never_saw(shared):
    from benchmarks.thermal.pv_fit import SOUND, half, load

    values, classes = load(shared / "pv" / "raptormaps")
    other = ~half(classes, 0)

    # issue 5 asks for 0.92: not reached, see docs/detection.md
    assert auc(shipped().score(values[other]), (classes != SOUND)[other]) > 0.895


def test_trees_tell_what_no_single_threshold_tells_and_grow_alike_again():
    rng = np.random.default_rng(3)
    values = rng.normal(0, 1, (600, 6))
    faulty = values[:, 0] * values[:, 1] > 0
    first, second = (grow(values[:400], faulty[:400], trees=40) for _ in range(2))

    assert auc(first.score(values[400:]), faulty[400:]) > 0.85
    assert np.array_equal(first.score(values), second.score(values))
    assert ((first.score(values) >= 0) & (first.score(values) <= 1)).all()


def test_a_forest_is_the_same_when_read_again(tmp_path):
    values = np.random.default_rng(5).normal(0, 1, (60, 3))
    forest = grow(values, values[:, 2] > 0, trees=5)
    forest.save(tmp_path / "f.npz", fitted_on="a test", features=("a", "b", "c"))

    with np.load(tmp_path / "f.npz", allow_pickle=False) as arrays:
        assert np.array_equal(Forest.of(arrays).score(values), forest.score(values))


def test_a_warm_module_that_the_rule_misses_is_added_in_a_plant_only():
    warm = plant(heat(slice(72, 100), slice(98, 114), 6))
    seen = Hotspot(row=86, col=106, peak_c=52, background_c=46, contrast_k=6, score=9, area_px=9)
    added = with_modules([], warm)

    assert [code for _, code in added] == [PV]
    assert (added[0][0].row, added[0][0].col) == pytest.approx((86, 106), abs=3)
    assert grade(DetectionRule(scale="pv"), added[0][0]).name == "CoA 2, thermal abnormality"
    assert with_modules([(seen, PV)], warm) == [(seen, PV)]
    assert with_modules([], plant()[:70, :120]) == []


def test_pixels_without_a_value_hide_no_other_module():
    warm = plant(heat(slice(72, 100), slice(98, 114), 6))
    warm[200:210, 10:20] = np.nan

    assert len(with_modules([], warm)) == 1
    assert with_modules([], np.full((40, 40), np.nan, "f4")) == []


def test_no_peak_is_hotter_than_the_frame():
    frame = plant(heat(slice(82, 84), slice(105, 107), 25))

    assert modules(frame)[0].peak_c <= float(frame.max())
    assert frame[modules(frame)[0].peak_at] == pytest.approx(frame.max(), abs=2)


def test_a_hot_cell_scores_above_an_even_plate():
    rng = np.random.default_rng(0)
    plate = 120 + rng.normal(0, 1.5, (40, 24))
    hot = plate.copy()
    hot[8:12, 10:14] += 60

    assert fault_score(hot) > 0.5 > fault_score(plate)
    with pytest.raises(InvalidInput, match="module"):
        fault_score(np.zeros((5, 5)))


def test_area_under_the_curve_counts_ties_half():
    assert auc([1, 2, 2, 3], np.array([False, False, True, True])) == 0.875


def test_the_live_check_lists_modules_where_modules_are_looked_for(shared):
    from thermal.detection.check import classify
    from thermal.formats.decode import decode

    frame = decode((shared / "pv/rentadrone/example_flir.jpg").read_bytes())
    rule = DetectionRule(floor_c=45, contrast_k=12, min_px=1, max_px=4000, z=6, scale="pv")
    plain = classify(frame, {"07-01": rule})
    found = classify(frame, {PV: rule})

    assert [spot for spot, _ in found[: len(plain)]] == [spot for spot, _ in plain]
    assert 3 <= len(found) - len(plain) <= 11
