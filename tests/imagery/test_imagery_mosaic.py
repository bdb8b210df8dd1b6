"""Mosaics of rendered ground, held against the ground."""

import pickle
from dataclasses import replace

import cv2
import numpy as np
import pytest
import rasterio
import rasterio.warp
import textured_ground as scene

from core.equipment import Lens
from core.errors import InvalidInput, Unavailable
from core.geo import FlatGround, LocalFrame
from imagery.ground.georeference import footprint
from imagery.mosaics import mosaic
from imagery.mosaics.canvas import Canvas, utm_epsg
from imagery.mosaics.paint import Painter, Placed
from imagery.mosaics.tones import biases, gains
from imagery.poses.frames import InMemory
from imagery.poses.ties import features, match, picture_of


@pytest.fixture(scope="module")
def ground():
    return scene.texture()


@pytest.fixture(scope="module")
def exact(ground):
    """A survey whose poses are right to 2 cm."""
    return scene.survey(ground, noise_m=0.02)


@pytest.fixture(scope="module")
def made(exact, tmp_path_factory):
    path = tmp_path_factory.mktemp("mosaic") / "m.tif"
    return mosaic.build(exact.frames, path, gsd_m=0.15)


def truth_at(ground, file):
    """The texture at each pixel of a raster file."""
    columns, rows = np.meshgrid(np.arange(file.width) + 0.5, np.arange(file.height) + 0.5)
    east, north = file.transform * (columns.ravel(), rows.ravel())
    lon, lat = rasterio.warp.transform(file.crs, "EPSG:4326", east, north)
    x, y = LocalFrame(scene.HERE).xy(lon, lat)
    column = (x / scene.CELL_M + scene.SIDE / 2 - 0.5).reshape(columns.shape).astype(np.float32)
    row = (scene.SIDE / 2 - 0.5 - y / scene.CELL_M).reshape(columns.shape).astype(np.float32)
    return cv2.remap(ground, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def shift_px(a, b, mask):
    """By how many pixels b is moved against a (phase correlation of the middle)."""
    rows, columns = np.nonzero(mask)
    r, c = int(rows.mean()), int(columns.mean())
    window = np.s_[r - 100 : r + 100, c - 100 : c + 100]
    (dx, dy), _ = cv2.phaseCorrelate(a[window].astype(np.float64), b[window].astype(np.float64))
    return float(np.hypot(dx, dy))


def test_the_map_lies_on_the_ground(made, ground):
    with rasterio.open(made.path) as file:
        bands = file.read()
        truth = truth_at(ground, file)

    seen = bands[3] > 0
    assert seen.mean() > 0.4
    assert shift_px(truth, bands[0], seen) * 0.15 < 0.5
    assert np.corrcoef(truth[seen], bands[0][seen])[0, 1] > 0.9
    assert made.rms_m < 0.2
    assert len(made.frames_used) == 8
    assert made.frames_dropped == ()


def test_the_file_is_a_cloud_optimized_geotiff_in_utm(made):
    with rasterio.open(made.path) as file:
        assert file.crs.to_epsg() == 32650
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert file.overviews(1)
        assert file.block_shapes[0] == (512, 512)
        assert file.dtypes == ("uint8",) * 4
        lon = (made.bounds[0] + made.bounds[2]) / 2
    assert lon == pytest.approx(scene.HERE.lon, abs=1e-4)


def test_temperatures_are_not_moved(ground, tmp_path):
    frames = scene.survey(ground / 10, noise_m=0.02, camera=scene.THERMAL, encode=scene.raw).frames
    frames[2] = replace(
        frames[2], load=InMemory(scene.raw(scene.raw_celsius(frames[2].load()) + 3.0))
    )

    result = mosaic.build(
        frames, tmp_path / "t.tif", kind="thermal", decode=scene.raw_celsius, gsd_m=0.2
    )

    with rasterio.open(result.path) as file:
        celsius = file.read(1)
        truth = truth_at(ground / 10, file)
        assert file.dtypes == ("float32",)
        assert np.isnan(file.nodata)
        assert file.tags()["BIAS_CELSIUS"] == "none"
    seen = np.isfinite(celsius)
    assert 0.3 < seen.mean() < 1.0
    assert all(tone == 0.0 for _, tone in result.tones)
    off = celsius[seen] - truth[seen]
    # one frame of eight is 3 K warmer, and its ground stays so
    assert np.mean(off) == pytest.approx(3 / 8, abs=0.25)


def test_a_bias_is_taken_off_only_when_asked_and_is_told(ground, tmp_path):
    frames = scene.survey(ground / 10, noise_m=0.02, camera=scene.THERMAL, encode=scene.raw).frames
    frames[2] = replace(
        frames[2], load=InMemory(scene.raw(scene.raw_celsius(frames[2].load()) + 3.0))
    )

    result = mosaic.build(
        frames,
        tmp_path / "t.tif",
        kind="thermal",
        decode=scene.raw_celsius,
        gsd_m=0.4,
        even_out=True,
    )

    tones = dict(result.tones)
    assert tones["F02"] == pytest.approx(-3.0 * 7 / 8, abs=0.5)
    with rasterio.open(result.path) as file:
        assert "F02 -" in file.tags()["BIAS_CELSIUS"]


def test_unequal_exposure_is_evened_out(exact):
    pictures = [picture_of(frame) for frame in exact.frames[:4]]
    dark = [p // 2 if k == 1 else p for k, p in enumerate(pictures)]
    seen = [features(f, p) for f, p in zip(exact.frames, dark, strict=False)]
    pairs = [p for i in range(3) if (p := match(i, i + 1, seen[i], seen[i + 1]))]

    found = gains(4, pairs)

    assert found[1] / found[0] == pytest.approx(2.0, rel=0.25)
    assert biases(4, pairs).sum() == pytest.approx(0.0, abs=1e-9)


def test_memory_does_not_change_the_map(exact):
    """With room for one picture only, tiles come out the same."""
    level = FlatGround(scene.GROUND_M)
    placed = [
        Placed(frame=f, pose=f.pose, focal_scale=1.0, radial_k1=0.0, tone=1.0) for f in exact.frames
    ]
    canvas = Canvas.around([footprint(f.pose, f.camera, level) for f in exact.frames], 0.2)
    roomy, tight = Painter(placed, level, None), Painter(placed, level, None, cache_bytes=1)

    for tile in list(canvas.tiles())[:2]:
        assert np.array_equal(roomy.paint(canvas, tile), tight.paint(canvas, tile), equal_nan=True)
    assert len(tight._kept) == 1


def test_a_lens_is_undone(ground):
    """A spot is painted where it is, through a lens that moves it by tens of pixels."""
    bent = replace(scene.CAMERA, lens=Lens(k1=-0.2, k2=0.03))
    pose = scene.flight()[0]
    level = FlatGround(scene.GROUND_M)
    frame = scene.survey(ground, [pose], 0.0, camera=bent).frames[0]
    placed = Placed(frame=frame, pose=pose, focal_scale=1.0, radial_k1=0.0, tone=1.0)
    canvas = Canvas.around([footprint(pose, bent, level)], 0.2)

    tile = next(canvas.tiles())
    painted = Painter([placed], level, None).paint(canvas, tile)
    file = type("Raster", (), {})()
    file.width, file.height = tile.width, tile.height
    file.crs = f"EPSG:{canvas.epsg}"
    file.transform = rasterio.transform.from_origin(canvas.west_m, canvas.north_m, 0.2, 0.2)
    truth = truth_at(ground, file)

    seen = painted[..., -1] > 0
    assert np.corrcoef(painted[..., 0][seen], truth[seen])[0, 1] > 0.95


def test_bad_frames_are_named_and_the_rest_is_done(exact, tmp_path):
    mixed = [
        *exact.frames[:4],
        replace(exact.frames[4], load=InMemory(b"")),
        replace(exact.frames[5], camera=scene.THERMAL),
        replace(
            exact.frames[6],
            pose=replace(
                exact.frames[6].pose,
                attitude=replace(exact.frames[6].pose.attitude, pitch_deg=20.0),
            ),
        ),
    ]

    result = mosaic.build(mixed, tmp_path / "m.tif", gsd_m=0.5)

    assert set(result.frames_used) == {"F00", "F01", "F02", "F03"}
    reasons = dict(result.frames_dropped)
    assert "empty" in reasons["F04"]
    assert "does not belong" in reasons["F05"]
    assert "no ground" in reasons["F06"]


def test_what_cannot_be_made_says_so(exact, tmp_path):
    with pytest.raises(InvalidInput, match="no frame"):
        mosaic.build([], tmp_path / "m.tif")
    with pytest.raises(InvalidInput, match="pixels"):
        mosaic.build(exact.frames[:1], tmp_path / "m.tif", gsd_m=0.0001)
    with pytest.raises(InvalidInput, match="kind"):
        mosaic.build(exact.frames, tmp_path / "m.tif", kind="radar")
    (tmp_path / "file").write_text("x")
    with pytest.raises(Unavailable, match="written"):
        mosaic.build(exact.frames[:1], tmp_path / "file" / "m.tif", gsd_m=0.5)
    assert not list(tmp_path.glob("*.tif"))


def test_frames_can_be_sent_to_the_pool(exact):
    again = pickle.loads(pickle.dumps(exact.frames[0]))  # noqa: S301 - our own bytes

    assert again.load() == exact.frames[0].load()


def test_utm_zones():
    assert utm_epsg(118.87, 28.97) == 32650
    assert utm_epsg(-70.0, -33.0) == 32719
    assert utm_epsg(180.0, 10.0) == 32660
