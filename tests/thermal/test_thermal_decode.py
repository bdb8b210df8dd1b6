import dataclasses
import gzip
from datetime import UTC, datetime

import numpy as np
import pytest

from core.errors import UnknownEncoding, UnreadableMedia
from imagery.files import jpeg
from thermal import uncertainty
from thermal.formats import flir
from thermal.formats.decode import decode

SCENE = np.linspace(5, 90, 60 * 80).reshape(60, 80)


@pytest.mark.parametrize("png", [True, False])
@pytest.mark.parametrize("big_endian", [True, False])
def test_a_flir_file_gives_its_temperatures_back(files, png, big_endian):
    fff = files.fff_block(
        files.counts_for(SCENE), png=png, big_endian=big_endian, emissivity=1.0, distance_m=0.0
    )

    frame = decode(files.with_flir(files.jpeg_of(np.zeros((60, 80), np.uint8)), fff, chunk=3000))

    assert frame.celsius.dtype == np.float32
    assert np.abs(frame.celsius - SCENE).max() < 0.02
    assert frame.camera == "FlyOnce test"


def test_parameters_of_the_caller_replace_the_files(files):
    data = files.thermal_jpeg(SCENE)
    own = decode(data)

    greyer = decode(data, dataclasses.replace(own.parameters, emissivity=0.8))

    assert greyer.celsius.max() > own.celsius.max() + 5


def test_a_missing_segment_is_named(files):
    data = files.with_flir(
        files.jpeg_of(np.zeros((60, 80), np.uint8)),
        files.fff_block(files.counts_for(SCENE), png=False),
        chunk=4000,
    )
    first = data.index(b"\xff\xe1", 4)

    with pytest.raises(UnreadableMedia, match="FLIR segments are there"):
        decode(data[:2] + data[first:])


def test_a_png_that_is_larger_than_the_block_says_is_refused(files):
    fff = bytearray(files.fff_block(files.counts_for(SCENE)))
    at = fff.index(b"IHDR") + 4
    fff[at : at + 8] = b"\0\0\xff\xff\0\0\xff\xff"

    with pytest.raises(UnreadableMedia, match="the raw PNG is"):
        flir.decode(bytes(fff))


def test_impossible_parameters_are_refused(files):
    with pytest.raises(UnreadableMedia, match="emissivity"):
        flir.decode(files.fff_block(files.counts_for(SCENE), emissivity=0.0))


def test_a_plain_photo_is_refused_by_name(files):
    with pytest.raises(UnknownEncoding, match="colours are no temperatures"):
        decode(files.jpeg_of(np.zeros((60, 80), np.uint8)))


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\xff\xd8\xff", b"II*\0\x08\0\0\0"])
def test_what_is_broken_is_refused(data):
    with pytest.raises(UnreadableMedia):
        decode(data)


@pytest.mark.parametrize(
    "array",
    [
        SCENE.astype(np.float32),
        (SCENE + 273.15).astype(np.float32),
        np.round((SCENE + 273.15) * 100).astype(np.uint16),
    ],
)
def test_thermal_tiffs(files, array):
    assert np.abs(decode(files.tiff_of(array)).celsius - SCENE).max() < 0.021


@pytest.mark.parametrize(
    "array",
    [np.full((20, 20), 3500, np.uint16), np.full((20, 20), 1e6, np.float32), np.ones((9, 9), "u1")],
)
def test_tiffs_without_temperatures_are_refused_by_name(files, array):
    with pytest.raises(UnknownEncoding) as error:
        decode(files.tiff_of(array))

    assert error.value.remedy


def test_a_colour_tiff_is_no_thermal_frame(files):
    with pytest.raises(UnreadableMedia, match="no thermal frame"):
        decode(files.tiff_of(np.zeros((8, 8, 3), np.uint8)))


