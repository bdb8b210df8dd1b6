"""A running day after something happened: who flies instead, who is left alone, who is told."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from planner_city import END, FRAME, START, city

from core.clearance import conflicts
from core.equipment import Sensor
from core.zones import Zone, ZoneKind
from planner import Plan, Problem, Response, prepare, solve, verify
from planner.problem import Closure, Flight
from planner.replan.aloft import cut, track
from planner.replan.changes import by_department, moved, visits
from planner.replan.events import Cancelled, Emergency, Event, Lost, Replanned, Urgent
from planner.replan.improve import improve
from planner.replan.running import replan

HEAT = frozenset({Sensor.THERMAL})


def made(seed: int) -> tuple[Problem, Plan]:
    looks, docks, zones = city(seed, 5, 45, 3, 8000.0)
    tasks = tuple(
        replace(t, departments=(f"dept {k % 3}",))
        for k, t in enumerate(prepare(looks, docks, zones).tasks)
    )
    problem = Problem(stations=tuple(docks), tasks=tasks, zones=tuple(zones), start=START, end=END)
    return problem, solve(problem, seconds=0)


@pytest.fixture(scope="module")
def day() -> tuple[Problem, Plan]:
    return made(11)


def moment(plan: Plan) -> datetime:
    """When the longest flight among the first third of the day is half over."""
    early = sorted(plan.flights, key=lambda f: f.start)[: max(1, len(plan.flights) // 3)]
    longest = max(early, key=lambda f: f.end - f.start)
    return longest.start + 0.4 * (longest.end - longest.start)


def aloft(plan: Plan) -> list[Flight]:
    return [f for f in plan.flights if f.start <= moment(plan) < f.end]


def to_come(plan: Plan) -> list[Flight]:
    return sorted((f for f in plan.flights if f.start > moment(plan)), key=lambda f: f.start)


def middle(flight: Flight) -> tuple[float, float]:
    points = flight.route.waypoints
    return FRAME.point_xy(points[len(points) // 2].position)


def shut(flight: Flight, now: datetime, radius_m: float = 900.0) -> Closure:
    disc = FRAME.to_degrees(shapely.Point(*middle(flight)).buffer(radius_m))
    return Closure(
        id="storm", start=now, end=now + timedelta(hours=3), reason="a storm", reason_zh="雷暴",
        area=disc,
    )  # fmt: skip


def appearing(flight: Flight) -> Zone:
    disc = FRAME.to_degrees(shapely.Point(*middle(flight)).buffer(250))
    return Zone(id="new", name="new", name_zh="新", kind=ZoneKind.TEMPORARY, polygon=disc)


def in_order(given: Replanned, problem: Problem, plan: Plan) -> None:
    """What must hold after any event: accepted, everybody accounted for, others left alone."""
    assert verify(given.problem, given.plan) == ()
    served = {s.task for f in given.flights for s in f.stops}
    assert {t.id for t in problem.tasks} <= served | set(given.plan.unserved) | _cancelled(given)
    now = moment(plan)
    for flight in plan.flights:
        if flight.end <= now or (flight.start <= now and flight.id not in given.diverted):
            assert flight in given.problem.frozen


def _cancelled(given: Replanned) -> set[str]:
    names = {t.id for t in given.problem.tasks} | set(given.flown)
    return {s.task for f in given.before for s in f.stops} - names


def test_a_docked_drone_goes_and_only_its_own_flights_move(day: tuple[Problem, Plan]) -> None:
    problem, plan = day
    dock = next(s for s in problem.stations if s.id not in {f.station for f in aloft(plan)})
    fire = Emergency(
        id="fire", target=dock.position, sensors=HEAT, what="a fire", what_zh="火情",
        departments=("fire brigade",),
    )  # fmt: skip
    found = replan(problem, plan, [fire], moment(plan))
    in_order(found, problem, plan)
    response = found.response["fire"]
    assert isinstance(response, Response)
    assert not response.airborne
    assert response.eta_s < 180
    assert {f.station for f in plan.flights if f.id in moved(to_come(plan), found.flights)} <= {
        response.station
    }
    told = by_department(found.changes)["fire brigade"]
    assert told[0].kind == "added"
    assert "fire: flown at" in told[0].text
    assert told[0].text.endswith("; a fire")
    assert "火情" in told[0].text_zh


def test_a_drone_in_the_air_turns_and_what_it_leaves_is_flown_by_others(
    day: tuple[Problem, Plan],
) -> None:
    problem, plan = day
    flight = max(aloft(plan), key=lambda f: f.end)
    dock = next(s for s in problem.stations if s.id == flight.station)
    here = cut(flight, dock, problem, {t.id: t for t in problem.tasks}, moment(plan)).here
    fire = Emergency(id="fire", target=here, sensors=HEAT)
    found = replan(problem, plan, [fire], moment(plan))
    in_order(found, problem, plan)
    response = found.response["fire"]
    assert isinstance(response, Response)
    assert response.airborne
    assert response.station == flight.station
    assert response.eta_s < 1
    turned = next(f for f in found.problem.frozen if f.id == flight.id)
    assert turned.stops[-1].task == "fire"
    assert turned.landing_share >= dock.spec.reserve - 1e-6
    path = [w.position for w in turned.route.waypoints]
    assert conflicts(path, problem.zones, height_m=120) == []
    assert path[-1] == dock.position


def test_a_failed_drone_flies_no_more_and_nobody_else_moves(day: tuple[Problem, Plan]) -> None:
    problem, plan = day
    name = max(to_come(plan), key=lambda f: len(f.stops)).station
    found = replan(problem, plan, [Lost(station=name)], moment(plan))
    in_order(found, problem, plan)
    assert not [f for f in found.plan.flights if f.station == name]
    assert {f.station for f in plan.flights if f.id in moved(to_come(plan), found.flights)} == {
        name
    }
    again = visits(found.plan.flights)
    lost = [s.task for f in to_come(plan) if f.station == name for s in f.stops]
    assert any(task in again for task in lost)
    told = {c.task: c for c in found.changes}
    assert all(task in told for task in lost)
    assert all(f"{name} failed" in told[task].text for task in lost)
    assert all(f"{name}发生故障" in told[task].text_zh for task in lost)


def test_a_drone_that_comes_back_flies_again_later(day: tuple[Problem, Plan]) -> None:
    problem, plan = day
    back = moment(plan) + timedelta(hours=3)
    name = max(to_come(plan), key=lambda f: f.start).station
    found = replan(problem, plan, [Lost(station=name, until=back)], moment(plan))
    in_order(found, problem, plan)
    own = [f for f in found.plan.flights if f.station == name]
    assert own
    assert all(f.start >= back for f in own)


def test_a_zone_that_appears_is_flown_round_or_not_at_all(day: tuple[Problem, Plan]) -> None:
    problem, plan = day
    zone = appearing(to_come(plan)[3])
    found = replan(problem, plan, [zone], moment(plan))
    in_order(found, problem, plan)
    assert found.problem.zones[-1] == zone
    for flight in found.plan.flights:
        assert conflicts([w.position for w in flight.route.waypoints], [zone], height_m=120) == []
    for name, refusal in found.plan.unserved.items():
        if name not in plan.unserved:
            assert refusal.code in {"zone", "no_capacity"}


def test_who_flies_into_a_zone_that_appears_turns_home_round_it(
    day: tuple[Problem, Plan],
) -> None:
    problem, plan = day
    tasks = {t.id: t for t in problem.tasks}
    for flight in aloft(plan):
        dock = next(s for s in problem.stations if s.id == flight.station)
        ahead = cut(flight, dock, problem, tasks, moment(plan)).ahead
        spot = shapely.Point(*FRAME.point_xy(ahead[len(ahead) // 2]))
        ends = shapely.MultiPoint([FRAME.point_xy(p) for p in (ahead[0], dock.position)])
        if spot.distance(ends) > 600:
            break
    disc = FRAME.to_degrees(spot.buffer(200))
    zone = Zone(id="new", name="new", name_zh="新", kind=ZoneKind.TEMPORARY, polygon=disc)
    found = replan(problem, plan, [zone], moment(plan))
    in_order(found, problem, plan)
    assert flight.id in found.diverted
    turned = next(f for f in found.problem.frozen if f.id == flight.id)
    assert turned.end < flight.end
    rest = cut(turned, dock, problem, tasks, moment(plan)).ahead
    assert conflicts(list(rest), [zone], height_m=120) == []


def test_a_closed_area_is_empty_while_it_is_closed(day: tuple[Problem, Plan]) -> None:
    problem, plan = day
    closure = shut(to_come(plan)[0], moment(plan))
    found = replan(problem, plan, [closure], moment(plan))
    in_order(found, problem, plan)
    for flight in found.plan.flights:
        line = shapely.LineString(
            [(w.position.lon, w.position.lat) for w in flight.route.waypoints]
        )
        apart = flight.end <= closure.start or flight.start >= closure.end
        assert apart or not shapely.intersects(closure.area, line)
    assert any("a storm" in c.text for c in found.changes)


def test_a_cancelled_task_is_flown_no_more_and_an_urgent_one_is(day: tuple[Problem, Plan]) -> None:
    problem, plan = day
    flight = next(f for f in to_come(plan) if len(f.stops) > 1)
    gone, partner = flight.stops[0].task, flight.stops[1].task
    wish = next(t for t in problem.tasks if t.id == partner)
    urgent = replace(
        wish, id="urgent", looks=("urgent",), priority=5, earliest=moment(plan), latest=END
    )
    found = replan(problem, plan, [Cancelled(task=gone), Urgent(task=urgent)], moment(plan))
    in_order(found, problem, plan)
    served = visits(found.plan.flights)
    assert gone not in served
    assert gone not in found.plan.unserved
    assert "urgent" in served
    assert partner in served


def test_one_event_after_another(day: tuple[Problem, Plan]) -> None:
    problem, plan = day
    first = replan(problem, plan, [shut(to_come(plan)[0], moment(plan))], moment(plan))
    later = moment(plan) + timedelta(minutes=40)
    name = next(f.station for f in first.plan.flights if f.start > later)
    second = replan(first.problem, first.plan, [Lost(station=name)], later, flown=first.flown)
    assert verify(second.problem, second.plan) == ()
    assert {s.task for f in second.flights for s in f.stops} | set(second.plan.unserved) >= {
        s.task for f in plan.flights for s in f.stops
    }


@pytest.mark.parametrize("most", [0, 1, 4])
def test_no_more_flights_move_than_the_dispatcher_allows(
    day: tuple[Problem, Plan], most: int
) -> None:
    problem, plan = day
    found = replan(problem, plan, [shut(to_come(plan)[0], moment(plan), 3000.0)], moment(plan))
    better = improve(found, most_moved=most, seconds=0.3)
    in_order(better, problem, plan)
    assert len(moved(found.plan.flights, better.plan.flights)) <= most
    assert better.plan.value >= found.plan.value
    if better.plan.value == found.plan.value:
        assert better.plan.km <= found.plan.km + 1e-6


def test_a_flight_is_where_its_times_say(day: tuple[Problem, Plan]) -> None:
    problem, plan = day
    flight = plan.flights[0]
    dock = next(s for s in problem.stations if s.id == flight.station)
    way = track(flight, dock, problem.wind)
    assert way.at(0.0) == dock.position
    seconds = (flight.end - flight.start).total_seconds()
    assert way.clock_s[-1] < seconds
    assert way.at(seconds) == dock.position
    tasks = {t.id: t for t in problem.tasks}
    whole = cut(flight, dock, problem, tasks, flight.end)
    assert whole.done == flight.stops
    none = cut(flight, dock, problem, tasks, flight.start + timedelta(seconds=1))
    assert none.left == flight.stops


@settings(deadline=None, max_examples=6, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 400), st.integers(0, 40), st.sampled_from(["fire", "fail", "zone", "storm"]))
def test_whatever_happens_no_flight_of_another_drone_moves(seed: int, k: int, what: str) -> None:
    problem, plan = made(seed)
    if not plan.flights or not to_come(plan):
        return
    flight = to_come(plan)[k % len(to_come(plan))]
    target = FRAME.point(*(0.5 * c for c in middle(flight)))
    event: Event = {
        "fire": Emergency(id="fire", target=target, sensors=HEAT),
        "fail": Lost(station=flight.station),
        "zone": appearing(flight),
        "storm": shut(flight, moment(plan)),
    }[what]  # type: ignore[assignment]
    found = replan(problem, plan, [event], moment(plan), seconds=0.0)
    in_order(found, problem, plan)
    concerned = {f.station for f in plan.flights if f.id in found.diverted}
    concerned |= {r.station for r in found.response.values() if isinstance(r, Response)}
    if isinstance(event, Lost):
        concerned.add(event.station)
    for old in to_come(plan):
        path = [w.position for w in old.route.waypoints]
        if isinstance(event, Zone) and conflicts(path, [event], height_m=120):
            continue
        line = shapely.LineString([(p.lon, p.lat) for p in path])
        if isinstance(event, Closure) and shapely.intersects(event.area, line):
            continue
        assert old.station in concerned or old in found.plan.flights
