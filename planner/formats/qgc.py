"""QGroundControl's `.plan` files (docs.qgroundcontrol.com, Plan file format, version 1)."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import shapely

from core.errors import InvalidInput
from core.route import Route
from core.zones import Zone
from planner.formats.items import FRAME_ABOVE_GROUND, FRAME_ABOVE_HOME, FRAME_GLOBAL, Item, items
from planner.formats.listing import route_of
from planner.formats.site import Imported, Site

ARDUPILOT = 3
"""MAV_AUTOPILOT_ARDUPILOTMEGA."""
QUADROTOR, VTOL = 2, 22
"""MAV_TYPE_QUADROTOR, MAV_TYPE_VTOL_FIXEDROTOR."""
_ALTITUDE_MODE = {FRAME_ABOVE_HOME: 1, FRAME_GLOBAL: 2, FRAME_ABOVE_GROUND: 4}
"""QGroundControl's AltitudeMode: 1 relative to home, 2 above mean sea level, 4 terrain frame."""
_SIZE = 7


def write(route: Route, site: Site, zones: Iterable[Zone] = ()) -> dict[str, Any]:
    """The content of a `.plan` file, ready for `json.dump`; zones become exclusion fences."""
    spec = site.spec
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
            "plannedHomePosition": [site.home.lat, site.home.lon, site.home_amsl_m],
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


def read(text: str, where: str) -> Imported:
    """The route of a plan; a survey or corridor scan counts by the items that it was laid out to.

    Raises:
        InvalidInput: no plan of QGroundControl, or of another version.
    """
    plan = _plan(text, where)
    mission = plan["mission"]
    vtol = mission.get("vehicleType") in (VTOL, 1, 19, 20, 21)  # fixed wing and VTOL types
    cruise = mission.get("cruiseSpeed" if vtol else "hoverSpeed")
    place = mission.get("plannedHomePosition") or [0.0, 0.0, 0.0]
    listed = list(_items(mission["items"], where))
    found = route_of(listed, where=where, cruise_mps=cruise, home_amsl_m=float(place[2] or 0.0))
    fence = plan.get("geoFence", {})
    if fence.get("polygons") or fence.get("circles"):
        return Imported(found.route, (*found.notes, "the plan's fence is left out"))
    return found


def _plan(text: str, where: str) -> dict[str, Any]:
    try:
        plan = json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidInput(f"no JSON: {error}", where=where, remedy="give a .plan file") from error
    if not isinstance(plan, dict) or plan.get("fileType") != "Plan":
        raise InvalidInput('"fileType" is not "Plan"', where=where, remedy="give a .plan file")
    if plan.get("version") != 1 or not isinstance(plan.get("mission"), dict):
        raise InvalidInput(
            f"version {plan.get('version')} of the plan format is not known",
            where=where,
            remedy="save it again with QGroundControl 4 or 5",
        )
    if plan["mission"].get("version") != 2 or not isinstance(plan["mission"].get("items"), list):
        raise InvalidInput("its mission is not of version 2", where=where, remedy="save it again")
    return plan


def _items(listed: Iterable[Any], where: str) -> Iterator[Item]:
    for number, entry in enumerate(listed, 1):
        spot = f"{where}, item {number}"
        if not isinstance(entry, dict):
            raise InvalidInput("it is no object", where=spot, remedy="save the plan again")
        if entry.get("type") == "ComplexItem":
            laid = entry.get("TransectStyleComplexItem", {}).get("Items")
            if laid is None:
                kind = entry.get("complexItemType", "an unknown kind")
                raise InvalidInput(
                    f"a complex item ({kind}) without its waypoints cannot be read",
                    where=spot,
                    remedy="save it with QGroundControl, or as simple items",
                )
            yield from _items(laid, spot)
        else:
            yield _simple(entry, spot)


def _simple(entry: dict[str, Any], where: str) -> Item:
    try:
        numbers = [0.0 if p is None else float(p) for p in entry["params"]]
        if len(numbers) != _SIZE:
            raise ValueError(f"{len(numbers)} parameters, not {_SIZE}")
        a, b, c, d, x, y, z = numbers
        frame, command = int(entry["frame"]), int(entry["command"])
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput(f"no simple item: {error}", where=where, remedy="mend it") from error
    return Item(frame=frame, command=command, params=(a, b, c, d), x=x, y=y, z=z)
