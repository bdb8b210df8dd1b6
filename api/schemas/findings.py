"""Anomalies, events and alerts."""

from datetime import datetime
from typing import Literal

from api.schemas.base import Geometry, Model, point
from missions.entities import Alert, Anomaly, Event


class AnomalyProperties(Model):
    """What is known of an anomaly."""

    id: str
    event_type: str
    first_seen: datetime
    last_seen: datetime
    sightings: int
    peak_c: float | None
    severity: int
    error_m: float
    state: str
    case_id: str | None
    department: str


class AnomalyFeature(Model):
    """An anomaly as a GeoJSON point."""

    type: Literal["Feature"] = "Feature"
    id: str
    geometry: Geometry
    properties: AnomalyProperties

    @classmethod
    def from_entity(cls, a: Anomaly) -> "AnomalyFeature":
        return cls(
            id=a.id,
            geometry=point(a.position),
            properties=AnomalyProperties(
                id=a.id,
                event_type=a.event_type,
                first_seen=a.first_seen,
                last_seen=a.last_seen,
                sightings=a.sightings,
                peak_c=a.peak_c,
                severity=a.severity,
                error_m=a.error_m,
                state=a.state,
                case_id=a.case_id,
                department=a.department,
            ),
        )


class Anomalies(Model):
    """All anomalies that the caller may see."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[AnomalyFeature]


class EventOut(Model):
    """An anomaly as one of the event types."""

    id: str
    event_type: str
    anomaly_id: str
    case_id: str
    at: datetime
    department: str
    shared_with: list[str]
    lon: float
    lat: float
    severity: int
    text: str
    text_zh: str
    media: list[str]

    @classmethod
    def from_entity(cls, e: Event) -> "EventOut":
        return cls(
            id=e.id,
            event_type=e.event_type,
            anomaly_id=e.anomaly_id,
            case_id=e.case_id,
            at=e.at,
            department=e.department,
            shared_with=list(e.shared_with),
            lon=e.position.lon,
            lat=e.position.lat,
            severity=e.severity,
            text=e.text,
            text_zh=e.text_zh,
            media=list(e.medium_ids),
        )


class AlertOut(Model):
    """A line of the alert feed."""

    id: str
    t: datetime
    kind: str
    severity: int
    event_type: str | None
    text: str
    text_zh: str
    lon: float | None
    lat: float | None
    case_id: str | None

    @classmethod
    def from_entity(cls, a: Alert) -> "AlertOut":
        return cls(
            id=a.id,
            t=a.at,
            kind=a.kind,
            severity=a.severity,
            event_type=a.event_type,
            text=a.text,
            text_zh=a.text_zh,
            lon=a.position.lon if a.position else None,
            lat=a.position.lat if a.position else None,
            case_id=a.case_id,
        )
