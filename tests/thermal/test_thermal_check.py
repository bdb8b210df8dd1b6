import pickle

import numpy as np
import pytest

from core.equipment import CameraSpec, Sensor
from core.errors import UnknownEncoding
from core.geo import FlatGround, LonLat, distance_m, offset
from thermal.detection.check import check
from thermal.detection.detect import DetectionRule

HERE = LonLat(118.87, 28.97)
CAMERA = CameraSpec(
    id="t", sensor=Sensor.THERMAL, width_px=640, height_px=512, hfov_deg=45.8, stored_scale=0.25
)
RULES = {
    "01-03": DetectionRule(floor_c=120, contrast_k=60, max_px=5000, severity=4),
    "05-02": DetectionRule(floor_c=60, contrast_k=20, severity=3),
}


@pytest.fixture
def scene():
    return 25 + np.random.default_rng(4).normal(0, 0.3, (128, 160))


def run(data, rules=RULES):
    return check(data, {"t": CAMERA}, FlatGround(100.0), rules)


def test_a_fire_and_a_hot_joint_get_their_types_and_places(files, scene):
    scene[30:33, 100:103] = 260
    scene[90:92, 40:42] = 75

    checked = run(files.thermal_jpeg(scene, model="t"))

    fire, joint = checked.finds
    assert (fire.event_type, fire.severity) == ("01-03", 4)
    assert (joint.event_type, joint.severity) == ("05-02", 3)
    gsd = 4 * CAMERA.gsd_m(100)
    east = offset(HERE, 90, (101.5 - 80) * gsd)
    assert distance_m(fire.position, offset(east, 0, (64 - 31.5) * gsd)) < 0.3
    assert fire.peak_c == pytest.approx(260, abs=0.1)
    assert fire.background_c == pytest.approx(25, abs=0.5)
    assert checked.stats.max_c == pytest.approx(260, abs=0.1)
    assert checked.inspected.dropped is None


def test_one_hotspot_has_one_type(files, scene):
    scene[30:33, 100:103] = 260

    assert len(run(files.thermal_jpeg(scene, model="t")).finds) == 1


def test_types_that_nobody_looks_for_are_not_found(files, scene):
    scene[30:33, 100:103] = 260

    data = files.thermal_jpeg(scene, model="t")

    assert run(data, {}).finds == ()
    assert run(data, {"05-02": RULES["05-02"]}).finds[0].event_type == "05-02"


def test_sunlit_roofs_vehicles_and_rocks_are_no_fires(files, scene):
    scene[10:60, 20:70] += 25
    scene[80:84, 100:108] += 30
    scene[100:103, 30:33] += 20

    assert run(files.thermal_jpeg(scene, model="t")).finds == ()


def test_without_a_pose_nothing_is_located_but_the_frame_is_measured(files, scene):
    scene[30:33, 100:103] = 260

    checked = run(files.thermal_jpeg(scene, model="t", pose={"pitch": 250.0}))

    assert checked.finds == ()
    assert "which way" in checked.inspected.dropped
    assert checked.stats.max_c > 250


def test_it_goes_through_a_process_pool(files, scene):
    scene[30:33, 100:103] = 260

    checked = run(files.thermal_jpeg(scene, model="t"))

    again = pickle.loads(pickle.dumps(checked))  # noqa: S301

    assert again.finds == checked.finds


def test_a_visible_photo_is_refused(files):
    with pytest.raises(UnknownEncoding):
        run(files.jpeg_of(np.zeros((60, 80), np.uint8), xmp=files.pose_xmp()))
