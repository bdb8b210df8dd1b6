"""Mission, fence and rally items: what the autopilot stores, and which of them it refuses."""

import math
from dataclasses import dataclass

from pymavlink.dialects.v20 import ardupilotmega as wire

from core.units import from_degrees_e7

MISSION, FENCE, RALLY = (
    wire.MAV_MISSION_TYPE_MISSION,
    wire.MAV_MISSION_TYPE_FENCE,
    wire.MAV_MISSION_TYPE_RALLY,
)

CAPACITY = {MISSION: 1500, FENCE: 300, RALLY: 20}
"""Items that fit; ArduPilot's store holds about so many."""

HIGHEST_M = 83_000.0
"""Heights are stored as centimetres in 24 bits."""

AMSL = frozenset({wire.MAV_FRAME_GLOBAL, wire.MAV_FRAME_GLOBAL_INT})
RELATIVE = frozenset({wire.MAV_FRAME_GLOBAL_RELATIVE_ALT, wire.MAV_FRAME_GLOBAL_RELATIVE_ALT_INT})
TERRAIN = frozenset({wire.MAV_FRAME_GLOBAL_TERRAIN_ALT, wire.MAV_FRAME_GLOBAL_TERRAIN_ALT_INT})

PLACED = frozenset(
    {
        wire.MAV_CMD_NAV_WAYPOINT,
        wire.MAV_CMD_NAV_SPLINE_WAYPOINT,
        wire.MAV_CMD_NAV_LOITER_UNLIM,
        wire.MAV_CMD_NAV_LOITER_TURNS,
        wire.MAV_CMD_NAV_LOITER_TIME,
        wire.MAV_CMD_NAV_LOITER_TO_ALT,
        wire.MAV_CMD_NAV_LAND,
        wire.MAV_CMD_NAV_VTOL_LAND,
        wire.MAV_CMD_NAV_TAKEOFF,
        wire.MAV_CMD_NAV_VTOL_TAKEOFF,
        wire.MAV_CMD_DO_SET_HOME,
        wire.MAV_CMD_DO_SET_ROI,
        wire.MAV_CMD_DO_SET_ROI_LOCATION,
    }
)
"""Mission commands whose x, y, z are a place."""

LIFTING = frozenset({wire.MAV_CMD_NAV_TAKEOFF, wire.MAV_CMD_NAV_VTOL_TAKEOFF})
LANDING = frozenset({wire.MAV_CMD_NAV_LAND, wire.MAV_CMD_NAV_VTOL_LAND})

NAV = (
    LIFTING
    | LANDING
    | {
        wire.MAV_CMD_NAV_WAYPOINT,
        wire.MAV_CMD_NAV_SPLINE_WAYPOINT,
        wire.MAV_CMD_NAV_LOITER_UNLIM,
        wire.MAV_CMD_NAV_LOITER_TURNS,
        wire.MAV_CMD_NAV_LOITER_TIME,
        wire.MAV_CMD_NAV_LOITER_TO_ALT,
        wire.MAV_CMD_NAV_RETURN_TO_LAUNCH,
        wire.MAV_CMD_NAV_DELAY,
    }
)

CONDITIONS = frozenset(
    {
        wire.MAV_CMD_CONDITION_DELAY,
        wire.MAV_CMD_CONDITION_DISTANCE,
        wire.MAV_CMD_CONDITION_YAW,
    }
)

DO = CONDITIONS | {
    wire.MAV_CMD_DO_JUMP,
    wire.MAV_CMD_JUMP_TAG,
    wire.MAV_CMD_DO_JUMP_TAG,
    wire.MAV_CMD_DO_CHANGE_SPEED,
    wire.MAV_CMD_DO_SET_HOME,
    wire.MAV_CMD_DO_LAND_START,
    wire.MAV_CMD_DO_RETURN_PATH_START,
    wire.MAV_CMD_DO_SET_ROI,
    wire.MAV_CMD_DO_SET_ROI_LOCATION,
    wire.MAV_CMD_DO_SET_ROI_NONE,
    wire.MAV_CMD_DO_DIGICAM_CONFIGURE,
    wire.MAV_CMD_DO_DIGICAM_CONTROL,
    wire.MAV_CMD_DO_MOUNT_CONTROL,
    wire.MAV_CMD_DO_SET_CAM_TRIGG_DIST,
    wire.MAV_CMD_DO_FENCE_ENABLE,
    wire.MAV_CMD_DO_GIMBAL_MANAGER_PITCHYAW,
    wire.MAV_CMD_DO_SET_RELAY,
    wire.MAV_CMD_DO_SET_SERVO,
    wire.MAV_CMD_DO_REPEAT_SERVO,
    wire.MAV_CMD_DO_VTOL_TRANSITION,
    wire.MAV_CMD_IMAGE_START_CAPTURE,
    wire.MAV_CMD_IMAGE_STOP_CAPTURE,
    wire.MAV_CMD_VIDEO_START_CAPTURE,
    wire.MAV_CMD_VIDEO_STOP_CAPTURE,
    wire.MAV_CMD_SET_CAMERA_ZOOM,
    wire.MAV_CMD_SET_CAMERA_FOCUS,
}
"""Commands that ArduPilot stores (AP_Mission::mavlink_int_to_mission_cmd), as far as flown here."""

