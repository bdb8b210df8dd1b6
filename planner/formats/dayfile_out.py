"""A day written as a day file, from which `dayfile.read` makes the same day again."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import shapely

from core.equipment import VehicleSpec
from core.zones import Zone
from planner.formats.dayfile import VERSION, DayFile
from planner.formats.dayfile_parts import KindPart
from planner.problem import Closure, Look, Station


def content(day: DayFile) -> dict[str, Any]:
    """The file, ready for `json.dump`."""
    kinds = {s.spec.id: s.spec for s in day.stations}
    return {
        "type": "FeatureCollection",
        "flyonce": {
            "version": VERSION,
            "title": day.title,
            "day": f"{day.start.astimezone(day.zone_info):%Y-%m-%d}",
            "zone": day.zone_info.key,
            "opens": f"{day.start.astimezone(day.zone_info):%H:%M}",
            "closes": f"{day.end.astimezone(day.zone_info):%H:%M}",
            "wind": [day.wind.speed_mps, day.wind.from_deg],
            "crew_limit": day.crew_limit,
            "separation": day.separation is not None,
            "kinds": {name: _kind(spec) for name, spec in kinds.items()},
        },
        "features": [*_docks(day.stations), *_looks(day.looks), *_shut(day.zones, day.closures)],
    }


def _kind(spec: VehicleSpec) -> dict[str, Any]:
    given = asdict(spec)
    return {name: given[name] for name in KindPart.model_fields}


def _docks(stations: Iterable[Station]) -> Iterable[dict[str, Any]]:
    for s in stations:
        yield _feature(
            shapely.Point(s.position.lon, s.position.lat),
            role="dock",
            id=s.id,
            kind=s.spec.id,
            available_from=s.available_from.isoformat(),
            available_until=s.available_until.isoformat(),
            health=s.health,
            standby=s.standby,
        )


_UPRIGHT = ("radius_m", "base_m", "top_m", "every_deg")
"""What only orbits and façades have."""


def _looks(looks: Iterable[Look]) -> Iterable[dict[str, Any]]:
    for look in looks:
        yield _feature(
            look.geometry,
            role="look",
            id=look.id,
            kind=look.kind,
            sensor=look.sensor.value,
            gsd_m=look.gsd_m,
            front_overlap=look.front_overlap,
            side_overlap=look.side_overlap,
            width_m=look.width_m,
            priority=look.priority,
            department=look.department,
            earliest=look.earliest.isoformat(),
            latest=look.latest.isoformat(),
            **{name: getattr(look, name) for name in _UPRIGHT if getattr(look, name)},
        )


def _shut(zones: Iterable[Zone], closures: Iterable[Closure]) -> Iterable[dict[str, Any]]:
    for zone in zones:
        times = zone.active or (None, None)
        yield _feature(
            zone.polygon,
            role="zone",
            id=zone.id,
            name=zone.name,
            name_zh=zone.name_zh,
            kind=zone.kind.value,
            floor_m=zone.floor_m,
            ceiling_m=zone.ceiling_m,
            buffer_m=zone.buffer_m,
            active_from=times[0] and times[0].isoformat(),
            active_until=times[1] and times[1].isoformat(),
        )
    for closure in closures:
        yield _feature(
            closure.area,
            role="closure",
            id=closure.id,
            start=closure.start.isoformat(),
            end=closure.end.isoformat(),
            reason=closure.reason,
            reason_zh=closure.reason_zh,
        )


def _feature(geometry: Any, **properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": None if geometry is None else shapely.geometry.mapping(geometry),
        "properties": properties,
    }
