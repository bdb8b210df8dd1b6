"""Something made of photographs: a temperature raster, a mosaic."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class ProductKind(StrEnum):
    """What can be made."""

    TEMPERATURE = "temperature"
    """Degrees Celsius of one thermal photograph, laid on the ground (float32)."""
    VISIBLE_MOSAIC = "mosaic-visible"
    THERMAL_MOSAIC = "mosaic-thermal"


class ProductState(StrEnum):
    """How far it is."""

    WANTED = "wanted"
    MAKING = "making"
    READY = "ready"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    """The file was removed, because a photograph in it had to be deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A product and what it was made of.

    Attributes:
        id: the same for the same kind, photographs and audience: asked twice, made once.
        media: ids of the photographs, in the order of their times.
        medium, flight, task, request: what it was asked of; one of them is set.
        department, shared_with: who may see it: only who may see every photograph in it.
        taken_at, ended_at: when the first and the last photograph were taken.
        key: where `imagery.storage.MediaFolder` keeps the GeoTIFF; empty until it is ready.
        footprint: GeoJSON Polygon in WGS-84 degrees of the ground it covers.
        gsd_m: side of its pixels on the ground.
        epsg, shape, transform: how the raster lies: code of its reference system, (rows, columns),
            and the six numbers of the affine transform from pixels, as GDAL and STAC order them.
        details: what is worth knowing of it: emissivity, range of values, photographs left out.
        problems: why it could not be made, or what is amiss with it.
    """

    id: str
    kind: ProductKind
    media: tuple[str, ...]
    asked_at: datetime
    asked_by: str
    taken_at: datetime | None
    ended_at: datetime | None
    department: str
    shared_with: tuple[str, ...]
    medium: str | None = None
    flight: str | None = None
    task: str | None = None
    request: str | None = None
    vehicle: str = ""
    camera: str = ""
    scenarios: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    state: ProductState = ProductState.WANTED
    ready_at: datetime | None = None
    key: str = ""
    sha256: str = ""
    size_bytes: int = 0
    footprint: Mapping[str, Any] | None = None
    gsd_m: float | None = None
    epsg: int | None = None
    shape: tuple[int, ...] = ()
    transform: tuple[float, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
