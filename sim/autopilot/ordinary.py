"""Commands that ArduPilot and PX4 answer alike: messages, camera, gimbal, speed, home, reboot."""

import math
from typing import TYPE_CHECKING, TypeAlias

from pymavlink.dialects.v20 import ardupilotmega as wire

from sim.autopilot import payload
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
OFTEN_US = 1000.0
PER_CAMERA = {
    wire.MAVLINK_MSG_ID_CAMERA_INFORMATION: payload.camera_information,
    wire.MAVLINK_MSG_ID_CAMERA_SETTINGS: payload.camera_settings,
    wire.MAVLINK_MSG_ID_CAMERA_CAPTURE_STATUS: payload.camera_capture_status,
}


def result(done: bool) -> int:
    """ACCEPTED or FAILED."""
    return ACCEPTED if done else FAILED


def answers(a: "Autopilot") -> dict[int, Answer]:
    """What answers each command."""
    whole = _Ordinary(a)
    return {
        wire.MAV_CMD_SET_MESSAGE_INTERVAL: whole.set_interval,
        wire.MAV_CMD_GET_MESSAGE_INTERVAL: whole.get_interval,
        wire.MAV_CMD_REQUEST_MESSAGE: whole.request,
        wire.MAV_CMD_REQUEST_AUTOPILOT_CAPABILITIES: whole.capabilities,
        wire.MAV_CMD_REQUEST_CAMERA_INFORMATION: whole.asks(259),
        wire.MAV_CMD_REQUEST_CAMERA_SETTINGS: whole.asks(260),
        wire.MAV_CMD_REQUEST_STORAGE_INFORMATION: whole.asks(261),
        wire.MAV_CMD_REQUEST_CAMERA_CAPTURE_STATUS: whole.asks(262),
        wire.MAV_CMD_GET_HOME_POSITION: whole.asks(242),
        wire.MAV_CMD_DO_SET_CAM_TRIGG_DIST: whole.trigger_distance,
        wire.MAV_CMD_IMAGE_START_CAPTURE: whole.start_capture,
        wire.MAV_CMD_IMAGE_STOP_CAPTURE: whole.stop_capture,
        wire.MAV_CMD_DO_DIGICAM_CONTROL: whole.digicam,
        wire.MAV_CMD_DO_MOUNT_CONTROL: whole.mount,
        wire.MAV_CMD_DO_GIMBAL_MANAGER_PITCHYAW: whole.pitch_yaw,
        wire.MAV_CMD_DO_GIMBAL_MANAGER_CONFIGURE: whole.configure_gimbal,
        wire.MAV_CMD_DO_SET_ROI_LOCATION: whole.look_at,
        wire.MAV_CMD_DO_SET_ROI: whole.look_at,
        wire.MAV_CMD_DO_SET_ROI_NONE: whole.look_nowhere,
        wire.MAV_CMD_DO_SET_HOME: whole.set_home,
        wire.MAV_CMD_PREFLIGHT_REBOOT_SHUTDOWN: whole.reboot,
        wire.MAV_CMD_DO_VTOL_TRANSITION: whole.transit,
    }


