"""A fence, rally points and heights for one flight: a real cage, drawn round what it flies.

The inclusion is convex: it holds the route, home, landing dock and rally points, and so also every
straight way between them, which is how a vehicle returns. Zones that reach into it are exclusions.
Half of a zone's buffer belongs to the exclusion, the other half is room for overshoot: legs keep
the whole buffer from the zone, so they keep half of it from the exclusion.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import shapely

from core.clearance import conflicts
from core.geo import LocalFrame, LonLat
from core.zones import Zone
from fleet.plans.fence import Fence, Polygon
from fleet.plans.flightplan import FlightPlan
from fleet.plans.mission import Mission
from fleet.plans.profile import profile, sampled
from fleet.plans.proof import Conditions
from fleet.plans.proof_checks import Flight, highest_ground_m, return_top_m
from fleet.plans.proof_items import check_items, nodes_of
from fleet.plans.rally import RallyPoint

ROOM_M = 100.0
"""Room between a flight and its fence: a fixed wing's turn, a gust and GPS together."""

CEILING_ROOM_M = 20.0
"""Room between the highest point that is meant and the ceiling: ArduPilot's back-up distance."""

RALLY_REACH_M = 2500.0
"""A pad further than this from the flight is no refuge of it: the cage would grow round it."""

MOST_RALLY = 4
"""ArduPilot's own storage holds at least so many on every board."""

BESIDE_PAD_M = 30.0
"""A rally point lies beside a pad: another drone may stand on it, or its door be closed."""


def caged(
    mission: Mission,
    conditions: Conditions,
    pads: Iterable[LonLat] = (),
    *,
    room_m: float = ROOM_M,
) -> tuple[FlightPlan, Conditions]:
    """A flight plan round a mission, and the conditions with the return height that it needs.

    Args:
        pads: places of other docks near which it might land, nearest first.
        room_m: how far round what is planned it may be flown, by a pilot (at least `ROOM_M`).

    A mission whose items are wrong gets no fence: the proof refuses it and says why.
    """
    bare = FlightPlan(mission)
    if check_items(bare, conditions):
        return bare, conditions
    c = conditions
    path = profile(nodes_of(bare, c), home=c.home, heights=c.heights, spec=c.spec)
    hull = shapely.convex_hull(shapely.MultiPoint(path.xy))
    spots = _refuges(pads, hull, path.frame, c)
    flight = Flight(path, sampled(path, c.heights), None, _rally(spots, c), lands=True)
    if not c.follows_ground:
        c = replace(c, return_height_m=_return_height_m(flight, c))
        flight = replace(flight, rally=_rally(spots, c))
    corners = shapely.MultiPoint([*path.xy, *flight.refuges])
    top = max(return_top_m(flight, c), float(flight.samples.amsl_m.max()))
    ceiling = math.ceil(top - float(path.ground_m[0]) + CEILING_ROOM_M)
    # room first, hull then: the hull of points in a row has no area that could be widened
    ring = shapely.convex_hull(corners.buffer(room_m, quad_segs=2)).simplify(ROOM_M / 20)
    return FlightPlan(mission, _fence(ring, path.frame, flight, c, ceiling), flight.rally), c


def _fence(ring: Any, frame: LocalFrame, flight: Flight, c: Conditions, ceiling_m: float) -> Fence:
    highest = max(c.return_height_m, flight.path.highest_above_ground_m)
    zones = [z for z in c.zones if z.floor_m <= highest and _active(z, c)]
    return Fence(
        inclusions=tuple(_polygons(ring, frame)),
        exclusions=tuple(p for z in zones for p in _exclusion(z, ring, frame)),
        ceiling_m=float(ceiling_m),
    )


def _exclusion(zone: Zone, ring: Any, frame: LocalFrame) -> Iterator[Polygon]:
    """The part of a zone, half its buffer included, that reaches into the cage."""
    shape = frame.to_metres(zone.polygon).buffer(zone.buffer_m / 2, quad_segs=2)
    shape = shape.simplify(zone.buffer_m / 20)
    yield from _polygons(shape.intersection(ring.buffer(ROOM_M)), frame)


def _active(zone: Zone, c: Conditions) -> bool:
    return c.start is None or c.end is None or zone.holds(c.start, c.end)


def _polygons(shape: Any, frame: LocalFrame) -> Iterator[Polygon]:
    """Polygons without holes: a hole in an exclusion is filled, which is stricter."""
    for part in shapely.get_parts(shape):
        if part.geom_type == "Polygon" and part.area > 1.0:
            corners = np.asarray(part.exterior.coords)[:-1]
            lon, lat = frame.lonlat(corners[:, 0], corners[:, 1])
            yield Polygon(tuple(LonLat(float(a), float(b)) for a, b in zip(lon, lat, strict=True)))


def _refuges(pads: Iterable[LonLat], hull: Any, frame: LocalFrame, c: Conditions) -> list[LonLat]:
    """Free ground beside those pads that are near the flight, flattest side first."""
    found: list[LonLat] = []
    for pad in pads:
        if len(found) == MOST_RALLY:
            break
        if hull.distance(shapely.Point(*frame.point_xy(pad))) <= RALLY_REACH_M:
            found.extend(_beside(pad, frame, c)[:1])
    return found


def _beside(pad: LonLat, frame: LocalFrame, c: Conditions) -> list[LonLat]:
    """Places round a pad that no zone forbids, the most level ones first."""
    x, y = frame.point_xy(pad)
    level = float(c.heights.height_m(pad.lon, pad.lat))
    around = [
        frame.point(x + BESIDE_PAD_M * math.sin(a), y + BESIDE_PAD_M * math.cos(a))
        for a in np.arange(0.0, 2 * math.pi, math.pi / 4)
    ]
    free = [p for p in around if _free(p, c)]
    return sorted(free, key=lambda p: abs(float(c.heights.height_m(p.lon, p.lat)) - level))


def _free(place: LonLat, c: Conditions) -> bool:
    inside = c.territory is None or shapely.intersects_xy(c.territory, place.lon, place.lat)
    return bool(inside) and not conflicts(
        [place], c.zones, height_m=c.return_height_m, start=c.start, end=c.end
    )


def _rally(spots: Sequence[LonLat], c: Conditions) -> tuple[RallyPoint, ...]:
    """At the return height over each place, in whole metres above home."""
    home_m = float(c.heights.height_m(c.home.lon, c.home.lat))
    points = []
    for spot in spots:
        ground = float(c.heights.height_m(spot.lon, spot.lat)) if c.follows_ground else home_m
        points.append(RallyPoint(spot, math.ceil(ground - home_m + c.return_height_m)))
    return tuple(points)


def _return_height_m(flight: Flight, c: Conditions) -> float:
    """Above home, where the autopilot's returns are level: over the highest ground round it."""
    home_m = float(flight.path.ground_m[0])
    over = highest_ground_m(flight, c.heights) + c.clearance_m - home_m
    return float(math.ceil(max(c.return_height_m, over)))
