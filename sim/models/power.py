"""Power of flight from thrust: what the simulated vehicles really draw, in watts for each kg.

On purpose not the planner's model. `core.power` takes the shape of Zeng, Xu and Zhang's curve with
cruise and hovering alike, counts time at data-sheet power and climbs at a flat factor. Here power
follows from forces: the rotor thrust that weight, drag, acceleration and climb ask for (momentum
theory in forward flight), a drag polar and bank for a wing, the density of the air, ice and rain;
and each vehicle has its own drag, weight and drive efficiency. Hovering therefore costs some 12 %
less than cruising, half the cruise speed some 25 % less, a steep climb half as much again.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

G_MPS2 = 9.80665
HOVER_MPS = 5.0
"""Induced velocity in hover: sqrt(disk loading / 2 rho); 60 N/m2, ordinary for docked drones."""
PROFILE_W_KG = 40.0
"""Blade drag in hover: the rest of a figure of merit of 0.55 (Leishman 2006, ch. 2.8)."""
TIP_MPS = 110.0
FIXED_W_KG = 5.0
"""Avionics, radio, camera and gimbal."""
LIFT_OVER_DRAG = 12.0
BEST_GLIDE = 0.8
"""Speed of least drag over cruise speed."""
PROPELLER = 0.6
"""Shaft power that a small pusher propeller turns into thrust."""
SINK_GAIN = 0.35
"""Share of the potential energy that a descent gives back; the rest stirs the rotor's wake."""


def rotor_w_kg(
    airspeed_mps: Floats, thrust_g: Floats, climb_mps: Floats, drag_per_m: Floats, weight: Floats
) -> Floats:
    """Rotors: induced, profile, parasite and climbing power; W for each kg of the plain vehicle.

    Induced velocity by Glauert's high-speed form, v_i = v_h^2 / sqrt(V^2 + v_i^2) (Leishman 2006,
    eq. 2.126, disk nearly level), solved in closed form.

    Args:
        thrust_g: rotor thrust over the weight.
        drag_per_m: drag acceleration over airspeed squared.
        weight: over that of the data sheet (payload).

    >>> one = np.ones(1)
    >>> [round(float(rotor_w_kg(v * one, one, 0 * one, 0.0138 * one, one)[0])) for v in (0, 8, 15)]
    [94, 82, 111]
    """
    lift = thrust_g * weight
    hover2 = HOVER_MPS**2 * lift
    v2 = airspeed_mps**2
    induced = np.sqrt(np.maximum(np.sqrt(v2**2 / 4 + hover2**2) - v2 / 2, 0.0))
    profile = PROFILE_W_KG * lift**1.5 * (1 + 4.65 * v2 / TIP_MPS**2)
    parasite = drag_per_m * airspeed_mps**3
    rise = np.where(climb_mps > 0, climb_mps, SINK_GAIN * climb_mps)
    watts = lift * G_MPS2 * induced + profile + parasite + weight * G_MPS2 * rise
    return np.asarray(np.maximum(watts, 0.5 * PROFILE_W_KG) + FIXED_W_KG)


def wing_w_kg(
    airspeed_mps: Floats, cruise_mps: Floats, climb_mps: Floats, load: Floats, weight: Floats
) -> Floats:
    """Wing: parabolic drag polar, D/W = ((V/Vb)^2 + (n Vb/V)^2) / (2 L/D) (Anderson, ch. 5).

    Args:
        load: load factor n = 1 / cos(bank).
    """
    best = BEST_GLIDE * cruise_mps
    x = np.maximum(airspeed_mps, 0.3 * cruise_mps) / best
    drag = (x**2 + (load * weight / x) ** 2) / (2 * LIFT_OVER_DRAG)
    shaft = G_MPS2 * (airspeed_mps * drag + weight * climb_mps) / PROPELLER
    return np.asarray(np.maximum(shaft, 0.0) + FIXED_W_KG)


def density_ratio(celsius: npt.ArrayLike, altitude_m: npt.ArrayLike) -> Floats:
    """Air density over that of 15 C at sea level (standard atmosphere's pressure, ICAO 7488)."""
    pressure = (1 - 2.25577e-5 * np.asarray(altitude_m, float)) ** 5.25588
    return np.asarray(pressure * 288.15 / (273.15 + np.asarray(celsius, float)))


def weather_factor(ice: Floats, rain_mmph: npt.ArrayLike) -> Floats:
    """More power for iced blades (`ice` is that share) and for wet ones: 3 % in a downpour.

    Rain: assumed; wind-tunnel figures for small propellers in heavy rain are 2 to 5 %.
    """
    return np.asarray((1 + ice) * (1 + 0.03 * np.minimum(np.asarray(rain_mmph, float) / 20.0, 1.0)))
