"""Go or no-go, and when to turn back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.energy import Wind
from core.equipment import VehicleSpec
from core.geo import LonLat, offset
from fleet.address import MAIN, Address
from fleet.safeguard import Action, in_flight, preflight
from fleet.state import VehicleState

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


@pytest.mark.parametrize(
    ("metres", "battery", "action"),
    [
        (5000, 0.9, Action.CONTINUE),
        (5000, 0.42, Action.CONTINUE),
        (5000, 0.35, Action.RETURN),
        (5000, 0.12, Action.LAND),
        (100, 0.35, Action.CONTINUE),
    ],
)
def test_it_turns_back_while_it_can(metres: float, battery: float, action: Action) -> None:
    assert in_flight(flying(metres, battery), SPEC, now=NOW, home=HOME).action is action


def test_headwind_home_turns_it_back_earlier() -> None:
    here = flying(5000, 0.45)
    assert in_flight(here, SPEC, now=NOW, home=HOME).action is Action.CONTINUE
    against = in_flight(here, SPEC, now=NOW, home=HOME, wind=Wind(8, 270))
    assert against.action is Action.RETURN
    assert "home with reserve needs" in against.reason


def test_silence_and_fence_turn_it_back() -> None:
    later = NOW + timedelta(seconds=4)
    assert in_flight(flying(10, 0.9), SPEC, now=later, home=HOME).action is Action.RETURN
    outside = flying(10, 0.9, fence_breached=True)
    assert in_flight(outside, SPEC, now=NOW, home=HOME).action is Action.RETURN


def test_a_vehicle_that_is_on_its_way_home_is_left_alone() -> None:
    here = flying(5000, 0.35)
    decision = in_flight(here, SPEC, now=NOW, home=HOME, remaining_m=5200)
    assert decision.action is Action.CONTINUE
