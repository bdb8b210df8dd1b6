"""What an autopilot tells: one function for each message."""

import math
from collections.abc import Callable

from pymavlink.dialects.v20 import ardupilotmega as wire

from core.units import degrees_e7
from sim.autopilot.host import Readings
from sim.autopilot.modes import Mode

CAPABILITIES = (
    wire.MAV_PROTOCOL_CAPABILITY_MISSION_INT
    | wire.MAV_PROTOCOL_CAPABILITY_COMMAND_INT
    | wire.MAV_PROTOCOL_CAPABILITY_PARAM_FLOAT
    | wire.MAV_PROTOCOL_CAPABILITY_SET_POSITION_TARGET_GLOBAL_INT
    | wire.MAV_PROTOCOL_CAPABILITY_MISSION_FENCE
    | wire.MAV_PROTOCOL_CAPABILITY_MISSION_RALLY
    | wire.MAV_PROTOCOL_CAPABILITY_TERRAIN
    | wire.MAV_PROTOCOL_CAPABILITY_MAVLINK2
)
VERSION = (4 << 24) | (8 << 16)
"""The ArduCopter release whose answers these are."""

SENSORS = (
    wire.MAV_SYS_STATUS_SENSOR_3D_GYRO
    | wire.MAV_SYS_STATUS_SENSOR_3D_ACCEL
    | wire.MAV_SYS_STATUS_SENSOR_3D_MAG
    | wire.MAV_SYS_STATUS_SENSOR_ABSOLUTE_PRESSURE
    | wire.MAV_SYS_STATUS_SENSOR_GPS
    | wire.MAV_SYS_STATUS_SENSOR_BATTERY
    | wire.MAV_SYS_STATUS_AHRS
)
EKF_READY = (
    wire.EKF_ATTITUDE
    | wire.EKF_VELOCITY_HORIZ
    | wire.EKF_VELOCITY_VERT
    | wire.EKF_POS_HORIZ_REL
    | wire.EKF_POS_HORIZ_ABS
    | wire.EKF_POS_VERT_ABS
    | wire.EKF_PRED_POS_HORIZ_REL
    | wire.EKF_PRED_POS_HORIZ_ABS
)


def heartbeat(a: Readings) -> wire.MAVLink_message:
    base = wire.MAV_MODE_FLAG_CUSTOM_MODE_ENABLED | wire.MAV_MODE_FLAG_STABILIZE_ENABLED
    if a.mode in (Mode.AUTO, Mode.GUIDED, Mode.RTL):
        base |= wire.MAV_MODE_FLAG_GUIDED_ENABLED
    if a.armed:
        base |= wire.MAV_MODE_FLAG_SAFETY_ARMED
    return wire.MAVLink_heartbeat_message(
        wire.MAV_TYPE_QUADROTOR,
        wire.MAV_AUTOPILOT_ARDUPILOTMEGA,
        base,
        int(a.mode),
        a.system_status(),
        3,
    )


def sys_status(a: Readings) -> wire.MAVLink_message:
    ready = wire.MAV_SYS_STATUS_PREARM_CHECK if a.ready() else 0
    known = SENSORS | wire.MAV_SYS_STATUS_PREARM_CHECK
    volts = 20.4 + 4.8 * a.body.battery
    amps = 18.0 if a.body.flying else 0.5
    return wire.MAVLink_sys_status_message(
        known,
        known,
        SENSORS | ready,
        250,
        round(volts * 1000),
        round(amps * 100),
        math.floor(a.body.battery * 100),
        0,
        0,
        0,
        0,
        0,
        0,
    )


def system_time(a: Readings) -> wire.MAVLink_message:
    return wire.MAVLink_system_time_message(a.unix_us(), a.boot_ms())


