"""Each rule of a day is kept by the plan and believed by the checker."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
import shapely
from planner_city import COPTER, END, FRAME, START, city, look, station

from core.zones import Zone
from planner import Plan, Problem, Station, Task, prepare, solve, verify
from planner.assign.fairness import fairness
from planner.problem import Closure, Flight

HOUR = timedelta(hours=1)
SECONDS = 0.3


@pytest.fixture(scope="module")
def problem() -> Problem:
    looks, stations, zones = city(7, 5, 60, 2, 6000.0)
    return Problem(
        stations=tuple(stations), tasks=prepare(looks, stations, zones).tasks,
        zones=tuple(zones), start=START, end=END,
    )  # fmt: skip


@pytest.fixture(scope="module")
def plan(problem: Problem) -> Plan:
    return solve(problem, seconds=SECONDS)


def _solved(problem: Problem, seconds: float = SECONDS) -> Plan:
    """A plan that the checker accepts."""
    plan = solve(problem, seconds=seconds)
    assert [str(v) for v in verify(problem, plan)] == []
    return plan


def _with(problem: Problem, change: Callable[[Station], Station]) -> Problem:
    return replace(problem, stations=tuple(change(s) for s in problem.stations))


def _flown(plan: Plan) -> set[str]:
    return {stop.task for f in plan.flights for stop in f.stops}


def _area(x: float, y: float, half_m: float) -> shapely.Geometry:
    return FRAME.to_degrees(shapely.box(x - half_m, y - half_m, x + half_m, y + half_m))


def _closed(begin: timedelta, end: timedelta, area: shapely.Geometry | None = None) -> Closure:
    return Closure(
        id="storm", start=START + begin, end=START + end, reason="a storm", reason_zh="雷暴",
        area=area,
    )  # fmt: skip


def test_a_storm_over_the_city_keeps_all_drones_in_their_docks(problem: Problem) -> None:
    storm = _closed(3 * HOUR, 5 * HOUR)
    plan = _solved(replace(problem, closures=(storm,)))
    assert all(f.end <= storm.start or f.start >= storm.end for f in plan.flights)
    assert any(f.end <= storm.start for f in plan.flights)
    assert any(f.start >= storm.end for f in plan.flights)


def test_a_closed_area_is_flown_before_and_after(problem: Problem, plan: Plan) -> None:
    area = _area(-2500, 0, 2500)
    storm = _closed(2 * HOUR, 6 * HOUR, area)
    found = _solved(replace(problem, closures=(storm,)))
    within = [
        f for f in found.flights
        if shapely.intersects(
            shapely.LineString([(w.position.lon, w.position.lat) for w in f.route.waypoints]), area
        )
    ]  # fmt: skip
    assert within
    assert all(f.end <= storm.start or f.start >= storm.end for f in within)
    assert any(f.start < storm.start for f in within)
    others = [f for f in found.flights if f not in within]
    assert any(f.start < storm.end and f.end > storm.start for f in others)
    assert found.value > 0.5 * plan.value


def test_what_is_closed_all_its_time_is_refused_for_the_weather(problem: Problem) -> None:
    area = _area(0, 0, 7000)
    shut = replace(problem, closures=(_closed(-HOUR, 11 * HOUR, area),))
    plan = _solved(shut)
    assert plan.unserved
    assert any(r.code == "weather" for r in plan.unserved.values())
    weather = next(r for r in plan.unserved.values() if r.code == "weather")
    assert "storm" in weather.reason
    assert "雷暴" in weather.reason_zh


def test_a_timed_zone_over_a_task_leaves_it_the_rest_of_the_day(problem: Problem) -> None:
    tasks = [t for t in problem.tasks if t.latest == END and t.earliest == START]
    task = next(t for t in tasks if t.id in _flown(solve(problem, seconds=0)))
    route = next(iter(task.routes.values()))
    x, y = FRAME.point_xy(route.entry)
    until = START + 5 * HOUR
    zone = Zone(
        id="show", name="show", name_zh="航展", kind=problem.zones[0].kind,
        polygon=_area(x, y, 300), active=(START - HOUR, until),
    )  # fmt: skip
    timed = replace(problem, zones=(*problem.zones, zone), tasks=(task,))
    plan = _solved(timed)
    assert plan.flights[0].start >= until
    forever = replace(zone, active=None)
    refused = _solved(replace(timed, zones=(*problem.zones, forever)))
    assert refused.unserved[task.id].code == "zone"


def test_work_lies_in_one_of_the_task_s_windows(problem: Problem) -> None:
    hours = (
        (START + 2 * HOUR, START + 3 * HOUR), (START + 8 * HOUR, START + 9 * HOUR)
    )  # fmt: skip
    tasks = tuple(replace(t, windows=hours) for t in problem.tasks)
    plan = _solved(replace(problem, tasks=tasks))
    early = [f for f in plan.flights if f.start < START + 4 * HOUR]
    assert early
    assert len(early) < len(plan.flights)


def test_standby_and_worn_batteries_fly_less(problem: Problem, plan: Plan) -> None:
    spared = problem.stations[0].id
    idle = _with(problem, lambda s: replace(s, standby=s.id == spared))
    assert all(f.station != spared for f in _solved(idle).flights)
    worn = _solved(_with(problem, lambda s: replace(s, health=0.6)))
    specs = {s.id: s.spec for s in problem.stations}
    for flight in worn.flights:
        flown = (flight.end - flight.start).total_seconds()
        assert flown <= 0.6 * specs[flight.station].usable_s + 1
    assert worn.value <= plan.value


def test_what_was_to_be_filed_is_refused(problem: Problem) -> None:
    due = START - 2 * HOUR
    tasks = tuple(replace(t, file_by=due) if k % 2 else t for k, t in enumerate(problem.tasks))
    late = _solved(replace(problem, tasks=tasks, now=START - HOUR))
    filed = {t.id for t in tasks if t.file_by}
    assert {late.unserved[name].code for name in filed} == {"filing"}
    assert _flown(late)
    in_time = _solved(replace(problem, tasks=tasks, now=START - 3 * HOUR))
    assert _flown(in_time) & filed


def test_frozen_flights_stay_and_their_drones_fly_round_them(problem: Problem, plan: Plan) -> None:
    frozen = tuple(f for f in plan.flights if f.start > START + 2 * HOUR)[:4]
    left = tuple(t for t in problem.tasks if t.id not in {s.task for f in frozen for s in f.stops})
    again = _solved(replace(problem, frozen=frozen, tasks=left))
    assert not {f.id for f in frozen} & {f.id for f in again.flights}
    assert _flown(again) <= {t.id for t in left}
    assert any(f.station in {g.station for g in frozen} for f in again.flights)


def test_a_drone_in_the_air_goes_on_from_where_it_is(problem: Problem) -> None:
    away = FRAME.point(300.0, 200.0)
    one = replace(problem.stations[0], starts_from=away, airborne_s=1500.0)
    aloft = replace(problem, stations=(one,), now=START)
    plan = _solved(aloft)
    first = min(plan.flights, key=lambda f: f.start)
    assert first.route.entry == away
    assert (first.end - START).total_seconds() <= 1500.0
    assert len(plan.flights) > 1
    assert all(f.route.entry == one.position for f in plan.flights if f is not first)


def test_flights_land_at_another_dock(problem: Problem) -> None:
    other = FRAME.point(*(c + 1200.0 for c in FRAME.point_xy(problem.stations[0].position)))
    moved = replace(problem.stations[0], lands_at=other)
    plan = _solved(replace(problem, stations=(moved,), zones=()))
    flights: list[Flight] = sorted(plan.flights, key=lambda f: f.start)
    assert len(flights) > 1
    assert flights[0].route.entry == moved.position
    assert all(f.route.exit == other for f in flights)
    assert all(f.route.entry == other for f in flights[1:])


def test_the_plan_in_hand_is_where_the_search_begins(problem: Problem, plan: Plan) -> None:
    held = replace(problem, previous=plan, churn_m=1e7)
    again = _solved(held)
    server = {s.task: f.station for f in plan.flights for s in f.stops}
    now = {s.task: f.station for f in again.flights for s in f.stops}
    assert all(now.get(task) == who for task, who in server.items())
    assert again.value >= plan.value


def test_wear_makes_fewer_flights(problem: Problem, plan: Plan) -> None:
    few = _solved(replace(problem, wear_m=20_000.0, previous=plan))
    assert len(few.flights) <= len(plan.flights)
    assert few.value >= 0.95 * plan.value


def test_the_department_that_gets_least_gets_more(problem: Problem) -> None:
    crowd = tuple(
        replace(t, departments=("water",) if t.priority < 4 else ("fire",)) for t in problem.tasks
    )
    few = replace(problem, stations=problem.stations[:1], tasks=crowd)
    greedy = fairness(few, _solved(few, seconds=1.0))
    even = fairness(few, _solved(replace(few, fairness=1.0), seconds=1.5))
    assert even.jain >= greedy.jain - 0.02
    assert even.least >= greedy.least - 0.02
    assert set(even.shares) == {"water", "fire"}


def test_a_crew_watches_no_more_than_it_can(problem: Problem, plan: Plan) -> None:
    alone = _solved(replace(problem, crew_limit=1))
    ordered = sorted(alone.flights, key=lambda f: f.start)
    rounding = timedelta(seconds=2)
    assert all(a.end <= b.start + rounding for a, b in pairwise(ordered))
    assert alone.value > 0.3 * plan.value


def test_a_task_far_away_is_flown_though_its_prize_is_less_than_the_way() -> None:
    dock = station("A", 0, 0, replace(COPTER, endurance_s=9000.0))
    far = look("far", shapely.box(14_000, 0, 14_200, 200), priority=1)
    task = prepare([far], [dock], []).tasks[0]
    day = Problem(stations=(dock,), tasks=(task,), zones=(), start=START, end=END)
    assert isinstance(task, Task)
    assert _solved(day).unserved == {}
