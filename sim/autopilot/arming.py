"""ArduCopter's arming checks and their texts (AP_Arming, AP_Arming_Copter)."""

from typing import TYPE_CHECKING

from sim.autopilot.health import Satellites
from sim.autopilot.modes import ARMABLE, BLIND, Mode
from sim.autopilot.runner import Progress

if TYPE_CHECKING:
    from sim.autopilot.autopilot import Autopilot
    from sim.autopilot.fencing import Fencing

FIX_S, PREARM_S = 10.0, 23.0
"""When a booting ArduCopter has a fix and passes its checks (shared/facts/fleet-mavlink.md)."""
LEAST_CHARGE = 0.2


def faults(a: "Autopilot", fencing: "Fencing") -> list[str]:
    """Why it would not arm now, in the words of the STATUSTEXT."""
    found = _estimate(a) + _mode(a) + _battery(a) + _failsafes(a)
    fault = fencing.fault()
    if fault:
        found.append(f"PreArm: {fault}")
    return found


def _estimate(a: "Autopilot") -> list[str]:
    boot, found = a.boot_s(), []
    if boot < FIX_S or a.health.gps is Satellites.NONE:
        found.append("PreArm: GPS 1: Bad fix")
    if boot < PREARM_S:
        found.append("PreArm: AHRS: not using configured AHRS type")
    elif not a.has_estimate() and a.mode not in BLIND:
        found.append("PreArm: Need Position Estimate")
    if a.estimate.glitching:
        found.append("PreArm: GPS glitching")
    if not a.health.compass_ok:
        found.append("PreArm: Compass not healthy")
    return found


def _mode(a: "Autopilot") -> list[str]:
    if a.mode is Mode.AUTO:
        if a.runner.progress is Progress.NO_MISSION:
            return ["PreArm: Mode requires mission"]
        if not int(a.parameters["AUTO_OPTIONS"]) & 1:
            return ["Arm: AUTO mode not armable"]
    elif a.mode not in ARMABLE:
        return [f"Arm: {a.mode.name} mode not armable"]
    return []


def _battery(a: "Autopilot") -> list[str]:
    if a.body.battery < LEAST_CHARGE:
        return ["PreArm: Battery 1 below minimum arming capacity"]
    if a.health.motors_lost:
        return ["PreArm: Motors: Check ESC 1"]
    return []


def _failsafes(a: "Autopilot") -> list[str]:
    found = []
    if a.watch.lost_ground:
        found.append("PreArm: GCS failsafe on")
    if a.health.obstacle:
        found.append("PreArm: Proximity 0 deg, 0.50m (want > 0.6m)")
    return found
