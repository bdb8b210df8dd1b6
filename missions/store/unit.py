"""What the units of both stores have in common: one repository for each kind, and refusals."""

from abc import ABC, abstractmethod
from typing import Any, TypeVar

from core.errors import InvalidInput, NotAllowed, NotFound
from fleet.packs.packs import PackRecord
from imagery.catalog import Medium
from imagery.products.product import Product
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
from missions.store.kinds import KINDS, Kind
from missions.store.observed import Observed, Observers
from missions.store.placing import Locate, nowhere
from missions.store.protocol import Placed, Repository, Settings, Step
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


class UnitBase(ABC):
    """A unit that makes its repositories when they are first asked for.

    Attributes:
        locate: in which counties a thing lies (`missions.store.placing`).
    """

    locate: Locate = staticmethod(nowhere)

    def __init__(self, observers: Observers) -> None:
        self._made: dict[str, Any] = {}
        self._observers = observers
        self._gathered: dict[Step, list[Any]] = {}

    def gathered(self, step: Step) -> list[Any]:
        return self._gathered.setdefault(step, [])

    def finish(self) -> None:
        """Take the last steps, before the transaction ends; they may bring forth others."""
        while self._gathered:
            step = next(iter(self._gathered))
            step(self, self._gathered.pop(step))

    @abstractmethod
    def _make(self, kind: Kind) -> Any:
        """The repository of a kind."""

    @property
    @abstractmethod
    def settings(self) -> Settings:
        """Small JSON values by name."""

    @property
    @abstractmethod
    def tallies(self) -> Tallies:
        """Counts that are kept along with what they count."""

    def _of(self, name: str) -> Any:
        made = self._made.get(name)
        if made is None:
            made = self._make(KINDS[name])
            if watching := self._observers.get(name):
                made = Observed(made, self, watching)
            self._made[name] = made
        return made

    @property
    def requests(self) -> Repository[Request]:
        return self._of("requests")

    @property
    def standings(self) -> Repository[Standing]:
        return self._of("standings")

    @property
    def tasks(self) -> Repository[Task]:
        return self._of("tasks")

    @property
    def plans(self) -> Repository[PlanRecord]:
        return self._of("plans")

    @property
    def flights(self) -> Repository[Flight]:
        return self._of("flights")

    @property
    def filings(self) -> Repository[Filing]:
        return self._of("filings")

    @property
    def media(self) -> Placed[Medium]:
        return self._of("media")

    @property
    def anomalies(self) -> Repository[Anomaly]:
        return self._of("anomalies")

    @property
    def events(self) -> Repository[Event]:
        return self._of("events")

    @property
    def cases(self) -> Placed[Case]:
        return self._of("cases")

    @property
    def inspections(self) -> Repository[Inspection]:
        return self._of("inspections")

    @property
    def reviews(self) -> Repository[Review]:
        return self._of("reviews")

    @property
    def alerts(self) -> Repository[Alert]:
        return self._of("alerts")

    @property
    def ledger(self) -> Repository[LedgerLine]:
        return self._of("ledger")

    @property
    def log(self) -> Repository[LogEntry]:
        return self._of("log")

    @property
    def answers(self) -> Repository[AnswerRecord]:
        return self._of("answers")

    @property
    def keys(self) -> Repository[KeyRecord]:
        return self._of("keys")

    @property
    def tokens(self) -> Repository[TokenRecord]:
        return self._of("tokens")

    @property
    def accounts(self) -> Repository[Account]:
        return self._of("accounts")

    @property
    def sessions(self) -> Repository[SessionRecord]:
        return self._of("sessions")

    @property
    def roles(self) -> Repository[CustomRole]:
        return self._of("roles")

    @property
    def leases(self) -> Repository[LeaseRecord]:
        return self._of("leases")

    @property
    def jobs(self) -> Repository[JobRecord]:
        return self._of("jobs")

    @property
    def job_runs(self) -> Repository[JobRun]:
        return self._of("job_runs")

    @property
    def orders(self) -> Repository[OrderRecord]:
        return self._of("orders")

    @property
    def labels(self) -> Repository[Label]:
        return self._of("labels")

    @property
    def packs(self) -> Repository[PackRecord]:
        return self._of("packs")

    @property
    def uploads(self) -> Repository[Upload]:
        return self._of("uploads")

    @property
    def batches(self) -> Repository[Batch]:
        return self._of("batches")

    @property
    def products(self) -> Placed[Product]:
        return self._of("products")

    @property
    def custody(self) -> Repository[CustodyRecord]:
        return self._of("custody")

    @property
    def holds(self) -> Repository[Hold]:
        return self._of("holds")

    @property
    def sightings(self) -> Repository[SightingRecord]:
        return self._of("sightings")

    @property
    def changes(self) -> Repository[Change]:
        return self._of("changes")

    @property
    def webhooks(self) -> Repository[Webhook]:
        return self._of("webhooks")

    @property
    def deliveries(self) -> Repository[Delivery]:
        return self._of("deliveries")

    @property
    def tracks(self) -> Repository[Track]:
        return self._of("tracks")

    @property
    def preflights(self) -> Repository[Preflight]:
        return self._of("preflights")

    @property
    def groundings(self) -> Repository[Grounding]:
        return self._of("groundings")

    @property
    def devices(self) -> Repository[Device]:
        return self._of("devices")

    @property
    def gauges(self) -> Repository[Gauge]:
        return self._of("gauges")

    @property
    def gauge_days(self) -> Repository[DayFigures]:
        return self._of("gauge_days")

    @property
    def signals(self) -> Repository[Signal]:
        return self._of("signals")

    @property
    def traces(self) -> Repository[Trace]:
        return self._of("traces")

    @property
    def contacts(self) -> Repository[Contact]:
        return self._of("contacts")


def taken(kind: Kind, item_id: str) -> InvalidInput:
    """The refusal of a second thing with the same id."""
    return InvalidInput(
        f"there is already one of {kind.name} with this id",
        where=item_id,
        remedy="make a new id, or replace the thing with put",
    )


def absent(item_id: str) -> NotFound:
    """The answer when there is no such thing: the same as for what may not be seen."""
    return NotFound("no such thing", where=item_id)


def no_cursor(kind: Kind, after: str) -> InvalidInput:
    """The refusal of a cursor that points at nothing."""
    return InvalidInput(
        f"no such place in the list of {kind.name}: {after[:80]}",
        where="after",
        remedy="use the cursor that came with the page before",
    )


def read_only() -> NotAllowed:
    """The refusal to write while only looking."""
    return NotAllowed("a view only reads", remedy="open a unit to write")
