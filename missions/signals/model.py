"""The things of the intake, as frozen values: device, gauge, signal, and what is kept with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from core.geo import LonLat


class DeviceState(StrEnum):
    """Whether a device's readings are judged."""

    IN_SERVICE = "in_service"
    CALIBRATION = "calibration"
    """Somebody is at it: its readings are answered and set aside."""
    OUT_OF_SERVICE = "out_of_service"


class SignalState(StrEnum):
    RECEIVED = "received"
    """Stored; a look is asked for in a moment."""
    ASKED = "asked"
    LOOKED = "looked"
    """There are photographs; detectors or an officer still search them."""
    ANSWERED = "answered"
    """`Signal.outcome` says how it ended."""
    DISMISSED = "dismissed"
    """A person said that nobody needs to look."""
    DUPLICATE = "duplicate"
    """One with an earlier signal, `Signal.joined`, whose outcome is its own."""


LEADING = (
    SignalState.RECEIVED,
    SignalState.ASKED,
    SignalState.LOOKED,
    SignalState.ANSWERED,
)
"""States of a signal that later ones may join."""


class Source(StrEnum):
    """How a signal came to be."""

    READING = "reading"
    """A reading crossed a rule."""
    SILENCE = "silence"
    """A device sent nothing for too long."""
    OUTAGE = "outage"
    """Many devices fell silent at once."""
    REPORT = "report"
    """A citizen's."""
    FIND = "find"
    """Another system's AI found something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLimit:
    """A device's own limit of a rule, in the kind's unit, and where the rule is armed again."""

    limit: float
    clear: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A sensor somewhere in the city.

    Attributes:
        kind: id of a kind of sensor in the catalogue.
        county: id of the county it stands in.
        key: name of the only machine that may send for it; empty for any of its department.
        limits: its own limits, by rule id.
    """

    id: str
    kind: str
    name: str
    position: LonLat
    county: str
    department: str
    registered_at: datetime
    by: str
    shared_with: tuple[str, ...] = ()
    key: str = ""
    state: DeviceState = DeviceState.IN_SERVICE
    limits: Mapping[str, OwnLimit] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleState:
    """Where a device stands with one rule.

    Attributes:
        since_s: when the condition began to hold, seconds since 1970; None while it does not.
        count: readings in a row for which it has held.
        raised: id of the signal that it made; empty while the rule is armed.
        buckets: (start_s, lowest, highest) of the window's parts, for rules on a change.
    """

    rule: str
    since_s: float | None = None
    count: int = 0
    raised: str = ""
    buckets: tuple[tuple[float, float, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracing:
    """A signal for which readings are still kept as evidence, and how many."""

    signal_id: str
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """The last state of a device: all that judging its next reading needs.

    Attributes:
        id: the device's.
        at_s, value: its last reading; times are seconds since 1970.
        received_at: when that came in.
        silent_at: when it counts as silent if nothing comes; None once that was told.
        silent: id of the signal that told so.
        recent: (at_s, value) of the latest readings, oldest first.
        hour_s, count, total, low, high: the figures of the running hour, which began at hour_s.
    """

    id: str
    at_s: float
    value: float
    received_at: datetime
    silent_at: datetime | None
    silent: str = ""
    states: tuple[RuleState, ...] = ()
    recent: tuple[tuple[float, float], ...] = ()
    tracing: tuple[Tracing, ...] = ()
    hour_s: float = 0.0
    count: int = 0
    total: float = 0.0
    low: float = 0.0
    high: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HourFigures:
    """An hour of a device: how many readings, their mean, lowest and highest."""

    hour: int
    count: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFigures:
    """A UTC day of a device, by the hour. Ids go round: after some months a day takes the place of
    an old one."""

    id: str
    device: str
    day: date
    hours: tuple[HourFigures, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The readings before and after a crossing, (at_s, value); its id is the signal's."""

    id: str
    device: str
    readings: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """The earlier signal that a later one is one with: how far away, how many minutes between."""

    id: str
    distance_m: float
    minutes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a signal ended.

    Attributes:
        code: found, nothing, refused, expired, unseen, late, told or weak.
    """

    code: str
    at: datetime
    text: str
    text_zh: str
    case_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """Something that may ask for a look.

    Attributes:
        matter: event type that is looked for; empty where nobody flies.
        kind: of the device, or the report's category, or the find's label.
        at: when it happened; received_at: when it came in.
        value, limit: of a crossing: what was read (for a change: the change) and the rule's limit.
        text: what was told, without anything personal; words: a citizen's own, erased with the
            contact.
        photos: ids of media or uploads; picture: where another system keeps its own.
        external_id: the sender's own number.
        members: how many later signals are one with this.
        review_id: what an officer was asked to look at where earlier photographs answered.
        cleared_at: when the readings were back where all is well.
        seen: ids of the look's photographs that show the place, once it is answered.
    """

    id: str
    source: Source
    matter: str
    kind: str
    at: datetime
    received_at: datetime
    position: LonLat
    county: str
    department: str
    shared_with: tuple[str, ...]
    by: str
    text: str
    text_zh: str
    severity: int
    priority: int = 3
    state: SignalState = SignalState.RECEIVED
    device_id: str = ""
    rule: str = ""
    value: float | None = None
    limit: float | None = None
    photos: tuple[str, ...] = ()
    picture: str = ""
    camera: str = ""
    score: float | None = None
    external_id: str = ""
    joined: Joined | None = None
    members: int = 0
    request_id: str = ""
    review_id: str = ""
    asked_at: datetime | None = None
    looked_at: datetime | None = None
    cleared_at: datetime | None = None
    outcome: Outcome | None = None
    words: str = ""
    note: str = ""
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Who reported: personal data, apart from the signal; its id is the signal's.

    Attributes:
        erase_at: when it is erased; None once it was.
    """

    id: str
    department: str
    name: str
    phone: str
    erase_at: datetime | None
    erased_at: datetime | None = None
