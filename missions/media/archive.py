"""The catalogue searched: photographs and products on a piece of ground, in a span of time.

Candidates come from the store by box, time and link; whether a footprint really meets the place
asked for is decided here, on the polygon. Work for one page is bounded: after `SCANNED` candidates
a page ends, however short, with a token to go on from.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import shapely
from shapely.geometry import shape

from core.equipment import Sensor
from core.errors import InvalidInput, NotFound
from imagery.catalog import Medium, MediumState
from imagery.products.product import Product, ProductKind, ProductState
from imagery.products.stac import COLLECTIONS, Described, collection_of, sensor_of
from missions.access import Principal
from missions.operations.room import ControlRoom
from missions.store.protocol import Between, Extent, Placed, Unit

Entry = Medium | Product

SCANNED = 4000
"""Candidates looked at for one page."""
_BATCH = 200
MAX_LIMIT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is searched for; every condition narrows it.

    Attributes:
        place: shapely geometry in WGS-84 degrees that footprints must meet.
        since, until: both included; None leaves an end open.
        ids, collections: any of these; None for all.
        equals: by field (`FIELDS`), the values that fit; one of them must be there.
        least, most: by field (`NUMBERS`), the bounds of a number, both included.
        token: `Found.next` of the page before.
    """

    place: shapely.Geometry | None = None
    since: datetime | None = None
    until: datetime | None = None
    ids: tuple[str, ...] | None = None
    collections: tuple[str, ...] | None = None
    equals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    least: Mapping[str, float] = field(default_factory=dict)
    most: Mapping[str, float] = field(default_factory=dict)
    newest_first: bool = True
    limit: int = 10
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A page of entries and where the next one begins."""

    entries: tuple[Entry, ...]
    next: str | None


FIELDS: Mapping[str, str] = {
    "sensor": "flyonce:sensor",
    "scenario": "flyonce:scenarios",
    "flight": "flyonce:flight",
    "task": "flyonce:tasks",
    "case": "flyonce:cases",
    "department": "flyonce:department",
    "platform": "platform",
    "instrument": "instruments",
}
"""What entries can be found by, and the property of an item that shows it."""

NUMBERS: Mapping[str, str] = {"gsd": "gsd", "off_nadir": "view:off_nadir"}

_COLUMNS = {
    **{"flight": "flight", "platform": "vehicle", "instrument": "camera"},
    **{"scenario": "scenarios", "task": "tasks", "case": "cases"},
}


class Archive:
    """Searches and single entries, for what the caller may see."""

    def __init__(self, room: ControlRoom) -> None:
        self._room = room

    def search(self, p: Principal, query: Query) -> Found:
        """The entries that fit, a page of them.

        Raises:
            InvalidInput: the token is none of ours, or the limit is out of range.
        """
        if not 1 <= query.limit <= MAX_LIMIT:
            raise InvalidInput(
                f"a page of {query.limit}", where="limit", remedy=f"ask for 1 to {MAX_LIMIT}"
            )
        with self._room.view() as unit:
            return _Search(unit, p, query).page()

    def entry(self, p: Principal, collection_id: str, id: str) -> Entry:
        """One entry of a collection. Raises NotFound."""
        described = self.collection(collection_id)
        with self._room.view() as unit:
            is_product = isinstance(described.of, ProductKind)
            found: Entry = p.checked((unit.products if is_product else unit.media).get(id))
        if not _listed(found) or collection_of(found) != collection_id:
            raise NotFound("no such item in this collection", where=id)
        return found

    def collection(self, id: str) -> Described:
        """What a collection holds. Raises NotFound."""
        if id not in COLLECTIONS:
            raise NotFound(
                "no such collection", where=id, remedy=f"use one of {', '.join(COLLECTIONS)}"
            )
        return COLLECTIONS[id]

    def extent(self, p: Principal, described: Described) -> Extent | None:
        """The ground and the time of what the caller may see of a collection; None if nothing."""
        with self._room.view() as unit:
            if isinstance(described.of, ProductKind):
                ready = ProductState.READY
                return unit.products.extent(audience=p.audience(), state=ready, kind=described.of)
            kept = MediumState.KEPT
            return unit.media.extent(audience=p.audience(), state=kept, sensor=described.of)


class _Search:
    """One page: photographs and products, each in the order of time, merged."""

    def __init__(self, unit: Unit, p: Principal, query: Query) -> None:
        self._query = query
        self._foreign = _foreign_department(p, query)
        at = _read_token(query.token)
        self._streams = [
            _Stream(unit.media, self._conditions(unit, p, of=Sensor), self._fits, query, at[0]),
            _Stream(
                unit.products, self._conditions(unit, p, of=ProductKind), self._fits, query, at[1]
            ),
        ]
        if query.place is not None:
            shapely.prepare(query.place)

    def page(self) -> Found:
        entries: list[Entry] = []
        while len(entries) < self._query.limit:
            following = self._following()
            if following is None:
                break
            entries.append(following.pop())
        more = any(s.more() for s in self._streams)
        token = "~".join(stream.cursor or "" for stream in self._streams)
        return Found(tuple(entries), token if more else None)

    def _following(self) -> "_Stream | None":
        """The stream whose next entry comes first; None when one was looked through in vain as
        far as a page may."""
        if any(stream.tired() for stream in self._streams):
            return None
        waiting = [s for s in self._streams if s.head() is not None]
        if any(stream.tired() for stream in self._streams):
            return None
        choose: Any = max if self._query.newest_first else min
        return choose(waiting, key=lambda s: s.time()) if waiting else None

    def _conditions(
        self, unit: Unit, p: Principal, *, of: type[Sensor] | type[ProductKind]
    ) -> dict[str, Any] | None:
        """What the store is asked; None where nothing of this sort can fit."""
        query = self._query
        kinds = [c.of for c in COLLECTIONS.values() if isinstance(c.of, of)]
        if query.collections is not None:
            kinds = [k for k in kinds if _id_of(k) in query.collections]
        if "sensor" in query.equals:
            kinds = [k for k in kinds if _sensor(k) in query.equals["sensor"]]
        if not kinds:
            return None
        media = of is Sensor
        chosen: dict[str, Any] = {
            "sensor" if media else "kind": tuple(kinds),
            "state": MediumState.KEPT if media else ProductState.READY,
            "audience": p.audience() or query.equals.get("department", (None,))[0],
        }
        if query.since is not None or query.until is not None:
            # a product lasts from its first to its last photograph: its end is looked at later
            chosen["taken_at"] = Between(query.since if media else None, query.until)
        if query.ids is not None:
            chosen["id"] = query.ids
        chosen |= {_COLUMNS[n]: v for n, v in query.equals.items() if n in _COLUMNS}
        if query.place is not None:
            chosen |= _overlapping(*query.place.bounds)
        return {name: value for name, value in chosen.items() if value is not None}

    def _fits(self, entry: Entry) -> bool:
        """What the store could not tell."""
        query = self._query
        if isinstance(entry, Product) and _over(entry, query.since):
            return False
        if self._foreign and self._foreign not in (entry.department, *entry.shared_with):
            return False
        if any(_number(entry, n, float("-inf")) < low for n, low in query.least.items()):
            return False
        if any(_number(entry, n, float("inf")) > high for n, high in query.most.items()):
            return False
        return query.place is None or bool(query.place.intersects(_ground(entry)))


class _Stream:
    """The fitting entries of one repository, one after the other, read in batches."""

    def __init__(
        self,
        things: Placed[Any],
        conditions: dict[str, Any] | None,
        fits: Callable[[Entry], bool],
        query: Query,
        cursor: str | None,
    ) -> None:
        self._things = things
        self._conditions = conditions
        self._fits = fits
        self._query = query
        self._batch: list[Entry] = []
        self._scanned = 0
        self._ended = conditions is None
        self._read = cursor
        self.cursor = cursor
        """The id of the last entry that was given out or passed over."""

    def head(self) -> Entry | None:
        """The next entry that fits, if one turns up in time."""
        while not self.tired():
            if not self._batch:
                if self._ended:
                    return None
                self._fill()
                continue
            if self._fits(self._batch[0]):
                return self._batch[0]
            self.cursor = self._batch.pop(0).id
            self._scanned += 1
        return None

    def pop(self) -> Entry:
        """Give out what `head` showed."""
        entry = self._batch.pop(0)
        self.cursor = entry.id
        return entry

    def time(self) -> datetime:
        """Of the head."""
        at = self._batch[0].taken_at
        assert at is not None  # noqa: S101 - the store orders by it
        return at

    def tired(self) -> bool:
        """Whether so much was passed over that the page should end."""
        return self._scanned >= SCANNED

    def more(self) -> bool:
        """Whether anything may follow."""
        return self.tired() or self.head() is not None or self.tired()

    def _fill(self) -> None:
        size = min(_BATCH, max(self._query.limit + 1, 20))
        found = self._things.ordered(
            "taken_at",
            after=self._read,
            limit=size,
            newest_first=self._query.newest_first,
            **(self._conditions or {}),
        )
        self._batch.extend(found)
        self._ended = len(found) < size
        if found:
            self._read = found[-1].id


def _listed(entry: Entry) -> bool:
    """Whether an entry is in the catalogue: kept or ready, with a time and a sensor."""
    if entry.taken_at is None:
        return False
    if isinstance(entry, Product):
        return entry.state is ProductState.READY
    return entry.state is MediumState.KEPT and entry.sensor is not None


def _over(product: Product, since: datetime | None) -> bool:
    """Whether its last photograph was taken before a time."""
    return since is not None and (product.ended_at is None or product.ended_at < since)


def _foreign_department(p: Principal, query: Query) -> str | None:
    """A department asked for by somebody who sees another one's things only."""
    wanted: Sequence[str] = query.equals.get("department", ())
    if len(wanted) > 1:
        raise InvalidInput("one department at a time", where="department", remedy="name one")
    own = p.audience()
    return wanted[0] if wanted and own is not None and wanted[0] != own else None


