"""Which part of its flight a vehicle is in, as a tester would say it (`sim.faults.Phase`)."""

from collections.abc import Sequence

from pymavlink.dialects.v20 import ardupilotmega as wire

from sim.autopilot.autopilot import Autopilot
from sim.autopilot.items import Item
from sim.faults import Phase

CAMERA = frozenset(
    {
        wire.MAV_CMD_DO_SET_CAM_TRIGG_DIST,
        wire.MAV_CMD_DO_DIGICAM_CONTROL,
        wire.MAV_CMD_IMAGE_START_CAPTURE,
        wire.MAV_CMD_VIDEO_START_CAPTURE,
        wire.MAV_CMD_VIDEO_STOP_CAPTURE,
    }
)


def phase_of(autopilot: Autopilot) -> Phase:
    """The present phase.

    A mission is surveyed from its first camera command to its last, and returns after that.
    """
    body = autopilot.body
    if not body.flying:
        return Phase.DOCKED
    landed = autopilot.landed_state()
    if landed == wire.MAV_LANDED_STATE_LANDING:
        return Phase.LANDING
    if landed == wire.MAV_LANDED_STATE_TAKEOFF or _rises(autopilot):
        return Phase.TAKE_OFF
    name = autopilot.mode.name
    if "RTL" in name or "RETURN" in name or autopilot.runner.returning:
        return Phase.RETURN
    if autopilot.shutter.distance_m > 0:
        return Phase.SURVEY
    return _in_mission(autopilot.transfers.mission, autopilot.runner.seq)


def _rises(autopilot: Autopilot) -> bool:
    """Straight up from where it stood: a take-off that no mission asked for."""
    body = autopilot.body
    if body.up_mps < 0.5 or body.speed_mps > 2.0:
        return False
    return body.to_goal_m()[1] < 3.0 and body.altitude_m - autopilot.home_m < 30.0


def _in_mission(mission: Sequence[Item], seq: int) -> Phase:
    shots = [k for k, item in enumerate(mission) if item.command in CAMERA]
    if not shots or seq < shots[0]:
        return Phase.TRANSIT
    return Phase.SURVEY if seq <= shots[-1] else Phase.RETURN
