"""What an autopilot tells besides its flight: version, battery, terrain, raw sensors.

Raw sensors carry what such a vehicle would measure at rest or in level flight: ground stations
show them and nothing depends on them.
"""

import math
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from pymavlink.dialects.v20 import ardupilotmega as wire

from core.units import degrees_e7
from sim.earth import between_m, moved

if TYPE_CHECKING:
    from sim.autopilot.autopilot import Autopilot

Message: TypeAlias = wire.MAVLink_message

SEA_LEVEL_HPA, SCALE_HEIGHT_M = 1013.25, 8434.0
"""International standard atmosphere near the ground."""
NO_CELL = 65535
UNKNOWN_CYCLES = 65535


class _WithIds(wire.MAVLink_mission_current_message):  # type: ignore[misc]
    """MISSION_CURRENT with its opaque ids: extensions that pymavlink's dialect lacks."""

    ids = (0, 0, 0)

    def pack(self, mav: wire.MAVLink, force_mavlink1: bool = False) -> bytes:
        """The packet."""
        head = struct.pack("<HHBB", self.seq, self.total, self.mission_state, self.mission_mode)
        data = head + struct.pack("<III", *self.ids)
        return bytes(self._pack(mav, self.crc_extra, data, force_mavlink1=force_mavlink1))


class ProtocolVersion(wire.MAVLink_message):  # type: ignore[misc]
    """PROTOCOL_VERSION (300), which the ardupilotmega dialect leaves out."""

    id = 300
    msgname = name = "PROTOCOL_VERSION"
    crc_extra = 217

    def __init__(self) -> None:
        super().__init__(300, "PROTOCOL_VERSION")

    def pack(self, mav: wire.MAVLink, force_mavlink1: bool = False) -> bytes:
        """The packet: version 2.00, from 1.00 to 2.00; no git hashes."""
        data = struct.pack("<HHH8s8s", 200, 100, 200, b"", b"")
        return bytes(self._pack(mav, self.crc_extra, data, force_mavlink1=force_mavlink1))


def with_ids(plain: Message, ids: tuple[int, int, int]) -> Message:
    """A MISSION_CURRENT that carries opaque ids of mission, fence and rally points."""
    made = _WithIds(plain.seq, plain.total, plain.mission_state, plain.mission_mode)
    made.ids = ids
    return made


def off(a: "Autopilot", east_m: float, north_m: float) -> tuple[float, float]:
    """Longitude and latitude so far from where it really is."""
    return moved(a.body.lon, a.body.lat, east_m, north_m)


def autopilot_version(a: "Autopilot") -> Message:
    """AUTOPILOT_VERSION."""
    f = a.firmware
    return wire.MAVLink_autopilot_version_message(
        f.capabilities, f.version, f.version, 0, 0, [0] * 8, [0] * 8, [0] * 8, 0, 0, a.system_id
    )


def battery_status(a: "Autopilot") -> Message:
    """BATTERY_STATUS, with its cells."""
    pack, left = a.gauge(), a.body.battery
    cells = [round(v * 1000) for v in pack.cells_v[:10]]
    return wire.MAVLink_battery_status_message(
        0,
        wire.MAV_BATTERY_FUNCTION_ALL,
        wire.MAV_BATTERY_TYPE_LIPO,
        round(pack.temperature_c * 100),
        cells + [NO_CELL] * (10 - len(cells)),
        round(pack.current_a * 100),
        round(pack.consumed_mah),
        -1,
        math.floor(left * 100),
        round(left * a.body.spec.endurance_s),
        _charge_state(a, pack.current_a),
        [0, 0, 0, 0],
        0,
        0,
    )


def _charge_state(a: "Autopilot", current_a: float) -> int:
    """MAV_BATTERY_CHARGE_STATE."""
    body = a.body
    if current_a < 0 or (not body.flying and body.battery < 0.999):
        return int(wire.MAV_BATTERY_CHARGE_STATE_CHARGING)
    low = a.watch.active and body.battery < 0.2
    return int(wire.MAV_BATTERY_CHARGE_STATE_LOW if low else wire.MAV_BATTERY_CHARGE_STATE_OK)


def smart_battery_info(a: "Autopilot") -> Message:
    """SMART_BATTERY_INFO: how old the pack is."""
    pack = a.gauge()
    return wire.MAVLink_smart_battery_info_message(
        0,
        wire.MAV_BATTERY_FUNCTION_ALL,
        wire.MAV_BATTERY_TYPE_LIPO,
        round(pack.capacity_mah),
        round(pack.full_mah),
        min(UNKNOWN_CYCLES - 1, int(pack.cycles)),
        pack.serial.encode()[:16],
        b"FlyOnce pack",
        1200,
        3300,
        3300,
        3500,
        4200,
        len(pack.cells_v),
        60_000,
        90_000,
        b"20260101",
    )


def terrain_report(a: "Autopilot", lon: float | None = None, lat: float | None = None) -> Message:
    """TERRAIN_REPORT for a place, or for below the vehicle."""
    here = a.measured()
    lon, lat = here[0] if lon is None else lon, here[1] if lat is None else lat
    ground = a.senses.ground_m(lon, lat)
    return wire.MAVLink_terrain_report_message(
        degrees_e7(lat), degrees_e7(lon), 100, ground, here[2] - ground, 0, 504
    )


def local_position_ned(a: "Autopilot") -> Message:
    """LOCAL_POSITION_NED, from home."""
    lon, lat, altitude = a.measured()
    east, north = between_m(a.home_lon, a.home_lat, lon, lat)
    b = a.body
    down = a.home_m - altitude
    return wire.MAVLink_local_position_ned_message(
        a.boot_ms(), north, east, down, b.north_mps, b.east_mps, -b.up_mps
    )


