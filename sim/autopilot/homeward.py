"""The way home: climb where it is, fly straight, descend, as ArduCopter's RTL does."""

import math
from collections.abc import Callable

from sim.body import Body, Spot
from sim.earth import between_m

AT_HOME_M = 5.0
"""Nearer than this it does not climb first."""
LEVEL_M, OVER_HOME_M = 2.0, 2.0


class Homeward:
    """A return in progress.

    Args:
        home: longitude and latitude of where it landed or was armed last.
        height_m: least height above the ground on the way (RTL_ALT_M with RTL_ALT_TYPE 1).
    """

    def __init__(
        self, body: Body, home: Callable[[], tuple[float, float]], height_m: Callable[[], float]
    ) -> None:
        self._body, self._home, self._height_m = body, home, height_m
        self.descends = False

    def begin(self) -> None:
        """Stop and climb, or fly on if it is at home already."""
        self.descends = False
        body, (lon, lat) = self._body, self._home()
        if math.hypot(*between_m(body.lon, body.lat, lon, lat)) < AT_HOME_M:
            self._fly()
            return
        height = max(self._height_m(), body.height_m)
        body.stay()
        stop = Spot(body.goal.lon, body.goal.lat, height, terrain=True)
        body.fly(stop, stop, body.spec.cruise_mps)

    def step(self) -> None:
        """Go on to the next stage when this one is done."""
        if self.descends:
            return
        body, home = self._body, self._home()
        if (body.goal.lon, body.goal.lat) != home:
            if abs(body.height_error_m()) < LEVEL_M:
                self._fly()
        elif body.to_goal_m()[1] < OVER_HOME_M and body.speed_mps < 1.0:
            self.descends = True
            body.descend_at(*home)

    def _fly(self) -> None:
        body = self._body
        height = max(self._height_m(), body.height_m)
        goal = Spot(*self._home(), height, terrain=True)
        body.fly(body.here(terrain=True), goal, body.spec.cruise_mps)
