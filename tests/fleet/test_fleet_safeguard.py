"""Go or no-go, and when to turn back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.energy import Wind
from core.equipment import VehicleSpec
from core.geo import LonLat, offset
from fleet.address import MAIN, Address
from fleet.state import VehicleState
from fleet.watch.reach import Place
from fleet.watch.safeguard import preflight
from fleet.watch.turnback import Action, Decision, Situation, in_flight

NOW = datetime(2026, 5, 12, tzinfo=UTC)
HOME = LonLat(118.87, 28.95)
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
    cameras=(),
)


def state(**more: Any) -> VehicleState:
    known: dict[str, Any] = {
        "address": Address(MAIN, 1),
        "heard_at": NOW,
        "position": HOME,
        "battery": 1.0,
        "ready": True,
        "landed": True,
        "system_status": 3,
    }
    return VehicleState(**{**known, **more})


def test_all_well_is_go() -> None:
    assert preflight(state(), SPEC, now=NOW, planned_s=1500) == ()


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"heard_at": NOW - timedelta(seconds=30)}, "nothing heard for 30 s"),
        ({"system_status": 1}, "not up yet"),
        ({"system_status": 5}, "failsafe"),
        ({"ready": False}, "pre-arm"),
        ({"position_ok": False}, "position estimate"),
        ({"position": None}, "position is not known"),
        ({"armed": True, "landed": False}, "in flight"),
        ({"battery": None}, "charge is not known"),
        ({"battery": 0.6}, "battery at 60%, 82% needed"),
    ],
)
def test_each_reason_is_named(more: dict[str, Any], reason: str) -> None:
    (found,) = preflight(state(**more), SPEC, now=NOW, planned_s=1500)
    assert reason in found


def test_weather_limits() -> None:
    windy = preflight(state(), SPEC, now=NOW, planned_s=100, wind=Wind(13, 0))
    assert windy == ("wind 13.0 m/s, its limit is 12.0 m/s",)
    assert preflight(state(), SPEC, now=NOW, planned_s=100, rain_mmph=4) != ()


def flying(metres: float, battery: float, **more: Any) -> VehicleState:
    place = offset(HOME, 90, metres)
    return state(armed=True, landed=False, position=place, battery=battery, height_m=80, **more)


HERE = Place(id="home", position=HOME, home=True)


def judged(here: VehicleState, *places: Place, **more: Any) -> Decision:
    situation = Situation(places=places or (HERE,), **more)
    return in_flight(here, SPEC, now=more.pop("now", NOW), situation=situation)


@pytest.mark.parametrize(
    ("metres", "battery", "action"),
    [
        (5000, 0.9, Action.CONTINUE),
        (5000, 0.44, Action.CONTINUE),
        (5000, 0.35, Action.RETURN),
        (5000, 0.12, Action.LAND),
        (100, 0.35, Action.CONTINUE),
    ],
)
def test_it_turns_back_while_it_can(metres: float, battery: float, action: Action) -> None:
    assert judged(flying(metres, battery)).action is action


def test_headwind_home_turns_it_back_earlier() -> None:
    here = flying(5000, 0.45)
    assert judged(here).action is Action.CONTINUE
    against = judged(flying(5000, 0.45, wind=Wind(8, 270)))
    assert against.action is Action.RETURN
    assert "home with reserve needs" in against.reason


def test_what_it_really_consumes_turns_it_back_earlier() -> None:
    here = flying(5000, 0.45)
    assert judged(here, burn=1.0, burn_mean=1.0).action is Action.CONTINUE
    assert judged(here, burn=1.6, burn_mean=1.5).action is Action.RETURN


def test_silence_and_fence_turn_it_back() -> None:
    late = in_flight(
        flying(10, 0.9), SPEC, now=NOW + timedelta(seconds=4), situation=Situation(places=(HERE,))
    )
    assert late.action is Action.RETURN
    assert judged(flying(10, 0.9, fence_breached=True)).action is Action.RETURN


def test_a_mission_that_ends_with_the_reserve_is_flown_to_its_end() -> None:
    here = flying(5000, 0.38)
    rest = (offset(HOME, 90, 5000), offset(HOME, 90, 5100), HOME)
    assert judged(here).action is Action.RETURN
    assert judged(here, remaining=rest).action is Action.CONTINUE
    longer = (rest[0], offset(HOME, 90, 7000), HOME)
    assert judged(here, remaining=longer).action is Action.RETURN


def test_it_is_sent_to_the_alternate_when_home_is_occupied_or_too_far() -> None:
    near = Place(id="B", position=offset(HOME, 90, 4000))
    taken = Place(id="home", position=HOME, home=True, free=False)
    assert judged(flying(5000, 0.22), taken, near).place == near
    assert judged(flying(5000, 0.25), HERE, near).place == near
    assert judged(flying(5000, 0.33), HERE, near).action is Action.CONTINUE, "one is close by"


def test_one_that_is_on_its_way_is_left_alone_until_its_place_is_taken() -> None:
    other = Place(id="B", position=offset(HOME, 90, 4000))
    here = flying(4500, 0.36)
    assert judged(here, HERE, other, bound_for="home").action is Action.CONTINUE
    taken = Place(id="home", position=HOME, home=True, free=False)
    elsewhere = judged(here, taken, other, bound_for="home")
    assert elsewhere.action is Action.RETURN
    assert elsewhere.place == other
    assert "not free" in elsewhere.reason
