"""Flies a mission with MAVSDK, in a process of its own: `mavsdk_flight.py PORT ardupilot|px4`.

Prints one line of JSON: what it did and saw. Any refusal of the autopilot ends it with MAVSDK's
own error.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from mavsdk import ComponentType, Configuration, Mavsdk
from mavsdk.plugins.action import Action, ActionError
from mavsdk.plugins.geofence import FenceType, Geofence, GeofenceData, Point, Polygon
from mavsdk.plugins.mission_raw import MissionItem, MissionRaw
from mavsdk.plugins.param import Param
from mavsdk.plugins.telemetry import Telemetry

WAYPOINT, RTL, TAKEOFF, RALLY = 16, 20, 22, 5100
RELATIVE = 3


def until(done: Callable[[], bool], limit_s: float = 40.0, what: str = "") -> None:
    end = time.monotonic() + limit_s
    while not done():
        if time.monotonic() > end:
            raise SystemExit(f"it did not happen in time: {what}")
        time.sleep(0.05)


class Seen:
    """The newest value of what Telemetry streams."""

    def __init__(self, telemetry: Telemetry) -> None:
        self.position: Any = None
        self.armed = self.in_air = False
        self.texts: list[str] = []
        self._handles = [
            telemetry.subscribe_position(self._take("position")),
            telemetry.subscribe_armed(self._take("armed")),
            telemetry.subscribe_in_air(self._take("in_air")),
            telemetry.subscribe_status_text(lambda text, *_: self.texts.append(text.text)),
        ]

    def _take(self, name: str) -> Callable[..., None]:
        return lambda value, *_: setattr(self, name, value)


def item(seq: int, command: int, lat: float, lon: float, z: float, kind: int = 0) -> MissionItem:
    place = round(lat * 1e7), round(lon * 1e7), z
    return MissionItem(seq, RELATIVE, command, 1 if seq == 0 else 0, 1, 0, 0, 0, 0, *place, kind)


def mission(px4: bool, lat: float, lon: float) -> list[MissionItem]:
    legs = [(TAKEOFF, 0.0, 40), (WAYPOINT, 0.001, 50), (WAYPOINT, 0.003, 50), (RTL, 0.0, 0)]
    head = [] if px4 else [(WAYPOINT, 0.0, 0)]
    return [
        item(k, command, lat + dlat, lon, z) for k, (command, dlat, z) in enumerate([*head, *legs])
    ]


def fence(lat: float, lon: float) -> GeofenceData:
    corners = [(-0.01, -0.01), (-0.01, 0.01), (0.01, 0.01), (0.01, -0.01)]
    ring = [Point(lat + a, lon + b) for a, b in corners]
    return GeofenceData([Polygon(ring, FenceType.INCLUSION)], [])


def fly(port: int, px4: bool) -> dict[str, Any]:
    mavsdk = Mavsdk(Configuration.create_with_component_type(ComponentType.GROUND_STATION))
    mavsdk.add_any_connection(f"tcpout://127.0.0.1:{port}")
    system = mavsdk.first_autopilot(20.0)
    if system is None:
        raise SystemExit("no autopilot")
    action, telemetry = Action(system), Telemetry(system)
    raw, param, geofence = MissionRaw(system), Param(system), Geofence(system)
    if not px4:
        telemetry.set_rate_position(5.0)
        telemetry.set_rate_landed_state(5.0)
    seen = Seen(telemetry)
    until(lambda: seen.position is not None and seen.position.latitude_deg, what="a position")
    parameters = param.get_all_params()
    count = len(parameters.int_params) + len(parameters.float_params)
    lat, lon = seen.position.latitude_deg, seen.position.longitude_deg
    items = mission(px4, lat, lon)
    raw.upload_mission(items)
    back = raw.download_mission()
    geofence.upload_geofence(fence(lat, lon))
    raw.upload_rally_points([item(0, RALLY, lat + 0.0005, lon, 30, 2)])
    name = "GF_ACTION" if px4 else "FENCE_TYPE"
    param.set_param_int(name, 3 if px4 else 4)
    seconds = time.monotonic()
    arm(action, raw, px4)
    until(lambda: seen.in_air, what="a take-off")

    def height() -> float:
        return float(seen.position.relative_altitude_m)

    if px4:  # up to MIS_TAKEOFF_ALT, then into the mission
        until(lambda: height() > 1.5, what="a climb")
        raw.start_mission()
    until(lambda: height() > 38, what="the mission")
    raw.pause_mission()
    time.sleep(0.5)
    raw.start_mission()
    until(lambda: seen.position.latitude_deg > lat + 0.0008, what="the first waypoint")
    action.goto_location(lat + 0.002, lon + 0.001, seen.position.absolute_altitude_m, 0.0)
    until(lambda: abs(seen.position.longitude_deg - lon - 0.001) < 5e-5, what="the place")
    action.return_to_launch()
    until(lambda: not seen.in_air and not seen.armed, 60.0, what="the landing")
    landed = seen.position.latitude_deg - lat, seen.position.longitude_deg - lon
    result = {
        "parameters": count,
        "items": [i.command for i in back],
        "landed": landed,
        "seconds": time.monotonic() - seconds,
        "texts": seen.texts,
    }
    mavsdk.destroy()
    return result


def arm(action: Action, raw: MissionRaw, px4: bool) -> None:
    """Armed as soon as the checks pass, and off the ground."""
    end = time.monotonic() + 40.0
    while True:
        try:
            action.arm()
            break
        except ActionError as error:
            if time.monotonic() > end:
                raise SystemExit(f"arming: {error}") from error
            time.sleep(0.5)
    if px4:
        action.takeoff()
    else:
        raw.start_mission()


if __name__ == "__main__":
    print(json.dumps(fly(int(sys.argv[1]), sys.argv[2] == "px4")))
