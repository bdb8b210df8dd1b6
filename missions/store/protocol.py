"""What a store does: units of work over repositories, whatever keeps the bytes.

One use case is one unit. What a unit wrote is on disk when its ``with`` block ends, or nothing of
it is; writers come one after the other, so that reading and then writing within a unit is safe.
"""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

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
from missions.store.counts import Tallies
from missions.store.records import (
    AnswerRecord,
    JobRecord,
    JobRun,
    KeyRecord,
    LeaseRecord,
    TokenRecord,
)
from missions.telemetry.track import Track

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Between:
    """A condition: from ``low`` to ``high``, both included; None leaves an end open."""

    low: float | datetime | str | None = None
    high: float | datetime | str | None = None


@dataclass(frozen=True, slots=True)
class Extent:
    """The ground and the time that some things cover: degrees, and UTC."""

    west: float
    south: float
    east: float
    north: float
    first: datetime
    last: datetime


class Repository(Protocol[T]):
    """The things of one kind, in the order in which they arrived."""

    def add(self, item: T) -> None:
        """Keep a new thing. Raises InvalidInput when its id is taken."""
        ...

    def add_all(self, items: Iterable[T]) -> None:
        """Keep several new things at once; much cheaper than one by one."""
        ...

    def put(self, item: T) -> None:
        """Replace the thing of the same id. Raises NotFound when there is none."""
        ...

    def remove(self, item_id: str) -> None:
        """Let a thing go for good. Raises NotFound when there is none.

        For what only serves for a while (stored answers, spent keys); the sealed kinds refuse it.
        """
        ...

    def get(self, item_id: str) -> T:
        """The thing of that id. Raises NotFound."""
        ...

    def exists(self, item_id: str) -> bool:
        """Whether there is a thing of that id."""
        ...

    def find(
        self,
        *,
        audience: Audience = None,
        after: str | None = None,
        limit: int | None = None,
        newest_first: bool = False,
        **equals: Any,
    ) -> list[T]:
        """What fits all conditions, in order of arrival.

        Args:
            audience: only what this department owns or may see; of several, one must fit.
            after: continue behind the thing of this id (in the direction asked).
            newest_first: latest arrival first.
            equals: conditions on indexed fields (`missions.store.kinds`): a value, a tuple or
                frozenset for "one of these", a `Between`, or None for "has none". On a field
                that holds several values, a value means "is among them".

        Raises:
            InvalidInput: a field is not indexed, or ``after`` is no id of this kind.
        """
        ...

    def pick(
        self, names: tuple[str, ...], *, audience: Audience = None, limit: int, **equals: Any
    ) -> list[tuple[Any, ...]]:
        """Some columns of what fits all conditions, in no order: many things at little cost."""
        ...

    def count(self, *, audience: Audience = None, **equals: Any) -> int:
        """How many fit all conditions."""
        ...


class Placed(Repository[T], Protocol[T]):
    """Things that lie on the map and have a time, `taken_at`."""

    def ordered(
        self,
        by: str,
        *,
        audience: Audience = None,
        after: str | None = None,
        limit: int = 100,
        newest_first: bool = True,
        **equals: Any,
    ) -> list[T]:
        """What fits all conditions as in `find`, in the order of a column's values.

        Things of the same value come in order of arrival; those without one are left out. What
        arrives later never moves what is already behind a cursor.

        Args:
            by: an indexed column.
        """
        ...

    def extent(self, *, audience: Audience = None, **equals: Any) -> Extent | None:
        """The box and the times of everything that fits; None where nothing does.

        Things without a place or a time are passed over.
        """
        ...


class Settings(Protocol):
    """Small JSON values by name."""

    def get(self, name: str, default: Any = None) -> Any:
        """The value, or the default."""
        ...

    def set(self, name: str, value: Any) -> None:
        """Keep a JSON-able value under a name."""
        ...


Step = Callable[["Unit", list[Any]], None]
"""The last step of a unit: called with it and what was gathered for the step."""


