"""The collections: which things they hold, what of them is told, and when and where they are.

Geometries are GeoJSON in CRS84 (longitude, latitude); times are aware and in UTC.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from missions.entities import Anomaly, Case, Flight
from missions.store import routes
from missions.telemetry.track import Track

Geometry = Mapping[str, Any]
Times = tuple[datetime, datetime | None]
"""From when to when; the end is None for what goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """One collection.

    Attributes:
        kind: of the store.
        boxed: the things have a box; otherwise a position.
        since, until: the columns between which a thing's time lies; the same for an instant.
        filters: columns that properties of the same name can be searched by.
    """

    id: str
    title: str
    description: str
    kind: str
    boxed: bool
    since: str
    until: str
    filters: tuple[str, ...]
    geometry: Callable[[Any], Geometry]
    properties: Callable[[Any], Mapping[str, Any]]
    times: Callable[[Any], Times]


def _line(points: Sequence[Sequence[float]]) -> Geometry:
    """A line; one that stands still has its point twice, as GeoJSON wants it."""
    rounded = [[round(value, 7) for value in point] for point in points]
    return {"type": "LineString", "coordinates": rounded if len(rounded) > 1 else rounded * 2}


def _planned(flight: Flight) -> Geometry:
    return _line(routes.places(flight.route))


def _flown(track: Track) -> Geometry:
    each = zip(track.lon_e7, track.lat_e7, track.alt_dm, strict=True)
    return _line([(lon / 1e7, lat / 1e7, alt / 10) for lon, lat, alt in each])


def _point(item: Anomaly | Case) -> Geometry:
    return {"type": "Point", "coordinates": [item.position.lon, item.position.lat]}


def _flight(f: Flight) -> Mapping[str, Any]:
    return {
        "day": f.day.isoformat(),
        "state": f.state.value,
        "vehicle": f.vehicle,
        "dock": f.dock,
        "origin": f.origin.value,
        "departments": list(f.departments),
        "priority": f.priority,
        "start": f.start,
        "end": f.end,
        "took_off_at": f.took_off_at,
        "landed_at": f.landed_at,
        "km": round(f.km, 3),
        "photos_taken": f.photos_taken,
        "case_id": f.case_id,
        "reason": f.reason or None,
        "reason_zh": f.reason_zh or None,
    }


def _route(f: Flight) -> Mapping[str, Any]:
    return {
        "flight": f.id,
        "day": f.day.isoformat(),
        "state": f.state.value,
        "vehicle": f.vehicle,
        "start": f.start,
        "end": f.end,
        "length_km": round(f.route.length_m / 1000, 3),
        "heights_m": [round(w.height_m, 1) for w in f.route.waypoints],
        "photographs": f.route.photos,
    }


def _track(t: Track) -> Mapping[str, Any]:
    return {
        "flight": t.id,
        "day": t.day.isoformat(),
        "vehicle": t.vehicle,
        "departments": list(t.departments),
        "start": t.start,
        "end": t.end,
        "positions": len(t.t_ds),
        "fixes": t.fixes,
    }


def _anomaly(a: Anomaly) -> Mapping[str, Any]:
    return {
        "event_type": a.event_type,
        "state": a.state.value,
        "severity": a.severity,
        "department": a.department,
        "first_seen": a.first_seen,
        "last_seen": a.last_seen,
        "sightings": a.sightings,
        "error_m": round(a.error_m, 2),
        "peak_c": a.peak_c,
        "case_id": a.case_id,
        "merged_into": a.merged_into,
    }


def _case(c: Case) -> Mapping[str, Any]:
    return {
        "number": c.number,
        "event_type": c.event_type,
        "title": c.title,
        "title_zh": c.title_zh,
        "state": c.state.value,
        "severity": c.severity,
        "department": c.department,
        "shared_with": list(c.shared_with),
        "county": c.county or None,
        "opened_at": c.opened_at,
        "due_at": c.due_at,
        "closed_at": c.closed_at,
        "score": c.score,
    }


def _span(item: Any) -> Times:
    return item.start, item.end


COLLECTIONS: Mapping[str, Collection] = {
    collection.id: collection
    for collection in (
        Collection(
            id="flights",
            title="Flights 飞行任务",
            description="Every flight that was planned, with what became of it; its planned line.",
            kind="flights",
            boxed=True,
            since="start",
            until="end",
            filters=("state", "day", "vehicle", "origin", "case_id"),
            geometry=_planned,
            properties=_flight,
            times=_span,
        ),
        Collection(
            id="routes",
            title="Planned flight lines 计划航线",
            description="The line over ground that a flight is to follow, with heights in metres "
            "above ground for each of its points.",
            kind="flights",
            boxed=True,
            since="start",
            until="end",
            filters=("state", "day", "vehicle"),
            geometry=_planned,
            properties=_route,
            times=_span,
        ),
        Collection(
            id="tracks",
            title="Flown flight lines 实飞航迹",
            description="Where flights really were, thinned; the third coordinate is metres above "
            "mean sea level (EGM96).",
            kind="tracks",
            boxed=True,
            since="start",
            until="end",
            filters=("day", "vehicle"),
            geometry=_flown,
            properties=_track,
            times=_span,
        ),
        Collection(
            id="anomalies",
            title="Anomalies 异常点",
            description="Places where something was found, each once, however often it was seen.",
            kind="anomalies",
            boxed=False,
            since="first_seen",
            until="last_seen",
            filters=("state", "event_type", "department", "case_id"),
            geometry=_point,
            properties=_anomaly,
            times=lambda a: (a.first_seen, a.last_seen),
        ),
        Collection(
            id="cases",
            title="Cases 案件",
            description="What departments have to settle; their time is that of opening.",
            kind="cases",
            boxed=False,
            since="opened_at",
            until="opened_at",
            filters=("state", "event_type", "number", "department", "county"),
            geometry=_point,
            properties=_case,
            times=lambda c: (c.opened_at, c.opened_at),
        ),
    )
}
