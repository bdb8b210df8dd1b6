"""Long routes flown in several sorties, and interrupted ones flown to their end."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from planner_city import COPTER, FRAME, zone

from core.energy import Wind
from core.errors import InvalidInput
from core.geo import LonLat, distance_m
from core.route import Route, Waypoint
from planner.routes.airspace import Airspace
from planner.sorties.costs import out_and_back
from planner.sorties.cutting import piece, rest_of
from planner.sorties.flown import ROUNDING_S, sorties

DOCK = FRAME.point(-500.0, -500.0)


def lines(count: int, length_m: float, spacing_m: float, *, amsl: bool = False) -> Route:
    """To and fro, with a corner in the middle of every third line."""
    points: list[Waypoint] = []
    for k in range(count):
        xs = [0.0, length_m / 3, length_m] if k % 3 == 1 else [0.0, length_m]
        for j, x in enumerate(xs if k % 2 == 0 else xs[::-1]):
            last = j == len(xs) - 1
            points.append(
                Waypoint(
                    position=FRAME.point(x, 40.0 * k + (5.0 if j == 1 and len(xs) == 3 else 0.0)),
                    height_m=80.0,
                    photo_spacing_m=0.0 if last else spacing_m,
                    speed_mps=None if last else 10.0,
                    amsl_m=200.0 + x / 10 if amsl else None,
                )
            )
    return Route(tuple(points))


def hovers(count: int) -> Route:
    spots = [FRAME.point(150.0 * k, 30.0 * (k % 2)) for k in range(count)]
    return Route(
        tuple(
            Waypoint(position=p, height_m=70.0, photo=True, hold_s=6.0)
            for p in spots
            for _ in range(2)
        )
    )


def same(have: Route, want: list) -> bool:  # type: ignore[type-arg]
    return len(have.shots) == len(want) and all(
        distance_m(a.position, b.position) < 0.05 for a, b in zip(have.shots, want, strict=True)
    )


routes = st.one_of(
    st.builds(lines, st.integers(1, 6), st.floats(60, 900), st.floats(11, 70), amsl=st.booleans()),
    st.builds(hovers, st.integers(1, 8)),
)


@settings(deadline=None, max_examples=60)
@given(routes, st.data())
def test_a_piece_takes_exactly_its_photographs(route: Route, data: st.DataObject) -> None:
    last = len(route.shots) - 1
    a = data.draw(st.integers(0, last))
    b = data.draw(st.integers(a, last))
    assert same(piece(route, a, b), list(route.shots[a : b + 1]))
    assert same(rest_of(route, a), list(route.shots[a:]))


@settings(deadline=None, max_examples=40)
@given(routes, st.floats(200, 900), st.floats(0, 6), st.floats(0, 360))
def test_sorties_fit_and_together_take_every_photograph_once(
    route: Route, usable_s: float, wind_mps: float, wind_from: float
) -> None:
    spec, wind = replace(COPTER, endurance_s=usable_s / 0.8), Wind(wind_mps, wind_from)
    try:
        found = sorties(route, [DOCK], spec, wind=wind)
    except InvalidInput:
        with pytest.raises(InvalidInput, match="out and back"):
            sorties(route, [DOCK], spec, wind=wind)
        return
    taken = [s for one in found for s in one.route.shots]
    assert len(taken) == len(route.shots)
    for have, want in zip(taken, route.shots, strict=True):
        assert distance_m(have.position, want.position) < 0.05
    for one in found:
        assert one.seconds <= spec.usable_s
        assert distance_m(one.route.entry, DOCK) < 0.01
        assert distance_m(one.route.exit, DOCK) < 0.01
        assert len(one.route.shots) == one.last_photo - one.first_photo + 1


def cost_s(route: Route, docks: list[LonLat], spec, a: int, b: int) -> float:  # type: ignore[no-untyped-def]
    """Of flying photographs a to b from the best dock, by flying nothing else."""
    easy = replace(spec, endurance_s=1e7)
    part = piece(route, a, b)
    return min(sorties(part, [d], easy)[0].seconds for d in docks)


@settings(deadline=None, max_examples=12)
@given(routes, st.floats(150, 400), st.booleans())
def test_no_fewer_sorties_would_do(route: Route, usable_s: float, two: bool) -> None:
    """Against every way to cut, by dynamic programming."""
    docks = [DOCK, FRAME.point(900.0, 0.0)] if two else [DOCK]
    spec = replace(COPTER, endurance_s=usable_s / 0.8)
    n = len(route.shots)
    assume(n <= 28)
    try:
        found = sorties(route, docks, spec)
    except InvalidInput:
        return
    least = [0.0] + [math.inf] * n
    for b in range(n):
        for a in range(b + 1):
            if (
                least[a] < math.inf
                and cost_s(route, docks, spec, a, b) <= spec.usable_s - ROUNDING_S
            ):
                least[b + 1] = min(least[b + 1], least[a] + 1)
    assert len(found) == least[n]


def test_sorties_are_evenly_long() -> None:
    route = lines(30, 1500.0, 30.0)
    found = sorties(route, [DOCK], replace(COPTER, endurance_s=2000.0))
    seconds = [s.seconds for s in found]
    assert len(found) == 4
    assert max(seconds) - min(seconds) < 60.0
    assert max(seconds) < 1600.0


def test_a_short_route_stays_as_it_is() -> None:
    route = lines(3, 400.0, 30.0)
    (only,) = sorties(route, [DOCK], COPTER)
    assert only.route.waypoints[1:-1] == route.waypoints


def test_the_nearer_dock_flies_and_transfers_go_round_zones() -> None:
    route = lines(20, 1500.0, 30.0)
    docks = [FRAME.point(-2500.0, 0.0), FRAME.point(3500.0, 800.0)]
    sky = Airspace(FRAME, [zone("Z", -1200.0, 100.0, 500.0)])
    spec = replace(COPTER, endurance_s=1500.0)
    found = sorties(route, docks, spec, sky=sky)
    assert {s.dock for s in found} <= {0, 1}
    for one in found:
        xy = np.column_stack(
            FRAME.xy(
                *zip(*((w.position.lon, w.position.lat) for w in one.route.waypoints), strict=True)
            )
        )
        assert not sky.crosses(xy[:-1], xy[1:]).any()
        assert one.seconds <= spec.usable_s
    from_west = sorties(route, docks[:1], spec, sky=sky)
    assert any(len(s.route.waypoints) > len(piece(route, s.first_photo, s.last_photo).waypoints) + 3
               for s in from_west)  # fmt: skip


def test_an_overlap_takes_photographs_twice_on_purpose() -> None:
    route = lines(20, 1500.0, 30.0)
    spec = replace(COPTER, endurance_s=1500.0)
    found = sorties(route, [DOCK], spec, overlap=2)
    assert len(found) > 1
    for before, after in pairwise(found):
        assert after.first_photo == before.last_photo - 1


def test_what_is_done_to_each_sortie_counts() -> None:
    """Following the ground takes longer: there are more sorties, and still each fits."""
    route = lines(20, 1500.0, 30.0)
    spec = replace(COPTER, endurance_s=1500.0)

    def slower(one: Route) -> Route:
        return Route(
            tuple(replace(w, speed_mps=min(w.speed_mps or 15.0, 8.0)) for w in one.waypoints)
        )

    plain, slow = sorties(route, [DOCK], spec), sorties(route, [DOCK], spec, finish=slower)
    assert len(slow) > len(plain)
    assert max(s.seconds for s in slow) <= spec.usable_s


def test_what_cannot_be_flown_is_named() -> None:
    route = lines(4, 900.0, 30.0)
    with pytest.raises(InvalidInput, match="no dock"):
        sorties(route, [], COPTER)
    with pytest.raises(InvalidInput, match="no photographs"):
        sorties(Route((Waypoint(position=DOCK, height_m=80.0),)), [DOCK], COPTER)
    far = FRAME.point(30_000.0, 0.0)
    with pytest.raises(InvalidInput, match=r"photograph \d+ at 11\d\.\d+.* min out and back"):
        sorties(route, [far], COPTER)
    with pytest.raises(InvalidInput, match="too strong"):
        sorties(route, [DOCK], COPTER, wind=Wind(16.0, 0.0))
    shut = Airspace(FRAME, [zone("Z", -500.0, -500.0, 300.0)])
    with pytest.raises(InvalidInput, match="no dock has a way"):
        sorties(route, [DOCK], COPTER, sky=shut)
    with pytest.raises(InvalidInput, match="no way round"):
        out_and_back(route, DOCK, shut)
    for taken in (-1, len(route.shots)):
        with pytest.raises(InvalidInput, match="nothing is left"):
            rest_of(route, taken)
    with pytest.raises(InvalidInput, match="cannot be cut out"):
        piece(route, 3, 2)


def test_an_interrupted_flight_begins_again_at_the_next_photograph() -> None:
    route = lines(3, 300.0, 30.0)
    left = rest_of(route, 4)
    assert left.entry == route.shots[4].position
    assert left.photos == route.photos - 4
    assert rest_of(route, 0) == route
    line = shapely.LineString([(w.position.lon, w.position.lat) for w in route.waypoints])
    assert line.distance(shapely.Point(left.entry.lon, left.entry.lat)) < 1e-7
