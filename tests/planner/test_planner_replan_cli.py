"""`flyonce replan`: a plan file in, what each department is told and a new plan file out."""

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
import shapely
import typer
from planner_city import END, FRAME, START, city
from typer.testing import CliRunner

from api.cli.replan import replan
from core.errors import InvalidInput
from planner import Plan, Problem, prepare, solve, verify
from planner.formats.planfile import PlanFile, read, write

APP = typer.Typer()
APP.command()(replan)


@pytest.fixture(scope="module")
def day() -> tuple[Problem, Plan]:
    looks, docks, zones = city(5, 4, 16, 2, 7000.0)
    problem = Problem(
        stations=tuple(docks), tasks=prepare(looks, docks, zones).tasks, zones=tuple(zones),
        start=START, end=END,
    )  # fmt: skip
    return problem, solve(problem, seconds=0)


@pytest.fixture
def file(day: tuple[Problem, Plan], tmp_path: Path) -> Path:
    path = tmp_path / "plan.json"
    write(path, PlanFile(problem=day[0], plan=day[1]))
    return path


def area(path: Path, radius_m: float) -> Path:
    disc = FRAME.to_degrees(shapely.Point(0, 0).buffer(radius_m))
    feature = {"type": "Feature", "properties": {"name": "storm"},
               "geometry": shapely.geometry.mapping(disc)}  # fmt: skip
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return path


def run(*words: Sequence[str] | Path) -> str:
    found = CliRunner().invoke(APP, [str(w) for w in words])
    if found.exception is not None:
        raise found.exception
    return found.stdout


def test_everything_at_once_makes_a_plan_that_is_accepted(file: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.json"
    dock = "D1"
    closed = area(tmp_path / "storm.geojson", 1500)
    zone = area(tmp_path / "zone.geojson", 200)
    text = run(
        file, "--at", "00:40", "--fire", "118.93,29.0", "--fail", dock, "--zone", zone,
        "--close", f"{closed},00:45,03:00", "--out", new, "--json",
    )  # fmt: skip
    told = json.loads(text)
    assert told["response"]["fire"]["eta_s"] > 0
    assert "" in told["departments"]
    found = read(new)
    assert verify(found.problem, found.plan) == ()
    assert not [f for f in found.plan.flights if f.station == dock]
    assert found.problem.now == START + timedelta(minutes=40)
    again = run(new, "--at", "01:00", "--fire", "118.83,28.91")
    assert "fire: " in again
    assert "flights to come" in again


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--at", "noon"], "is no time"),
        (["--at", "10:30", "--fire", "118"], "is no place"),
        (["--at", "10:30", "--fire", "1,2", "--sensor", "nose"], "is no sensor"),
        (["--at", "10:30", "--fail", "D99"], "there is no dock D99"),
        (["--at", "10:30", "--cancel", "x"], "there is no task x"),
        (["--at", "10:30", "--close", "storm.geojson"], "lacks its times"),
        (["--at", "10:30", "--close", "storm.geojson,12:00,11:00"], "ends before it begins"),
        (["--at", "10:30", "--zone", "none.geojson"], "."),
    ],
)
def test_bad_options_are_named(file: Path, words: list[str], says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        run(file, *words)
