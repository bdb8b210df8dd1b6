"""What was found: anomalies, events, alerts."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.geo import LonLat


class AnomalyState(StrEnum):
    OPEN = "open"
    COLD = "cold"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatReading:
    """One sighting of an anomaly."""

    at: datetime
    peak_c: float
    medium_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """One place where something was found, however often it was seen.

    Attributes:
        error_m: semi-major axis of the 95 % error ellipse.
        history: the latest sightings, oldest first (bounded); all are `missions.sightings`.
        anchor: where it was seen first; it never moves far from there. None in old records.
        drift_m: standard deviation of the part of its error that a flight's sightings share.
        merged_into: id of the anomaly that this one turned out to be; None for what stands.
    """

    id: str
    event_type: str
    position: LonLat
    error_m: float
    first_seen: datetime
    last_seen: datetime
    sightings: int
    severity: int
    department: str
    shared_with: tuple[str, ...]
    peak_c: float | None = None
    contrast_k: float | None = None
    state: AnomalyState = AnomalyState.OPEN
    case_id: str | None = None
    history: tuple[HeatReading, ...] = ()
    anchor: LonLat | None = None
    drift_m: float = 0.0
    merged_into: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An anomaly as one of the 35 types, told to the departments that may know."""

    id: str
    event_type: str
    anomaly_id: str
    case_id: str
    at: datetime
    department: str
    shared_with: tuple[str, ...]
    position: LonLat
    severity: int
    text: str
    text_zh: str
    medium_ids: tuple[str, ...]
    county: str = ""
    """Id of the county it lies in; "" outside all of them, and in old records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A line of the alert feed."""

    id: str
    at: datetime
    kind: str
    severity: int
    text: str
    text_zh: str
    department: str
    shared_with: tuple[str, ...]
    event_type: str | None = None
    position: LonLat | None = None
    case_id: str | None = None
    county: str = ""
    """Id of the county it is about; "" where it is about no place."""