def gps_raw_int(a: Readings) -> wire.MAVLink_message:
    lon, lat, altitude = a.measured()
    return wire.MAVLink_gps_raw_int_message(
        a.unix_us(),
        wire.GPS_FIX_TYPE_3D_FIX if a.has_fix() else wire.GPS_FIX_TYPE_NO_FIX,
        degrees_e7(lat),
        degrees_e7(lon),
        round(altitude * 1000),
        80,
        120,
        round(a.body.speed_mps * 100),
        round(a.body.yaw_deg * 100) % 36000,
        14 if a.has_fix() else 0,
    )


def attitude(a: Readings) -> wire.MAVLink_message:
    yaw = math.radians((a.body.yaw_deg + 180) % 360 - 180)
    return wire.MAVLink_attitude_message(a.boot_ms(), 0.0, 0.0, yaw, 0.0, 0.0, 0.0)


def global_position_int(a: Readings) -> wire.MAVLink_message:
    lon, lat, altitude = a.measured()
    if not a.has_fix():
        lon = lat = altitude = 0.0
    body = a.body
    return wire.MAVLink_global_position_int_message(
        a.boot_ms(),
        degrees_e7(lat),
        degrees_e7(lon),
        round(altitude * 1000),
        round((altitude - a.home_m) * 1000),
        round(body.north_mps * 100),
        round(body.east_mps * 100),
        round(-body.up_mps * 100),
        round(body.yaw_deg * 100) % 36000,
    )


def mission_current(a: Readings) -> wire.MAVLink_message:
    total = max(0, len(a.transfers.mission) - 1)
    return wire.MAVLink_mission_current_message(
        a.runner.seq, total, int(a.runner.progress), 1 if a.mode is Mode.AUTO else 2
    )


def vfr_hud(a: Readings) -> wire.MAVLink_message:
    body = a.body
    throttle = 45 if body.flying else 0
    return wire.MAVLink_vfr_hud_message(
        body.speed_mps,
        body.speed_mps,
        round(body.yaw_deg) % 360,
        throttle,
        a.measured()[2],
        body.up_mps,
    )


def battery_status(a: Readings) -> wire.MAVLink_message:
    cell = round((20.4 + 4.8 * a.body.battery) / 6 * 1000)
    used = round((1.0 - a.body.battery) * a.parameters["BATT_CAPACITY"])
    return wire.MAVLink_battery_status_message(
        0,
        wire.MAV_BATTERY_FUNCTION_ALL,
        wire.MAV_BATTERY_TYPE_LIPO,
        2500,
        [cell] * 6 + [65535] * 4,
        1800 if a.body.flying else 50,
        used,
        -1,
        math.floor(a.body.battery * 100),
        round(a.body.battery * a.body.spec.endurance_s),
        a.charge_state(),
        [0, 0, 0, 0],
        0,
        0,
    )


def extended_sys_state(a: Readings) -> wire.MAVLink_message:
    return wire.MAVLink_extended_sys_state_message(wire.MAV_VTOL_STATE_UNDEFINED, a.landed_state())


def home_position(a: Readings) -> wire.MAVLink_message:
    return wire.MAVLink_home_position_message(
        degrees_e7(a.home_lat),
        degrees_e7(a.home_lon),
        round(a.home_m * 1000),
        0.0,
        0.0,
        0.0,
        [1.0, 0.0, 0.0, 0.0],
        0.0,
        0.0,
        0.0,
        a.unix_us(),
    )


def wind(a: Readings) -> wire.MAVLink_message:
    speed, from_deg = a.senses.wind(a.body.index)
    return wire.MAVLink_wind_message((from_deg + 180) % 360 - 180, speed, 0.0)


def ekf_status_report(a: Readings) -> wire.MAVLink_message:
    flags = EKF_READY if a.has_estimate() else wire.EKF_ATTITUDE | wire.EKF_CONST_POS_MODE
    return wire.MAVLink_ekf_status_report_message(flags, 0.05, 0.05, 0.05, 0.05, 0.0)


