"""Bytes to messages and back: the only place where raw MAVLink messages exist.

pymavlink checks and unpacks each packet. Packets whose id no reader wants are skipped by their
length before any check, which makes telemetry that nobody asked for almost free. When much arrives
at once, of several equal reports of one vehicle only the last is unpacked: whoever falls behind
catches up instead of acting on old news.
"""

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as dialect

from core.geo import LonLat
from core.units import degrees_e7, from_degrees_e7
from fleet.messages import (
    BatteryStatus,
    CameraFeedback,
    CommandAck,
    CommandInt,
    CommandLong,
    EkfStatus,
    ExtendedSysState,
    FenceStatus,
    GlobalPosition,
    Heartbeat,
    HomePosition,
    Message,
    MissionAck,
    MissionClear,
    MissionCount,
    MissionCurrent,
    MissionItem,
    MissionItemReached,
    MissionRequest,
    MissionRequestList,
    Packet,
    StatusText,
    SysStatus,
    SystemTime,
    WindEstimate,
)

MARKER_V1 = dialect.PROTOCOL_MARKER_V1
MARKER_V2 = dialect.PROTOCOL_MARKER_V2
_SIGNED = dialect.MAVLINK_IFLAG_SIGNED
_SIGNATURE = dialect.MAVLINK_SIGNATURE_BLOCK_LEN
_PREARM = dialect.MAV_SYS_STATUS_PREARM_CHECK
_POSITION_OK = dialect.EKF_POS_HORIZ_ABS
_BREACHED = 1
MANY_BYTES = 4096
"""From so many bytes at once on (some 100 packets), superseded reports are skipped."""

