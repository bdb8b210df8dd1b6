"""Places on the wire."""

import math
from typing import TYPE_CHECKING

from pymavlink.dialects.v20 import ardupilotmega as wire

from core.units import degrees_e7
from sim.autopilot.items import AMSL, HIGHEST_M, RELATIVE, TERRAIN
from sim.body import Spot

if TYPE_CHECKING:
    from sim.autopilot.autopilot import Autopilot


def spot(a: "Autopilot", frame: int, lon_e7: float, lat_e7: float, height_m: float) -> Spot | None:
    """A place on the wire, None if it is none; 0, 0 is "here"."""
    if not all(math.isfinite(v) for v in (lon_e7, lat_e7, height_m)):
        return None
    if abs(height_m) > HIGHEST_M:
        return None
    lon, lat = lon_e7 / 1e7, lat_e7 / 1e7
    if not (abs(lat) <= 90 and abs(lon) <= 180):
        return None
    if lon_e7 == 0 and lat_e7 == 0:
        lon, lat = a.body.lon, a.body.lat
    if frame in TERRAIN:
        return Spot(lon, lat, height_m, terrain=True)
    if frame in RELATIVE:
        return Spot(lon, lat, height_m + a.home_m)
    return Spot(lon, lat, height_m) if frame in AMSL else None


def place_of(
    message: wire.MAVLink_message, params: tuple[float, ...]
) -> tuple[int, float, float, float]:
    """Frame, longitude and latitude in 1e-7 degrees and height of a command with a place.

    COMMAND_LONG names no frame: its heights are AMSL (https://mavlink.io/en/messages/common.html).
    """
    frame = getattr(message, "frame", int(wire.MAV_FRAME_GLOBAL))
    if message.get_type() == "COMMAND_INT":
        return frame, float(message.y), float(message.x), float(message.z)
    lat, lon = params[4], params[5]
    if not (math.isfinite(lat) and math.isfinite(lon)):
        return frame, math.nan, math.nan, params[6]
    return frame, float(degrees_e7(lon)), float(degrees_e7(lat)), params[6]
