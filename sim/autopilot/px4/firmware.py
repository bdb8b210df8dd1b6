"""PX4 behind the interface of `Firmware`: modes, checks, returns (https://docs.px4.io/main/en/)."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from pymavlink.dialects.v20 import ardupilotmega as wire

from sim.autopilot import payload, rally, reports, telemetry
from sim.autopilot.firmware import Answer
from sim.autopilot.health import Satellites
from sim.autopilot.homeward import Haven
from sim.autopilot.items import LANDING, RALLY
from sim.autopilot.modes import BLIND, Mode
from sim.autopilot.px4.commands import answers
from sim.autopilot.px4.failsafe import Px4Fence, Px4Watch
from sim.autopilot.px4.mission import Px4Transfers, feasibility
from sim.autopilot.px4.table import TABLE
from sim.autopilot.runner import Habits, Progress
from sim.autopilot.shutter import Photo

if TYPE_CHECKING:
    from sim.autopilot.autopilot import Autopilot

Make = Callable[["Autopilot"], wire.MAVLink_message]

NUMBERS: Mapping[Mode, tuple[int, int]] = {
    Mode.STABILIZE: (7, 0),
    Mode.ALT_HOLD: (2, 0),
    Mode.POSHOLD: (3, 0),
    Mode.CIRCLE: (4, 11),
    Mode.TAKEOFF: (4, 2),
    Mode.LOITER: (4, 3),
    Mode.AUTO: (4, 4),
    Mode.RTL: (4, 5),
    Mode.LAND: (4, 6),
    Mode.GUIDED: (6, 0),
}
"""Main and sub mode (px4_custom_mode.h); GUIDED is Offboard, LOITER is Hold, CIRCLE is Orbit."""
MODES = {numbers: mode for mode, numbers in NUMBERS.items()} | {(1, 0): Mode.STABILIZE}
NAMES = {Mode.LOITER: "Hold", Mode.AUTO: "Mission", Mode.RTL: "Return", Mode.GUIDED: "Offboard"}
AUTOMATIC = frozenset({Mode.TAKEOFF, Mode.LOITER, Mode.AUTO, Mode.RTL, Mode.LAND, Mode.CIRCLE})

ARDUPILOTS_OWN = frozenset(
    {
        wire.MAVLINK_MSG_ID_WIND,
        wire.MAVLINK_MSG_ID_EKF_STATUS_REPORT,
        wire.MAVLINK_MSG_ID_MOUNT_STATUS,
        wire.MAVLINK_MSG_ID_TERRAIN_REPORT,
        wire.MAVLINK_MSG_ID_MEMINFO,
        wire.MAVLINK_MSG_ID_POWER_STATUS,
        wire.MAVLINK_MSG_ID_FENCE_STATUS,
    }
)


def wind_cov(a: "Autopilot") -> wire.MAVLink_message:
    """WIND_COV: PX4 tells the wind as a vector."""
    speed, from_deg = a.senses.wind(a.body.index)
    toward = math.radians(from_deg + 180.0)
    north, east = speed * math.cos(toward), speed * math.sin(toward)
    return wire.MAVLink_wind_cov_message(a.unix_us(), north, east, 0.0, 0.2, 0.2, 0.0, 0.0, 0.0)


def orbit_status(a: "Autopilot") -> wire.MAVLink_message:
    """ORBIT_EXECUTION_STATUS; a radius of 0 while there is no orbit."""
    circle = a.guided.circle
    if circle is None:
        return wire.MAVLink_orbit_execution_status_message(a.unix_us(), 0.0, 0, 0, 0, 0.0)
    spot, radius = circle.centre, circle.radius_m if circle.clockwise else -circle.radius_m
    lat, lon = round(spot.lat * 1e7), round(spot.lon * 1e7)
    return wire.MAVLink_orbit_execution_status_message(
        a.unix_us(), radius, wire.MAV_FRAME_GLOBAL_INT, lat, lon, spot.height_m
    )


MESSAGES: Mapping[int, Make] = {
    **{k: make for k, make in telemetry.MESSAGES.items() if k not in ARDUPILOTS_OWN},
    wire.MAVLINK_MSG_ID_ALTITUDE: reports.altitude,
    wire.MAVLINK_MSG_ID_ESTIMATOR_STATUS: reports.estimator_status,
    wire.MAVLINK_MSG_ID_WIND_COV: wind_cov,
    wire.MAVLINK_MSG_ID_ORBIT_EXECUTION_STATUS: orbit_status,
    300: lambda _: reports.ProtocolVersion(),
}


class Px4:
    """PX4 1.15 on a multirotor, or on a VTOL."""

    name = "PX4"
    make = int(wire.MAV_AUTOPILOT_PX4)
    version = (1 << 24) | (15 << 16) | (4 << 8) | 255
    capabilities = int(
        wire.MAV_PROTOCOL_CAPABILITY_MISSION_INT
        | wire.MAV_PROTOCOL_CAPABILITY_COMMAND_INT
        | wire.MAV_PROTOCOL_CAPABILITY_PARAM_ENCODE_BYTEWISE
        | wire.MAV_PROTOCOL_CAPABILITY_SET_POSITION_TARGET_LOCAL_NED
        | wire.MAV_PROTOCOL_CAPABILITY_SET_POSITION_TARGET_GLOBAL_INT
        | wire.MAV_PROTOCOL_CAPABILITY_SET_ATTITUDE_TARGET
        | wire.MAV_PROTOCOL_CAPABILITY_MISSION_FENCE
        | wire.MAV_PROTOCOL_CAPABILITY_MISSION_RALLY
        | wire.MAV_PROTOCOL_CAPABILITY_MAVLINK2
    )
    table = TABLE
    habits = Habits(first=0, tells_do=True)
    transfers = Px4Transfers
    boot_mode = Mode.LOITER
    refused = int(wire.MAV_RESULT_TEMPORARILY_REJECTED)
    int_only: frozenset[int] = frozenset()
    follows = frozenset({Mode.GUIDED})
    messages: Mapping[int, Make] = MESSAGES
    streams: Mapping[int, float] = {
        wire.MAVLINK_MSG_ID_HEARTBEAT: 1.0,
        wire.MAVLINK_MSG_ID_SYSTEM_TIME: 1.0,
        wire.MAVLINK_MSG_ID_SYS_STATUS: 1.0,
        wire.MAVLINK_MSG_ID_EXTENDED_SYS_STATE: 1.0,
        wire.MAVLINK_MSG_ID_GPS_RAW_INT: 1.0,
        wire.MAVLINK_MSG_ID_GLOBAL_POSITION_INT: 0.2,
        wire.MAVLINK_MSG_ID_ATTITUDE: 0.2,
        wire.MAVLINK_MSG_ID_VFR_HUD: 0.5,
        wire.MAVLINK_MSG_ID_BATTERY_STATUS: 2.0,
        wire.MAVLINK_MSG_ID_HOME_POSITION: 2.0,
        wire.MAVLINK_MSG_ID_MISSION_CURRENT: 1.0,
        wire.MAVLINK_MSG_ID_ESTIMATOR_STATUS: 2.0,
    }

    def vehicle_type(self, vtol: bool) -> int:
        """MAV_TYPE."""
        return int(wire.MAV_TYPE_VTOL_TILTROTOR if vtol else wire.MAV_TYPE_QUADROTOR)

    def base_mode(self, a: "Autopilot") -> int:
        """HEARTBEAT.base_mode."""
        base = wire.MAV_MODE_FLAG_CUSTOM_MODE_ENABLED | wire.MAV_MODE_FLAG_STABILIZE_ENABLED
        if a.mode in AUTOMATIC:
            base |= wire.MAV_MODE_FLAG_AUTO_ENABLED | wire.MAV_MODE_FLAG_GUIDED_ENABLED
        elif a.mode is not Mode.GUIDED:
            base |= wire.MAV_MODE_FLAG_MANUAL_INPUT_ENABLED
        return int(base | (wire.MAV_MODE_FLAG_SAFETY_ARMED if a.armed else 0))

    def custom_mode(self, mode: Mode) -> int:
        """HEARTBEAT.custom_mode: the main mode in bits 16 to 23, the sub mode above."""
        main, sub = NUMBERS.get(mode, (4, 3))
        return main << 16 | sub << 24

    def mode_of(self, main: float, sub: float) -> Mode | None:
        """The mode that parameters 2 and 3 of DO_SET_MODE mean."""
        return MODES.get((int(main), int(sub)))

    def mode_of_custom(self, custom: int) -> Mode | None:
        """The mode of a SET_MODE."""
        return MODES.get((custom >> 16 & 0xFF, custom >> 24 & 0xFF))

    def arming_faults(self, a: "Autopilot") -> list[str]:
        """Why it would not arm now."""
        found = []
        if not a.has_estimate():
            found.append("Preflight Fail: ekf2 missing data")
        if a.health.gps is Satellites.NONE or a.estimate.glitching:
            found.append("Preflight Fail: GPS fix too low")
        if not a.health.compass_ok:
            found.append("Preflight Fail: Compass Sensor 0 missing")
        if a.health.motors_lost:
            found.append("Preflight Fail: ESC failure")
        if a.body.battery <= max(a.parameters["BAT_CRIT_THR"], a.parameters["BAT_LOW_THR"]):
            found.append("Preflight Fail: low battery")
        if a.fence.types and not a.permitted(a.body.lon, a.body.lat, a.body.altitude_m):
            found.append("Arming denied: outside geofence")
        if a.mode is Mode.AUTO:
            found += self._mission_faults(a)
        return found

    def mode_fault(self, a: "Autopilot", mode: Mode) -> str | None:
        """Why a mode cannot be entered now."""
        if not a.booted:
            return None
        if mode is Mode.AUTO:
            faults = self._mission_faults(a)
            if faults:
                return faults[0]
        if mode not in BLIND and not a.has_estimate() and a.armed:
            return "no valid position"
        return None

    def mode_refusal(self, mode: Mode, fault: str) -> str:
        """What it says then."""
        return f"Switching to {NAMES.get(mode, mode.name.title())} denied: {fault}"

    def haven(self, a: "Autopilot") -> Haven:
        """Home, or what RTL_TYPE wants: 0 and 3 the nearest of home and rally points (3 also a
        mission's landing), 1 the landing or a rally point."""
        p, kind = a.parameters, int(a.parameters["RTL_TYPE"])
        height = a.home_m + p["RTL_RETURN_ALT"]
        delay = p["RTL_LAND_DELAY"]
        final = p["RTL_DESCEND_ALT"] if delay < 0 else 0.0
        places = [(a.home_lon, a.home_lat)] if kind in (0, 2, 3) else []
        if kind != 2:
            places += [(i.lon, i.lat) for i in a.transfers.stores[RALLY]]
        if kind in (1, 3):
            places += [(i.lon, i.lat) for i in a.transfers.mission if i.command in LANDING and i.x]
        lon, lat = rally.closest(places or [(a.home_lon, a.home_lat)], a.body.lon, a.body.lat)
        return Haven(lon=lon, lat=lat, height_m=height, terrain=False, final_m=final)

    def lifts_when_armed(self, a: "Autopilot") -> bool:
        """Armed in the mission mode, PX4 takes off."""
        return True

    def watch(self, a: "Autopilot") -> Px4Watch:
        """The failsafes of a vehicle."""
        return Px4Watch(a, Px4Fence(a))

    def fence(self, a: "Autopilot") -> Px4Fence:
        """The fence of a vehicle."""
        return Px4Fence(a)

    def photographed(self, a: "Autopilot", photos: Sequence[Photo]) -> None:
        """CAMERA_IMAGE_CAPTURED of each."""
        for photo in photos:
            a.send(payload.camera_image_captured(a, photo))

    def heeds(self, a: "Autopilot", system_id: int) -> bool:
        """Any ground station counts."""
        return True

    def commands(self, a: "Autopilot") -> Mapping[int, Answer]:
        """Commands that PX4 answers in its own way."""
        return answers(a)

    def checked(self, a: "Autopilot") -> list[str]:
        """What is wrong with the stored mission; told after an upload."""
        p = a.parameters
        home = (a.home_lon, a.home_lat)
        return feasibility(a.transfers.mission, home, p["MIS_DIST_1WP"], int(p["MIS_TKO_LAND_REQ"]))

    def _mission_faults(self, a: "Autopilot") -> list[str]:
        if a.runner.progress is Progress.NO_MISSION:
            return ["no valid mission"]
        return self.checked(a)
