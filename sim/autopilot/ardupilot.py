"""ArduCopter: its modes, checks, returns and parameters, of one of two generations.

Written from shared/facts (seen on a real ArduCopter), ArduPilot's documentation and its sources'
behaviour; compared with a real binary by tests/conformance where one is there.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from pymavlink.dialects.v20 import ardupilotmega as wire

from sim.autopilot import ardupilot_table, arming, payload, rally, telemetry
from sim.autopilot.ardupilot_commands import answers
from sim.autopilot.failsafe import Failsafe
from sim.autopilot.fencing import Fencing
from sim.autopilot.firmware import Answer
from sim.autopilot.homeward import Haven
from sim.autopilot.items import RALLY, RELATIVE
from sim.autopilot.modes import BLIND, Mode
from sim.autopilot.runner import Habits, Progress
from sim.autopilot.shutter import Photo
from sim.autopilot.transfer import Transfers

if TYPE_CHECKING:
    from sim.autopilot.autopilot import Autopilot

TERRAIN_RETURN = 1
"""RTL_ALT_TYPE: the height of a return counts from the ground below."""
FLYABLE = frozenset(Mode) - {Mode.TAKEOFF}


class ArduCopter:
    """ArduCopter 4.8, or 4.5 with `old`."""

    name = "ArduCopter"
    make = int(wire.MAV_AUTOPILOT_ARDUPILOTMEGA)
    capabilities = int(
        wire.MAV_PROTOCOL_CAPABILITY_MISSION_FLOAT
        | wire.MAV_PROTOCOL_CAPABILITY_PARAM_FLOAT
        | wire.MAV_PROTOCOL_CAPABILITY_MISSION_INT
        | wire.MAV_PROTOCOL_CAPABILITY_COMMAND_INT
        | wire.MAV_PROTOCOL_CAPABILITY_SET_POSITION_TARGET_LOCAL_NED
        | wire.MAV_PROTOCOL_CAPABILITY_SET_POSITION_TARGET_GLOBAL_INT
        | wire.MAV_PROTOCOL_CAPABILITY_SET_ATTITUDE_TARGET
        | wire.MAV_PROTOCOL_CAPABILITY_MISSION_FENCE
        | wire.MAV_PROTOCOL_CAPABILITY_MISSION_RALLY
        | wire.MAV_PROTOCOL_CAPABILITY_TERRAIN
        | wire.MAV_PROTOCOL_CAPABILITY_FLIGHT_TERMINATION
        | wire.MAV_PROTOCOL_CAPABILITY_MAVLINK2
    )
    habits = Habits(tells_do=True)
    transfers = Transfers
    boot_mode = Mode.STABILIZE
    refused = int(wire.MAV_RESULT_FAILED)
    int_only = frozenset({int(wire.MAV_CMD_DO_REPOSITION)})
    follows = frozenset({Mode.GUIDED})
    messages: Mapping[int, Callable[["Autopilot"], wire.MAVLink_message]] = telemetry.MESSAGES
    streams: Mapping[int, float] = {
        wire.MAVLINK_MSG_ID_HEARTBEAT: 1.0,
        wire.MAVLINK_MSG_ID_SYSTEM_TIME: 1.0,
    }

    def __init__(self, *, old: bool = False) -> None:
        self.table = ardupilot_table.OLD if old else ardupilot_table.NEW
        self.version = (4 << 24) | ((5 if old else 8) << 16) | (255 << 0)

    def vehicle_type(self, vtol: bool) -> int:
        """MAV_TYPE: ArduCopter flies a VTOL body like a quadrotor with a wing."""
        return int(wire.MAV_TYPE_QUADROTOR)

    def base_mode(self, a: "Autopilot") -> int:
        """HEARTBEAT.base_mode."""
        base = wire.MAV_MODE_FLAG_CUSTOM_MODE_ENABLED | wire.MAV_MODE_FLAG_STABILIZE_ENABLED
        if a.mode in (Mode.AUTO, Mode.GUIDED, Mode.RTL, Mode.LOITER, Mode.CIRCLE):
            base |= wire.MAV_MODE_FLAG_GUIDED_ENABLED
        base |= wire.MAV_MODE_FLAG_MANUAL_INPUT_ENABLED
        return int(base | (wire.MAV_MODE_FLAG_SAFETY_ARMED if a.armed else 0))

    def custom_mode(self, mode: Mode) -> int:
        """HEARTBEAT.custom_mode."""
        return int(mode)

    def mode_of(self, main: float, _: float) -> Mode | None:
        """The mode that parameters 2 and 3 of DO_SET_MODE mean."""
        return self.mode_of_custom(int(main))

    def mode_of_custom(self, custom: int) -> Mode | None:
        """The mode of a SET_MODE; ones that are not simulated are refused like unknown ones."""
        return Mode(custom) if custom in FLYABLE else None

    def arming_faults(self, a: "Autopilot") -> list[str]:
        """Why it would not arm now."""
        return arming.faults(a, Fencing(a))

    def mode_fault(self, a: "Autopilot", mode: Mode) -> str | None:
        """Why a mode cannot be entered now: disarmed any can, and while booting it is undone."""
        if not a.booted:
            return None
        if not a.armed:
            return None
        if mode is Mode.SMART_RTL:
            return "init failed"
        if mode is Mode.AUTO:
            if a.runner.progress is Progress.NO_MISSION:
                return "init failed"
            if not a.body.flying and not a.runner.has_takeoff:
                a.say(wire.MAV_SEVERITY_CRITICAL, "Auto: Missing Takeoff Cmd")
                return "init failed"
        if mode not in BLIND and not a.has_estimate():
            return "requires position"
        return None

    def mode_refusal(self, mode: Mode, fault: str) -> str:
        """What it says then."""
        return f"Mode change to {mode.name} failed: {fault}"

    def haven(self, a: "Autopilot") -> Haven:
        """Home, or the nearest rally point (RALLY_LIMIT_KM, RALLY_INCL_HOME)."""
        p, body = a.parameters, a.body
        terrain = int(p["RTL_ALT_TYPE"]) == TERRAIN_RETURN
        base = 0.0 if terrain else a.home_m
        height, final = p.of("return_height_m"), p.of("return_final_m")
        found = rally.nearest(
            a.transfers.stores[RALLY],
            body.lon,
            body.lat,
            limit_m=p["RALLY_LIMIT_KM"] * 1000.0,
        )
        home = Haven(
            lon=a.home_lon, lat=a.home_lat, height_m=base + height, terrain=terrain, final_m=final
        )
        if found is None:
            return home
        item, distance = found
        if int(p["RALLY_INCL_HOME"]) and distance >= a.from_home_m():
            return home
        above = item.z if item.frame in RELATIVE else item.z - a.home_m
        return Haven(
            lon=item.lon,
            lat=item.lat,
            height_m=base + max(height, above),
            terrain=terrain,
            final_m=final,
        )

    def lifts_when_armed(self, a: "Autopilot") -> bool:
        """Bit 1 of AUTO_OPTIONS: no raised throttle is needed."""
        return bool(int(a.parameters["AUTO_OPTIONS"]) & 2)

    def watch(self, a: "Autopilot") -> Failsafe:
        """The failsafes of a vehicle."""
        return Failsafe(a, Fencing(a))

    def fence(self, a: "Autopilot") -> Fencing:
        """The fence of a vehicle."""
        return Fencing(a)

    def checked(self, a: "Autopilot") -> list[str]:
        """What is wrong with the stored mission: ArduPilot does not look before it flies."""
        return []

    def photographed(self, a: "Autopilot", photos: Sequence[Photo]) -> None:
        """CAMERA_FEEDBACK for every camera each time any of them fires; the others repeat their
        last one (seen on a real ArduCopter)."""
        for photo in photos:
            a.last_photos[photo.camera_index] = payload.camera_feedback(a, photo)
        for _, told in sorted(a.last_photos.items()):
            a.send(told)

    def heeds(self, a: "Autopilot", system_id: int) -> bool:
        """Only MAV_GCS_SYSID counts."""
        return system_id == int(a.parameters.of("ground_id"))

    def commands(self, a: "Autopilot") -> Mapping[int, Answer]:
        """Commands that ArduCopter answers in its own way."""
        return answers(a)
