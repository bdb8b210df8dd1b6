"""Products: temperature rasters and mosaics."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from api.schemas.base import Body, Geometry, Model, geometry
from imagery.products.product import Product, ProductKind

_Id = Annotated[str | None, Field(max_length=80)]


class ProductIn(Body):
    """What shall be made, and of what: a temperature raster of a `medium`, a mosaic of a `flight`,
    a `task` or a `request`."""

    kind: ProductKind
    medium: _Id = None
    flight: _Id = None
    task: _Id = None
    request: _Id = None


class ProductOut(Model):
    """A product; its file and tiles are there once `state` is `ready`."""

    id: str
    kind: str
    state: str
    problems: list[str]
    asked_at: datetime
    ready_at: datetime | None
    taken_at: datetime | None
    ended_at: datetime | None
    medium: str | None
    flight: str | None
    task: str | None
    request: str | None
    photographs: int
    gsd_m: float | None
    epsg: int | None
    size_bytes: int
    sha256: str | None
    footprint: Geometry | None
    details: dict[str, Any]

    @classmethod
    def from_entity(cls, p: Product) -> "ProductOut":
        return cls(
            id=p.id,
            kind=p.kind,
            state=p.state,
            problems=list(p.problems),
            asked_at=p.asked_at,
            ready_at=p.ready_at,
            taken_at=p.taken_at,
            ended_at=p.ended_at,
            medium=p.medium,
            flight=p.flight,
            task=p.task,
            request=p.request,
            photographs=len(p.media),
            gsd_m=p.gsd_m,
            epsg=p.epsg,
            size_bytes=p.size_bytes,
            sha256=p.sha256 or None,
            footprint=geometry(dict(p.footprint)) if p.footprint else None,
            details=dict(p.details),
        )


class ValueAt(Model):
    """The value of each band at a place; of a temperature raster, degrees Celsius."""

    lon: float
    lat: float
    values: list[float]


class RasterStatistics(Model):
    """Range and spread of a raster's first band over all its pixels."""

    minimum: float
    maximum: float
    mean: float
    stddev: float
    valid_percent: float
