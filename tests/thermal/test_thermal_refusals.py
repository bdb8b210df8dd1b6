"""What is refused, and why: nothing unknown is guessed, nothing damaged is half shown."""

import struct
import tracemalloc
import zlib

import cv2
import numpy as np
import pytest
from affine import Affine
from rasterio.io import MemoryFile

from core.errors import InvalidInput, UnknownEncoding, UnreadableMedia
from thermal.formats import flir
from thermal.formats.decode import decode
from thermal.formats.dji_path import DEFAULTS, PATHS
from thermal.formats.png import grey16
from thermal.parameters import APPARENT, Parameters

SCENE = np.linspace(5, 90, 60 * 80).reshape(60, 80)


class TestDji:
    @pytest.mark.parametrize("model", ["M3T", "M30T", "M3TD", "ZH20N"])
    def test_known_cameras_are_corrected_at_djis_defaults(self, files, model):
        version = 0x10200 if model == "ZH20N" else 0x200
        frame = decode(files.dji_jpeg(SCENE, model=model, version=version))

        assert frame.corrected
        seen = PATHS[model].apparent_c(frame.celsius, DEFAULTS)
        assert np.abs(seen - SCENE).max() < 0.02  # the rounding of K * 64

    @pytest.mark.parametrize(
        "other", [{"distance_m": 30.0}, {"humidity": 0.7}, {"air_c": 10.0}, {"version": 0x300,
                  "model": "M4T", "air_c": 16.4}],
    )  # fmt: skip
    def test_where_djis_air_is_not_known_nothing_is_corrected(self, files, other):
        frame = decode(files.dji_jpeg(SCENE, **other))

        assert not frame.corrected
        assert np.abs(frame.celsius - SCENE).max() < 0.01
        assert "not corrected" in frame.notes[0]

    @pytest.mark.parametrize(("model", "version"), [("M4TD", 0x300), ("M3T", 0x300), ("", 0x200)])
    def test_a_camera_that_nobody_compared_is_refused_by_name(self, files, model, version):
        with pytest.raises(UnknownEncoding, match=f"{version:#x} of this camera") as error:
            decode(files.dji_jpeg(SCENE, model=model, version=version))

        assert "to be compared" in error.value.remedy

    def test_sensor_counts_of_the_first_m30t_are_refused_by_name(self, files):
        head = b"\xff\xd2\xd1\xffgirp".ljust(316, b"\0")
        jpeg = files.jpeg_of(np.zeros((60, 80), np.uint8), model="M30T")

        with pytest.raises(UnknownEncoding, match="marker girp"):
            decode(files.with_dji(jpeg, bytes(60 * 80 * 2), head))

    @pytest.mark.parametrize("extra", [-2, 2])
    def test_a_frame_of_another_size_than_its_header_says(self, files, extra):
        data = files.dji_jpeg(SCENE)
        at = data.index(b"\xff\xe3")
        length = struct.unpack_from(">H", data, at + 2)[0]
        body = data[at + 4 : at + 2 + length]
        body = body + bytes(extra) if extra > 0 else body[:extra]
        changed = data[: at + 2] + struct.pack(">H", len(body) + 2) + body + data[at + 2 + length :]

        with pytest.raises(UnreadableMedia, match="60 pixels need"):
            decode(changed)

    def test_emissivity_by_pixel(self, files):
        e = np.full(SCENE.shape, 0.95)
        e[:, 40:] = 0.7
        data = files.dji_jpeg(SCENE)
        own, grey = decode(data).celsius, decode(data, {"emissivity": e}).celsius

        assert np.abs(own - grey)[:, :40].max() < 1e-4
        assert (grey > own + 1)[50:, 40:].all()


