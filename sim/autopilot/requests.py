"""The messages of a ground station other than commands, and what the autopilot answers."""

import math
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from pymavlink.dialects.v20 import ardupilotmega as wire

from core.units import from_degrees_e7
from sim.autopilot import reports
from sim.autopilot.modes import Mode
from sim.autopilot.places import spot
from sim.body import Spot
from sim.earth import moved

if TYPE_CHECKING:
    from sim.autopilot.autopilot import Autopilot

Message: TypeAlias = wire.MAVLink_message

IGNORE_POSITION = (
    wire.POSITION_TARGET_TYPEMASK_X_IGNORE
    | wire.POSITION_TARGET_TYPEMASK_Y_IGNORE
    | wire.POSITION_TARGET_TYPEMASK_Z_IGNORE
)
IGNORE_VELOCITY = (
    wire.POSITION_TARGET_TYPEMASK_VX_IGNORE
    | wire.POSITION_TARGET_TYPEMASK_VY_IGNORE
    | wire.POSITION_TARGET_TYPEMASK_VZ_IGNORE
)
BODY_FRAMES = frozenset({wire.MAV_FRAME_BODY_NED, wire.MAV_FRAME_BODY_OFFSET_NED})
FTP_NAK, FTP_FILE_NOT_FOUND, FTP_LIST, FTP_OPEN_READ = 129, 10, 3, 4
"""https://mavlink.io/en/services/ftp.html#opcodes"""


