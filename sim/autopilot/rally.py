"""Which rally point a return goes to (ArduPilot's AP_Rally, PX4's RTL_TYPE)."""

import math
from collections.abc import Sequence

from sim.autopilot.items import Item
from sim.earth import between_m


def nearest(
    items: Sequence[Item], lon: float, lat: float, *, limit_m: float = 0.0
) -> tuple[Item, float] | None:
    """The nearest rally point and its distance in metres, None if there is none.

    Args:
        limit_m: rally points farther away do not count (RALLY_LIMIT_KM); 0 for no limit.
    """
    found = [(math.hypot(*between_m(lon, lat, i.lon, i.lat)), k) for k, i in enumerate(items)]
    if not found:
        return None
    distance, k = min(found)
    return None if 0 < limit_m < distance else (items[k], distance)


def closest(places: Sequence[tuple[float, float]], lon: float, lat: float) -> tuple[float, float]:
    """The nearest of some longitudes and latitudes."""
    return min(places, key=lambda p: math.hypot(*between_m(lon, lat, *p)))
