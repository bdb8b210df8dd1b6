"""The route that looks closely at one place: for an alarm, a re-check or point-and-fly."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import shapely

from core.energy import climb_s, descent_s, route_s
from core.equipment import VehicleSpec
from core.geo import LonLat, distance_m, offset
from core.route import Route, Waypoint

LOOK_HEIGHT_M = 80.0
"""Low enough that an ember of half a metre fills a thermal pixel (640 px at 49 degrees: 0.12 m),
high enough to stay clear of trees and the plume."""
STEP_M = 20.0
"""Distance of the side views from the middle: the place stays in all frames at LOOK_HEIGHT_M."""
_VIEWS = 5
HOLD_S = 4.0


SHOWN_M = 27.0
"""What lies so near to where a photograph is taken is in it: half the frame's short side is 29 m
at LOOK_HEIGHT_M."""
ALIKE_M = 4.0
"""Two places so near each other are one to look at, however large they are."""
ALSO = 12
"""Other places that one flight looks at, and"""
ALSO_M = 600.0
"""metres that it flies for them at most, within the three minutes that a response keeps over its
target (`planner.responder`). What is left is first in the next flight."""


def look_route(
    way_there: Sequence[LonLat],
    target: LonLat,
    height_m: float = LOOK_HEIGHT_M,
    also: Sequence[LonLat] = (),
    also_radius_m: float = SHOWN_M,
    barred: Any = None,
) -> Route:
    """Out along a proven way, five photographs of the target and one of each other place, and the
    same way back.

    Args:
        way_there: from the dock to the target, round zones.
        also: other places to be seen, the most wanted first, and how large they are; see `stops`.
        barred: shapely geometry, degrees, that no leg to these may touch; None for nothing.
    """
    out = [Waypoint(position=p, height_m=height_m) for p in way_there[:-1]]
    views = [target] + [offset(target, bearing, STEP_M) for bearing in (0.0, 90.0, 180.0, 270.0)]
    views += stops(views, also, also_radius_m, barred)
    photos = [Waypoint(position=p, height_m=height_m, photo=True, hold_s=HOLD_S) for p in views]
    back = [Waypoint(position=target, height_m=height_m)] if len(photos) > _VIEWS else []
    return Route((*out, *photos, *back, *reversed(out)))


def stops(
    views: Sequence[LonLat], also: Sequence[LonLat], radius_m: float, barred: Any = None
) -> list[LonLat]:
    """Where further photographs are taken after `views`, so that other places are seen too.

    The most wanted that the flight can afford, flown nearest first.
    """
    near_m = max(ALIKE_M, SHOWN_M - radius_m)
    chosen: list[LonLat] = []
    for place in also:
        if any(distance_m(place, p) <= near_m for p in (*views, *chosen)):
            continue
        way = _nearest_first(views[-1], [*chosen, place])
        legs = list(pairwise((views[-1], *way, views[0])))
        if sum(distance_m(a, b) for a, b in legs) <= ALSO_M and not _touches(legs, barred):
            chosen.append(place)
        if len(chosen) == ALSO:
            break
    return _nearest_first(views[-1], chosen)


def _nearest_first(start: LonLat, places: Sequence[LonLat]) -> list[LonLat]:
    left, way = list(places), [start]
    while left:
        way.append(min(left, key=lambda p: distance_m(way[-1], p)))
        left.remove(way[-1])
    return way[1:]


def _touches(legs: Sequence[tuple[LonLat, LonLat]], barred: Any) -> bool:
    if barred is None:
        return False
    lines = [[(a.lon, a.lat), (b.lon, b.lat)] for a, b in legs]
    return bool(shapely.intersects(shapely.MultiLineString(lines), barred))


def flight_s(route: Route, spec: VehicleSpec) -> float:
    """Seconds from take-off to landing."""
    height = max(w.height_m for w in route.waypoints)
    return climb_s(height, spec) + route_s(route, spec) + descent_s(height, spec)
