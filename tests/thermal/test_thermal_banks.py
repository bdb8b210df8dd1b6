"""Outfalls through the service's check: mapped water that lies beside the real one."""

import cv2
import numpy as np
import pytest
import shapely

from core.equipment import CameraSpec, Sensor
from core.geo import FlatGround, LonLat, distance_m, offset
from thermal.detection.check import check
from thermal.detection.detect import DetectionRule, Kind

HERE = LonLat(118.87, 28.97)
CAMERA = CameraSpec(
    id="t", sensor=Sensor.THERMAL, width_px=640, height_px=512, hfov_deg=45.8, stored_scale=0.5
)
GSD = 2 * CAMERA.gsd_m(100)
RULES = {"02-04": DetectionRule(contrast_k=4.5, min_px=60, max_px=20000, z=6, shore_k=2.0)}


def river(seed, plumes=(), spit=False, shape=(256, 320)):
    """Land above, with hot and cold things, water below a winding bank."""
    rng = np.random.default_rng(seed)
    rows, cols = np.mgrid[: shape[0], : shape[1]].astype(float)
    edge = 110 + 18 * np.sin(cols / 70 + seed)
    if spit:
        edge = edge + 25 * (np.abs(cols - 220) < 8)
    land = 28 + cv2.GaussianBlur(rng.normal(0, 8, shape), (0, 0), 6)
    for _ in range(12):
        at = (int(rng.integers(0, shape[1])), int(rng.integers(0, 80)))
        cv2.circle(land, at, int(rng.integers(4, 8)), float(rng.uniform(10, 60)), -1)
    water = 20 + 1.0 * cols / shape[1] + 0.1 * rng.normal(0, 1, shape)
    for at, kelvin in plumes:
        bank = edge[0, at]
        water += kelvin * np.exp(-(np.hypot(cols - at, (rows - bank) * 1.3) ** 2) / 12**2)
    frame = np.where(rows > edge, water, land).astype(np.float32)
    return cv2.GaussianBlur(frame, (0, 0), 0.7), edge


def mapped(off_m):
    """The map's river: its bank straight, and beside the real one by so many metres."""
    middle = offset(HERE, 180, 18 * GSD + off_m)
    ring = []
    for bearing, north in ((270, 0), (90, 0), (90, 300), (270, 300)):
        corner = offset(offset(middle, bearing, 400), 180, north)
        ring.append((corner.lon, corner.lat))
    return shapely.Polygon(ring)


def run(files, frame, waters):
    data = files.thermal_jpeg(frame, model="t")
    return check(data, {"t": CAMERA}, FlatGround(100.0), RULES, waters=waters).finds


def column(find):
    return find.pixel[0]


@pytest.mark.parametrize("off_m", [-25, 0, 12])
def test_warm_and_cold_outfalls_are_found_where_the_map_is_off(files, off_m):
    hits = alarms = 0
    for seed in range(4):
        frame, _ = river(seed, ((80, 4.0), (230, -4.0)))
        finds = run(files, frame, (mapped(off_m),))
        hits += any(f.kind is Kind.HOT and abs(column(f) - 80) < 15 for f in finds)
        hits += any(f.kind is Kind.COLD and abs(column(f) - 230) < 15 for f in finds)
        alarms += sum(min(abs(column(f) - 80), abs(column(f) - 230)) >= 15 for f in finds)

    assert hits >= 7
    assert alarms <= 1


def test_what_stands_on_the_bank_and_a_spit_are_no_outfalls(files):
    with_map = [run(files, river(s, spit=True)[0], (mapped(0),)) for s in range(4)]
    without = [run(files, river(s, spit=True)[0], ()) for s in range(4)]

    assert sum(map(len, with_map)) <= 1
    assert sum(map(len, without)) > sum(map(len, with_map))


def test_without_a_bank_in_the_frame_the_plain_rule_holds(files):
    frame, _ = river(1)
    frame[:] = 20 + np.random.default_rng(1).normal(0, 0.1, frame.shape)
    cv2.circle(frame, (200, 60), 8, 28.0, -1)
    everywhere = shapely.box(HERE.lon - 0.1, HERE.lat - 0.1, HERE.lon + 0.1, HERE.lat + 0.1)

    for waters in ((), (everywhere,), (mapped(5000),)):
        (find,) = run(files, frame, waters)
        assert find.pixel == pytest.approx((200.5, 60.5), abs=1)
        place = offset(offset(HERE, 90, 40.5 * GSD), 0, (128 - 60.5) * GSD)
        assert distance_m(find.position, place) < 1