REPORTS = frozenset(
    {
        dialect.MAVLINK_MSG_ID_HEARTBEAT,
        dialect.MAVLINK_MSG_ID_SYSTEM_TIME,
        dialect.MAVLINK_MSG_ID_SYS_STATUS,
        dialect.MAVLINK_MSG_ID_GLOBAL_POSITION_INT,
        dialect.MAVLINK_MSG_ID_EXTENDED_SYS_STATE,
        dialect.MAVLINK_MSG_ID_MISSION_CURRENT,
        dialect.MAVLINK_MSG_ID_EKF_STATUS_REPORT,
        dialect.MAVLINK_MSG_ID_WIND,
    }
)
"""Messages that replace their predecessor; all others are events and are never skipped."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_USEC = int(datetime(9000, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
_NO_HEADING = 65535


class Parser:
    """Takes bytes as they come and gives the packets in them.

    Attributes:
        rejected: bytes that belonged to no valid packet.
    """

    def __init__(self) -> None:
        self.rejected = 0
        self._buffer = bytearray()
        self._mav = dialect.MAVLink(None)

    def feed(self, data: bytes | bytearray | memoryview) -> list[Packet]:
        """Add bytes; return every packet that they complete and somebody reads."""
        buffer = self._buffer
        buffer += data
        packets = []
        at, size = 0, len(buffer)
        latest = _latest(buffer) if size > MANY_BYTES else {}
        while size - at >= 8:
            length, number = _header(buffer, at, size)
            if length == 0:
                at += 1
                self.rejected += 1
                continue
            if size - at < length:
                break
            reader = _READERS.get(number)
            if reader is not None and latest.get((buffer[at + 5], number), at) <= at:
                packet = self._decode(buffer[at : at + length], reader)
                if packet is None:
                    at += 1
                    self.rejected += 1
                    continue
                packets.append(packet)
            at += length
        del buffer[:at]
        return packets

    def clear(self) -> None:
        """Forget a half-received packet (between datagrams, after a reconnection)."""
        self._buffer.clear()

    def _decode(self, frame: bytearray, reader: Callable[[Any], Message]) -> Packet | None:
        try:
            raw = self._mav.decode(frame)
        except dialect.MAVError:
            return None
        header = raw._header
        target = getattr(raw, "target_system", 0)
        return Packet(header.srcSystem, header.srcComponent, target, reader(raw))


def _latest(buffer: bytearray) -> dict[tuple[int, int], int]:
    """Where the last report of each kind begins, by (system id, message id); MAVLink 2 only.

    Nothing is checked here: noise can at worst hide a report, as any loss can.
    """
    latest = {}
    at, size = 0, len(buffer)
    while size - at >= 10:
        length, number = _header(buffer, at, size)
        if length == 0:
            at += 1
            continue
        if size - at < length:
            break
        if number in REPORTS and buffer[at] == MARKER_V2:
            latest[buffer[at + 5], number] = at
        at += length
    return latest


def _header(buffer: bytearray, at: int, size: int) -> tuple[int, int]:
    """Length and message id of the packet at this place; (0, 0) when none can begin here."""
    marker = buffer[at]
    if marker == MARKER_V2:
        if size - at < 10:
            return 280, 0  # the longest packet: wait for more bytes
        flags = buffer[at + 2]
        if flags & ~_SIGNED:
            return 0, 0
        number = buffer[at + 7] | buffer[at + 8] << 8 | buffer[at + 9] << 16
        return 12 + buffer[at + 1] + (_SIGNATURE if flags else 0), number
    if marker == MARKER_V1:
        return 8 + buffer[at + 1], buffer[at + 5]
    return 0, 0


class Encoder:
    """Packs messages as one sender: numbers them as MAVLink wants it.

    Args:
        system_id, component_id: who sends (a ground station is 255/190 by custom).
    """

    def __init__(self, system_id: int = 255, component_id: int = 190) -> None:
        self._mav = dialect.MAVLink(None, srcSystem=system_id, srcComponent=component_id)

    def encode(self, message: Message, to: int = 0, component: int = 1) -> bytes:
        """The packet for one addressee (0: everybody)."""
        raw = _WRITERS[type(message)](message, to, component if to else 0)
        packed = bytes(raw.pack(self._mav))
        self._mav.seq = (self._mav.seq + 1) % 256
        return packed


# --- from the wire ---------------------------------------------------------------------------


def _place(lat_e7: int, lon_e7: int) -> LonLat | None:
    """A place, or None for zeros and nonsense (autopilots send 0, 0 before they know)."""
    if (lat_e7 == 0 and lon_e7 == 0) or abs(lat_e7) > 900000000 or abs(lon_e7) > 1800000000:
        return None
    return LonLat(from_degrees_e7(lon_e7), from_degrees_e7(lat_e7))


def _utc(microseconds: int) -> datetime | None:
    if not 0 < microseconds < _LATEST_USEC:
        return None
    return _EPOCH + timedelta(microseconds=microseconds)


def _share(percent: int) -> float | None:
    return percent / 100 if 0 <= percent <= 100 else None


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 0.0


def _heartbeat(raw: Any) -> Message:
    return Heartbeat(
        kind=raw.type,
        autopilot=raw.autopilot,
        base_mode=raw.base_mode,
        custom_mode=raw.custom_mode,
        system_status=raw.system_status,
    )


def _system_time(raw: Any) -> Message:
    return SystemTime(utc=_utc(raw.time_unix_usec), boot_s=raw.time_boot_ms / 1000)


def _sys_status(raw: Any) -> Message:
    known = raw.onboard_control_sensors_present & _PREARM
    return SysStatus(
        battery=_share(raw.battery_remaining),
        voltage_v=None if raw.voltage_battery == 65535 else raw.voltage_battery / 1000,
        current_a=None if raw.current_battery < 0 else raw.current_battery / 100,
        ready=bool(raw.onboard_control_sensors_health & _PREARM) if known else None,
    )


def _battery_status(raw: Any) -> Message:
    return BatteryStatus(pack=raw.id, battery=_share(raw.battery_remaining))


def _global_position(raw: Any) -> Message:
    return GlobalPosition(
        boot_s=raw.time_boot_ms / 1000,
        position=_place(raw.lat, raw.lon),
        altitude_m=raw.alt / 1000,
        height_m=raw.relative_alt / 1000,
        north_mps=raw.vx / 100,
        east_mps=raw.vy / 100,
        down_mps=raw.vz / 100,
        heading_deg=raw.hdg / 100 if raw.hdg < 36001 else None,
    )


def _home_position(raw: Any) -> Message:
    return HomePosition(
        position=_place(raw.latitude, raw.longitude), altitude_m=raw.altitude / 1000
    )


def _extended_sys_state(raw: Any) -> Message:
    return ExtendedSysState(landed=None if raw.landed_state == 0 else raw.landed_state == 1)


def _ekf_status(raw: Any) -> Message:
    return EkfStatus(position_ok=bool(raw.flags & _POSITION_OK))


def _wind(raw: Any) -> Message:
    return WindEstimate(speed_mps=_finite(raw.speed), from_deg=_finite(raw.direction) % 360)


def _status_text(raw: Any) -> Message:
    return StatusText(severity=raw.severity, text=raw.text, text_id=raw.id, chunk=raw.chunk_seq)


def _camera_feedback(raw: Any) -> Message:
    return CameraFeedback(
        taken_at=_utc(raw.time_usec),
        index=raw.img_idx,
        camera=raw.cam_idx,
        position=_place(raw.lat, raw.lng),
        altitude_m=_finite(raw.alt_msl),
        height_m=_finite(raw.alt_rel),
    )


def _camera_image_captured(raw: Any) -> Message:
    return CameraFeedback(
        taken_at=_utc(raw.time_utc),
        index=raw.image_index,
        camera=raw.camera_id,
        position=_place(raw.lat, raw.lon),
        altitude_m=raw.alt / 1000,
        height_m=raw.relative_alt / 1000,
    )


def _fence_status(raw: Any) -> Message:
    return FenceStatus(breached=raw.breach_status == _BREACHED)


def _command_long(raw: Any) -> Message:
    return CommandLong(
        command=raw.command,
        params=(
            raw.param1,
            raw.param2,
            raw.param3,
            raw.param4,
            raw.param5,
            raw.param6,
            raw.param7,
        ),
        confirmation=raw.confirmation,
    )


def _command_int(raw: Any) -> Message:
    return CommandInt(
        command=raw.command,
        frame=raw.frame,
        params=(raw.param1, raw.param2, raw.param3, raw.param4),
        x=raw.x,
        y=raw.y,
        z=raw.z,
    )


def _command_ack(raw: Any) -> Message:
    return CommandAck(
        command=raw.command,
        result=raw.result,
        progress=raw.progress if raw.progress <= 100 else None,
    )


def _mission_item(raw: Any) -> Message:
    return MissionItem(
        seq=raw.seq,
        command=raw.command,
        frame=raw.frame,
        params=(raw.param1, raw.param2, raw.param3, raw.param4),
        x=raw.x,
        y=raw.y,
        z=raw.z,
        current=bool(raw.current),
        mission_type=raw.mission_type,
    )


def _mission_current(raw: Any) -> Message:
    known = raw.total != 65535 and raw.mission_state != 0
    return MissionCurrent(seq=raw.seq, total=raw.total if known else None, state=raw.mission_state)


_READERS: dict[int, Callable[[Any], Message]] = {
    dialect.MAVLINK_MSG_ID_HEARTBEAT: _heartbeat,
    dialect.MAVLINK_MSG_ID_SYSTEM_TIME: _system_time,
    dialect.MAVLINK_MSG_ID_SYS_STATUS: _sys_status,
    dialect.MAVLINK_MSG_ID_BATTERY_STATUS: _battery_status,
    dialect.MAVLINK_MSG_ID_GLOBAL_POSITION_INT: _global_position,
    dialect.MAVLINK_MSG_ID_HOME_POSITION: _home_position,
    dialect.MAVLINK_MSG_ID_EXTENDED_SYS_STATE: _extended_sys_state,
    dialect.MAVLINK_MSG_ID_EKF_STATUS_REPORT: _ekf_status,
    dialect.MAVLINK_MSG_ID_WIND: _wind,
    dialect.MAVLINK_MSG_ID_STATUSTEXT: _status_text,
    dialect.MAVLINK_MSG_ID_CAMERA_FEEDBACK: _camera_feedback,
    dialect.MAVLINK_MSG_ID_CAMERA_IMAGE_CAPTURED: _camera_image_captured,
    dialect.MAVLINK_MSG_ID_FENCE_STATUS: _fence_status,
    dialect.MAVLINK_MSG_ID_COMMAND_LONG: _command_long,
    dialect.MAVLINK_MSG_ID_COMMAND_INT: _command_int,
    dialect.MAVLINK_MSG_ID_COMMAND_ACK: _command_ack,
    dialect.MAVLINK_MSG_ID_MISSION_ITEM_INT: _mission_item,
    dialect.MAVLINK_MSG_ID_MISSION_CURRENT: _mission_current,
    dialect.MAVLINK_MSG_ID_MISSION_COUNT: lambda raw: MissionCount(
        count=raw.count, mission_type=raw.mission_type
    ),
    dialect.MAVLINK_MSG_ID_MISSION_REQUEST_LIST: lambda raw: MissionRequestList(
        mission_type=raw.mission_type
    ),
    dialect.MAVLINK_MSG_ID_MISSION_REQUEST_INT: lambda raw: MissionRequest(
        seq=raw.seq, mission_type=raw.mission_type
    ),
    dialect.MAVLINK_MSG_ID_MISSION_REQUEST: lambda raw: MissionRequest(
        seq=raw.seq, mission_type=raw.mission_type, old=True
    ),
    dialect.MAVLINK_MSG_ID_MISSION_ACK: lambda raw: MissionAck(
        result=raw.type, mission_type=raw.mission_type
    ),
    dialect.MAVLINK_MSG_ID_MISSION_CLEAR_ALL: lambda raw: MissionClear(
        mission_type=raw.mission_type
    ),
    dialect.MAVLINK_MSG_ID_MISSION_ITEM_REACHED: lambda raw: MissionItemReached(seq=raw.seq),
}


# --- to the wire -----------------------------------------------------------------------------

_M = dialect


def _e7(position: LonLat | None) -> tuple[int, int]:
    """Latitude and longitude as MAVLink integers; zeros when unknown."""
    return (degrees_e7(position.lat), degrees_e7(position.lon)) if position else (0, 0)


def _usec(utc: datetime | None) -> int:
    return (utc - _EPOCH) // timedelta(microseconds=1) if utc else 0


def _percent(share: float | None) -> int:
    return -1 if share is None else round(share * 100)


def _write_sys_status(m: SysStatus) -> Any:
    present = 0 if m.ready is None else _PREARM
    volts = 65535 if m.voltage_v is None else round(m.voltage_v * 1000)
    amps = -1 if m.current_a is None else round(m.current_a * 100)
    health = _PREARM if m.ready else 0
    return _M.MAVLink_sys_status_message(
        present, present, health, 0, volts, amps, _percent(m.battery), 0, 0, 0, 0, 0, 0
    )


def _write_position(m: GlobalPosition) -> Any:
    velocity = [round(v * 100) for v in (m.north_mps, m.east_mps, m.down_mps)]
    heading = _NO_HEADING if m.heading_deg is None else round(m.heading_deg * 100)
    return _M.MAVLink_global_position_int_message(
        round(m.boot_s * 1000),
        *_e7(m.position),
        round(m.altitude_m * 1000),
        round(m.height_m * 1000),
        *velocity,
        heading,
    )


def _write_battery(m: BatteryStatus) -> Any:
    unknown: Sequence[int] = [65535] * 10
    return _M.MAVLink_battery_status_message(
        m.pack, 0, 0, 32767, unknown, -1, -1, -1, _percent(m.battery)
    )


def _write_home(m: HomePosition) -> Any:
    altitude = round(m.altitude_m * 1000)
    return _M.MAVLink_home_position_message(
        *_e7(m.position), altitude, 0, 0, 0, [1, 0, 0, 0], 0, 0, 0
    )


def _write_feedback(m: CameraFeedback) -> Any:
    return _M.MAVLink_camera_feedback_message(
        _usec(m.taken_at), 0, m.camera, m.index, *_e7(m.position), m.altitude_m, m.height_m,
        0, 0, 0, 0, 0, m.index,
    )  # fmt: skip


def _write_text(m: StatusText) -> Any:
    return _M.MAVLink_statustext_message(
        m.severity, m.text.encode("utf-8")[:50], m.text_id, m.chunk
    )


def _write_landed(m: ExtendedSysState) -> Any:
    return _M.MAVLink_extended_sys_state_message(0, {None: 0, True: 1, False: 2}[m.landed])


def _write_request(m: MissionRequest, to: int, component: int) -> Any:
    kind = _M.MAVLink_mission_request_message if m.old else _M.MAVLink_mission_request_int_message
    return kind(to, component, m.seq, m.mission_type)


def _write_ack(m: CommandAck, to: int, component: int) -> Any:
    progress = 255 if m.progress is None else m.progress
    return _M.MAVLink_command_ack_message(m.command, m.result, progress, 0, to, component)


_WRITERS: dict[type[Message], Callable[[Any, int, int], Any]] = {
    Heartbeat: lambda m, to, c: _M.MAVLink_heartbeat_message(
        m.kind, m.autopilot, m.base_mode, m.custom_mode, m.system_status, 3
    ),
    SystemTime: lambda m, to, c: _M.MAVLink_system_time_message(
        _usec(m.utc), round(m.boot_s * 1000)
    ),
    SysStatus: lambda m, to, c: _write_sys_status(m),
    BatteryStatus: lambda m, to, c: _write_battery(m),
    GlobalPosition: lambda m, to, c: _write_position(m),
    HomePosition: lambda m, to, c: _write_home(m),
    ExtendedSysState: lambda m, to, c: _write_landed(m),
    EkfStatus: lambda m, to, c: _M.MAVLink_ekf_status_report_message(
        _POSITION_OK if m.position_ok else 0, 0, 0, 0, 0, 0
    ),
    WindEstimate: lambda m, to, c: _M.MAVLink_wind_message(m.from_deg, m.speed_mps, 0),
    StatusText: lambda m, to, c: _write_text(m),
    CameraFeedback: lambda m, to, c: _write_feedback(m),
    FenceStatus: lambda m, to, c: _M.MAVLink_fence_status_message(int(m.breached), 0, 0, 0),
    CommandLong: lambda m, to, c: _M.MAVLink_command_long_message(
        to, c, m.command, m.confirmation, *m.params
    ),
    CommandInt: lambda m, to, c: _M.MAVLink_command_int_message(
        to, c, m.frame, m.command, 0, 0, *m.params, m.x, m.y, m.z
    ),
    CommandAck: _write_ack,
    MissionCount: lambda m, to, c: _M.MAVLink_mission_count_message(
        to, c, m.count, m.mission_type
    ),
    MissionRequestList: lambda m, to, c: _M.MAVLink_mission_request_list_message(
        to, c, m.mission_type
    ),
    MissionRequest: _write_request,
    MissionItem: lambda m, to, c: _M.MAVLink_mission_item_int_message(
        to, c, m.seq, m.frame, m.command, int(m.current), 1, *m.params, m.x, m.y, m.z,
        m.mission_type,
    ),
    MissionAck: lambda m, to, c: _M.MAVLink_mission_ack_message(to, c, m.result, m.mission_type),
    MissionClear: lambda m, to, c: _M.MAVLink_mission_clear_all_message(to, c, m.mission_type),
    MissionCurrent: lambda m, to, c: _M.MAVLink_mission_current_message(
        m.seq, 65535 if m.total is None else m.total, m.state
    ),
    MissionItemReached: lambda m, to, c: _M.MAVLink_mission_item_reached_message(m.seq),
}  # fmt: skip
