import errno
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import InvalidInput, Unavailable, UnreadableMedia
from core.geo import LonLat, distance_m
from thermal.detection.detect import DetectionRule
from thermal.report.analyze import analyze, analyze_paths
from thermal.report.picture import render


@pytest.fixture
def hot_file(files):
    scene = 25 + np.random.default_rng(4).normal(0, 0.3, (128, 160))
    scene[30:33, 100:103] = 95
    return files.thermal_jpeg(scene, model="t")


@pytest.fixture
def batch(tmp_path, hot_file, files):
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.jpg").write_bytes(hot_file)
    (folder / "sub" / "a.JPG").write_bytes(hot_file)
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "cut.jpg").write_bytes(hot_file[:3000])
    (folder / "photo.jpg").write_bytes(files.jpeg_of(np.zeros((60, 80), np.uint8)))
    (folder / "notes.txt").write_text("not looked at")
    return folder


def test_one_file(hot_file):
    found = analyze(hot_file, "a.jpg")
    analysis, frame = found.analysis, found.frame

    assert frame.celsius.shape == (128, 160)
    assert analysis.stats.max_c == pytest.approx(95, abs=0.1)
    (found,) = analysis.findings
    assert found.hotspot.peak_c == pytest.approx(95, abs=0.1)
    assert found.located is not None  # the ground: 100 m below the camera, as the file says
    assert distance_m(found.located.position, LonLat(118.87, 28.97)) < 40


def test_a_file_that_cannot_be_read_is_named():
    with pytest.raises(UnreadableMedia) as error:
        analyze(b"nonsense", "b.jpg")

    assert error.value.where == "b.jpg"


def test_rules_of_the_caller_give_the_types(hot_file):
    found = analyze(hot_file, "a.jpg", rules={"07-01": DetectionRule(floor_c=60)})

    assert [f.event_type for f in found.analysis.findings] == ["07-01"]


def test_a_batch_is_done_whatever_single_files_are(batch, tmp_path):
    out, seen = tmp_path / "out", []

    results = analyze_paths(
        [batch, tmp_path / "gone.jpg"], out, lambda done, of, name: seen.append((done, of))
    )

    reasons = {Path(a.path).relative_to(tmp_path).as_posix(): a.reason for a in results}
    assert reasons["in/a.jpg"] is None
    assert reasons["in/sub/a.JPG"] is None
    assert "empty" in reasons["in/empty.jpg"]
    assert "truncated" in reasons["in/cut.jpg"]
    assert "radiometric" in reasons["in/photo.jpg"]
    assert "no such file" in reasons["gone.jpg"]
    assert seen[0] == (0, 6)
    assert seen[-1] == (6, 6)
    names = sorted(p.name for p in out.iterdir())
    assert names == [
        *("a-2.html", "a-2.png", "a.html", "a.png"),
        *("hotspots.geojson", "report.html", "report.json"),
    ]


def test_the_written_files_say_the_same(batch, tmp_path):
    out = tmp_path / "out"
    results = analyze_paths([batch], out)

    listed = json.loads((out / "report.json").read_text())
    assert listed == [a.as_dict() for a in results]
    collection = json.loads((out / "hotspots.geojson").read_text())
    assert len(collection["features"]) == 2
    point = collection["features"][0]
    assert point["properties"]["peak_c"] == pytest.approx(95, abs=0.1)
    assert point["geometry"]["coordinates"] == pytest.approx([118.87, 28.97], abs=0.001)
    page = (out / "report.html").read_text()
    assert "3 hotspots" not in page
    assert "2 hotspots" in page
    assert "not read: the file is empty" in page
    assert 'src="a.png"' in page


def test_names_cannot_inject_markup(hot_file, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "<script>x&.jpg").write_bytes(hot_file)

    analyze_paths([folder], tmp_path / "out")

    for name in ("report.html", "<script>x&.html"):
        page = (tmp_path / "out" / name).read_text()
        assert "<script>x" not in page
        assert "&lt;script&gt;x" in page


def test_a_second_run_over_the_same_folder_does_not_read_its_own_report(batch):
    first = analyze_paths([batch], batch / "out")
    second = analyze_paths([batch], batch / "out")

    assert [a.path for a in first] == [a.path for a in second]


def test_nothing_to_do_is_said(tmp_path):
    with pytest.raises(InvalidInput, match="no file"):
        analyze_paths([tmp_path], tmp_path / "out")


def test_a_full_disk_leaves_no_half_files(batch, tmp_path, monkeypatch):
    def full(self, data):
        self.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("thermal.report.files.Path.write_bytes", full)

    with pytest.raises(Unavailable, match="disk is full"):
        analyze_paths([batch / "a.jpg"], tmp_path / "out")

    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("shape", [(60, 80), (128, 160), (512, 640)])
def test_the_picture_is_large_enough_and_has_a_scale(shape):
    frame = np.full(shape, 20, np.float32)

    with_scale = Image.open(io.BytesIO(render(frame)))
    plain = Image.open(io.BytesIO(render(frame, scale=False)))

    assert plain.width >= 640
    assert with_scale.width > plain.width
    assert with_scale.height == plain.height


def test_all_real_files(shared, tmp_path):
    results = analyze_paths([shared / "flir", shared / "dji"], tmp_path / "out")

    refused = sorted(Path(a.path).name for a in results if a.reason)
    assert refused == ["H20T_DJI_0001_R.JPG", "M3TD_DJI_0002_R.JPG"]
    laser = next(a for a in results if "H20N" in a.path)
    assert laser.findings[0].located is not None
