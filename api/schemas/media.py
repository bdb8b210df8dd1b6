"""Photographs."""

from dataclasses import asdict
from datetime import datetime

from api.schemas.base import Geometry, Model, geometry
from imagery.catalog import Medium


class QualityOut(Model):
    """What was measured of a picture; what a scenario asks is apart from it."""

    sharpness: float
    contrast: float
    brightness: float
    dark_share: float
    bright_share: float
    fine_detail: float | None
    blur_px: float | None
    tilt_deg: float | None
    height_m: float | None
    span_k: float | None
    noise_k: float | None
    saturated_share: float | None
    content: str


class MediumOut(Model):
    """A photograph: what it shows, when and from where it was taken."""

    id: str
    sha256: str
    taken_at: datetime | None
    vehicle: str | None
    flight_id: str | None
    camera: str | None
    sensor: str | None
    gsd_m: float | None
    lon: float | None
    lat: float | None
    altitude_m: float | None
    footprint: Geometry | None
    radiometric: bool
    size_bytes: int
    state: str
    reason: str | None
    yaw_deg: float | None
    pitch_deg: float | None
    roll_deg: float | None
    height_m: float | None
    scenarios: list[str]
    cases: list[str]
    tasks: list[str]
    quality: QualityOut | None
    origin: str
    name: str | None
    declared_sha256: str | None
    notes: list[str]
    deleted_at: datetime | None

    @classmethod
    def from_entity(cls, m: Medium) -> "MediumOut":
        return cls(
            id=m.id,
            sha256=m.sha256,
            taken_at=m.taken_at,
            vehicle=m.vehicle or None,
            flight_id=m.flight,
            camera=m.camera or None,
            sensor=m.sensor,
            gsd_m=m.gsd_m,
            lon=m.position.lon if m.position else None,
            lat=m.position.lat if m.position else None,
            altitude_m=m.altitude_m,
            footprint=geometry(dict(m.footprint)) if m.footprint else None,
            radiometric=m.radiometric,
            size_bytes=m.size_bytes,
            state=m.state,
            reason=m.reason or None,
            yaw_deg=m.yaw_deg,
            pitch_deg=m.pitch_deg,
            roll_deg=m.roll_deg,
            height_m=m.height_m,
            scenarios=list(m.scenarios),
            cases=list(m.cases),
            tasks=list(m.tasks),
            quality=QualityOut(**asdict(m.quality)) if m.quality else None,
            origin=m.origin,
            name=m.name or None,
            declared_sha256=m.declared_sha256 or None,
            notes=list(m.notes),
            deleted_at=m.deleted_at,
        )


class DeliveredOut(Model):
    """The receipt of a photograph."""

    id: str
    sha256: str
    state: str
    reason: str | None
