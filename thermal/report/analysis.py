"""What an analysis of one file found, as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.geo import LonLat
from thermal.detection.check import FrameStats
from thermal.detection.detect import Hotspot
from thermal.places.locate import Located


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A hotspot and, where the pose allows, its place.

    Attributes:
        uncertainty_k: standard uncertainty of the peak; None where none can be stated.
        severity: 1 to 4; grade: the class of a published scale, "" where the rule has none.
    """

    event_type: str
    hotspot: Hotspot
    located: Located | None = None
    uncertainty_k: float | None = None
    severity: int = 2
    grade: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """What became of one file.

    Attributes:
        reason, remedy: why it could not be read and what to do; None when it could.
        notes: what limits the result, in words.
        findings: the most striking hotspots; ``found`` counts all.
        picture, page: file names of the marked picture and of the file's own page beside the
            report.
    """

    path: str
    reason: str | None = None
    remedy: str | None = None
    stats: FrameStats | None = None
    camera: str = ""
    taken_at: datetime | None = None
    position: LonLat | None = None
    parameters: Mapping[str, float] | None = None
    findings: tuple[Finding, ...] = ()
    found: int = 0
    notes: tuple[str, ...] = ()
    picture: str | None = None
    page: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``: plain numbers and texts."""
        return {
            "file": self.path,
            "ok": self.reason is None,
            "reason": self.reason,
            "remedy": self.remedy,
            "camera": self.camera,
            "encoding": self.stats.encoding if self.stats else None,
            "corrected": self.stats.corrected if self.stats else None,
            "width": self.stats.shape[1] if self.stats else None,
            "height": self.stats.shape[0] if self.stats else None,
            "min_c": round(self.stats.min_c, 3) if self.stats else None,
            "mean_c": round(self.stats.mean_c, 3) if self.stats else None,
            "max_c": round(self.stats.max_c, 3) if self.stats else None,
            "taken_at": self.taken_at.isoformat() if self.taken_at else None,
            "lon": self.position.lon if self.position else None,
            "lat": self.position.lat if self.position else None,
            "hotspots_found": self.found,
            "hotspots": [_finding_dict(number, f) for number, f in enumerate(self.findings, 1)],
            "notes": list(self.notes),
            "picture": self.picture,
            "page": self.page,
        }


def _finding_dict(number: int, finding: Finding) -> dict[str, Any]:
    spot, place = finding.hotspot, finding.located
    return {
        "number": number,
        "event_type": finding.event_type,
        "column": round(spot.col, 1),
        "row": round(spot.row, 1),
        "peak_c": round(spot.peak_c, 2),
        "uncertainty_k": None if finding.uncertainty_k is None else round(finding.uncertainty_k, 2),
        "background_c": round(spot.background_c, 2),
        "contrast_k": round(spot.contrast_k, 2),
        "score": round(spot.score, 1),
        "area_px": spot.area_px,
        "lon": round(place.position.lon, 7) if place else None,
        "lat": round(place.position.lat, 7) if place else None,
        "altitude_m": round(place.altitude_m, 1) if place else None,
        "error_m": round(place.error.semi_major_m, 1) if place else None,
        "error_ellipse": _ellipse(place) if place else None,
        "kind": spot.kind.value,
        "severity": finding.severity,
        "grade": finding.grade,
    }


def _ellipse(place: Located) -> dict[str, float]:
    """The region that holds the place with 95 % probability: half axes and the major's bearing."""
    return {
        "semi_major_m": round(place.error.semi_major_m, 2),
        "semi_minor_m": round(place.error.semi_minor_m, 2),
        "bearing_deg": round(place.error.bearing_deg, 1),
    }
