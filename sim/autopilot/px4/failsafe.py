"""What PX4 does by itself when something goes wrong (https://docs.px4.io/main/en/config/safety.html).

Data link loss (NAV_DLL_ACT), battery (COM_LOW_BAT_ACT), geofence (GF_ACTION), position loss,
motors, obstacle.
"""

import math
import time
from typing import TYPE_CHECKING

from pymavlink.dialects.v20 import ardupilotmega as wire

from sim.autopilot import fence, telemetry
from sim.autopilot.failsafe import LEAST_WALL_S, PERIOD_S
from sim.autopilot.items import FENCE
from sim.autopilot.modes import Mode
from sim.earth import between_m

if TYPE_CHECKING:
    from sim.autopilot.autopilot import Autopilot

LINK_ACTIONS = {1: Mode.LOITER, 2: Mode.RTL, 3: Mode.LAND}
"""NAV_DLL_ACT; 0 does nothing, 5 and 6 would cut the motors and are not simulated."""
FENCE_ACTIONS = {2: Mode.LOITER, 3: Mode.RTL, 5: Mode.LAND}
"""GF_ACTION; 0 nothing, 1 a warning."""
BATTERY_ACTIONS: dict[int, tuple[Mode | None, Mode | None]] = {
    0: (None, None),
    2: (Mode.LAND, Mode.LAND),
    3: (Mode.RTL, Mode.LAND),
}
"""COM_LOW_BAT_ACT: at the critical and at the emergency level."""
POSITION_LOST = 1.0


class Px4Fence:
    """PX4's geofence: polygons and circles, GF_MAX_HOR_DIST and GF_MAX_VER_DIST round home."""

    def __init__(self, a: "Autopilot") -> None:
        self._a = a

    @property
    def types(self) -> int:
        """The parts in force, as bits of ArduPilot's FENCE_TYPE."""
        a, found = self._a, 0
        if not int(a.parameters["GF_ACTION"]):
            return 0
        if a.transfers.stores[FENCE]:
            found |= fence.POLYGON
        if a.parameters["GF_MAX_HOR_DIST"] > 0:
            found |= fence.CIRCLE
        if a.parameters["GF_MAX_VER_DIST"] > 0:
            found |= fence.ALT_MAX
        return found

    def breaches(self, lon: float, lat: float, altitude_m: float) -> int:
        """Which parts a place lies outside of."""
        a, types, found = self._a, self.types, 0
        away = math.hypot(*between_m(a.home_lon, a.home_lat, lon, lat))
        if types & fence.CIRCLE and away > a.parameters["GF_MAX_HOR_DIST"]:
            found |= fence.CIRCLE
        if types & fence.ALT_MAX and altitude_m - a.home_m > a.parameters["GF_MAX_VER_DIST"]:
            found |= fence.ALT_MAX
        if types & fence.POLYGON and not fence.inside(
            a.transfers.stores[FENCE], lon, lat, union=True
        ):
            found |= fence.POLYGON
        return found

    def permits(self, lon: float, lat: float, altitude_m: float) -> bool:
        """Whether the fence, if it is on, permits a place."""
        return not self.breaches(lon, lat, altitude_m)


class Px4Watch:
    """Watches one vehicle that runs PX4."""

    def __init__(self, a: "Autopilot", limits: Px4Fence) -> None:
        self._a, self._limits = a, limits
        self._spoken: set[str] = set()
        self._checked_s = 0.0
        self.lost_ground = False
        self.breached, self.breaches, self.breach_ms = 0, 0, 0

    @property
    def active(self) -> bool:
        """Whether any failsafe is on."""
        return bool(self._spoken) or self.lost_ground

    def reset(self) -> None:
        """After disarming."""
        self.breached = 0
        self._spoken.clear()

    def step(self, now_s: float) -> None:
        """Twice a second."""
        if now_s - self._checked_s < PERIOD_S:
            return
        self._checked_s = now_s
        if not self._a.body.flying:
            return
        self._link(now_s)
        self._position()
        self._motors()
        self._obstacle()
        self._battery()
        self._fence()

    def _link(self, now_s: float) -> None:
        a = self._a
        action, heard = LINK_ACTIONS.get(int(a.parameters["NAV_DLL_ACT"])), a.ground_heard
        if action is None or heard is None:
            return
        silent = now_s - heard[0] > a.parameters["COM_DL_LOSS_T"]
        if silent and not self.lost_ground and time.monotonic() - heard[1] > LEAST_WALL_S:
            self.lost_ground = True
            self._fail("Data link lost", action)
        elif not silent and self.lost_ground:
            self.lost_ground = False
            a.say(wire.MAV_SEVERITY_INFO, "Data link regained")

    def _battery(self) -> None:
        a, p = self._a, self._a.parameters
        critical, emergency = BATTERY_ACTIONS.get(int(p["COM_LOW_BAT_ACT"]), (None, None))
        left = a.body.battery
        if left <= p["BAT_EMERGEN_THR"]:
            self._once("Dangerously low battery", emergency)
        elif left <= p["BAT_CRIT_THR"]:
            self._once("Critical battery", critical)
        elif left <= p["BAT_LOW_THR"]:
            self._once("Low battery", None)

    def _fence(self) -> None:
        a = self._a
        found = self._limits.breaches(*a.measured())
        fresh = found & ~self.breached
        self.breached = found
        if fresh:
            self.breaches += 1
            self.breach_ms = a.boot_ms()
            self._fail("Geofence violation", FENCE_ACTIONS.get(int(a.parameters["GF_ACTION"])))
            a.send(telemetry.fence_status(a))

    def _position(self) -> None:
        a = self._a
        bad = a.estimate.over(POSITION_LOST) or not a.has_estimate()
        if bad and a.mode not in (Mode.STABILIZE, Mode.ALT_HOLD, Mode.LAND):
            self._once("Global position lost", Mode.LAND)

    def _motors(self) -> None:
        if self._a.health.motors_lost and "motors" not in self._spoken:
            self._spoken.add("motors")
            self._a.say(wire.MAV_SEVERITY_EMERGENCY, "Motor failure detected")
            self._a.body.descend()

    def _obstacle(self) -> None:
        """Collision prevention: it holds, and stays there until somebody decides."""
        a = self._a
        if a.health.obstacle and a.mode not in (Mode.LOITER, Mode.LAND):
            a.say(wire.MAV_SEVERITY_WARNING, "Collision prevention: obstacle, holding")
            a.set_mode(Mode.LOITER)

    def _once(self, what: str, mode: Mode | None) -> None:
        if what not in self._spoken:
            self._spoken.add(what)
            self._fail(what, mode)

    def _fail(self, what: str, mode: Mode | None) -> None:
        a = self._a
        done = "" if mode is None else f": {mode.name.lower()}"
        a.say(wire.MAV_SEVERITY_CRITICAL, f"Failsafe: {what}{done}")
        if mode is not None and a.mode is not Mode.LAND:
            a.set_mode(mode)
