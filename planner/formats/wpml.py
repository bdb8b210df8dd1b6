"""DJI's wayline files: a `.kmz` with `wpmz/template.kml` and `wpmz/waylines.wpml`.

Elements and which of them are required: DJI Cloud API, DJI WPML (developer.dji.com,
api-reference/dji-wpml), version 1.0.2. Heights are above the start point, which DJI's aircraft take
from every product: those of a route with heights above the sea are exact, others hold on ground
that is level with the start.
"""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from xml.etree import ElementTree as ET

from core.equipment import Sensor
from core.geo import path_length_m
from core.route import Route, Waypoint
from planner.formats.site import Site

KML = "http://www.opengis.net/kml/2.2"
WPML = "http://www.dji.com/wpmz/1.0.2"
TEMPLATE, WAYLINES = "wpmz/template.kml", "wpmz/waylines.wpml"
SAFE_HEIGHT_M = 20.0
"""Climb straight up to this before turning to the first waypoint (DJI: 8 to 1500 m for docks)."""
FASTEST_MPS = 15.0
"""DJI's limit of the speed between waylines."""
LENSES = {Sensor.VISIBLE: "wide", Sensor.ZOOM: "zoom", Sensor.THERMAL: "ir", None: "wide,ir"}
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Aircraft:
    """DJI's numbers of an aircraft and its camera (Product Support, enumeration values)."""

    drone: int
    drone_sub: int
    payload: int


MATRICE_3TD = Aircraft(91, 1, 81)
"""The drone of DJI Dock 2."""


def write(route: Route, site: Site, aircraft: Aircraft = MATRICE_3TD) -> bytes:
    """The content of the `.kmz`; the same for the same route, byte by byte."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in (
            (TEMPLATE, _template(route, site, aircraft)),
            (WAYLINES, _waylines(route, site, aircraft)),
        ):
            packed.writestr(zipfile.ZipInfo(name, _EPOCH), text, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def above_start_m(point: Waypoint, site: Site) -> float:
    """A waypoint's height above the start point."""
    return point.height_m if point.amsl_m is None else point.amsl_m - site.home_amsl_m


def _template(route: Route, site: Site, aircraft: Aircraft) -> bytes:
    document, config, folder = _document(site, aircraft)
    document.extend([config, folder])
    _put(folder, templateType="waypoint", templateId=0, autoFlightSpeed=site.spec.cruise_mps)
    system = _sub(folder, "waylineCoordinateSysParam")
    _put(system, coordinateMode="WGS84", heightMode="relativeToStartPoint", positioningType="GPS")
    payload = _sub(folder, "payloadParam")
    _put(payload, payloadPositionIndex=0, imageFormat="wide,ir")
    _put(folder, globalHeight=above_start_m(route.waypoints[0], site))
    _put(folder, gimbalPitchMode="usePointSetting")
    _put(_sub(folder, "globalWaypointHeadingParam"), **_heading(None))
    _put(folder, globalWaypointTurnMode="toPointAndStopWithDiscontinuityCurvature")
    for index, point in enumerate(route.waypoints):
        mark = _placemark(folder, index, point)
        high = above_start_m(point, site)
        _put(mark, ellipsoidHeight=high, height=high, useGlobalHeight=0)
        _put(mark, useGlobalSpeed=0, waypointSpeed=_speed(point, site))
        _put(mark, useGlobalHeadingParam=0)
        _put(_sub(mark, "waypointHeadingParam"), **_heading(point))
        _put(mark, useGlobalTurnParam=1, gimbalPitchAngle=point.gimbal_pitch_deg)
    return _text(document)


def _waylines(route: Route, site: Site, aircraft: Aircraft) -> bytes:
    document, config, folder = _document(site, aircraft)
    document.extend([config, folder])
    _put(folder, templateId=0, executeHeightMode="relativeToStartPoint", waylineId=0)
    _put(folder, distance=route.length_m, duration=_seconds(route, site))
    _put(folder, autoFlightSpeed=site.spec.cruise_mps)
    group = 0
    for index, point in enumerate(route.waypoints):
        mark = _placemark(folder, index, point)
        _put(mark, executeHeight=above_start_m(point, site), waypointSpeed=_speed(point, site))
        _put(_sub(mark, "waypointHeadingParam"), **_heading(point))
        turn = _sub(mark, "waypointTurnParam")
        _put(turn, waypointTurnMode="toPointAndStopWithDiscontinuityCurvature")
        _put(turn, waypointTurnDampingDist=0)
        for trigger, end, actions in _groups(route, index):
            _action_group(mark, group, (index, end), trigger, actions)
            group += 1
    return _text(document)


Action = tuple[str, dict[str, object]]


