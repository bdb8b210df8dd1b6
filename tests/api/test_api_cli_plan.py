"""`flyonce plan` as a dispatcher uses it: a day in, a checked plan, files and reasons out."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., tuple[int, str, str]]
EAST, NORTH = 118.87, 28.95


def feature(geometry: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def area(x: float, y: float, side: float = 0.003) -> dict[str, Any]:
    ring = [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


def dock(name: str, x: float) -> dict[str, Any]:
    point = {"type": "Point", "coordinates": [x, NORTH]}
    return feature(point, role="dock", id=name, kind="dock-thermal")


def day_file(path: Path, *features: dict[str, Any]) -> str:
    """A small day: two docks, three looks of which one is out of reach."""
    day = {"version": 1, "day": "2026-05-12", "zone": "Asia/Shanghai", "title": "A small day"}
    looks = [
        feature(area(EAST, NORTH + 0.01), role="look", id="park", gsd_m=0.05, department="urban"),
        feature(area(EAST + 0.01, NORTH), role="look", id="pond", gsd_m=0.05, department="water"),
        feature(area(EAST + 2, NORTH), role="look", id="far", gsd_m=0.05, department="water"),
    ]
    content = {
        "type": "FeatureCollection",
        "flyonce": day,
        "features": [dock("D1", EAST), dock("D2", EAST + 0.02), *looks, *features],
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    return str(path)


def test_a_day_file_is_planned_told_and_written(run: Run, tmp_path: Path) -> None:
    given = day_file(tmp_path / "day.geojson")
    status, said, messages = run(
        "plan", given, "--seconds", "0.5", "--geojson", "routes.json", "--html", "plan.html",
        "--out", "plan.json",
    )  # fmt: skip
    assert status == 0, messages
    assert "A small day" in said
    assert "3 looks asked, 2 planned, 1 refused" in said
    assert "1 x no_reach" in said
    assert "far:" in said
    routes = json.loads(Path("routes.json").read_text())
    assert any(f["properties"].get("photo") for f in routes["features"])
    page = Path("plan.html").read_text()
    assert "A small day" in page
    assert "far" in page
    written = json.loads(Path("plan.json").read_text())
    assert written["version"] == 1
    assert written["summary"]["planned"] == 2


def test_json_is_all_that_a_script_sees(run: Run, tmp_path: Path) -> None:
    given = day_file(tmp_path / "day.geojson")
    status, said, _ = run("plan", given, "--seconds", "0.3", "--json")
    assert status == 0
    [day] = json.loads(said)["days"]
    assert day["refused"][0]["code"] == "no_reach"
    assert day["refused"][0]["department"] == "water"
    assert {t for f in day["flights"] for t in f["departments"]} == {"urban", "water"}
    assert day["km"] > 0
    assert day["gap"] is None or 0 <= day["gap"] <= 1


def test_a_look_that_is_no_area_is_refused_alone(run: Run, tmp_path: Path) -> None:
    bow_tie = {"type": "Polygon", "coordinates": [[
        [EAST, NORTH], [EAST + 0.01, NORTH + 0.01], [EAST + 0.01, NORTH],
        [EAST, NORTH + 0.01], [EAST, NORTH],
    ]]}  # fmt: skip
    bad = feature(bow_tie, role="look", id="bow-tie", gsd_m=0.05)
    past = feature(
        area(EAST, NORTH), role="look", id="past", gsd_m=0.05,
        earliest="2020-01-01T00:00:00Z", latest="2020-01-02T00:00:00Z",
    )  # fmt: skip
    given = day_file(tmp_path / "day.geojson", bad, past)
    status, said, _ = run("plan", given, "--seconds", "0.3", "--json")
    assert status == 0
    [day] = json.loads(said)["days"]
    refused = {r["request"]: r["code"] for r in day["refused"]}
    assert refused["far"] == "no_reach"
    assert refused["past"] == "no_window"
    assert day["planned"] >= 2


def test_a_day_without_drones_is_answered(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "none.geojson"
    content = json.loads(Path(day_file(tmp_path / "day.geojson")).read_text())
    content["features"] = [f for f in content["features"] if f["properties"]["role"] == "look"]
    file.write_text(json.dumps(content))
    status, said, messages = run("plan", str(file), "--seconds", "0.2")
    assert status == 0, messages
    assert "3 refused; 0 flights" in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"flyonce": {"version": 2, "day": "2026-05-12"}}, "version 2"),
        ({"features": [{"type": "Feature", "properties": {"role": "boat"}}]}, "boat"),
        ({"type": "Feature"}, "FeatureCollection"),
    ],
)
def test_a_bad_day_file_is_status_2_and_says_where(
    run: Run, tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    file = Path(day_file(tmp_path / "day.geojson"))
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    status, out, messages = run("plan", str(file))
    assert status == 2
    assert out == ""
    assert said in messages
    assert "day.geojson" in messages


def test_what_cannot_be_written_says_so(run: Run, tmp_path: Path) -> None:
    given = day_file(tmp_path / "day.geojson")
    status, _, messages = run("plan", given, "--seconds", "0.2", "--out", "no/folder/plan.json")
    assert status == 1
    assert "cannot be written" in messages


def test_the_presets_day_as_a_file_can_be_planned_again(run: Run) -> None:
    status, _, messages = run("plan", "--write-day", "preset.geojson", "--day", "2026-05-12")
    assert status == 0, messages
    content = json.loads(Path("preset.geojson").read_text())
    docks = [f for f in content["features"] if f["properties"]["role"] == "dock"]
    looks = [f for f in content["features"] if f["properties"]["role"] == "look"]
    assert (len(docks), content["flyonce"]["day"]) == (51, "2026-05-12")
    keep = {id(f) for f in (*docks, *looks[:6])}
    content["features"] = [f for f in content["features"] if id(f) in keep]
    Path("few.geojson").write_text(json.dumps(content))
    status, said, messages = run("plan", "few.geojson", "--seconds", "0.3", "--json")
    assert status == 0, messages
    assert json.loads(said)["days"][0]["requests"] == 6


def test_ctrl_c_keeps_the_best_so_far(tmp_path: Path) -> None:
    looks = [
        feature(area(EAST + 0.004 * k, NORTH + 0.02), role="look", id=f"n{k}", gsd_m=0.05)
        for k in range(40)
    ]
    given = day_file(tmp_path / "day.geojson", *looks)
    command = [sys.executable, "-m", "api.cli", "plan", given, "--seconds", "60", "--out", "p.json"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as planning:
        assert planning.stderr is not None
        for line in planning.stderr:  # the search has begun
            if "search" in line or "first plan" in line:
                break
        began = time.monotonic()
        planning.send_signal(signal.SIGINT)
        said, messages = planning.communicate(timeout=30)
    assert planning.returncode == 0, messages
    assert time.monotonic() - began < 20
    assert "best plan so far" in messages
    assert "planned" in said
    assert (tmp_path / "p.json").exists()


def test_times_are_told_in_the_days_own_zone(run: Run, tmp_path: Path) -> None:
    late = feature(
        area(EAST, NORTH), role="look", id="dusk", gsd_m=0.05,
        earliest="2026-05-12T20:00:00+02:00", latest="2026-05-12T20:30:00+02:00",
    )  # fmt: skip
    file = Path(day_file(tmp_path / "day.geojson", late))
    content = json.loads(file.read_text())
    content["flyonce"]["zone"] = "Europe/Berlin"
    file.write_text(json.dumps(content))
    status, said, messages = run("plan", str(file), "--seconds", "0.3", "--json")
    assert status == 0, messages
    [day] = json.loads(said)["days"]
    [dusk] = [r for r in day["refused"] if r["request"] == "dusk"]
    assert dusk["code"] == "no_window"
    assert "05-12 20:00" in dusk["reason"]
    assert "18:00" in dusk["reason"]  # when the day closes
