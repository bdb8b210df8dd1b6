"""What other programs ask of their files, written from their documentation and not from our code.

QGroundControl: docs.qgroundcontrol.com, Plan file format. DJI: Cloud API, DJI WPML, the columns
"Is it required" of the element tables (waylines.wpml, common elements).
"""

import math
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

QGC_TOP = {"fileType": str, "geoFence": dict, "groundStation": str, "mission": dict,
           "rallyPoints": dict, "version": int}  # fmt: skip
QGC_MISSION = {"version": int, "firmwareType": int, "globalPlanAltitudeMode": int,
               "vehicleType": int, "cruiseSpeed": (int, float), "hoverSpeed": (int, float),
               "items": list, "plannedHomePosition": list}  # fmt: skip
QGC_ITEM = {"type": str, "autoContinue": bool, "command": int, "doJumpId": int, "frame": int,
            "params": list}  # fmt: skip
WITH_PLACE = range(16, 96)
"""MAV_CMD_NAV_*: latitude, longitude and altitude are parameters 5 to 7."""


def qgc_faults(plan: dict[str, Any]) -> Iterator[str]:
    """Everything that QGroundControl's format documentation does not allow in a plan."""
    yield from _typed(plan, QGC_TOP, "plan")
    if plan.get("fileType") != "Plan" or plan.get("version") != 1:
        yield "fileType or version"
    mission = plan["mission"]
    yield from _typed(mission, QGC_MISSION, "mission")
    if mission["version"] != 2 or not mission["items"] or len(mission["plannedHomePosition"]) != 3:
        yield "mission version, items or home"
    for number, item in enumerate(mission["items"], 1):
        yield from _typed(item, QGC_ITEM, f"item {number}")
        if item["doJumpId"] != number or len(item["params"]) != 7:
            yield f"item {number}: doJumpId or params"
        if item["command"] == 16 and not (
            abs(item["params"][4]) <= 90 and 0 < abs(item["params"][5]) <= 180
        ):
            yield f"item {number}: place"
        if item["command"] in WITH_PLACE and item["command"] != 20 and "AltitudeMode" not in item:
            yield f"item {number}: AltitudeMode"
    for fence in plan["geoFence"].get("polygons", []):
        if len(fence["polygon"]) < 3 or fence["version"] != 1 or "inclusion" not in fence:
            yield "fence"
    if plan["geoFence"]["version"] != 2 or plan["rallyPoints"]["version"] != 2:
        yield "geoFence or rallyPoints version"


def _typed(given: dict[str, Any], wanted: dict[str, Any], where: str) -> Iterator[str]:
    for key, kind in wanted.items():
        if not isinstance(given.get(key), kind):
            yield f"{where}: {key} is {given.get(key)!r}"