def altitude(a: "Autopilot") -> Message:
    """ALTITUDE, of PX4."""
    amsl, b = a.measured()[2], a.body
    home = amsl - a.home_m
    return wire.MAVLink_altitude_message(
        a.unix_us(), amsl, amsl, home, home, b.ground_m, b.height_m
    )


def estimator_status(a: "Autopilot") -> Message:
    """ESTIMATOR_STATUS, of PX4."""
    v = a.estimate.variance
    flags = 831 if a.has_estimate() else 129
    return wire.MAVLink_estimator_status_message(
        a.unix_us(), flags, v.velocity, v.position, 0.05, v.compass, 0.0, 0.0, 1.0, 1.5
    )


def attitude_quaternion(a: "Autopilot") -> Message:
    """ATTITUDE_QUATERNION: of the heading."""
    half = math.radians(a.body.yaw_deg) / 2
    return wire.MAVLink_attitude_quaternion_message(
        a.boot_ms(), math.cos(half), 0.0, 0.0, math.sin(half), 0.0, 0.0, 0.0
    )


def gps_global_origin(a: "Autopilot") -> Message:
    """GPS_GLOBAL_ORIGIN: home."""
    place = degrees_e7(a.home_lat), degrees_e7(a.home_lon), round(a.home_m * 1000)
    return wire.MAVLink_gps_global_origin_message(*place, a.unix_us())


def rc_channels(a: "Autopilot") -> Message:
    """RC_CHANNELS: no transmitter."""
    return wire.MAVLink_rc_channels_message(a.boot_ms(), 0, *([65535] * 18), 255)


def servo_output_raw(a: "Autopilot") -> Message:
    """SERVO_OUTPUT_RAW: four motors."""
    motor = 1500 if a.body.flying else 1000
    micros = round(a.boot_s() * 1e6) % 2**32
    return wire.MAVLink_servo_output_raw_message(micros, 0, *([motor] * 4), *([0] * 4))


def raw_imu(a: "Autopilot") -> Message:
    """RAW_IMU: at rest."""
    micros = round(a.boot_s() * 1e6)
    return wire.MAVLink_raw_imu_message(micros, 0, 0, -1000, 0, 0, 0, 230, 50, -530)


def scaled_pressure(a: "Autopilot") -> Message:
    """SCALED_PRESSURE at the present altitude."""
    hpa = SEA_LEVEL_HPA * math.exp(-a.body.altitude_m / SCALE_HEIGHT_M)
    return wire.MAVLink_scaled_pressure_message(a.boot_ms(), hpa, 0.0, 2500)


def vibration(a: "Autopilot") -> Message:
    """VIBRATION."""
    level = 4.0 if a.body.flying else 0.01
    return wire.MAVLink_vibration_message(round(a.boot_s() * 1e6), level, level, level, 0, 0, 0)


def power_status(_: "Autopilot") -> Message:
    """POWER_STATUS."""
    return wire.MAVLink_power_status_message(5000, 0, 0)


def meminfo(_: "Autopilot") -> Message:
    """MEMINFO."""
    return wire.MAVLink_meminfo_message(0, 65535, 131072)


MESSAGES: dict[int, Callable[["Autopilot"], Message]] = {
    wire.MAVLINK_MSG_ID_AUTOPILOT_VERSION: autopilot_version,
    wire.MAVLINK_MSG_ID_BATTERY_STATUS: battery_status,
    wire.MAVLINK_MSG_ID_SMART_BATTERY_INFO: smart_battery_info,
    wire.MAVLINK_MSG_ID_TERRAIN_REPORT: terrain_report,
    wire.MAVLINK_MSG_ID_LOCAL_POSITION_NED: local_position_ned,
    wire.MAVLINK_MSG_ID_ATTITUDE_QUATERNION: attitude_quaternion,
    wire.MAVLINK_MSG_ID_GPS_GLOBAL_ORIGIN: gps_global_origin,
    wire.MAVLINK_MSG_ID_RC_CHANNELS: rc_channels,
    wire.MAVLINK_MSG_ID_SERVO_OUTPUT_RAW: servo_output_raw,
    wire.MAVLINK_MSG_ID_RAW_IMU: raw_imu,
    wire.MAVLINK_MSG_ID_SCALED_PRESSURE: scaled_pressure,
    wire.MAVLINK_MSG_ID_VIBRATION: vibration,
    wire.MAVLINK_MSG_ID_POWER_STATUS: power_status,
    wire.MAVLINK_MSG_ID_MEMINFO: meminfo,
}

LEGACY_GROUPS: dict[int, tuple[int, ...]] = {
    wire.MAV_DATA_STREAM_RAW_SENSORS: (27, 29),
    wire.MAV_DATA_STREAM_EXTENDED_STATUS: (1, 24, 42, 62, 125, 152, 162),
    wire.MAV_DATA_STREAM_RC_CHANNELS: (36, 65),
    wire.MAV_DATA_STREAM_POSITION: (32, 33),
    wire.MAV_DATA_STREAM_EXTRA1: (30,),
    wire.MAV_DATA_STREAM_EXTRA2: (74,),
    wire.MAV_DATA_STREAM_EXTRA3: (2, 136, 147, 158, 168, 193, 241, 245, 285),
}
"""What REQUEST_DATA_STREAM (MAVProxy, Mission Planner) turns on (GCS_MAVLink_Copter.cpp)."""
