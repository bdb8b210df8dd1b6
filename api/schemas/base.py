"""What all schemas share: strictness, pages, GeoJSON."""

from collections.abc import Callable, Iterable
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.geo import LonLat

T = TypeVar("T")
E = TypeVar("E")

Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False, examples=[118.87])]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False, examples=[28.95])]


class Model(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True)


class Body(BaseModel):
    """A request's body: unknown fields are refused, so that a typing error is not overlooked."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nul(cls, given: Any) -> Any:
        """PostgreSQL cannot keep the character NUL in a text, and no text needs it."""
        if isinstance(given, dict):
            for name, value in given.items():
                if isinstance(value, str) and "\0" in value:
                    raise ValueError(f"{name} holds the character NUL (U+0000); leave it out")
        return given


class Items(Model, Generic[T]):
    """A short list that is always whole."""

    items: list[T]


class PageOf(Model, Generic[T]):
    """A part of a list; `next` is the cursor to give as `after`, null at the end."""

    items: list[T]
    next: str | None = None

    @classmethod
    def of(
        cls, entities: Iterable[E], cursor: str | None, mapping: Callable[[E], T]
    ) -> "PageOf[T]":
        """A page of entities, each turned into its schema."""
        return cls(items=[mapping(entity) for entity in entities], next=cursor)


class Geometry(Model):
    """A GeoJSON geometry in WGS-84 degrees, longitude first."""

    model_config = ConfigDict(frozen=True, extra="allow")

    type: str
    coordinates: list[Any]


class Feature(Model):
    """A GeoJSON feature."""

    type: Literal["Feature"] = "Feature"
    id: str | None = None
    geometry: Geometry | None
    properties: dict[str, Any]


class FeatureCollection(Model):
    """A GeoJSON feature collection."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[Feature]


def geometry(value: Any) -> Geometry:
    """A GeoJSON mapping, or anything shapely, as a schema."""
    source = value if isinstance(value, dict) else value.__geo_interface__
    return Geometry(type=source["type"], coordinates=_lists(source["coordinates"]))


def point(position: LonLat) -> Geometry:
    """A place as a GeoJSON point."""
    return Geometry(type="Point", coordinates=[position.lon, position.lat])


def _lists(value: Any) -> list[Any]:
    return [_lists(v) if isinstance(v, (tuple, list)) else v for v in value]
