"""A day to plan as a GeoJSON file: docks, looks, zones and closures as features, for any GIS.

Each feature says by the property ``role`` what it is; the member ``flyonce`` beside the features
holds the day itself. `docs/day-file.md` describes every property.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import shapely
from pydantic import ValidationError

from core.energy import Wind
from core.equipment import CameraSpec, VehicleSpec
from core.errors import InvalidInput
from core.geo import LonLat
from core.zones import Zone
from planner.formats.dayfile_parts import (
    ClosurePart,
    DayPart,
    DockPart,
    KindPart,
    LookPart,
    Part,
    ZonePart,
)
from planner.problem import Closure, Look, LookKind, Separation, Station

VERSION = 1
P = TypeVar("P", bound=Part)
MOST_BYTES = 500_000_000


@dataclass(frozen=True, kw_only=True)
class DayFile:
    """What a day file holds; see `planner.Problem` for the fields that go straight into it."""

    title: str
    zone_info: ZoneInfo
    start: datetime
    end: datetime
    wind: Wind
    crew_limit: int | None
    separation: Separation | None
    stations: tuple[Station, ...]
    looks: tuple[Look, ...]
    zones: tuple[Zone, ...]
    closures: tuple[Closure, ...]


_ROLES: dict[str, type[Part]] = {
    "dock": DockPart,
    "look": LookPart,
    "zone": ZonePart,
    "closure": ClosurePart,
}
_KINDS: dict[str, LookKind] = {
    "Polygon": "area",
    "MultiPolygon": "area",
    "LineString": "corridor",
    "MultiLineString": "corridor",
    "Point": "points",
    "MultiPoint": "points",
}


def read(path: Path, kinds: Mapping[str, VehicleSpec]) -> DayFile:
    """The day of a file.

    Args:
        kinds: vehicles known by name; the file may add its own.

    Raises:
        InvalidInput: which feature, which property, what is wrong with it. A look whose place
            cannot be planned is no error: planning refuses that look alone.
    """
    given, where = _json(path), path.name
    day = _parsed(DayPart, given.get("flyonce"), f'{where}, member "flyonce"')
    if day.version != VERSION:
        raise InvalidInput(
            f"version {day.version} of the day file is not known",
            where=where,
            remedy=f"write version {VERSION}, see docs/day-file.md",
        )
    zone = _zone_info(day.zone, where)
    start, end = (datetime.combine(day.day, t, tzinfo=zone) for t in (day.opens, day.closes))
    if end <= start:
        raise InvalidInput("the day closes before it opens", where=where, remedy="swap them")
    known = {**kinds, **{name: _spec(name, kind, where) for name, kind in day.kinds.items()}}
    parts = [_part(f, n, where) for n, f in enumerate(given.get("features") or [], 1)]
    made = [_made(part, shape, spot, known, (start, end)) for part, shape, spot in parts]
    _unique(parts)
    return DayFile(
        title=day.title or path.stem,
        zone_info=zone,
        start=start,
        end=end,
        wind=Wind(*day.wind),
        crew_limit=day.crew_limit,
        separation=Separation() if day.separation else None,
        stations=tuple(v for v in made if isinstance(v, Station)),
        looks=tuple(v for v in made if isinstance(v, Look)),
        zones=tuple(v for v in made if isinstance(v, Zone)),
        closures=tuple(v for v in made if isinstance(v, Closure)),
    )


def _json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InvalidInput("it is larger than 500 MB", where=str(path), remedy="split it")
        given = json.loads(path.read_bytes())
    except OSError as why:
        raise InvalidInput(
            f"cannot be read: {why.strerror}", where=str(path), remedy="check its name"
        ) from why
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"no JSON: {error}", where=path.name, remedy="mend it") from error
    if not isinstance(given, dict) or given.get("type") != "FeatureCollection":
        raise InvalidInput(
            "it is no FeatureCollection", where=path.name, remedy="see docs/day-file.md"
        )
    return given


def _part(feature: Any, number: int, where: str) -> tuple[Any, Any, str]:
    """A feature's properties, its geometry in degrees, and what to call it in an error."""
    spot = f"{where}, feature {number}"
    properties = feature.get("properties") if isinstance(feature, dict) else None
    role = (properties or {}).get("role")
    if role not in _ROLES:
        raise InvalidInput(
            f"role {role!r} is none of {', '.join(_ROLES)}", where=spot, remedy="set it"
        )
    spot = f"{spot} ({role} {(properties or {}).get('id', 'without id')})"
    part = _parsed(_ROLES[role], properties, spot)
    shape = feature.get("geometry")
    try:
        geometry = None if shape is None else shapely.force_2d(shapely.geometry.shape(shape))
    except (AttributeError, KeyError, TypeError, ValueError, shapely.GEOSException) as error:
        raise InvalidInput("no GeoJSON geometry", where=spot, remedy="draw it again") from error
    if geometry is None and role != "closure":
        raise InvalidInput("it has no geometry", where=spot, remedy="draw one")
    return part, geometry, spot


