"""The fast detector finds what the plain one finds: places, temperatures, sizes, scores."""

import cv2
import numpy as np
import pytest
from plain_detector import finds

from missions.catalog import load
from missions.operations.examine import thermal_rules
from thermal.detection.detect import GENERAL_RULE, spots
from thermal.formats.decode import decode

RULES = thermal_rules(load().event_types)
SETS = {
    "all": tuple(RULES.values()),
    "general": (GENERAL_RULE,),
    "general and all": (GENERAL_RULE, *RULES.values()),
    "outfall": (RULES["02-04"],),
    "seepage": (RULES["02-05"],),
    "person": (RULES["08-02"],),
}


def scene(seed, shape=(160, 208)):
    """Hilly ground of 15 to 55 C, hot and cold discs, a fire, a lattice."""
    rng = np.random.default_rng(seed)
    frame = 32 + 40 * cv2.GaussianBlur(rng.normal(0, 1, shape), (0, 0), 6)
    frame += rng.normal(0, 0.1, shape)
    for _ in range(30):
        at = (int(rng.integers(0, shape[1])), int(rng.integers(0, shape[0])))
        mark = cv2.circle(np.zeros(shape, np.float32), at, int(rng.integers(1, 11)), 1.0, -1)
        frame += rng.uniform(-14, 24) * cv2.GaussianBlur(mark, (0, 0), 0.7)
    frame[100:104, :90] += 9
    frame[60:150:18, :90] += 7
    cv2.circle(frame, (160, 110), int(rng.integers(2, 22)), float(rng.uniform(80, 300)), -1)
    return frame.astype(np.float32)


def values(found):
    return sorted(
        (s.kind.value, s.row, s.col, s.peak_c, s.background_c, s.score, s.area_px, s.isolation_k,
         s.step_k, s.roundness)
        for s in found
    )  # fmt: skip


def agree(frame, rules):
    ours, plain = values(spots(frame, rules)), values(finds(frame, rules))
    assert [row[0] for row in ours] == [row[0] for row in plain]
    assert [row[1:] for row in ours] == [pytest.approx(row[1:], abs=2e-4) for row in plain]
    return len(ours)


@pytest.mark.parametrize("name", SETS)
def test_in_made_scenes(name):
    assert sum(agree(scene(seed), SETS[name]) for seed in range(4)) > 3


@pytest.mark.parametrize("name", ["M3T_DJI_0001_R", "M30T_DJI_0002_R", "M2EA_DJI_0003_R"])
def test_in_real_frames(shared, name):
    frame = decode((shared / "dji" / f"{name}.JPG").read_bytes()).celsius

    for rules in SETS.values():
        agree(frame, rules)


def test_in_a_fire(shared):
    path = shared / "fire" / "sycan" / "TIFF_00008.TIFF"

    assert agree(decode(path.read_bytes()).celsius, SETS["all"]) > 20
