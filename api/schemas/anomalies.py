"""One anomaly and its temperature history."""

from datetime import datetime

from pydantic import Field

from api.schemas.base import Model
from api.schemas.findings import AnomalyFeature
from missions.operations.anomalies import AnomalyDetail
from missions.sightings import SightingRecord


class SightingOut(Model):
    """What one photograph says of the place."""

    id: str
    anomaly: str
    medium: str
    kind: str = Field(description="found, looked (shown, nothing found) or officer")
    at: datetime
    lon: float
    lat: float
    error_m: float = Field(description="semi-major axis of the 95 % error ellipse, metres")
    pixel: list[float] | None = Field(description="column, row in the stored frame")
    peak_c: float | None
    background_c: float | None
    contrast_k: float | None
    uncertainty_k: float | None = Field(description="one standard deviation of peak_c, kelvin")
    corrected: bool | None = Field(description="false: apparent temperature")

    @classmethod
    def from_record(cls, s: SightingRecord) -> "SightingOut":
        return cls(
            id=s.id,
            anomaly=s.anomaly_id,
            medium=s.medium_id,
            kind=s.kind,
            at=s.at,
            lon=s.position.lon,
            lat=s.position.lat,
            error_m=s.semi_major_m,
            pixel=list(s.pixel) if s.pixel else None,
            peak_c=s.peak_c,
            background_c=s.background_c,
            contrast_k=s.contrast_k,
            uncertainty_k=s.uncertainty_k,
            corrected=s.corrected,
        )


class CurvePoint(Model):
    """A point of the temperature curve."""

    t: datetime
    peak_c: float
    uncertainty_k: float | None
    found: bool


class AnomalyOut(AnomalyFeature):
    """An anomaly with its curve; every sighting is at `/anomalies/{id}/history`."""

    case_number: str | None
    merged_into: str | None
    found: int
    looked: int
    curve: list[CurvePoint]

    @classmethod
    def detailed(cls, d: AnomalyDetail) -> "AnomalyOut":
        feature = AnomalyFeature.from_entity(d.anomaly)
        return cls(
            id=feature.id,
            geometry=feature.geometry,
            properties=feature.properties,
            case_number=d.case.number if d.case else None,
            merged_into=d.anomaly.merged_into,
            found=d.found,
            looked=d.looked,
            curve=[
                CurvePoint(
                    t=s.at,
                    peak_c=s.peak_c,
                    uncertainty_k=s.uncertainty_k,
                    found=s.kind != "looked",
                )
                for s in d.curve
                if s.peak_c is not None
            ],
        )
