"""The map of a plan as SVG: territory, zones, docks, routes, photo legs and what is not flown."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
import shapely

from core.geo import LocalFrame, LonLat
from core.route import Route
from planner.problem import Plan, Problem

WIDTH = 1000
TALLEST = 1400
EDGE = 20
COARSE = 0.4
"""Lines are simplified to so many pixels: a page of a city's day stays under a few megabytes."""
PRIORITY = {1: "#94a3b8", 2: "#38bdf8", 3: "#2563eb", 4: "#d97706", 5: "#dc2626"}
"""Colours of routes by the highest priority that they serve."""


class _Canvas:
    """Metres of a local frame to pixels, north up."""

    def __init__(self, frame: LocalFrame, bounds: Sequence[float]) -> None:
        west, south, east, north = bounds
        wide, high = max(east - west, 100.0), max(north - south, 100.0)
        self._scale = min((WIDTH - 2 * EDGE) / wide, (TALLEST - 2 * EDGE) / high)
        self._frame, self._west, self._north = frame, west, north
        self.height = round(high * self._scale + 2 * EDGE)

    def pixels(self, degrees: Any) -> Any:
        """Positions in degrees, (N, 2), in pixels."""
        x, y = self._frame.xy(degrees[:, 0], degrees[:, 1])
        return np.column_stack(
            [EDGE + (x - self._west) * self._scale, EDGE + (self._north - y) * self._scale]
        )

    def path(self, geometry: Any, style: str, title: str = "") -> str:
        """A geometry in degrees as an SVG path with its tooltip."""
        drawn = shapely.simplify(shapely.transform(geometry, self.pixels), COARSE)
        parts = [_line(ring) for ring in _rings(drawn)]
        tip = f"<title>{escape(title)}</title>" if title else ""
        return f'<path d="{" ".join(parts)}" {style}>{tip}</path>'

    def mark(self, place: LonLat, style: str, title: str) -> str:
        """A dot."""
        [[x, y]] = self.pixels(np.array([[place.lon, place.lat]]))
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" {style}><title>{escape(title)}</title></circle>'


def city_map(problem: Problem, plan: Plan, boundary: Any = None) -> str:
    """The plan on a map; empty where there is nothing to draw."""
    docks = [s.position for s in problem.stations]
    if not docks:
        return ""
    frame = LocalFrame(docks[0])
    shapes = [_route(f.route) for f in plan.flights]
    shapes += [shapely.Point(d.lon, d.lat) for d in docks]
    if boundary is not None:
        shapes.append(boundary)
    xy = np.column_stack(frame.xy(*shapely.get_coordinates(shapes).T))
    canvas = _Canvas(frame, [*xy.min(axis=0), *xy.max(axis=0)])
    drawn = "\n".join(_layers(canvas, problem, plan, boundary))
    return (
        f'<svg viewBox="0 0 {WIDTH} {canvas.height}" role="img" '
        f'aria-label="Map of the flights · 航线图">\n{drawn}\n</svg>'
    )


def _layers(canvas: _Canvas, problem: Problem, plan: Plan, boundary: Any) -> Iterable[str]:
    if boundary is not None:
        yield canvas.path(boundary, 'class="land"')
    for zone in problem.zones:
        yield canvas.path(zone.polygon, 'class="zone"', f"{zone.name} {zone.name_zh}")
    for closure in problem.closures:
        if closure.area is not None:
            yield canvas.path(closure.area, 'class="closure"', closure.reason)
    tasks = {t.id: t for t in problem.tasks}
    for flight in plan.flights:
        served = [tasks[s.task] for s in flight.stops if s.task in tasks]
        colour = PRIORITY[max((t.priority for t in served), default=1)]
        title = f"{flight.station} {flight.id}: {', '.join(s.task for s in flight.stops)}"
        yield canvas.path(_route(flight.route), f'class="way" stroke="{colour}"', title)
        photos = _photos(flight.route)
        if photos is not None:
            yield canvas.path(photos, f'class="photo" stroke="{colour}"', title)
    for name, refusal in plan.unserved.items():
        if name in tasks and tasks[name].routes:
            place = next(iter(tasks[name].routes.values())).entry
            yield canvas.mark(place, 'r="4" class="missed"', f"{name}: {refusal.reason}")
    for station in problem.stations:
        style = 'r="5" class="dock standby"' if station.standby else 'r="5" class="dock"'
        yield canvas.mark(station.position, style, station.id)


def _route(route: Route) -> Any:
    places = [(w.position.lon, w.position.lat) for w in route.waypoints]
    return shapely.LineString(places * 2 if len(places) == 1 else places)


def _photos(route: Route) -> Any | None:
    legs = [
        [(w.position.lon, w.position.lat) for w in pair]
        for pair in pairwise(route.waypoints)
        if pair[0].photo_spacing_m > 0
    ]
    return shapely.MultiLineString(legs) if legs else None


def _rings(geometry: Any) -> Iterable[Any]:
    """Coordinates of every ring and line of a geometry."""
    for part in shapely.get_parts(geometry):
        if part.geom_type == "Polygon":
            yield from (shapely.get_coordinates(r) for r in (part.exterior, *part.interiors))
        else:
            yield shapely.get_coordinates(part)


def _line(pixels: Any) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in pixels)
