"""A flown track is measured against its route: sideways, height, time, and never the next line."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from core.conformity import Conformity, Limits, compare
from core.energy import step_s
from core.equipment import VehicleSpec
from core.geo import FlatGround, LonLat, bearing_deg, distance_m, offset
from core.matching import Fix
from core.route import Route, Waypoint

START = datetime(2026, 11, 22, 1, tzinfo=UTC)
HOME = LonLat(118.8, 28.9)
GROUND = FlatGround(60.0)
SPEC = VehicleSpec(
    id="m",
    name="test",
    name_zh="试验",
    vtol=False,
    cruise_mps=15.0,
    climb_mps=5.0,
    descent_mps=3.0,
    endurance_s=2400.0,
    recharge_s=1800.0,
    wind_limit_mps=12.0,
    cameras=(),
)


def _lines(count: int, spacing_m: float) -> Route:
    """A survey: lines of 400 m to the north, so many metres apart."""
    points: list[LonLat] = []
    for k in range(count):
        foot = offset(offset(HOME, 0, 300), 90, k * spacing_m)
        ends = (foot, offset(foot, 0, 400))
        points += ends if k % 2 == 0 else ends[::-1]
    return Route(tuple(Waypoint(position=p, height_m=80.0) for p in points))


def _flown(
    route: Route, *, aside_m: float = 0.0, up_m: float = 0.0, pace: float = 1.0
) -> list[Fix]:
    """The track of a vehicle that flies the route with a fix a second."""
    places = [HOME, *(w.position for w in route.waypoints), HOME]
    fixes, at = [], START
    for a, b in pairwise(places):
        length = distance_m(a, b)
        bearing = 0.0 if length < 1 else bearing_deg(a, b)
        steps = max(1, round(length / 15.0 * pace))
        for k in range(steps):
            here = offset(offset(a, bearing, length * k / steps), 90, aside_m)
            fixes.append(Fix(at, here, 140.0 + up_m))
            at += timedelta(seconds=1)
    return fixes


def _planned_end(route: Route) -> datetime:
    stops = [Waypoint(position=HOME, height_m=80.0)]
    legs = [*stops, *route.waypoints, *stops]
    return START + timedelta(seconds=sum(step_s(a, b, SPEC) for a, b in pairwise(legs)))


def _compare(route: Route, track: list[Fix]) -> Conformity:
    return compare(
        route,
        track,
        home=HOME,
        landing=HOME,
        start=START,
        end=_planned_end(route),
        spec=SPEC,
        ground=GROUND,
    )


def test_a_flight_as_planned_holds() -> None:
    route = _lines(4, 30.0)
    found = _compare(route, _flown(route))
    assert found.as_planned
    assert found.flown == 1.0
    assert found.sideways_m is not None
    assert found.sideways_m.most < 1.0
    assert found.height_m is not None
    assert found.height_m.most < 0.5
    assert found.pace == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("aside_m", [15.0, 25.0])
def test_a_vehicle_beside_its_line_is_not_compared_with_the_next_one(aside_m: float) -> None:
    route = _lines(4, 30.0)
    found = _compare(route, _flown(route, aside_m=aside_m))
    assert not found.as_planned
    assert found.sideways_m is not None
    assert found.sideways_m.median == pytest.approx(aside_m, abs=1.0)
    assert all(d.kind == "sideways" for d in found.deviations)


def test_a_wrong_height_is_told_with_its_worst_place() -> None:
    route = _lines(2, 40.0)
    found = _compare(route, _flown(route, up_m=-22.0))
    assert found.height_m is not None
    assert found.height_m.median == pytest.approx(22.0, abs=0.5)
    assert {d.kind for d in found.deviations} == {"height"}
    assert found.deviations[0].worst == pytest.approx(22.0, abs=0.5)


def test_heights_above_the_sea_are_compared_as_such() -> None:
    route = Route(
        tuple(
            Waypoint(position=w.position, height_m=80.0, amsl_m=150.0)
            for w in _lines(2, 40.0).waypoints
        )
    )
    found = _compare(route, _flown(route))
    assert found.height_m is not None
    assert found.height_m.median == pytest.approx(10.0, abs=0.1)


def test_a_flight_that_was_broken_off_says_how_much_was_flown() -> None:
    route = _lines(4, 30.0)
    track = _flown(route)
    found = _compare(route, track[: len(track) // 2])
    assert 0.3 < found.flown < 0.6
    assert not found.as_planned


def test_a_slow_flight_shows_its_pace_and_lands_late() -> None:
    route = _lines(4, 30.0)
    found = _compare(route, _flown(route, pace=1.5))
    assert found.pace == pytest.approx(1.5, abs=0.05)
    assert found.landed_late_s > 30


def test_a_track_without_positions_is_refused() -> None:
    with pytest.raises(ValueError, match="without a single position"):
        _compare(_lines(2, 40.0), [])


def test_a_climb_upright_over_the_dock_is_no_wrong_height() -> None:
    route = _lines(2, 40.0)
    climb = [Fix(START + timedelta(seconds=k - 20), HOME, 60.0 + 4 * k) for k in range(20)]
    found = _compare(route, climb + _flown(route))
    assert found.height_m is not None
    assert found.height_m.most < 0.5


def test_a_silence_on_the_radio_loses_no_place_on_the_route() -> None:
    route = _lines(6, 30.0)
    track = _flown(route)
    found = _compare(route, track[:60] + track[170:])
    assert found.sideways_m is not None
    assert found.sideways_m.most < 1.0
    assert found.flown == 1.0


def test_a_wing_may_pass_a_corner_by_part_of_its_turn_radius() -> None:
    wing = replace(SPEC, vtol=True, cruise_mps=20.0)
    assert Limits.of(SPEC).sideways_m == 10.0
    assert 25.0 < Limits.of(wing).sideways_m < 45.0