WPML_ENUMS = {
    "flyToWaylineMode": {"safely", "pointToPoint"},
    "finishAction": {"goHome", "noAction", "autoLand", "gotoFirstWaypoint"},
    "exitOnRCLost": {"goContinue", "executeLostAction"},
    "executeRCLostAction": {"goBack", "landing", "hover"},
    "executeHeightMode": {"WGS84", "relativeToStartPoint", "realTimeFollowSurface"},
    "waypointHeadingMode": {
        "followWayline", "manually", "fixed", "smoothTransition", "towardPOI"
    },
    "waypointHeadingPathMode": {"clockwise", "counterClockwise", "followBadArc"},
    "waypointTurnMode": {
        "coordinateTurn", "toPointAndStopWithDiscontinuityCurvature",
        "toPointAndStopWithContinuityCurvature", "toPointAndPassWithContinuityCurvature",
    },
    "actionTriggerType": {
        "reachPoint", "betweenAdjacentPoints", "multipleTiming", "multipleDistance"
    },
    "actionGroupMode": {"sequence"},
    "templateType": {"waypoint", "mapping2d", "mapping3d", "mappingStrip"},
    "gimbalRotateMode": {"absoluteAngle"},
    "gimbalHeadingYawBase": {"north"},
    "heightMode": {"EGM96", "relativeToStartPoint", "aboveGroundLevel", "realTimeFollowSurface"},
    "coordinateMode": {"WGS84"},
}  # fmt: skip
WPML_REQUIRED = {
    "missionConfig": "flyToWaylineMode finishAction exitOnRCLost executeRCLostAction "
    "takeOffSecurityHeight globalTransitionalSpeed globalRTHHeight droneInfo payloadInfo",
    "droneInfo": "droneEnumValue droneSubEnumValue",
    "payloadInfo": "payloadEnumValue payloadPositionIndex",
    "waypointHeadingParam": "waypointHeadingMode waypointHeadingPathMode",
    "waypointTurnParam": "waypointTurnMode waypointTurnDampingDist",
    "actionGroup": "actionGroupId actionGroupStartIndex actionGroupEndIndex actionGroupMode "
    "actionTrigger action",
    "actionTrigger": "actionTriggerType",
    "action": "actionId actionActuatorFunc actionActuatorFuncParam",
}
WAYLINES_FOLDER = "templateId waylineId autoFlightSpeed executeHeightMode"
WAYLINES_POINT = "index executeHeight waypointSpeed waypointHeadingParam waypointTurnParam"
TEMPLATE_FOLDER = (
    "templateType templateId autoFlightSpeed waylineCoordinateSysParam payloadParam "
    "globalWaypointTurnMode gimbalPitchMode globalHeight globalWaypointHeadingParam"
)
TEMPLATE_POINT = (
    "index useGlobalHeight ellipsoidHeight height useGlobalSpeed useGlobalHeadingParam "
    "useGlobalTurnParam gimbalPitchAngle"
)
ACTIONS = {
    "takePhoto": "payloadPositionIndex fileSuffix payloadLensIndex useGlobalPayloadLensIndex",
    "gimbalRotate": "payloadPositionIndex gimbalHeadingYawBase gimbalRotateMode "
    "gimbalPitchRotateEnable gimbalPitchRotateAngle gimbalRollRotateEnable gimbalRollRotateAngle "
    "gimbalYawRotateEnable gimbalYawRotateAngle gimbalRotateTimeEnable gimbalRotateTime",
    "hover": "hoverTime",
}


def wpml_faults(root: Element, template: bool) -> Iterator[str]:
    """Everything that DJI's element tables do not allow in one of the two files."""
    document = root.find("{*}Document")
    if document is None or document.find("{*}missionConfig") is None:
        yield "Document/missionConfig"
        return
    folder = document.find("{*}Folder")
    assert folder is not None
    yield from _has(folder, TEMPLATE_FOLDER if template else WAYLINES_FOLDER)
    for node in root.iter():
        name = node.tag.rsplit("}", 1)[-1]
        if name in WPML_ENUMS and (node.text or "") not in WPML_ENUMS[name]:
            yield f"{name}: {node.text!r}"
        if name in WPML_REQUIRED:
            yield from _has(node, WPML_REQUIRED[name])
        if name == "action":
            kind = node.findtext("{*}actionActuatorFunc") or ""
            how = node.find("{*}actionActuatorFuncParam")
            if kind not in ACTIONS or how is None:
                yield f"action {kind!r}"
            else:
                yield from _has(how, ACTIONS[kind])
    marks = folder.findall("{*}Placemark")
    groups = [g.findtext("{*}actionGroupId") for g in root.findall(".//{*}actionGroup")]
    if len(set(groups)) < len(groups):
        yield "actionGroupId is not unique"
    for number, mark in enumerate(marks):
        yield from _has(mark, TEMPLATE_POINT if template else WAYLINES_POINT)
        if mark.findtext("{*}index") != str(number):
            yield f"index of placemark {number}"
        lon, lat = (mark.findtext("{*}Point/{*}coordinates") or "nan,nan").split(",")[:2]
        if not (abs(float(lon)) <= 180 and abs(float(lat)) <= 90):
            yield f"place of placemark {number}"
        speed = float(mark.findtext("{*}waypointSpeed") or "nan")
        if not 0 < speed < math.inf:
            yield f"speed of placemark {number}"


def _has(node: Element, names: str) -> Iterator[str]:
    for name in names.split():
        if node.find("{*}" + name) is None:
            yield f"{node.tag.rsplit('}', 1)[-1]} has no {name}"
