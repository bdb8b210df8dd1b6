"""City instances: read as the scorer reads them, refused by name where they are wrong."""

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from core.errors import InvalidInput
from planner.routing import Solution, cost, first, solve
from planner.routing.city_file import city, load
from planner.routing.city_made import made

SHARED = Path("/work/shared")
SCORER = SHARED / "tools" / "check_city_plan.py"
HAVE = pytest.mark.skipif(not SCORER.exists(), reason="the scorer is not on this machine")


def _scored(raw: dict[str, Any], plan: dict[str, Any], folder: Path) -> dict[str, Any]:
    (folder / "city.json").write_text(json.dumps(raw))
    (folder / "plan.json").write_text(json.dumps(plan))
    done = subprocess.run(
        [sys.executable, str(SCORER), str(folder / "city.json"), str(folder / "plan.json")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@HAVE
@pytest.mark.parametrize("seed", [1, 2])
def test_the_scorer_accepts_the_plan_and_says_the_same_objective(seed: int, tmp_path: Path) -> None:
    raw = made(20, 250, seed)
    whole = city(raw, where="made")
    model = whole.model()
    found = solve(model, seconds=60.0, iterations=2000)
    scored = _scored(raw, whole.plan(found), tmp_path)
    own = cost(model, found)
    assert scored["objective"] == round(own.objective)
    assert scored["served"] == own.served
    assert whole.metres(found) == own.metres


@HAVE
def test_the_published_city_costs_what_the_scorer_says(tmp_path: Path) -> None:
    path = SHARED / "data" / "routing" / "city" / "M1000.json"
    whole = load(path)
    model = whole.model()
    found = first(model)
    scored = _scored(json.loads(path.read_text()), whole.plan(found), tmp_path)
    assert scored["objective"] == round(cost(model, found).objective)


def test_ways_go_round_discs_and_only_those_in_between() -> None:
    raw = made(1, 1, 0)
    raw["docks"] = [{"xy": [0, 0], "sens": 1}]
    raw["nfz"] = [[5000.0, 0.0, 1000.0]]
    raw["tasks"] = [
        {"id": i, "prio": 1, "sensor": 1, "a": xy, "b": xy, "dur": 10, "tw": None}
        for i, xy in enumerate([[10000, 0], [3000, 0], [0, 9000]])
    ]
    out = city(raw, where="made").model().out_m[0]
    tangents = 2 * np.sqrt(5000**2 - 1000**2)
    arc = 1000 * (np.pi - 2 * np.arccos(1000 / 5000))
    assert out.tolist() == [round(tangents + arc), 3000, 9000]


def test_tasks_that_nobody_can_ever_do_are_named() -> None:
    raw = made(3, 20, 0)
    raw["docks"] = [dock | {"sens": 1} for dock in raw["docks"]]
    fine = {"sensor": 1, "a": raw["docks"][0]["xy"], "b": raw["docks"][0]["xy"], "tw": None}
    raw["tasks"] = [task | fine for task in raw["tasks"]]
    raw["tasks"][4]["sensor"] = 4
    raw["tasks"][7]["dur"] = 5000
    raw["tasks"][9]["tw"] = [-100, -5]
    whole = city(raw, where="made")
    assert whole.never(range(20)) == [4, 7, 9]
    assert not {4, 7, 9} & set(first(whole.model()).nodes())


@pytest.mark.parametrize(
    ("field", "value", "where"),
    [
        (("docks",), [], "docks"),
        (("tasks",), None, "tasks"),
        (("speed",), 0, "speed"),
        (("speed",), "fast", "speed"),
        (("docks", 1, "xy"), [1], r"docks\[1\].xy"),
        (("tasks", 3, "prio"), 6, r"tasks\[3\].prio"),
        (("tasks", 3, "dur"), -1, r"tasks\[3\].dur"),
        (("tasks", 3, "tw"), [1, "late"], r"tasks\[3\].tw"),
        (("tasks", 3), 17, r"tasks\[3\]"),
        (("nfz",), [[1, 2]], r"nfz\[0\]"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(
    field: tuple[str | int, ...], value: Any, where: str
) -> None:
    raw: Any = copy.deepcopy(made(3, 10, 0))
    place = raw
    for key in field[:-1]:
        place = place[key]
    place[field[-1]] = value
    with pytest.raises(InvalidInput, match=rf"x\.json(: |\.){where}"):
        city(raw, where="x.json")


def test_a_file_that_is_no_json_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{")
    for name in ("x.json", "missing.json"):
        with pytest.raises(InvalidInput, match=name):
            load(tmp_path / name)


def test_the_command_writes_a_plan(tmp_path: Path) -> None:
    from api.cli import app

    raw = made(6, 40, 1)
    (tmp_path / "city.json").write_text(json.dumps(raw))
    asked = ["plan", "--city", str(tmp_path / "city.json"), "--seconds", "0.5"]
    done = CliRunner().invoke(app, [*asked, "--out", str(tmp_path / "plan.json")])
    assert done.exit_code == 0, done.output
    plan = json.loads((tmp_path / "plan.json").read_text())
    assert sum(len(nodes) for own in plan.values() for _, nodes in own) > 20


@pytest.mark.parametrize("whole", [0, 2500])
def test_a_city_of_any_size_gets_a_bound_that_no_plan_beats(
    whole: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from multiprocessing import Pipe

    from api.cli import city as command

    monkeypatch.setattr(command, "WHOLE", whole)
    monkeypatch.setattr("os.nice", lambda _: 0)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    (tmp_path / "city.json").write_text(json.dumps(made(3, 15, 2)))
    here, there = Pipe(duplex=False)
    command._certify(tmp_path / "city.json", 20.0, there)
    assert here.poll(0)
    small = load(tmp_path / "city.json")
    found = cost(small.model(), solve(small.model(), seconds=1.0, iterations=2000))
    worth = float(small.prizes.sum()) - found.objective
    assert 0 < worth <= here.recv() * 1.000001


def test_a_city_without_tasks_has_an_empty_plan() -> None:
    whole = city(made(2, 0, 0), where="made")
    assert solve(whole.model(), seconds=0.1) == Solution(((), ()))
