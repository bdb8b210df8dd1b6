"""What a file says of its camera and its laser."""

import pytest

from core.equipment import Sensor
from imagery.files.metadata import Metadata
from imagery.ground.sources import camera_of_file, frames_in, laser_of

DEWARP = "2023-05-04;3700.5,3699.1,12.5,-7.25,-0.11,0.012,0.0003,-0.0002,-0.01"


def meta(**tags):
    return Metadata(width_px=5280, height_px=3956, camera_model="M3E", focal35_mm=24.0, tags=tags)


def test_the_factorys_calibration_goes_before_the_focal_length():
    camera = camera_of_file(meta(DewarpData=DEWARP, DewarpFlag="0"))

    assert camera.focal_px == pytest.approx(3700.5)
    assert (camera.lens.k1, camera.lens.p2, camera.lens.k3) == (-0.11, -0.0002, -0.01)
    assert (camera.lens.cx_px, camera.lens.cy_px) == (12.5, -7.25)
    assert camera.sensor is Sensor.VISIBLE


def test_a_picture_that_the_camera_straightened_has_no_distortion_left():
    camera = camera_of_file(meta(DewarpData=DEWARP, DewarpFlag="1"))

    assert camera.lens is None
    assert camera.focal_px == pytest.approx(3700.5)


@pytest.mark.parametrize(
    "data",
    ["", "2023;nonsense", "2023;1,2,3", "2023;nan,1,0,0,0,0,0,0,0", "2023;10,10,0,0,0,0,0,0,0"],
)
def test_a_broken_calibration_is_passed_over(data):
    camera = camera_of_file(meta(DewarpData=data))

    assert camera.lens is None
    assert camera.hfov_deg == pytest.approx(71.6, abs=0.5)


def test_no_focal_length_no_camera():
    assert camera_of_file(Metadata(width_px=640, height_px=512)) is None


@pytest.mark.parametrize(
    ("tags", "range_m"),
    [
        ({"LRFStatus": "Normal", "LRFTargetDistance": "79.572"}, 79.572),
        ({"LRFStatus": "TooClose", "LRFTargetDistance": "79.572"}, None),
        ({"LRFStatus": "Normal", "LRFTargetDistance": "-1"}, None),
        ({"LRFStatus": "Normal", "LRFTargetDistance": "inf"}, None),
        ({"LRFStatus": "Normal"}, None),
        ({}, None),
    ],
)
def test_a_range_counts_only_when_the_laser_says_it_is_good(tags, range_m):
    laser = laser_of(meta(**tags))

    assert (laser and laser.range_m) == range_m


def test_files_of_a_folder_that_cannot_be_placed_say_why(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"")
    (tmp_path / "b.png").write_bytes(b"\x89PNG broken")
    (tmp_path / "c.txt").write_text("no picture")

    frames, dropped = frames_in(tmp_path)

    assert frames == []
    assert [name for name, _ in dropped] == ["a.jpg", "b.png"]
    assert all(why for _, why in dropped)
