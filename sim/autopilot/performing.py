"""The DO items of a mission, carried out."""

import math
from typing import TYPE_CHECKING

from pymavlink.dialects.v20 import ardupilotmega as wire

from sim.autopilot.items import Item

if TYPE_CHECKING:
    from sim.autopilot.autopilot import Autopilot

FIXED_WING = wire.MAV_VTOL_STATE_FW


def perform(a: "Autopilot", item: Item) -> None:
    """Do what a DO item says; what this vehicle has nothing for is passed over."""
    if not (_shoot(a, item) or _aim(a, item)):
        _steer(a, item)


def _shoot(a: "Autopilot", item: Item) -> bool:
    """Camera items; False if it is none."""
    command, shutter = item.command, a.shutter
    target = int(item.param1) if math.isfinite(item.param1) else 0
    if command == wire.MAV_CMD_DO_SET_CAM_TRIGG_DIST:
        camera = int(item.param4) if math.isfinite(item.param4) else 0
        shutter.by_distance(item.param1, once=item.param3 == 1, target=camera)
    elif command == wire.MAV_CMD_IMAGE_START_CAPTURE:
        count = int(item.param3) if math.isfinite(item.param3) else 1
        if count == 1 or not item.param2 > 0:
            shutter.once(target)
        else:
            shutter.by_time(target, item.param2, count or None, a.senses.now_s())
    elif command == wire.MAV_CMD_IMAGE_STOP_CAPTURE:
        shutter.stop()
    elif command == wire.MAV_CMD_DO_DIGICAM_CONTROL:
        shutter.once(0)
    else:
        return False
    return True


def _aim(a: "Autopilot", item: Item) -> bool:
    """Gimbal items; False if it is none."""
    command, gimbal = item.command, a.shutter.gimbal
    if command == wire.MAV_CMD_DO_MOUNT_CONTROL:
        gimbal.point(item.param1, item.param3)
    elif command == wire.MAV_CMD_DO_GIMBAL_MANAGER_PITCHYAW:
        locked = bool(item.x & wire.GIMBAL_MANAGER_FLAGS_YAW_LOCK)
        gimbal.point(item.param1, item.param2, locked=locked)
    elif command in (wire.MAV_CMD_DO_SET_ROI, wire.MAV_CMD_DO_SET_ROI_LOCATION):
        spot = a.runner.legs.spot(item)
        ground = a.senses.ground_m(spot.lon, spot.lat) if spot.terrain else 0.0
        gimbal.roi = (spot.lon, spot.lat, spot.height_m + ground)
        if not item.x and not item.y:
            gimbal.roi = None
    elif command == wire.MAV_CMD_DO_SET_ROI_NONE:
        gimbal.roi = None
    else:
        return False
    return True


def _steer(a: "Autopilot", item: Item) -> None:
    command = item.command
    if command == wire.MAV_CMD_DO_CHANGE_SPEED and item.param2 > 0:
        a.runner.legs.speed_mps = item.param2
    elif command == wire.MAV_CMD_CONDITION_YAW:
        nose = a.body.yaw_deg if item.param4 == 1 else 0.0
        a.body.turn_to((nose + item.param1) % 360)
    elif command == wire.MAV_CMD_DO_FENCE_ENABLE and "FENCE_ENABLE" in a.parameters:
        a.parameters["FENCE_ENABLE"] = 1.0 if item.param1 == 1 else 0.0
    elif command == wire.MAV_CMD_DO_VTOL_TRANSITION and a.body.spec.vtol:
        a.body.transit(item.param1 == FIXED_WING)
    elif command == wire.MAV_CMD_DO_SET_HOME:
        if item.param1 == 1:
            a.set_home(a.body.lon, a.body.lat, a.body.altitude_m)
        else:
            spot = a.runner.legs.spot(item)
            a.set_home(spot.lon, spot.lat, spot.height_m)
