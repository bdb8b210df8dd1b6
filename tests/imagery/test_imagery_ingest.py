import pickle

import cv2
import numpy as np
import pytest

from core.equipment import CameraSpec, Sensor
from core.errors import UnreadableMedia
from core.geo import FlatGround, area_m2
from imagery.ingest import inspect
from imagery.quality import measure

RNG = np.random.default_rng(2)
SCENE = cv2.GaussianBlur(RNG.integers(0, 255, (96, 128), dtype=np.uint8), (0, 0), 1.2)
CAMERA = CameraSpec(
    id="wide", sensor=Sensor.VISIBLE, width_px=4000, height_px=3000, hfov_deg=70, stored_scale=0.032
)
CAMERAS = {"wide": CAMERA}
GROUND = FlatGround(100.0)


def photo(files, gray=SCENE, pose=None, **extra):
    return files.jpeg_of(gray, model="wide", xmp=files.pose_xmp(**(pose or {})), **extra)


def test_a_good_photo_is_kept_with_footprint_and_native_resolution(files):
    found = inspect(photo(files), CAMERAS, GROUND)

    assert found.dropped is None
    assert found.camera is CAMERA
    assert found.gsd_m == pytest.approx(CAMERA.gsd_m(100.0), rel=1e-6)
    width, length = CAMERA.footprint_m(100.0)
    assert area_m2(found.footprint) == pytest.approx(width * length, rel=1e-3)


def test_it_goes_through_a_process_pool(files):
    found = inspect(photo(files), CAMERAS, GROUND)

    again = pickle.loads(pickle.dumps(found))  # noqa: S301

    assert again.footprint.equals(found.footprint)


@pytest.mark.parametrize(
    ("gray", "pose", "extra", "reason"),
    [
        (np.zeros_like(SCENE), {}, {}, "too dark"),
        (np.full_like(SCENE, 255), {}, {}, "overexposed"),
        (np.full_like(SCENE, 128), {}, {}, "shows nothing"),
        (np.tile(np.uint8(np.linspace(60, 200, 128)), (96, 1)), {}, {}, "blurred"),
        (SCENE, {"pitch": 20.0}, {}, "sky"),
        (SCENE, {"pitch": 200.0}, {}, "which way"),
        (SCENE, {"altitude_m": 50.0, "pitch": -60.0}, {}, "below the ground"),
    ],
)
def test_a_useless_photo_is_dropped_with_its_reason(files, gray, pose, extra, reason):
    found = inspect(photo(files, gray, pose, **extra), CAMERAS, GROUND)

    assert reason in found.dropped


def test_an_unknown_camera_without_focal_length_is_dropped(files):
    found = inspect(photo(files, focal35=None), {}, GROUND)

    assert "is not known" in found.dropped


def test_a_file_without_a_place_is_dropped(files):
    found = inspect(files.jpeg_of(SCENE, model="wide", lon=None), CAMERAS, GROUND)

    assert "where it was taken" in found.dropped


def test_a_broken_picture_behind_good_metadata_is_dropped(files):
    data = photo(files)
    whole = data[: data.index(b"\xff\xda") + 20]

    assert inspect(whole, CAMERAS, GROUND).dropped


def test_text_is_refused():
    with pytest.raises(UnreadableMedia):
        inspect(b"no picture at all", CAMERAS, GROUND)


def test_blur_lowers_the_sharpness_and_brightness_does_not():
    sharp = measure(SCENE).sharpness

    assert measure(cv2.GaussianBlur(SCENE, (0, 0), 3)).sharpness < sharp / 10
    assert measure(np.uint8(SCENE // 2 + 60)).sharpness == pytest.approx(sharp, rel=0.1)
