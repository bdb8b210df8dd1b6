"""MAVLink's numbers that we use, with a sentence for every answer.

Source: the message set "common" and "ardupilotmega" (mavlink.io). Only what the fleet uses.
"""

from enum import IntEnum, IntFlag


class Command(IntEnum):
    """MAV_CMD."""

    NAV_WAYPOINT = 16
    NAV_RETURN_TO_LAUNCH = 20
    NAV_LAND = 21
    NAV_TAKEOFF = 22
    NAV_DELAY = 93
    CONDITION_YAW = 115
    DO_SET_MODE = 176
    DO_CHANGE_SPEED = 178
    DO_REPOSITION = 192
    DO_SET_ROI_LOCATION = 195
    DO_SET_ROI_NONE = 197
    DO_MOUNT_CONTROL = 205
    DO_SET_CAM_TRIGG_DIST = 206
    DO_SET_MISSION_CURRENT = 224
    MISSION_START = 300
    ARM_DISARM = 400
    SET_MESSAGE_INTERVAL = 511
    REQUEST_MESSAGE = 512
    IMAGE_START_CAPTURE = 2000
    FENCE_RETURN_POINT = 5000
    FENCE_POLYGON_INCLUSION = 5001
    FENCE_POLYGON_EXCLUSION = 5002
    FENCE_CIRCLE_INCLUSION = 5003
    FENCE_CIRCLE_EXCLUSION = 5004
    RALLY_POINT = 5100


FIRST_DO_COMMAND = 112
"""Commands from MAV_CMD_CONDITION_DELAY on have no place of their own; below are NAV commands."""


class Frame(IntEnum):
    """MAV_FRAME; the _INT twins mean the same."""

    GLOBAL = 0
    MISSION = 2
    RELATIVE = 3
    GLOBAL_INT = 5
    RELATIVE_INT = 6
    TERRAIN = 10
    TERRAIN_INT = 11


SAME_FRAME = {Frame.GLOBAL_INT: Frame.GLOBAL, Frame.RELATIVE_INT: Frame.RELATIVE,
              Frame.TERRAIN_INT: Frame.TERRAIN}  # fmt: skip
"""What an autopilot may report instead of the frame that it was sent."""


class Stream(IntEnum):
    """Message ids that SET_MESSAGE_INTERVAL and REQUEST_MESSAGE ask for."""

    HEARTBEAT = 0
    SYS_STATUS = 1
    SYSTEM_TIME = 2
    GLOBAL_POSITION_INT = 33
    MISSION_CURRENT = 42
    BATTERY_STATUS = 147
    AUTOPILOT_VERSION = 148
    WIND = 168
    TERRAIN_REQUEST = 133
    EKF_STATUS_REPORT = 193
    HOME_POSITION = 242
    EXTENDED_SYS_STATE = 245
    CAMERA_INFORMATION = 259
    SMART_BATTERY_INFO = 370


class SystemStatus(IntEnum):
    """MAV_STATE."""

    UNINIT = 0
    BOOT = 1
    CALIBRATING = 2
    STANDBY = 3
    ACTIVE = 4
    CRITICAL = 5
    EMERGENCY = 6


class MissionState(IntEnum):
    """MISSION_STATE, as MISSION_CURRENT carries it."""

    UNKNOWN = 0
    NO_MISSION = 1
    NOT_STARTED = 2
    ACTIVE = 3
    PAUSED = 4
    COMPLETE = 5


class MissionType(IntEnum):
    """MAV_MISSION_TYPE: what kind of plan a transfer carries."""

    MISSION = 0
    FENCE = 1
    RALLY = 2


class BaseMode(IntFlag):
    """MAV_MODE_FLAG."""

    CUSTOM = 1
    ARMED = 128


class Result(IntEnum):
    """MAV_RESULT."""

    ACCEPTED = 0
    TEMPORARILY_REJECTED = 1
    DENIED = 2
    UNSUPPORTED = 3
    FAILED = 4
    IN_PROGRESS = 5
    CANCELLED = 6


