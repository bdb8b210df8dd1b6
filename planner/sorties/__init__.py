"""Long work is split into parts that each fit a vehicle's endurance, way out and back included.

The geometry is split, not the path, so that every kind of vehicle can fly each part in its own
height and lines; the union of the parts is the whole.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
import shapely.affinity
import shapely.ops

from planner.problem import LookKind
from planner.routes.points import visit

_SLICES = 96


def split(kind: LookKind, geometry: Any, count: int) -> list[Any]:
    """About ``count`` parts of equal work whose union is the geometry (metres)."""
    if count <= 1:
        return [geometry]
    if kind == "area":
        return _bands(geometry, count)
    if kind == "orbit":  # one circle: it shows its middle from all sides, or not at all
        return [geometry]
    if kind in ("corridor", "facade"):
        return _stretches(geometry, count, directed=kind == "facade")
    return [
        shapely.MultiPoint(group) for group in np.array_split(visit(geometry), count) if len(group)
    ]


def _bands(area: Any, count: int) -> list[Any]:
    """Bands of equal area across the longer side."""
    box = area.minimum_rotated_rectangle
    corners = shapely.get_coordinates(box)
    edges = np.diff(corners[:3], axis=0)
    long = edges[int(np.argmax(np.hypot(*edges.T)))]
    angle = float(np.degrees(np.arctan2(long[1], long[0])))
    level = shapely.affinity.rotate(area, -angle, origin=(0, 0))
    x0, y0, x1, y1 = level.bounds
    x = np.linspace(x0, x1, _SLICES + 1)
    shapely.prepare(level)
    slices = shapely.area(shapely.intersection(level, shapely.box(x[:-1], y0, x[1:], y1)))
    done = np.concatenate([[0.0], np.cumsum(slices)]) / slices.sum()
    cuts = np.interp(np.linspace(0, 1, count + 1), done, x)
    cuts[0], cuts[-1] = x0 - 1, x1 + 1
    bands = shapely.intersection(level, shapely.box(cuts[:-1], y0 - 1, cuts[1:], y1 + 1))
    turned = [shapely.affinity.rotate(b, angle, origin=(0, 0)) for b in bands]
    return [p for p in (polygons(t) for t in turned) if not p.is_empty]


def polygons(geometry: Any) -> Any:
    """Only the polygons of a geometry."""
    parts = [p for p in shapely.get_parts(geometry) if p.geom_type == "Polygon"]
    if len(parts) == 1:
        return parts[0]
    return shapely.MultiPolygon(parts)


def _stretches(line: Any, count: int, *, directed: bool) -> list[Any]:
    """Stretches of equal length; several lines are cut one after another.

    Args:
        directed: lines keep their direction.
    """
    merged = (
        shapely.line_merge(line, directed=directed) if line.geom_type == "MultiLineString" else line
    )
    lines = _in_order([p for p in shapely.get_parts(merged) if p.length > 0])
    each = sum(p.length for p in lines) / count
    found: list[Any] = []
    run: list[Any] = []
    room = each
    for part in lines:
        begin = 0.0
        while part.length - begin > room + 1e-6:
            run.append(shapely.ops.substring(part, begin, begin + room))
            found.append(run)
            begin, run, room = begin + room, [], each
        run.append(shapely.ops.substring(part, begin, part.length))
        room -= part.length - begin
    if run:
        found.append(run)
    return [r[0] if len(r) == 1 else shapely.MultiLineString(r) for r in found]


def _in_order(lines: Sequence[Any]) -> list[Any]:
    """Lines so that each begins near the end of the one before."""
    left = list(lines)
    if not left:
        return []
    done = [left.pop(0)]
    while left:
        end = shapely.Point(done[-1].coords[-1])
        nearest = min(range(len(left)), key=lambda k: left[k].distance(end))
        done.append(left.pop(nearest))
    return done
