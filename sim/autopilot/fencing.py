"""ArduPilot's fence in force: its parameters, what it permits, what is breached (AC_Fence)."""

import math
from typing import TYPE_CHECKING

from sim.autopilot import fence
from sim.autopilot.items import FENCE
from sim.earth import between_m

if TYPE_CHECKING:
    from sim.autopilot.autopilot import Autopilot

UNION = 2
"""Bit of FENCE_OPTIONS: one inclusion area is enough."""


class Fencing:
    """The fence of one vehicle."""

    def __init__(self, autopilot: "Autopilot") -> None:
        self._a = autopilot

    @property
    def types(self) -> int:
        """The parts in force: bits of FENCE_TYPE, 0 while it is switched off."""
        parameters = self._a.parameters
        if int(parameters["FENCE_ENABLE"]) != 1:
            return 0
        chosen = int(parameters["FENCE_TYPE"])
        if not self._a.transfers.stores[FENCE]:
            chosen &= ~fence.POLYGON
        return chosen

    def breaches(self, lon: float, lat: float, altitude_m: float) -> int:
        """Which parts a place lies outside of, as bits; heights count from home."""
        a, types, found = self._a, self.types, 0
        if not types:
            return 0
        height = altitude_m - a.home_m
        if types & fence.ALT_MAX and height > a.parameters["FENCE_ALT_MAX"]:
            found |= fence.ALT_MAX
        if types & fence.ALT_MIN and a.body.flying and height < a.parameters["FENCE_ALT_MIN"]:
            found |= fence.ALT_MIN
        if types & fence.CIRCLE and self._from_home_m(lon, lat) > a.parameters["FENCE_RADIUS"]:
            found |= fence.CIRCLE
        if types & fence.POLYGON and not fence.inside(
            a.transfers.stores[FENCE], lon, lat, union=self._union
        ):
            found |= fence.POLYGON
        return found

    def permits(self, lon: float, lat: float, altitude_m: float) -> bool:
        """Whether the fence, if it is on, permits a place."""
        return not self.breaches(lon, lat, altitude_m)

    def fault(self) -> str | None:
        """Why the fence forbids arming, None if it does not."""
        a = self._a
        if int(a.parameters["FENCE_ENABLE"]) == 1 and not int(a.parameters["FENCE_TYPE"]):
            return "Fences enabled, but none selected"
        if not self.types:
            return None
        if self.types & (fence.CIRCLE | fence.POLYGON) and not a.has_estimate():
            return "Fence requires position"
        if a.parameters["FENCE_RADIUS"] < a.parameters["FENCE_MARGIN"]:
            return "Circle FENCE_MARGIN is greater than FENCE_RADIUS"
        body = a.body
        outside = self.breaches(body.lon, body.lat, body.altitude_m)
        return f"Vehicle breaching {fence.name(outside)}" if outside else None

    @property
    def _union(self) -> bool:
        return bool(int(self._a.parameters["FENCE_OPTIONS"]) & UNION)

    def _from_home_m(self, lon: float, lat: float) -> float:
        return math.hypot(*between_m(self._a.home_lon, self._a.home_lat, lon, lat))
