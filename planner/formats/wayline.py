"""DJI's wayline files read back: the other way of `wpml`."""

import re
from dataclasses import replace
from xml.etree.ElementTree import Element

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from core.equipment import Sensor
from core.errors import InvalidInput
from core.geo import LonLat
from core.route import Route, Waypoint
from planner.formats.packed import member
from planner.formats.site import Imported
from planner.formats.wpml import LENSES, WAYLINES

_SENSORS = {lens: sensor for sensor, lens in LENSES.items()}
_HEIGHTS = {
    "realTimeFollowSurface": "",
    "relativeToStartPoint": "heights above the start point are taken as heights above level ground",
}
_MOVES = ("takePhoto", "gimbalRotate", "hover", "gimbalEvenlyRotate")


def read(content: bytes, where: str, cruise_mps: float | None = None) -> Imported:
    """The route of the first wayline.

    Args:
        cruise_mps: legs of this speed become "cruise"; None takes the file's own global speed.

    Raises:
        InvalidInput: no wayline file, or one without waypoints.
    """
    folder = _folder(member(content, WAYLINES, where), where)
    notes: dict[str, None] = {}
    mode = _text(folder, "executeHeightMode")
    if mode not in _HEIGHTS:
        raise InvalidInput(
            f"heights of mode {mode!r} cannot be read without a geoid model",
            where=where,
            remedy="save it with heights relative to the start point",
        )
    if _HEIGHTS[mode]:
        notes[_HEIGHTS[mode]] = None
    cruise = cruise_mps or float(_text(folder, "autoFlightSpeed") or 0)
    points: list[Waypoint] = []
    for number, mark in enumerate(folder.findall("{*}Placemark")):
        spot = f"{where}, waypoint {number}"
        points.append(_point(mark, points[-1] if points else None, cruise, spot))
        points[-1] = _acted(points[-1], mark, number, notes)
    if not points:
        raise InvalidInput("it holds no waypoint", where=where, remedy="save it anew")
    return Imported(Route(tuple(points)), tuple(notes))


def _folder(text: bytes, where: str) -> Element:
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, DefusedXmlException) as error:
        raise InvalidInput(f"no XML: {error}", where=where, remedy="save it anew") from error
    folder = root.find("{*}Document/{*}Folder")
    if folder is None:
        raise InvalidInput("it has no wayline (Folder)", where=where, remedy="save it anew")
    return folder


def _text(parent: Element, name: str) -> str:
    return (parent.findtext("{*}" + name) or "").strip()


def _point(mark: Element, before: Waypoint | None, cruise_mps: float, where: str) -> Waypoint:
    try:
        parts = re.split(r"[,\s]+", (mark.findtext("{*}Point/{*}coordinates") or "").strip())
        place = LonLat(float(parts[0]), float(parts[1]))
        height = float(_text(mark, "executeHeight"))
        speed = float(_text(mark, "waypointSpeed") or cruise_mps)
        angle = mark.findtext("{*}waypointHeadingParam/{*}waypointHeadingAngle")
        mode = mark.findtext("{*}waypointHeadingParam/{*}waypointHeadingMode")
        heading = float(angle) % 360 if angle and mode in ("smoothTransition", "fixed") else None
    except (ValueError, IndexError) as error:
        raise InvalidInput(f"no waypoint: {error}", where=where, remedy="mend it") from error
    return Waypoint(
        position=place,
        height_m=height,
        speed_mps=None if abs(speed - cruise_mps) < 0.01 else speed,
        heading_deg=heading,
        gimbal_pitch_deg=before.gimbal_pitch_deg if before else -90.0,
        sensor=before.sensor if before else None,
    )


def _acted(point: Waypoint, mark: Element, index: int, notes: dict[str, None]) -> Waypoint:
    """The waypoint with what its action groups do there and on the leg that follows."""
    for group in mark.findall("{*}actionGroup"):
        trigger = group.findtext("{*}actionTrigger/{*}actionTriggerType")
        spacing = float(group.findtext("{*}actionTrigger/{*}actionTriggerParam") or 0)
        if int(_text(group, "actionGroupEndIndex") or index) > index + 1:
            notes["an action over several legs is kept on its first leg only"] = None
        if trigger == "multipleTiming":
            notes["photographs by time are left out: photographs are taken by distance"] = None
            continue
        for action in group.findall("{*}action"):
            what = _text(action, "actionActuatorFunc")
            how = action.find("{*}actionActuatorFuncParam")
            if what not in _MOVES or how is None:
                notes[f"action {what!r} is left out: a route has nothing like it"] = None
            elif trigger == "multipleDistance" and what == "takePhoto":
                point = replace(point, photo_spacing_m=spacing, sensor=_sensor(how))
            else:
                point = _at(point, what, how)
    return point


def _at(point: Waypoint, what: str, how: Element) -> Waypoint:
    if what == "takePhoto":
        return replace(point, photo=True, sensor=_sensor(how))
    if what == "hover":
        return replace(point, hold_s=point.hold_s + float(_text(how, "hoverTime")))
    if _text(how, "gimbalPitchRotateEnable") == "0":
        return point
    return replace(point, gimbal_pitch_deg=float(_text(how, "gimbalPitchRotateAngle")))


def _sensor(how: Element) -> Sensor | None:
    return _SENSORS.get(_text(how, "payloadLensIndex"))