FENCE_KINDS = frozenset(
    {
        wire.MAV_CMD_NAV_FENCE_RETURN_POINT,
        wire.MAV_CMD_NAV_FENCE_POLYGON_VERTEX_INCLUSION,
        wire.MAV_CMD_NAV_FENCE_POLYGON_VERTEX_EXCLUSION,
        wire.MAV_CMD_NAV_FENCE_CIRCLE_INCLUSION,
        wire.MAV_CMD_NAV_FENCE_CIRCLE_EXCLUSION,
    }
)

YAW_MAY_BE_NAN = (
    LIFTING
    | LANDING
    | {
        wire.MAV_CMD_NAV_WAYPOINT,
        wire.MAV_CMD_NAV_LOITER_UNLIM,
        wire.MAV_CMD_NAV_LOITER_TURNS,
        wire.MAV_CMD_NAV_LOITER_TIME,
        wire.MAV_CMD_NAV_SPLINE_WAYPOINT,
    }
)
"""Commands whose param4 may be NaN (AP_Mission::sanity_check_params); elsewhere none may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One stored item, as it came over the wire."""

    frame: int
    command: int
    param1: float = 0.0
    param2: float = 0.0
    param3: float = 0.0
    param4: float = 0.0
    x: int = 0
    y: int = 0
    z: float = 0.0

    @property
    def lat(self) -> float:
        """Latitude in degrees."""
        return from_degrees_e7(self.x)

    @property
    def lon(self) -> float:
        """Longitude in degrees."""
        return from_degrees_e7(self.y)

    @classmethod
    def of(cls, message: wire.MAVLink_message) -> "Item":
        """From MISSION_ITEM_INT, or MISSION_ITEM (places in degrees).

        Raises:
            ValueError: a place of a MISSION_ITEM is no number.
        """
        x, y = message.x, message.y
        if message.get_type() == "MISSION_ITEM":
            if not (math.isfinite(x) and math.isfinite(y)):
                raise ValueError("a place that is no number")
            scale = 1e7 if message.command in PLACED | FENCE_KINDS else 1.0
            x, y = round(x * scale), round(y * scale)
        return cls(
            frame=message.frame,
            command=message.command,
            param1=message.param1,
            param2=message.param2,
            param3=message.param3,
            param4=message.param4,
            x=x,
            y=y,
            z=message.z,
        )


def refusal(item: Item, kind: int) -> int:
    """MAV_MISSION_RESULT for an item: ACCEPTED, or why ArduPilot would not store it."""
    known = {MISSION: NAV | DO, FENCE: FENCE_KINDS, RALLY: {wire.MAV_CMD_NAV_RALLY_POINT}}[kind]
    if item.command not in known:
        return int(wire.MAV_MISSION_UNSUPPORTED)
    placed = kind != MISSION or item.command in PLACED
    if placed and item.frame not in AMSL | RELATIVE | TERRAIN:
        return int(wire.MAV_MISSION_UNSUPPORTED_FRAME)
    if placed and not -900_000_000 <= item.x <= 900_000_000:
        return int(wire.MAV_MISSION_INVALID_PARAM5_X)
    if placed and not -1_800_000_000 <= item.y <= 1_800_000_000:
        return int(wire.MAV_MISSION_INVALID_PARAM6_Y)
    if not math.isfinite(item.z) or abs(item.z) > HIGHEST_M:
        return int(wire.MAV_MISSION_INVALID_PARAM7)
    yaw = 0.0 if item.command in YAW_MAY_BE_NAN else item.param4
    for value, result in (
        (item.param1, wire.MAV_MISSION_INVALID_PARAM1),
        (item.param2, wire.MAV_MISSION_INVALID_PARAM2),
        (item.param3, wire.MAV_MISSION_INVALID_PARAM3),
        (yaw, wire.MAV_MISSION_INVALID_PARAM4),
    ):
        if not math.isfinite(value):
            return int(result)
    return int(wire.MAV_MISSION_ACCEPTED)


def fence_fault(items: list[Item]) -> str | None:
    """Why these fence items make no fence, or None."""
    polygons = (
        wire.MAV_CMD_NAV_FENCE_POLYGON_VERTEX_INCLUSION,
        wire.MAV_CMD_NAV_FENCE_POLYGON_VERTEX_EXCLUSION,
    )
    k = 0
    while k < len(items):
        item = items[k]
        if item.command in polygons:
            count = int(item.param1)
            ring = items[k : k + count]
            if count < 3:
                return f"Invalid vertex count ({count})"
            if len(ring) < count or any(
                i.command != item.command or int(i.param1) != count for i in ring
            ):
                return "Incorrect item count"
            k += count
            continue
        if item.command != wire.MAV_CMD_NAV_FENCE_RETURN_POINT and item.param1 <= 0:
            return "Non-positive circle radius"
        k += 1
    return None
