"""How soon somebody is over a fire, what a standby costs, and how two plans compare."""

import json
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
import shapely
from planner_city import COPTER, END, FRAME, START, city, look, station

from core.equipment import Sensor
from core.route import Route, Waypoint
from planner import Flight, Plan, Problem, Response, Station, prepare, responder, solve, verify
from planner.replan.compare import compare, figures, jain
from planner.replan.response import Fires, arrivals, fires, response
from planner.replan.standby import chosen, standby

HEAT = frozenset({Sensor.THERMAL})


@pytest.fixture(scope="module")
def day() -> tuple[Problem, Plan]:
    looks, docks, _ = city(3, 6, 40, 0, 8000.0)
    tasks = tuple(
        replace(t, departments=(("water", "roads")[k % 2],))
        for k, t in enumerate(prepare(looks, docks, ()).tasks)
    )
    short = START + timedelta(hours=3)  # too short for all of them
    docks = [replace(d, available_until=short) for d in docks]
    problem = Problem(stations=tuple(docks), tasks=tasks, zones=(), start=START, end=short)
    return problem, solve(problem, seconds=0)


def at(metres: tuple[float, float], seconds: float) -> Fires:
    place = FRAME.point(*metres)
    return Fires(place=np.array([[place.lon, place.lat]]), at_s=np.array([seconds]))


def bare(*docks: Station) -> Problem:
    return Problem(stations=docks, tasks=(), zones=(), start=START, end=END)


def test_fires_lie_in_the_territory_and_in_the_day(day: tuple[Problem, Plan]) -> None:
    area = shapely.box(118.8, 28.9, 118.9, 29.0)
    given = fires(day[0], count=200, area=area, seed=1)
    assert given.place.shape == (200, 2)
    assert shapely.contains_xy(area, given.place[:, 0], given.place[:, 1]).all()
    assert given.at_s.min() >= 0
    assert given.at_s.max() <= (day[0].end - START).total_seconds()
    assert np.array_equal(given.place, fires(day[0], count=200, area=area, seed=1).place)


def test_the_table_says_what_the_responder_does(day: tuple[Problem, Plan]) -> None:
    problem, _ = day
    given = fires(problem, count=30, seed=2)
    table = arrivals(problem, (), given)
    for k in range(30):
        now = START + timedelta(seconds=float(given.at_s[k]))
        target = FRAME.point(*FRAME.point_xy(_place(given, k)))
        found = responder(problem, (), target, HEAT, now, {})
        if isinstance(found, Response) and found.eta_s < 3000:
            assert table[k].min() == pytest.approx(found.eta_s, rel=1e-3, abs=0.5)


def _place(given: Fires, k: int):  # type: ignore[no-untyped-def]
    from core.geo import LonLat

    return LonLat(*(float(x) for x in given.place[k]))


def test_a_drone_that_flies_answers_from_the_air_and_one_that_charges_not_at_all() -> None:
    dock = station("D", 0, 0)
    prepared = prepare([look("L", shapely.box(4000, 0, 4600, 600))], [dock], ())
    problem = replace(bare(dock), tasks=prepared.tasks)
    plan = solve(problem, seconds=0)
    flight = plan.flights[0]
    start, end = ((t - START).total_seconds() for t in (flight.start, flight.end))
    there = (4300.0, 300.0)
    docked = response(problem, (), at(there, start + 300)).minutes[0]
    aloft = response(problem, plan.flights, at(there, start + 400)).minutes[0]
    assert aloft < docked / 3
    charging = response(problem, plan.flights, at(there, end + 60)).minutes[0]
    assert charging == np.inf
    again = response(problem, plan.flights, at(there, end + COPTER.recharge_s + 1)).minutes[0]
    assert again == pytest.approx(docked)


def test_nobody_answers_what_is_too_far_or_needs_another_camera() -> None:
    problem = bare(station("D", 0, 0))
    assert response(problem, (), at((40_000, 0), 100)).minutes[0] == np.inf
    zoom = response(problem, (), at((100, 0), 100), sensors=frozenset({Sensor.ZOOM}))
    assert zoom.minutes[0] == np.inf
    assert response(bare(), (), at((100, 0), 100)).p90_min == np.inf


