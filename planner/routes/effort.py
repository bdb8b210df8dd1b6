"""Seconds of endurance for many legs at once; the same formulas as `core.energy`, in arrays."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from pyproj import Geod

from core.energy import CLIMB_FACTOR, Wind
from core.equipment import VehicleSpec
from core.route import Route, Waypoint

Floats = npt.NDArray[np.float64]
_GEOD = Geod(ellps="WGS84")
_STILL_M = 0.01


def legs(a: Floats, b: Floats, cruise_mps: float, wind: Wind) -> tuple[Floats, Floats]:
    """Metres and seconds of the straight legs from a to b, both (N, 2) degrees.

    Seconds are infinite where the wind is too strong to hold the course.
    """
    course, _, metres = _GEOD.inv(a[:, 0], a[:, 1], b[:, 0], b[:, 1])
    return np.asarray(metres), np.where(
        metres < _STILL_M, 0.0, metres / ground_speed(np.radians(course), cruise_mps, wind)
    )


def ground_speed(course: Floats, cruise_mps: float, wind: Wind) -> Floats:
    """Speed over ground on courses in radians; next to nothing where the wind is too strong."""
    angle = np.radians(wind.from_deg) - course
    cross, head = wind.speed_mps * np.sin(angle), wind.speed_mps * np.cos(angle)
    along = np.sqrt(np.maximum(cruise_mps**2 - cross**2, 0.0)) - head
    return np.where((np.abs(cross) >= cruise_mps) | (along < 1.0), 1e-9, along)


def routes_s(
    routes: Sequence[Route], spec: VehicleSpec, wind: Wind
) -> tuple[Floats, Floats, Floats]:
    """Metres, seconds forward and seconds backward of routes, (N,) each; holds included."""
    if not routes:
        return np.empty(0), np.empty(0), np.empty(0)
    points = [w for r in routes for w in r.waypoints]
    counts = np.array([len(r.waypoints) for r in routes])
    place = np.array([(w.position.lon, w.position.lat) for w in points])
    height = np.array([w.height_m for w in points])
    amsl = np.array([np.nan if w.amsl_m is None else w.amsl_m for w in points])
    cap = np.array([w.speed_mps or np.inf for w in points])
    hold = np.array([w.hold_s for w in points])
    last = np.cumsum(counts) - 1
    inner = np.ones(len(points), bool)
    inner[last] = False
    on = np.flatnonzero(inner)
    metres, forward = legs(place[on], place[on + 1], spec.cruise_mps, wind)
    _, backward = legs(place[on + 1], place[on], spec.cruise_mps, wind)
    straight = amsl[on + 1] - amsl[on]  # NaN where the autopilot follows the ground
    least = [
        np.fmax(0, np.fmax(r / spec.climb_mps, -r / spec.descent_mps))
        for r in (straight, -straight)
    ]
    rise = np.where(np.isnan(straight), height[on + 1] - height[on], straight)
    rise = rise * (CLIMB_FACTOR - 1) / spec.climb_mps
    owner = np.repeat(np.arange(len(routes)), counts)[on]
    sums = [
        np.fmax(np.maximum(forward, metres / cap[on]), least[0]) + np.maximum(rise, 0),
        np.fmax(np.maximum(backward, metres / cap[on]), least[1]) + np.maximum(-rise, 0),
    ]
    held = np.add.reduceat(hold, last - counts + 1)
    n = len(routes)
    total, there, back = (np.bincount(owner, w, n).astype(np.float64) for w in (metres, *sums))
    return total, held + there, held + back


def reversed_route(route: Route) -> Route:
    """The same path and photos from its end to its beginning.

    Where the nose and the camera point belongs to the leg, as its photos do; at a single photo it
    belongs to the place.
    """
    points = route.waypoints
    turned: list[Waypoint] = []
    for k in range(len(points) - 1, -1, -1):
        leg = points[k - 1] if k else None
        aim = points[k] if leg is None or points[k].photo else leg
        turned.append(
            replace(
                points[k],
                photo_spacing_m=leg.photo_spacing_m if leg else 0.0,
                speed_mps=leg.speed_mps if leg else None,
                heading_deg=aim.heading_deg,
                gimbal_pitch_deg=aim.gimbal_pitch_deg,
            )
        )
    return Route(tuple(turned))
