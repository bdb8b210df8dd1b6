"""Commands and the other requests of a ground station, and what the autopilot answers."""

import math
from collections.abc import Callable
from typing import TypeAlias

from pymavlink.dialects.v20 import ardupilotmega as wire

from core.units import from_degrees_e7
from sim.autopilot import telemetry
from sim.autopilot.host import Host
from sim.autopilot.items import AMSL, FENCE, RELATIVE, TERRAIN
from sim.autopilot.modes import Mode
from sim.body import Spot

ACCEPTED, DENIED, UNSUPPORTED, FAILED, INT_ONLY = (
    int(wire.MAV_RESULT_ACCEPTED),
    int(wire.MAV_RESULT_DENIED),
    int(wire.MAV_RESULT_UNSUPPORTED),
    int(wire.MAV_RESULT_FAILED),
    int(wire.MAV_RESULT_COMMAND_INT_ONLY),
)
FORCE = 21196
"""Magic of MAV_CMD_COMPONENT_ARM_DISARM that disarms in flight."""
IGNORE_POSITION = (
    wire.POSITION_TARGET_TYPEMASK_X_IGNORE
    | wire.POSITION_TARGET_TYPEMASK_Y_IGNORE
    | wire.POSITION_TARGET_TYPEMASK_Z_IGNORE
)

Message: TypeAlias = wire.MAVLink_message
Params: TypeAlias = tuple[float, ...]


