"""The way home: climb where it is, fly straight, descend, as ArduCopter's RTL does."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from sim.body import Body, Spot
from sim.earth import between_m

AT_HOME_M = 5.0
"""Nearer than this it does not climb first."""
LEVEL_M, OVER_HOME_M = 2.0, 2.0


@dataclass(frozen=True, kw_only=True)
class Haven:
    """Where a return goes to.

    Attributes:
        height_m: least height on the way; above ground if `terrain`, else AMSL.
        final_m: height above its ground at which it stays instead of landing, 0 to land.
    """

    lon: float
    lat: float
    height_m: float
    terrain: bool = True
    final_m: float = 0.0


class Homeward:
    """A return in progress.

    Args:
        choose: the haven, asked once when a return begins.
        speed_mps: on the way.
    """

    def __init__(
        self, body: Body, choose: Callable[[], Haven], speed_mps: Callable[[], float]
    ) -> None:
        self._body, self._choose, self._speed_mps = body, choose, speed_mps
        self.descends = False
        self._haven: Haven | None = None

    def begin(self) -> None:
        """Stop and climb, or fly on if it is there already."""
        self.descends = False
        body, haven = self._body, self._choose()
        self._haven = haven
        if math.hypot(*between_m(body.lon, body.lat, haven.lon, haven.lat)) < AT_HOME_M:
            self._fly(haven)
            return
        body.stay()
        stop = Spot(body.goal.lon, body.goal.lat, self._height_m(haven), haven.terrain)
        body.fly(stop, stop, self._speed_mps())

    def step(self) -> None:
        """Go on to the next stage when this one is done."""
        body, haven = self._body, self._haven
        if self.descends or haven is None:
            return
        if (body.goal.lon, body.goal.lat) != (haven.lon, haven.lat):
            if abs(body.height_error_m()) < LEVEL_M:
                self._fly(haven)
        elif body.to_goal_m()[1] < OVER_HOME_M and body.speed_mps < 1.0:
            self._arrive(haven)

    def _arrive(self, haven: Haven) -> None:
        if haven.final_m > 0:
            spot = Spot(haven.lon, haven.lat, haven.final_m, terrain=True)
            if self._body.goal != spot:
                self._body.fly(self._body.here(terrain=True), spot, self._speed_mps())
            return
        self.descends = True
        self._body.descend_at(haven.lon, haven.lat)

    def _height_m(self, haven: Haven) -> float:
        body = self._body
        return max(haven.height_m, body.height_m if haven.terrain else body.altitude_m)

    def _fly(self, haven: Haven) -> None:
        goal = Spot(haven.lon, haven.lat, self._height_m(haven), haven.terrain)
        self._body.fly(self._body.here(terrain=haven.terrain), goal, self._speed_mps())
