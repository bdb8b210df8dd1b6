"""What a query string of OGC API Features asks; whatever the standard does not know is refused."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import Request

from api.routes.stac_query import interval_of
from core.errors import InvalidInput
from missions.features.collections import Collection
from missions.features.finding import Box, FeatureQuery

MOST = 1000
USUAL = 100
_OURS = frozenset({"bbox", "datetime", "limit", "after", "properties", "skipGeometry", "token"})
_CRS84 = ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", "OGC:CRS84")


@dataclass(frozen=True, slots=True)
class Shape:
    """How features are told: only these properties (None for all), with their geometry or not."""

    properties: frozenset[str] | None = None
    geometry: bool = True


def of_request(request: Request, collection: Collection) -> FeatureQuery:
    """What is looked for.

    Raises:
        InvalidInput: a parameter that is not known, given twice, or wrong.
    """
    asked: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name in asked:
            raise InvalidInput(f"{name[:60]} is given twice", where=name[:60], remedy="once")
        asked[name] = value
    for name in ("crs", "bbox-crs"):
        if asked.pop(name, _CRS84[0]) not in _CRS84:
            raise InvalidInput("only CRS84 is served", where=name, remedy=f"give {_CRS84[0]}")
    since, until = interval_of(asked.get("datetime"))
    return FeatureQuery(
        bbox=_box(asked["bbox"]) if "bbox" in asked else None,
        since=since,
        until=until,
        limit=_limit(asked.get("limit")),
        after=asked.get("after"),
        equals={name: value for name, value in asked.items() if name not in _OURS},
    )


def shape_of(request: Request) -> Shape:
    """How features are to be told. Raises InvalidInput for a wrong `skipGeometry`."""
    names = request.query_params.get("properties")
    skip = request.query_params.get("skipGeometry", "false").lower()
    if skip not in {"true", "false"}:
        raise InvalidInput("neither true nor false", where="skipGeometry", remedy="give true")
    chosen = None if names is None else frozenset(n.strip() for n in names.split(",") if n.strip())
    return Shape(chosen, skip == "false")


def _limit(text: str | None) -> int:
    """As asked; more than is served is cut down, as the standard has it (7.15.2)."""
    if text is None:
        return USUAL
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 10) or int(text) < 1:
        raise InvalidInput(f"{text[:20]!r} is no number", where="limit", remedy=f"1 to {MOST}")
    return min(int(text), MOST)


def _box(text: str) -> Box:
    """Four numbers, or six with heights, which are passed over."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 6:
        numbers = [*numbers[:2], *numbers[3:5]]
    if len(numbers) != 4 or not all(map(math.isfinite, numbers)):
        raise _no_box("a box has four or six numbers")
    west, south, east, north = numbers
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise _no_box("no such box")
    return west, south, east, north


def _no_box(what: str) -> InvalidInput:
    return InvalidInput(what, where="bbox", remedy="give west,south,east,north in degrees")


def text_of(at: datetime) -> str:
    """A time as RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
