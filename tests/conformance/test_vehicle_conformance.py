"""One list of tests for every vehicle: ours and real ones must behave alike towards the fleet.

The real ArduPilot flies along where FLYONCE_ARDUPILOT names an arducopter built for SITL (at ten
times real time, or FLYONCE_ARDUPILOT_SPEED), the real PX4 where FLYONCE_PX4 names one.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

import pytest
import vehicle_kinds

from core.clock import FollowedClock
from core.errors import (
    CommandRefused,
    CommandTimeout,
    FlyOnceError,
    InvalidInput,
    NotFound,
    NotReady,
    TransferFailed,
)
from core.geo import FlatGround, LonLat, distance_m, offset
from core.route import Route, Waypoint
from fleet.address import MAIN, Address
from fleet.events import FleetEvent, Heard, Landed, PhotoTaken
from fleet.fleet import Fleet
from fleet.launch import positioned
from fleet.links.mavlink import connect
from fleet.plans.fence import Circle, Fence, Polygon
from fleet.plans.flightplan import FlightPlan
from fleet.plans.mission import Mission, build
from fleet.plans.proof import Conditions
from fleet.plans.rally import RallyPoint
from fleet.vehicle import Vehicle
from fleet.vocabulary import Command, Frame

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

HEIGHT_M = 40.0
LEG_M = 160.0
SPACING_M = 30.0
UNKNOWN_COMMAND = 31_999
UNKNOWN_MODE = 77
HEARD_S = 30.0
"""On the wall: without a vehicle there is no other clock."""
CEILING = {"ArduCopter": "FENCE_ALT_MAX", "PX4": "GF_MAX_VER_DIST"}
"""A parameter that may be changed without harm on the ground."""


@pytest.fixture(scope="module", params=vehicle_kinds.KINDS, ids=lambda kind: kind.name)
def flown(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator["Flown"]:
    """One vehicle of the kind, up and running for all tests."""
    kind = request.param
    why = kind.lacking()
    if why:
        pytest.skip(why)
    with kind.fly(tmp_path_factory.mktemp(kind.name)) as address:
        yield Flown(kind.autopilot, address)


@dataclass
class Flown:
    """The autopilot's name, its address, and its time when it was last heard."""

    autopilot: str
    address: str
    now: datetime = vehicle_kinds.START


@dataclass
class Range:
    """A fleet on one vehicle, what happened, and how it is brought to the ground again."""

    autopilot: str
    fleet: Fleet
    vehicle: Vehicle
    events: list[FleetEvent]

    @property
    def photos(self) -> list[LonLat]:
        """Where they were taken, in order."""
        return [e.position for e in self.events if isinstance(e, PhotoTaken) if e.position]

    @property
    def here(self) -> LonLat:
        position = self.vehicle.state.position
        assert position is not None
        return position

    def plan(self, *legs: tuple[float, float]) -> FlightPlan:
        """A route of legs of `LEG_M`: direction in degrees, photo spacing (0: none)."""
        points, place = [], offset(self.here, 0, 40)
        for bearing, spacing in legs:
            points.append(Waypoint(position=place, height_m=HEIGHT_M, photo_spacing_m=spacing))
            place = offset(place, bearing, LEG_M)
        points.append(Waypoint(position=place, height_m=HEIGHT_M))
        return self.routed(*points)

    def routed(self, *points: Waypoint) -> FlightPlan:
        """A plan over these places, above the sea for an autopilot that knows no ground."""
        ground = vehicle_kinds.GROUND_M
        if not self.vehicle.autopilot.terrain_frames:
            points = tuple(replace(p, amsl_m=ground + p.height_m) for p in points)
        return fenced(build(Route(points), home=self.here, spec=vehicle_kinds.SPEC))

    async def ready(self) -> None:
        await self.vehicle.wait(positioned, 120, "a position")
        await self.vehicle.wait(lambda s: s.position is not None, 30, "where it is")

    async def launch(self, plan: FlightPlan) -> None:
        await self.vehicle.upload(plan)
        self.prove(plan)
        await self.vehicle.launch()

    def prove(self, plan: FlightPlan) -> None:
        """Rally points of these plans are places to land as good as any."""
        docks = (self.home, *(r.position for r in plan.rally))
        self.vehicle.prove(
            Conditions(
                spec=vehicle_kinds.SPEC,
                home=self.home,
                docks=docks,
                heights=FlatGround(vehicle_kinds.GROUND_M),
                return_height_m=HEIGHT_M,
            )
        )

    @property
    def home(self) -> LonLat:
        """Where its mission takes off."""
        mission = self.vehicle.mission
        place = mission.place(1) if mission else None
        return place or self.here

    async def pause(self, seconds: float) -> None:
        await self.vehicle.channel.clock.sleep(seconds)

    async def landed(self) -> None:
        await self.vehicle.wait(lambda s: not s.armed, 400, "the landing")

    async def photographed(self, count: int) -> None:
        await self.vehicle.wait(lambda _: len(self.photos) >= count, 200, f"{count} photographs")

    async def home_again(self) -> None:
        """After a test that failed in the air."""
        with suppress(FlyOnceError):
            if self.vehicle.state.in_flight:
                await self.vehicle.land()
                await self.landed()


