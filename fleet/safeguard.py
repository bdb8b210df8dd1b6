"""Go or no-go, and turn back or fly on: pure decisions from what is known.

The vehicle has failsafes of its own; these come first, while there is still a choice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.energy import CALM, Wind, descent_s, leg_s
from core.equipment import VehicleSpec
from core.geo import LonLat, distance_m
from fleet.state import VehicleState
from fleet.vocabulary import SystemStatus

LINK_LOST_S = 3.0
"""Silence after which a link counts as lost (issue 4)."""

FULL_ENOUGH = 0.95
"""Charge of a pack that is as good as full: a charger stops a little below 100 %."""

RETURN_MARGIN = 0.05
"""Charge beyond flight home and reserve at which a vehicle turns back: it covers the turn, the
climb to the return height and the time between two battery reports."""

DETOUR_M = 500.0
"""A rest of the mission that is only so much longer than the way home counts as the way home."""

STALE_S = 10.0
"""A state that is older than this, in seconds, permits no launch."""


class Action(StrEnum):
    """What to do with a vehicle in flight."""

    CONTINUE = "continue"
    RETURN = "return"
    LAND = "land"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do, and why in a sentence.

    Attributes:
        battery_needed: share of the charge that the way home takes, reserve included.
    """

    action: Action
    reason: str
    battery_needed: float = 0.0


def preflight(
    state: VehicleState,
    spec: VehicleSpec,
    *,
    now: datetime,
    planned_s: float,
    wind: Wind = CALM,
    rain_mmph: float = 0.0,
    rain_limit_mmph: float = 2.5,
) -> tuple[str, ...]:
    """Why a vehicle must not take off; empty means go.

    Args:
        planned_s: seconds of endurance that the flight takes (core.energy).
        wind: mean wind at the dock.
        rain_mmph, rain_limit_mmph: rain in millimetres an hour; by default moderate rain (WMO
            No. 8: from 2.5 mm/h) grounds the vehicle.
    """
    needed = min(FULL_ENOUGH, planned_s / spec.endurance_s + spec.reserve)
    age_s = (now - state.heard_at).total_seconds()
    checks: Sequence[tuple[bool, str]] = (
        (age_s > STALE_S, f"nothing heard for {age_s:.0f} s"),
        (state.system_status < SystemStatus.STANDBY, "its autopilot is not up yet"),
        (state.critical, "it reports a failsafe"),
        (state.ready is False, "its pre-arm check fails"),
        (state.position_ok is False, "its position estimate is not good yet"),
        (state.position is None, "its position is not known"),
        (state.in_flight, "it is in flight"),
        (state.battery is None, "its battery charge is not known"),
        (
            state.battery is not None and state.battery < needed,
            f"battery at {state.battery or 0:.0%}, {needed:.0%} needed",
        ),
        (
            wind.speed_mps > spec.wind_limit_mps,
            f"wind {wind.speed_mps:.1f} m/s, its limit is {spec.wind_limit_mps:.1f} m/s",
        ),
        (
            rain_mmph >= rain_limit_mmph,
            f"rain {rain_mmph:.1f} mm/h, the limit is {rain_limit_mmph:.1f} mm/h",
        ),
    )
    return tuple(reason for wrong, reason in checks if wrong)


def in_flight(
    state: VehicleState,
    spec: VehicleSpec,
    *,
    now: datetime,
    home: LonLat,
    wind: Wind | None = None,
    remaining_m: float | None = None,
) -> Decision:
    """Whether a flying vehicle may go on.

    It turns back while the charge still suffices for the way home in the measured wind, the
    descent and the reserve. When even that is no longer enough it lands where it is only if the
    charge would end before home without any reserve.

    Args:
        home: where it returns to.
        wind: by default the vehicle's own estimate, or calm.
        remaining_m: length of the rest of its mission, way home included: a vehicle that is as
            good as on its way home is not turned back.
    """
    silent_s = (now - state.heard_at).total_seconds()
    if silent_s > LINK_LOST_S:
        return Decision(action=Action.RETURN, reason=f"link lost for {silent_s:.0f} s")
    if state.fence_breached:
        return Decision(action=Action.RETURN, reason="it is outside its fence")
    if state.position is None or state.battery is None:
        return Decision(action=Action.CONTINUE, reason="position or charge not reported yet")
    if wind is None:
        wind = state.wind or CALM
    try:
        seconds = leg_s(state.position, home, spec, wind)
    except ValueError:
        return Decision(
            action=Action.LAND,
            reason=f"wind of {wind.speed_mps:.0f} m/s is too strong to fly home against",
        )
    seconds += descent_s(max(0.0, state.height_m or 0.0), spec)
    bare = seconds / spec.endurance_s
    needed = bare + spec.reserve
    if state.battery < bare:
        reason = f"battery at {state.battery:.0%}, home needs {bare:.0%}"
        return Decision(action=Action.LAND, reason=reason, battery_needed=needed)
    if remaining_m is not None and remaining_m <= distance_m(state.position, home) + DETOUR_M:
        return Decision(
            action=Action.CONTINUE, reason="it is on its way home", battery_needed=needed
        )
    if state.battery < needed + RETURN_MARGIN:
        reason = f"battery at {state.battery:.0%}, home with reserve needs {needed:.0%}"
        return Decision(action=Action.RETURN, reason=reason, battery_needed=needed)
    return Decision(action=Action.CONTINUE, reason="all well", battery_needed=needed)
