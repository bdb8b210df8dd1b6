"""`flyonce thermal`: arrays, summary, and what a wrong value is told."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import radiometric_files as files

Run = Callable[..., tuple[int, str, str]]
SCENE = np.linspace(5, 90, 60 * 80).reshape(60, 80)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "t.jpg"
    path.write_bytes(files.thermal_jpeg(SCENE))
    return path


def test_the_temperatures_are_written_as_float32(run: Run, photo: Path, tmp_path: Path) -> None:
    status, _, _ = run("thermal", str(photo), "--npy", str(tmp_path / "t.out"))

    written = np.load(tmp_path / "t.out")
    assert status == 0
    assert written.dtype == np.float32
    assert np.abs(written - SCENE).max() < 0.02


def test_each_pixels_uncertainty_is_written(run: Run, photo: Path, tmp_path: Path) -> None:
    run("thermal", str(photo), "--uncertainty", str(tmp_path / "s.npy"))

    sigma = np.load(tmp_path / "s.npy")
    assert sigma.shape == SCENE.shape
    assert 1.0 < sigma.min() < sigma.max() < 5.0


def test_options_stand_in_place_of_the_files_own(run: Run, photo: Path) -> None:
    def told(*options: str) -> dict[str, float]:
        status, said, _ = run("thermal", str(photo), "--json", *options)
        assert status == 0
        return {**json.loads(said), **json.loads(said)["parameters"]}

    own, grey = told(), told("--emissivity", "0.8", "--reflected", "10", "--air", "15",
                             "--humidity", "0.3", "--distance", "40", "--window", "0.9",
                             "--window-temperature", "12")  # fmt: skip

    assert grey["max_c"] > own["max_c"] + 10
    assert [grey[n] for n in ("reflected_c", "air_c", "humidity", "distance_m", "window_c")] == [
        10, 15, 0.3, 40, 12]  # fmt: skip
    assert told("--apparent")["max_c"] == pytest.approx(own["max_c"], abs=1e-3)


def test_the_summary_says_how_sure_the_hottest_pixel_is(run: Run, photo: Path) -> None:
    _, said, _ = run("thermal", str(photo), "--json")

    hottest = json.loads(said)["hottest"]
    assert (hottest["row"], hottest["col"]) == (59, 79)
    assert sum(part["share"] for part in hottest["budget"]) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("option", "value", "limits"),
    [("--emissivity", "0", "0.01 and 1"), ("--humidity", "50", "0 and 1"),
     ("--distance", "-5", "0 and 100000"), ("--air", "nan", "-100 and 100"),
     ("--window", "2", "0.01 and 1"), ("--reflected", "-300", "-273.15 and 3000")],
)  # fmt: skip
def test_a_bad_value_is_named_with_its_range(
    run: Run, photo: Path, option: str, value: str, limits: str
) -> None:
    status, _, said = run("thermal", str(photo), option, value)

    assert status == 2
    assert option in said
    assert limits in said


@pytest.mark.parametrize(
    "arguments",
    [("--apparent", "--emissivity", "0.9"), ("--npy", "{f}"),
     ("--npy", "{d}/x", "--uncertainty", "{d}/x"), ("--scale", "fahrenheit")],
)  # fmt: skip
def test_contradictions_are_bad_input(run: Run, photo: Path, arguments: tuple[str, ...]) -> None:
    before = photo.read_bytes()
    filled = [a.format(f=photo, d=photo.parent) for a in arguments]
    if "--scale" in filled:
        photo = tiff(photo.parent, np.full((8, 8), 7300, np.uint16))

    status, _, said = run("thermal", str(photo), *filled)

    assert status == 2
    assert "Error" in said
    assert before == (photo.parent / "t.jpg").read_bytes()


def tiff(folder: Path, array: np.ndarray) -> Path:
    path = folder / "t.tif"
    path.write_bytes(files.tiff_of(array))
    return path


def test_a_16_bit_tiff_needs_its_scale_named(run: Run, tmp_path: Path) -> None:
    path = tiff(tmp_path, np.full((8, 8), 7300, np.uint16))

    refused, _, said = run("thermal", str(path))
    named, shown, _ = run("thermal", str(path), "--scale", "0.04K", "--json")

    assert refused == 2
    assert "--scale" in said
    assert named == 0
    assert json.loads(shown)["max_c"] == pytest.approx(7300 * 0.04 - 273.15, abs=1e-3)


def test_pixels_without_a_measurement_are_nan(run: Run, tmp_path: Path) -> None:
    holed = np.full((8, 8), 20, np.float32)
    holed[0, 0] = np.nan
    path = tiff(tmp_path, holed)

    run("thermal", str(path), "--npy", str(tmp_path / "o.npy"))

    assert np.isnan(np.load(tmp_path / "o.npy")).sum() == 1


@pytest.mark.parametrize(
    ("content", "why"), [(b"", "empty"), (b"GIF89a", "no JPEG"), (b"\xff\xd8\xff\xe1", "truncated")]
)
def test_what_cannot_be_read_is_told_with_its_name(
    run: Run, tmp_path: Path, content: bytes, why: str
) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(content)

    status, _, said = run("thermal", str(path))

    assert status == 2
    assert why in said
    assert "x.jpg" in said


def test_the_benchmark_lists_its_groups(run: Run) -> None:
    status, _, said = run("bench", "thermal", "--only", "nothing")

    assert status == 2
    for name in ("accuracy", "decode", "fuzz"):
        assert name in said


def test_the_benchmark_says_what_it_lacks(run: Run, tmp_path: Path) -> None:
    status, _, said = run("bench", "thermal", "--only", "accuracy,decode", "--data", str(tmp_path))

    assert status == 1
    assert "skipped" in said
