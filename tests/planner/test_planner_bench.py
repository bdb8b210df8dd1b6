"""`flyonce bench`: the tables are measured, scored and written; what is not there is said."""

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app, bench
from core.errors import InvalidInput, Unavailable
from planner.routing.city_made import made

CORDEAU = """\
2 2 3 1
0 20
1 3 0 1 10 1 1 1
2 0 4 2 10 1 1 1
3 9 0 0 15 1 1 1
4 0 0 0 0 0 0
"""


@pytest.fixture(autouse=True)
def cases() -> None:
    """The benchmark's cases can be imported."""
    bench.cases()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder of instances so small that every engine is done at once."""
    city = tmp_path / "data" / "routing" / "city"
    city.mkdir(parents=True)
    (city / "tiny.json").write_text(json.dumps(made(3, 14, seed=2)))
    depots = tmp_path / "data" / "routing" / "mdvrp"
    depots.mkdir()
    (depots / "p01.txt").write_text(CORDEAU)
    (depots / "BKS.json").write_text('{"p01": {"best_known_cost": 30.0}}')
    return tmp_path / "data"


def run(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["bench", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_the_groups_are_listed() -> None:
    shown = run()
    assert all(name in shown for name in ("city", "families", "first", "large", "bound"))


def test_a_tiny_city_is_planned_bounded_and_written(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "tables.json"
    run(
        *("planner", "--only", "city,families", "--seconds", "0.3", "--no-peers"),
        *("--instance", "tiny,p01", "--data", str(data), "--out", str(file)),
    )
    written = json.loads(file.read_text())
    city, families = written["tables"]
    row = city["rows"][-1]
    assert row["engine"].startswith("FlyOnce")
    assert 0 < row["value %"] <= 100
    assert row["gap %"] >= -1e-6
    assert row["first s"] <= row["search s"]
    assert row["MB"] > 10
    [found, mean] = families["rows"]
    # both vehicles: 3 + 5 + 4 with the two near clients, 9 + 9 with the far one
    assert found["ours"] == pytest.approx(30.0)
    assert found["gap %"] == pytest.approx(0.0)
    assert mean["gap %"] == pytest.approx(0.0)


def test_every_peer_that_is_there_gives_a_valid_plan(data: Path) -> None:
    from benchmarks.planner import form
    from benchmarks.planner.peers import installed, ortools_city, pyvrp_city, vroom_city
    from benchmarks.planner.scoring import score

    from planner.routing.city_file import city

    raw = json.loads((data / "routing" / "city" / "tiny.json").read_text())
    arrays = form.city(raw, city(raw, where="tiny").model())
    runs = {
        "PyVRP": lambda: pyvrp_city.solve(arrays, 10, 0.3),
        "VROOM": lambda: vroom_city.solve(arrays, 10, 0),
        "OR-Tools": lambda: ortools_city.solve(arrays, 10, 0.7, workers=1),
    }
    for peer in filter(installed, runs):
        found = runs[peer]()
        got = score(raw, found.plan, None)  # raises if the plan breaks a rule
        assert got.served > 7, peer


def test_what_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidInput, match="is no group"):
        run("planner", "--only", "weather")
    with pytest.raises(InvalidInput, match="is no folder"):
        run("planner", "--data", str(tmp_path / "nowhere"))
    with pytest.raises(Unavailable, match="nothing could be measured"):
        run("planner", "--only", "families", "--data", str(tmp_path))
    monkeypatch.setattr(bench, "CASES", tmp_path)
    with pytest.raises(Unavailable, match="copy of the source"):
        run("planner")


def test_an_engine_that_dies_is_told_and_the_others_still_run() -> None:
    from benchmarks.planner.process import attempt, measured

    told: list[str] = []
    assert attempt(told.append, "an engine", os._exit, 3) is None
    assert "status 3" in told[-1]
    assert measured(os.getpid).value != os.getpid()
