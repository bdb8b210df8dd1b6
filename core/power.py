"""What speed and weight do to the power that a vehicle draws, as shares of the power at cruise.

Rotary wings: Zeng, Xu, Zhang 2019, "Energy minimization for wireless communication with
rotary-wing UAV", IEEE TWC 18(4), doi:10.1109/TWC.2019.2902559, eq. 12 with the values of its
Table I: blade profile, induced and parasite power of level flight. Data sheets hold none of these
values, so only the shape of the curve is used: speeds are scaled so that a vehicle's cruise speed
is where the paper's aircraft draws as much power as in hovering (19.0 m/s, 4 % above its speed of
longest range). Then every speed between hovering and cruise draws at most the power of cruise,
and flying time bounds what a flight takes from the battery.

Wings: level flight at their one speed; hovering is not planned for, they circle.
"""

import math
from dataclasses import replace
from functools import lru_cache

from core.equipment import VehicleSpec

BLADE_W = 79.8563
"""P0 of Table I: delta/8 rho s A Omega^3 R^3."""
INDUCED_W = 88.6279
"""Pi of Table I: (1 + k) W^(3/2) / sqrt(2 rho A)."""
TIP_MPS = 120.0
INDUCED_MPS = 4.03
"""v0: mean induced velocity of the rotor in hover."""
PARASITE = 0.5 * 0.6 * 1.225 * 0.05 * 0.503
"""d0 rho s A / 2, W per (m/s)^3."""
CRUISE_MPS = 19.0462
"""Speed of the paper's aircraft with the power of hovering; stands for any vehicle's cruise."""
WORN_OUT = 0.8
"""Share of its first capacity at which makers call a battery worn out."""


def rotary_w(speed_mps: float, weight: float = 1.0) -> float:
    """Watts of the paper's aircraft in level flight, eq. 12.

    Args:
        weight: over its own weight. Fixed-pitch rotors turn faster under load, with the root of
            the thrust: tip speed and induced velocity grow so, profile and induced power with
            its power of 3/2 (actuator disk; Leishman 2006, Principles of Helicopter
            Aerodynamics, ch. 2).

    >>> round(rotary_w(0.0), 1), round(rotary_w(10.0), 1)
    (168.5, 126.0)
    """
    v2, hover2 = speed_mps**2, INDUCED_MPS**2 * weight
    blade = BLADE_W * weight**1.5 * (1 + 3 * v2 / (TIP_MPS**2 * weight))
    inflow = math.sqrt(1 + v2**2 / (4 * hover2**2)) - v2 / (2 * hover2)
    return blade + INDUCED_W * weight**1.5 * math.sqrt(max(inflow, 0.0)) + PARASITE * speed_mps**3


def power_ratio(airspeed_mps: float, spec: VehicleSpec) -> float:
    """Power of level flight at an airspeed over that at cruise speed.

    >>> from types import SimpleNamespace
    >>> quad = SimpleNamespace(vtol=False, cruise_mps=15.0)
    >>> [round(power_ratio(v, quad), 2) for v in (0.0, 8.0, 15.0)]
    [1.0, 0.75, 1.0]
    """
    if spec.vtol:
        return 1.0
    return rotary_w(airspeed_mps / spec.cruise_mps * CRUISE_MPS) / rotary_w(CRUISE_MPS)


def loaded(spec: VehicleSpec, *, payload_kg: float = 0.0, health: float = 1.0) -> VehicleSpec:
    """The vehicle with a payload beyond what its data sheet flies with, and a worn battery.

    Its endurance shrinks; all costs in seconds of endurance stay what they are. The payload is
    counted at the worse of hovering and cruise, for a wing by its drag at equal lift over drag.

    Args:
        health: share of its first capacity that the battery still holds.

    Raises:
        ValueError: no such payload or health, or the vehicle's mass is not known.
    """
    if not (math.isfinite(payload_kg) and payload_kg >= 0 and 0 < health <= 1):
        raise ValueError(f"vehicle {spec.id}: payload {payload_kg} kg, battery health {health}")
    if payload_kg and spec.mass_kg is None:
        raise ValueError(f"vehicle {spec.id}: its mass_kg is not known, so no payload can be")
    weight = 1 + payload_kg / spec.mass_kg if spec.mass_kg else 1.0
    speeds = () if spec.vtol else (0.0, CRUISE_MPS)
    more = max((rotary_w(v, weight) for v in speeds), default=0.0) / rotary_w(CRUISE_MPS)
    return replace(spec, endurance_s=spec.endurance_s * health / (weight if spec.vtol else more))


def health_after(cycles: float, life_cycles: float) -> float:
    """Health of a battery that is worn out (`WORN_OUT`) after its life, fading evenly.

    >>> health_after(0, 400), round(health_after(200, 400), 3)
    (1.0, 0.9)
    """
    if not (cycles >= 0 and life_cycles > 0):
        raise ValueError(f"{cycles} cycles of {life_cycles}")
    return max(0.0, 1.0 - (1.0 - WORN_OUT) * cycles / life_cycles)


@lru_cache(maxsize=1024)
def best_speed_mps(spec: VehicleSpec, headwind_mps: float = 0.0) -> float:
    """Airspeed, at most that of cruise, with the least energy for a metre over ground.

    Args:
        headwind_mps: the wind from ahead; negative from behind.
    """
    tried = [spec.cruise_mps * k / 200 for k in range(1, 201)]
    able = [v for v in tried if v - headwind_mps > 0.1]
    if not able or spec.vtol:
        return spec.cruise_mps
    return min(able, key=lambda v: power_ratio(v, spec) / (v - headwind_mps))
