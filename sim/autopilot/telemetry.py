"""What an autopilot tells of its flight: one function for each message."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from pymavlink.dialects.v20 import ardupilotmega as wire

from core.units import degrees_e7
from sim.autopilot import fence, payload, reports
from sim.autopilot.modes import Mode

if TYPE_CHECKING:
    from sim.autopilot.autopilot import Autopilot

Message: TypeAlias = wire.MAVLink_message

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


def heartbeat(a: "Autopilot") -> Message:
    """HEARTBEAT."""
    return wire.MAVLink_heartbeat_message(
        a.firmware.vehicle_type(a.body.spec.vtol),
        a.firmware.make,
        a.firmware.base_mode(a),
        a.firmware.custom_mode(a.mode),
        system_status(a),
        3,
    )


def system_status(a: "Autopilot") -> int:
    """MAV_STATE of the heartbeat."""
    if not a.booted:
        return int(wire.MAV_STATE_CALIBRATING)
    if a.watch.active:
        return int(wire.MAV_STATE_CRITICAL)
    return int(wire.MAV_STATE_ACTIVE if a.body.flying else wire.MAV_STATE_STANDBY)


def sys_status(a: "Autopilot") -> Message:
    """SYS_STATUS: sensors, the pre-arm bit, the battery."""
    fenced = wire.MAV_SYS_STATUS_GEOFENCE if a.fence.types else 0
    known = SENSORS | wire.MAV_SYS_STATUS_PREARM_CHECK | fenced
    well = known
    if not a.health.compass_ok:
        well &= ~wire.MAV_SYS_STATUS_SENSOR_3D_MAG
    if not a.has_fix():
        well &= ~wire.MAV_SYS_STATUS_SENSOR_GPS
    if a.watch.breached:
        well &= ~wire.MAV_SYS_STATUS_GEOFENCE
    if not a.ready():
        well &= ~wire.MAV_SYS_STATUS_PREARM_CHECK
    pack = a.gauge()
    volts, amps = round(sum(pack.cells_v) * 1000), round(pack.current_a * 100)
    left = math.floor(a.body.battery * 100)
    return wire.MAVLink_sys_status_message(
        known, known, well, 250, volts, amps, left, 0, 0, 0, 0, 0, 0
    )


def system_time(a: "Autopilot") -> Message:
    """SYSTEM_TIME."""
    return wire.MAVLink_system_time_message(a.unix_us(), a.boot_ms())


def gps_raw_int(a: "Autopilot") -> Message:
    """GPS_RAW_INT: what the receiver says, before the filter."""
    east, north, up = a.senses.gps_error(a.body.index)
    fix = a.has_fix()
    lon, lat = reports.off(a, east, north)
    return wire.MAVLink_gps_raw_int_message(
        a.unix_us(),
        wire.GPS_FIX_TYPE_3D_FIX if fix else wire.GPS_FIX_TYPE_NO_FIX,
        degrees_e7(lat),
        degrees_e7(lon),
        round((a.body.altitude_m + up) * 1000),
        80 if fix else 9999,
        120 if fix else 9999,
        round(a.body.speed_mps * 100),
        round(a.body.yaw_deg * 100) % 36000,
        14 if fix else 0,
    )


def attitude(a: "Autopilot") -> Message:
    """ATTITUDE."""
    body = a.body
    yaw = math.radians((body.yaw_deg + 180) % 360 - 180)
    roll, pitch = math.radians(body.roll_deg), math.radians(body.pitch_deg)
    return wire.MAVLink_attitude_message(a.boot_ms(), roll, pitch, yaw, 0.0, 0.0, 0.0)


def global_position_int(a: "Autopilot") -> Message:
    """GLOBAL_POSITION_INT: where it believes to be."""
    lon, lat, altitude = a.measured()
    if a.boot_s() < 10.0:
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


def mission_current(a: "Autopilot") -> Message:
    """MISSION_CURRENT; the total of ArduPilot leaves home out."""
    total = max(0, len(a.transfers.mission) - a.firmware.habits.first)
    mode = 1 if a.mode is Mode.AUTO else 2
    progress = int(a.runner.progress)
    plain = wire.MAVLink_mission_current_message(a.runner.seq, total, progress, mode)
    ids = a.transfers.ids()
    return reports.with_ids(plain, ids) if any(ids) else plain


def vfr_hud(a: "Autopilot") -> Message:
    """VFR_HUD."""
    body = a.body
    return wire.MAVLink_vfr_hud_message(
        body.airspeed_mps,
        body.speed_mps,
        round(body.yaw_deg) % 360,
        45 if body.flying else 0,
        a.measured()[2],
        body.up_mps,
    )


def extended_sys_state(a: "Autopilot") -> Message:
    """EXTENDED_SYS_STATE: landed or not, on the wing or not."""
    wings = a.body.wings
    vtol = {None: wire.MAV_VTOL_STATE_UNDEFINED, True: wire.MAV_VTOL_STATE_FW}
    state = vtol.get(wings, wire.MAV_VTOL_STATE_MC)
    return wire.MAVLink_extended_sys_state_message(state, landed(a))


def landed(a: "Autopilot") -> int:
    """MAV_LANDED_STATE."""
    if not a.body.flying:
        return int(wire.MAV_LANDED_STATE_ON_GROUND)
    if a.mode is Mode.LAND or a.homeward.descends:
        return int(wire.MAV_LANDED_STATE_LANDING)
    lifts = a.runner.lifting or a.guided.lifting
    return int(wire.MAV_LANDED_STATE_TAKEOFF if lifts else wire.MAV_LANDED_STATE_IN_AIR)


def home_position(a: "Autopilot") -> Message:
    """HOME_POSITION."""
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


def wind(a: "Autopilot") -> Message:
    """WIND: as the vehicle measures it."""
    speed, from_deg = a.senses.wind(a.body.index)
    return wire.MAVLink_wind_message((from_deg + 180) % 360 - 180, speed, 0.0)


def ekf_status_report(a: "Autopilot") -> Message:
    """EKF_STATUS_REPORT."""
    v = a.estimate.variance
    flags = EKF_READY if a.has_estimate() else wire.EKF_ATTITUDE | wire.EKF_CONST_POS_MODE
    if a.estimate.glitching:
        flags |= wire.EKF_GPS_GLITCHING
    return wire.MAVLink_ekf_status_report_message(flags, v.velocity, v.position, 0.05, v.compass, 0)


def fence_status(a: "Autopilot") -> Message:
    """FENCE_STATUS."""
    breached = a.watch.breached
    kind = wire.FENCE_BREACH_NONE
    if breached & fence.ALT_MIN:
        kind = wire.FENCE_BREACH_MINALT
    if breached & fence.ALT_MAX:
        kind = wire.FENCE_BREACH_MAXALT
    if breached & (fence.CIRCLE | fence.POLYGON):
        kind = wire.FENCE_BREACH_BOUNDARY
    return wire.MAVLink_fence_status_message(
        int(breached > 0), a.watch.breaches, kind, a.watch.breach_ms
    )


def position_target(a: "Autopilot") -> Message:
    """POSITION_TARGET_GLOBAL_INT: where it flies to."""
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


def nav_controller_output(a: "Autopilot") -> Message:
    """NAV_CONTROLLER_OUTPUT."""
    distance = min(65535, round(a.body.to_goal_m()[1]))
    error = a.body.height_error_m()
    return wire.MAVLink_nav_controller_output_message(0.0, 0.0, 0, 0, distance, error, 0.0, 0.0)


MESSAGES: dict[int, Callable[["Autopilot"], Message]] = {
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
    wire.MAVLINK_MSG_ID_FENCE_STATUS: fence_status,
    wire.MAVLINK_MSG_ID_WIND: wind,
    wire.MAVLINK_MSG_ID_EKF_STATUS_REPORT: ekf_status_report,
    wire.MAVLINK_MSG_ID_HOME_POSITION: home_position,
    wire.MAVLINK_MSG_ID_EXTENDED_SYS_STATE: extended_sys_state,
    wire.MAVLINK_MSG_ID_MOUNT_STATUS: payload.mount_status,
    wire.MAVLINK_MSG_ID_CAMERA_INFORMATION: payload.camera_information,
    wire.MAVLINK_MSG_ID_CAMERA_SETTINGS: payload.camera_settings,
    wire.MAVLINK_MSG_ID_STORAGE_INFORMATION: payload.storage_information,
    wire.MAVLINK_MSG_ID_CAMERA_CAPTURE_STATUS: payload.camera_capture_status,
    wire.MAVLINK_MSG_ID_GIMBAL_MANAGER_INFORMATION: payload.gimbal_manager_information,
    wire.MAVLINK_MSG_ID_GIMBAL_MANAGER_STATUS: payload.gimbal_manager_status,
    wire.MAVLINK_MSG_ID_GIMBAL_DEVICE_ATTITUDE_STATUS: payload.gimbal_device_attitude_status,
    **reports.MESSAGES,
}
"""What can be streamed and asked for."""
