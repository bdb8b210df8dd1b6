"""Is a point inside the geofence?"""

import math

from pymavlink.dialects.v20 import ardupilotmega as wire

from sim.autopilot.items import Item
from sim.earth import between_m

TYPE_ALTITUDE, TYPE_CIRCLE, TYPE_POLYGON = 1, 2, 4


def inside(items: list[Item], lon: float, lat: float) -> bool:
    """Whether the polygons and circles permit a point; no inclusion at all permits everywhere."""
    inclusions = exclusions = 0
    within = False
    k = 0
    while k < len(items):
        item = items[k]
        if item.command == wire.MAV_CMD_NAV_FENCE_RETURN_POINT:
            k += 1
            continue
        hit, used = _hit(items, k, lon, lat)
        if item.command in (
            wire.MAV_CMD_NAV_FENCE_POLYGON_VERTEX_INCLUSION,
            wire.MAV_CMD_NAV_FENCE_CIRCLE_INCLUSION,
        ):
            inclusions += 1
            within = within or hit
        elif hit:
            exclusions += 1
        k += used
    return exclusions == 0 and (within or inclusions == 0)


def _hit(items: list[Item], k: int, lon: float, lat: float) -> tuple[bool, int]:
    """Whether the shape at k holds the point, and how many items it takes."""
    item = items[k]
    if item.command in (
        wire.MAV_CMD_NAV_FENCE_CIRCLE_INCLUSION,
        wire.MAV_CMD_NAV_FENCE_CIRCLE_EXCLUSION,
    ):
        return math.hypot(*between_m(item.lon, item.lat, lon, lat)) <= item.param1, 1
    count = max(1, int(item.param1))
    ring = [(i.lon, i.lat) for i in items[k : k + count]]
    return _in_ring(ring, lon, lat), count


def _in_ring(ring: list[tuple[float, float]], x: float, y: float) -> bool:
    """Ray casting: an odd number of edges lies to the east of an inner point."""
    odd = False
    for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1], strict=True):
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            odd = not odd
    return odd
