"""The geofence: which of its parts a place breaches."""

import math
from collections.abc import Iterator, Sequence

from pymavlink.dialects.v20 import ardupilotmega as wire

from sim.autopilot.items import Item
from sim.earth import between_m

ALT_MAX, CIRCLE, POLYGON, ALT_MIN = 1, 2, 4, 8
"""Bits of FENCE_TYPE (AC_Fence.h)."""
NAMES = {ALT_MAX: "Max Alt", CIRCLE: "Circle", POLYGON: "Polygon", ALT_MIN: "Min Alt"}

CIRCLES = frozenset(
    {wire.MAV_CMD_NAV_FENCE_CIRCLE_INCLUSION, wire.MAV_CMD_NAV_FENCE_CIRCLE_EXCLUSION}
)
INCLUSIONS = frozenset(
    {
        wire.MAV_CMD_NAV_FENCE_POLYGON_VERTEX_INCLUSION,
        wire.MAV_CMD_NAV_FENCE_CIRCLE_INCLUSION,
    }
)


def inside(items: Sequence[Item], lon: float, lat: float, *, union: bool = False) -> bool:
    """Whether the polygons and circles permit a point; no inclusion at all permits everywhere.

    Args:
        union: one inclusion that holds the point is enough (PX4; ArduPilot with FENCE_OPTIONS bit
            1); else all of them must.
    """
    hits = [(item.command in INCLUSIONS, hit) for item, hit in _shapes(items, lon, lat)]
    included = [hit for inclusion, hit in hits if inclusion]
    excluded = any(hit for inclusion, hit in hits if not inclusion)
    enough = any(included) if union else all(included)
    return not excluded and (enough or not included)


def name(breaches: int) -> str:
    """What ArduPilot calls the breached parts.

    >>> name(ALT_MAX | POLYGON)
    'Max Alt and Polygon fences'
    """
    found = [text for bit, text in NAMES.items() if breaches & bit]
    *head, last = found or [""]
    return (", ".join(head) + " and " if head else "") + last + " fence" + "s" * (len(found) > 1)


def _shapes(items: Sequence[Item], lon: float, lat: float) -> Iterator[tuple[Item, bool]]:
    """Every shape by its first item, and whether it holds the point."""
    k = 0
    while k < len(items):
        item = items[k]
        if item.command == wire.MAV_CMD_NAV_FENCE_RETURN_POINT:
            k += 1
        elif item.command in CIRCLES:
            yield item, math.hypot(*between_m(item.lon, item.lat, lon, lat)) <= item.param1
            k += 1
        else:
            count = max(1, int(item.param1))
            yield item, _in_ring([(i.lon, i.lat) for i in items[k : k + count]], lon, lat)
            k += count


def _in_ring(ring: list[tuple[float, float]], x: float, y: float) -> bool:
    """Ray casting: an odd number of edges lies to the east of an inner point."""
    odd = False
    for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1], strict=True):
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            odd = not odd
    return odd
