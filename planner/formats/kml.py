"""KML and KMZ: areas and lines in, a route out (OGC 12-007)."""

import re
from itertools import pairwise
from typing import Any, cast

import pygeoif
import shapely
from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException
from fastkml import KML, Data
from fastkml.containers import Document
from fastkml.enums import AltitudeMode
from fastkml.features import Placemark
from fastkml.geometry import create_kml_geometry
from fastkml.utils import find_all

from core.errors import InvalidInput
from core.route import Route, Waypoint
from planner.formats.packed import member, names
from planner.formats.place import Place, checked

_TUPLE = re.compile(r"[^\s]+")


def write(route: Route, name: str = "route") -> str:
    """The path as one line and each photo leg as another; heights above ground, or above the sea
    where the route says them."""
    points = route.waypoints
    sea = all(w.amsl_m is not None for w in points)
    mode = AltitudeMode("absolute" if sea else "relativeToGround")
    features = [_line("path", list(points), mode)]
    for number, (a, b) in enumerate(pairwise(points)):
        if a.photo_spacing_m > 0:
            features.append(_line(f"photos {number}", [a, b], mode))
    features += [_line(f"photo {k}", [w], mode) for k, w in enumerate(points) if w.photo]
    document = Document(name=name, features=features)
    return str(KML(features=[document]).to_string(prettyprint=True))


def _line(name: str, points: list[Waypoint], mode: AltitudeMode) -> Placemark:
    places = [
        (w.position.lon, w.position.lat, w.height_m if w.amsl_m is None else w.amsl_m)
        for w in points
    ]
    shape = pygeoif.LineString(places) if len(places) > 1 else pygeoif.Point(*places[0])
    return Placemark(name=name, kml_geometry=create_kml_geometry(shape, altitude_mode=mode))


def read(content: bytes, where: str) -> list[Place]:
    """Every placemark with a geometry, of a KML or of a KMZ's main file.

    Raises:
        InvalidInput: no KML, or coordinates that are none.
    """
    if content[:2] == b"PK":
        inside = [n for n in names(content, where) if n.lower().endswith(".kml")]
        if not inside:
            raise InvalidInput("it holds no .kml", where=where, remedy="pack it again")
        content = member(content, inside[0], where)
    _check(content, where)
    try:
        # bytes, though its hint says text: lxml refuses text that declares an encoding
        root = KML.from_string(cast(str, content), strict=False)
    except (SyntaxError, ValueError) as error:  # lxml's errors are SyntaxErrors
        raise InvalidInput(
            f"no KML that can be read: {str(error)[:120]}", where=where, remedy="export it again"
        ) from error
    found = []
    marks = (cast(Placemark, mark) for mark in find_all(root, of_type=Placemark))
    for number, mark in enumerate(marks, 1):
        name = mark.name or f"placemark {number}"
        if mark.geometry is not None:
            shape = _flat(mark.geometry, f"{where}, {name}")
            found.append(checked(Place(name, shape, _data(mark)), f"{where}, {name}"))
    if not found:
        raise InvalidInput(
            "it holds no placemark with a geometry",
            where=where,
            remedy="draw an area, a line or points and save again",
        )
    return found


def _flat(geometry: Any, where: str) -> shapely.Geometry:
    try:
        return shapely.force_2d(shapely.geometry.shape(geometry))
    except (AttributeError, TypeError, ValueError) as error:  # the reader makes "nan" an empty one
        raise InvalidInput(
            "its coordinates are no numbers", where=where, remedy="draw it anew and save again"
        ) from error


def _data(mark: Placemark) -> dict[str, Any]:
    """Extended data of a placemark: names with their values."""
    elements = mark.extended_data.elements if mark.extended_data else ()
    return {e.name: e.value for e in elements if isinstance(e, Data) and e.name}


def _check(content: bytes, where: str) -> None:
    """Refuse what the library would read as something else, or choke on: entities, bad XML and
    coordinate nodes that are no numbers."""
    try:
        root = ElementTree.fromstring(content)
    except (ElementTree.ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise InvalidInput(f"no KML: {error}", where=where, remedy="save it again") from error
    if not root.tag.endswith("}kml") and root.tag != "kml":
        raise InvalidInput(f"its root is {root.tag}, not kml", where=where, remedy="save it again")
    for number, node in enumerate(root.findall(".//{*}coordinates"), 1):
        for text in _TUPLE.findall(node.text or ""):
            parts = text.split(",")
            try:
                numbers = [float(p) for p in parts if p]
            except ValueError:
                numbers = []
            if len(numbers) not in (2, 3) or len(numbers) < len([p for p in parts[:2] if p]):
                raise InvalidInput(
                    f"{text[:40]!r} is no place",
                    where=f"{where}, coordinates node {number}",
                    remedy="write longitude,latitude[,height] without spaces within",
                )
