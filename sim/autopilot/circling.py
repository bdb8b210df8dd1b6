"""Flying in circles: the goal runs ahead of the vehicle on the circle, like a hare."""

import math

from sim.body import Body, Spot
from sim.earth import between_m, moved

AHEAD_S = 2.0
"""The goal is so far ahead; a point mass then cuts the circle by less than 5 % of its radius."""
LEAST_AHEAD_RAD, MOST_AHEAD_RAD = 0.05, 0.6


class Circle:
    """One circle in progress; `turns` counts how often it has gone round since it got there.

    Args:
        centre: its height is held all round.
        speed_mps: along the circle.
        clockwise: seen from above.
    """

    def __init__(
        self, body: Body, centre: Spot, radius_m: float, speed_mps: float, *, clockwise: bool = True
    ) -> None:
        self._body, self.centre = body, centre
        self.radius_m, self.speed_mps = max(1.0, radius_m), max(0.5, speed_mps)
        self.clockwise = clockwise
        self.turns = 0.0
        self._bearing_rad: float | None = None

    def step(self) -> None:
        """Move the goal on; call it every step."""
        body, centre = self._body, self.centre
        east, north = between_m(centre.lon, centre.lat, body.lon, body.lat)
        bearing = math.atan2(east, north)
        if abs(math.hypot(east, north) - self.radius_m) < max(3.0, 0.2 * self.radius_m):
            self._count(bearing)
        ahead = self.speed_mps * AHEAD_S / self.radius_m
        ahead = min(MOST_AHEAD_RAD, max(LEAST_AHEAD_RAD, ahead))
        aim = bearing + (ahead if self.clockwise else -ahead)
        out = self.radius_m / math.cos(ahead / 2)
        lon, lat = moved(centre.lon, centre.lat, out * math.sin(aim), out * math.cos(aim))
        goal = Spot(lon, lat, centre.height_m, centre.terrain)
        here = body.here(terrain=centre.terrain)
        body.fly(here, goal, self.speed_mps, self.speed_mps)

    def _count(self, bearing_rad: float) -> None:
        if self._bearing_rad is not None:
            change = (bearing_rad - self._bearing_rad + math.pi) % (2 * math.pi) - math.pi
            self.turns += (change if self.clockwise else -change) / (2 * math.pi)
        self._bearing_rad = bearing_rad
