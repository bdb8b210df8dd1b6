"""Whatever bytes come in, the readers answer with a frame, metadata or a named error."""

import contextlib
import io
import struct

import numpy as np
import pytest
import radiometric_files as files
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.equipment import CameraSpec, Sensor
from core.errors import UnknownEncoding, UnreadableMedia
from core.geo import FlatGround
from imagery import ingest
from imagery.files import metadata
from thermal.detection.check import check
from thermal.detection.detect import DetectionRule
from thermal.formats.decode import decode

SCENE = 25 + np.random.default_rng(0).normal(0, 1, (24, 32))
CAMERAS = {"t": CameraSpec(id="t", sensor=Sensor.THERMAL, width_px=32, height_px=24, hfov_deg=45)}
RULES = {"01-03": DetectionRule(contrast_k=5)}


def _tiff():
    out = io.BytesIO()
    tifffile.imwrite(out, SCENE.astype(np.float32))
    return out.getvalue()


def _dji(model):
    """A frame as the M3T writes it: APP4 header, APP3 samples of K * 64."""
    head = bytearray(256)
    head[:8] = b"\xff\xd2\xd1\xffiirp"
    struct.pack_into("<5f", head, 32, 25.0, 5.0, 0.95, 0.5, 25.0)
    head[153:157] = (0x200).to_bytes(4, "little")
    struct.pack_into("<HH", head, 157, 32, 24)
    raw = np.round((SCENE + 273.15) * 64).astype("<u2").tobytes()
    jpeg = files.jpeg_of(np.zeros((24, 32), np.uint8), model=model, xmp=files.pose_xmp())
    at = jpeg.index(b"\xff\xdb")
    segments = b"".join(
        b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + bytes(body)
        for marker, body in ((0xE3, raw), (0xE4, head))
    )
    return jpeg[:at] + segments + jpeg[at:]


SEEDS = {
    "flir-png": files.thermal_jpeg(SCENE, model="t"),
    "flir-plain": files.thermal_jpeg(SCENE, model="t", png=False),
    "dji": _dji("M3T"),
    "visible": files.jpeg_of(np.zeros((24, 32), np.uint8), model="t", xmp=files.pose_xmp()),
    "tiff": _tiff(),
}


def _survives(data):
    heights = FlatGround(100.0)
    for reader in (
        metadata.read,
        decode,
        lambda d: ingest.inspect(d, CAMERAS, heights),
        lambda d: check(d, CAMERAS, heights, RULES),
    ):
        with contextlib.suppress(UnreadableMedia, UnknownEncoding):
            reader(data)


@pytest.mark.parametrize("name", SEEDS)
def test_the_seeds_themselves_are_good(name):
    metadata.read(SEEDS[name])
    if name == "visible":
        with pytest.raises(UnknownEncoding):
            decode(SEEDS[name])
    else:
        assert np.abs(decode(SEEDS[name]).celsius - SCENE).max() < 5


@pytest.mark.parametrize("name", SEEDS)
def test_every_truncation(name):
    data = SEEDS[name]
    for length in range(0, len(data), max(1, len(data) // 60)):
        _survives(data[:length])


@pytest.mark.parametrize("name", SEEDS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    changes=st.lists(
        st.tuples(st.floats(0, 0.99999), st.binary(min_size=1, max_size=6)), min_size=1, max_size=6
    ),
    weight=st.sampled_from([1.0, 0.3, 0.05]),
)
def test_damage_anywhere(name, changes, weight):
    """Overwrites a few places; with small weights near the start, where the structure is."""
    data = bytearray(SEEDS[name])
    for place, patch in changes:
        at = int(place * weight * len(data))
        data[at : at + len(patch)] = patch
    _survives(bytes(data))


@settings(max_examples=100, deadline=None)
@given(
    head=st.sampled_from([b"", b"\xff\xd8", b"II*\0", b"MM\0*", b"\x89PNG\r\n\x1a\n", b"FFF\0"]),
    rest=st.binary(max_size=300),
)
def test_noise_behind_any_magic_number(head, rest):
    _survives(head + rest)


@settings(max_examples=80, deadline=None)
@given(position=st.integers(0, 0x3FF), patch=st.binary(min_size=1, max_size=8))
def test_damage_in_the_flir_camera_record(position, patch):
    fff = bytearray(files.fff_block(files.counts_for(SCENE), png=False))
    at = len(fff) - 0x400 + position
    fff[at : at + len(patch)] = patch
    _survives(files.with_flir(SEEDS["visible"], bytes(fff)))