class Requests:
    """Answers requests in the name of one autopilot."""

    def __init__(self, autopilot: "Autopilot") -> None:
        self._a = a = autopilot
        self._answers: dict[str, Callable[[Message], None]] = {
            "COMMAND_LONG": a.commander.on_long,
            "COMMAND_INT": a.commander.on_int,
            "UNKNOWN_80": self._cancel,
            "SET_MODE": self._set_mode,
            "SET_POSITION_TARGET_GLOBAL_INT": self._global_target,
            "SET_POSITION_TARGET_LOCAL_NED": self._local_target,
            "MISSION_COUNT": a.transfers.on_count,
            "MISSION_WRITE_PARTIAL_LIST": a.transfers.on_partial,
            "MISSION_ITEM_INT": self._item,
            "MISSION_ITEM": self._item,
            "MISSION_REQUEST_LIST": a.transfers.on_request_list,
            "MISSION_REQUEST_INT": a.transfers.on_request,
            "MISSION_REQUEST": a.transfers.on_request,
            "MISSION_CLEAR_ALL": a.transfers.on_clear,
            "MISSION_ACK": a.transfers.on_ack,
            "MISSION_SET_CURRENT": self._mission_set_current,
            "PARAM_REQUEST_LIST": lambda _: a.parameters.on_request_list(a.send),
            "PARAM_REQUEST_READ": lambda m: a.parameters.on_request_read(m, a.send),
            "PARAM_SET": lambda m: a.parameters.on_set(m, a.send),
            "REQUEST_DATA_STREAM": self._data_stream,
            "SETUP_SIGNING": self._setup_signing,
            "TIMESYNC": self._timesync,
            "PING": self._ping,
            "TERRAIN_CHECK": self._terrain_check,
            "LOG_REQUEST_LIST": self._log_list,
            "FILE_TRANSFER_PROTOCOL": self._file_transfer,
        }

    def handle(self, message: Message) -> None:
        """Answer one message; what is unknown is ignored, as on the wire."""
        answer = self._answers.get(message.get_type())
        if answer is not None:
            answer(message)

    def _cancel(self, message: Message) -> None:
        """COMMAND_CANCEL, which pymavlink's dialect does not know: command, system, component."""
        payload = bytes(message.data)[10:-2].ljust(4, b"\0")
        command, system, _ = struct.unpack("<HBB", payload[:4])
        if system == self._a.system_id:
            self._a.commander.cancel(command)

    # Missions and modes

    def _set_mode(self, message: Message) -> None:
        """The old way to change mode; PX4 and ArduPilot still take it."""
        mode = self._a.firmware.mode_of_custom(message.custom_mode)
        if mode is not None:
            self._a.set_mode(mode)

    def _item(self, message: Message) -> None:
        """MISSION_ITEM(_INT); with current = 2 it means "fly there now" (ArduPilot, GUIDED)."""
        a = self._a
        if message.current != 2 or a.transfers.busy:
            a.transfers.on_item(message)
            return
        scale = 1.0 if message.get_type() == "MISSION_ITEM_INT" else 1e7
        there = spot(a, message.frame, message.y * scale, message.x * scale, message.z)
        done = there is not None and a.mode is Mode.GUIDED and a.guided.go_to(there)
        result = wire.MAV_MISSION_ACCEPTED if done else wire.MAV_MISSION_ERROR
        partner = message.get_srcSystem(), message.get_srcComponent()
        a.send(wire.MAVLink_mission_ack_message(*partner, result, message.mission_type))

    def _mission_set_current(self, message: Message) -> None:
        self._a.commander.set_current(message.seq)

    # Flying where told

    def _global_target(self, message: Message) -> None:
        """SET_POSITION_TARGET_GLOBAL_INT: in the guided mode only, dropped silently otherwise."""
        a = self._a
        if a.mode not in a.firmware.follows:
            return
        if message.type_mask & IGNORE_POSITION:
            self._velocity(message)
            return
        there = spot(a, message.coordinate_frame, message.lon_int, message.lat_int, message.alt)
        if there is None:
            a.body.stay()
        else:
            a.guided.go_to(there)

    def _local_target(self, message: Message) -> None:
        """SET_POSITION_TARGET_LOCAL_NED: velocities; places count from home."""
        a = self._a
        if a.mode not in a.firmware.follows:
            return
        if message.type_mask & IGNORE_POSITION:
            self._velocity(message)
            return
        if all(math.isfinite(v) for v in (message.x, message.y, message.z)):
            lon, lat = moved(a.home_lon, a.home_lat, message.y, message.x)
            a.guided.go_to(Spot(lon, lat, a.home_m - message.z))

    def _velocity(self, message: Message) -> None:
        a, v = self._a, (message.vx, message.vy, message.vz)
        if message.type_mask & IGNORE_VELOCITY or not all(math.isfinite(x) for x in v):
            return
        yaw = math.radians(a.body.yaw_deg) if message.coordinate_frame in BODY_FRAMES else 0.0
        north = v[0] * math.cos(yaw) - v[1] * math.sin(yaw)
        east = v[0] * math.sin(yaw) + v[1] * math.cos(yaw)
        a.guided.move(east, north, -v[2])

    # The rest

    def _data_stream(self, message: Message) -> None:
        """REQUEST_DATA_STREAM: groups of messages, 0 for all (MAVProxy)."""
        a, groups = self._a, reports.LEGACY_GROUPS
        chosen = list(groups) if message.req_stream_id == 0 else [message.req_stream_id]
        rate = message.req_message_rate if message.start_stop else 0
        for group in chosen:
            for message_id in groups.get(group, ()):
                interval = 1.0 / rate if rate else 0.0
                if message_id in a.firmware.messages:
                    a.streams.set(message_id, interval, a.senses.now_s())

    def _setup_signing(self, message: Message) -> None:
        """SETUP_SIGNING: not while armed."""
        a = self._a
        if a.armed:
            a.say(wire.MAV_SEVERITY_WARNING, "ERROR: Won't setup signing when armed")
            return
        a.signing.set_up(bytes(message.secret_key), message.initial_timestamp)

    def _timesync(self, message: Message) -> None:
        if message.tc1 == 0:
            now_ns = self._a.boot_ms() * 1_000_000
            self._a.send(wire.MAVLink_timesync_message(now_ns, message.ts1))

    def _ping(self, message: Message) -> None:
        if message.target_system == 0:
            partner = message.get_srcSystem(), message.get_srcComponent()
            self._a.send(wire.MAVLink_ping_message(message.time_usec, message.seq, *partner))

    def _terrain_check(self, message: Message) -> None:
        lon, lat = from_degrees_e7(message.lon), from_degrees_e7(message.lat)
        self._a.send(reports.terrain_report(self._a, lon, lat))

    def _log_list(self, _: Message) -> None:
        """LOG_REQUEST_LIST: there are no logs."""
        self._a.send(wire.MAVLink_log_entry_message(0, 0, 0, 0, 0))

    def _file_transfer(self, message: Message) -> None:
        """FILE_TRANSFER_PROTOCOL: every request is refused, as by a vehicle without files."""
        sequence = (message.payload[0] | message.payload[1] << 8) + 1
        answer = bytearray(251)
        answer[0:2] = (sequence % 65536).to_bytes(2, "little")
        answer[2], answer[3] = message.payload[2], FTP_NAK
        answer[4], answer[5], answer[12] = 1, message.payload[3], FTP_FILE_NOT_FOUND
        partner = message.get_srcSystem(), message.get_srcComponent()
        self._a.send(wire.MAVLink_file_transfer_protocol_message(0, *partner, list(answer)))
