"""`flyonce poses` and `flyonce mosaic` as a surveyor runs them."""

import json

import pytest
import rasterio
from typer.testing import CliRunner

from api.cli import app


@pytest.fixture(scope="module")
def folder(shared_rgb, tmp_path_factory):
    """Four real photographs, one of them stored turned, and files that are none."""
    place = tmp_path_factory.mktemp("flight")
    for k in (22, 23, 24, 25):
        (place / f"DJI_00{k}.JPG").write_bytes((shared_rgb / f"DJI_00{k}.JPG").read_bytes())
    (place / "empty.jpg").write_bytes(b"")
    (place / "notes.txt").write_text("not a photograph")
    return place


@pytest.fixture(scope="module")
def shared_rgb():
    from pathlib import Path

    place = Path(__file__).parents[2].parent / "shared" / "data" / "rgb" / "brighton_q"
    if not place.is_dir():
        pytest.skip("the measurement data (../shared/data) are not here")
    return place


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_poses_says_what_is_wrong_and_writes_the_mended(folder, tmp_path):
    out = tmp_path / "mended.json"

    done = run("poses", folder, "--json", "--out", out)

    assert done.exit_code == 0, done.output
    told = json.loads(out.read_text())
    found = {p["file"]: {fault["kind"] for fault in p["faults"]} for p in told["photographs"]}
    assert "height" in found["DJI_0022.JPG"]
    assert "rotated" in found["DJI_0024.JPG"]
    assert [one["file"] for one in told["left_out"]] == ["empty.jpg"]
    assert told["disagreement"]["adjusted"]["median_m"] < 1.0
    assert told["disagreement"]["stated"]["median_m"] > 5.0


def test_poses_as_a_table(folder):
    done = run("poses", folder)

    assert "stored turned by 180 degrees" in done.stdout
    assert "as stated" in done.stdout


def test_mosaic_writes_a_map_and_names_what_is_not_in_it(folder, tmp_path):
    path = tmp_path / "map.tif"

    done = run("mosaic", folder, "--out", path, "--gsd", "0.2", "--json")

    assert done.exit_code == 0, done.output
    with rasterio.open(path) as file:
        assert file.crs.to_epsg() == 32615
        assert file.read(4).any()
    assert "empty.jpg" in done.output


def test_a_folder_of_nothing_is_bad_input(tmp_path):
    for words in (("poses", tmp_path), ("mosaic", tmp_path, "--out", tmp_path / "m.tif")):
        done = run(*words)
        assert done.exit_code != 0
        assert "no photographs" in str(done.exception)
    assert "no folder" in str(run("poses", tmp_path / "nowhere").exception)