class TestFlir:
    def test_a_damaged_png_is_not_half_shown(self, files):
        fff = bytearray(files.fff_block(files.counts_for(SCENE)))
        at = fff.index(b"IDAT") + 500
        fff[at] ^= 0xFF

        with pytest.raises(UnreadableMedia, match="checksum"):
            flir.decode(bytes(fff))

    @pytest.mark.parametrize("keep", [0.3, 0.9])
    def test_a_png_that_ends_early_is_named(self, files, keep):
        whole = cv2.imencode(".png", files.counts_for(SCENE))[1].tobytes()

        with pytest.raises(UnreadableMedia, match="truncated"):
            grey16(whole[: int(len(whole) * keep)], 80, 60)

    def test_a_text_that_unpacks_to_a_gigabyte_is_never_unpacked(self, files):
        fff = files.fff_block(files.counts_for(SCENE))
        text = b"c\0\0" + zlib.compress(bytes(50_000_000), 9)
        chunk = struct.pack(">I", len(text)) + b"zTXt" + text
        chunk += struct.pack(">I", zlib.crc32(b"zTXt" + text))
        at = fff.index(b"IDAT") - 4
        record = struct.unpack_from(">II", fff, 64 + 12)
        grown = bytearray(fff[:at] + chunk + fff[at:])
        struct.pack_into(">I", grown, 64 + 16, record[1] + len(chunk))
        struct.pack_into(">I", grown, 96 + 12, record[0] + record[1] + len(chunk))

        assert np.abs(decode_in_bounds(lambda: flir.decode(bytes(grown))).celsius).max() < 100

    def test_two_blocks_in_one_file_contradict_each_other(self, files):
        jpeg = files.jpeg_of(np.zeros((60, 80), np.uint8))
        one = files.fff_block(files.counts_for(SCENE), emissivity=0.5)
        two = files.fff_block(files.counts_for(SCENE), emissivity=0.9)

        with pytest.raises(UnreadableMedia, match="two FLIR blocks"):
            decode(files.with_flir(files.with_flir(jpeg, one), two))


class TestJpeg:
    def test_a_file_of_empty_segments_does_not_fill_the_memory(self):
        data = b"\xff\xd8" + b"\xff\xe1\x00\x02" * 5_000_000

        with pytest.raises(UnreadableMedia, match="segments"):
            decode_in_bounds(lambda: decode(data), most_mb=8)

    def test_a_picture_that_ends_behind_its_raw_data_is_still_measured(self, files):
        data = files.thermal_jpeg(SCENE)
        cut = data[: data.rindex(b"\xff\xda") + 4]

        assert np.array_equal(decode(cut).celsius, decode(data).celsius)

    def test_the_name_does_not_matter_the_content_does(self, files):
        assert decode(files.tiff_of(SCENE.astype(np.float32))).encoding.startswith("TIFF")


