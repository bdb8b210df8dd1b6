"""`flyonce route`: what it writes, and its errors."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from api import cli

Run = Callable[..., tuple[int, str]]
SQUARE = [[118.87, 28.94], [118.875, 28.94], [118.875, 28.944], [118.87, 28.944], [118.87, 28.94]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs `flyonce route` on a geometry; gives status and messages."""
    monkeypatch.chdir(tmp_path)

    def call(geometry: object, *options: str, **properties: object) -> tuple[int, str]:
        feature = {"type": "Feature", "properties": properties, "geometry": geometry}
        Path("area.geojson").write_text(json.dumps(feature))
        given = ["flyonce", "route", "area.geojson", "--out", "route.geojson", *options]
        monkeypatch.setattr(sys, "argv", given)
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0), capsys.readouterr().err

    return call


def written() -> list[dict]:
    return json.loads(Path("route.geojson").read_text())["features"]


def test_the_features_own_spacings_are_enough(run: Run) -> None:
    area = {"type": "Polygon", "coordinates": [SQUARE]}
    status, _ = run(area, line_spacing_m=60, photo_spacing_m=30)
    assert status == 0
    path, *legs = written()
    assert path["properties"]["path"] is True
    assert path["properties"]["covered"] >= 0.995
    assert path["properties"]["length_m"] < 1.25 * path["properties"]["ideal_m"]
    assert all(leg["properties"]["photo"] is True for leg in legs)


def test_a_camera_and_its_resolution_say_how_high_and_how_near(run: Run) -> None:
    area = {"type": "Polygon", "coordinates": [SQUARE]}
    options = ("--hfov", "73.74", "--pixels", "4000x3000", "--gsd", "0.03", "--side-overlap", "0.5")
    assert run(area, *options)[0] == 0
    figures = written()[0]["properties"]
    assert figures["height_m"] == pytest.approx(80, abs=0.1)
    assert figures["line_spacing_m"] == pytest.approx(60, abs=0.1)


def test_a_corridor_of_50_m_takes_two_lines_26_m_apart(run: Run) -> None:
    line = {"type": "LineString", "coordinates": [[118.87, 28.94], [118.87, 28.9436]]}
    assert run(line, width_m=50, line_spacing_m=26, photo_spacing_m=50)[0] == 0
    assert sum(f["properties"].get("photo", False) for f in written()) == 2


def test_an_orbit_round_a_mast_has_rings_of_photos(run: Run) -> None:
    mast = {"type": "Point", "coordinates": [118.87, 28.94]}
    options = ("--kind", "orbit", "--orbit", "30", "--every", "15", "--facade", "0,40")
    assert run(mast, *options, "--hfov", "60", "--pixels", "4000x3000")[0] == 0
    assert written()[0]["properties"]["photos"] % 24 == 0


@pytest.mark.parametrize(
    ("geometry", "options", "word"),
    [
        ({"type": "Polygon", "coordinates": [SQUARE]}, (), "spacings"),
        ({"type": "Polygon", "coordinates": [SQUARE]}, ("--wind", "strong"), "--wind"),
        ({"type": "Polygon", "coordinates": [SQUARE]}, ("--hfov", "60"), "pixels"),
        ({"type": "Polygon", "coordinates": [SQUARE]}, ("--camera", "none"), "known"),
        ({"type": "Polygon", "coordinates": [SQUARE]}, ("--zones", "none.json"), "none.json"),
        (None, (), "no geometry"),
        ({"type": "Point", "coordinates": [0, 0]}, ("--kind", "area"), "cannot be flown"),
        ({"type": "Point", "coordinates": [0, 0]}, ("--kind", "orbit"), "camera"),
    ],
)
def test_bad_input_is_named_with_status_2(
    run: Run, geometry: object, options: tuple[str, ...], word: str
) -> None:
    status, said = run(geometry, *options)
    assert status == 2
    assert word in said
    assert not Path("route.geojson").exists()
