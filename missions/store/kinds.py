"""Which things are stored, and by which of their fields they can be found.

Both stores and the tables are made from this list. A column keeps its own type so that ranges
sort rightly; times are text of fixed width.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import Enum
from operator import attrgetter
from typing import Any

from core.errors import InvalidInput
from core.squares import square_of
from fleet.packs.packs import PackRecord
from imagery.catalog import Medium
from imagery.products.product import Product
from missions.access import Audience
from missions.cases.inspection import Inspection
from missions.demand.standing import Standing
from missions.entities import (
    Alert,
    Anomaly,
    Case,
    Event,
    Filing,
    Flight,
    Label,
    LedgerLine,
    LogEntry,
    OrderRecord,
    PlanRecord,
    Request,
    Review,
    Task,
)
from missions.evidence.records import CustodyRecord, Hold
from missions.feed.change import Change
from missions.feed.webhook import Delivery, Webhook
from missions.identity.records import Account, CustomRole, SessionRecord
from missions.media.brought import Batch, Upload
from missions.preflight.model import Grounding, Preflight
from missions.sightings import SightingRecord
from missions.signals.model import Contact, DayFigures, Device, Gauge, Signal, Trace
from missions.store import routes
from missions.store.protocol import Between
from missions.store.records import (
    AnswerRecord,
    JobRecord,
    JobRun,
    KeyRecord,
    LeaseRecord,
    TokenRecord,
)
from missions.telemetry.track import Track

COUNTY = "county"
"""The column of kinds that lie in one county."""
AUDIENCE = "audience"
"""The link field under which the departments that may see a thing are kept."""

_POSITION = ("lon", "lat")
BOX = ("west", "south", "east", "north", "span")
"""Columns of a kind that lies on the map: its bounding box in degrees, and how wide that is."""
STRIP_LEVEL = 16
"""Cases are put in order by strips of the map, 2**16 from north to south (some 500 m in China)."""
MOST_STRIPS = 64


def strips(south: float, north: float) -> "tuple[int, ...] | Between":
    """The strips between two latitudes: each, or from one to another where they are many."""
    top, bottom = (square_of(0.0, lat, STRIP_LEVEL)[1] for lat in (north, south))
    if bottom - top >= MOST_STRIPS:
        return Between(top, bottom)
    return tuple(range(top, bottom + 1))


_COARSE = frozenset({"state", "sensor", "origin", "kind", "emergency", "department"})
"""Fields with few values: an index on them narrows a search less than an audience does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of thing.

    Attributes:
        name: of the repository and the table.
        columns: fields with one value to find by.
        links: fields with several values to find by.
        seen_by: how to list the departments that may see it; None for things without an audience.
        together: fields with one index over all of them, beside the one for each column.
        pairs: fields that are asked for two at a time, with an index for both.
    """

    name: str
    cls: type
    columns: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    seen_by: Callable[[Any], Iterable[str]] | None = None
    together: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    readers: Mapping[str, Callable[[Any], Any]] = field(init=False)

    def __post_init__(self) -> None:
        readers = {name: _reader(name) for name in self.columns}
        object.__setattr__(self, "readers", readers)

    def column_values(self, item: Any) -> dict[str, Any]:
        """The value of each column."""
        boxed = box_of(item) if self._boxed else {}
        return {
            name: boxed[name] if name in boxed else plain(read(item))
            for name, read in self.readers.items()
        }

    @property
    def _boxed(self) -> bool:
        return "west" in self.readers

    def link_values(self, item: Any, counties: Iterable[str] = ()) -> frozenset[tuple[str, str]]:
        """Every (field, value) of the fields with several values, the audience among them.

        Args:
            counties: where the item lies; a kind with a column for that needs no links for it.
        """
        found = {(name, str(plain(v))) for name in self.links for v in getattr(item, name)}
        within = () if COUNTY in self.columns else counties
        found.update((AUDIENCE, value) for value in self.audience(item, within))
        return frozenset(found)

    def audience(self, item: Any, counties: Iterable[str] = ()) -> frozenset[str]:
        """Who may see an item: departments, "department@county" and "@county"."""
        if self.seen_by is None:
            return frozenset()
        departments = {department for department in self.seen_by(item) if department}
        plain_ones = {d for d in departments if "@" not in d}
        within = {f"{d}@{county}" for county in counties for d in ("", *plain_ones)}
        return frozenset(departments | within)

    def conditions(self, audience: Audience, equals: Mapping[str, Any]) -> dict[str, Any]:
        """All conditions of a search, with plain values.

        Raises:
            InvalidInput: this kind cannot be found by such a field.
        """
        wanted = self._scoped(audience, equals)
        known = {"id", *self.columns, *self.links}
        if self.seen_by is not None:
            known.add(AUDIENCE)
        for name in wanted:
            if name not in known:
                raise InvalidInput(
                    f"{self.name} cannot be found by {name}",
                    where=name,
                    remedy=f"use one of {', '.join(sorted(known))}",
                )
        return {name: _plain_condition(value) for name, value in wanted.items()}

    def _scoped(self, audience: Audience, equals: Mapping[str, Any]) -> dict[str, Any]:
        """The conditions with the audience among them: as links, or for kinds that have a column
        for the county as a department and counties."""
        if audience is None:
            return dict(equals)
        if not isinstance(audience, tuple) or COUNTY not in self.columns:
            return {AUDIENCE: audience, **equals}
        department = audience[0].partition("@")[0]
        counties = tuple(link.partition("@")[2] for link in audience)
        if (asked := equals.get(COUNTY)) is not None:
            named = {asked} if isinstance(asked, str) else set(asked)
            counties = tuple(county for county in counties if county in named)
        whose = {AUDIENCE: department} if department else {}
        return {**whose, **equals, COUNTY: counties}

    def is_selective(self, name: str) -> bool:
        """Whether a condition on this field leaves few things."""
        return name not in _COARSE and name != AUDIENCE


def plain(value: Any) -> Any:
    """A value as the columns hold it: text, number or None.

    Raises:
        InvalidInput: a time at the end of the calendar, which in UTC is none.
    """
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return _utc(value).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return int(value)
    return value


def _utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise InvalidInput(
            "a time that is none in UTC",
            where=value.isoformat(),
            remedy="give one between the years 1 and 9999",
        ) from error


def _plain_condition(value: Any) -> Any:
    if isinstance(value, Between):
        return Between(plain(value.low), plain(value.high))
    if isinstance(value, (tuple, list, set, frozenset)):
        return tuple(plain(v) for v in value)
    return plain(value)


def _reader(name: str) -> Callable[[Any], Any]:
    if name in BOX:
        return lambda item: box_of(item)[name]
    if name == "strip":
        return lambda item: square_of(item.position.lon, item.position.lat, STRIP_LEVEL)[1]
    if name not in _POSITION:
        return attrgetter(name)

    def read(item: Any) -> Any:
        return None if item.position is None else getattr(item.position, name)

    return read


def box_of(item: Any) -> Mapping[str, float | None]:
    """The bounding box of what a thing shows, degrees: of a route, a track, a footprint, or of its
    position where it has none of these.

    They do not cross the 180th meridian: footprints have some hundred metres, flights some ten km.
    """
    points = _shown(item)
    if not points:
        return dict.fromkeys(BOX)
    lons, lats = [p[0] for p in points], [p[1] for p in points]
    west, east = min(lons), max(lons)
    return {
        "west": west,
        "south": min(lats),
        "east": east,
        "north": max(lats),
        "span": east - west,
    }


def _shown(item: Any) -> Sequence[Any]:
    if isinstance(item, Flight):
        return routes.places(item.route)
    if isinstance(item, Track):
        return [(lon / 1e7, lat / 1e7) for lon, lat in zip(item.lon_e7, item.lat_e7, strict=True)]
    if item.footprint is not None:
        return _points(item.footprint["coordinates"])
    position = getattr(item, "position", None)
    return [] if position is None else [(position.lon, position.lat)]


def _points(coordinates: Any) -> list[Any]:
    """The positions in a GeoJSON geometry's coordinates, however deep they lie."""
    if isinstance(coordinates[0], (int, float)):
        return [coordinates]
    return [point for part in coordinates for point in _points(part)]


