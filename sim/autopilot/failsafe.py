"""What ArduCopter does by itself when something goes wrong (ArduCopter/events.cpp, fence.cpp,
ekf_check.cpp, crash_check.cpp): battery, fence, ground station, filter, motors, obstacle.
"""

import time
from typing import TYPE_CHECKING

from pymavlink.dialects.v20 import ardupilotmega as wire

from sim.autopilot import battery, fence, telemetry
from sim.autopilot.fencing import Fencing
from sim.autopilot.modes import PILOTED, Mode

if TYPE_CHECKING:
    from sim.autopilot.autopilot import Autopilot

PERIOD_S = 0.5
GIVE_UP_M = 100.0
"""A vehicle so far outside the fence lands where it is (AC_FENCE_GIVE_UP_DISTANCE)."""
LEAST_WALL_S = 3.0
"""A ground station is not lost before so much of the computer's own time has passed, too: at a
speed-up of 100 a hiccup of 0.1 s is no lost ground station."""
RTL, SMART_RTL, LAND, BRAKE = (Mode.RTL, Mode.LAND), Mode.SMART_RTL, Mode.LAND, Mode.BRAKE

BATTERY_ACTIONS: dict[int, tuple[Mode, ...]] = {
    1: (LAND,),
    2: RTL,
    3: (SMART_RTL, *RTL),
    4: (SMART_RTL, LAND),
    6: RTL,
    7: (BRAKE, LAND),
}
"""BATT_FS_LOW_ACT and BATT_FS_CRT_ACT; 0 only warns."""
GROUND_ACTIONS: dict[int, tuple[Mode, ...]] = {
    1: RTL,
    2: RTL,
    3: (SMART_RTL, *RTL),
    4: (SMART_RTL, LAND),
    5: (LAND,),
    6: RTL,
    7: (BRAKE, LAND),
}
"""FS_GCS_ENABLE."""
FENCE_ACTIONS: dict[int, tuple[Mode, ...]] = {
    1: RTL,
    2: (LAND,),
    3: (SMART_RTL, *RTL),
    4: (BRAKE, LAND),
    5: (SMART_RTL, LAND),
}
"""FENCE_ACTION; 0 only reports."""
CONTINUE_AUTO, CONTINUE_LANDING, CONTINUE_PILOT = 2, 8, 16
"""Bits of FS_OPTIONS that speak of the ground station, and of landing."""


