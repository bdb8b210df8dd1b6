"""What a dispatcher does with a plan file: mend it, compare it, keep drones back."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., tuple[int, str, str]]
EAST, NORTH = 118.87, 28.95


def area(x: float, y: float, side: float = 0.003) -> dict[str, Any]:
    ring = [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


def feature(geometry: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


@pytest.fixture
def plan(run: Run, tmp_path: Path) -> str:
    """A small day's plan file: three drones, six looks of two departments."""
    docks = [
        feature(
            {"type": "Point", "coordinates": [EAST + 0.02 * k, NORTH]},
            role="dock", id=f"D{k}", kind="dock-thermal",
        )
        for k in range(3)
    ]  # fmt: skip
    looks = [
        feature(
            area(EAST + 0.008 * k, NORTH + 0.01), role="look", id=f"field-{k}", gsd_m=0.05,
            department=("water", "urban")[k % 2],
        )
        for k in range(6)
    ]  # fmt: skip
    content = {
        "type": "FeatureCollection",
        "flyonce": {"version": 1, "day": "2026-05-12", "zone": "Asia/Shanghai"},
        "features": [*docks, *looks],
    }
    (tmp_path / "day.geojson").write_text(json.dumps(content))
    status, _, messages = run("plan", "day.geojson", "--seconds", "0.5", "--out", "plan.json")
    assert status == 0, messages
    return "plan.json"


def test_a_mended_plan_is_compared_with_the_one_before(run: Run, plan: str) -> None:
    flown = json.loads(Path(plan).read_text())["summary"]["flights"]
    dock = flown[0]["dock"]
    status, said, messages = run(
        "replan", plan, "--at", "07:00", "--fail", dock, "--out", "after.json"
    )
    assert status == 0, messages
    assert dock in said
    status, said, messages = run("compare", plan, "after.json")
    assert status == 0, messages
    for row in ("value", "kilometres", "served of water", "fairness"):
        assert row in said
    told = json.loads(run("compare", plan, "after.json", "--json")[1])
    assert told["served"][0] == 6
    assert sum(len(c) for c in told["changes"].values()) >= 1


def test_standby_has_its_price_and_its_plan(run: Run, plan: str) -> None:
    status, said, messages = run(
        "standby", plan, "--counts", "0,1", "--seconds", "0.3", "--out", "kept.json", "--json"
    )
    assert status == 0, messages
    none, one = json.loads(said)
    assert (len(none["docks"]), len(one["docks"])) == (0, 1)
    assert one["p90_min"] <= none["p90_min"]
    kept = json.loads(run("compare", plan, "kept.json", "--json")[1])
    assert kept["km"][1] == pytest.approx(one["km"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("compare", "plan.json", "gone.json"), "gone.json"),
        (("compare", "plan.json", "day.geojson"), "no plan file"),
        (("standby", "plan.json", "--counts", "many"), "--counts"),
        (("replan", "plan.json", "--at", "10:00"), "nothing has happened"),
    ],
)
def test_bad_input_is_named(run: Run, plan: str, arguments: tuple[str, ...], said: str) -> None:
    status, _, messages = run(*arguments)
    assert status in (1, 2)
    assert said in messages
