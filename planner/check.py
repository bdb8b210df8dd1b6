"""Which looks can be planned at all, and what of them lies outside the zones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from planner import explain
from planner.problem import Look, Refusal, Station
from planner.routes.airspace import Airspace
from planner.sharing import Need, alone
from planner.sorties import polygons

WIDEST_M = 150_000.0
"""No look spans more: a city's drones fly 10 to 40 km from their docks."""
LARGEST_M2 = 2.0e9
"""2,000 km2, more than any county of a city; at 100 m of line spacing 370 flying hours."""
LEAST_CUT = 0.005
"""Share of a look that zones must cut off to be worth a note."""
CLEAR_M = 2.0
"""Distance from what is blocked at which geometry is cut, so that its ends stay free."""
_KINDS = {
    "area": ("Polygon", "MultiPolygon"),
    "corridor": ("LineString", "MultiLineString"),
    "points": ("Point", "MultiPoint"),
    "orbit": ("Point",),
    "facade": ("LineString", "MultiLineString"),
}


@dataclass(frozen=True, kw_only=True)
class Checked:
    """Needs of single looks, and what is refused or left out, by look id."""

    needs: tuple[Need, ...]
    refused: dict[str, Refusal]
    notes: dict[str, tuple[str, str]]


def check(looks: Iterable[Look], stations: Sequence[Station], sky: Airspace) -> Checked:
    """The needs of the looks that hold together; a refusal for each of the others."""
    needs: list[Need] = []
    refused: dict[str, Refusal] = {}
    notes: dict[str, tuple[str, str]] = {}
    sensors = frozenset[Any]().union(*(s.spec.sensors for s in stations))
    first = min(s.available_from for s in stations)
    last = max(s.available_until for s in stations)
    seen: set[str] = set()
    for look in looks:
        if look.id in seen:
            refused[look.id] = explain.geometry(look.id, "is given twice", "重复提交")
            continue
        seen.add(look.id)
        if look.latest <= look.earliest or look.latest <= first or look.earliest >= last:
            refused[look.id] = explain.no_window(look.id, look.earliest, look.latest, first, last)
        elif look.sensor not in sensors:
            refused[look.id] = explain.no_sensor(look.id, {look.sensor})
        else:
            found = _laid_out(look, sky)
            if isinstance(found, Refusal):
                refused[look.id] = found
                continue
            geometry, cut = found
            needs.append(alone(look, geometry))
            if cut > LEAST_CUT:
                notes[look.id] = explain.cut_off(cut)
    return Checked(needs=tuple(needs), refused=refused, notes=notes)


def _laid_out(look: Look, sky: Airspace) -> tuple[Any, float] | Refusal:
    """The look's geometry in metres outside the zones, and the share that they cut off."""
    wrong = _fault(look, sky)
    if wrong is not None:
        return explain.geometry(look.id, *wrong)
    metres = sky.frame.to_metres(shapely.force_2d(look.geometry))
    blocked = sky.blocked
    # of an orbit the ring counts, which may be free where its axis is not
    if blocked.is_empty or look.kind == "orbit" or not shapely.intersects(blocked, metres):
        return metres, 0.0
    free = _only(look.kind, metres.difference(blocked.buffer(CLEAR_M)))
    whole, left = _size(look.kind, metres), _size(look.kind, free)
    if left <= 0.02 * whole:
        return explain.zone(look.id)
    return free, 1 - left / whole


def _fault(look: Look, sky: Airspace) -> tuple[str, str] | None:
    """What is wrong with the geometry, in English and Chinese."""
    shape = look.geometry
    if shape is None or shape.is_empty:
        return "is empty", "几何为空"
    if shape.geom_type not in _KINDS[look.kind]:
        return f"is a {shape.geom_type}, which is no {look.kind}", "几何类型与任务类型不符"
    degrees = shapely.get_coordinates(shape)
    if not np.isfinite(degrees).all() or (np.abs(degrees) > (180, 90)).any():
        return "has coordinates that are no longitude and latitude", "坐标不是有效的经纬度"
    origin = sky.frame.origin
    if (np.abs(degrees - (origin.lon, origin.lat)) > 5.0).any():
        return "reaches far beyond the city", "范围远超本市"
    if look.kind == "area" and not shape.is_valid:
        return f"has a bad outline: {shapely.is_valid_reason(shape)}", "边界自相交或无效"
    metres = sky.frame.to_metres(shapely.force_2d(shape))
    x0, y0, x1, y1 = metres.bounds
    if max(x1 - x0, y1 - y0) > WIDEST_M or metres.area > LARGEST_M2:
        return "is too large for one look: split it", "范围过大，请拆分"
    if _size(look.kind, metres) <= 0:
        return "has no extent", "几何没有面积或长度"
    return None


def _only(kind: str, geometry: Any) -> Any:
    """The parts of a kind; a point or line that was wholly cut off leaves an empty one behind."""
    if kind == "area":
        return polygons(geometry)
    parts = [
        p for p in shapely.get_parts(geometry) if not p.is_empty and p.geom_type in _KINDS[kind]
    ]
    return shapely.MultiPoint(parts) if kind == "points" else shapely.MultiLineString(parts)


def _size(kind: str, metres: Any) -> float:
    if kind == "area":
        return float(metres.area)
    lines = kind in ("corridor", "facade")
    return float(metres.length if lines else shapely.get_num_coordinates(metres))