def _read_token(token: str | None) -> tuple[str | None, str | None]:
    """The last photograph and the last product of the page before."""
    if token is None:
        return None, None
    media, tilde, products = token.partition("~")
    if not tilde:
        raise InvalidInput(
            "this is no token of a search", where="token", remedy="follow the link rel=next"
        )
    return media or None, products or None


def _overlapping(west: float, south: float, east: float, north: float) -> dict[str, Between]:
    return {
        "west": Between(high=east),
        "east": Between(low=west),
        "south": Between(high=north),
        "north": Between(low=south),
    }


def _ground(entry: Entry) -> shapely.Geometry:
    if entry.footprint is not None:
        return shape(entry.footprint)
    at = entry.position if isinstance(entry, Medium) else None
    return shapely.Point() if at is None else shapely.Point(at.lon, at.lat)


def _number(entry: Entry, name: str, unknown: float) -> float:
    """A number of an entry; what is not known fits no bound."""
    if name == "gsd":
        value = entry.gsd_m
    else:
        pitch = entry.pitch_deg if isinstance(entry, Medium) else None
        value = None if pitch is None else abs(pitch + 90.0)
    return unknown if value is None else value


def _id_of(kind: Any) -> str:
    return next(c.id for c in COLLECTIONS.values() if c.of is kind)


def _sensor(kind: Any) -> str:
    return str(sensor_of(kind) if isinstance(kind, ProductKind) else kind)
