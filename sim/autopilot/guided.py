"""Flying where it is told: go there, at this velocity, round that place, up from here."""

import math
from typing import TYPE_CHECKING

from sim.autopilot.circling import Circle
from sim.autopilot.modes import Mode
from sim.body import FASTEST_MPS, Spot
from sim.earth import moved

if TYPE_CHECKING:
    from sim.autopilot.autopilot import Autopilot

VELOCITY_S = 3.0
"""A velocity that is not repeated ends after so long (GUID_TIMEOUT, default 3 s)."""
FAR_S = 30.0


class Guided:
    """What one vehicle was told last."""

    def __init__(self, a: "Autopilot") -> None:
        self._a = a
        self.circle: Circle | None = None
        self._until_s: float | None = None
        self._lifting_to: Spot | None = None
        self.planned: Spot | None = None
        """Where it will lift off to once it is armed (PX4)."""

    def stop(self) -> None:
        """Forget it: another mode was entered."""
        self.circle, self._until_s, self._lifting_to, self.planned = None, None, None, None

    def take_off(self, spot: Spot) -> bool:
        """Lift off to a height above here; False on the wrong side of it."""
        a = self._a
        if not a.armed or a.body.flying or spot.height_m <= a.body.altitude_m:
            return False
        self.stop()
        a.body.fly(spot, spot, a.body.spec.cruise_mps)
        a.body.lift(True)
        self._lifting_to = spot
        return True

    def go_to(self, spot: Spot, speed_mps: float | None = None) -> bool:
        """Fly to a place; False if the fence forbids it."""
        a = self._a
        altitude = spot.height_m + (a.senses.ground_m(spot.lon, spot.lat) if spot.terrain else 0.0)
        if not a.permitted(spot.lon, spot.lat, altitude):
            return False
        self.stop()
        if a.body.flying:
            speed = a.body.spec.cruise_mps if not speed_mps or speed_mps < 0 else speed_mps
            a.body.fly(a.body.here(terrain=spot.terrain), spot, speed)
        return True

    def move(self, east_mps: float, north_mps: float, up_mps: float) -> None:
        """Fly at a velocity until another word comes, or for `VELOCITY_S`."""
        a, body = self._a, self._a.body
        if not body.flying:
            return
        self.stop()
        self._until_s = a.senses.now_s() + VELOCITY_S
        east_mps, north_mps, up_mps = (
            min(max(-FASTEST_MPS, v), FASTEST_MPS) for v in (east_mps, north_mps, up_mps)
        )
        speed = math.hypot(east_mps, north_mps)
        lon, lat = moved(body.lon, body.lat, east_mps * FAR_S, north_mps * FAR_S)
        start = body.here()
        goal = Spot(lon, lat, body.altitude_m + up_mps * FAR_S)
        level = goal if speed < 0.1 else start
        body.fly(Spot(level.lon, level.lat, start.height_m), goal, max(0.1, speed), speed)

    def orbit(
        self, centre: Spot, radius_m: float, speed_mps: float, *, clockwise: bool = True
    ) -> None:
        """Fly round a place until told otherwise."""
        self.stop()
        self.circle = Circle(self._a.body, centre, radius_m, speed_mps, clockwise=clockwise)

    def speed(self, speed_mps: float) -> None:
        """Go on at another speed."""
        body = self._a.body
        if self.circle is not None:
            self.circle.speed_mps = speed_mps
        elif body.flying:
            body.fly(body.start, body.goal, speed_mps)

    def step(self, now_s: float) -> None:
        """Every step in the air."""
        a = self._a
        if self.circle is not None:
            self.circle.step()
        elif self._until_s is not None and now_s > self._until_s:
            self.stop()
            a.body.stay()
        elif self._lifting_to is not None and abs(a.body.height_error_m()) < 1.0:
            self._lifting_to = None
            if a.mode is Mode.TAKEOFF:
                a.set_mode(Mode.LOITER)

    @property
    def lifting(self) -> bool:
        """Whether it takes off."""
        return self._lifting_to is not None
