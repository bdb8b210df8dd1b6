"""Flights in time: what conflicts is moved, what finds no time is refused, the rest stays."""

from dataclasses import replace
from datetime import timedelta

import pytest
import shapely
from planner_city import COPTER, END, FRAME, START, station
from planner_hand import ACROSS, ALONG, DAY, EAST, TEN, WEST, flight, moved, plan, task

from core.zones import Zone, ZoneKind
from planner.assign.timetable import timed
from planner.problem import Closure, Flight, Plan, Problem, Separation
from planner.verify import verify

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
ONE = flight(DAY, WEST, [ALONG], TEN, name="W-1")
BESIDE = flight(DAY, EAST, [ACROSS], TEN, name="E-1")
SOLVERS = pytest.mark.parametrize("seconds", [0.0, 2.0], ids=["greedy", "CP-SAT"])


def _starts(made: Plan) -> dict[str, float]:
    """By flight, seconds after ten."""
    return {f.id: (f.start - TEN).total_seconds() for f in made.flights}


def _close(problem: Problem) -> tuple[Problem, Flight]:
    """The day with separation, and the second flight so that both meet."""
    ruled = replace(problem, separation=Separation())
    for lag in range(-300, 300, 10):
        beside = moved(BESIDE, lag)
        if any(v.rule == "separation" for v in verify(ruled, plan(ruled, ONE, beside))):
            return ruled, moved(beside, 15)
    raise AssertionError("the two never meet")


def test_a_plan_without_conflicts_is_returned_as_it_is() -> None:
    made = plan(DAY, ONE, moved(BESIDE, 3600))
    day = replace(DAY, crew_limit=1, separation=Separation())
    assert timed(day, made, seconds=1.0) is made
    empty = Plan(flights=(), unserved={}, value=0.0, km=0.0)
    assert timed(day, empty, seconds=1.0) is empty


@SOLVERS
def test_a_crew_for_one_flight_flies_one_after_another(seconds: float) -> None:
    day = replace(DAY, crew_limit=1)
    made = timed(day, plan(DAY, ONE, BESIDE), seconds=seconds)
    assert verify(day, made) == ()
    assert len(made.flights) == 2
    assert _starts(made).values() != {0.0}
    assert 0.0 in _starts(made).values()  # one of them stays


@SOLVERS
def test_crossing_flights_pass_one_after_another(seconds: float) -> None:
    day, beside = _close(DAY)
    before = plan(day, ONE, beside)
    assert {v.rule for v in verify(day, before)} == {"separation"}
    made = timed(day, before, seconds=seconds)
    assert verify(day, made) == ()
    was, now = _starts(before), _starts(made)
    assert 0 < sum(abs(was[k] - now[k]) for k in was) < 200  # no more than it takes


@SOLVERS
def test_what_is_worth_more_stays(seconds: float) -> None:
    day, beside = _close(DAY)
    dear = replace(ACROSS, priority=5)
    day = replace(day, tasks=(ALONG, dear))
    made = timed(day, plan(day, ONE, beside), seconds=seconds)
    assert verify(day, made) == ()
    assert next(f for f in made.flights if f.id == "E-1") == beside


@SOLVERS
def test_what_finds_no_time_is_refused_with_the_rule_that_keeps_it_out(seconds: float) -> None:
    short = replace(ALONG, earliest=TEN, latest=TEN + 3 * MINUTE)
    day = replace(DAY, tasks=(short, ACROSS), crew_limit=1, frozen=(replace(BESIDE, id="f"),))
    day = replace(day, stations=(WEST,), tasks=(short,))
    made = timed(day, plan(day, ONE), seconds=seconds)
    assert made.flights == ()
    assert made.value == made.km == 0.0
    refused = made.unserved["along"]
    assert refused.code == "no_capacity"
    assert "in the air" in refused.reason
    assert refused.conflict
    assert verify(day, made) == ()


def test_a_crossing_that_leaves_no_time_is_named() -> None:
    day, beside = _close(replace(DAY, stations=(WEST,), tasks=(ALONG,)))
    now = ONE.start + timedelta(seconds=70)
    tight = replace(ALONG, earliest=now, latest=now + 85 * timedelta(seconds=1))
    day = replace(day, tasks=(tight,), frozen=(beside,))
    made = timed(day, plan(day, ONE), seconds=1.0)
    assert verify(day, made) == ()
    if not made.flights:  # there is no gap of a few seconds
        assert "meets" in made.unserved["along"].reason


@SOLVERS
def test_frozen_flights_stay_and_the_others_keep_from_them(seconds: float) -> None:
    day, beside = _close(replace(DAY, stations=(WEST,), tasks=(ALONG,)))
    day = replace(day, frozen=(beside,), crew_limit=1)
    made = timed(day, plan(day, ONE), seconds=seconds)
    assert len(made.flights) == 1
    assert verify(day, made) == ()
    held = replace(DAY, frozen=(flight(DAY, WEST, [task("o", (500, 500), (900, 500))], TEN),))
    made = timed(held, plan(held, ONE, BESIDE), seconds=seconds)
    assert len(made.flights) == 2
    assert verify(held, made) == ()


