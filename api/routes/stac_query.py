"""What a STAC search says, read strictly: a condition that is not understood is refused, never
passed over."""

import json
import math
import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import shapely
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict
from pydantic import ValidationError as BodyError
from shapely.geometry import shape

from api.errors import problem_of, respond
from core.errors import InvalidInput
from missions.media.archive import FIELDS, MAX_LIMIT, NUMBERS, Query

DIALECT = "https://json-schema.org/draft/2019-09/schema"
MAX_POINTS = 10_000
"""Of a geometry that is searched by: more say nothing about drones' photographs."""
_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.IGNORECASE | re.ASCII
)
_MANY = 500
"""Ids and values of one condition."""


class StacRoute(APIRoute):
    """Answers bad requests with 400, as the STAC API asks, in the form of all our errors."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        plain = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await plain(request)
            except InvalidInput as why:
                return respond(problem_of(why).model_copy(update={"status": 400}))
            except RequestValidationError as why:
                first = why.errors()[0]
                where = ".".join(str(part) for part in first["loc"][1:])
                named = InvalidInput(first["msg"], where=where, remedy=f"correct {where}")
                return respond(problem_of(named).model_copy(update={"status": 400}))

        return handler


class Search(BaseModel):
    """The parameters of a search as they come, texts by GET, JSON by POST."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bbox: Any = None
    intersects: Any = None
    datetime: str | None = None
    ids: Any = None
    collections: Any = None
    query: Any = None
    sortby: Any = None
    limit: int = 10
    token: str | None = None


def of_get(search: Search, plain: Mapping[str, str] | None = None) -> Query:
    """What a query string asks.

    Raises:
        InvalidInput: it is not understood.
    """
    given = {
        "bbox": _split(search.bbox),
        "intersects": _json(search.intersects, "intersects"),
        "ids": _split(search.ids),
        "collections": _split(search.collections),
        "query": _json(search.query, "query"),
        "sortby": _sort_words(search.sortby),
    }
    return _query(search.model_copy(update=given), plain or {})


def of_post(body: bytes) -> Query:
    """What a body asks.

    Raises:
        InvalidInput: it is not understood.
    """
    content = _json(body, "body")
    if not isinstance(content, dict):
        raise InvalidInput("the body is no JSON object", where="body", remedy="send an object")
    try:
        return _query(Search(**content), {})
    except BodyError as why:
        first = why.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(
            f"{where}: {first['msg']}", where=where, remedy="see /docs for what a search takes"
        ) from why


def _query(search: Search, plain: Mapping[str, str]) -> Query:
    since, until = interval_of(search.datetime)
    equals: dict[str, tuple[str, ...]] = {name: (value,) for name, value in plain.items()}
    least: dict[str, float] = {}
    most: dict[str, float] = {}
    for name, operators in _mapping(search.query, "query").items():
        _condition(name, _mapping(operators, f"query.{name}"), equals, least, most)
    if search.limit < 1:
        raise InvalidInput("limit is below 1", where="limit", remedy=f"ask for 1 to {MAX_LIMIT}")
    return Query(
        place=_place(search),
        since=since,
        until=until,
        ids=_words(search.ids, "ids"),
        collections=_words(search.collections, "collections"),
        equals=equals,
        least=least,
        most=most,
        newest_first=_newest_first(search.sortby),
        limit=min(search.limit, MAX_LIMIT),
        token=search.token,
    )


def _condition(
    name: str,
    operators: Mapping[str, Any],
    equals: dict[str, tuple[str, ...]],
    least: dict[str, float],
    most: dict[str, float],
) -> None:
    """One property of the query extension."""
    texts = {shown: field for field, shown in FIELDS.items()}
    numbers = {shown: field for field, shown in NUMBERS.items()}
    for operator, value in operators.items():
        if name in texts and operator in ("eq", "contains"):
            equals[texts[name]] = (_text(value, name),)
        elif name in texts and operator == "in":
            equals[texts[name]] = _words(value, name) or ()
        elif name in numbers and operator in ("lte", "gte", "lt", "gt"):
            bound = _finite(value, name)
            if operator in ("lt", "gt"):
                bound = math.nextafter(bound, -math.inf if operator == "lt" else math.inf)
            (most if operator.startswith("l") else least)[numbers[name]] = bound
        else:
            known = ", ".join((*texts, *numbers))
            raise InvalidInput(
                f"cannot search by {name[:60]} {operator[:20]}",
                where=f"query.{name[:60]}",
                remedy=f"eq, in or contains, of numbers lt, lte, gt, gte; of {known}",
            )


def _place(search: Search) -> Any:
    if search.bbox is not None and search.intersects is not None:
        raise InvalidInput("bbox and intersects together", where="bbox", remedy="give one of them")
    if search.bbox is not None:
        return _box(search.bbox)
    return None if search.intersects is None else _geometry(search.intersects)


