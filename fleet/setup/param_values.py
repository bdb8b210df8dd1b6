"""Parameter values as they travel, and the names that they have had.

ArduPilot carries a whole number as its value in the float (MAV_PROTOCOL_CAPABILITY_PARAM_ENCODE_
C_CAST), PX4 as its bytes (..._BYTEWISE): mavlink.io, "Parameter Protocol".

Renamed in ArduPilot, with units changed from centimetres to metres: Copter 4.7 (pull request
31970), Plane 4.5 (pull request 26025), the system ids in 4.7.
"""

import math
import struct
from collections.abc import Mapping

from core.errors import InvalidInput
from fleet.vocabulary import ParamKind

_FORMATS = {
    ParamKind.UINT8: "<B",
    ParamKind.INT8: "<b",
    ParamKind.UINT16: "<H",
    ParamKind.INT16: "<h",
    ParamKind.UINT32: "<I",
    ParamKind.INT32: "<i",
}

OLDER_NAMES: Mapping[str, tuple[tuple[str, float], ...]] = {
    "RTL_ALT_M": (("RTL_ALT", 100.0),),
    "RTL_ALT_FINAL_M": (("RTL_ALT_FINAL", 100.0),),
    "RTL_CLIMB_MIN_M": (("RTL_CLIMB_MIN", 100.0),),
    "RTL_SPEED_MS": (("RTL_SPEED", 100.0),),
    "LAND_SPD_MS": (("LAND_SPEED", 100.0),),
    "LAND_ALT_LOW_M": (("LAND_ALT_LOW", 100.0),),
    "WP_SPD": (("WPNAV_SPEED", 100.0),),
    "WP_RADIUS_M": (("WPNAV_RADIUS", 100.0),),
    "MAV_SYSID": (("SYSID_THISMAV", 1.0),),
    "MAV_GCS_SYSID": (("SYSID_MYGCS", 1.0),),
    "RTL_ALTITUDE": (("ALT_HOLD_RTL", 100.0),),
}
"""By newest name: older names, and what the value is multiplied by there."""


def variants(name: str) -> tuple[tuple[str, float], ...]:
    """A parameter's names, newest first, each with its factor."""
    return ((name, 1.0), *OLDER_NAMES.get(name, ()))


def value_of(raw: float, kind: int, *, bytewise: bool) -> float:
    """The value of a PARAM_VALUE.

    Raises:
        InvalidInput: a type that no parameter has.
    """
    pattern = _pattern(kind)
    if pattern is None or not bytewise:
        return raw
    return float(struct.unpack(pattern, struct.pack("<f", raw)[: struct.calcsize(pattern)])[0])


def raw_of(value: float, kind: int, *, bytewise: bool) -> float:
    """A value as PARAM_SET carries it.

    Raises:
        InvalidInput: it is no number, or does not fit the type.
    """
    if not math.isfinite(value):
        raise InvalidInput(f"{value} is no value of a parameter", remedy="give a number")
    pattern = _pattern(kind)
    if pattern is None:
        return value
    if value != round(value):
        raise InvalidInput(f"{value} is no whole number", remedy="this parameter takes only those")
    try:
        data = struct.pack(pattern, int(value))
    except struct.error as why:
        name = ParamKind(kind).name.lower()
        raise InvalidInput(f"{value:g} does not fit {name}", remedy="give less") from why
    return float(struct.unpack("<f", data.ljust(4, b"\0"))[0]) if bytewise else value


def same(a: float, b: float) -> bool:
    """Whether two values are equal as 32-bit floats carry them."""
    return math.isclose(a, b, rel_tol=2e-6, abs_tol=1e-6)


def _pattern(kind: int) -> str | None:
    """How a whole number of this type is packed; None for a float."""
    try:
        known = ParamKind(kind)
    except ValueError as why:
        raise InvalidInput(
            f"no parameter is of type {kind}", remedy="look at its firmware"
        ) from why
    return _FORMATS.get(known)
