"""What a path costs a vehicle, in seconds of its endurance.

Endurance is stated at cruise speed in still air, so cost is time: wind changes the ground speed
(the wind triangle), climbing draws more power than cruising. Plans count time on slow photo legs
in full, which bounds what they draw (`core.power`); `charge_s` is the closer estimate.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from core.equipment import VehicleSpec
from core.geo import LonLat, bearing_deg, distance_m
from core.power import power_ratio
from core.route import Route, Waypoint

CLIMB_FACTOR = 1.4
"""Power while climbing over power at cruise: about 1.4 for small multirotors at 3 to 6 m/s
(Zeng, Xu, Zhang 2019, IEEE TWC 18(4), the climbing extension of their eq. 12)."""


@dataclass(frozen=True, slots=True)
class Wind:
    """A mean wind: speed and the direction that it comes from, degrees clockwise from north."""

    speed_mps: float = 0.0
    from_deg: float = 0.0


CALM = Wind()


def ground_speed_mps(airspeed_mps: float, course_deg: float, wind: Wind) -> float:
    """Speed over ground on a course (wind triangle).

    Raises:
        ValueError: the wind is too strong to hold the course.

    >>> round(ground_speed_mps(15.0, 0.0, Wind(5.0, 0.0)), 1)
    10.0
    """
    angle = math.radians(wind.from_deg - course_deg)
    cross = wind.speed_mps * math.sin(angle)
    head = wind.speed_mps * math.cos(angle)
    if abs(cross) >= airspeed_mps or math.sqrt(airspeed_mps**2 - cross**2) - head < 1.0:
        raise ValueError(f"wind of {wind.speed_mps:g} m/s is too strong for {airspeed_mps:g} m/s")
    return math.sqrt(airspeed_mps**2 - cross**2) - head


def leg_s(a: LonLat, b: LonLat, spec: VehicleSpec, wind: Wind = CALM) -> float:
    """Seconds from a to b at cruise speed."""
    length = distance_m(a, b)
    if length < 0.01:
        return 0.0
    return length / ground_speed_mps(spec.cruise_mps, bearing_deg(a, b), wind)


def climb_s(height_m: float, spec: VehicleSpec) -> float:
    """Seconds of endurance that a climb takes (counted at climbing power)."""
    return CLIMB_FACTOR * height_m / spec.climb_mps


def descent_s(height_m: float, spec: VehicleSpec) -> float:
    """Seconds from a height to the ground, the last 10 m at 0.5 m/s as ArduPilot lands."""
    slow = min(height_m, 10.0)
    return (height_m - slow) / spec.descent_mps + slow / 0.5


def route_s(route: Route, spec: VehicleSpec, wind: Wind = CALM) -> float:
    """Seconds of endurance for a route between its entry and exit, holds included."""
    return sum(w.hold_s for w in route.waypoints) + sum(
        step_s(a, b, spec, wind) for a, b in pairwise(route.waypoints)
    )


def step_s(a: Waypoint, b: Waypoint, spec: VehicleSpec, wind: Wind = CALM) -> float:
    """Seconds of endurance from one waypoint to the next, without holds.

    Where both know their height above sea level the leg is straight between them, and takes at
    least as long as its climb or descent.
    """
    rise = rise_m(a, b)
    return _flown_s(a, b, spec, wind) + climb_s(max(0.0, rise), spec) * (1 - 1 / CLIMB_FACTOR)


def rise_m(a: Waypoint, b: Waypoint) -> float:
    """Metres that a leg climbs; negative when it sinks. Above ground where AMSL is not known."""
    if a.amsl_m is not None and b.amsl_m is not None:
        return b.amsl_m - a.amsl_m
    return b.height_m - a.height_m


def _flown_s(a: Waypoint, b: Waypoint, spec: VehicleSpec, wind: Wind) -> float:
    """Seconds of flight from one waypoint to the next."""
    seconds = leg_s(a.position, b.position, spec, wind)
    if a.speed_mps is not None:
        seconds = max(seconds, distance_m(a.position, b.position) / a.speed_mps)
    if a.amsl_m is not None and b.amsl_m is not None:
        rise = b.amsl_m - a.amsl_m
        seconds = max(seconds, rise / spec.climb_mps, -rise / spec.descent_mps)
    return seconds


def charge_s(route: Route, spec: VehicleSpec, wind: Wind = CALM) -> float:
    """Seconds at the power of cruise that a route draws from the battery; at most `route_s`."""
    total = power_ratio(0.0, spec) * sum(w.hold_s for w in route.waypoints)
    for a, b in pairwise(route.waypoints):
        flown = _flown_s(a, b, spec, wind)
        length = distance_m(a.position, b.position)
        if flown > 0:
            course = bearing_deg(a.position, b.position) if length >= 0.01 else 0.0
            airspeed = _airspeed_mps(length / flown, course, wind) if length >= 0.01 else 0.0
            total += flown * power_ratio(min(airspeed, spec.cruise_mps), spec)
        total += climb_s(max(0.0, rise_m(a, b)), spec) * (1 - 1 / CLIMB_FACTOR)
    return total


def _airspeed_mps(ground_mps: float, course_deg: float, wind: Wind) -> float:
    """Airspeed that gives a ground speed on a course (wind triangle)."""
    angle = math.radians(wind.from_deg - course_deg)
    return math.hypot(
        ground_mps + wind.speed_mps * math.cos(angle), wind.speed_mps * math.sin(angle)
    )


def flights_s(
    lengths_m: npt.NDArray[np.float64],
    courses_deg: npt.NDArray[np.float64],
    spec: VehicleSpec,
    wind: Wind = CALM,
) -> npt.NDArray[np.float64]:
    """Seconds at cruise speed for many straight ways at once; infinite where the wind forbids it.

    The same wind triangle as `ground_speed_mps`.
    """
    angle = np.radians(wind.from_deg - courses_deg)
    cross, head = wind.speed_mps * np.sin(angle), wind.speed_mps * np.cos(angle)
    along = np.sqrt(np.maximum(0.0, spec.cruise_mps**2 - cross**2)) - head
    possible = (np.abs(cross) < spec.cruise_mps) & (along >= 1.0)
    seconds = np.where(possible, lengths_m / np.where(possible, along, 1.0), np.inf)
    return np.where(lengths_m < 0.01, 0.0, seconds)
