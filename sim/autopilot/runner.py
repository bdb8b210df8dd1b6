"""Runs a stored mission: which item is current, when it is done, what the DO items do.

DO items between two NAV items run when the first of the two is reached, as in ArduPilot.
"""

import math
from collections.abc import Callable
from enum import IntEnum

from pymavlink.dialects.v20 import ardupilotmega as wire

from sim.autopilot.items import NAV, RELATIVE, TERRAIN, Item
from sim.autopilot.shutter import Shutter
from sim.body import Body, Spot
from sim.earth import between_m

CLOSE_M = 2.0
"""Acceptance radius; ArduCopter's default WP_RADIUS_M."""


class Progress(IntEnum):
    """MISSION_STATE of MAVLink's MISSION_CURRENT."""

    NO_MISSION = wire.MISSION_STATE_NO_MISSION
    NOT_STARTED = wire.MISSION_STATE_NOT_STARTED
    ACTIVE = wire.MISSION_STATE_ACTIVE
    PAUSED = wire.MISSION_STATE_PAUSED
    COMPLETE = wire.MISSION_STATE_COMPLETE


class Runner:
    """The mission of one vehicle in progress.

    Args:
        mission: the stored items, index 0 being home.
        reached: told the seq of every NAV item that is done.
        home_m: altitude AMSL of home.
        begin_return: starts an RTL inside the mission.
    """

    def __init__(
        self,
        body: Body,
        shutter: Shutter,
        mission: Callable[[], list[Item]],
        reached: Callable[[int], None],
        home_m: Callable[[], float],
        begin_return: Callable[[], None],
    ) -> None:
        self._body, self._shutter, self._mission = body, shutter, mission
        self._reached, self._home_m, self._begin_return = reached, home_m, begin_return
        self.seq = 0
        self.running = False
        self.complete = False
        self.paused = False
        self.speed_mps = body.spec.cruise_mps
        self.lifting = False
        self._until_s: float | None = None
        self._jumps: dict[int, int] = {}
        self.returning = False

    @property
    def progress(self) -> Progress:
        """What MISSION_CURRENT says."""
        if len(self._mission()) < 2:
            return Progress.NO_MISSION
        if self.complete:
            return Progress.COMPLETE
        if self.running:
            return Progress.PAUSED if self.paused else Progress.ACTIVE
        return Progress.NOT_STARTED

    @property
    def has_takeoff(self) -> bool:
        """Whether the first NAV item to come lifts the vehicle off."""
        for item in self._mission()[max(1, self.seq) :]:
            if item.command in NAV:
                return item.command == wire.MAV_CMD_NAV_TAKEOFF
        return False

    def enter(self) -> None:
        """AUTO was entered: resume at the same item, or begin again after the end."""
        if self.complete:
            self.rewind()
        self.paused = False
        self.running = True
        if self.seq == 0:
            self.seq = 1
        self._run_to_nav()

    def leave(self) -> None:
        """AUTO was left; the current item stays."""
        self.running = False
        self.returning = False
        self._until_s = None

    def rewind(self, seq: int = 0) -> None:
        """Set the current item (0 and 1 are the start)."""
        self.seq = seq
        self.complete = False
        self.returning = False
        self._until_s = None
        self._jumps = {}
        if seq <= 1:
            self.speed_mps = self._body.spec.cruise_mps
        if self.running:
            self.seq = max(1, seq)
            self._run_to_nav()

    def changed(self) -> None:
        """A new mission was stored: restart the current command, or hang on to the old legs."""
        mission = self._mission()
        if self.running and not self.complete:
            self._until_s = None
            if not self._body.flying:
                self.seq = 1
            if self.seq < len(mission):
                self._run_to_nav()
        elif not self._body.flying:
            self.seq, self.complete = (1 if self.running else 0), False
            self._jumps = {}
            self.speed_mps = self._body.spec.cruise_mps
        if len(mission) < 2:
            self.seq, self.complete = 0, False

    def pause(self, on: bool) -> None:
        """DO_PAUSE_CONTINUE."""
        if on and not self.paused:
            self.paused = True
            self._body.stay()
        elif not on and self.paused:
            self.paused = False
            self._run_to_nav(resume=True)

    def step(self, now_s: float) -> None:
        """Look whether the current item is done, and go on."""
        if not self.running or self.complete or self.paused or self.returning:
            return
        mission = self._mission()
        if self.seq >= len(mission):
            self._finish()
            return
        if self._done(mission[self.seq], now_s):
            self._reached(self.seq)
            self.seq += 1
            self._until_s = None
            self._run_to_nav()

    def spot(self, item: Item) -> Spot:
        """Where an item is; a place of 0, 0 is "here"."""
        body = self._body
        lon, lat = (item.lon, item.lat) if item.x or item.y else (body.lon, body.lat)
        if item.frame in TERRAIN:
            return Spot(lon, lat, item.z, terrain=True)
        return Spot(lon, lat, item.z + (self._home_m() if item.frame in RELATIVE else 0.0))

    def _run_to_nav(self, *, resume: bool = False) -> None:
        """Do the DO items from the current one on and start the NAV item after them."""
        mission = self._mission()
        for _ in range(4 * len(mission) + 4):
            if self.seq >= len(mission):
                self._finish()
                return
            item = mission[self.seq]
            if item.command in NAV:
                self._start(item, resume=resume)
                return
            self.seq = self._do(item)
        self._finish()

    def _finish(self) -> None:
        self.complete = True
        self._body.stay()

    def _start(self, item: Item, *, resume: bool) -> None:
        body = self._body
        if item.command == wire.MAV_CMD_NAV_TAKEOFF:
            self.lifting = True
            here = body.here()
            target = self.spot(item)
            up = Spot(here.lon, here.lat, target.height_m, target.terrain)
            body.fly(up, up, self.speed_mps)
        elif item.command == wire.MAV_CMD_NAV_RETURN_TO_LAUNCH:
            self.returning = True
            self._begin_return()
        elif item.command == wire.MAV_CMD_NAV_LAND:
            goal = self.spot(item)
            body.fly(body.here(), Spot(goal.lon, goal.lat, body.altitude_m), self.speed_mps)
        elif item.command == wire.MAV_CMD_NAV_DELAY:
            body.stay()
        else:
            goal = self.spot(item)
            start = body.here(terrain=goal.terrain)
            if not resume and body.speed_mps > 1.0 and self._near(body.goal):
                start = Spot(body.goal.lon, body.goal.lat, start.height_m, goal.terrain)
            body.fly(start, goal, self.speed_mps, self._end_speed(item, goal))

    def _near(self, spot: Spot) -> bool:
        return math.hypot(*between_m(self._body.lon, self._body.lat, spot.lon, spot.lat)) < 30.0

    def _end_speed(self, item: Item, goal: Spot) -> float:
        """How fast it may arrive: slower the sharper the turn into the next leg."""
        if item.param1 > 0 or item.command != wire.MAV_CMD_NAV_WAYPOINT:
            return 0.0
        later = next((i for i in self._mission()[self.seq + 1 :] if i.command in NAV), None)
        if later is None or later.command != wire.MAV_CMD_NAV_WAYPOINT:
            return 0.0
        following = self.spot(later)
        ax, ay = between_m(self._body.lon, self._body.lat, goal.lon, goal.lat)
        bx, by = between_m(goal.lon, goal.lat, following.lon, following.lat)
        a, b = math.hypot(ax, ay), math.hypot(bx, by)
        if a < 1.0 or b < 1.0:
            return 0.0
        cosine = (ax * bx + ay * by) / (a * b)
        least = 0.5 if self._body.spec.vtol else 0.12
        return self.speed_mps * max(least, cosine)

    def _done(self, item: Item, now_s: float) -> bool:
        body = self._body
        if item.command == wire.MAV_CMD_NAV_TAKEOFF:
            if not body.flying or abs(body.height_error_m()) > 1.0:
                return False
            self.lifting = False
            return True
        if item.command == wire.MAV_CMD_NAV_LAND:
            _, distance = body.to_goal_m()
            if body.flying and distance < CLOSE_M and body.speed_mps < 1.0:
                body.descend()
            return not body.flying and not self.lifting
        if item.command == wire.MAV_CMD_NAV_DELAY:
            return self._waited(item.param1, now_s)
        if not body.flying or not self._arrived():
            return False
        if item.command == wire.MAV_CMD_NAV_WAYPOINT:
            return self._waited(item.param1, now_s)
        if item.command == wire.MAV_CMD_NAV_LOITER_TIME:
            return self._waited(item.param1, now_s)
        if item.command == wire.MAV_CMD_NAV_LOITER_TURNS:
            return self._waited(item.param1 * 20.0, now_s)
        return False

    def _arrived(self) -> bool:
        body = self._body
        along, distance = body.to_goal_m()
        if distance < max(CLOSE_M, 0.2 * body.speed_mps) or (along < 0 and distance < 30.0):
            return abs(body.height_error_m()) < 5.0
        return False

    def _waited(self, seconds: float, now_s: float) -> bool:
        if self._until_s is None:
            self._until_s = now_s + seconds
        return now_s >= self._until_s - 1e-6

    def _do(self, item: Item) -> int:
        """Carry out a DO item; the index of the item after it."""
        command, shutter = item.command, self._shutter
        if command == wire.MAV_CMD_DO_JUMP:
            return self._jump(item)
        if command == wire.MAV_CMD_DO_CHANGE_SPEED and item.param2 > 0:
            self.speed_mps = item.param2
        elif command == wire.MAV_CMD_DO_SET_CAM_TRIGG_DIST:
            shutter.by_distance(item.param1, once=item.param3 == 1, target=int(item.param4))
        elif command == wire.MAV_CMD_IMAGE_START_CAPTURE:
            shutter.once(int(item.param1) if math.isfinite(item.param1) else 0)
        elif command == wire.MAV_CMD_DO_DIGICAM_CONTROL:
            shutter.once(0)
        elif command == wire.MAV_CMD_DO_MOUNT_CONTROL:
            shutter.point(item.param1, item.param3)
        elif command == wire.MAV_CMD_DO_GIMBAL_MANAGER_PITCHYAW:
            shutter.point(item.param1, item.param2)
        elif command in (wire.MAV_CMD_DO_SET_ROI, wire.MAV_CMD_DO_SET_ROI_LOCATION):
            spot = self.spot(item)
            shutter.roi = (spot.lon, spot.lat, spot.height_m + spot.terrain * self._body.ground_m)
        elif command == wire.MAV_CMD_DO_SET_ROI_NONE:
            shutter.roi = None
        elif command == wire.MAV_CMD_CONDITION_YAW:
            self._body.turn_to(item.param1 % 360)
        return self.seq + 1

    def _jump(self, item: Item) -> int:
        used = self._jumps.get(self.seq, 0)
        if item.param2 >= 0 and used >= item.param2:
            return self.seq + 1
        self._jumps[self.seq] = used + 1
        return max(1, int(item.param1))
