"""The whole way: looks in, a verified plan out; every rule's breach is found."""

from dataclasses import replace
from datetime import timedelta

import pytest
import shapely
from planner_city import END, FRAME, START, VTOL, city, look, station, zone

from core.energy import Wind
from core.equipment import Sensor
from planner import Plan, Problem, prepare, solve, verify

WIND = Wind(4.0, 300.0)


@pytest.fixture(scope="module")
def day() -> tuple[Problem, Plan]:
    looks, stations, zones = city(1, 5, 40, 4, 9000.0)
    prepared = prepare(looks, stations, zones)
    problem = Problem(
        stations=tuple(stations), tasks=prepared.tasks, zones=tuple(zones),
        start=START, end=END, wind=WIND,
    )  # fmt: skip
    return problem, solve(problem, seconds=0)


def test_a_small_city_is_planned_and_accepted(day: tuple[Problem, Plan]) -> None:
    problem, plan = day
    assert verify(problem, plan) == ()
    flown = {s.task for f in plan.flights for s in f.stops}
    assert len(flown) > 0.5 * len(problem.tasks)
    assert flown | set(plan.unserved) == {t.id for t in problem.tasks}


def _rules(problem: Problem, plan: Plan) -> set[str]:
    return {v.rule for v in verify(problem, plan)}


def test_a_delayed_flight_breaks_recharge_or_availability(day: tuple[Problem, Plan]) -> None:
    problem, plan = day
    busy = max(
        {f.station for f in plan.flights}, key=lambda s: [f.station for f in plan.flights].count(s)
    )
    first, second = sorted((f for f in plan.flights if f.station == busy), key=lambda f: f.start)[
        :2
    ]
    gap = second.start - first.end
    late = replace(first, start=first.start + gap, end=first.end + gap)
    flights = tuple(late if f.id == first.id else f for f in plan.flights)
    assert "recharge" in _rules(problem, replace(plan, flights=flights))


def test_each_rule_is_checked(day: tuple[Problem, Plan]) -> None:
    problem, plan = day
    flight = plan.flights[0]

    def changed(**fields: object) -> Plan:
        return replace(plan, flights=(replace(flight, **fields), *plan.flights[1:]))

    hours = timedelta(hours=11)
    other = next(s.id for s in problem.stations if s.id != flight.station)
    assert "availability" in _rules(
        problem, changed(start=flight.start - hours, end=flight.end - hours)
    )
    assert "time" in _rules(problem, changed(end=flight.end + timedelta(minutes=3)))
    assert "endurance" in _rules(problem, changed(landing_share=flight.landing_share + 0.1))
    assert "station" in _rules(problem, changed(station="nowhere"))
    assert "route" in _rules(problem, changed(station=other))
    points = flight.route.waypoints
    assert "route" in _rules(problem, changed(route=type(flight.route)((points[0], points[-1]))))
    assert "task" in _rules(
        problem, replace(plan, flights=(*plan.flights, replace(flight, id="again")))
    )
    assert "account" in _rules(problem, replace(plan, flights=plan.flights[1:]))
    assert "account" in _rules(problem, replace(plan, value=plan.value + 1000))
    high = tuple(replace(w, height_m=300.0) for w in points)
    assert "height" in _rules(problem, changed(route=type(flight.route)(high)))


def test_the_problem_is_what_is_checked_against(day: tuple[Problem, Plan]) -> None:
    problem, plan = day
    stop = plan.flights[0].stops[0].task
    task = next(t for t in problem.tasks if t.id == stop)

    def with_task(**fields: object) -> Problem:
        others = tuple(replace(t, **fields) if t.id == stop else t for t in problem.tasks)
        return replace(problem, tasks=others)

    assert "window" in _rules(with_task(latest=task.earliest + timedelta(seconds=30)), plan)
    assert "window" in _rules(with_task(earliest=END - timedelta(seconds=60)), plan)
    assert "sensor" in _rules(with_task(sensors=frozenset(Sensor) | task.sensors), plan) or all(
        s.spec.sensors == frozenset(Sensor) for s in problem.stations
    )
    assert "task" in _rules(
        replace(problem, tasks=tuple(t for t in problem.tasks if t.id != stop)), plan
    )
    storm = replace(problem, wind=Wind(13.5, 300.0))
    assert _rules(storm, plan) & {"wind", "time"}
    middle = plan.flights[0].route.waypoints[len(plan.flights[0].route.waypoints) // 2]
    closed = zone("new", *FRAME.point_xy(middle.position), 150.0)
    assert "zone" in _rules(replace(problem, zones=(*problem.zones, closed)), plan)
    weak = tuple(replace(s, spec=replace(s.spec, endurance_s=600.0)) for s in problem.stations)
    assert "endurance" in _rules(replace(problem, stations=weak), plan)


def test_no_station_and_no_task_are_no_accident() -> None:
    looks, stations, zones = city(2, 3, 4, 0, 5000.0)
    nothing = prepare(looks, [], zones)
    assert {r.code for r in nothing.refused.values()} == {"no_capacity"}
    tasks = prepare(looks, stations, zones).tasks
    empty = Problem(stations=(), tasks=tasks, zones=(), start=START, end=END)
    plan = solve(empty, seconds=0)
    assert set(plan.unserved) == {t.id for t in tasks}
    assert verify(empty, plan) == ()
    idle = Problem(stations=tuple(stations), tasks=(), zones=(), start=START, end=END)
    assert solve(idle, seconds=1).flights == ()


def test_bad_looks_are_refused_alone() -> None:
    square = shapely.box(-300, -300, 300, 300)
    bow = shapely.Polygon([(0, 0), (500, 500), (500, 0), (0, 500)])
    dock = station("A", 1000, 0, VTOL)
    past = {"earliest": START - timedelta(days=2), "latest": START - timedelta(days=1)}
    looks = [
        look("good", square),
        look("empty", shapely.Polygon()),
        look("bow", bow),
        look("past", square, **past),
        look("zoom", square, sensor=Sensor.ZOOM),
        look("fine", square, gsd_m=0.001),
        look("shut", shapely.box(5000, 5000, 5200, 5200)),
        look("far", shapely.box(90_000, 0, 90_300, 300)),
        look("line", shapely.LineString([(0, 0), (1, 1)])),
    ]
    world = replace(looks[0], id="world", geometry=shapely.box(-180, -90, 180, 90))
    prepared = prepare([*looks, world, looks[0]], [dock], [zone("Z", 5100, 5100, 800)])
    codes = {name: refusal.code for name, refusal in prepared.refused.items()}
    assert codes.pop("good") == "geometry"  # the second of that name
    assert codes == {
        "empty": "geometry", "bow": "geometry", "past": "no_window", "zoom": "no_sensor",
        "fine": "resolution", "shut": "zone", "far": "no_reach", "line": "geometry",
        "world": "geometry",
    }  # fmt: skip
    assert [t.id for t in prepared.tasks] == ["good"]
    assert all(r.reason and r.reason_zh for r in prepared.refused.values())