def test_the_dock_in_the_middle_is_kept_first() -> None:
    docks = [station("west", -9000, 0), station("middle", 0, 0), station("east", 9000, 0)]
    problem = bare(*docks)
    given = fires(problem, count=300, area=shapely.box(*_square(4000)), seed=3)
    order = chosen(problem, replace(_none(), flights=tuple(map(out_all_day, docks))), given)
    assert set(order) == {"west", "middle", "east"}
    assert order[0] == "middle"


def out_all_day(dock: Station) -> Flight:
    """A flight that leaves its drone no charge for anything else."""
    here = Route((Waypoint(position=dock.position, height_m=60.0),))
    return Flight(
        id=dock.id, station=dock.id, start=START - timedelta(hours=3), end=END, stops=(),
        route=here, landing_share=0.2,
    )  # fmt: skip


def _square(half_m: float) -> tuple[float, float, float, float]:
    a, b = FRAME.point(-half_m, -half_m), FRAME.point(half_m, half_m)
    return a.lon, a.lat, b.lon, b.lat


def _none() -> Plan:
    return Plan(flights=(), unserved={}, value=0.0, km=0.0)


def test_a_standby_shortens_the_response_and_shows_its_price(day: tuple[Problem, Plan]) -> None:
    problem, _ = day
    offers = standby(problem, seconds=0.0, counts=(0, 2, 4), count=150)
    assert [len(o.docks) for o in offers] == [0, 2, 4]
    assert offers[0].value_share == 1.0
    assert offers[2].p90_min <= offers[0].p90_min
    assert offers[2].value < offers[0].value
    for o in offers:
        held = tuple(replace(s, standby=s.id in o.docks) for s in problem.stations)
        assert verify(replace(problem, stations=held), o.plan) == ()
        assert not {f.station for f in o.plan.flights} & set(o.docks)
        english, chinese = o.price
        assert f"{len(o.docks)} on standby" in english
        assert f"{len(o.docks)}架待命" in chinese


def test_the_dispatcher_may_ask_for_a_response_time(day: tuple[Problem, Plan]) -> None:
    problem, _ = day
    whole = standby(problem, seconds=0.0, counts=(6,), count=150)[-1]
    wanted = whole.p90_min + 1.0
    offers = standby(problem, seconds=0.0, p90_min=wanted, count=150)
    assert offers[-1].p90_min <= wanted
    assert len(offers[-1].docks) <= 6


def test_plans_are_compared_side_by_side(day: tuple[Problem, Plan]) -> None:
    problem, plan = day
    fewer = replace(problem, stations=problem.stations[:3])
    less = solve(fewer, seconds=0)
    found = compare(problem, plan, less, given=fires(problem, count=60))
    assert found.first.value > found.second.value
    assert found.first.served + found.first.unserved == len(problem.tasks)
    assert 0.5 <= found.first.fairness <= 1.0
    assert set(found.first.by_department) == {"roads", "water"}
    assert found.first.least_landing_share >= 0.2 - 1e-6
    assert found.first.response_p90_min is not None
    served = {s.task for f in plan.flights for s in f.stops}
    kept = {s.task for f in less.flights for s in f.stops}
    dropped = {c.task for c in found.changes if c.kind == "dropped"}
    assert dropped == served - kept
    told = json.loads(json.dumps(found.content()))
    assert told["value"] == [plan.value, less.value]
    assert set(told["changes"]) <= {"roads", "water"}
    same = compare(problem, plan, plan)
    assert same.changes == ()
    assert same.first == same.second


def test_fairness_and_risk_are_what_their_sources_say(day: tuple[Problem, Plan]) -> None:
    problem, plan = day
    assert jain([0.5, 0.5, 0.5]) == pytest.approx(1.0)
    assert jain([1.0, 0.0, 0.0, 0.0]) == pytest.approx(0.25)
    assert jain([]) == 1.0
    flight = plan.flights[0]
    own = {s.task for s in flight.stops}
    tight = tuple(
        replace(t, latest=flight.end + timedelta(minutes=5)) if t.id in own else t
        for t in problem.tasks
    )
    before, after = figures(problem, plan), figures(replace(problem, tasks=tight), plan)
    assert after.tight > before.tight
    assert figures(problem, _none()).least_landing_share == 1.0
