"""A day written to a file is the same day when it is read again, or a named error."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import shapely
from planner_city import END, START, city

from core.energy import Wind
from core.errors import InvalidInput, Unavailable
from planner import Plan, Problem, prepare, solve, verify
from planner.formats.planfile import PlanFile, dumps, loads, read, write
from planner.problem import Closure, Offer, Separation
from planner.replan.events import Lost
from planner.replan.running import replan


@pytest.fixture(scope="module")
def day() -> tuple[Problem, Plan]:
    looks, docks, zones = city(4, 3, 18, 2, 6000.0)
    storm = Closure(
        id="C", start=START, end=START + timedelta(minutes=30), reason="storm", reason_zh="雷暴",
        area=shapely.box(118.0, 28.0, 118.1, 28.1),
    )  # fmt: skip
    problem = Problem(
        stations=tuple(docks), tasks=prepare(looks, docks, zones).tasks, zones=tuple(zones),
        start=START, end=END, wind=Wind(3.0, 200.0), closures=(storm,), crew_limit=3,
        separation=Separation(),
    )  # fmt: skip
    return problem, solve(problem, seconds=0)


def test_a_plan_is_the_same_after_a_round_trip(day: tuple[Problem, Plan], tmp_path: Path) -> None:
    problem, plan = day
    offer = Offer(change="day", text="tomorrow", text_zh="明天", station="D0", start=START)
    plan = replace(
        plan, unserved={k: replace(r, offer=offer, conflict=(("a", "甲"),)) for k, r in
                        plan.unserved.items()},
    )  # fmt: skip
    write(tmp_path / "plan.json", PlanFile(problem=problem, plan=plan))
    found = read(tmp_path / "plan.json")
    assert found.plan == plan
    assert found.problem.stations == problem.stations
    assert found.problem.tasks == problem.tasks
    assert found.problem == problem
    assert verify(found.problem, found.plan) == ()


def test_a_running_day_goes_on_from_its_file(day: tuple[Problem, Plan]) -> None:
    problem, plan = day
    now = plan.flights[0].start + timedelta(minutes=3)
    event = Lost(station=plan.flights[0].station)
    first = replan(problem, plan, [event], now)
    text = dumps(PlanFile(problem=first.problem, plan=first.plan, flown=first.flown))
    found = loads(text)
    again = replan(found.problem, found.plan, [], now, flown=found.flown)
    assert again.plan.flights == first.plan.flights
    assert again.problem.frozen == first.problem.frozen
    assert dict(found.flown) == dict(first.flown)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "is no JSON"),
        ("[]", "is no plan file"),
        ('{"format": "flyonce-plan", "version": 99}', "is of version 99"),
        ('{"format": "flyonce-plan", "version": 1}', "does not hold a plan"),
        (
            '{"format":"flyonce-plan","version":1,"problem":{"is":"os.system"},"plan":1,"flown":1}',
            "is no value of a plan",
        ),
        ('{"format":"flyonce-plan","version":1,"problem":1,"plan":1,"flown":1}', "something else"),
    ],
)
def test_what_is_no_plan_file_is_named(text: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says) as caught:
        loads(text, where="PLAN.json")
    assert caught.value.where == "PLAN.json"
    assert caught.value.remedy


def test_any_broken_value_is_a_named_error(day: tuple[Problem, Plan]) -> None:
    body = json.loads(dumps(PlanFile(problem=day[0], plan=day[1])))
    body["problem"]["stations"][0]["position"]["lat"] = 1000
    with pytest.raises(InvalidInput, match="no such place"):
        loads(json.dumps(body))
    body["problem"]["stations"][0]["position"] = {"is": "LonLat", "lon": 1, "lat": 2, "x": 3}
    with pytest.raises(InvalidInput, match="does not hold a plan"):
        loads(json.dumps(body))
    del body["problem"]["tasks"]
    with pytest.raises(InvalidInput):
        loads(json.dumps(body))


def test_files_that_cannot_be_read_or_written_are_named(
    day: tuple[Problem, Plan], tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        read(tmp_path / "none.json")
    with pytest.raises(Unavailable, match="cannot be written"):
        write(tmp_path / "no" / "plan.json", PlanFile(problem=day[0], plan=day[1]))
    assert list(tmp_path.iterdir()) == []
