"""Go or no-go: what must be well before a take-off. Pure; `watch.turnback` judges in flight."""

from collections.abc import Sequence
from datetime import datetime

from core.energy import CALM, Wind
from core.equipment import VehicleSpec
from fleet.state import VehicleState
from fleet.vocabulary import SystemStatus

FULL_ENOUGH = 0.95
"""Charge of a pack that is as good as full: a charger stops a little below 100 %."""

STALE_S = 10.0
"""A state that is older than this, in seconds, permits no launch."""


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