_RESULT_SENTENCES = {
    Result.TEMPORARILY_REJECTED: "it cannot do that just now",
    Result.DENIED: "it holds the parameters to be wrong or the state to forbid it",
    Result.UNSUPPORTED: "it does not know this command",
    Result.FAILED: "it tried and failed",
    Result.CANCELLED: "something else cancelled it",
    7: "it wants this only as COMMAND_LONG",
    8: "it wants this only as COMMAND_INT",
    9: "it does not support this frame of reference",
    10: "another ground station is in control",
}

_MISSION_SENTENCES = {
    1: "unspecified error",
    2: "frame of reference not supported",
    3: "command not supported",
    4: "too many items, or it is not ready for them",
    5: "a parameter is invalid",
    6: "parameter 1 is invalid",
    7: "parameter 2 is invalid",
    8: "parameter 3 is invalid",
    9: "parameter 4 is invalid",
    10: "parameter 5 or the latitude is invalid",
    11: "parameter 6 or the longitude is invalid",
    12: "parameter 7 or the height is invalid",
    13: "items out of order",
    14: "it takes no mission from this ground station",
    15: "the transfer was cancelled",
}

UNSPECIFIED = 1
"""MAV_MISSION_ERROR; ArduPilot also answers an item with it that it did not ask for."""

CANCELLED = 15
"""MAV_MISSION_OPERATION_CANCELLED: the autopilot got tired of waiting (8 s of its own clock)."""

INVALID_SEQUENCE = 13
"""MAV_MISSION_INVALID_SEQUENCE: a late or doubled item; the transfer goes on."""


def result_sentence(result: int) -> str:
    """What a MAV_RESULT other than ACCEPTED means.

    >>> result_sentence(4)
    'it tried and failed'
    """
    return _RESULT_SENTENCES.get(result, f"it answered with the unknown result {result}")


def mission_sentence(result: int) -> str:
    """What a MAV_MISSION_RESULT other than ACCEPTED means."""
    return _MISSION_SENTENCES.get(result, f"it answered with the unknown mission result {result}")


def command_name(command: int) -> str:
    """A name for a MAV_CMD, known or not.

    >>> command_name(400), command_name(4711)
    ('ARM_DISARM', 'command 4711')
    """
    try:
        return Command(command).name
    except ValueError:
        return f"command {command}"


class ParamKind(IntEnum):
    """MAV_PARAM_TYPE, those that fit a PARAM_VALUE."""

    UINT8 = 1
    INT8 = 2
    UINT16 = 3
    INT16 = 4
    UINT32 = 5
    INT32 = 6
    REAL32 = 9


_PARAM_SENTENCES = {
    1: "it has no such parameter",
    2: "the value is out of range",
    3: "it may not be changed now",
    4: "that part of it is not there",
    5: "it can only be read",
    6: "it does not support this type",
    7: "it is of another type",
    8: "it could not be read",
}


def param_sentence(error: int) -> str:
    """What a MAV_PARAM_ERROR means.

    >>> param_sentence(5)
    'it can only be read'
    """
    return _PARAM_SENTENCES.get(error, f"it answered with the unknown parameter error {error}")


_SENSORS = (
    "gyroscope", "accelerometer", "compass", "barometer", "airspeed sensor", "satellite receiver",
    "optical flow", "vision position", "laser position", "external ground truth",
    "rate control", "attitude control", "yaw control", "height control", "position control",
    "motor outputs", "remote control receiver", "second gyroscope", "second accelerometer",
    "second compass", "fence", "attitude estimate", "terrain data", "reverse motor", "logging",
    "battery monitor", "proximity sensor", "satellite link", "pre-arm check",
    "obstacle avoidance", "propulsion",
)  # fmt: skip
"""MAV_SYS_STATUS_SENSOR, from bit 0 on."""


def sensor_names(bits: int) -> tuple[str, ...]:
    """The sensors of a bit field, in words.

    >>> sensor_names(0b100101)
    ('gyroscope', 'compass', 'satellite receiver')
    """
    return tuple(name for bit, name in enumerate(_SENSORS) if bits >> bit & 1)
