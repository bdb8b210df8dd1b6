"""A mistake in a preset is refused by file, field and remedy; nothing half-read comes back."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput
from missions import presets

QUZHOU = Path(presets.__file__).parent / "quzhou"
Change = Callable[[Any], None]
AIRPORT_COUNTY = "kecheng"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the preset with few places, so that each test is quick."""
    copy = tmp_path / "city"
    shutil.copytree(QUZHOU, copy)
    places = json.loads((copy / "places.geojson").read_text("utf-8"))
    places["features"] = places["features"][:60]
    (copy / "places.geojson").write_text(json.dumps(places), encoding="utf-8")
    return copy


def refusal(folder: Path, name: str, change: Change) -> InvalidInput:
    path = folder / name
    text = path.read_text("utf-8")
    data = yaml.safe_load(text) if name.endswith("yaml") else json.loads(text)
    change(data)
    path.write_text(json.dumps(data), encoding="utf-8")  # JSON is YAML too
    with pytest.raises(InvalidInput) as caught:
        presets.load(folder)
    assert caught.value.remedy
    return caught.value


def dock(index: int, **fields: Any) -> Change:
    return lambda data: data["docks"][index].update(fields)


def test_the_unchanged_copy_loads(folder: Path) -> None:
    assert len(presets.load(folder).docks) == 51


def test_an_unknown_preset_names_those_that_exist() -> None:
    with pytest.raises(InvalidInput, match="quzhou"):
        presets.load("atlantis")


def test_a_dock_inside_a_no_fly_zone(folder: Path) -> None:
    error = refusal(
        folder, "docks.yaml", dock(6, position=[118.899, 28.966], county=AIRPORT_COUNTY)
    )
    assert error.where == "docks.yaml: docks[6].position"
    assert "ZUZ" in error.what
    assert "move the dock" in (error.remedy or "")


def test_a_dock_inside_the_buffer_of_a_zone(folder: Path) -> None:
    def wider(data: Any) -> None:
        for feature in data["features"]:
            feature["properties"]["buffer_m"] = 5000

    error = refusal(folder, "zones.geojson", wider)
    assert (error.where or "").startswith("docks.yaml: docks[")
    assert "5000 m are required" in error.what


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "QZ-01"),
        ("system_id", 1),
        ("system_id", 255),
        ("kind", "zeppelin"),
        ("county", "hangzhou"),
        ("position", [28.9, 118.8]),
        ("position", [118.8]),
        ("position", [118.8, "north"]),
        ("position", [121.5, 31.2]),
        ("alternates", ["QZ-99"]),
        ("alternates", ["QZ-08"]),
        ("colour", "red"),
    ],
)
def test_wrong_docks(folder: Path, field: str, value: Any) -> None:
    error = refusal(folder, "docks.yaml", dock(7, **{field: value}))
    assert (error.where or "").startswith(f"docks.yaml: docks[7].{field}")


@pytest.mark.parametrize(
    ("field", "value"),
    [("sensor", "sonar"), ("hfov_deg", 200), ("width_px", 0), ("stored_scale", 2), ("lens", "x")],
)
def test_wrong_cameras(folder: Path, field: str, value: Any) -> None:
    error = refusal(
        folder,
        "vehicles.yaml",
        lambda d: d["kinds"][0]["cameras"][1].update({field: value}),
    )
    assert error.where == f"vehicles.yaml: kinds[0].cameras[1].{field}"


@pytest.mark.parametrize(
    ("field", "value"),
    [("endurance_s", 0), ("vtol", "yes"), ("cruise_mps", None), ("reserve", 1)],
)
def test_wrong_drones(folder: Path, field: str, value: Any) -> None:
    error = refusal(folder, "vehicles.yaml", lambda d: d["kinds"][2].update({field: value}))
    assert error.where == f"vehicles.yaml: kinds[2].{field}"


def geometry(index: int, value: Any) -> Change:
    return lambda data: data["features"][index].update(geometry=value)


BOWTIE = [[[118.8, 28.9], [118.9, 29.0], [118.9, 28.9], [118.8, 29.0], [118.8, 28.9]]]


@pytest.mark.parametrize(
    "value",
    [
        {"type": "Point", "coordinates": [118.8, 28.9]},
        {"type": "Polygon", "coordinates": BOWTIE},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": "here"},
        {"type": "Polygon"},
        {"type": "Polygon", "coordinates": [[[500000, 3], [500001, 3], [500001, 4], [500000, 3]]]},
        None,
    ],
)
@pytest.mark.parametrize("name", ["zones.geojson", "territory.geojson"])
def test_wrong_outlines(folder: Path, name: str, value: Any) -> None:
    error = refusal(folder, name, geometry(2, value))
    assert error.where == f"{name}: features[2].geometry"


def test_wrong_places(folder: Path) -> None:
    point = {"type": "Point", "coordinates": [118.8, 28.9]}
    error = refusal(folder, "places.geojson", geometry(0, point))
    assert "LineString" in error.what
    away = {"type": "LineString", "coordinates": [[121.4, 31.2], [121.5, 31.2]]}
    error = refusal(folder, "places.geojson", geometry(0, away))
    assert "outside the territory" in error.what


@pytest.mark.parametrize("field", ["id", "kind", "name_zh", "county", "width_m"])
def test_places_with_a_field_missing(folder: Path, field: str) -> None:
    error = refusal(folder, "places.geojson", lambda d: d["features"][3]["properties"].pop(field))
    assert error.where == f"places.geojson: features[3].properties.{field}"


@pytest.mark.parametrize(
    ("section", "field", "value"),
    [
        ("filing", "cutoff", "noon"),
        ("filing", "emergency_answer_min", -1),
        ("recheck", "passes", 0),
        ("calendar", "hours", [["12:00", "08:00"]]),
        ("calendar", "hours", [["08:00", "12:00"], ["11:00", "17:00"]]),
        ("calendar", "workdays", ["2026-05-01"]),
        ("calendar", "holidays", ["May Day"]),
        ("demo", "start", "2026-05-12T08:00:00"),
        ("demo", "seed", 1.5),
        ("heights", "step", 0),
        ("demo", "surprise", 1),
    ],
)
def test_wrong_rules(folder: Path, section: str, field: str, value: Any) -> None:
    error = refusal(folder, "preset.yaml", lambda d: d[section].update({field: value}))
    assert error.where is not None
    assert error.where.startswith(f"preset.yaml: {section}.{field}")


def test_an_unknown_time_zone(folder: Path) -> None:
    error = refusal(folder, "preset.yaml", lambda d: d.update(zone_info="Mars/Olympus"))
    assert error.where == "preset.yaml: zone_info"


@pytest.mark.parametrize("name", ["zones.geojson", "docks.yaml", "heights.npy", "vehicles.yaml"])
def test_missing_files(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(InvalidInput) as caught:
        presets.load(folder)
    assert name in (caught.value.where or "")


def test_truncated_and_wrong_heights(folder: Path) -> None:
    path = folder / "heights.npy"
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(InvalidInput, match=r"heights\.npy"):
        presets.load(folder)
    np.save(path, np.zeros(7))
    with pytest.raises(InvalidInput, match="not a grid"):
        presets.load(folder)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(max_size=60))
def test_whatever_a_geojson_holds_the_refusal_is_named(folder: Path, text: str) -> None:
    (folder / "territory.geojson").write_text(text, encoding="utf-8", newline="")
    with pytest.raises(InvalidInput) as caught:
        presets.load(folder)
    assert "territory.geojson" in (caught.value.where or "")
