"""What flights cost: speed, climb, wind, payload, battery age; one by one and in arrays alike."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planner_city import COPTER, VTOL

from core.energy import CALM, Wind, charge_s, climb_s, route_s
from core.geo import LonLat, offset
from core.power import best_speed_mps, health_after, loaded, power_ratio, rotary_w
from core.route import Route, Waypoint
from planner.routes.effort import reversed_route, routes_s

HOME = LonLat(118.87, 28.95)

waypoints = st.builds(
    Waypoint,
    position=st.builds(
        lambda bearing, metres: offset(HOME, bearing, metres),
        st.floats(0, 360),
        st.floats(0, 3000),
    ),
    height_m=st.floats(40, 120),
    hold_s=st.sampled_from([0.0, 0.0, 6.0]),
    speed_mps=st.sampled_from([None, 3.0, 11.0, 40.0]),
    amsl_m=st.one_of(st.none(), st.floats(100, 600)),
)
routes = st.lists(waypoints, min_size=1, max_size=6).map(lambda w: Route(tuple(w)))
winds = st.builds(Wind, st.floats(0, 9), st.floats(0, 360))


@settings(deadline=None, max_examples=80)
@given(st.lists(routes, min_size=1, max_size=4), winds, st.sampled_from([COPTER, VTOL]))
def test_arrays_and_single_routes_cost_the_same(given_: list, wind: Wind, spec) -> None:  # type: ignore[no-untyped-def]
    _, there, back = routes_s(given_, spec, wind)
    one = [route_s(r, spec, wind) for r in given_]
    turned = [route_s(reversed_route(r), spec, wind) for r in given_]
    assert there == pytest.approx(one, abs=1e-6)
    assert back == pytest.approx(turned, abs=1e-6)


@settings(deadline=None, max_examples=80)
@given(routes, winds)
def test_flying_time_bounds_what_the_battery_gives(route: Route, wind: Wind) -> None:
    assert charge_s(route, COPTER, wind) <= route_s(route, COPTER, wind) + 1e-6


def test_cruise_in_still_air_costs_exactly_its_time() -> None:
    end = offset(HOME, 90, 15 * 600)
    way = Route(tuple(Waypoint(position=p, height_m=80) for p in (HOME, end)))
    assert charge_s(way, COPTER) == pytest.approx(600, abs=1e-6)
    slow = Route((replace(way.waypoints[0], speed_mps=7.5), way.waypoints[1]))
    assert route_s(slow, COPTER) == pytest.approx(1200)
    assert charge_s(slow, COPTER) == pytest.approx(1200 * power_ratio(7.5, COPTER))
    assert charge_s(slow, COPTER) < 1200 * 0.8
    assert charge_s(way, COPTER, Wind(5, 90)) == pytest.approx(route_s(way, COPTER, Wind(5, 90)))
    assert charge_s(slow, VTOL) == route_s(slow, VTOL)


def test_the_power_curve_is_that_of_the_paper() -> None:
    speeds = np.arange(0.0, 30.0, 0.05)
    watts = np.array([rotary_w(v) for v in speeds])
    assert watts[0] == pytest.approx(168.49, abs=0.01)
    assert speeds[watts.argmin()] == pytest.approx(10.2, abs=0.1)  # longest endurance, its fig. 2
    assert speeds[1:][(watts / np.maximum(speeds, 1e-9))[1:].argmin()] == pytest.approx(
        18.3, abs=0.1
    )
    ratios = [power_ratio(v, COPTER) for v in np.linspace(0, COPTER.cruise_mps, 50)]
    assert max(ratios) <= 1.0 + 1e-6
    assert power_ratio(COPTER.cruise_mps, COPTER) == 1.0


def test_payload_and_age_shorten_the_endurance() -> None:
    heavy = replace(COPTER, mass_kg=4.0)
    assert loaded(heavy) == heavy
    with_one = loaded(heavy, payload_kg=1.0)
    assert 0.6 * heavy.endurance_s < with_one.endurance_s < 0.8 * heavy.endurance_s
    assert loaded(heavy, payload_kg=1.0).endurance_s > loaded(heavy, payload_kg=2.0).endurance_s
    assert loaded(COPTER, health=0.85).usable_s == pytest.approx(0.85 * COPTER.usable_s)
    wing = loaded(replace(VTOL, mass_kg=8.0), payload_kg=2.0)
    assert wing.endurance_s == pytest.approx(VTOL.endurance_s * 0.8)
    with pytest.raises(ValueError, match="mass_kg is not known"):
        loaded(COPTER, payload_kg=1.0)
    for payload, health in ((-1.0, 1.0), (0.0, 0.0), (0.0, 1.2), (float("nan"), 1.0)):
        with pytest.raises(ValueError, match="payload"):
            loaded(heavy, payload_kg=payload, health=health)
    assert health_after(400, 400) == pytest.approx(0.8)
    with pytest.raises(ValueError, match="cycles"):
        health_after(-1, 400)
    with pytest.raises(ValueError, match="mass_kg"):
        replace(COPTER, mass_kg=0.0)


def test_the_thriftiest_speed_grows_with_the_headwind() -> None:
    speeds = [best_speed_mps(COPTER, wind) for wind in (-6.0, 0.0, 3.0, 14.0)]
    assert speeds == sorted(speeds)
    assert speeds[0] < 0.95 * COPTER.cruise_mps
    assert speeds[-1] == COPTER.cruise_mps
    assert best_speed_mps(VTOL, 3.0) == VTOL.cruise_mps


def test_a_straight_leg_takes_as_long_as_its_climb() -> None:
    low = Waypoint(position=HOME, height_m=80, amsl_m=100.0)
    high = Waypoint(position=offset(HOME, 0, 10), height_m=80, amsl_m=200.0)
    up, down = Route((low, high)), Route((high, low))
    assert route_s(up, COPTER) == pytest.approx(climb_s(100.0, COPTER))
    assert route_s(down, COPTER) == pytest.approx(100 / COPTER.descent_mps)
    ground = Route((replace(low, amsl_m=None), high))
    assert route_s(ground, COPTER, CALM) == pytest.approx(10 / COPTER.cruise_mps, abs=1e-6)