class TestTiff:
    def test_a_deflate_bomb_is_refused_in_little_memory(self, files):
        bomb = files.bare_tiff(16, 16, zlib.compress(bytes(200_000_000), 9), compression=8)

        with pytest.raises(UnreadableMedia, match="damaged"):
            decode_in_bounds(lambda: decode(bomb))

    @pytest.mark.parametrize(
        "options",
        [{"compression": "zlib", "predictor": 2}, {"compression": "zlib", "tile": (16, 16)},
         {"byteorder": ">"}, {"bigtiff": True}],
    )  # fmt: skip
    def test_forms_that_people_export(self, files, options):
        scene = np.random.default_rng(0).normal(20, 3, (50, 70)).astype(np.float32)
        predicted = options.get("predictor") == 2
        array = np.round((scene + 273.15) * 100).astype(np.uint16) if predicted else scene

        found = decode(files.tiff_of(array, **options)).celsius

        assert np.abs(found - scene).max() < (0.006 if predicted else 1e-6)

    @pytest.mark.parametrize("compress", ["lzw", "zstd", "deflate"])
    def test_a_tiled_float_file_as_gdal_writes_it(self, compress):
        scene = np.random.default_rng(0).normal(20, 3, (300, 400)).astype(np.float32)
        scene[0, 0] = np.nan
        form = {"driver": "GTiff", "width": 400, "height": 300, "count": 1, "dtype": "float32"}
        form |= {"compress": compress, "predictor": 3, "tiled": True, "nodata": np.nan}
        with MemoryFile() as file:
            with file.open(**form, transform=Affine.scale(2)) as image:
                image.write(scene, 1)
            frame = decode(bytes(file.getbuffer()))

        assert np.array_equal(frame.measured(), scene, equal_nan=True)

    @pytest.mark.parametrize(("width", "height"), [(4_000_000, 4_000_000), (65_535, 65_535)])
    def test_gigantic_dimensions_are_refused_unread(self, files, width, height):
        with pytest.raises(UnreadableMedia):
            decode_in_bounds(lambda: decode(files.bare_tiff(width, height, bytes(100))))

    def test_a_strip_that_is_not_there_is_not_zero_degrees(self, files):
        with pytest.raises(UnreadableMedia):
            decode(files.bare_tiff(16, 16, b""))

    def test_a_damaged_strip_is_refused(self, files):
        scene = np.random.default_rng(0).normal(20, 3, (64, 64)).astype(np.float32)
        data = bytearray(files.tiff_of(scene, compression="zlib", rowsperstrip=64))
        data[len(data) // 2] ^= 0xFF

        with pytest.raises(UnreadableMedia):
            decode(bytes(data))

    def test_plain_camera_counts_are_not_taken_for_temperatures(self, files):
        counts = np.full((20, 20), 7300, np.uint16)  # 19 C at 0.04 K, and a Tau's ordinary count

        with pytest.raises(UnknownEncoding, match="without a calibration"):
            decode(files.tiff_of(counts))
        assert decode(files.tiff_of(counts), scale="0.04K").celsius[0, 0] == pytest.approx(18.85)

    def test_centikelvin_says_that_it_was_taken_so(self, files):
        frame = decode(files.tiff_of(np.full((20, 20), 29315, np.uint16)))

        assert frame.celsius[0, 0] == pytest.approx(20.0)
        assert "taken as centikelvin" in frame.notes[0]

    @pytest.mark.parametrize("hot", [300.0, 500.0])
    def test_a_scene_all_on_fire_is_not_taken_for_kelvin(self, files, hot):
        fire = np.full((20, 20), hot, np.float32)
        fire[0, :5] = 40.0

        with pytest.raises(UnknownEncoding, match="without doubt"):
            decode(files.tiff_of(fire))

    @pytest.mark.parametrize("hole", [np.nan, np.inf, -9999.0, -32768.0])
    def test_no_measurement_is_no_temperature(self, files, hole):
        scene = np.full((20, 20), 20.0, np.float32)
        scene[3, 4] = hole
        frame = decode(files.tiff_of(scene))

        assert frame.valid is not None
        assert not frame.valid[3, 4]
        assert frame.celsius[3, 4] == 20.0
        assert np.isnan(frame.measured()).sum() == 1

    def test_parameters_for_finished_temperatures_are_refused(self, files):
        data = files.tiff_of(np.full((20, 20), 20.0, np.float32))

        with pytest.raises(InvalidInput, match="finished temperatures"):
            decode(data, Parameters(emissivity=0.9))


class TestParameters:
    def test_of_each_pixel(self, files):
        data = files.thermal_jpeg(SCENE, emissivity=0.95, distance_m=10.0)
        same = {"emissivity": np.full(SCENE.shape, 0.95), "distance_m": np.full(SCENE.shape, 10.0)}
        far = {"distance_m": np.linspace(10, 200, SCENE.size).reshape(SCENE.shape)}

        assert np.abs(decode(data, same).celsius - decode(data).celsius).max() < 1e-4
        assert decode(data, far).celsius[-1, -1] > decode(data).celsius[-1, -1] + 3

    @pytest.mark.parametrize(
        "change",
        [{"emissivity": np.full((3, 3), 0.9)}, {"distance_m": np.ones(80)},
         {"air_c": np.ones((60, 80))}, {"emisivity": 0.9}, {"emissivity": np.zeros((60, 80))}],
    )  # fmt: skip
    def test_that_do_not_fit_are_named(self, files, change):
        with pytest.raises(InvalidInput, match=next(iter(change))):
            decode(files.thermal_jpeg(SCENE), change)

    def test_none_at_all_is_the_apparent_temperature(self, files):
        frame = decode(files.thermal_jpeg(SCENE, emissivity=0.7, distance_m=90.0), APPARENT)

        assert not frame.corrected
        assert np.abs(frame.celsius - SCENE).max() < 0.02


def decode_in_bounds(work, most_mb=64):
    """Run, and fail if Python's memory grew by more; GDAL's and OpenCV's own is not counted."""
    tracemalloc.start()
    try:
        return work()
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < most_mb * 2**20