def fence_status(a: Readings) -> wire.MAVLink_message:
    breached = int(a.failsafe.breached)
    return wire.MAVLink_fence_status_message(
        breached,
        a.failsafe.breaches,
        wire.FENCE_BREACH_BOUNDARY if breached else wire.FENCE_BREACH_NONE,
        a.failsafe.breach_ms,
    )


def position_target(a: Readings) -> wire.MAVLink_message:
    goal = a.body.goal
    return wire.MAVLink_position_target_global_int_message(
        a.boot_ms(),
        wire.MAV_FRAME_GLOBAL_TERRAIN_ALT if goal.terrain else wire.MAV_FRAME_GLOBAL,
        0xFF8,
        degrees_e7(goal.lat),
        degrees_e7(goal.lon),
        goal.height_m,
        *([0.0] * 8),
    )


def nav_controller_output(a: Readings) -> wire.MAVLink_message:
    _, distance = a.body.to_goal_m()
    error = a.body.height_error_m()
    return wire.MAVLink_nav_controller_output_message(
        0.0, 0.0, 0, 0, min(65535, round(distance)), error, 0.0, 0.0
    )


def mount_status(a: Readings) -> wire.MAVLink_message:
    looks = a.shutter.attitude()
    yaw = (looks.yaw_deg - a.body.yaw_deg + 180) % 360 - 180
    return wire.MAVLink_mount_status_message(
        0, 0, round(looks.pitch_deg * 100), 0, round(yaw * 100)
    )


def autopilot_version(a: Readings) -> wire.MAVLink_message:
    return wire.MAVLink_autopilot_version_message(
        CAPABILITIES, VERSION, 0, 0, 0, [0] * 8, [0] * 8, [0] * 8, 0, 0, a.system_id
    )


MESSAGES: dict[int, Callable[[Readings], wire.MAVLink_message]] = {
    wire.MAVLINK_MSG_ID_HEARTBEAT: heartbeat,
    wire.MAVLINK_MSG_ID_SYS_STATUS: sys_status,
    wire.MAVLINK_MSG_ID_SYSTEM_TIME: system_time,
    wire.MAVLINK_MSG_ID_GPS_RAW_INT: gps_raw_int,
    wire.MAVLINK_MSG_ID_ATTITUDE: attitude,
    wire.MAVLINK_MSG_ID_GLOBAL_POSITION_INT: global_position_int,
    wire.MAVLINK_MSG_ID_MISSION_CURRENT: mission_current,
    wire.MAVLINK_MSG_ID_NAV_CONTROLLER_OUTPUT: nav_controller_output,
    wire.MAVLINK_MSG_ID_VFR_HUD: vfr_hud,
    wire.MAVLINK_MSG_ID_POSITION_TARGET_GLOBAL_INT: position_target,
    wire.MAVLINK_MSG_ID_BATTERY_STATUS: battery_status,
    wire.MAVLINK_MSG_ID_AUTOPILOT_VERSION: autopilot_version,
    wire.MAVLINK_MSG_ID_MOUNT_STATUS: mount_status,
    wire.MAVLINK_MSG_ID_FENCE_STATUS: fence_status,
    wire.MAVLINK_MSG_ID_WIND: wind,
    wire.MAVLINK_MSG_ID_EKF_STATUS_REPORT: ekf_status_report,
    wire.MAVLINK_MSG_ID_HOME_POSITION: home_position,
    wire.MAVLINK_MSG_ID_EXTENDED_SYS_STATE: extended_sys_state,
}

LEGACY_GROUPS: dict[int, tuple[int, ...]] = {
    wire.MAV_DATA_STREAM_EXTENDED_STATUS: (1, 24, 42, 62, 162),
    wire.MAV_DATA_STREAM_POSITION: (33,),
    wire.MAV_DATA_STREAM_EXTRA1: (30,),
    wire.MAV_DATA_STREAM_EXTRA2: (74,),
    wire.MAV_DATA_STREAM_EXTRA3: (2, 147, 168, 193, 245),
}
"""What REQUEST_DATA_STREAM (old ground stations) turns on."""