class Commander:
    """Answers requests in the name of one autopilot."""

    def __init__(self, autopilot: Host) -> None:
        self._a = autopilot
        a = autopilot
        self._requests: dict[str, Callable[[Message], None]] = {
            "COMMAND_LONG": self._command_long,
            "COMMAND_INT": self._command_int,
            "SET_MODE": self._set_mode,
            "SET_POSITION_TARGET_GLOBAL_INT": self._position_target,
            "MISSION_COUNT": a.transfers.on_count,
            "MISSION_ITEM_INT": a.transfers.on_item,
            "MISSION_ITEM": a.transfers.on_item,
            "MISSION_REQUEST_LIST": a.transfers.on_request_list,
            "MISSION_REQUEST_INT": a.transfers.on_request,
            "MISSION_REQUEST": a.transfers.on_request,
            "MISSION_CLEAR_ALL": a.transfers.on_clear,
            "MISSION_SET_CURRENT": self._mission_set_current,
            "PARAM_REQUEST_LIST": lambda _: a.parameters.on_request_list(a.send),
            "PARAM_REQUEST_READ": lambda m: a.parameters.on_request_read(m, a.send),
            "PARAM_SET": lambda m: a.parameters.on_set(m, a.send),
            "REQUEST_DATA_STREAM": self._data_stream,
            "TIMESYNC": self._timesync,
            "PING": self._ping,
        }
        self._commands: dict[int, Callable[[Params], int]] = {
            wire.MAV_CMD_COMPONENT_ARM_DISARM: self._arm,
            wire.MAV_CMD_NAV_TAKEOFF: lambda p: _result(a.take_off(p[6])),
            wire.MAV_CMD_NAV_RETURN_TO_LAUNCH: lambda _: _result(a.set_mode(Mode.RTL)),
            wire.MAV_CMD_NAV_LAND: lambda _: _result(a.set_mode(Mode.LAND)),
            wire.MAV_CMD_NAV_LOITER_UNLIM: lambda _: _result(a.set_mode(Mode.LOITER)),
            wire.MAV_CMD_MISSION_START: self._mission_start,
            wire.MAV_CMD_DO_SET_MODE: lambda p: self._mode(p[1]),
            wire.MAV_CMD_DO_CHANGE_SPEED: self._change_speed,
            wire.MAV_CMD_DO_PAUSE_CONTINUE: self._pause,
            wire.MAV_CMD_DO_SET_MISSION_CURRENT: lambda p: self._set_current(p[0], reset=p[1] == 1),
            wire.MAV_CMD_SET_MESSAGE_INTERVAL: self._set_interval,
            wire.MAV_CMD_GET_MESSAGE_INTERVAL: self._get_interval,
            wire.MAV_CMD_REQUEST_MESSAGE: self._request,
            wire.MAV_CMD_REQUEST_AUTOPILOT_CAPABILITIES: lambda _: self._request((148.0,)),
            wire.MAV_CMD_DO_SET_CAM_TRIGG_DIST: self._trigger_distance,
            wire.MAV_CMD_IMAGE_START_CAPTURE: self._capture,
            wire.MAV_CMD_IMAGE_STOP_CAPTURE: lambda _: ACCEPTED,
            wire.MAV_CMD_DO_DIGICAM_CONTROL: lambda _: _result(a.shutter.once(0)),
            wire.MAV_CMD_DO_MOUNT_CONTROL: lambda p: self._point(p[0], p[2]),
            wire.MAV_CMD_DO_GIMBAL_MANAGER_PITCHYAW: lambda p: self._point(p[0], p[1]),
            wire.MAV_CMD_DO_SET_ROI_NONE: lambda _: self._no_roi(),
            wire.MAV_CMD_CONDITION_YAW: self._yaw,
            wire.MAV_CMD_DO_FENCE_ENABLE: self._fence_enable,
            wire.MAV_CMD_RUN_PREARM_CHECKS: self._prearm,
            wire.MAV_CMD_DO_SET_HOME: self._set_home,
        }

    def handle(self, message: Message) -> None:
        """Answer one message; what is unknown is ignored, as on the wire."""
        answer = self._requests.get(message.get_type())
        if answer is not None:
            answer(message)

    # Commands

    def _command_long(self, message: Message) -> None:
        if message.command in (wire.MAV_CMD_DO_REPOSITION,):
            self._ack(message, INT_ONLY)
            return
        params = tuple(float(getattr(message, f"param{k}")) for k in range(1, 8))
        self._run(message, params)

    def _command_int(self, message: Message) -> None:
        if message.command == wire.MAV_CMD_DO_REPOSITION:
            self._ack(message, self._reposition(message))
            return
        head = tuple(float(getattr(message, f"param{k}")) for k in range(1, 5))
        place = (from_degrees_e7(message.x), from_degrees_e7(message.y), float(message.z))
        if message.command in (
            wire.MAV_CMD_DO_SET_ROI_LOCATION,
            wire.MAV_CMD_DO_SET_ROI,
        ):
            self._ack(message, self._roi(message))
            return
        self._run(message, head + place)

    def _run(self, message: Message, params: Params) -> None:
        run = self._commands.get(message.command)
        before = self._a.armed
        self._ack(message, UNSUPPORTED if run is None else run(params))
        if message.command == wire.MAV_CMD_COMPONENT_ARM_DISARM and params[0] == 1 and not before:
            for fault in [] if self._a.armed else self._a.arming_faults():
                self._a.say(wire.MAV_SEVERITY_CRITICAL, fault)

    def _ack(self, message: Message, result: int) -> None:
        self._a.send(
            wire.MAVLink_command_ack_message(
                message.command,
                result,
                0,
                0,
                message.get_srcSystem(),
                message.get_srcComponent(),
            )
        )

    def _arm(self, p: Params) -> int:
        if p[0] == 1:
            return _result(self._a.arm())
        if p[0] == 0:
            return _result(self._a.disarm(force=p[1] == FORCE))
        return UNSUPPORTED

    def _mission_start(self, _: Params) -> int:
        a = self._a
        if not a.set_mode(Mode.AUTO):
            return FAILED
        if a.runner.complete:
            a.runner.rewind()
        if a.armed and not a.body.flying:
            a.try_auto_takeoff()
        return ACCEPTED

    def _mode(self, number: float) -> int:
        if not math.isfinite(number) or int(number) not in set(Mode):
            return FAILED
        return _result(self._a.set_mode(Mode(int(number))))

    def _set_mode(self, message: Message) -> None:
        self._mode(message.custom_mode)

    def _change_speed(self, p: Params) -> int:
        if not p[1] > 0:
            return DENIED
        a = self._a
        a.runner.speed_mps = p[1]
        if a.body.flying and a.mode in (Mode.AUTO, Mode.GUIDED):
            a.body.fly(a.body.start, a.body.goal, p[1])
        return ACCEPTED

    def _pause(self, p: Params) -> int:
        if self._a.mode is not Mode.AUTO or p[0] not in (0, 1):
            return FAILED
        self._a.runner.pause(p[0] == 0)
        return ACCEPTED

    def _mission_set_current(self, message: Message) -> None:
        self._set_current(message.seq)

    def _set_current(self, seq: float, *, reset: bool = False) -> int:
        a = self._a
        if not math.isfinite(seq) or not 0 <= seq < len(a.transfers.mission):
            return DENIED
        if reset:
            a.runner.complete = False
        a.runner.rewind(int(seq))
        a.send(telemetry.mission_current(a))
        return ACCEPTED

    def _set_interval(self, p: Params) -> int:
        message_id, interval_us = int(p[0]), p[1]
        if message_id not in telemetry.MESSAGES:
            return DENIED
        default = 1.0 if message_id in (0, 2) else 0.0
        seconds = default if interval_us == 0 else interval_us / 1e6
        self._a.streams.set(message_id, seconds, self._a.senses.now_s())
        return ACCEPTED

    def _get_interval(self, p: Params) -> int:
        seconds = self._a.streams.interval_s(int(p[0]))
        interval = round(seconds * 1e6) if seconds else -1
        self._a.send(wire.MAVLink_message_interval_message(int(p[0]), interval))
        return ACCEPTED

    def _request(self, p: Params) -> int:
        make = telemetry.MESSAGES.get(int(p[0]))
        if make is None:
            return FAILED
        self._a.send(make(self._a))
        return ACCEPTED

    def _trigger_distance(self, p: Params) -> int:
        target = int(p[3]) if math.isfinite(p[3]) else 0
        return _result(self._a.shutter.by_distance(p[0], once=p[2] == 1, target=target))

    def _capture(self, p: Params) -> int:
        return _result(self._a.shutter.once(int(p[0]) if math.isfinite(p[0]) else 0))

    def _point(self, pitch_deg: float, yaw_deg: float) -> int:
        self._a.shutter.point(pitch_deg, yaw_deg)
        return ACCEPTED

    def _roi(self, message: Message) -> int:
        spot = self._spot(message.frame, message.y, message.x, message.z)
        if spot is None:
            return UNSUPPORTED
        altitude = spot.height_m + (self._a.body.ground_m if spot.terrain else 0.0)
        self._a.shutter.roi = (spot.lon, spot.lat, altitude)
        return ACCEPTED

    def _no_roi(self) -> int:
        self._a.shutter.roi = None
        return ACCEPTED

    def _yaw(self, p: Params) -> int:
        offset = self._a.body.yaw_deg if p[3] == 1 else 0.0
        self._a.body.turn_to((offset + p[0]) % 360)
        return ACCEPTED

    def _fence_enable(self, p: Params) -> int:
        if p[0] == 1 and not self._a.transfers.stores[FENCE]:
            return FAILED
        self._a.parameters["FENCE_ENABLE"] = 1.0 if p[0] == 1 else 0.0
        return ACCEPTED

    def _prearm(self, _: Params) -> int:
        for fault in self._a.arming_faults():
            self._a.say(wire.MAV_SEVERITY_CRITICAL, fault)
        return ACCEPTED

    def _set_home(self, p: Params) -> int:
        a = self._a
        if p[0] == 1:
            a.home_lon, a.home_lat, a.home_m = a.body.lon, a.body.lat, a.body.altitude_m
            return ACCEPTED
        if not all(math.isfinite(v) for v in p[4:7]) or (p[4] == 0 and p[5] == 0):
            return FAILED
        a.home_lat, a.home_lon, a.home_m = p[4], p[5], p[6]
        return ACCEPTED

    # Going somewhere

    def _reposition(self, message: Message) -> int:
        a = self._a
        spot = self._spot(message.frame, message.y, message.x, message.z)
        if spot is None:
            return DENIED
        if not a.permitted(spot.lon, spot.lat) or not a.body.flying:
            return FAILED
        if a.mode is not Mode.GUIDED and (
            not int(message.param2) & wire.MAV_DO_REPOSITION_FLAGS_CHANGE_MODE
            or not a.set_mode(Mode.GUIDED)
        ):
            return DENIED
        speed = message.param1 if math.isfinite(message.param1) else -1.0
        return _result(a.go_to(spot, speed))

    def _position_target(self, message: Message) -> None:
        """SET_POSITION_TARGET_GLOBAL_INT: GUIDED only, dropped silently otherwise."""
        if self._a.mode is not Mode.GUIDED or message.type_mask & IGNORE_POSITION:
            return
        spot = self._spot(message.coordinate_frame, message.lon_int, message.lat_int, message.alt)
        if spot is not None:
            self._a.go_to(spot)

    def _spot(self, frame: int, lon_e7: int, lat_e7: int, height_m: float) -> Spot | None:
        lon, lat = from_degrees_e7(lon_e7), from_degrees_e7(lat_e7)
        if not (abs(lat) <= 90 and abs(lon) <= 180 and math.isfinite(height_m)):
            return None
        if lon_e7 == 0 and lat_e7 == 0:
            lon, lat = self._a.body.lon, self._a.body.lat
        if frame in TERRAIN:
            return Spot(lon, lat, height_m, terrain=True)
        if frame in RELATIVE:
            return Spot(lon, lat, height_m + self._a.home_m)
        return Spot(lon, lat, height_m) if frame in AMSL else None

    # The rest

    def _data_stream(self, message: Message) -> None:
        groups = telemetry.LEGACY_GROUPS
        chosen = groups if message.req_stream_id == 0 else [message.req_stream_id]
        rate = message.req_message_rate if message.start_stop else 0
        for group in chosen:
            for message_id in groups.get(group, ()):
                interval = 1.0 / rate if rate else 0.0
                self._a.streams.set(message_id, interval, self._a.senses.now_s())

    def _timesync(self, message: Message) -> None:
        if message.tc1 == 0:
            now_ns = self._a.boot_ms() * 1_000_000
            self._a.send(wire.MAVLink_timesync_message(now_ns, message.ts1))

    def _ping(self, message: Message) -> None:
        if message.target_system == 0:
            self._a.send(
                wire.MAVLink_ping_message(
                    message.time_usec,
                    message.seq,
                    message.get_srcSystem(),
                    message.get_srcComponent(),
                )
            )


def _result(done: bool) -> int:
    return ACCEPTED if done else FAILED
