"""Commands that ArduCopter answers in its own way (GCS_MAVLink_Copter.cpp, GCS_Common.cpp)."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from pymavlink.dialects.v20 import ardupilotmega as wire

from sim.autopilot.firmware import Answer
from sim.autopilot.modes import Mode
from sim.autopilot.places import place_of, spot

if TYPE_CHECKING:
    from sim.autopilot.autopilot import Autopilot

Message: TypeAlias = wire.MAVLink_message
Params: TypeAlias = tuple[float, ...]

ACCEPTED, DENIED, UNSUPPORTED, FAILED = (
    int(wire.MAV_RESULT_ACCEPTED),
    int(wire.MAV_RESULT_DENIED),
    int(wire.MAV_RESULT_UNSUPPORTED),
    int(wire.MAV_RESULT_FAILED),
)
FORCE = 21196.0
"""Magic of COMPONENT_ARM_DISARM that disarms in flight."""
HORIZONTAL_SPEEDS, VERTICAL_SPEEDS = (0.0, 1.0), (2.0, 3.0)


def answers(a: "Autopilot") -> Mapping[int, Answer]:
    """What answers each command."""
    own = _Copter(a)
    return {
        wire.MAV_CMD_COMPONENT_ARM_DISARM: own.arm,
        wire.MAV_CMD_NAV_TAKEOFF: own.take_off,
        wire.MAV_CMD_NAV_VTOL_TAKEOFF: own.take_off,
        wire.MAV_CMD_NAV_RETURN_TO_LAUNCH: own.enters(Mode.RTL),
        wire.MAV_CMD_NAV_LAND: own.enters(Mode.LAND),
        wire.MAV_CMD_NAV_VTOL_LAND: own.enters(Mode.LAND),
        wire.MAV_CMD_NAV_LOITER_UNLIM: own.enters(Mode.LOITER),
        wire.MAV_CMD_MISSION_START: own.start,
        wire.MAV_CMD_DO_SET_MODE: own.mode,
        wire.MAV_CMD_DO_SET_MISSION_CURRENT: own.set_current,
        wire.MAV_CMD_DO_JUMP_TAG: own.jump_tag,
        wire.MAV_CMD_DO_LAND_START: own.land_start,
        wire.MAV_CMD_DO_CHANGE_SPEED: own.change_speed,
        wire.MAV_CMD_DO_PAUSE_CONTINUE: own.pause,
        wire.MAV_CMD_DO_REPOSITION: own.reposition,
        wire.MAV_CMD_CONDITION_YAW: own.yaw,
        wire.MAV_CMD_DO_FENCE_ENABLE: own.fence,
        wire.MAV_CMD_RUN_PREARM_CHECKS: own.prearm,
        wire.MAV_CMD_BATTERY_RESET: own.reset_battery,
        wire.MAV_CMD_DO_SEND_BANNER: own.banner,
    }


class _Copter:
    def __init__(self, a: "Autopilot") -> None:
        self._a = a

    def arm(self, _: Message, p: Params) -> int:
        """COMPONENT_ARM_DISARM; the reasons of a refusal follow the answer."""
        a = self._a
        if p[0] == 0:
            return _result(a.disarm(force=p[1] == FORCE))
        if p[0] != 1:
            return UNSUPPORTED
        if a.arm():
            return ACCEPTED
        self._tell(a.arming_faults())
        return FAILED

    def prearm(self, _: Message, p: Params) -> int:
        """RUN_PREARM_CHECKS: the faults as STATUSTEXT."""
        if self._a.armed:
            return int(wire.MAV_RESULT_TEMPORARILY_REJECTED)
        self._tell([f for f in self._a.arming_faults() if not f.startswith("Arm:")])
        return ACCEPTED

    def take_off(self, message: Message, p: Params) -> int:
        """NAV_TAKEOFF in GUIDED: a height above home."""
        frame = getattr(message, "frame", wire.MAV_FRAME_GLOBAL_RELATIVE_ALT)
        if frame != wire.MAV_FRAME_GLOBAL_RELATIVE_ALT:
            return DENIED
        a = self._a
        flies = a.mode is Mode.GUIDED and math.isfinite(p[6]) and p[6] > 0
        return _result(flies and a.take_off(p[6]))

    def enters(self, mode: Mode) -> Answer:
        """A command that only changes the mode."""
        return lambda _message, _params: _result(self._a.set_mode(mode))

    def start(self, _: Message, p: Params) -> int:
        """MISSION_START: from the present item; others are not supported."""
        a = self._a
        if p[0] or p[1]:
            return DENIED
        if not a.set_mode(Mode.AUTO):
            return FAILED
        if a.runner.complete:
            a.runner.rewind()
        if a.armed and not a.body.flying:
            a.try_auto_takeoff()
        return ACCEPTED

    def mode(self, _: Message, p: Params) -> int:
        """DO_SET_MODE."""
        if not all(math.isfinite(v) for v in p[:2]):
            return FAILED
        if not int(p[0]) & wire.MAV_MODE_FLAG_CUSTOM_MODE_ENABLED:
            return FAILED
        mode = self._a.firmware.mode_of(p[1], p[2])
        if mode is None:
            text = f"No such mode {int(p[1])}"
            self._a.say(wire.MAV_SEVERITY_WARNING, text)
            return FAILED
        return _result(self._a.set_mode(mode))

    def set_current(self, _: Message, p: Params) -> int:
        """DO_SET_MISSION_CURRENT."""
        return self._a.commander.set_current(p[0], reset=p[1] == 1)

    def jump_tag(self, _: Message, p: Params) -> int:
        """DO_JUMP_TAG: go on at the tag."""
        target = self._a.runner.tagged(int(p[0])) if math.isfinite(p[0]) else None
        return FAILED if target is None else self._a.commander.set_current(target)

    def land_start(self, _: Message, p: Params) -> int:
        """DO_LAND_START: go on in AUTO at the nearest item of this kind."""
        a = self._a
        for seq, item in enumerate(a.transfers.mission):
            if item.command == wire.MAV_CMD_DO_LAND_START:
                a.runner.rewind(seq)
                return _result(a.set_mode(Mode.AUTO))
        why = "Mode change to AUTO RTL failed: No landing sequence found"
        a.say(wire.MAV_SEVERITY_WARNING, "Unable to start landing sequence")
        a.say(wire.MAV_SEVERITY_WARNING, why)
        return FAILED

    def change_speed(self, _: Message, p: Params) -> int:
        """DO_CHANGE_SPEED: over the ground; vertical ones are taken where the mode flies itself."""
        a = self._a
        if not p[1] > 0:
            return DENIED
        if p[0] not in HORIZONTAL_SPEEDS + VERTICAL_SPEEDS:
            return FAILED
        if a.mode not in (Mode.AUTO, Mode.GUIDED, Mode.RTL):
            return FAILED
        if p[0] in HORIZONTAL_SPEEDS:
            if a.mode is Mode.AUTO:
                a.runner.legs.speed(p[1])
            else:
                a.guided.speed(p[1])
        return ACCEPTED

    def pause(self, _: Message, p: Params) -> int:
        """DO_PAUSE_CONTINUE of a mission, or of the way to a place."""
        a, on = self._a, p[0] == 0
        if p[0] not in (0, 1):
            return DENIED
        if a.mode is Mode.AUTO and a.body.flying and not a.runner.complete:
            a.runner.pause(on)
            return ACCEPTED
        a.say(wire.MAV_SEVERITY_INFO, "Failed to pause" if on else "Failed to resume")
        return FAILED

    def reposition(self, message: Message, p: Params) -> int:
        """DO_REPOSITION: in GUIDED, or with bit 0 of parameter 2 into it."""
        a = self._a
        change = math.isfinite(p[1]) and int(p[1]) & wire.MAV_DO_REPOSITION_FLAGS_CHANGE_MODE
        there = spot(a, *place_of(message, p))
        if there is None or (a.mode is not Mode.GUIDED and not change):
            return DENIED
        ground = a.senses.ground_m(there.lon, there.lat) if there.terrain else 0.0
        if not a.permitted(there.lon, there.lat, there.height_m + ground):
            return FAILED
        if not a.set_mode(Mode.GUIDED):
            return FAILED
        return _result(a.guided.go_to(there, p[0] if math.isfinite(p[0]) else -1.0))

    def yaw(self, _: Message, p: Params) -> int:
        """CONDITION_YAW: 0 to 360 degrees, absolute or relative."""
        if not 0.0 <= p[0] <= 360.0 or p[3] not in (0.0, 1.0):
            return FAILED
        turn = -p[0] if p[3] == 1 and p[2] < 0 else p[0]
        nose = self._a.body.yaw_deg if p[3] == 1 else 0.0
        self._a.body.turn_to((nose + turn) % 360)
        return ACCEPTED

    def fence(self, _: Message, p: Params) -> int:
        """DO_FENCE_ENABLE: 0 off, 1 on, 2 without the floor."""
        if p[0] not in (0, 1, 2):
            return FAILED
        self._a.parameters["FENCE_ENABLE"] = 1.0 if p[0] == 1 else 0.0
        return ACCEPTED

    def reset_battery(self, _: Message, p: Params) -> int:
        """BATTERY_RESET: a simulated pack is filled by its dock, not by a word."""
        return FAILED

    def banner(self, _: Message, p: Params) -> int:
        """DO_SEND_BANNER: who it is."""
        version = self._a.firmware.version
        text = f"ArduCopter V{version >> 24}.{version >> 16 & 255}.0 (FlyOnce simulation)"
        self._a.say(wire.MAV_SEVERITY_INFO, text)
        return ACCEPTED

    def _tell(self, faults: list[str]) -> None:
        for fault in faults:
            self._a.say(wire.MAV_SEVERITY_CRITICAL, fault)


def _result(done: bool) -> int:
    return ACCEPTED if done else FAILED
