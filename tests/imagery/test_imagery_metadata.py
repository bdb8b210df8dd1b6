from datetime import UTC, datetime

import numpy as np
import pytest

from core.errors import UnreadableMedia
from core.geo import LonLat
from imagery.files import jpeg, metadata
from imagery.files.exif import Exif, camera_model

GRAY = np.random.default_rng(1).integers(0, 255, (48, 64), dtype=np.uint8)


def test_everything_a_drone_writes_is_read(files):
    data = files.jpeg_of(GRAY, model="m3td-wide", xmp=files.pose_xmp(yaw=-30.5, pitch=-80.0))

    meta = metadata.read(data)

    assert meta.taken_at == datetime(2026, 5, 12, 6, 30, 15, 250_000, UTC)
    assert not meta.time_assumed
    assert (meta.camera_model, meta.vehicle_serial) == ("m3td-wide", "QZ-07")
    assert (meta.width_px, meta.height_px) == (64, 48)
    assert meta.pose.position == LonLat(118.87, 28.97)
    assert meta.pose.altitude_m == 200.0
    assert (meta.pose.attitude.yaw_deg, meta.pose.attitude.pitch_deg) == (-30.5, -80.0)
    assert meta.relative_altitude_m == 100.0
    assert meta.focal35_mm == 40
    assert not meta.radiometric
    assert meta.problems == ()


def test_an_offset_moves_the_time_to_utc(files):
    meta = metadata.read(files.jpeg_of(GRAY, offset="+08:00"))

    assert meta.taken_at == datetime(2026, 5, 11, 22, 30, 15, 250_000, UTC)


def test_without_an_offset_the_zone_is_assumed_and_says_so(files):
    meta = metadata.read(files.jpeg_of(GRAY, offset=None))

    assert meta.taken_at == datetime(2026, 5, 11, 22, 30, 15, 250_000, UTC)
    assert meta.time_assumed


def test_a_place_without_attitude_is_no_pose(files):
    meta = metadata.read(files.jpeg_of(GRAY, lat=-27.115, lon=-70.163))

    assert meta.pose is None
    assert meta.position.lat == pytest.approx(-27.115, abs=1e-7)
    assert meta.position.lon == pytest.approx(-70.163, abs=1e-7)
    assert meta.altitude_m == 200.0


@pytest.mark.parametrize(
    ("tags", "problem"),
    [
        ({"pitch": 270.0}, "impossible attitude"),
        ({"pitch": 400.0}, "pitch 400"),
        ({"pitch": -45.0, "roll": 180.0}, "roll -180 at pitch -45"),
        ({"lat": 95.0}, "no such place"),
        ({"lat": 0.0, "lon": 0.0}, "no satellite fix"),
        ({"yaw": float("nan")}, "no number"),
    ],
)
def test_impossible_tags_are_reported_and_not_used(files, tags, problem):
    meta = metadata.read(files.jpeg_of(GRAY, xmp=files.pose_xmp(**tags)))

    assert meta.pose is None
    assert problem in " ".join(meta.problems)


def test_the_pix4d_camera_schema_looks_down_at_zero(files):
    tags = 'xmlns:Camera="http://pix4d.com/camera/1.0"\n' + "\n".join(
        f'Camera:{k}="{v}"' for k, v in {"Yaw": 10, "Pitch": 15, "Roll": 0}.items()
    )

    meta = metadata.read(files.jpeg_of(GRAY, xmp=files.XMP.format(tags=tags)))

    assert meta.pose.attitude.pitch_deg == -75.0


def test_entity_bombs_in_xmp_are_not_expanded(files):
    bomb = (
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">&b;</x:xmpmeta>'
    )

    meta = metadata.read(files.jpeg_of(GRAY, xmp=bomb))

    assert "XMP cannot be read" in meta.problems[0]


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"hello, this is text", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(UnreadableMedia) as error:
        metadata.read(data)

    assert error.value.remedy


def test_a_truncated_file_is_refused(files):
    with pytest.raises(UnreadableMedia, match="truncated"):
        metadata.read(files.jpeg_of(GRAY)[:150])


def test_gigantic_dimensions_are_refused(files):
    data = bytearray(files.jpeg_of(GRAY))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = b"\xff\xff\xff\xff"

    with pytest.raises(UnreadableMedia, match="not plausible"):
        metadata.read(bytes(data))


def test_real_files(shared):
    h20n = metadata.read((shared / "dji" / "H20N_DJI_0006_R.JPG").read_bytes())
    xt2 = metadata.read((shared / "flir" / "DJI_XT2.jpg").read_bytes())

    assert h20n.taken_at == datetime(2022, 3, 24, 9, 37, 59, tzinfo=UTC)
    assert h20n.pose.attitude.yaw_deg == -106.6
    assert h20n.radiometric
    assert xt2.pose.position.lon == pytest.approx(76.37778587)
    assert xt2.radiometric


def test_a_place_without_its_side_of_the_earth_is_no_place():
    rome = {1: "N", 2: (41.0, 54.0, 0.0), 3: "E", 4: (12.0, 30.0, 0.0)}
    south = {**rome, 1: b"S\0"}
    nowhere = {key: value for key, value in rome.items() if key != 3}

    assert Exif({}, rome).longitude == pytest.approx(12.5)
    assert Exif({}, south).latitude == pytest.approx(-41.9)
    assert Exif({}, nowhere).longitude is None


def test_the_model_alone_is_that_of_all_tags(files):
    whole = files.jpeg_of(np.zeros((8, 8), np.uint8), model="M3T")
    payload = next(s.payload for s in jpeg.segments(whole) if s.payload.startswith(b"Exif"))

    assert camera_model(payload) == metadata.read(whole).camera_model == "M3T"
    for length in range(len(payload)):
        assert camera_model(payload[:length]) in ("", "M3T")