def _parsed(model: type[P], given: Any, where: str) -> P:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(p) for p in first["loc"]) or "it"
        raise InvalidInput(
            f"{name}: {first['msg']}", where=where, remedy="see docs/day-file.md"
        ) from error


def _made(
    part: Part,
    shape: Any,
    where: str,
    kinds: Mapping[str, VehicleSpec],
    day: tuple[datetime, datetime],
) -> Station | Look | Zone | Closure:
    try:
        if isinstance(part, DockPart):
            return _station(part, shape, kinds, day)
        if isinstance(part, LookPart):
            return _look(part, shape, day)
        if isinstance(part, ZonePart):
            return _no_fly(part, shape)
        assert isinstance(part, ClosurePart)  # noqa: S101  # the roles are these four
        return Closure(**part.model_dump(exclude={"role"}), area=shape)
    except ValueError as error:
        raise InvalidInput(str(error), where=where, remedy="see docs/day-file.md") from error


def _station(
    part: DockPart, shape: Any, kinds: Mapping[str, VehicleSpec], day: tuple[datetime, datetime]
) -> Station:
    if shape.geom_type != "Point":
        raise ValueError(f"a dock is a Point, not a {shape.geom_type}")
    if part.kind not in kinds:
        raise ValueError(f"kind {part.kind!r} is none of {', '.join(sorted(kinds))}")
    return Station(
        id=part.id,
        position=LonLat(shape.x, shape.y),
        spec=kinds[part.kind],
        available_from=part.available_from or day[0],
        available_until=part.available_until or day[1],
        health=part.health,
        standby=part.standby,
    )


def _look(part: LookPart, shape: Any, day: tuple[datetime, datetime]) -> Look:
    kind = part.kind or _KINDS.get(shape.geom_type)
    if kind is None:
        raise ValueError(f"a {shape.geom_type} is no area, corridor or points")
    given = part.model_dump(exclude={"role", "kind", "earliest", "latest"})
    return Look(
        **given,
        kind=kind,
        geometry=shape,
        earliest=part.earliest or day[0],
        latest=part.latest or day[1],
    )


def _no_fly(part: ZonePart, shape: Any) -> Zone:
    if shape.geom_type not in ("Polygon", "MultiPolygon") or not shape.is_valid:
        raise ValueError(f"a zone is a valid polygon: {shapely.is_valid_reason(shape)}")
    if part.floor_m >= part.ceiling_m:
        raise ValueError(f"its floor {part.floor_m:g} m is not below its ceiling")
    times = (part.active_from, part.active_until)
    if (times[0] is None) != (times[1] is None):
        raise ValueError("active_from and active_until belong together")
    active = (times[0], times[1]) if times[0] and times[1] else None
    if active and active[1] <= active[0]:
        raise ValueError("it ends before it starts")
    given = part.model_dump(exclude={"role", "active_from", "active_until", "name", "name_zh"})
    return Zone(
        **given,
        name=part.name or part.id,
        name_zh=part.name_zh or part.name or part.id,
        polygon=shape,
        active=active,
    )


def _unique(parts: list[tuple[Any, Any, str]]) -> None:
    """Docks, zones and closures by one name only; a look given twice is refused by planning."""
    seen: set[tuple[str, str]] = set()
    for part, _, spot in parts:
        if part.role != "look" and (part.role, part.id) in seen:
            raise InvalidInput(f"{part.role} {part.id} is given twice", where=spot, remedy="rename")
        seen.add((part.role, part.id))


def _spec(name: str, kind: KindPart, where: str) -> VehicleSpec:
    cameras = tuple(CameraSpec(**c.model_dump()) for c in kind.cameras)
    try:
        return VehicleSpec(
            id=name,
            **{
                **kind.model_dump(exclude={"cameras"}),
                "name": kind.name or name,
                "name_zh": kind.name_zh or kind.name or name,
            },
            cameras=cameras,
        )
    except ValueError as error:
        spot = f"{where}, kind {name}"
        raise InvalidInput(str(error), where=spot, remedy="see docs/day-file.md") from error


def _zone_info(name: str, where: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InvalidInput(
            f"{name!r} is no time zone", where=where, remedy="write it as Asia/Shanghai"
        ) from error