class Failsafe:
    """Watches one vehicle; `active` makes its heartbeat say CRITICAL."""

    def __init__(self, a: "Autopilot", fencing: Fencing) -> None:
        self._a, self._fencing = a, fencing
        self._spoken: set[str] = set()
        self._checked_s = 0.0
        self._low_since: dict[str, float] = {}
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
        self._low_since.clear()

    def step(self, now_s: float) -> None:
        """Twice a second, in flight and armed on the ground."""
        if now_s - self._checked_s < PERIOD_S:
            return
        self._checked_s = now_s
        self._ground(now_s)
        if not self._a.body.flying:
            return
        self._motors()
        self._filter()
        self._obstacle()
        self._batteries(now_s)
        self._fence()

    def _ground(self, now_s: float) -> None:
        a, action = self._a, int(self._a.parameters["FS_GCS_ENABLE"])
        heard = a.ground_heard
        if not action or heard is None:
            return
        silent = now_s - heard[0] > a.parameters["FS_GCS_TIMEOUT"]
        if silent and not self.lost_ground and time.monotonic() - heard[1] > LEAST_WALL_S:
            self.lost_ground = True
            self._ground_lost(GROUND_ACTIONS.get(action, RTL))
        elif not silent and self.lost_ground:
            self.lost_ground = False
            a.say(wire.MAV_SEVERITY_WARNING, "GCS Failsafe Cleared")

    def _ground_lost(self, modes: tuple[Mode, ...]) -> None:
        a, options = self._a, int(self._a.parameters["FS_OPTIONS"])
        if not a.body.flying:
            self._announce("GCS", "Disarming")
            a.disarm()
        elif a.mode is Mode.LAND and options & CONTINUE_LANDING:
            self._announce("GCS", "Continuing Landing")
        elif a.mode is Mode.AUTO and options & CONTINUE_AUTO:
            self._announce("GCS", "Continuing Auto Mode")
        elif a.mode in PILOTED and options & CONTINUE_PILOT:
            self._announce("GCS", "Continuing Pilot Control")
        else:
            self._announce("GCS")
            self._do(modes)

    def _batteries(self, now_s: float) -> None:
        for what, level in (("critical", "CRT"), ("low", "LOW")):
            if self._held_low(level, now_s) and self._new(f"battery {level}"):
                pack = self._a.gauge()
                used = f"{sum(pack.cells_v):.2f}V used {pack.consumed_mah:.0f} mAh"
                self._a.say(wire.MAV_SEVERITY_WARNING, f"Battery 1 is {what} {used}")
                self._announce("Battery")
                action = int(self._a.parameters[f"BATT_FS_{level}_ACT"])
                self._do(BATTERY_ACTIONS.get(action, ()))

    def _held_low(self, level: str, now_s: float) -> bool:
        """Whether capacity (at once) or voltage (for BATT_LOW_TIMER) is below its threshold."""
        parameters, pack = self._a.parameters, self._a.gauge()
        mah, volts = parameters[f"BATT_{level}_MAH"], parameters[f"BATT_{level}_VOLT"]
        if mah > 0 and battery.left_mah(self._a.body, pack) < mah:
            return True
        if volts <= 0 or sum(pack.cells_v) >= volts:
            self._low_since.pop(level, None)
            return False
        since = self._low_since.setdefault(level, now_s)
        return now_s - since >= parameters["BATT_LOW_TIMER"]

    def _fence(self) -> None:
        a = self._a
        lon, lat, altitude = a.measured()
        found = self._fencing.breaches(lon, lat, altitude)
        fresh, before = found & ~self.breached, self.breached
        self.breached = found
        if fresh:
            self.breaches += 1
            self.breach_ms = a.boot_ms()
            a.say(wire.MAV_SEVERITY_NOTICE, f"{fence.name(fresh)} breached")
            modes = FENCE_ACTIONS.get(int(a.parameters["FENCE_ACTION"]), ())
            self._do(modes)
        elif before and not found:
            a.say(wire.MAV_SEVERITY_NOTICE, "Fence breach cleared")
        if fresh or before != found:
            a.send(telemetry.fence_status(a))

    def _filter(self) -> None:
        a, action = self._a, int(self._a.parameters["FS_EKF_ACTION"])
        if a.estimate.over(a.parameters["FS_EKF_THRESH"]):
            if self._new("filter"):
                a.say(wire.MAV_SEVERITY_CRITICAL, "EKF variance")
                a.say(wire.MAV_SEVERITY_CRITICAL, "EKF Failsafe")
                if action and a.mode not in (Mode.LAND, Mode.STABILIZE, Mode.ALT_HOLD):
                    a.set_mode(Mode.ALT_HOLD if action == 2 else Mode.LAND)
                    text = f"EKF Failsafe: changed to {a.mode.name} Mode"
                    a.say(wire.MAV_SEVERITY_CRITICAL, text)
        elif "filter" in self._spoken:
            self._spoken.discard("filter")
            a.say(wire.MAV_SEVERITY_CRITICAL, "EKF Failsafe Cleared")
        if a.estimate.glitching and self._new("glitch"):
            a.say(wire.MAV_SEVERITY_CRITICAL, "GPS Glitch or Compass error")
        elif not a.estimate.glitching and "glitch" in self._spoken:
            self._spoken.discard("glitch")
            a.say(wire.MAV_SEVERITY_CRITICAL, "Glitch cleared")

    def _motors(self) -> None:
        """A quadrotor with three motors cannot hold its height: it comes down in any mode."""
        if self._a.health.motors_lost and self._new("motors"):
            self._a.say(wire.MAV_SEVERITY_EMERGENCY, "Potential Thrust Loss (1)")
            self._a.body.descend()

    def _obstacle(self) -> None:
        """Something is in the way: brake, and stay there until somebody decides."""
        a = self._a
        if a.health.obstacle and a.mode not in (Mode.BRAKE, Mode.LAND):
            a.say(wire.MAV_SEVERITY_WARNING, "Proximity: obstacle, stopped")
            a.set_mode(Mode.BRAKE)

    def _new(self, what: str) -> bool:
        if what in self._spoken:
            return False
        self._spoken.add(what)
        return True

    def _announce(self, kind: str, done: str = "") -> None:
        text = f"{kind} Failsafe - {done}" if done else f"{kind} Failsafe"
        self._a.say(wire.MAV_SEVERITY_WARNING, text)

    def _do(self, modes: tuple[Mode, ...]) -> None:
        """The first mode that can be entered; what lands already goes on landing."""
        for mode in modes:
            if self._a.mode is Mode.LAND or self._a.set_mode(mode):
                return
