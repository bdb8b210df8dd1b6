"""A guarded vehicle is never left unable to reach a place, whatever wind and battery do to it.

The world here has a wind and a consumption of its own; the rule sees the wind with an error, the
charge in whole percent, and is asked every four seconds.
"""

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from core.energy import Wind, ground_speed_mps
from core.equipment import VehicleSpec
from core.geo import LonLat, bearing_deg, distance_m, offset
from fleet.address import Address
from fleet.state import VehicleState
from fleet.watch.meter import Meter, measured
from fleet.watch.reach import Place
from fleet.watch.turnback import Action, Decision, Situation, in_flight

START = datetime(2026, 5, 12, tzinfo=UTC)
HOME = LonLat(118.87, 28.95)
SPEC = VehicleSpec(
    id="q", name="q", name_zh="q", vtol=False, cruise_mps=15, climb_mps=4, descent_mps=3,
    endurance_s=2400, recharge_s=1800, wind_limit_mps=12, cameras=(),
)  # fmt: skip
LOOK_S = 4.0
REACTION_S = 10.0


@dataclass
class World:
    """A vehicle in the air, as it really is."""

    position: LonLat
    battery: float
    wind: Wind
    burn: float
    estimate_error: tuple[float, float]
    now: datetime = START
    meter: Meter = field(default_factory=Meter)

    def fly(self, course_deg: float, seconds: float, *, most_m: float = math.inf) -> float:
        """Fly on; the metres that it came along."""
        try:
            speed = ground_speed_mps(SPEC.cruise_mps, course_deg, self.wind)
        except ValueError:
            speed = 0.0
        metres = min(most_m, speed * seconds)
        self.position = offset(self.position, course_deg, metres)
        self.battery -= self.burn * (metres / speed if speed else seconds) / SPEC.endurance_s
        self.now += timedelta(seconds=seconds)
        return metres

    def seen(self, course_deg: float) -> VehicleState:
        """What it reports."""
        speed, turn = self.estimate_error
        wind = Wind(max(0.0, self.wind.speed_mps + speed), (self.wind.from_deg + turn) % 360)
        state = VehicleState(
            address=Address("main", 1),
            heard_at=self.now,
            position=self.position,
            battery=math.floor(self.battery * 100) / 100,
            height_m=60.0,
            heading_deg=course_deg,
            speed_mps=ground_speed_mps(SPEC.cruise_mps, course_deg, self.wind),
            climb_mps=0.0,
            armed=True,
            landed=False,
            wind=wind,
        )
        self.meter = measured(self.meter, state, SPEC)
        return state


def judged(world: World, course_deg: float, places: list[Place]) -> Decision:
    state = world.seen(course_deg)
    situation = Situation(places=places, burn=world.meter.most_burn, burn_mean=world.meter.burn)
    return in_flight(state, SPEC, now=world.now, situation=situation)


def fly_until_turned(world: World, course_deg: float, places: list[Place]) -> Decision:
    """Fly away until the rule speaks; then on for as long as an order takes."""
    while (decision := judged(world, course_deg, places)).action is Action.CONTINUE:
        world.fly(course_deg, LOOK_S)
        assert world.battery > 0, "never turned back"
    world.fly(course_deg, REACTION_S)
    return decision


def fly_to(world: World, place: Place) -> None:
    while (left_m := distance_m(world.position, place.position)) > 1.0:
        world.fly(bearing_deg(world.position, place.position), 10.0, most_m=left_m)
        assert world.battery > 0, "fell out of the sky"
    world.battery -= world.burn * 37 / SPEC.endurance_s  # 60 m down, as descent_s


angles = st.floats(0, 359)


@settings(max_examples=40, deadline=None)
@given(
    course=angles,
    wind=st.builds(Wind, st.floats(0, 9), angles),
    burn=st.floats(0.85, 1.3),
    error=st.tuples(st.floats(-0.7, 0.7), st.floats(-4, 4)),
    alternates=st.lists(st.tuples(angles, st.floats(500, 8000), st.booleans()), max_size=4),
    battery=st.floats(0.4, 0.75),
)
def test_whatever_the_wind_and_the_battery_do_a_place_is_reached_with_reserve(
    course: float,
    wind: Wind,
    burn: float,
    error: tuple[float, float],
    alternates: list[tuple[float, float, bool]],
    battery: float,
) -> None:
    places = [Place(id="home", position=HOME, home=True)]
    places += [
        Place(id=f"B{n}", position=offset(HOME, angle, metres), free=free)
        for n, (angle, metres, free) in enumerate(alternates)
    ]
    world = World(HOME, battery, wind, burn, error)
    decision = fly_until_turned(world, course, places)
    assert decision.action is Action.RETURN, decision.reason
    assert decision.place is not None
    assert decision.place.free
    fly_to(world, decision.place)
    assert world.battery >= SPEC.reserve - 0.02, decision.reason


@settings(max_examples=25, deadline=None)
@given(
    course=angles,
    wind=st.builds(Wind, st.floats(0, 8), angles),
    more=st.floats(0, 2),
    turn=st.floats(-20, 20),
)
def test_a_wind_that_rises_and_turns_on_the_way_back_takes_from_the_reserve_only(
    course: float, wind: Wind, more: float, turn: float
) -> None:
    """2 m/s and 20 degrees within the minutes of a way back; more than that is what the reserve
    of 20 % cannot promise against a head wind of two thirds of the airspeed."""
    places = [Place(id="home", position=HOME, home=True)]
    world = World(HOME, 0.6, wind, 1.0, (0.0, 0.0))
    decision = fly_until_turned(world, course, places)
    world.wind = Wind(wind.speed_mps + more, (wind.from_deg + turn) % 360)
    assert decision.place is not None
    fly_to(world, decision.place)
    assert world.battery > 0


def test_an_occupied_home_is_never_where_it_is_sent() -> None:
    other = Place(id="B", position=offset(HOME, 90, 3000))
    places = [Place(id="home", position=HOME, home=True, free=False), other]
    world = World(offset(HOME, 90, 1000), 0.3, Wind(2, 90), 1.0, (0.0, 0.0))
    decision = fly_until_turned(world, 270.0, places)
    assert decision.place == other
