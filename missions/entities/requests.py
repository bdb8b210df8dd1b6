"""What departments want to see, and what they are told: requests, answers, tasks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from core.equipment import Sensor
from missions.entities.shapes import GeoJson


class Origin(StrEnum):
    """Why somebody wants a look."""

    REVISIT = "revisit"
    """A scenario's revisit rule."""
    ASKED = "asked"
    """A department asked through the API."""
    ALARM = "alarm"
    """A find in flight that must be looked at now."""
    RECHECK = "recheck"
    """A case that wants another look."""
    POINT = "point"
    """Point-and-fly (指点飞行)."""
    REFLY = "refly"
    """Photographs were missing: only the gaps are flown again."""
    SIGNAL = "signal"
    """A sensor's warning, a citizen's report or another system's find."""
    VERIFY = "verify"
    """A case that was reported back: has it been put right?"""


class RequestState(StrEnum):
    ASKED = "asked"
    PLANNED = "planned"
    FLOWN = "flown"
    ANSWERED = "answered"
    REFUSED = "refused"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class TaskState(StrEnum):
    OPEN = "open"
    PLANNED = "planned"
    FLOWN = "flown"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """One of the fewest constraints that cannot hold together.

    Attributes:
        rule: its name, such as "resolution", "window", "flights" or "zone:ID"; empty where the
            planner has none for it.
    """

    rule: str
    text: str
    text_zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterOffer:
    """What could be had instead of what was asked: really solved, not guessed.

    Attributes:
        change: "window", "day", "resolution", "overlap", "sensor" or "part".
        instead: the fields of the request that change, JSON-able: gsd_m, earliest, latest ...
        dock, start: the flight that would serve it.
        accepted_as: the request that took it up.
    """

    change: str
    text: str
    text_zh: str
    instead: Mapping[str, Any]
    dock: str
    start: datetime
    accepted_as: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A flight that serves a request, or a part of it."""

    flight_id: str
    dock: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a requester is told; plan-able: which flight and when, or why not.

    Attributes:
        flights: all that serve it, in the order of their take-off.
        conflict: of a refusal, the fewest constraints that cannot hold together.
        offer: of a refusal, what could be had instead.
        due: when the answer comes at the latest, where it is still to come.
        km, minutes: flown because of this request alone; 0 where it joins a flight that is planned
            anyway; None where the day was planned as a whole (the ledger tells after landing).
        with_departments: whom it shares its flights with.
        cut_short: of a refusal, not every alternative was tried, for want of time.
    """

    text: str
    text_zh: str
    code: str = ""
    flight_id: str | None = None
    start: datetime | None = None
    flights: tuple[Slot, ...] = ()
    conflict: tuple[Constraint, ...] = ()
    offer: CounterOffer | None = None
    due: datetime | None = None
    km: float | None = None
    minutes: float | None = None
    with_departments: tuple[str, ...] = ()
    cut_short: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One department's wish for a look.

    Attributes:
        kind: area, corridor, points, orbit or facade; `width_m` is the breadth of a corridor.
        radius_m: of an orbit; base_m, top_m: heights of what an orbit or a facade shows, above
            ground.
        gsd_m: ground sampling distance asked, metres a pixel.
        earliest, latest: the look must begin and end between them.
        priority: 1 (least) to 5.
    """

    id: str
    scenario: str
    department: str
    shared_with: tuple[str, ...]
    purpose: str
    place: str
    geometry: GeoJson
    kind: str
    width_m: float
    sensor: Sensor
    gsd_m: float
    front_overlap: float
    side_overlap: float
    earliest: datetime
    latest: datetime
    priority: int
    origin: Origin
    created_at: datetime
    state: RequestState = RequestState.ASKED
    task_ids: tuple[str, ...] = ()
    case_id: str | None = None
    answer: Answer | None = None
    radius_m: float = 0.0
    base_m: float = 0.0
    top_m: float = 0.0
    refly_of: str | None = None
    """The request whose gaps this one closes."""
    attempt: int = 0
    """How many re-flights came before and with it: 0 for a first look."""
    asked_for: GeoJson | None = None
    """The whole place, where earlier photographs show all but `geometry` of it."""
    reused: tuple[str, ...] = ()
    """Ids of the media that show the rest."""
    standing: str | None = None
    """The standing order that this is an occurrence of."""
    instead_of: str | None = None
    """The refused request whose counter-offer this one took up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing to fly, which may serve several requests."""

    id: str
    day: date
    request_ids: tuple[str, ...]
    scenarios: tuple[str, ...]
    departments: tuple[str, ...]
    sensors: tuple[Sensor, ...]
    geometry: GeoJson
    gsd_m: float
    earliest: datetime
    latest: datetime
    priority: int
    state: TaskState = TaskState.OPEN
    flight_id: str | None = None
    refusal: Answer | None = None
    shared_with: tuple[str, ...] = ()
    """Departments that may see what is photographed for it, besides those that it serves."""