class TestRealFiles:
    FLIR = (
        ("DJI_XT2.jpg", (512, 640), (21, 83)),
        ("DJI_XTR.jpg", (512, 640), (16, 60)),
        ("FLIR.jpg", (320, 240), (25, 63)),
        ("FLIR_AX8.jpg", (60, 80), (24, 26)),
        ("FLIR_B60.jpg", (180, 180), (-68, 0)),
        ("FLIR_E40.jpg", (120, 160), (17, 25)),
        ("FLIR_T640.jpg", (480, 640), (25, 98)),
        ("Thermimage_IR_2412.jpg", (480, 640), (22, 36)),
    )

    @pytest.mark.parametrize(("name", "shape", "span"), FLIR)
    def test_every_flir_file_is_read(self, shared, name, shape, span):
        frame = decode((shared / "flir" / name).read_bytes())

        assert frame.celsius.shape == shape
        assert span[0] < frame.celsius.min()
        assert frame.celsius.max() < span[1]

    def test_a_plant_seen_by_an_xt(self, shared):
        frame = decode((shared / "pv" / "rentadrone" / "example_flir.jpg").read_bytes())

        assert frame.celsius.shape == (512, 640)
        assert 23 < frame.celsius.min() < frame.celsius.max() < 109
        assert frame.accuracy.limit_k == 5.0  # a Tau 2 core

    def test_every_pixel_has_an_uncertainty(self, shared):
        paths = [*(shared / "flir").glob("*.jpg"), shared / "dji" / "M3T_DJI_0001_R.JPG"]
        for path in paths:
            sigma = uncertainty.of(decode(path.read_bytes()))

            assert np.isfinite(sigma).all()
            assert 1.0 < sigma.min() <= sigma.max() < 10.0

    def test_against_flirs_own_software(self, shared):
        folder = shared / "flir" / "iguana"
        data = (folder / "IguanaImage.jpg").read_bytes()
        frame = decode(data)

        counts = flir.raw_counts(flir.block(list(jpeg.segments(data))))
        assert np.array_equal(counts, table(folder / "raw_counts.csv.gz", ","))
        research = table(folder / "research_ir_e0.95_20C.csv.gz", ";")
        assert np.abs(frame.celsius - research).max() < 0.00051  # 0.0005 is its rounding
        lower = dataclasses.replace(frame.parameters, emissivity=0.90)
        thermacam = table(folder / "thermacam_e0.90.csv.gz", ",")
        assert np.abs(decode(data, lower).celsius - thermacam).max() < 0.05

    @pytest.mark.parametrize(
        ("name", "limit_c"),
        [("M30T_DJI_0002_R", 0.0015), ("M3T_DJI_0001_R", 0.0015), ("M2EA_DJI_0003_R", 0.005),
         ("H20N_DJI_0006_R", 0.003)],
    )  # fmt: skip
    def test_against_djis_own_software(self, shared, name, limit_c):
        frame = decode((shared / "dji" / f"{name}.JPG").read_bytes())
        with np.load(shared / "dji" / "ref" / f"{name}.npz") as reference:
            error = np.abs(frame.celsius - reference["temp_default"]).max()

        assert frame.corrected
        assert error < limit_c

    @pytest.mark.parametrize(
        ("name", "what"), [("H20T_DJI_0001_R.JPG", "aa551206"), ("M3TD_DJI_0002_R.JPG", "hirp")]
    )
    def test_dji_encodings_that_only_dji_can_read_are_refused_by_name(self, shared, name, what):
        with pytest.raises(UnknownEncoding, match=what) as error:
            decode((shared / "dji" / name).read_bytes())

        assert "Thermal SDK" in error.value.remedy

    def test_dji_at_another_distance_is_apparent_and_says_so(self, shared):
        data = (shared / "dji" / "M3T_DJI_0001_R.JPG").read_bytes()
        far = dataclasses.replace(decode(data).parameters, distance_m=80.0)

        assert not decode(data, far).corrected

    def test_fire_frames(self, shared):
        frame = decode((shared / "fire" / "sycan" / "TIFF_00008.TIFF").read_bytes())

        assert frame.celsius.max() == pytest.approx(595.88, abs=0.01)


def table(path, separator):
    with gzip.open(path, "rt") as file:
        return np.array([line.split(separator) for line in file.read().split()], float)


def test_the_writer_itself_is_plausible(files):
    """The fixture is checked against the metadata reader, so that both cannot be wrong alike."""
    from imagery.files import metadata

    meta = metadata.read(files.thermal_jpeg(SCENE))

    assert meta.radiometric
    assert meta.taken_at == datetime(2026, 5, 12, 6, 30, 15, 250_000, UTC)
