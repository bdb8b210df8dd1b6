"""A route as MAVLink mission items, the common ground of the ArduPilot and QGroundControl files.

Numbers are those of the MAVLink common message set (mavlink.io/en/messages/common.html).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from core.geo import LonLat
from core.route import Route, Waypoint

WAYPOINT = 16
RETURN_TO_LAUNCH = 20
LAND = 21
TAKEOFF = 22
CONDITION_YAW = 115
CHANGE_SPEED = 178
CONTROL_CAMERA = 203
MOUNT_CONTROL = 205
TRIGGER_DISTANCE = 206
FRAME_GLOBAL = 0
FRAME_MISSION = 2
FRAME_ABOVE_HOME = 3
FRAME_ABOVE_GROUND = 10
MAVLINK_TARGETING = 2
"""MAV_MOUNT_MODE_MAVLINK_TARGETING: the mission sets the angles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One MISSION_ITEM; x and y in degrees of latitude and longitude, z in metres."""

    frame: int
    command: int
    params: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    x: float = 0.0
    y: float = 0.0
    z: float = 0.0


def items(route: Route, cruise_mps: float) -> list[Item]:
    """Take-off, the route's waypoints with their camera commands, and the return.

    Heights are above the ground below (terrain frame), or above mean sea level where the route
    says them, so that the file flies what was planned.
    """
    first = route.waypoints[0]
    found = [Item(frame=FRAME_ABOVE_HOME, command=TAKEOFF, z=round(first.height_m, 2))]
    before = Waypoint(position=first.position, height_m=first.height_m, gimbal_pitch_deg=math.nan)
    for point in route.waypoints:
        found.append(_waypoint(point))
        found.extend(_changes(before, point, cruise_mps))
        before = point
    return [*found, Item(frame=FRAME_MISSION, command=RETURN_TO_LAUNCH)]


def home(position: LonLat, altitude_m: float) -> Item:
    """The item 0 of a waypoint file: where the vehicle stands, metres above mean sea level."""
    return Item(frame=FRAME_GLOBAL, command=WAYPOINT, x=position.lat, y=position.lon, z=altitude_m)


def _waypoint(point: Waypoint) -> Item:
    high = point.amsl_m
    return Item(
        frame=FRAME_ABOVE_GROUND if high is None else FRAME_GLOBAL,
        command=WAYPOINT,
        params=(point.hold_s, 0.0, 0.0, 0.0),
        x=point.position.lat,
        y=point.position.lon,
        z=round(point.height_m if high is None else high, 2),
    )


def _changes(before: Waypoint, point: Waypoint, cruise_mps: float) -> Iterator[Item]:
    """What is switched at a waypoint: camera angle, heading, speed, single and repeated photos."""
    if point.gimbal_pitch_deg != before.gimbal_pitch_deg:
        aim = Item(frame=FRAME_MISSION, command=MOUNT_CONTROL, z=MAVLINK_TARGETING)
        yield replace(aim, params=(point.gimbal_pitch_deg, 0.0, 0.0, 0.0))
    if point.heading_deg is not None and point.heading_deg != before.heading_deg:
        yield _do(CONDITION_YAW, point.heading_deg, 0.0, 0.0)
    speed = point.speed_mps or cruise_mps
    if speed != (before.speed_mps or cruise_mps):
        yield _do(CHANGE_SPEED, 1.0, round(speed, 3), -1.0)  # 1: over ground
    if point.photo:
        yield _do(TRIGGER_DISTANCE, 0.0, 0.0, 1.0)  # one at once
    if point.photo_spacing_m != before.photo_spacing_m:
        spacing = point.photo_spacing_m
        yield _do(TRIGGER_DISTANCE, round(spacing, 2), 0.0, float(spacing > 0))


def _do(command: int, a: float, b: float, c: float) -> Item:
    return Item(frame=FRAME_MISSION, command=command, params=(a, b, c, 0.0))
