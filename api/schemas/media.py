"""Photographs."""

from datetime import datetime

from api.schemas.base import Geometry, Model, geometry
from imagery.catalog import Medium


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
        )


class DeliveredOut(Model):
    """The receipt of a photograph."""

    id: str
    sha256: str
    state: str
    reason: str | None
