"""The day as the search sees it, and the plan that comes out: exact in time, never empty-handed."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from planner_city import END, START, city

from core.energy import Wind
from planner import Plan, Problem, Progress, prepare, routing, solve, verify
from planner.assign.model import Day, read
from planner.assign.outcome import plan_of
from planner.assign.warm import solution_of

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture(scope="module")
def problem() -> Problem:
    looks, stations, zones = city(4, 6, 90, 3, 8000.0)
    return Problem(
        stations=tuple(stations), tasks=prepare(looks, stations, zones).tasks,
        zones=tuple(zones), start=START, end=END, wind=Wind(3.0, 120.0),
    )  # fmt: skip


@pytest.fixture(scope="module")
def day(problem: Problem) -> Day:
    return read(problem)


@pytest.fixture(scope="module")
def first(problem: Problem) -> Plan:
    return solve(problem, seconds=0)


def test_the_arrays_foretell_each_flight_to_a_second(day: Day) -> None:
    model = day.routing()
    found = routing.first(model)
    plan = plan_of(day, found)
    cost = routing.cost(model, found)  # refuses what breaks a rule
    assert cost.trips == len(plan.flights)
    assert cost.metres / 1000 == pytest.approx(plan.km, rel=1e-3)
    back = solution_of(day, model, plan)
    assert routing.cost(model, back).served == cost.served
    for own, flights in zip(found.trips, _by_drone(day, plan), strict=True):
        for trip, flight in zip(own, flights, strict=True):
            assert (flight.start - START).total_seconds() >= trip.start - 0.01
            assert (flight.end - flight.start).total_seconds() <= 3600 * 1.5


def _by_drone(day: Day, plan: Plan) -> list[list]:
    names = [day.problem.stations[d.station].id for d in day.drones]
    return [[f for f in plan.flights if f.station == name] for name in names]


def test_a_part_of_the_day_is_the_same_as_in_the_whole(day: Day) -> None:
    whole = day.routing()
    some, groups = [4, 1], [7, 3, 30, 2]
    one, other = day.part(some, groups), whole.part(some, groups)
    for name in one.__dataclass_fields__:
        if name in ("table_of", "kind_of", "start_post", "end_post", "first_post"):
            continue  # tables may be numbered in another order
        mine, same = getattr(one, name), getattr(other, name)
        if name in ("out_s", "out_m", "back_s", "back_m"):
            mine, same = mine[one.start_post], same[other.start_post]
        if name in ("work_s", "work_m"):
            mine, same = mine[one.kind_of], same[other.kind_of]
        if name in ("leg_s", "leg_m"):
            mine, same = mine[one.table_of[one.kind_of]], same[other.table_of[other.kind_of]]
        assert np.array_equal(mine, same), name


def test_solve_tells_how_far_it_is(problem: Problem) -> None:
    told: list[Progress] = []
    plan = solve(problem, seconds=2.0, seed=3, progress=told.append, certify=True)
    assert verify(problem, plan) == ()
    assert next(p.stage for p in told) == "first plan"
    assert told[-1].stage == "done"
    assert told[-1].value == plan.value
    assert told[-1].km == pytest.approx(plan.km)
    assert told[-1].value >= told[0].value
    assert plan.gap is None or 0 <= plan.gap < 1


def test_the_same_seed_begins_with_the_same_plan(problem: Problem, first: Plan) -> None:
    assert solve(problem, seconds=0) == first


def test_whoever_cancels_keeps_the_best_so_far(problem: Problem, first: Plan) -> None:
    asked: list[int] = []
    told: list[Progress] = []

    def enough() -> bool:
        asked.append(1)
        return len(asked) > 20

    plan = solve(problem, seconds=60.0, cancelled=enough, progress=told.append)
    assert told[-1].elapsed_s < 30.0
    assert verify(problem, plan) == ()
    assert plan.value >= first.value


def test_two_threads_search_side_by_side(problem: Problem, first: Plan) -> None:
    plan = solve(problem, seconds=1.5, workers=2)
    assert verify(problem, plan) == ()
    assert (plan.value, -plan.km) >= (first.value, -first.km)


def test_a_storm_and_a_short_day_leave_reasons(problem: Problem) -> None:
    storm = solve(replace(problem, wind=Wind(30.0, 0.0)), seconds=0)
    assert storm.flights == ()
    assert all("wind" in r.reason for r in storm.unserved.values())
    dusk = replace(problem, end=START + timedelta(minutes=8))
    short = solve(dusk, seconds=0)
    assert verify(dusk, short) == ()
    assert {r.code for r in short.unserved.values()} <= {"no_window", "no_capacity"}
    assert short.unserved


def test_flights_are_in_utc_and_the_busy_say_so(problem: Problem) -> None:
    few = replace(problem, stations=problem.stations[:1], start=START.astimezone(SHANGHAI))
    plan = solve(few, seconds=0)
    assert verify(few, plan) == ()
    assert all(f.start.utcoffset() == timedelta(0) for f in plan.flights)
    busy = [r for r in plan.unserved.values() if r.code == "no_capacity"]
    assert busy
    assert all(r.reason.startswith("the only drone that could fly it is busy") for r in busy)
