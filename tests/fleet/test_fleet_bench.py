"""`flyonce bench fleet`: the tables are measured and written; what is not there is said."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli import app
from core.errors import InvalidInput

TINY = ("--vehicles", "1", "--seconds", "0.4", "--items", "5", "--repeat", "1")


def tables(folder: Path, *arguments: str) -> dict[str, list[dict[str, Any]]]:
    """The rows of each table, by its group."""
    file = folder / "tables.json"
    done = CliRunner().invoke(
        app, ["bench", "fleet", *TINY, "--out", str(file), *arguments], catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    found: dict[str, list[dict[str, Any]]] = {}
    for table in json.loads(file.read_text())["tables"]:
        found.setdefault(table["group"], []).extend(table["rows"])
    return found


def test_our_fleet_is_measured(tmp_path: Path) -> None:
    found = tables(tmp_path, "--no-peers", "--only", "codec,controllers")
    assert all(row["FlyOnce"] > 1000 for row in found["codec"])
    [row] = found["controllers"]
    assert row["ms CPU/s a vehicle"] > 0
    assert row["packets/s a vehicle"] > 10  # the streams were asked for


@pytest.mark.system
def test_the_peers_are_measured_beside_it(tmp_path: Path) -> None:
    found = tables(tmp_path, "--only", "uploads")["uploads"]
    assert [row["controller"] for row in found] == ["FlyOnce", "dronekit", "MAVSDK"]
    assert all(row["items"] == 5 and row["upload + verify s"] > 0 for row in found)
    for row in found[1:]:
        assert row["upload s"] <= row["upload + verify s"]
        assert row["ours / this"] > 0


@pytest.mark.system
def test_the_age_of_telemetry_is_measured(tmp_path: Path) -> None:
    found = tables(tmp_path, "--no-peers", "--only", "latency")["latency"]
    assert [row["over"] for row in found] == ["tcp", "udp"]
    for row in found:
        assert 0 < row["p50"] <= row["p95"] <= row["p99"]
        assert row["heard %"] > 50


def test_a_peer_that_is_absent_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks.fleet import stage

    monkeypatch.setattr(stage, "find_spec", lambda name: None if name == "mavsdk" else True)
    told: list[str] = []
    assert [c.name for c in stage.controllers(True, told.append)] == ["FlyOnce", "dronekit"]
    assert told == ["MAVSDK: skipped, not installed"]


def test_a_controller_that_dies_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks.fleet import stage
    from benchmarks.fleet.clients.stand import Job

    broken = stage.Controller("nobody", "with_nobody", "nobody", True)
    with pytest.raises(stage.Failed, match="No module named"):
        stage.play(broken, Job(task="listen", ports=(1,)))


@pytest.mark.parametrize(
    ("option", "value"), [("--vehicles", "none"), ("--items", "2"), ("--only", "weather")]
)
def test_what_is_wrong_is_refused(option: str, value: str) -> None:
    with pytest.raises(InvalidInput, match=r"is not right|is no group"):
        CliRunner().invoke(app, ["bench", "fleet", option, value], catch_exceptions=False)