def _box(value: Any) -> Any:
    """A box; one that crosses the 180th meridian has its west east of its east, and is two."""
    parts = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
    numbers = [_finite(part, "bbox") for part in parts]
    if len(numbers) == 6:
        numbers = [*numbers[:2], *numbers[3:5]]
    if len(numbers) != 4:
        raise InvalidInput(
            "a box has four or six numbers", where="bbox", remedy="give west,south,east,north"
        )
    west, south, east, north = numbers
    inside = all(-180 <= lon <= 180 for lon in (west, east))
    if not inside or not -90 <= south <= north <= 90:
        raise InvalidInput(
            "no such box", where="bbox", remedy="give west,south,east,north in degrees"
        )
    if west <= east:
        return shapely.box(west, south, east, north)
    halves = shapely.box(west, south, 180, north), shapely.box(-180, south, east, north)
    return shapely.union_all(halves)


def _geometry(value: Any) -> Any:
    try:
        geometry = shape(value)
        points = shapely.get_num_coordinates(geometry)
        bounds = geometry.bounds
    except (TypeError, ValueError, KeyError, AttributeError, shapely.errors.ShapelyError) as why:
        raise InvalidInput(
            f"no GeoJSON geometry: {str(why)[:100]}",
            where="intersects",
            remedy="give a GeoJSON geometry in degrees",
        ) from why
    ok = 0 < points <= MAX_POINTS and all(map(math.isfinite, bounds)) and geometry.is_valid
    if not ok or max(map(abs, bounds)) > 180 or max(abs(bounds[1]), abs(bounds[3])) > 90:
        raise InvalidInput(
            "this geometry is empty, crosses itself, is too long or lies outside the world",
            where="intersects",
            remedy=f"give a valid GeoJSON geometry of at most {MAX_POINTS} points, in degrees",
        )
    return geometry


def interval_of(text: str | None) -> tuple[datetime | None, datetime | None]:
    """An instant, or two with `/` between, of which one may be open (`..` or nothing)."""
    if text is None:
        return None, None
    parts = text.split("/")
    if len(parts) == 1:
        at = _instant(parts[0])
        return at, at
    since, until = (None if part in ("", "..") else _instant(part) for part in [*parts, ""][:2])
    wrong = len(parts) > 2 or (since is None and until is None)
    if wrong or (since is not None and until is not None and since > until):
        raise InvalidInput(
            f"{text[:60]!r} is no span of time",
            where="datetime",
            remedy="give START/END, the earlier first; .. leaves an end open",
        )
    return since, until


def _instant(text: str) -> datetime:
    """A time of RFC 3339, whose letters may be small."""
    try:
        if _RFC3339.fullmatch(text) is None:  # Python takes more than the standard does
            raise ValueError
        at = datetime.fromisoformat(text.upper())
    except ValueError as why:
        raise InvalidInput(
            f"{text[:60]!r} is no time of RFC 3339",
            where="datetime",
            remedy="write it as 2026-05-12T06:30:00Z",
        ) from why
    return at.astimezone(UTC)


def _newest_first(sortby: Any) -> bool:
    """Whether the latest comes first; only the time can be sorted by."""
    if not sortby:
        return True
    first = sortby[0] if isinstance(sortby, list) and len(sortby) == 1 else None
    name = first.get("field", "") if isinstance(first, dict) else ""
    direction = first.get("direction", "asc") if isinstance(first, dict) else ""
    if name not in ("datetime", "properties.datetime") or direction not in ("asc", "desc"):
        raise InvalidInput(
            "the catalogue is sorted by datetime only",
            where="sortby",
            remedy="use -datetime or +datetime",
        )
    return bool(direction == "desc")


def _sort_words(text: Any) -> Any:
    """`-datetime` as the body would say it; a plus may have become a space on its way."""
    if not text:
        return None
    return [
        {"field": word.lstrip("+- "), "direction": "desc" if word.startswith("-") else "asc"}
        for word in text.split(",")
    ]


def _split(text: Any) -> Any:
    return text.split(",") if isinstance(text, str) else text


def _json(value: Any, where: str) -> Any:
    if value is None:
        return None
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as why:
        raise InvalidInput("this is no JSON", where=where, remedy="send plain JSON") from why


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidInput("an object is needed", where=where, remedy='write {"eq": VALUE}')
    return value


def _words(value: Any, where: str) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) > _MANY:
        raise InvalidInput(
            "a list is needed", where=where, remedy=f"give at most {_MANY} texts in a list"
        )
    return tuple(_text(word, where) for word in value)


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or len(value) > 200:
        raise InvalidInput("a short text is needed", where=where, remedy="give a text")
    return value


def _finite(value: Any, where: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number) or isinstance(value, bool):
        raise InvalidInput("a number is needed", where=where, remedy="give a finite number")
    return number