@pytest.fixture
async def site(flown: Flown) -> AsyncIterator[Range]:
    """The fleet as it is after a restart: it knows the time it left off, and nothing else."""
    events: list[FleetEvent] = []
    clock = FollowedClock(flown.now)
    async with Fleet(
        {MAIN: connect(flown.address)},
        clock,
        on_event=events.append,
        on_time=clock.follow,
        ground=FlatGround(vehicle_kinds.GROUND_M),
    ) as fleet:
        one = Address(MAIN, 1)
        async with asyncio.timeout(HEARD_S):
            await fleet.heard([one])
        found = Range(flown.autopilot, fleet, fleet.vehicle(one), events)
        await found.ready()
        yield found
        await found.home_again()
        flown.now = clock.now()


def fenced(mission: Mission) -> FlightPlan:
    """The mission with a fence round it and a far rally point, as every flight has them."""
    home = mission.place(1)
    assert home is not None
    corners = tuple(offset(home, bearing, 900) for bearing in (45, 135, 225, 315))
    away = Circle(offset(home, 200, 500), 60)
    rally = (RallyPoint(offset(home, 315, 600), 50),)
    return FlightPlan(mission, Fence((Polygon(corners),), (away,)), rally)


# --- on the ground ---------------------------------------------------------------------------


async def test_it_says_who_it_is_and_where(site: Range) -> None:
    assert site.vehicle.autopilot.name == site.autopilot
    assert isinstance(site.events[0], Heard)
    assert distance_m(site.here, vehicle_kinds.HOME) < 1000
    assert not site.vehicle.state.armed
    state = await site.vehicle.wait(lambda s: s.battery is not None, 30, "its battery")
    assert state.battery is not None
    assert 0 < state.battery <= 1


async def test_what_is_uploaded_is_what_it_holds(site: Range) -> None:
    plan = site.plan((0, SPACING_M), (90, 0))
    await site.vehicle.upload(plan)
    held = await site.vehicle.download()
    assert plan.differences(held) == ()
    assert held.fence.inclusions
    assert len(held.rally) == 1
    assert held.digest == (await site.vehicle.download()).digest


async def test_a_shorter_plan_leaves_nothing_of_the_longer_one(site: Range) -> None:
    await site.vehicle.upload(site.plan((0, SPACING_M), (90, 0), (180, SPACING_M)))
    short = FlightPlan(site.plan((0, 0)).mission)
    await site.vehicle.upload(short)
    held = await site.vehicle.download()
    assert short.differences(held) == ()
    assert not held.rally


async def test_what_was_cleared_is_gone_and_cannot_be_launched(site: Range) -> None:
    await site.vehicle.upload(site.plan((0, 0)))
    await site.vehicle.clear()
    held = await site.vehicle.download()
    assert len(held.mission.items) <= 1
    assert not held.rally
    with pytest.raises(NotReady):
        await site.vehicle.launch()


def _first_leg(mission: Mission) -> int:
    return mission.waypoint_seqs[0]


def _no_items(plan: FlightPlan) -> FlightPlan:
    return replace(plan, mission=Mission(()))


def _five_thousand(plan: FlightPlan) -> FlightPlan:
    items, leg = plan.mission.items, plan.mission.items[_first_leg(plan.mission)]
    many = [*items[:2], *(replace(leg, seq=n) for n in range(2, 5000))]
    return replace(plan, mission=Mission(tuple(many)))


def _not_a_number(plan: FlightPlan) -> FlightPlan:
    return _changed(plan, z=math.nan)


def _unknown_item(plan: FlightPlan) -> FlightPlan:
    return _changed(plan, command=UNKNOWN_COMMAND)


def _unknown_frame(plan: FlightPlan) -> FlightPlan:
    return _changed(plan, frame=Frame.GLOBAL + 99)


def _changed(plan: FlightPlan, **what: object) -> FlightPlan:
    items, seq = list(plan.mission.items), _first_leg(plan.mission)
    items[seq] = replace(items[seq], **what)  # type: ignore[arg-type]
    return replace(plan, mission=Mission(tuple(items)))


@pytest.mark.parametrize(
    "spoil", [_no_items, _five_thousand, _not_a_number, _unknown_item, _unknown_frame]
)
async def test_a_plan_that_cannot_be_flown_leaves_nothing_on_board(site: Range, spoil) -> None:  # type: ignore[no-untyped-def]
    good = site.plan((0, 0), (90, SPACING_M))
    await site.vehicle.upload(good)
    with pytest.raises((InvalidInput, TransferFailed, NotReady)) as refusal:
        await site.launch(spoil(good))
    assert str(refusal.value)
    held = await site.vehicle.download()
    untouched = good.differences(held) == () and isinstance(refusal.value, InvalidInput)
    assert untouched or len(held.mission.items) <= 1
    assert not site.vehicle.state.armed
    assert not site.vehicle.lost