def _owner_and_shared(item: Any) -> Iterable[str]:
    return (item.department, *item.shared_with)


def _departments(item: Any) -> Iterable[str]:
    departments: Iterable[str] = item.departments
    return departments


def _told(item: Any) -> Iterable[str]:
    audience: Iterable[str] = item.audience
    return audience


def _owner(item: Any) -> Iterable[str]:
    return (item.department,)


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            name="requests",
            cls=Request,
            columns=(
                *("state", "scenario", "department", "origin", "case_id"),
                *("place", "earliest", "latest", "refly_of", "standing"),
            ),
            links=("task_ids",),
            seen_by=_owner_and_shared,
        ),
        Kind(
            name="tasks",
            cls=Task,
            columns=("state", "day", "flight_id"),
            links=("request_ids", "scenarios"),
            seen_by=_departments,
        ),
        Kind(name="plans", cls=PlanRecord, columns=("day",)),
        Kind(
            name="flights",
            cls=Flight,
            columns=(
                *("state", "day", "vehicle", "system_id", "plan_id", "case_id"),
                *("filing_id", "origin", "start", "end", *BOX),
            ),
            links=("task_ids",),
            seen_by=_departments,
            together=("west", "east", "south", "north", "start"),
        ),
        Kind(
            name="standings",
            cls=Standing,
            columns=("state", "department"),
            seen_by=_owner_and_shared,
        ),
        Kind(name="filings", cls=Filing, columns=("state", "day", "emergency")),
        Kind(
            name="media",
            cls=Medium,
            columns=(
                *("sha256", "flight", "vehicle", "camera", "sensor", "state"),
                *("taken_at", "received_at", "lon", "lat"),
                *BOX,
            ),
            links=("tasks", "scenarios", "cases"),
            seen_by=_owner_and_shared,
            together=("state", "sensor", "west", "east", "south", "north", "taken_at"),
        ),
        Kind(
            name="products",
            cls=Product,
            columns=(
                *("kind", "state", "medium", "flight", "task", "request"),
                *("vehicle", "camera", "taken_at", *BOX),
            ),
            links=("media", "tasks", "scenarios", "cases"),
            seen_by=_owner_and_shared,
            together=("state", "kind", "west", "east", "south", "north", "taken_at"),
        ),
        Kind(
            name="anomalies",
            cls=Anomaly,
            columns=(
                *("state", "event_type", "department", "case_id", "lon", "lat"),
                *("first_seen", "last_seen"),
            ),
            seen_by=_owner_and_shared,
        ),
        Kind(
            name="events",
            cls=Event,
            columns=(
                *("event_type", "anomaly_id", "case_id", "department", "at"),
                *("county", "lon", "lat"),
            ),
            seen_by=_owner_and_shared,
        ),
        Kind(
            name="cases",
            cls=Case,
            columns=(
                *("state", "event_type", "number", "department", "opened_at", "due_at"),
                *("escalation", "escalate_at", "recurs_of", "changed_at"),
                *("county", "lon", "lat", "strip"),
            ),
            links=("anomaly_ids",),
            seen_by=_owner_and_shared,
            together=("strip", "lon", "lat", "state"),
            pairs=(("event_type", "department"), ("county", "state")),
        ),
        Kind(
            name="reviews",
            cls=Review,
            columns=("state", "kind", "task_id", "department", "case_id"),
            seen_by=_owner_and_shared,
        ),
        Kind(
            name="alerts",
            cls=Alert,
            columns=("kind", "event_type", "case_id", "at", "county"),
            seen_by=_owner_and_shared,
        ),
        Kind(
            name="inspections",
            cls=Inspection,
            columns=("state", "county", "proposed_at"),
            links=("case_ids",),
            seen_by=_departments,
        ),
        Kind(
            name="ledger",
            cls=LedgerLine,
            columns=("flight_id", "department", "day", "metres", "seconds"),
            seen_by=_owner,
        ),
        Kind(
            name="log",
            cls=LogEntry,
            columns=("at", "actor", "action", "subject"),
            seen_by=_owner,
        ),
        Kind(name="answers", cls=AnswerRecord, columns=("expires_at",)),
        Kind(name="keys", cls=KeyRecord, columns=("entity_id",)),
        Kind(name="tokens", cls=TokenRecord, columns=("name",)),
        Kind(name="accounts", cls=Account, columns=("name", "role", "subject")),
        Kind(
            name="sessions",
            cls=SessionRecord,
            columns=("account_id", "access", "family", "ended_at"),
        ),
        Kind(name="roles", cls=CustomRole),
        Kind(name="leases", cls=LeaseRecord),
        Kind(name="jobs", cls=JobRecord),
        Kind(name="job_runs", cls=JobRun, columns=("job", "outcome")),
        Kind(name="orders", cls=OrderRecord, columns=("drone", "state", "at")),
        Kind(name="packs", cls=PackRecord, columns=("vehicle",)),
        Kind(name="custody", cls=CustodyRecord, columns=("medium_id", "what", "at")),
        Kind(name="holds", cls=Hold, columns=("subject", "department", "lifted_at")),
        Kind(
            name="uploads",
            cls=Upload,
            columns=("batch", "state", "sha256", "by", "department", "expires_at"),
            seen_by=_owner_and_shared,
        ),
        Kind(
            name="labels",
            cls=Label,
            columns=(
                *("detector", "event_type", "verdict", "at", "department"),
                *("review_id", "case_id", "withdrawn_at"),
            ),
            seen_by=_owner_and_shared,
        ),
        Kind(
            name="sightings",
            cls=SightingRecord,
            columns=("anomaly_id", "medium_id", "flight", "kind", "at", "lon", "lat"),
            seen_by=_owner_and_shared,
        ),
        Kind(
            name="tracks",
            cls=Track,
            columns=("vehicle", "day", "start", "end", *BOX),
            seen_by=_departments,
            together=("west", "east", "south", "north", "start"),
        ),
        Kind(
            name="preflights",
            cls=Preflight,
            columns=("flight_id", "at", "word"),
            seen_by=_departments,
        ),
        Kind(name="groundings", cls=Grounding, columns=("lifted_at", "ends")),
        Kind(
            name="devices",
            cls=Device,
            columns=("kind", "state", "county", "department", "key"),
            seen_by=_owner_and_shared,
        ),
        Kind(name="gauges", cls=Gauge, columns=("silent_at",)),
        Kind(name="gauge_days", cls=DayFigures, columns=("device",)),
        Kind(
            name="signals",
            cls=Signal,
            columns=(
                *("state", "source", "matter", "device_id", "county", "department"),
                *("external_id", "request_id", "at", "lon", "lat"),
            ),
            seen_by=_owner_and_shared,
            together=("matter", "lat", "lon", "at"),
        ),
        Kind(name="traces", cls=Trace, columns=("device",)),
        Kind(name="contacts", cls=Contact, columns=("department", "erase_at"), seen_by=_owner),
        Kind(name="batches", cls=Batch, columns=("by", "department"), seen_by=_owner_and_shared),
        Kind(name="changes", cls=Change, columns=("kind", "subject"), seen_by=_told),
        Kind(name="webhooks", cls=Webhook, columns=("department",), seen_by=_owner),
        Kind(name="deliveries", cls=Delivery, columns=("webhook_id", "state", "made_at")),
    )
}
