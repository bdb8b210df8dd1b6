"""Our messages to raw MAVLink: one function for each message that somebody sends."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as dialect

from core.geo import LonLat
from core.units import degrees_e7
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
    SetupSigning,
    SmartBatteryInfo,
    StatusText,
    SysStatus,
    SystemTime,
    TerrainData,
    TerrainRequest,
    WindEstimate,
)

_PREARM = dialect.MAV_SYS_STATUS_PREARM_CHECK
_POSITION_OK = dialect.EKF_POS_HORIZ_ABS
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_HEADING = 65535
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
        present | m.present,
        present | m.enabled,
        health | m.healthy,
        0,
        volts,
        amps,
        _percent(m.battery),
        0,
        0,
        0,
        0,
        0,
        0,
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
    cells = [round(v * 1000) for v in m.voltages_v]
    first: Sequence[int] = [*cells[:10], *[65535] * (10 - len(cells))]
    more: Sequence[int] = [*cells[10:14], *[0] * (4 - len(cells[10:14]))]
    return _M.MAVLink_battery_status_message(
        m.pack,
        0,
        0,
        32767 if m.temperature_c is None else round(m.temperature_c * 100),
        first,
        -1 if m.current_a is None else round(m.current_a * 100),
        -1 if m.consumed_mah is None else round(m.consumed_mah),
        -1,
        _percent(m.battery),
        voltages_ext=more,
        fault_bitmask=m.faults,
    )


def _write_smart_battery(m: SmartBatteryInfo) -> Any:
    return _M.MAVLink_smart_battery_info_message(
        m.pack, 0, 0, _or(m.rated_mah, -1), _or(m.full_mah, -1), _or(m.cycles, 65535),
        m.serial.encode()[:16], m.name.encode()[:50], 0, 65535, 65535, 65535,
        cells_in_series=m.cells or 0, manufacture_date=m.made_on.encode()[:11],
    )  # fmt: skip


def _or(value: float | None, unknown: int) -> int:
    return unknown if value is None else round(value)


def _write_version(m: AutopilotVersion) -> Any:
    major, minor, patch = (int(part) for part in m.firmware.split("."))
    uid = bytes.fromhex(m.uid)
    return _M.MAVLink_autopilot_version_message(
        m.capabilities, major << 24 | minor << 16 | patch << 8, 0, 0, m.board,
        m.git.encode()[:8].ljust(8, b"\0"), bytes(8), bytes(8), m.vendor_id, m.product_id,
        int.from_bytes(uid, "big") if len(uid) == 8 else 0,
        uid[:18].ljust(18, b"\0") if len(uid) > 8 else bytes(18),
    )  # fmt: skip


def _write_camera(m: CameraInformation) -> Any:
    return _M.MAVLink_camera_information_message(
        0, m.vendor.encode()[:32].ljust(32, b"\0"), m.model.encode()[:32].ljust(32, b"\0"),
        m.firmware, m.focal_length_mm, m.sensor_width_mm, m.sensor_height_mm,
        m.width_px, m.height_px, 0, m.flags, 0, b"",
    )  # fmt: skip


def _write_home(m: HomePosition) -> Any:
    altitude = round(m.altitude_m * 1000)
    return _M.MAVLink_home_position_message(
        *_e7(m.position), altitude, 0, 0, 0, [1, 0, 0, 0], 0, 0, 0
    )


def _write_feedback(m: CameraFeedback) -> Any:
    return _M.MAVLink_camera_feedback_message(
        _usec(m.taken_at), 0, m.camera - 1, m.index, *_e7(m.position), m.altitude_m, m.height_m,
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


WRITERS: dict[type[Message], Callable[[Any, int, int], Any]] = {
    Heartbeat: lambda m, to, c: _M.MAVLink_heartbeat_message(
        m.kind, m.autopilot, m.base_mode, m.custom_mode, m.system_status, 3
    ),
    SystemTime: lambda m, to, c: _M.MAVLink_system_time_message(
        _usec(m.utc), round(m.boot_s * 1000)
    ),
    SysStatus: lambda m, to, c: _write_sys_status(m),
    BatteryStatus: lambda m, to, c: _write_battery(m),
    SmartBatteryInfo: lambda m, to, c: _write_smart_battery(m),
    AutopilotVersion: lambda m, to, c: _write_version(m),
    CameraInformation: lambda m, to, c: _write_camera(m),
    SetupSigning: lambda m, to, c: _M.MAVLink_setup_signing_message(
        to, c, list(m.key), m.timestamp
    ),
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
    TerrainRequest: lambda m, to, c: _M.MAVLink_terrain_request_message(
        m.lat_e7, m.lon_e7, m.spacing_m, sum(1 << n for n in m.wanted)
    ),
    TerrainData: lambda m, to, c: _M.MAVLink_terrain_data_message(
        m.lat_e7, m.lon_e7, m.spacing_m, m.square, m.heights_m
    ),
    ParamRequest: lambda m, to, c: _M.MAVLink_param_request_read_message(
        to, c, m.name.encode()[:16], -1
    ),
    ParamRequestList: lambda m, to, c: _M.MAVLink_param_request_list_message(to, c),
    ParamSet: lambda m, to, c: _M.MAVLink_param_set_message(
        to, c, m.name.encode()[:16], m.raw, m.kind
    ),
    ParamValue: lambda m, to, c: _M.MAVLink_param_value_message(
        m.name.encode()[:16], m.raw, m.kind, m.count, m.index
    ),
    ParamError: lambda m, to, c: _M.MAVLink_param_error_message(
        to, c, m.name.encode()[:16], -1, m.error
    ),
}  # fmt: skip