@SOLVERS
def test_windows_closures_and_timed_zones_hold_where_flights_move_to(seconds: float) -> None:
    windows = ((TEN, TEN + 4 * MINUTE), (TEN + HOUR, TEN + HOUR + 4 * MINUTE))
    day = replace(DAY, tasks=(replace(ALONG, windows=windows), ACROSS), crew_limit=1)
    fixed = replace(ACROSS, earliest=TEN, latest=BESIDE.end, priority=5)
    day = replace(day, tasks=(day.tasks[0], fixed))
    made = timed(day, plan(day, ONE, BESIDE), seconds=seconds)
    assert len(made.flights) == 2
    assert verify(day, made) == ()
    assert _starts(made)["W-1"] > 3000
    area = FRAME.to_degrees(shapely.box(900, -100, 1100, 100))
    shut = Closure(id="c", start=TEN, end=TEN + HOUR, reason="storm", reason_zh="雷暴", area=area)
    disc = FRAME.to_degrees(shapely.Point(2000, 900).buffer(100))
    zone = Zone(
        id="z", name="z", name_zh="z", kind=ZoneKind.TEMPORARY, polygon=disc,
        active=(TEN - HOUR, TEN + HOUR),
    )  # fmt: skip
    day = replace(DAY, closures=(shut,), zones=(zone,))
    before = plan(day, ONE, BESIDE)
    assert {v.rule for v in verify(day, before)} == {"closure", "zone"}
    made = timed(day, before, seconds=seconds)
    assert len(made.flights) == 2
    assert verify(day, made) == ()


@SOLVERS
def test_a_drone_s_own_flights_keep_their_rest(seconds: float) -> None:
    tasks = [task(f"t{k}", (500 + 100 * k, 300), (900, 300)) for k in range(4)]
    day = replace(DAY, tasks=tuple(tasks), crew_limit=1)
    made = [flight(day, (WEST, EAST)[k % 2], [t], TEN, name=f"f{k}") for k, t in enumerate(tasks)]
    found = timed(day, plan(day, *made), seconds=seconds)
    assert len(found.flights) == 4
    assert verify(day, found) == ()


def test_a_drone_that_lands_elsewhere_flies_its_first_flight_first() -> None:
    elsewhere = FRAME.point(1500, 1500)
    away = replace(WEST, lands_at=elsewhere)
    more = task("more", (1500, 500), (1000, 500), priority=5)
    day = replace(DAY, stations=(away, EAST), tasks=(ALONG, ACROSS, more), crew_limit=1)
    one = flight(day, away, [ALONG], TEN, name="W-1")
    two = flight(day, away, [more], TEN + 2 * HOUR, name="W-2", begin=elsewhere)
    for start in (TEN, TEN + 2 * HOUR):
        made = timed(day, plan(day, one, moved(BESIDE, (start - TEN).total_seconds()), two),
                     seconds=1.0)  # fmt: skip
        assert len(made.flights) == 3
        assert verify(day, made) == ()
    # without the first there is no second
    other = replace(BESIDE, id="f", station="x", stops=(), start=START, end=TEN + 3 * HOUR)
    none = replace(day, frozen=(other,), tasks=(replace(ALONG, latest=TEN + HOUR), ACROSS, more))
    made = timed(none, plan(none, one, BESIDE, two), seconds=1.0)
    assert "W-2" not in _starts(made)
    assert verify(none, made) == ()


def test_a_drone_in_the_air_does_not_wait() -> None:
    spot = FRAME.point(1000, 600)
    going = replace(WEST, starts_from=spot, airborne_s=600.0, available_from=TEN)
    day = replace(DAY, stations=(going, EAST), crew_limit=1)
    one = flight(day, going, [ALONG], TEN, name="W-1", begin=spot, aloft=True)
    dear = replace(day, tasks=(ALONG, replace(ACROSS, priority=5)))
    made = timed(dear, plan(dear, one, BESIDE), seconds=1.0)
    assert len(made.flights) == 2
    assert next(f for f in made.flights if f.id == "W-1") == one
    assert verify(dear, made) == ()


def test_flights_of_the_plan_in_hand_move_less_readily() -> None:
    day, beside = _close(DAY)
    for kept in (ONE, beside):
        held = replace(day, previous=plan(day, kept))
        made = timed(held, plan(held, ONE, beside), seconds=2.0)
        assert next(f for f in made.flights if f.id == kept.id) == kept
        assert verify(held, made) == ()


def test_a_busy_day_fits_under_its_crew() -> None:
    docks = tuple(station(f"D{k}", 900 * k, 0, COPTER) for k in range(8))
    tasks = tuple(
        task(f"t{k}", (900 * (k % 8), 500), (900 * (k % 8) + 2000 - k, 700), priority=1 + k % 5)
        for k in range(24)
    )
    day = replace(DAY, stations=docks, tasks=tasks, crew_limit=3, separation=Separation())
    flights = [
        flight(day, docks[k % 8], [t], TEN + (k // 8) * HOUR, name=f"f{k}")
        for k, t in enumerate(tasks)
    ]
    before = plan(day, *flights)
    assert verify(day, before)
    greedy, solved = (timed(day, before, seconds=s, seed=1) for s in (0.0, 3.0))
    for made in (greedy, solved):
        assert verify(day, made) == ()
        assert len(made.flights) == 24
    shift = [
        sum(abs((f.start - flights[int(f.id[1:])].start).total_seconds()) for f in made.flights)
        for made in (greedy, solved)
    ]
    assert 0 < shift[1] <= shift[0] * 1.2  # what counts is the prizes that wait
    assert max(f.end for f in solved.flights) <= END
