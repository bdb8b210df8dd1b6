"""Finding features by place, time and properties, each caller within its rights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.errors import InvalidInput, NotFound
from missions.access import Principal
from missions.features.collections import COLLECTIONS, Collection
from missions.store.protocol import Between, Store, Unit

Box = tuple[float, float, float, float]
"""West, south, east, north, degrees; west is east of east where it crosses the 180th meridian."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureQuery:
    """What is looked for.

    Attributes:
        since, until: the time span that a feature's time must touch; None leaves an end open.
        equals: properties that must have a value.
        after: the mark of the page before.
    """

    bbox: Box | None = None
    since: datetime | None = None
    until: datetime | None = None
    equals: Mapping[str, str] = field(default_factory=dict)
    limit: int = 100
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A page of things; next: the mark to go on with, None at the end."""

    items: tuple[Any, ...]
    next: str | None


class Features:
    """The collections, searched."""

    def __init__(self, records: Store) -> None:
        self._records = records

    def collection(self, id: str) -> Collection:
        """A collection by id. Raises NotFound."""
        found = COLLECTIONS.get(id)
        if found is None:
            raise NotFound(
                "no such collection", where=id, remedy=f"there are {', '.join(COLLECTIONS)}"
            )
        return found

    def find(self, p: Principal, collection: Collection, query: FeatureQuery) -> Found:
        """A page of what fits and the caller may see, the latest arrival first.

        A page goes on behind the last thing of the page before, whatever arrived meanwhile. A box
        over the 180th meridian is two boxes, one after the other.

        Raises:
            InvalidInput: a property that cannot be searched by, or a mark that is none.
        """
        chosen = _chosen(collection, query)
        parts = _parts(query.bbox)
        part, behind = _mark(query.after, len(parts))
        found: list[tuple[int, Any]] = []
        with self._records.view() as unit:
            while part < len(parts) and len(found) <= query.limit:
                conditions = chosen | _within(collection, parts[part])
                things = _of(unit, collection).find(
                    audience=p.audience(),
                    after=behind,
                    limit=query.limit + 1 - len(found),
                    newest_first=True,
                    **conditions,
                )
                found += [(part, thing) for thing in things]
                part, behind = part + 1, None
        items = found[: query.limit]
        more = len(found) > query.limit
        return Found(
            tuple(thing for _, thing in items),
            f"{items[-1][0]}.{items[-1][1].id}" if more else None,
        )

    def one(self, p: Principal, collection: Collection, id: str) -> Any:
        """One thing. Raises NotFound, also when the caller may not see it."""
        with self._records.view() as unit:
            found = _of(unit, collection).find(audience=p.audience(), id=id, limit=1)
        if not found:
            raise NotFound(f"no such thing in {collection.id}", where=id)
        return found[0]


def _of(unit: Unit, collection: Collection) -> Any:
    return getattr(unit, collection.kind)


def _chosen(collection: Collection, query: FeatureQuery) -> dict[str, Any]:
    for name in query.equals:
        if name not in collection.filters:
            raise InvalidInput(
                f"{collection.id} cannot be searched by {name[:60]!r}",
                where=name[:60],
                remedy=f"use bbox, datetime, limit, {', '.join(collection.filters)}",
            )
    chosen: dict[str, Any] = dict(query.equals)
    if collection.since == collection.until:
        if query.since is not None or query.until is not None:
            chosen[collection.since] = Between(query.since, query.until)
        return chosen
    if query.until is not None:
        chosen[collection.since] = Between(high=query.until)
    if query.since is not None:
        chosen[collection.until] = Between(low=query.since)
    return chosen


def _parts(bbox: Box | None) -> Sequence[Box | None]:
    if bbox is None:
        return (None,)
    west, south, east, north = bbox
    if west <= east:
        return (bbox,)
    return ((west, south, 180.0, north), (-180.0, south, east, north))


def _within(collection: Collection, box: Box | None) -> dict[str, Any]:
    if box is None:
        return {}
    west, south, east, north = box
    if not collection.boxed:
        return {"lon": Between(west, east), "lat": Between(south, north)}
    return {
        "west": Between(high=east),
        "east": Between(low=west),
        "south": Between(high=north),
        "north": Between(low=south),
    }


def _mark(after: str | None, parts: int) -> tuple[int, str | None]:
    if after is None:
        return 0, None
    number, dot, id = after.partition(".")
    if not (dot and id and number in ("0", "1") and int(number) < parts):
        raise InvalidInput(
            "no mark of a page", where="after", remedy="follow the link `next` of the page before"
        )
    return int(number), id
