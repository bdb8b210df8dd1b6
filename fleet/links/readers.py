"""Raw MAVLink messages to ours: one function for each message that somebody reads."""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as dialect

from core.geo import LonLat
from core.units import from_degrees_e7
from fleet.messages import (
    AutopilotVersion,
    BatteryStatus,
    CameraFeedback,
    CameraInformation,
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
    ParamError,
    ParamRequest,
    ParamRequestList,
    ParamSet,
    ParamValue,
    SmartBatteryInfo,
    StatusText,
    SysStatus,
    SystemTime,
    TerrainRequest,
    WindEstimate,
)

_PREARM = dialect.MAV_SYS_STATUS_PREARM_CHECK
_POSITION_OK = dialect.EKF_POS_HORIZ_ABS
_BREACHED = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_USEC = int(datetime(9000, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000


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
        present=raw.onboard_control_sensors_present & ~_PREARM,
        enabled=raw.onboard_control_sensors_enabled & ~_PREARM,
        healthy=raw.onboard_control_sensors_health & ~_PREARM,
    )


def _battery_status(raw: Any) -> Message:
    return BatteryStatus(
        pack=raw.id,
        battery=_share(raw.battery_remaining),
        voltages_v=_voltages(raw),
        current_a=None if raw.current_battery == -1 else raw.current_battery / 100,
        consumed_mah=None if raw.current_consumed < 0 else float(raw.current_consumed),
        temperature_c=None if raw.temperature == 32767 else raw.temperature / 100,
        faults=raw.fault_bitmask,
    )


def _voltages(raw: Any) -> tuple[float, ...]:
    """Of the cells; 65535 (0 beyond the tenth) stands for no cell."""
    first = [v for v in raw.voltages if v != 65535]
    return tuple(v / 1000 for v in [*first, *(v for v in raw.voltages_ext if v)])


def _smart_battery_info(raw: Any) -> Message:
    return SmartBatteryInfo(
        pack=raw.id,
        serial=_words(raw.serial_number),
        name=_words(raw.device_name),
        rated_mah=_above_zero(raw.capacity_full_specification),
        full_mah=_above_zero(raw.capacity_full),
        cycles=None if raw.cycle_count == 65535 else raw.cycle_count,
        cells=raw.cells_in_series or None,
        made_on=_words(raw.manufacture_date),
    )


def _above_zero(value: int) -> float | None:
    return float(value) if value > 0 else None


def _words(raw: Any) -> str:
    """A text field of any kind, up to its first zero, without what cannot be printed."""
    data = raw.encode("utf-8", "replace") if isinstance(raw, str) else bytes(raw)
    text = data.partition(b"\0")[0].decode("utf-8", "replace")
    return "".join(c for c in text if c.isprintable() and c != "\ufffd").strip()


def _autopilot_version(raw: Any) -> Message:
    long = bytes(raw.uid2)
    short = raw.uid.to_bytes(8, "big")
    number = raw.flight_sw_version
    return AutopilotVersion(
        uid=long.hex() if any(long) else short.hex() if any(short) else "",
        firmware=f"{number >> 24 & 255}.{number >> 16 & 255}.{number >> 8 & 255}",
        git=_words(raw.flight_custom_version),
        capabilities=raw.capabilities,
        vendor_id=raw.vendor_id,
        product_id=raw.product_id,
        board=raw.board_version,
    )


def _camera_information(raw: Any) -> Message:
    return CameraInformation(
        vendor=_words(raw.vendor_name),
        model=_words(raw.model_name),
        firmware=raw.firmware_version,
        focal_length_mm=_finite(raw.focal_length),
        sensor_width_mm=_finite(raw.sensor_size_h),
        sensor_height_mm=_finite(raw.sensor_size_v),
        width_px=raw.resolution_h,
        height_px=raw.resolution_v,
        flags=raw.flags,
    )


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
    """It goes into logs and sentences: nothing in it may steer a terminal or end a line."""
    text = "".join(c if c.isprintable() else "?" for c in raw.text)
    return StatusText(severity=raw.severity, text=text, text_id=raw.id, chunk=raw.chunk_seq)


def _camera_feedback(raw: Any) -> Message:
    return CameraFeedback(
        taken_at=_utc(raw.time_usec),
        index=raw.img_idx,
        camera=raw.cam_idx + 1,  # ArduPilot counts its cameras from 0 here, from 1 elsewhere
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


def _terrain_request(raw: Any) -> Message:
    return TerrainRequest(
        lat_e7=raw.lat,
        lon_e7=raw.lon,
        spacing_m=raw.grid_spacing,
        wanted=tuple(n for n in range(56) if raw.mask >> n & 1),
    )


def _param_name(raw: Any) -> str:
    """Its name; pymavlink gives it as bytes or text, whatever is in it."""
    name = raw.param_id
    text = name.decode("ascii", "replace") if isinstance(name, bytes) else str(name)
    return text.split("\0")[0]


def _param_value(raw: Any) -> Message:
    return ParamValue(
        name=_param_name(raw),
        raw=raw.param_value,
        kind=raw.param_type,
        count=raw.param_count,
        index=raw.param_index,
    )


READERS: dict[int, Callable[[Any], Message]] = {
    dialect.MAVLINK_MSG_ID_HEARTBEAT: _heartbeat,
    dialect.MAVLINK_MSG_ID_SYSTEM_TIME: _system_time,
    dialect.MAVLINK_MSG_ID_SYS_STATUS: _sys_status,
    dialect.MAVLINK_MSG_ID_BATTERY_STATUS: _battery_status,
    dialect.MAVLINK_MSG_ID_SMART_BATTERY_INFO: _smart_battery_info,
    dialect.MAVLINK_MSG_ID_AUTOPILOT_VERSION: _autopilot_version,
    dialect.MAVLINK_MSG_ID_CAMERA_INFORMATION: _camera_information,
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
    dialect.MAVLINK_MSG_ID_TERRAIN_REQUEST: _terrain_request,
    dialect.MAVLINK_MSG_ID_PARAM_REQUEST_READ: lambda raw: ParamRequest(name=_param_name(raw)),
    dialect.MAVLINK_MSG_ID_PARAM_REQUEST_LIST: lambda raw: ParamRequestList(),
    dialect.MAVLINK_MSG_ID_PARAM_SET: lambda raw: ParamSet(
        name=_param_name(raw), raw=raw.param_value, kind=raw.param_type
    ),
    dialect.MAVLINK_MSG_ID_PARAM_VALUE: _param_value,
    dialect.MAVLINK_MSG_ID_PARAM_ERROR: lambda raw: ParamError(
        name=_param_name(raw), error=raw.error
    ),
}