def _groups(route: Route, index: int) -> Iterator[tuple[tuple[str, float], int, list[Action]]]:
    """Trigger, last waypoint and actions of each group that begins at a waypoint."""
    point = route.waypoints[index]
    shoot: Action = (
        "takePhoto",
        {
            "payloadPositionIndex": 0,
            "fileSuffix": f"w{index}",
            "payloadLensIndex": LENSES[point.sensor],
            "useGlobalPayloadLensIndex": 0,
        },
    )
    at: list[Action] = []
    if index == 0 or point.gimbal_pitch_deg != route.waypoints[index - 1].gimbal_pitch_deg:
        at.append(("gimbalRotate", _rotation(point.gimbal_pitch_deg)))
    if point.hold_s > 0:
        at.append(("hover", {"hoverTime": point.hold_s}))
    if point.photo:
        at.append(shoot)
    if at:
        yield ("reachPoint", 0.0), index, at
    if point.photo_spacing_m > 0 and index + 1 < len(route.waypoints):
        yield ("multipleDistance", point.photo_spacing_m), index + 1, [shoot]


def _rotation(pitch_deg: float) -> dict[str, object]:
    return {
        "payloadPositionIndex": 0,
        "gimbalHeadingYawBase": "north",
        "gimbalRotateMode": "absoluteAngle",
        "gimbalPitchRotateEnable": 1,
        "gimbalPitchRotateAngle": pitch_deg,
        "gimbalRollRotateEnable": 0,
        "gimbalRollRotateAngle": 0,
        "gimbalYawRotateEnable": 0,
        "gimbalYawRotateAngle": 0,
        "gimbalRotateTimeEnable": 0,
        "gimbalRotateTime": 0,
    }


def _action_group(
    mark: ET.Element,
    number: int,
    reach: tuple[int, int],
    trigger: tuple[str, float],
    actions: list[Action],
) -> None:
    group = _sub(mark, "actionGroup")
    _put(group, actionGroupId=number, actionGroupStartIndex=reach[0], actionGroupEndIndex=reach[1])
    _put(group, actionGroupMode="sequence")
    when = _sub(group, "actionTrigger")
    _put(when, actionTriggerType=trigger[0])
    if trigger[1]:
        _put(when, actionTriggerParam=trigger[1])
    for k, (what, how) in enumerate(actions):
        action = _sub(group, "action")
        _put(action, actionId=k, actionActuatorFunc=what)
        _put(_sub(action, "actionActuatorFuncParam"), **how)


def _heading(point: Waypoint | None) -> dict[str, object]:
    fixed = None if point is None else point.heading_deg
    if fixed is None:
        return {"waypointHeadingMode": "followWayline", "waypointHeadingPathMode": "followBadArc"}
    return {
        "waypointHeadingMode": "smoothTransition",
        "waypointHeadingAngle": (fixed + 180) % 360 - 180,
        "waypointHeadingPathMode": "followBadArc",
    }


def _speed(point: Waypoint, site: Site) -> float:
    return point.speed_mps or site.spec.cruise_mps


def _seconds(route: Route, site: Site) -> float:
    legs = (
        path_length_m((a.position, b.position)) / _speed(a, site)
        for a, b in pairwise(route.waypoints)
    )
    return sum(legs) + sum(w.hold_s for w in route.waypoints)


def _document(site: Site, aircraft: Aircraft) -> tuple[ET.Element, ET.Element, ET.Element]:
    """The document, with a configuration and a folder that are still to be put into it."""
    document = ET.Element(f"{{{KML}}}Document")
    config = ET.Element(f"{{{WPML}}}missionConfig")
    _put(config, flyToWaylineMode="safely", finishAction="goHome", exitOnRCLost="executeLostAction")
    _put(config, executeRCLostAction="goBack", takeOffSecurityHeight=SAFE_HEIGHT_M)
    _put(config, globalTransitionalSpeed=min(site.spec.cruise_mps, FASTEST_MPS))
    _put(config, globalRTHHeight=site.spec.max_height_m)
    drone = _sub(config, "droneInfo")
    _put(drone, droneEnumValue=aircraft.drone, droneSubEnumValue=aircraft.drone_sub)
    payload = _sub(config, "payloadInfo")
    _put(payload, payloadEnumValue=aircraft.payload, payloadPositionIndex=0)
    return document, config, ET.Element(f"{{{KML}}}Folder")


def _placemark(folder: ET.Element, index: int, point: Waypoint) -> ET.Element:
    mark = ET.SubElement(folder, f"{{{KML}}}Placemark")
    place = ET.SubElement(ET.SubElement(mark, f"{{{KML}}}Point"), f"{{{KML}}}coordinates")
    place.text = f"{point.position.lon:.8f},{point.position.lat:.8f}"
    _put(mark, index=index)
    return mark


def _sub(parent: ET.Element, name: str) -> ET.Element:
    return ET.SubElement(parent, f"{{{WPML}}}{name}")


def _put(parent: ET.Element, **values: object) -> None:
    for name, value in values.items():
        text = f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
        _sub(parent, name).text = text


def _text(document: ET.Element) -> bytes:
    ET.register_namespace("", KML)
    ET.register_namespace("wpml", WPML)
    root = ET.Element(f"{{{KML}}}kml")
    root.append(document)
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="UTF-8", xml_declaration=True))