class Unit(Protocol):
    """Everything that is stored, within one transaction."""

    locate: Callable[[Any], Iterable[str]]

    def gathered(self, step: Step) -> list[Any]:
        """What is gathered for a last step of this unit; append to it.

        ``step`` is called once with the whole list when the ``with`` block ends, in the same
        transaction: what many writes bring forth is so written at once. When the unit fails it
        is not called.
        """
        ...

    @property
    def requests(self) -> Repository[Request]: ...
    @property
    def standings(self) -> Repository[Standing]: ...
    @property
    def tasks(self) -> Repository[Task]: ...
    @property
    def plans(self) -> Repository[PlanRecord]: ...
    @property
    def flights(self) -> Repository[Flight]: ...
    @property
    def filings(self) -> Repository[Filing]: ...
    @property
    def media(self) -> Placed[Medium]: ...
    @property
    def anomalies(self) -> Repository[Anomaly]: ...
    @property
    def events(self) -> Repository[Event]: ...
    @property
    def cases(self) -> Placed[Case]: ...
    @property
    def inspections(self) -> Repository[Inspection]: ...
    @property
    def reviews(self) -> Repository[Review]: ...
    @property
    def alerts(self) -> Repository[Alert]: ...
    @property
    def ledger(self) -> Repository[LedgerLine]: ...
    @property
    def log(self) -> Repository[LogEntry]:
        """The audit trail: `add` seals the entry, `put` is refused (NotAllowed)."""
        ...

    @property
    def answers(self) -> Repository[AnswerRecord]:
        """Answers by idempotency key: `missions.answers.Answers` keeps and sweeps them."""
        ...

    @property
    def keys(self) -> Repository[KeyRecord]: ...
    @property
    def tokens(self) -> Repository[TokenRecord]: ...
    @property
    def accounts(self) -> Repository[Account]: ...
    @property
    def sessions(self) -> Repository[SessionRecord]: ...
    @property
    def roles(self) -> Repository[CustomRole]: ...
    @property
    def leases(self) -> Repository[LeaseRecord]: ...
    @property
    def jobs(self) -> Repository[JobRecord]: ...
    @property
    def job_runs(self) -> Repository[JobRun]: ...
    @property
    def orders(self) -> Repository[OrderRecord]: ...
    @property
    def labels(self) -> Repository[Label]: ...
    @property
    def packs(self) -> Repository[PackRecord]: ...
    @property
    def uploads(self) -> Repository[Upload]: ...
    @property
    def batches(self) -> Repository[Batch]: ...
    @property
    def products(self) -> Placed[Product]: ...
    @property
    def custody(self) -> Repository[CustodyRecord]:
        """Custody records: `missions.evidence.custody.Custody` links them; `put` is refused."""
        ...

    @property
    def holds(self) -> Repository[Hold]: ...
    @property
    def sightings(self) -> Repository[SightingRecord]: ...
    @property
    def changes(self) -> Repository[Change]:
        """The change feed: written by its observer alone (`missions.feed.outbox`)."""
        ...

    @property
    def webhooks(self) -> Repository[Webhook]: ...
    @property
    def deliveries(self) -> Repository[Delivery]: ...
    @property
    def tracks(self) -> Repository[Track]: ...
    @property
    def preflights(self) -> Repository[Preflight]: ...
    @property
    def groundings(self) -> Repository[Grounding]: ...
    @property
    def devices(self) -> Repository[Device]: ...
    @property
    def gauges(self) -> Repository[Gauge]: ...
    @property
    def gauge_days(self) -> Repository[DayFigures]: ...
    @property
    def signals(self) -> Repository[Signal]: ...
    @property
    def traces(self) -> Repository[Trace]: ...
    @property
    def contacts(self) -> Repository[Contact]: ...
    @property
    def settings(self) -> Settings: ...
    @property
    def tallies(self) -> Tallies: ...


class Store(Protocol):
    """Where the story is kept.

    Attributes:
        locate: in which counties a thing lies; `missions.store.placing.scope_by` sets it.
    """

    locate: Callable[[Any], Iterable[str]]

    def unit(self) -> AbstractContextManager[Unit]:
        """A unit of work that may write: commits on leaving, rolls back on an exception.

        One at a time over all threads and processes; never await inside one, never open a second
        one inside (RuntimeError).

        Raises:
            Unavailable: disk full, database locked by another program, file damaged.
        """
        ...

    def view(self) -> AbstractContextManager[Unit]:
        """A unit that only reads: a consistent picture, without waiting for writers.

        Writing in it raises NotAllowed.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...
