"""The route that looks closely at one place: for an alarm, a re-check or point-and-fly."""

from collections.abc import Sequence

from core.energy import climb_s, descent_s, route_s
from core.equipment import VehicleSpec
from core.geo import LonLat, offset
from core.route import Route, Waypoint

LOOK_HEIGHT_M = 80.0
"""Low enough that an ember of half a metre fills a thermal pixel (640 px at 49 degrees: 0.12 m),
high enough to stay clear of trees and the plume."""
STEP_M = 20.0
"""Distance of the side views from the middle: the place stays in all frames at LOOK_HEIGHT_M."""
HOLD_S = 4.0


def look_route(
    way_there: Sequence[LonLat], target: LonLat, height_m: float = LOOK_HEIGHT_M
) -> Route:
    """Out along a proven way, five photographs of the target, and the same way back.

    Args:
        way_there: from the dock to the target, round zones.
    """
    out = [Waypoint(position=p, height_m=height_m) for p in way_there[:-1]]
    views = [target] + [offset(target, bearing, STEP_M) for bearing in (0.0, 90.0, 180.0, 270.0)]
    photos = [Waypoint(position=p, height_m=height_m, photo=True, hold_s=HOLD_S) for p in views]
    return Route((*out, *photos, *reversed(out)))


def flight_s(route: Route, spec: VehicleSpec) -> float:
    """Seconds from take-off to landing."""
    height = max(w.height_m for w in route.waypoints)
    return climb_s(height, spec) + route_s(route, spec) + descent_s(height, spec)
