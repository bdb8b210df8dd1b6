"""Is this path allowed, and how close does it come?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import shapely
import shapely.ops

from core.geo import LocalFrame, LonLat
from core.zones import Zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A path that comes too close to a zone."""

    zone: Zone
    distance_m: float
    required_m: float
    near: LonLat

    def __str__(self) -> str:
        if self.distance_m <= 0:
            return f"the path enters {self.zone.name}"
        return (
            f"the path passes {self.distance_m:.0f} m from {self.zone.name}; "
            f"{self.required_m:.0f} m are required"
        )


def conflicts(
    path: Sequence[LonLat],
    zones: Iterable[Zone],
    *,
    height_m: float,
    start: datetime | None = None,
    end: datetime | None = None,
    tolerance_m: float = 0.5,
) -> list[Conflict]:
    """Every zone that the path enters or passes nearer than the zone's buffer.

    Args:
        path: at least one point; straight legs between them.
        height_m: greatest height above ground along the path.
        start, end: when it is flown; without them every zone counts as active.
        tolerance_m: rounding allowed, so that a path along the buffer itself passes.
    """
    frame = LocalFrame(path[0])
    points = [frame.point_xy(p) for p in path]
    line = shapely.LineString(points) if len(points) > 1 else shapely.Point(points[0])
    found = []
    for zone in zones:
        if height_m < zone.floor_m:
            continue
        if start is not None and end is not None and not zone.holds(start, end):
            continue
        polygon = frame.to_metres(zone.polygon)
        distance = float(shapely.distance(line, polygon))
        if zone.buffer_m > tolerance_m:
            near_it = distance < zone.buffer_m - tolerance_m
        else:  # along its edge is not inside
            near_it = distance <= 0 and line.intersects(polygon.buffer(-tolerance_m))
        if near_it:
            near = shapely.ops.nearest_points(line, polygon)[0]
            found.append(
                Conflict(
                    zone=zone,
                    distance_m=distance,
                    required_m=zone.buffer_m,
                    near=frame.point(near.x, near.y),
                )
            )
    return found
