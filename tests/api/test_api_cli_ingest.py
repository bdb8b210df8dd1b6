"""`flyonce ingest` without a service: what it sees in a folder, and what it says."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import radiometric_files as files

Run = Callable[..., tuple[int, str, str]]


def picture(folder: Path) -> None:
    gray = np.random.default_rng(3).integers(0, 255, (96, 128), dtype=np.uint8)
    gray = cv2.GaussianBlur(gray, (0, 0), 0.8)
    (folder / "good.jpg").write_bytes(files.jpeg_of(gray, xmp=files.pose_xmp()))


def test_a_dry_run_tells_of_every_file_and_sends_nothing(run: Run, tmp_path: Path) -> None:
    card = tmp_path / "card"
    card.mkdir()
    picture(card)
    (card / "empty.jpg").touch()
    (card / "renamed.jpg").write_bytes(b"PK\x03\x04" + b"x" * 100)
    (card / "DJI_0001.THM").write_bytes(b"a thumbnail that nobody wants")
    status, said, _ = run("ingest", str(card), "--dry-run", "--ground", "100", "--json")
    found = {Path(f["name"]).name: f for f in json.loads(said)["files"]}
    assert status == 1  # something was dropped
    assert set(found) == {"good.jpg", "empty.jpg", "renamed.jpg"}
    assert found["good.jpg"]["state"] == "good"
    assert found["good.jpg"]["facts"]["footprint"]["type"] == "Polygon"
    assert found["good.jpg"]["facts"]["height_m"] == 100.0
    assert "empty" in found["empty.jpg"]["reason"]
    assert "ZIP archive" in found["renamed.jpg"]["reason"]


def test_no_service_is_said_so(run: Run, tmp_path: Path) -> None:
    picture(tmp_path)
    status, _, said = run("ingest", str(tmp_path), "--server", "http://127.0.0.1:9")
    assert status == 1
    assert "no service answers" in said


def test_an_empty_folder_is_bad_input(run: Run, tmp_path: Path) -> None:
    status, _, said = run("ingest", str(tmp_path))
    assert status == 2
    assert "no files" in said