async def test_what_it_cannot_do_is_refused_in_words(site: Range) -> None:
    with pytest.raises(CommandRefused, match="refused to fly as nobody can: it"):
        await site.vehicle.commander.long(
            Command.DO_SET_MODE, 1, UNKNOWN_MODE, doing="fly as nobody can"
        )
    assert not site.vehicle.lost


async def test_parameters_are_read_set_and_seen_to_hold(site: Range) -> None:
    parameters, name = site.vehicle.onboard.parameters, CEILING[site.autopilot]
    before = await parameters.read(name)
    await parameters.hold({name: 77.0})
    assert await parameters.read(name) == pytest.approx(77)
    await parameters.hold({name: before})


async def test_a_parameter_that_does_not_exist_or_is_no_number_is_named(site: Range) -> None:
    parameters = site.vehicle.onboard.parameters
    with pytest.raises((NotFound, CommandTimeout), match="NO_SUCH_THING"):  # old ones are silent
        await parameters.read("NO_SUCH_THING")
    with pytest.raises(InvalidInput):
        await parameters.hold({CEILING[site.autopilot]: math.nan})
    assert not site.vehicle.lost


# --- in the air ------------------------------------------------------------------------------


async def test_a_paused_mission_goes_on_at_the_right_photo(site: Range) -> None:
    vehicle = site.vehicle
    start = site.here
    await site.launch(site.plan((0, SPACING_M), (90, 0)))
    await site.photographed(2)
    await vehicle.hold()
    await vehicle.wait(lambda s: (s.speed_mps or 0) < 1, 30, "standing still")
    taken = vehicle.state.photos
    await site.pause(10)
    assert vehicle.state.photos == taken
    await vehicle.resume()
    await site.landed()
    assert vehicle.state.mission_done
    assert distance_m(site.here, start) < 8
    assert any(isinstance(e, Landed) for e in site.events)
    gaps = [distance_m(a, b) for a, b in pairwise(site.photos)]
    assert max(gaps) < 1.4 * SPACING_M, gaps
    assert LEG_M / SPACING_M <= len(site.photos) <= LEG_M / SPACING_M + 3


async def test_point_and_fly_retarget_change_height_orbit_and_return(site: Range) -> None:
    vehicle, start = site.vehicle, site.here
    await site.launch(site.plan((0, 0), (90, 0)))
    await vehicle.go_to(offset(start, 0, 300), HEIGHT_M)
    await vehicle.wait(lambda s: (s.speed_mps or 0) > 3, 60, "flying there")
    target = offset(start, 90, 100)
    await vehicle.go_to(target, HEIGHT_M)
    await vehicle.manoeuvres.flown()
    assert distance_m(site.here, target) < 10
    await vehicle.go_to(target, HEIGHT_M + 20)
    await vehicle.wait(
        lambda s: abs((s.height_m or 0) - HEIGHT_M - 20) < 3, 60, "the greater height"
    )
    ring = [Waypoint(position=offset(start, b, 60), height_m=HEIGHT_M) for b in range(90, 451, 60)]
    await vehicle.steer(ring)
    await vehicle.manoeuvres.flown()
    assert vehicle.manoeuvres.legs_done == len(ring)
    assert vehicle.state.mode == vehicle.autopilot.guided_mode
    await vehicle.return_home()
    await site.landed()
    assert distance_m(site.here, start) < 8


async def test_a_return_ends_at_the_nearest_of_home_and_rally_points(site: Range) -> None:
    vehicle, start = site.vehicle, site.here
    alternate = offset(start, 0, 150)
    plan = replace(site.plan((0, 0), (0, 0)), rally=(RallyPoint(alternate, 50),))
    await site.launch(plan)
    await vehicle.wait(
        lambda s: s.position is not None and distance_m(s.position, start) > 110, 120, "some way"
    )
    await vehicle.return_home()
    await site.landed()
    assert distance_m(site.here, alternate) < 8


async def test_a_new_plan_in_flight_is_flown_and_nothing_of_the_old_one(site: Range) -> None:
    vehicle, start = site.vehicle, site.here
    await site.launch(site.plan((0, 0), (90, 0), (0, 0)))
    await vehicle.wait(lambda s: (s.height_m or 0) > 15, 60, "some height")
    south = Waypoint(position=offset(start, 180, 120), height_m=HEIGHT_M)
    plan = site.routed(south, replace(south, position=offset(start, 90, 60)))
    await vehicle.upload(plan)
    assert vehicle.state.in_flight
    with pytest.raises(NotReady, match="has not been checked"):
        await vehicle.resume()
    site.prove(plan)
    await vehicle.resume()
    await vehicle.wait(
        lambda s: s.position is not None and distance_m(s.position, south.position) < 15,
        120,
        "the new plan's first place",
    )
    await site.landed()
    assert vehicle.state.mission_done


async def test_it_lands_where_it_is_told_and_flies_again_from_there(site: Range) -> None:
    vehicle = site.vehicle
    await site.launch(site.plan((0, 0)))
    await vehicle.wait(lambda s: (s.height_m or 0) > 10, 60, "some height")
    await vehicle.land()
    await site.landed()
    assert vehicle.state.landed
    await vehicle.launch()
    assert vehicle.state.in_flight
    await vehicle.return_home()
    await site.landed()
