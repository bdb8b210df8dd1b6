"""Commands that PX4 answers in its own way (commander and navigator of its documentation)."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from pymavlink.dialects.v20 import ardupilotmega as wire

from sim.autopilot import reports
from sim.autopilot.firmware import Answer
from sim.autopilot.modes import Mode
from sim.autopilot.places import place_of, spot
from sim.body import Spot

if TYPE_CHECKING:
    from sim.autopilot.autopilot import Autopilot

Message: TypeAlias = wire.MAVLink_message
Params: TypeAlias = tuple[float, ...]

ACCEPTED, REJECTED, DENIED, UNSUPPORTED = (
    int(wire.MAV_RESULT_ACCEPTED),
    int(wire.MAV_RESULT_TEMPORARILY_REJECTED),
    int(wire.MAV_RESULT_DENIED),
    int(wire.MAV_RESULT_UNSUPPORTED),
)
FORCE = 21196.0
ORBIT_RADIUS_M = 20.0


def answers(a: "Autopilot") -> Mapping[int, Answer]:
    """What answers each command."""
    own = _Commands(a)
    return {
        wire.MAV_CMD_COMPONENT_ARM_DISARM: own.arm,
        wire.MAV_CMD_NAV_TAKEOFF: own.take_off,
        wire.MAV_CMD_NAV_VTOL_TAKEOFF: own.take_off,
        wire.MAV_CMD_NAV_RETURN_TO_LAUNCH: own.enters(Mode.RTL),
        wire.MAV_CMD_NAV_LAND: own.enters(Mode.LAND),
        wire.MAV_CMD_NAV_LOITER_UNLIM: own.enters(Mode.LOITER),
        wire.MAV_CMD_MISSION_START: own.start,
        wire.MAV_CMD_DO_SET_MODE: own.mode,
        wire.MAV_CMD_DO_SET_MISSION_CURRENT: own.set_current,
        wire.MAV_CMD_DO_CHANGE_SPEED: own.change_speed,
        wire.MAV_CMD_DO_CHANGE_ALTITUDE: own.change_altitude,
        wire.MAV_CMD_DO_PAUSE_CONTINUE: own.pause,
        wire.MAV_CMD_DO_REPOSITION: own.reposition,
        wire.MAV_CMD_DO_ORBIT: own.orbit,
        wire.MAV_CMD_RUN_PREARM_CHECKS: own.prearm,
        wire.MAV_CMD_REQUEST_PROTOCOL_VERSION: own.protocol_version,
    }


class _Commands:
    def __init__(self, a: "Autopilot") -> None:
        self._a = a

    def arm(self, _: Message, p: Params) -> int:
        """COMPONENT_ARM_DISARM; the reasons come before the answer."""
        a = self._a
        if p[0] == 0:
            if a.disarm(force=p[1] == FORCE):
                return ACCEPTED
            a.say(wire.MAV_SEVERITY_CRITICAL, "Disarming denied: not landed")
            return REJECTED
        if p[0] != 1:
            return UNSUPPORTED
        return ACCEPTED if self._armed() else REJECTED

    def prearm(self, _: Message, p: Params) -> int:
        """RUN_PREARM_CHECKS."""
        if self._a.armed:
            return REJECTED
        self._tell()
        return ACCEPTED

    def take_off(self, message: Message, p: Params) -> int:
        """NAV_TAKEOFF: to an altitude AMSL, or MIS_TAKEOFF_ALT above here."""
        a, body = self._a, self._a.body
        if body.flying or not a.has_estimate():
            return REJECTED
        altitude = p[6] if math.isfinite(p[6]) else 0.0
        if altitude < body.altitude_m + 0.5:
            altitude = a.home_m + a.parameters["MIS_TAKEOFF_ALT"]
        a.set_mode(Mode.TAKEOFF)
        there = Spot(body.lon, body.lat, max(altitude, body.altitude_m + 1.0))
        if a.armed:
            a.guided.take_off(there)
        else:
            a.guided.planned = there
        return ACCEPTED

    def enters(self, mode: Mode) -> Answer:
        """A command that only changes the mode."""
        return lambda _message, _params: ACCEPTED if self._a.set_mode(mode) else REJECTED

    def start(self, _: Message, p: Params) -> int:
        """MISSION_START: the mission mode, and armed."""
        a = self._a
        if p[0] > 0 and a.commander.set_current(p[0]) != ACCEPTED:
            return DENIED
        if not a.set_mode(Mode.AUTO) or not self._armed():
            return REJECTED
        if not a.body.flying:
            a.try_auto_takeoff()
        return ACCEPTED

    def mode(self, _: Message, p: Params) -> int:
        """DO_SET_MODE: main mode and sub mode."""
        if not all(math.isfinite(v) for v in p[:3]):
            return UNSUPPORTED
        mode = self._a.firmware.mode_of(p[1], p[2])
        if mode is None:
            return REJECTED
        return ACCEPTED if self._a.set_mode(mode) else REJECTED

    def set_current(self, _: Message, p: Params) -> int:
        """DO_SET_MISSION_CURRENT."""
        return self._a.commander.set_current(p[0], reset=p[1] == 1)

    def change_speed(self, _: Message, p: Params) -> int:
        """DO_CHANGE_SPEED: 0 or less goes back to the cruise speed."""
        a = self._a
        speed = p[1] if p[1] > 0 else a.body.spec.cruise_mps
        if a.mode is Mode.AUTO:
            a.runner.legs.speed(speed)
        else:
            a.guided.speed(speed)
        return ACCEPTED

    def change_altitude(self, message: Message, p: Params) -> int:
        """DO_CHANGE_ALTITUDE: here, to a height in the frame of parameter 2."""
        a, body = self._a, self._a.body
        there = spot(a, int(p[1]), 0.0, 0.0, p[0]) if math.isfinite(p[1]) else None
        if there is None or there.terrain or not body.flying:
            return DENIED
        if not a.permitted(there.lon, there.lat, there.height_m):
            return DENIED
        return ACCEPTED if a.set_mode(Mode.LOITER) and a.guided.go_to(there) else REJECTED

    def pause(self, _: Message, p: Params) -> int:
        """DO_PAUSE_CONTINUE: holds; goes on with the mission."""
        a = self._a
        if p[0] not in (0, 1):
            return DENIED
        return ACCEPTED if a.set_mode(Mode.AUTO if p[0] == 1 else Mode.LOITER) else REJECTED

    def reposition(self, message: Message, p: Params) -> int:
        """DO_REPOSITION: in Hold; NaN leaves a place or a height as it is."""
        a, body = self._a, self._a.body
        frame, lon, lat, height = place_of(message, p)
        if not math.isfinite(height):
            frame, height = int(wire.MAV_FRAME_GLOBAL), body.altitude_m
        if not (math.isfinite(lon) and math.isfinite(lat)) or abs(lat) > 9e8:
            lon = lat = 0.0
        there = spot(a, frame, lon, lat, height)
        change = math.isfinite(p[1]) and int(p[1]) & wire.MAV_DO_REPOSITION_FLAGS_CHANGE_MODE
        if there is None or there.terrain:
            return UNSUPPORTED
        if not body.flying or (a.mode is not Mode.LOITER and not change):
            return REJECTED
        if not a.permitted(there.lon, there.lat, there.height_m):
            a.say(wire.MAV_SEVERITY_CRITICAL, "Reposition is outside geofence")
            return DENIED
        if not a.set_mode(Mode.LOITER):
            return REJECTED
        return ACCEPTED if a.guided.go_to(there, p[0] if p[0] > 0 else -1.0) else DENIED

    def orbit(self, message: Message, p: Params) -> int:
        """DO_ORBIT: radius (negative counter-clockwise), speed, yaw, turns, centre."""
        a, body = self._a, self._a.body
        frame, lon, lat, height = place_of(message, p)
        if not body.flying:
            return REJECTED
        if not (math.isfinite(lon) and math.isfinite(lat)):
            lon = lat = 0.0
        if not math.isfinite(height):
            frame, height = int(wire.MAV_FRAME_GLOBAL), body.altitude_m
        centre = spot(a, frame, lon, lat, height)
        if centre is None or centre.terrain:
            return DENIED
        if not a.permitted(centre.lon, centre.lat, centre.height_m):
            return DENIED
        radius = p[0] if math.isfinite(p[0]) and p[0] else ORBIT_RADIUS_M
        speed = abs(p[1]) if math.isfinite(p[1]) and p[1] else body.spec.cruise_mps / 2
        if not a.set_mode(Mode.CIRCLE):
            return REJECTED
        a.guided.orbit(centre, abs(radius), speed, clockwise=radius > 0)
        return ACCEPTED

    def protocol_version(self, _: Message, p: Params) -> int:
        """REQUEST_PROTOCOL_VERSION: MAVLink 2."""
        self._a.commander.after(lambda: self._a.send(reports.ProtocolVersion()))
        return ACCEPTED

    def _armed(self) -> bool:
        """Arm if it is not; say why not."""
        a = self._a
        if a.armed or a.arm():
            if a.guided.planned is not None and not a.body.flying:
                a.guided.take_off(a.guided.planned)
            return True
        self._tell()
        return False

    def _tell(self) -> None:
        for fault in self._a.arming_faults():
            self._a.say(wire.MAV_SEVERITY_CRITICAL, fault)
