"""The autopilot's parameters: names and defaults of ArduCopter 4.8 that matter to a controller."""

import struct
from collections.abc import Callable

from pymavlink.dialects.v20 import ardupilotmega as wire

Send = Callable[[wire.MAVLink_message], None]

REAL32, INT8, INT16, INT32 = (
    wire.MAV_PARAM_TYPE_REAL32,
    wire.MAV_PARAM_TYPE_INT8,
    wire.MAV_PARAM_TYPE_INT16,
    wire.MAV_PARAM_TYPE_INT32,
)

DEFAULTS: dict[str, tuple[float, int]] = {
    "ANGLE_MAX": (30.0, REAL32),
    "ARMING_SKIPCHK": (0, INT32),
    "AUTO_OPTIONS": (0, INT32),
    "BATT_CAPACITY": (10000, INT32),
    "BATT_CRT_MAH": (0, REAL32),
    "BATT_FS_CRT_ACT": (1, INT8),
    "BATT_FS_LOW_ACT": (2, INT8),
    "BATT_LOW_PCT": (14, REAL32),
    "BATT_CRT_PCT": (6, REAL32),
    "CAM1_TYPE": (4, INT8),
    "DISARM_DELAY": (10, INT8),
    "FENCE_ACTION": (1, INT8),
    "FENCE_ALT_MAX": (120, REAL32),
    "FENCE_ENABLE": (0, INT8),
    "FENCE_MARGIN": (2, REAL32),
    "FENCE_RADIUS": (300, REAL32),
    "FENCE_TYPE": (7, INT8),
    "FS_GCS_ENABLE": (0, INT8),
    "FS_GCS_TIMEOUT": (5, REAL32),
    "FS_OPTIONS": (16, INT32),
    "LAND_ALT_LOW_M": (10, REAL32),
    "LAND_SPD_MS": (0.5, REAL32),
    "MAV_GCS_SYSID": (255, INT16),
    "MAV_SYSID": (1, INT16),
    "MIS_OPTIONS": (0, INT8),
    "MIS_RESTART": (0, INT8),
    "MIS_TOTAL": (0, INT16),
    "MNT1_TYPE": (1, INT8),
    "RALLY_TOTAL": (0, INT16),
    "RTL_ALT_M": (15, REAL32),
    "RTL_ALT_TYPE": (1, INT8),
    "RTL_LOIT_TIME": (0, INT32),
    "SCHED_LOOP_RATE": (400, INT16),
    "TERRAIN_ENABLE": (1, INT8),
    "WP_RADIUS_M": (2, REAL32),
    "WP_SPD": (10, REAL32),
}

ERROR_DOES_NOT_EXIST = 1
ERROR_OUT_OF_RANGE = 2


class Parameters:
    """Names and values, and the parameter protocol; they persist over a simulated restart."""

    def __init__(self, system_id: int, cruise_mps: float) -> None:
        self._values = {name: value for name, (value, _) in DEFAULTS.items()}
        self._values["MAV_SYSID"] = system_id
        self._values["WP_SPD"] = cruise_mps
        self._names = sorted(self._values)

    def __getitem__(self, name: str) -> float:
        return self._values[name]

    def __setitem__(self, name: str, value: float) -> None:
        self._values[name] = value

    def on_request_list(self, send: Send) -> None:
        """Answer PARAM_REQUEST_LIST."""
        for name in self._names:
            send(self._value(name))

    def on_request_read(self, message: wire.MAVLink_message, send: Send) -> None:
        """Answer PARAM_REQUEST_READ: the value, or PARAM_ERROR for an unknown name or index."""
        name = message.param_id
        if message.param_index >= 0:
            known = message.param_index < len(self._names)
            name = self._names[message.param_index] if known else ""
        if name in self._values:
            send(self._value(name))
        else:
            send(self._error(message, ERROR_DOES_NOT_EXIST))

    def on_set(self, message: wire.MAVLink_message, send: Send) -> None:
        """Answer PARAM_SET: store and echo; refuse unknown names and values that are no number."""
        name = message.param_id
        if name not in self._values:
            send(self._error(message, ERROR_DOES_NOT_EXIST))
        elif message.param_value != message.param_value or abs(message.param_value) > 1e9:
            send(self._error(message, ERROR_OUT_OF_RANGE))
        else:
            kind = DEFAULTS[name][1]
            value = float(message.param_value)
            if name not in ("MIS_TOTAL", "RALLY_TOTAL", "MAV_SYSID"):
                self._values[name] = value if kind == REAL32 else float(round(value))
            send(self._value(name))

    def _value(self, name: str) -> wire.MAVLink_message:
        value = struct.unpack("<f", struct.pack("<f", self._values[name]))[0]
        return wire.MAVLink_param_value_message(
            name.encode(), value, DEFAULTS[name][1], len(self._names), self._names.index(name)
        )

    @staticmethod
    def _error(message: wire.MAVLink_message, error: int) -> wire.MAVLink_message:
        index = getattr(message, "param_index", -1)
        return wire.MAVLink_param_error_message(
            message.get_srcSystem(),
            message.get_srcComponent(),
            message.param_id.encode()[:16],
            index,
            error,
        )
