"""Where a signal is and whose it is: positions inside the city, departments from the token."""

import math
from collections.abc import Mapping
from typing import Any

import shapely

from core.errors import InvalidInput, NotAllowed
from core.geo import LonLat
from missions.access import Principal
from missions.catalog.model import Scenario
from missions.demand.gcj02 import from_bd09, from_gcj02
from missions.demand.shapes import checked_geometry
from missions.presets import Preset

SYSTEMS = ("wgs84", "gcj02", "bd09")
"""Coordinates as satellites, Chinese maps and Baidu's maps have them."""


def make_ready(preset: Preset) -> None:
    """Prepare the counties' outlines: ten thousand devices are placed among them in a second."""
    for county in preset.territory.values():
        shapely.prepare(county.polygon)


def checked_position(preset: Preset, lon: Any, lat: Any, system: str = "wgs84") -> LonLat:
    """A place in the city, in WGS-84.

    Raises:
        InvalidInput: no numbers, exchanged, outside the city, or an unknown system.
    """
    if system not in SYSTEMS:
        raise InvalidInput(
            f"no such system of coordinates: {system[:20]}",
            where="crs",
            remedy=f"use one of {', '.join(SYSTEMS)}",
        )
    values = (lon, lat)
    if not all(isinstance(v, int | float) and not isinstance(v, bool) for v in values) or not all(
        math.isfinite(v) for v in values
    ):
        raise InvalidInput(
            "a place is two finite numbers", where="lon", remedy="give lon and lat in degrees"
        )
    if system != "wgs84":
        convert = from_gcj02 if system == "gcj02" else from_bd09
        lon, lat = (float(v) for v in convert([[lon, lat]])[0])
    if abs(lon) <= 180 and abs(lat) <= 90 and preset.county_at(LonLat(float(lon), float(lat))):
        return LonLat(float(lon), float(lat))
    _, place = checked_geometry(preset, {"type": "Point", "coordinates": [lon, lat]})
    return LonLat(float(place.x), float(place.y))


def place_position(preset: Preset, place_id: str) -> LonLat:
    """The middle of a place of the city. Raises InvalidInput when there is none of this id."""
    found = next((p for p in preset.places if p.id == place_id), None)
    if found is None:
        raise InvalidInput(
            f"no such place: {place_id[:80]}",
            where="place",
            remedy="give lon and lat, or the id of a place of the city",
        )
    point = found.geometry.representative_point()
    return LonLat(point.x, point.y)


def checked_department(
    preset: Preset, p: Principal, wanted: str | None, default: str | None = None
) -> str:
    """The token decides; a city-wide role may name a department.

    Raises:
        NotAllowed: a department's member or machine names another, or has none.
        InvalidInput: there is no such department, or none was named where none follows.
    """
    if not p.city_wide:
        if p.department is None:
            raise NotAllowed(
                "this key belongs to no department",
                where="department",
                remedy="ask an administrator for a key of the department that owns what it sends",
            )
        if wanted not in (None, p.department):
            raise NotAllowed(
                "a member sends for its own department",
                where="department",
                remedy="leave the department out",
            )
        return p.department
    chosen = wanted or default
    if chosen is None or chosen not in preset.departments:
        said = "no department" if chosen is None else f"no such department: {chosen[:80]}"
        raise InvalidInput(
            said, where="department", remedy=f"use one of {', '.join(preset.departments)}"
        )
    return chosen


def readers(preset: Preset, matter: str, department: str) -> tuple[str, ...]:
    """The other departments that a signal concerns: whose event type it is, and those who read the
    scenario that looks for it."""
    found: set[str] = set()
    if matter in preset.event_types:
        found.add(preset.event_types[matter].department)
    look = preset.signals.looks.get(matter)
    if look is not None:
        found |= scenario_readers(preset.scenarios, look.scenario)
    return tuple(sorted(found - {department}))


def scenario_readers(scenarios: Mapping[str, Scenario], name: str) -> frozenset[str]:
    """The departments that read what a scenario finds."""
    scenario = scenarios.get(name)
    return scenario.readers if scenario else frozenset()
