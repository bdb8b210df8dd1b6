"""The report of `flyonce analyze` in a browser, opened from the disk as an officer would."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[1] / "thermal"))
import radiometric_files

from thermal.formats.decode import decode
from thermal.report.analyze import analyze_paths

PICTURES = Path(__file__).parents[2] / "test-output" / "report"


@pytest.fixture
def report(tmp_path: Path, complaints: Any) -> Path:
    complaints.expect(f"off-site request: {tmp_path.as_uri()}")  # its own folder, nothing else
    scene = 25 + np.random.default_rng(4).normal(0, 0.3, (128, 160))
    scene[30:33, 100:103] = 95
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "roof.jpg").write_bytes(radiometric_files.thermal_jpeg(scene, model="t"))
    (folder / "cut.jpg").write_bytes(b"\xff\xd8nonsense")
    analyze_paths([folder], tmp_path / "out")
    return tmp_path / "out"


def _open(page: Any, path: Path) -> Any:
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-ready=true]", state="attached")
    return page.locator("#overlay")


def _at(overlay: Any, column: float, row: float) -> dict[str, float]:
    box = overlay.bounding_box()
    return {"x": (column + 0.5) * box["width"] / 160, "y": (row + 0.5) * box["height"] / 128}


def test_the_cursor_reads_what_the_decoder_read(page, report):
    celsius = decode((report.parent / "in" / "roof.jpg").read_bytes()).celsius
    overlay = _open(page, report / "roof.html")

    for column, row in ((101, 31), (5, 5), (150, 120)):
        overlay.hover(position=_at(overlay, column, row))
        assert page.locator("#where").inner_text() == f"{column}, {row}"
        shown = float(page.locator("#reading").inner_text().split(" ")[0])
        assert shown == pytest.approx(float(celsius[row, column]), abs=0.06)


def test_spots_lines_and_areas_are_measured(page, report):
    celsius = decode((report.parent / "in" / "roof.jpg").read_bytes()).celsius
    overlay = _open(page, report / "roof.html")

    overlay.click(position=_at(overlay, 101, 31))
    page.locator("[data-tool=area]").click()
    start, end = _at(overlay, 90, 20), _at(overlay, 110, 40)
    box = overlay.bounding_box()
    page.mouse.move(box["x"] + start["x"], box["y"] + start["y"])
    page.mouse.down()
    page.mouse.move(box["x"] + end["x"], box["y"] + end["y"])
    page.mouse.up()

    rows = page.locator("#measured tr")
    assert rows.count() == 2
    area = [float(cell) for cell in rows.nth(1).locator("td").all_inner_texts()[2:5]]
    wanted = celsius[20:41, 90:111]
    assert area == pytest.approx(
        [float(wanted.min()), float(wanted.mean()), float(wanted.max())], abs=0.02
    )
    rows.nth(0).locator("button").click()
    assert rows.count() == 1
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / "frame.png", full_page=True)


def test_the_keyboard_alone_can_measure(page, report):
    overlay = _open(page, report / "roof.html")

    overlay.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")

    assert page.locator("#measured tr").count() == 1
    assert "81, 64" in page.locator("#measured tr").inner_text()


def test_the_overview_names_what_was_not_read_in_either_language(page, report):
    page.goto((report / "report.html").as_uri())

    assert page.get_by_text("not read:").is_visible()
    page.locator("#language").click()
    assert page.get_by_text("未能读取：").is_visible()
    page.locator("td a", has_text="roof.jpg").first.click()
    page.wait_for_selector("html[data-ready=true]", state="attached")
    assert page.get_by_role("button", name="点测温").is_visible()