class _Ordinary:
    def __init__(self, a: "Autopilot") -> None:
        self._a = a

    # Messages

    def set_interval(self, _: Message, p: Params) -> int:
        """SET_MESSAGE_INTERVAL: microseconds, -1 never, 0 as it comes."""
        a, interval_us = self._a, p[1]
        message_id = _whole(p[0])
        if message_id not in a.firmware.messages or not interval_us >= -1:
            return DENIED
        seconds = a.streams.defaults.get(message_id, 0.0)
        if interval_us != 0:
            seconds = max(interval_us, OFTEN_US) / 1e6 if interval_us > 0 else 0.0
        a.streams.set(message_id, seconds, a.senses.now_s())
        return ACCEPTED

    def get_interval(self, _: Message, p: Params) -> int:
        """GET_MESSAGE_INTERVAL: 0 in the answer means that there is no such message."""
        a, message_id = self._a, _whole(p[0])
        if message_id not in a.firmware.messages:
            a.send(wire.MAVLink_message_interval_message(max(0, message_id) % 65536, 0))
            return FAILED
        seconds = a.streams.interval_s(message_id)
        interval = round(seconds * 1e6) if seconds else -1
        a.send(wire.MAVLink_message_interval_message(message_id, interval))
        return ACCEPTED

    def request(self, message: Message, p: Params) -> int:
        """REQUEST_MESSAGE: now, once; parameter 2 counts cameras from 1."""
        a, message_id = self._a, _whole(p[0])
        if message_id == wire.MAVLINK_MSG_ID_MESSAGE_INTERVAL:
            return self.get_interval(message, p[1:])
        make = a.firmware.messages.get(message_id)
        if make is None:
            return FAILED
        number = _whole(p[1])
        per_camera = PER_CAMERA.get(message_id)
        if per_camera is not None and number > 0:
            if number > len(a.body.spec.cameras):
                return FAILED
            a.commander.after(lambda: a.send(per_camera(a, number)))
        else:
            a.commander.after(lambda: a.send(make(a)))
        return ACCEPTED

    def asks(self, message_id: int) -> Answer:
        """An older command that asks for one message."""
        return lambda message, _: self.request(message, (float(message_id), 0.0))

    def capabilities(self, message: Message, p: Params) -> int:
        """REQUEST_AUTOPILOT_CAPABILITIES: the older way to ask for AUTOPILOT_VERSION."""
        return self.request(message, (148.0, 0.0)) if p[0] == 1 else FAILED

    # Camera

    def trigger_distance(self, _: Message, p: Params) -> int:
        """DO_SET_CAM_TRIGG_DIST."""
        target = max(0, _whole(p[3]))
        return result(self._a.shutter.by_distance(p[0], once=p[2] == 1, target=target))

    def start_capture(self, _: Message, p: Params) -> int:
        """IMAGE_START_CAPTURE: camera, interval, count (0 for ever)."""
        shutter, target = self._a.shutter, max(0, _whole(p[0]))
        if not shutter.has(target):
            return UNSUPPORTED
        count = _whole(p[2], other=1)
        if count == 1 or not p[1] > 0:
            return result(shutter.once(target))
        return result(shutter.by_time(target, p[1], count or None, self._a.senses.now_s()))

    def stop_capture(self, _: Message, p: Params) -> int:
        """IMAGE_STOP_CAPTURE."""
        self._a.shutter.stop()
        return ACCEPTED

    def digicam(self, _: Message, p: Params) -> int:
        """DO_DIGICAM_CONTROL: parameter 5 takes one photograph."""
        return result(self._a.shutter.once(0)) if p[4] == 1 or not any(p[:4]) else ACCEPTED

    # Gimbal

    def mount(self, _: Message, p: Params) -> int:
        """DO_MOUNT_CONTROL: pitch, roll, yaw in degrees; parameter 7 says what they mean."""
        gimbal, mode = self._a.shutter.gimbal, _whole(p[6])
        if mode in (wire.MAV_MOUNT_MODE_RETRACT, wire.MAV_MOUNT_MODE_NEUTRAL) and not any(p[:3]):
            gimbal.neutral()
        else:
            gimbal.point(p[0], p[2])
        return ACCEPTED

    def pitch_yaw(self, message: Message, p: Params) -> int:
        """DO_GIMBAL_MANAGER_PITCHYAW: refused while somebody else is in control."""
        gimbal, flags = self._a.shutter.gimbal, self._flags(message, p)
        asker = message.get_srcSystem(), message.get_srcComponent()
        if p[6] not in (0, 1):
            return FAILED
        if gimbal.owner not in ((0, 0), asker):
            return DENIED
        if flags & wire.GIMBAL_MANAGER_FLAGS_RETRACT or flags & wire.GIMBAL_MANAGER_FLAGS_NEUTRAL:
            gimbal.neutral()
            return ACCEPTED
        if all(math.isnan(v) for v in p[:4]):
            return FAILED
        locked = bool(flags & wire.GIMBAL_MANAGER_FLAGS_YAW_LOCK)
        if any(math.isfinite(v) for v in p[:2]):
            gimbal.point(p[0], p[1], locked=locked)
        return ACCEPTED

    def configure_gimbal(self, message: Message, p: Params) -> int:
        """DO_GIMBAL_MANAGER_CONFIGURE: primary control; -1 as it is, -2 me, -3 nobody."""
        gimbal = self._a.shutter.gimbal
        asker = message.get_srcSystem(), message.get_srcComponent()
        system, component = _whole(p[0]), _whole(p[1])
        if p[6] not in (0, 1):
            return FAILED
        if system == -2:
            gimbal.owner = asker
        elif system == -3:
            if gimbal.owner == asker:
                gimbal.owner = (0, 0)
        elif 0 <= system <= 255 and 0 <= component <= 255:
            gimbal.owner = (system, component)
        self._a.commander.after(lambda: self._a.send(payload.gimbal_manager_status(self._a)))
        return ACCEPTED

    def look_at(self, message: Message, p: Params) -> int:
        """DO_SET_ROI_LOCATION, and DO_SET_ROI as far as it means a place; 0, 0, 0 ends it."""
        if not any(p[4:7]):
            return self.look_nowhere(message, p)
        there = spot(self._a, *place_of(message, p))
        if there is None:
            return DENIED
        ground = self._a.senses.ground_m(there.lon, there.lat) if there.terrain else 0.0
        self._a.shutter.gimbal.roi = (there.lon, there.lat, there.height_m + ground)
        return ACCEPTED

    def look_nowhere(self, _: Message, p: Params) -> int:
        """DO_SET_ROI_NONE."""
        self._a.shutter.gimbal.roi = None
        return ACCEPTED

    # The vehicle

    def set_home(self, message: Message, p: Params) -> int:
        """DO_SET_HOME: here, or a place."""
        a = self._a
        if p[0] == 1:
            if not a.has_estimate():
                return FAILED
            lon, lat, altitude = a.measured()
            a.set_home(lon, lat, altitude)
            return ACCEPTED
        there = spot(a, *place_of(message, p))
        if there is None:
            return DENIED
        ground = a.senses.ground_m(there.lon, there.lat) if there.terrain else 0.0
        a.set_home(there.lon, there.lat, there.height_m + ground)
        return ACCEPTED

    def reboot(self, _: Message, p: Params) -> int:
        """PREFLIGHT_REBOOT_SHUTDOWN: 1 reboots; refused while armed."""
        if self._a.armed:
            return FAILED
        if p[0] not in (1, 3):
            return UNSUPPORTED
        self._a.commander.after(self._a.reboot)
        return ACCEPTED

    def transit(self, _: Message, p: Params) -> int:
        """DO_VTOL_TRANSITION: onto the wing (4) or the rotors (3), of a VTOL in flight."""
        a, wanted = self._a, _whole(p[0])
        if not a.body.spec.vtol:
            return UNSUPPORTED
        if wanted not in (wire.MAV_VTOL_STATE_MC, wire.MAV_VTOL_STATE_FW):
            return DENIED
        if not a.body.flying or a.mode is Mode.LAND:
            return a.firmware.refused
        a.body.transit(wanted == wire.MAV_VTOL_STATE_FW)
        return ACCEPTED

    @staticmethod
    def _flags(message: Message, p: Params) -> int:
        return int(message.x) if message.get_type() == "COMMAND_INT" else _whole(p[4])


def _whole(value: float, other: int = 0) -> int:
    """A parameter that counts; `other` if it is no number."""
    return int(value) if math.isfinite(value) else other
