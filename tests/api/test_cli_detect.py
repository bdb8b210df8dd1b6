"""`flyonce detect` on files of one's own making."""

import json

import numpy as np
import tifffile
from typer.testing import CliRunner

from api.cli import app


def frame(path):
    celsius = np.full((120, 160), 20, np.float32)
    celsius += np.random.default_rng(1).normal(0, 0.1, celsius.shape).astype(np.float32)
    celsius[50:54, 90:94] = 95
    tifffile.imwrite(path, celsius)
    return str(path)


def test_hotspots_as_json_and_a_reason_for_a_bad_file(tmp_path):
    good, bad = frame(tmp_path / "good.tiff"), tmp_path / "bad.jpg"
    bad.write_bytes(b"no picture")

    done = CliRunner().invoke(app, ["detect", good, str(bad), "--json", "--event-type", "07-01"])

    assert done.exit_code == 2
    first, second = json.loads(done.stdout)
    (spot,) = first["hotspots"]
    assert (spot["column"], spot["row"]) == (92, 52)
    assert spot["peak_c"] == 95
    assert spot["uncertainty_k"] > 0.5
    assert spot["severity"] == 4
    assert not second["ok"]
    assert second["reason"]
    assert "not read" in done.stderr


def test_an_unknown_event_type_names_those_that_exist(tmp_path):
    done = CliRunner().invoke(app, ["detect", frame(tmp_path / "a.tiff"), "--event-type", "dragon"])

    assert done.exit_code != 0
    assert "07-01 Overheated power equipment" in str(done.exception.remedy)


def test_mapped_water_may_be_named_and_a_file_without_any_is_refused(tmp_path):
    river, points = tmp_path / "river.geojson", tmp_path / "points.geojson"
    line = {"type": "LineString", "coordinates": [[118.8, 28.9], [118.9, 28.9]]}
    river.write_text(json.dumps(line), encoding="utf-8")
    points.write_text(json.dumps({"type": "Point", "coordinates": [1, 2]}), encoding="utf-8")
    picture = frame(tmp_path / "a.tiff")

    taken = CliRunner().invoke(app, ["detect", picture, "--shoreline", str(river)])
    refused = CliRunner().invoke(app, ["detect", picture, "--shoreline", str(points)])

    assert taken.exit_code == 0
    assert "no bank of the mapped water" in taken.stderr
    assert "no areas or lines" in str(refused.exception)


def test_the_sensitive_rule_is_no_event_type(tmp_path):
    picture = frame(tmp_path / "a.tiff")

    seen = CliRunner().invoke(app, ["detect", picture, "--sensitive", "--json"])
    both = CliRunner().invoke(app, ["detect", picture, "--sensitive", "--event-type", "07-01"])

    assert json.loads(seen.stdout)[0]["hotspots"]
    assert "rules of their own" in str(both.exception)
