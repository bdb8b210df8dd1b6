"""What a vehicle really consumes, measured in flight against the model of core.energy.

The battery's charge is reported in whole percent, so a slope over a few percent says little: the
ratio is bounded from above by one percent of rounding, which shrinks as the flight goes on.
"""

import math
from dataclasses import dataclass, replace
from datetime import datetime

from core.energy import CALM, CLIMB_FACTOR
from core.equipment import VehicleSpec
from core.power import power_ratio
from fleet.state import VehicleState

UNKNOWN_BURN = 1.1
"""Consumption over the model's that is assumed before enough was measured: a battery near the end
of its life holds 0.8 of its first capacity (core.power.WORN_OUT), the planner allows for most of
that, and data sheets give endurance in still air at the best temperature."""

ENOUGH = 0.05
"""Share of the charge, by the model, after which a measurement counts."""

ROUNDING = 0.01
"""SYS_STATUS.battery_remaining is in whole percent."""

GAP_S = 10.0
"""A longer silence between two states is not integrated: nobody knows what it flew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """The consumption since a moment in flight.

    Attributes:
        full: the charge at that moment; None before the first one.
        modelled: share of the charge that the model says was drawn since.
        drawn: share that was drawn.
    """

    full: float | None = None
    modelled: float = 0.0
    drawn: float = 0.0
    at: datetime | None = None

    @property
    def burn(self) -> float:
        """Consumption over the model's, as measured; at least what the model says."""
        if self.modelled < ENOUGH:
            return UNKNOWN_BURN
        return max(1.0, self.drawn / self.modelled)

    @property
    def most_burn(self) -> float:
        """The same, with the rounding of the charge counted against the vehicle."""
        if self.modelled < ENOUGH:
            return UNKNOWN_BURN
        return max(1.0, (self.drawn + ROUNDING) / self.modelled)


def measured(meter: Meter, state: VehicleState, spec: VehicleSpec) -> Meter:
    """The meter after another state; a vehicle on the ground begins anew."""
    if not state.in_flight or state.battery is None or (state.height_m or 0.0) < 2.0:
        return Meter()
    if meter.full is None or meter.at is None or state.battery > meter.full:
        return Meter(full=state.battery, at=state.heard_at)
    seconds = (state.heard_at - meter.at).total_seconds()
    if seconds <= 0:
        return meter
    if seconds > GAP_S:
        return Meter(full=state.battery, at=state.heard_at)
    power = power_ratio(min(_airspeed_mps(state), spec.cruise_mps), spec)
    if (state.climb_mps or 0.0) > 0.5:
        power = max(power, CLIMB_FACTOR)
    return replace(
        meter,
        modelled=meter.modelled + power * seconds / spec.endurance_s,
        drawn=meter.full - state.battery,
        at=state.heard_at,
    )


def _airspeed_mps(state: VehicleState) -> float:
    """Speed through the air, by the vehicle's own wind; its nose is taken for its course."""
    wind = state.wind or CALM
    angle = math.radians(wind.from_deg - (state.heading_deg or 0.0))
    along = (state.speed_mps or 0.0) + wind.speed_mps * math.cos(angle)
    return math.hypot(along, wind.speed_mps * math.sin(angle))
