"""The joint proof: what it accepts, and that every fault is named with its item and a remedy."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from core.energy import Wind
from core.equipment import CameraSpec, Sensor, VehicleSpec
from core.geo import FlatGround, HeightGrid, LocalFrame, LonLat, offset
from core.route import Route, Waypoint
from core.zones import Zone, ZoneKind
from fleet.messages import MissionItem
from fleet.plans.cage import caged
from fleet.plans.fence import Fence, Polygon
from fleet.plans.flightplan import FlightPlan
from fleet.plans.mission import Mission, above_sea, build
from fleet.plans.proof import Conditions, NotProven, Proof, prove, prove_path
from fleet.plans.rally import RallyPoint
from fleet.vocabulary import Command

HOME = LonLat(118.87, 28.95)
GROUND_M = 70.0
SPEC = VehicleSpec(
    id="q",
    name="q",
    name_zh="q",
    vtol=False,
    cruise_mps=15,
    climb_mps=4,
    descent_mps=3,
    endurance_s=2400,
    recharge_s=1800,
    wind_limit_mps=12,
    cameras=(CameraSpec(id="v", sensor=Sensor.VISIBLE, width_px=400, height_px=300, hfov_deg=70),),
)


def conditions(**changes: Any) -> Conditions:
    given_ = Conditions(
        spec=SPEC, home=HOME, docks=(HOME,), heights=FlatGround(GROUND_M), return_height_m=60
    )
    return replace(given_, **changes)


def route(*spots: tuple[float, float], height_m: float = 80.0) -> Route:
    """Waypoints by bearing and distance from home."""
    return Route(tuple(Waypoint(position=offset(HOME, b, d), height_m=height_m) for b, d in spots))


TRIANGLE = route((0, 800), (90, 800), (45, 300))


def mission(flown: Route = TRIANGLE, **options: Any) -> Mission:
    return build(flown, home=HOME, spec=SPEC, **options)


def plan(flown: Route = TRIANGLE, **changes: Any) -> FlightPlan:
    return replace(caged(mission(flown), conditions())[0], **changes)


def zone(bearing: float, metres: float, radius_m: float = 100.0, **changes: Any) -> Zone:
    middle = offset(HOME, bearing, metres)
    frame = LocalFrame(middle)
    shape = frame.to_degrees(shapely.Point(0, 0).buffer(radius_m))
    made = Zone(id="z", name="the prison", name_zh="监狱", kind=ZoneKind.PROHIBITED, polygon=shape)
    return replace(made, **changes)


def square(side_m: float) -> Polygon:
    return Polygon(tuple(offset(HOME, a, side_m) for a in (45, 135, 225, 315)))


def refused(held: FlightPlan, c: Conditions, match: str) -> NotProven:
    with pytest.raises(NotProven, match=match) as caught:
        prove(held, c)
    assert caught.value.remedy
    assert all(f.remedy for f in caught.value.findings)
    return caught.value


def changed(held: FlightPlan, seq: int, **what: Any) -> FlightPlan:
    items = [replace(i, **what) if i.seq == seq else i for i in held.mission.items]
    return replace(held, mission=Mission(tuple(items)))


# --- what holds ------------------------------------------------------------------------------


def test_a_caged_mission_is_proven_and_the_proof_says_what_was_checked() -> None:
    held = plan()
    proof = prove(held, conditions())
    assert proof.digest == held.digest
    assert 0.5 < proof.landing_share < 0.95
    assert proof.least_clearance_m == pytest.approx(80.0, abs=0.5)
    assert proof.failsafes.return_height_m == 60
    assert proof.failsafes.ceiling_m == held.fence.ceiling_m
    assert any("rally" in line for line in proof.checked)


def test_a_hundred_items_are_proven_in_moderate_work() -> None:
    flown = route(*[(3.6 * k, 500.0 + 3 * k) for k in range(100)])
    assert isinstance(prove(plan(flown), conditions()), Proof)


def test_a_flight_that_lands_at_another_dock_is_proven_with_that_dock() -> None:
    other = offset(HOME, 90, 1200)
    c = conditions(docks=(HOME, other))
    held, c = caged(mission(lands_at=other), c, [other])
    assert prove(held, c).planned_s > 0
    refused(held, conditions(), "it lands, and no dock is there")


def test_an_autopilot_that_knows_no_ground_returns_over_the_hills_round_it() -> None:
    rows = np.full((15, 15), GROUND_M)
    rows[6, :] = 200.0  # a ridge 1,100 m north
    ridge = HeightGrid(118.8, 28.9, 0.01, rows)
    over = mission(route((0, 1100), (0, 2200), (0, 1100), (0, 100)))
    c = conditions(heights=ridge, follows_ground=False)
    held, c = caged(above_sea(over, ridge), c)
    assert c.return_height_m >= 200 - GROUND_M + c.clearance_m - 1
    assert prove(held, c).failsafes.follows_ground is False
    low = replace(c, return_height_m=60)
    refused(held, low, "item 4: a return at 60 m above home from there meets the ground")


# --- items -----------------------------------------------------------------------------------


def test_a_mission_without_items_is_refused() -> None:
    refused(plan(mission=Mission(())), conditions(), "no items")


def test_five_thousand_items_are_refused() -> None:
    held = plan()
    leg = held.mission.items[2]
    many = (*held.mission.items[:2], *(replace(leg, seq=n) for n in range(2, 5000)))
    refused(replace(held, mission=Mission(many)), conditions(), "4999 items, more than 2000")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_height_that_is_no_number_is_named(value: float) -> None:
    refused(
        changed(plan(), 2, z=value), conditions(), "item 2: NAV_WAYPOINT has a value that is no"
    )


def test_a_waypoint_without_a_place_is_named() -> None:
    refused(changed(plan(), 4, x=0, y=0), conditions(), "item 4: a waypoint without a place")


def test_a_command_that_cannot_be_proven_is_named() -> None:
    refused(changed(plan(), 3, command=177), conditions(), "item 3: what command 177 does")


def test_an_item_outside_the_territory_is_named() -> None:
    frame = LocalFrame(HOME)
    territory = frame.to_degrees(shapely.box(-2000, -2000, 2000, 500))
    refused(plan(), conditions(territory=territory), r"item 2: .* outside the territory")


def test_a_mission_that_hovers_at_its_end_is_refused() -> None:
    held = plan()
    cut = replace(held, mission=Mission(held.mission.items[:-1]))
    refused(cut, conditions(), "would hover until it falls")


def test_a_mission_without_take_off_is_refused() -> None:
    held = plan()
    items = tuple(
        replace(i, seq=n) for n, i in enumerate([held.mission.items[0], *held.mission.items[2:]])
    )
    refused(replace(held, mission=Mission(items)), conditions(), "take-off")


def test_a_return_that_would_end_at_a_rally_point_is_refused() -> None:
    held = plan(rally=(RallyPoint(offset(HOME, 45, 250), 60),))
    refused(held, conditions(), "returns to the nearest rally point, and no dock is there")


# --- fence, rally, zones ---------------------------------------------------------------------


def test_a_plan_without_a_fence_is_refused() -> None:
    refused(plan(fence=Fence()), conditions(), "no fence holds it")


def test_a_leg_outside_the_fence_is_named() -> None:
    error = refused(
        plan(fence=Fence((square(700),), (), 200.0)), conditions(), "item 2: its leg leaves"
    )
    assert {f.item for f in error.findings if f.item} >= {2, 4}


def test_a_rally_point_outside_the_fence_is_named() -> None:
    far = RallyPoint(offset(HOME, 180, 5000), 60)
    refused(plan(rally=(far,)), conditions(), "rally point 0 lies outside the fence")


def test_a_leg_through_an_exclusion_is_named() -> None:
    held = plan()
    hole = Polygon(tuple(offset(offset(HOME, 0, 400), a, 50) for a in (45, 135, 225, 315)))
    fence = replace(held.fence, exclusions=(hole,))
    refused(replace(held, fence=fence), conditions(), "item 2: its leg leaves the fence")


def test_a_low_ceiling_is_named() -> None:
    held = plan()
    fence = replace(held.fence, ceiling_m=70.0)
    refused(replace(held, fence=fence), conditions(), "climbs above the fence's ceiling")


def test_a_ceiling_that_stops_the_return_is_named() -> None:
    held = plan()
    fence = replace(held.fence, ceiling_m=90.0)
    c = conditions(return_height_m=110)
    assert "ceiling" in str(refused(replace(held, fence=fence), c, "a return may climb|ceiling"))


def test_a_zone_on_a_leg_is_named_with_the_item() -> None:
    c = conditions(zones=(zone(0, 800, 60),))
    held = plan()
    refused(held, c, r"item [24]: the path enters the prison")


def test_a_zone_nearer_than_its_buffer_is_named() -> None:
    c = conditions(zones=(zone(315, 500, 100, buffer_m=300),))
    refused(plan(), c, r"passes .* m from the prison; 300 m are required")


def test_a_zone_over_the_flight_does_not_count() -> None:
    c = conditions(zones=(zone(0, 400, 60, floor_m=500.0),))
    assert prove(plan(), c)


def test_a_return_through_a_zone_is_refused_although_the_route_goes_round_it() -> None:
    round_it = route((0, 60), (330, 900), (0, 1500), (330, 900), (0, 60))
    c = conditions(zones=(zone(0, 900, 80),))
    held, c = caged(mission(round_it), c)
    refused(held, c, "the straight way home from there (enters the prison|leaves the fence)")


def test_a_rally_point_in_a_zone_is_named() -> None:
    c = conditions(zones=(zone(225, 400, 100),))
    held, _ = caged(mission(), conditions(), [])
    held = replace(held, rally=(RallyPoint(offset(HOME, 225, 400), 60),))
    assert "rally point 0" in str(refused(held, c, "rally point 0"))


# --- ground ----------------------------------------------------------------------------------


def hill(height_m: float) -> HeightGrid:
    """A ridge between home and 800 m north, flat elsewhere."""
    rows = np.full((41, 41), GROUND_M)
    rows[24, :] = height_m
    return HeightGrid(118.85, 28.94, 0.0005, rows)


def test_a_leg_too_near_to_a_hill_is_named() -> None:
    straight = Route(tuple(replace(w, amsl_m=GROUND_M + 80) for w in TRIANGLE.waypoints))
    c = conditions(heights=hill(GROUND_M + 70))
    refused(plan(straight), c, "item 2: its leg passes [4-9] m above the ground; 20 m are req")
    assert prove(*caged(mission(), c))  # the same route, following the ground


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.floats(0, 360), st.floats(100, 2500))
def test_no_hill_between_two_samples_is_overlooked(seed: int, bearing: float, far: float) -> None:
    """What the sampling says is never better than the ground looked at every 20 cm."""
    from fleet.plans.profile import Node, profile, sampled

    rng = np.random.default_rng(seed)
    grid = HeightGrid(118.83, 28.91, 0.0003, rng.uniform(0, 60, (280, 280)))  # 33 m cells, rough
    goal = offset(HOME, bearing, far)
    nodes = [Node(0, HOME, 150.0, "sea"), Node(1, goal, 150.0, "sea")]
    path = profile(nodes, home=HOME, heights=grid, spec=SPEC)
    seen = sampled(path, grid).above_m.min()
    share = np.linspace(0, 1, int(far / 0.2))
    xy = path.xy[0] + share[:, None] * (path.xy[1] - path.xy[0])
    truth = (150.0 - grid.height_m(*path.frame.lonlat(xy[:, 0], xy[:, 1]))).min()
    assert seen <= truth + 0.01


# --- energy ----------------------------------------------------------------------------------


def test_a_flight_that_is_too_long_is_named() -> None:
    far = route((0, 9000), (60, 9000), (0, 9000), (60, 9000))
    refused(plan(far), conditions(), r"s of endurance and 1920 s are left .* reserve of 20%")


def test_a_half_empty_battery_counts() -> None:
    assert prove(plan(), conditions(charge=0.5))
    refused(plan(), conditions(charge=0.25), "of endurance")


def test_wind_counts_and_too_much_of_it_is_named() -> None:
    calm = prove(plan(), conditions()).planned_s
    assert prove(plan(), conditions(wind=Wind(8, 0))).planned_s > calm * 1.05
    refused(plan(), conditions(wind=Wind(16, 0)), "wind of 16 m/s is too strong")


# --- free paths ------------------------------------------------------------------------------


def test_a_free_path_is_proven_and_its_points_are_named() -> None:
    here = Waypoint(position=offset(HOME, 90, 200), height_m=50)
    there = Waypoint(position=offset(HOME, 90, 900), height_m=50)
    assert prove_path([here, there], conditions(charge=0.6)).digest == ""
    c = conditions(zones=(zone(90, 600, 100),))
    with pytest.raises(NotProven, match="item 1: the path enters the prison"):
        prove_path([here, there], c)
    with pytest.raises(NotProven, match="item 1: its height"):
        prove_path([here, replace(there, height_m=math.nan)], conditions())
    with pytest.raises(NotProven, match="does not last"):
        prove_path([here, there], conditions(charge=0.25))


def test_the_digest_depends_on_everything_that_is_flown_but_not_on_home() -> None:
    held = plan()
    home = replace(held.mission.items[0], x=1, y=2, z=3.0)
    moved_home = replace(held, mission=Mission((home, *held.mission.items[1:])))
    assert moved_home.digest == held.digest
    others = [
        changed(held, 2, z=81.0),
        changed(held, 2, x=held.mission.items[2].x + 1),
        replace(held, rally=(RallyPoint(HOME, 60),)),
        replace(held, fence=replace(held.fence, ceiling_m=55.0)),
        replace(held, fence=Fence((square(5000),), (), held.fence.ceiling_m)),
    ]
    assert len({held.digest, *(o.digest for o in others)}) == len(others) + 1


def test_an_item_of_a_mission_says_what_it_is() -> None:
    assert isinstance(plan().mission.items[1], MissionItem)
    assert plan().mission.items[1].command == Command.NAV_TAKEOFF
