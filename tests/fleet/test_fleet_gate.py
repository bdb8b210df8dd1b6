"""Fence and rally points as items, and what may be armed after whatever happened."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput, NotReady
from core.geo import LonLat, offset
from core.route import Route, Waypoint
from fleet.plans import fence as fences
from fleet.plans import rally as rallies
from fleet.plans.fence import Circle, Fence, Polygon
from fleet.plans.flightplan import FlightPlan
from fleet.plans.mission import Mission, build
from fleet.plans.proof import Proof
from fleet.plans.rally import RallyPoint
from fleet.setup.failsafes import Failsafes
from fleet.uploads.courier import NotCleared
from fleet.uploads.custody import FRESH_S, Custody
from fleet.uploads.gate import check_sendable, off_wire, on_wire
from fleet.vocabulary import MissionType

HOME = LonLat(118.87, 28.95)
NOW = datetime(2026, 5, 12, tzinfo=UTC)


def ring(metres: float, corners: int = 5) -> Polygon:
    return Polygon(tuple(offset(HOME, 360 / corners * k, metres) for k in range(corners)))


def rounded(place: LonLat) -> LonLat:
    """As MAVLink carries it."""
    return LonLat(round(place.lon * 1e7) / 1e7, round(place.lat * 1e7) / 1e7)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(3, 20), max_size=3),
    st.lists(st.integers(3, 9), max_size=3),
    st.lists(st.floats(1, 5000), max_size=2),
)
def test_a_fence_comes_back_as_it_was_sent(
    inside: list[int], outside: list[int], circles: list[float]
) -> None:
    def exact(area: Polygon) -> Polygon:
        return Polygon(tuple(rounded(p) for p in area.corners))

    fence = Fence(
        tuple(exact(ring(1000 + n, n)) for n in inside),
        (
            *(exact(ring(50 + n, n)) for n in outside),
            *(Circle(rounded(HOME), r) for r in circles),
        ),
        120.0,
        rounded(HOME),
    )
    assert fences.from_items(fences.to_items(fence), 120.0) == fence


def test_rally_points_come_back_as_they_were_sent() -> None:
    points = tuple(RallyPoint(rounded(offset(HOME, k, 300)), 40 + k) for k in range(4))
    assert rallies.from_items(rallies.to_items(points)) == points


@pytest.mark.parametrize("height", [40.5, 40_000, float("nan")])
def test_a_rally_height_that_no_vehicle_stores_is_refused(height: float) -> None:
    with pytest.raises((InvalidInput, ValueError)):
        RallyPoint(HOME, height)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Polygon((HOME, offset(HOME, 0, 10))),
        lambda: Polygon(tuple(offset(HOME, b, 100) for b in (0, 180, 90, 270))),
        lambda: Circle(HOME, 0.0),
        lambda: Circle(HOME, float("nan")),
        lambda: Fence(ceiling_m=-5.0),
    ],
)
def test_an_area_that_is_none_is_refused(make: Any) -> None:
    with pytest.raises(InvalidInput, match="fence"):
        make()


def test_a_truncated_polygon_is_no_fence() -> None:
    items = fences.to_items(Fence((ring(100),)))
    with pytest.raises(InvalidInput, match="item 0 begins a polygon of 5 corners, not whole"):
        fences.from_items(items[:-1])


def plan(height_m: float = 60.0) -> FlightPlan:
    route = Route((Waypoint(position=offset(HOME, 0, 300), height_m=height_m),))
    return FlightPlan(build(route, home=HOME), Fence((ring(900),), (), 150.0))


def test_px4_missions_travel_without_home_and_come_back_with_it() -> None:
    items = plan().mission.items
    sent = on_wire(items, MissionType.MISSION, False)
    assert [i.seq for i in sent] == list(range(len(items) - 1))
    back = off_wire(sent, MissionType.MISSION, False)
    assert back[1:] == items[1:]
    assert on_wire(items, MissionType.MISSION, True) == items


def test_what_cannot_be_stored_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(InvalidInput, match="no items"):
        check_sendable(FlightPlan(Mission(())))
    items = plan().mission.items
    spoilt = (*items[:2], replace(items[2], z=float("nan")), *items[3:])
    with pytest.raises(InvalidInput, match=r"item 2 \(NAV_WAYPOINT\): its height is no number"):
        check_sendable(FlightPlan(Mission(spoilt)))


def proof_of(held: FlightPlan) -> Proof:
    return Proof(
        digest=held.digest,
        planned_s=1,
        landing_share=0.5,
        least_clearance_m=30,
        failsafes=Failsafes(return_height_m=60, ceiling_m=150),
    )


def proven() -> Custody:
    custody = Custody()
    custody.opened()
    custody.holds(plan(), NOW)
    custody.proven(proof_of(plan()))
    return custody


def test_a_proven_plan_may_be_armed_while_nothing_speaks_against_it() -> None:
    custody = proven()
    assert custody.require()[0] == plan()
    assert custody.fresh(NOW + timedelta(seconds=FRESH_S))
    assert not custody.fresh(NOW + timedelta(seconds=FRESH_S + 0.1))
    custody.touched()
    assert not custody.fresh(NOW)


@pytest.mark.parametrize(
    "spoil",
    [
        Custody.opened,
        Custody.rebooted,
        Custody.emptied,
        lambda c: c.doubtful("it could not be cleared"),
        lambda c: c.holds(plan(61.0), NOW),
    ],
)
def test_after_anything_else_it_may_not(spoil: Any) -> None:
    custody = proven()
    spoil(custody)
    with pytest.raises(NotReady):
        custody.require()


def test_a_vehicle_that_could_not_be_cleared_stays_unarmable_until_it_is() -> None:
    custody = proven()
    custody.doubtful("an upload failed and could not be cleared")
    custody.rebooted()
    with pytest.raises(NotReady, match="could not be cleared"):
        custody.require()
    custody.emptied()
    assert custody.unarmable is None


def test_a_proof_of_another_plan_is_refused() -> None:
    custody = Custody()
    custody.holds(plan(), NOW)
    with pytest.raises(NotReady, match="another plan"):
        custody.proven(proof_of(plan(61.0)))


def test_a_program_that_has_just_started_can_arm_nothing() -> None:
    with pytest.raises(NotReady, match="no proven mission"):
        Custody().require()
    assert issubclass(NotCleared, Exception)
