"""What flying once saves: proven from below, shown by a separate plan that was really found."""

from dataclasses import replace

import pytest
from planner_city import END, START, city

from planner import Plan, Problem, prepare, solve
from planner.assign.saving import least_km, saving, separate_day, separate_plan
from planner.problem import Look


@pytest.fixture(scope="module")
def looks() -> list[Look]:
    wishes, _, _ = city(5, 4, 24, 0, 4000.0)
    names = ("water", "fire", "housing")
    return [replace(k, department=names[n % 3]) for n, k in enumerate(wishes)]


@pytest.fixture(scope="module")
def problem(looks: list[Look]) -> Problem:
    _, stations, zones = city(5, 4, 24, 0, 4000.0)
    return Problem(
        stations=tuple(stations), tasks=prepare(looks, stations, zones).tasks,
        zones=tuple(zones), start=START, end=END,
    )  # fmt: skip


@pytest.fixture(scope="module")
def apart(looks: list[Look], problem: Problem) -> Plan:
    return separate_plan(looks, problem.stations, problem.zones, seconds=0.5)


def test_no_separate_flight_serves_two_departments(looks: list[Look], apart: Plan) -> None:
    department = {k.id: k.department for k in looks}
    assert apart.flights
    for flight in apart.flights:
        own = {department[stop.task.rsplit(".", 1)[0]] for stop in flight.stops}
        assert len(own) == 1


def test_the_bound_holds_for_the_separate_plan_that_was_found(
    looks: list[Look], problem: Problem, apart: Plan
) -> None:
    flown = {stop.task for f in apart.flights for stop in f.stops}
    day, parts = separate_day(looks, problem, None)
    assert day is not None
    done = [k for k in looks if k.id in parts and set(parts[k.id]) <= flown]
    some, _ = separate_day(done, problem, None)
    assert some is not None
    least = least_km(some, 60.0)
    assert least is not None
    assert 0 < least <= apart.km


def test_the_saving_is_for_what_the_merged_plan_serves(looks: list[Look], problem: Problem) -> None:
    prepared = prepare(looks, problem.stations, problem.zones)
    plan = solve(problem, seconds=0)
    found = saving(looks, prepared, problem, plan, seconds=0.5)
    assert found.merged.served == found.looks > 0
    assert found.merged.km == plan.km
    assert found.separate.flights > 0
    assert found.share is None or found.share < 1


def test_nothing_asked_saves_nothing(problem: Problem) -> None:
    nothing = prepare([], problem.stations, problem.zones)
    empty = Plan(flights=(), unserved={}, value=0.0, km=0.0)
    found = saving([], nothing, problem, empty, seconds=1.0)
    assert (found.looks, found.separate.flights, found.share) == (0, 0, None)
    assert separate_plan([], problem.stations, problem.zones, seconds=1.0).flights == ()
