"""Every sighting of an anomaly: where, when and how warm, in which photograph. An entity.

Sightings are only ever added, or moved to another anomaly when all are put together anew; an
anomaly's position and temperature history follow from them.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.geo import LonLat


class SightingKind(StrEnum):
    """How a photograph came to say something about a place."""

    FOUND = "found"
    """A detector found it there."""
    LOOKED = "looked"
    """The photograph shows the place, and no detector found anything: what it measured there."""
    OFFICER = "officer"
    """An officer found or confirmed it in a photograph."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SightingRecord:
    """One photograph's word on one place.

    Attributes:
        flight: id of the flight and the camera, whose sightings share a GPS offset; empty where
            unknown.
        semi_major_m, semi_minor_m, bearing_deg: 95 % error ellipse of ``position``.
        drift_m: standard deviation of the share of that error that the flight has in common.
        pixel: (column, row) of the stored frame; frame: its (height, width).
        peak_c: warmest (of a cold spot: coldest) temperature, Celsius; background_c: round it.
        uncertainty_k: one standard deviation of ``peak_c``; None where it is not known.
        corrected: whether temperatures are corrected for emissivity and air; None where unknown.
    """

    id: str
    anomaly_id: str
    medium_id: str
    kind: SightingKind
    at: datetime
    event_type: str
    position: LonLat
    semi_major_m: float
    semi_minor_m: float
    department: str
    shared_with: tuple[str, ...]
    bearing_deg: float = 0.0
    flight: str = ""
    drift_m: float = 0.0
    pixel: tuple[float, ...] | None = None
    frame: tuple[int, ...] | None = None
    peak_c: float | None = None
    background_c: float | None = None
    contrast_k: float | None = None
    uncertainty_k: float | None = None
    corrected: bool | None = None
