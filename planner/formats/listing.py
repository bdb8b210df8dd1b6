"""Mission items back to a route: the other way of `items`, for files of any origin."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from core.errors import InvalidInput
from core.geo import LonLat
from core.route import Route, Waypoint
from planner.formats.items import (
    CHANGE_SPEED,
    CONDITION_YAW,
    CONTROL_CAMERA,
    FRAME_ABOVE_GROUND,
    FRAME_ABOVE_HOME,
    FRAME_GLOBAL,
    LAND,
    MOUNT_CONTROL,
    RETURN_TO_LAUNCH,
    TAKEOFF,
    TRIGGER_DISTANCE,
    WAYPOINT,
    Item,
)
from planner.formats.site import Imported

SPLINE, GIMBAL_PITCH_YAW, IMAGE_CAPTURE = 82, 1000, 2000
_FLOWN = (WAYPOINT, SPLINE)
_SILENT = (TAKEOFF, RETURN_TO_LAUNCH, LAND)
"""What every flight of ours does by itself."""
_FRAMES = {0: "amsl", 5: "amsl", 3: "home", 6: "home", 10: "ground", 11: "ground"}
"""MAV_FRAME: global, relative to home, terrain; the second of each pair with integer degrees."""


def route_of(
    items: Sequence[Item], *, where: str, cruise_mps: float | None = None, home_amsl_m: float = 0.0
) -> Imported:
    """The route that a list of mission items flies, from its first waypoint to its last.

    Args:
        cruise_mps: a speed change to this becomes "cruise"; None keeps every number.
        home_amsl_m: what heights above home are counted from, so that above-sea heights among
            them can be told; the ground is taken as level with home.

    Raises:
        InvalidInput: no waypoint, or a place or a frame that does not exist.
    """
    points: list[Waypoint] = []
    notes: dict[str, None] = {}
    for number, item in enumerate(items):
        if item.command in _FLOWN:
            spot = f"{where}, item {number}"
            points.append(_point(item, points, home_amsl_m, spot))
            if item.command == SPLINE:
                notes["spline waypoints are flown as straight legs"] = None
        elif item.command in _CHANGES and points:
            points[-1] = _CHANGES[item.command](points[-1], item, cruise_mps)
        elif item.command not in _SILENT:
            notes[f"command {item.command} is left out: a route has nothing like it"] = None
    if not points:
        raise InvalidInput("it holds no waypoint", where=where, remedy="give a mission that flies")
    return Imported(Route(tuple(points)), tuple(notes))


def _point(item: Item, before: Sequence[Waypoint], home_amsl_m: float, where: str) -> Waypoint:
    """A waypoint that goes on as the one before: speed, camera angle and photographs last."""
    datum = _FRAMES.get(item.frame)
    if datum is None:
        raise InvalidInput(
            f"frame {item.frame} is no frame of heights",
            where=where,
            remedy=f"use {FRAME_GLOBAL}, {FRAME_ABOVE_HOME} or {FRAME_ABOVE_GROUND}",
        )
    try:
        place = LonLat(item.y, item.x)
    except ValueError as error:
        raise InvalidInput(str(error), where=where, remedy="latitude first, in degrees") from error
    last = before[-1] if before else Waypoint(position=place, height_m=0.0)
    high = datum == "amsl"
    return replace(
        last,
        position=place,
        height_m=item.z - home_amsl_m if high else item.z,
        amsl_m=item.z if high else None,
        hold_s=item.params[0],
        photo=False,
    )


def _speed(point: Waypoint, item: Item, cruise_mps: float | None) -> Waypoint:
    speed = item.params[1]
    if speed <= 0:  # MAVLink: -1 and -2 for no change and default
        return point
    same = cruise_mps is not None and abs(speed - cruise_mps) < 1e-3
    return replace(point, speed_mps=None if same else speed)


def _pitch(point: Waypoint, item: Item, _: float | None) -> Waypoint:
    return replace(point, gimbal_pitch_deg=item.params[0])


def _trigger(point: Waypoint, item: Item, _: float | None) -> Waypoint:
    if item.params[0] > 0:
        return replace(point, photo_spacing_m=item.params[0])
    if item.params[2] > 0:
        return replace(point, photo=True)
    return replace(point, photo_spacing_m=0.0)


def _shot(point: Waypoint, _: Item, __: float | None) -> Waypoint:
    return replace(point, photo=True)


def _yaw(point: Waypoint, item: Item, _: float | None) -> Waypoint:
    return point if item.params[3] else replace(point, heading_deg=item.params[0])


_CHANGES: dict[int, Callable[[Waypoint, Item, float | None], Waypoint]] = {
    CHANGE_SPEED: _speed,
    MOUNT_CONTROL: _pitch,
    GIMBAL_PITCH_YAW: _pitch,
    TRIGGER_DISTANCE: _trigger,
    CONTROL_CAMERA: _shot,
    IMAGE_CAPTURE: _shot,
    CONDITION_YAW: _yaw,
}
