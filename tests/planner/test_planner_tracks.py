"""The clock of many flights at once is that of core.energy, waypoint by waypoint."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from planner_city import COPTER, FRAME
from planner_hand import ACROSS, ALONG, DAY, EAST, TEN, WEST, flight, point

from core.energy import Wind, climb_s, descent_s, step_s
from planner.assign.tracks import city_frame, clock, legs_of

WINDY = replace(DAY, wind=Wind(5.0, 200.0))


def test_waypoints_are_reached_when_core_says() -> None:
    way = [
        point(0, 0), point(900, 200, hold_s=40.0), point(1000, 0, speed_mps=6.0),
        point(2000, 0, amsl_m=150.0), point(2050, 0, height_m=110.0, amsl_m=220.0),
        point(2500, 300, height_m=60.0), point(0, 0),
    ]  # fmt: skip
    flights = [flight(WINDY, WEST, [], TEN, way=way), flight(WINDY, EAST, [ACROSS, ALONG], TEN)]
    made = clock(flights, WINDY)
    at = 0
    for k, one in enumerate(flights):
        now = climb_s(one.route.waypoints[0].height_m, COPTER)
        for a, b in pairwise(one.route.waypoints):
            assert made.arrive[at] == pytest.approx(now, abs=0.01)
            now += a.hold_s
            assert made.leave[at] == pytest.approx(now, abs=0.01)
            now += step_s(a, b, COPTER, WINDY.wind)
            at += 1
        assert made.arrive[at] == pytest.approx(now, abs=0.01)
        landed = now + descent_s(one.route.waypoints[-1].height_m, COPTER)
        assert made.landed[k] == pytest.approx(landed, abs=0.01)
        at += 1


def test_a_released_flight_keeps_its_own_times() -> None:
    one = flight(WINDY, WEST, [ALONG], TEN)
    late = replace(one, end=one.end + 0.5 * (one.end - one.start))
    fresh, slow = clock([one], WINDY), clock([late], WINDY)
    assert slow.arrive == pytest.approx(1.5 * fresh.arrive)


def test_legs_follow_one_another_without_a_gap() -> None:
    flights = [flight(WINDY, WEST, [ALONG], TEN), flight(WINDY, EAST, [ACROSS], TEN)]
    legs = legs_of(clock(flights, WINDY), city_frame(WINDY, flights))
    for k, one in enumerate(flights):
        own = legs.take(legs.flight == k)
        assert own.begin_s[0] == own.begin_m[0] == own.end_m[-1] == 0.0
        assert own.end_s[-1] == pytest.approx((one.end - one.start).total_seconds(), abs=0.01)
        assert own.begin_s[1:] == pytest.approx(own.end_s[:-1])
        assert np.allclose(own.begin[1:], own.end[:-1])
        assert own.begin_m[1:] == pytest.approx(own.end_m[:-1])


def test_a_drone_in_the_air_does_not_climb_and_a_strange_one_is_timed_by_its_flight() -> None:
    spot = FRAME.point(1000, 600)
    going = replace(WEST, starts_from=spot, airborne_s=600.0, available_from=TEN)
    day = replace(WINDY, stations=(going, EAST))
    one = flight(day, going, [ALONG], TEN, begin=spot, aloft=True)
    strange = replace(flight(day, EAST, [ACROSS], TEN), station="strange")
    made = clock([one, strange], day)
    assert made.arrive[0] == 0.0
    assert made.landed[1] == (strange.end - strange.start).total_seconds()
