"""QGroundControl's `.plan` files (docs.qgroundcontrol.com, Plan file format, version 1)."""

from collections.abc import Iterable
from typing import Any

import shapely

from core.equipment import VehicleSpec
from core.geo import LonLat
from core.route import Route
from core.zones import Zone
from planner.formats.items import FRAME_ABOVE_GROUND, FRAME_ABOVE_HOME, Item, items

ARDUPILOT = 3
"""MAV_AUTOPILOT_ARDUPILOTMEGA."""
QUADROTOR, VTOL = 2, 22
"""MAV_TYPE_QUADROTOR, MAV_TYPE_VTOL_FIXEDROTOR."""
_ALTITUDE_MODE = {FRAME_ABOVE_HOME: 1, FRAME_ABOVE_GROUND: 4}
"""QGroundControl's AltitudeMode: 1 relative to home, 4 terrain frame."""


def write(
    route: Route,
    *,
    dock: LonLat,
    altitude_m: float,
    spec: VehicleSpec,
    zones: Iterable[Zone] = (),
) -> dict[str, Any]:
    """The content of a `.plan` file, ready for `json.dump`; zones become exclusion fences.

    Args:
        altitude_m: of the dock above mean sea level.
    """
    listed = items(route, spec.cruise_mps)
    return {
        "fileType": "Plan",
        "groundStation": "QGroundControl",
        "version": 1,
        "mission": {
            "version": 2,
            "firmwareType": ARDUPILOT,
            "vehicleType": VTOL if spec.vtol else QUADROTOR,
            "globalPlanAltitudeMode": 4,
            "cruiseSpeed": spec.cruise_mps,
            "hoverSpeed": spec.cruise_mps,
            "plannedHomePosition": [dock.lat, dock.lon, altitude_m],
            "items": [_item(number, item) for number, item in enumerate(listed, 1)],
        },
        "geoFence": {"version": 2, "circles": [], "polygons": _fences(zones)},
        "rallyPoints": {"version": 2, "points": []},
    }


def _item(number: int, item: Item) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": "SimpleItem",
        "doJumpId": number,
        "autoContinue": True,
        "command": item.command,
        "frame": item.frame,
        "params": [*item.params, item.x, item.y, item.z],
    }
    if item.frame in _ALTITUDE_MODE:
        made["Altitude"] = item.z
        made["AltitudeMode"] = _ALTITUDE_MODE[item.frame]
        made["AMSLAltAboveTerrain"] = None
    return made


def _fences(zones: Iterable[Zone]) -> list[dict[str, Any]]:
    return [
        {
            "version": 1,
            "inclusion": False,
            "polygon": [[lat, lon] for lon, lat in part.exterior.coords[:-1]],
        }
        for zone in zones
        for part in shapely.get_parts(zone.polygon)
    ]
