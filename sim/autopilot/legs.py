"""How each NAV item of a mission is flown, and when it is done."""

import math
from collections.abc import Callable, Sequence

from pymavlink.dialects.v20 import ardupilotmega as wire

from sim.autopilot.circling import Circle
from sim.autopilot.items import LANDING, LIFTING, NAV, RELATIVE, TERRAIN, Item
from sim.body import Body, Spot
from sim.earth import between_m

CLOSE_M = 2.0
"""Acceptance radius; ArduCopter's default WP_RADIUS_M."""
THROUGH = frozenset({wire.MAV_CMD_NAV_WAYPOINT, wire.MAV_CMD_NAV_SPLINE_WAYPOINT})
"""Items that may be flown through without a stop."""


class Legs:
    """The present NAV item.

    Args:
        home_m: altitude AMSL of home.
        begin_return: starts an RTL inside the mission.
        circle_m: radius of a LOITER_TURNS that names none.
    """

    def __init__(
        self,
        body: Body,
        home_m: Callable[[], float],
        begin_return: Callable[[], None],
        circle_m: Callable[[], float],
    ) -> None:
        self._body, self._home_m = body, home_m
        self._begin_return, self._circle_m = begin_return, circle_m
        self.speed_mps = body.spec.cruise_mps
        self.lifting = False
        self._circle: Circle | None = None
        self._until_s: float | None = None

    def reset(self) -> None:
        """The item is over, or will begin anew."""
        self._until_s = None
        self._circle = None

    def spot(self, item: Item) -> Spot:
        """Where an item is; a place of 0, 0 is "here"."""
        body = self._body
        lon, lat = (item.lon, item.lat) if item.x or item.y else (body.lon, body.lat)
        if item.frame in TERRAIN:
            return Spot(lon, lat, item.z, terrain=True)
        return Spot(lon, lat, item.z + (self._home_m() if item.frame in RELATIVE else 0.0))

    def start(self, item: Item, later: Sequence[Item], *, resume: bool) -> None:
        """Begin an item; `later` are the ones after it, `resume` goes on from a pause."""
        body, command = self._body, item.command
        if command in LIFTING:
            self.lifting = True
            target = self.spot(item)
            up = Spot(body.lon, body.lat, target.height_m, target.terrain)
            body.fly(up, up, self.speed_mps)
        elif command == wire.MAV_CMD_NAV_RETURN_TO_LAUNCH:
            self._begin_return()
        elif command in LANDING:
            goal = self.spot(item)
            body.fly(body.here(), Spot(goal.lon, goal.lat, body.altitude_m), self.speed_mps)
        elif command == wire.MAV_CMD_NAV_DELAY:
            body.stay()
        else:
            self._go(item, later, resume=resume)

    def speed(self, speed_mps: float) -> None:
        """Fly the present leg at another speed."""
        self.speed_mps = speed_mps
        if self._body.flying:
            self._body.fly(self._body.start, self._body.goal, speed_mps)
        if self._circle is not None:
            self._circle.speed_mps = speed_mps

    def done(self, item: Item, now_s: float) -> bool:
        """Whether the item is done."""
        body, command = self._body, item.command
        if command in LIFTING:
            return self._lifted()
        if command in LANDING:
            return self._landed()
        if command == wire.MAV_CMD_NAV_DELAY:
            return self._waited(item.param1, now_s)
        if not body.flying:
            return False
        if command == wire.MAV_CMD_NAV_LOITER_TURNS:
            return self._turned(item)
        if not self._arrived():
            return False
        if command in THROUGH or command == wire.MAV_CMD_NAV_LOITER_TIME:
            return self._waited(item.param1, now_s)
        return command == wire.MAV_CMD_NAV_LOITER_TO_ALT and abs(body.height_error_m()) < 1.0

    def _go(self, item: Item, later: Sequence[Item], *, resume: bool) -> None:
        body, goal = self._body, self.spot(item)
        start = body.here(terrain=goal.terrain)
        if not resume and body.speed_mps > 1.0 and self._near(body.goal):
            start = Spot(body.goal.lon, body.goal.lat, start.height_m, goal.terrain)
        body.fly(start, goal, self.speed_mps, self._end_speed(item, goal, later))

    def _near(self, spot: Spot) -> bool:
        return math.hypot(*between_m(self._body.lon, self._body.lat, spot.lon, spot.lat)) < 30.0

    def _end_speed(self, item: Item, goal: Spot, later: Sequence[Item]) -> float:
        """How fast it may arrive: slower the sharper the turn into the next leg."""
        if item.param1 > 0 or item.command not in THROUGH:
            return 0.0
        after = next((i for i in later if i.command in NAV), None)
        if after is None or after.command not in THROUGH:
            return 0.0
        following = self.spot(after)
        ax, ay = between_m(self._body.lon, self._body.lat, goal.lon, goal.lat)
        bx, by = between_m(goal.lon, goal.lat, following.lon, following.lat)
        a, b = math.hypot(ax, ay), math.hypot(bx, by)
        if a < 1.0 or b < 1.0:
            return 0.0
        cosine = (ax * bx + ay * by) / (a * b)
        least = 0.5 if self._body.spec.vtol else 0.12
        return self.speed_mps * max(least, cosine)

    def _lifted(self) -> bool:
        if not self._body.flying or abs(self._body.height_error_m()) > 1.0:
            return False
        self.lifting = False
        return True

    def _landed(self) -> bool:
        body = self._body
        if body.flying and body.to_goal_m()[1] < CLOSE_M and body.speed_mps < 1.0:
            body.descend()
        return not body.flying and not self.lifting

    def _turned(self, item: Item) -> bool:
        """LOITER_TURNS: param1 turns of radius param3 (negative counter-clockwise)."""
        if self._circle is None:
            radius = abs(item.param3) or self._circle_m()
            if self._body.to_goal_m()[1] > radius + 30.0:
                return False
            self._circle = Circle(
                self._body, self.spot(item), radius, self.speed_mps, clockwise=item.param3 >= 0
            )
        self._circle.step()
        return self._circle.turns >= item.param1

    def _arrived(self) -> bool:
        body = self._body
        along, distance = body.to_goal_m()
        past = along < 0 and (distance < 30.0 or body.winged)  # a wing cannot come back to a point
        if distance < max(CLOSE_M, 0.2 * body.speed_mps) or past:
            return abs(body.height_error_m()) < 5.0
        return False

    def _waited(self, seconds: float, now_s: float) -> bool:
        if self._until_s is None:
            self._until_s = now_s + seconds
        return now_s >= self._until_s - 1e-6
