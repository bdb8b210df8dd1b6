"""In which counties a thing lies: the one answer that lists, objects and live frames go by.

A thing lies in every county that what it shows or asks for touches: its footprint or geometry, else
its position; a flight in those of its waypoints and of its dock; what belongs to a drone (orders,
packs, the drone itself) in its dock's county. Where nothing of this is known it lies nowhere, and
who is limited to counties does not see it.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely
from shapely.errors import GEOSException, ShapelyError
from shapely.geometry import shape

from core.geo import LonLat
from missions.presets.model import Preset

_SCHEME = 2
"""Counted up when the rules of this module change: stored links are then made anew."""

NOWHERE: frozenset[str] = frozenset()


class Territory:
    """The counties of a city, and the docks in them."""

    def __init__(self, polygons: Mapping[str, Any], docks: Mapping[str, str]) -> None:
        self._polygons = dict(polygons)
        self._docks = dict(docks)
        for polygon in self._polygons.values():
            shapely.prepare(polygon)

    @classmethod
    def of(cls, preset: Preset) -> "Territory":
        """The territory of a preset."""
        polygons = {county.id: county.polygon for county in preset.territory.values()}
        return cls(polygons, {dock.id: dock.county for dock in preset.docks})

    @property
    def digest(self) -> str:
        """Changes with the borders, the docks' counties and the rules of this module."""
        text = hashlib.sha256(f"{_SCHEME}".encode())
        for county, polygon in sorted(self._polygons.items()):
            text.update(county.encode() + shapely.to_wkb(polygon))
        text.update(repr(sorted(self._docks.items())).encode())
        return text.hexdigest()

    def dock(self, dock_id: str) -> frozenset[str]:
        """The county of a dock and its drone."""
        county = self._docks.get(dock_id)
        return NOWHERE if county is None else frozenset({county})

    def at(self, position: LonLat) -> frozenset[str]:
        """The counties at a position: one, on a border two or three, outside none."""
        return self._touching(shapely.Point(position.lon, position.lat))

    def counties_of(self, item: Any) -> frozenset[str]:
        """The counties that a stored thing lies in."""
        county = getattr(item, "county", "")
        if county:
            return frozenset({county})
        item = getattr(item, "wish", item)  # a standing order lies where its looks do
        route = getattr(item, "route", None)
        if route is not None:
            return self._along(route) | self.dock(item.dock)
        for name in ("footprint", "geometry"):
            geometry = getattr(item, name, None)
            if geometry is not None:
                return self._touching(_shape(geometry))
        position = getattr(item, "position", None)
        if isinstance(position, LonLat):  # a webhook's position is its place in the feed
            return self.at(position)
        names = (getattr(item, name, None) for name in ("drone", "dock", "vehicle"))
        return self.dock(next((name for name in names if name), ""))

    def _along(self, route: Any) -> frozenset[str]:
        points = [w.position for w in route.waypoints]
        lons, lats = np.array([p.lon for p in points]), np.array([p.lat for p in points])
        found = self._polygons.items()
        return frozenset(c for c, area in found if shapely.contains_xy(area, lons, lats).any())

    def _touching(self, geometry: Any) -> frozenset[str]:
        if geometry is None:
            return NOWHERE
        return frozenset(c for c, area in self._polygons.items() if area.intersects(geometry))


def _shape(geometry: Any) -> Any:
    """GeoJSON as shapely; None for what is no valid geometry, which lies nowhere."""
    try:
        found = shape(geometry)
        return found if found.is_valid else found.buffer(0)
    except (GEOSException, ShapelyError, KeyError, TypeError, ValueError, AttributeError):
        return None
