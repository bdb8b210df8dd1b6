"""A mistake in the catalogue is refused by file, field and remedy."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.errors import InvalidInput
from missions import catalog
from missions.catalog.loader import HERE

Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path in HERE.glob("*.yaml"):
        shutil.copy(path, tmp_path)
    data = yaml.safe_load((tmp_path / "scenarios.yaml").read_text("utf-8"))
    data["scenarios"] = data["scenarios"][:14]
    write(tmp_path / "scenarios.yaml", data)
    return tmp_path


def write(path: Path, data: Any) -> None:
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")


def refusal(folder: Path, name: str, change: Change) -> InvalidInput:
    data = yaml.safe_load((folder / name).read_text("utf-8"))
    change(data)
    write(folder / name, data)
    with pytest.raises(InvalidInput) as caught:
        catalog.load(folder)
    assert caught.value.remedy
    return caught.value


def scenario(index: int, **fields: Any) -> Change:
    return lambda data: data["scenarios"][index].update(fields)


def test_the_unchanged_copy_loads(folder: Path) -> None:
    assert len(catalog.load(folder).scenarios) == 14


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sensor", "radar"),
        ("department", "wizardry"),
        ("geometry", "spiral"),
        ("gsd_m", -1),
        ("gsd_m", "fine"),
        ("gsd_m", True),
        ("gsd_m", float("nan")),
        ("revisit_h", 0),
        ("priority", 6),
        ("priority", 2.5),
        ("name_zh", ""),
        ("name", 7),
        ("overlap", [0.3]),
        ("overlap", [0.3, 1.2]),
        ("window", ["18:00", "08:00"]),
        ("window", ["08:00"]),
        ("window", ["8 o'clock", "18:00"]),
        ("weekdays", [7]),
        ("weekdays", [1, 1]),
        ("event_types", []),
        ("places", None),
    ],
)
def test_a_wrong_value_names_its_field(folder: Path, field: str, value: Any) -> None:
    error = refusal(folder, "scenarios.yaml", scenario(12, **{field: value}))
    assert (error.where or "").startswith(f"scenarios.yaml: scenarios[12].{field}")


def test_an_item_of_a_list_is_named(folder: Path) -> None:
    error = refusal(folder, "scenarios.yaml", scenario(3, event_types=["02-01", "99-01"]))
    assert error.where == "scenarios.yaml: scenarios[3].event_types[1]"
    error = refusal(folder, "scenarios.yaml", scenario(3, event_types=["02-01"], places=["moon"]))
    assert error.where == "scenarios.yaml: scenarios[3].places[0]"


def test_unknown_sensor_lists_those_that_exist(folder: Path) -> None:
    error = refusal(folder, "scenarios.yaml", scenario(12, sensor="radar"))
    assert "radar" in error.what
    assert "thermal" in (error.remedy or "")


def test_kind_of_place_must_fit_the_geometry(folder: Path) -> None:
    error = refusal(folder, "scenarios.yaml", scenario(0, places=["forest"]))
    assert "corridor" in error.what


def test_unknown_key_is_refused(folder: Path) -> None:
    error = refusal(folder, "scenarios.yaml", scenario(1, prioritiy=4))
    assert error.where == "scenarios.yaml: scenarios[1].prioritiy"
    assert "unknown key" in error.what


def test_missing_key_is_refused(folder: Path) -> None:
    error = refusal(folder, "scenarios.yaml", lambda d: d["scenarios"][1].pop("gsd_m"))
    assert error.where == "scenarios.yaml: scenarios[1].gsd_m"


def test_duplicate_ids_are_refused(folder: Path) -> None:
    def twice(data: dict[str, Any]) -> None:
        data["scenarios"][5]["id"] = data["scenarios"][4]["id"]

    error = refusal(folder, "scenarios.yaml", twice)
    assert error.where == "scenarios.yaml: scenarios[5].id"
    assert "twice" in error.what


def test_thermal_events_need_a_thermal_camera(folder: Path) -> None:
    error = refusal(folder, "scenarios.yaml", scenario(0, event_types=["01-01"]))
    assert error.where == "scenarios.yaml: scenarios[0].event_types[0]"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("detector", "crystal ball"),
        ("detector", "onnx:"),
        ("department", "nobody"),
        ("severity", 0),
        ("code", "77-01"),
        ("deadline_h", -3),
    ],
)
def test_event_types_are_checked(folder: Path, field: str, value: Any) -> None:
    error = refusal(
        folder, "event_types.yaml", lambda d: d["event_types"][4].update({field: value})
    )
    assert error.where == f"event_types.yaml: event_types[4].{field}"


def test_thermal_rules_are_checked(folder: Path) -> None:
    change: Change = lambda d: d["event_types"][0]["rule"].update(contrast_k=0)  # noqa: E731
    error = refusal(folder, "event_types.yaml", change)
    assert error.where == "event_types.yaml: event_types[0].rule.contrast_k"


def test_only_thermal_detectors_take_rules(folder: Path) -> None:
    def change(data: dict[str, Any]) -> None:
        data["event_types"][4]["rule"] = {"kind": "hot"}

    error = refusal(folder, "event_types.yaml", change)
    assert error.where == "event_types.yaml: event_types[4].rule"


@pytest.mark.parametrize("text", ["", "just text", "- a\n- b", "scenarios: [", "\ttab: 1"])
def test_files_that_are_no_catalogue(folder: Path, text: str) -> None:
    (folder / "scenarios.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        catalog.load(folder)
    assert "scenarios.yaml" in (caught.value.where or "")
    assert caught.value.remedy


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "departments.yaml").unlink()
    with pytest.raises(InvalidInput, match=r"departments\.yaml"):
        catalog.load(folder)
