"""The things of the story, as frozen values: request, task, plan, flight, anomaly, event, case.

A photograph is `imagery.catalog.Medium`. States move only along the tables in `lifecycle`.
Geometries are GeoJSON mappings in WGS-84; times are aware UTC; an audience is the owning department
and those it is shared with.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from core.conformity import Conformity
from core.equipment import Sensor
from core.geo import LonLat
from core.route import Route
from fleet.address import MAIN, Address
from fleet.orders import OrderState
from missions.cases.records import Escalation, Extension, Verification, Visit

GeoJson = Mapping[str, Any]


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


class FlightState(StrEnum):
    PLANNED = "planned"
    PREPARING = "preparing"
    FLYING = "flying"
    DONE = "done"
    DIVERTED = "diverted"
    CANCELLED = "cancelled"
    FAILED = "failed"


class FilingState(StrEnum):
    FILED = "filed"
    APPROVED = "approved"
    REFUSED = "refused"
    REVOKED = "revoked"
    """The authority took its approval back."""


class AnomalyState(StrEnum):
    OPEN = "open"
    COLD = "cold"
    DISMISSED = "dismissed"


class CaseState(StrEnum):
    """The seven steps of 数字城管: the state names the last step taken."""

    COLLECTED = "collected"
    OPENED = "opened"
    DISPATCHED = "dispatched"
    HANDLING = "handling"
    REPORTED_BACK = "reported_back"
    VERIFYING = "verifying"
    CLOSED = "closed"
    EVALUATED = "evaluated"
    REJECTED = "rejected"


class ReviewState(StrEnum):
    OPEN = "open"
    DONE = "done"


class Verdict(StrEnum):
    """What a re-check saw."""

    HOT = "hot"
    COLD = "cold"
    WARM = "warm"
    """Neither, within the measurement's uncertainty."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRecord:
    """A released plan of one day; its flights are stored one by one."""

    id: str
    day: date
    made_at: datetime
    verified: bool
    value: float
    km: float
    km_separate: float
    flights_separate: int
    asked: int
    merged: int
    planned: int
    refused: int
    day_share: float
    km_separate_best: float | None = None
    """Of the best plan found in which no flight serves two departments; None until it is made."""
    flights_separate_best: int | None = None
    served_separate_best: int | None = None
    """Of the requests that the plan serves, how many that separate plan serves as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledVolume:
    """The air that an application asks for, for the flights of one dock.

    Attributes:
        area: GeoJSON Polygon or MultiPolygon, WGS-84.
        ceiling_m: above ground.
        start, end: when it is used.
    """

    dock: str
    area: GeoJson
    ceiling_m: float
    start: datetime
    end: datetime
    flights: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """A flight activity application (飞行活动申请) and its answer.

    Attributes:
        volumes: what was applied for; nothing flies outside it.
        late: filed after the cut-off without being an emergency.
        number: the authority's own, as its answer gave it.
        remark: what the authority said with its answer.
    """

    id: str
    day: date
    emergency: bool
    filed_at: datetime
    filed_by: str
    state: FilingState = FilingState.FILED
    answered_at: datetime | None = None
    answered_by: str | None = None
    volumes: tuple[FiledVolume, ...] = ()
    late: bool = False
    purpose: str = ""
    number: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """One drone's way out and back, for one or more tasks.

    Attributes:
        vehicle: the drone's id, the same as its home dock's.
        system_id, link: the drone's address in the fleet; records from before there were several
            links lack the link and mean the main one.
        start, end: planned take-off and landing.
        km: length of the route; after landing, what was flown.
        photos_taken: as the autopilot counted them.
        part_of: the flight that a pilot flew a part of by hand; None for flights of their own.
        lands_at: the dock where it landed, when that is not its own; None before, and at home.
        conformity: how closely it kept to its plan, measured from its log after landing.
    """

    id: str
    plan_id: str | None
    day: date
    origin: Origin
    dock: str
    vehicle: str
    system_id: int
    task_ids: tuple[str, ...]
    departments: tuple[str, ...]
    priority: int
    route: Route
    start: datetime
    end: datetime
    km: float
    landing_share: float
    state: FlightState = FlightState.PLANNED
    filing_id: str | None = None
    case_id: str | None = None
    took_off_at: datetime | None = None
    landed_at: datetime | None = None
    photos_taken: int = 0
    reason: str = ""
    reason_zh: str = ""
    link: str = MAIN
    part_of: str | None = None
    lands_at: str | None = None
    conformity: Conformity | None = None

    @property
    def address(self) -> Address:
        """The drone's identity in the fleet."""
        return Address(self.link, self.system_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRecord:
    """Something that was asked of a vehicle, as `fleet.orders.Order` tells it.

    Attributes:
        drone: the drone's id; empty for a vehicle that is none of ours.
        link, system_id: its address in the fleet.
        what: as a sentence says it.
        by: a person's name, or "service".
        reason: why it failed.
    """

    id: str
    drone: str
    link: str
    system_id: int
    what: str
    by: str
    given_at: datetime
    at: datetime
    state: OrderState
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatReading:
    """One sighting of an anomaly."""

    at: datetime
    peak_c: float
    medium_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """One place where something was found, however often it was seen.

    Attributes:
        error_m: semi-major axis of the 95 % error ellipse.
        history: the latest sightings, oldest first (bounded); all are `missions.sightings`.
        anchor: where it was seen first; it never moves far from there. None in old records.
        drift_m: standard deviation of the part of its error that a flight's sightings share.
        merged_into: id of the anomaly that this one turned out to be; None for what stands.
    """

    id: str
    event_type: str
    position: LonLat
    error_m: float
    first_seen: datetime
    last_seen: datetime
    sightings: int
    severity: int
    department: str
    shared_with: tuple[str, ...]
    peak_c: float | None = None
    contrast_k: float | None = None
    state: AnomalyState = AnomalyState.OPEN
    case_id: str | None = None
    history: tuple[HeatReading, ...] = ()
    anchor: LonLat | None = None
    drift_m: float = 0.0
    merged_into: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An anomaly as one of the 35 types, told to the departments that may know."""

    id: str
    event_type: str
    anomaly_id: str
    case_id: str
    at: datetime
    department: str
    shared_with: tuple[str, ...]
    position: LonLat
    severity: int
    text: str
    text_zh: str
    medium_ids: tuple[str, ...]
    county: str = ""
    """Id of the county it lies in; "" outside all of them, and in old records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseStep:
    """One step of a case: what, when, by whom.

    Attributes:
        department: to which it was dispatched, or which took the step; "" in old records.
        media: photographs brought as evidence.
        due_at: the deadline that a dispatch set.
        handed_over: a dispatch to another department (移交) within the same deadline.
    """

    step: str
    at: datetime
    by: str
    note: str = ""
    found: bool | None = None
    department: str = ""
    media: tuple[str, ...] = ()
    due_at: datetime | None = None
    handed_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotLook:
    """What a look saw of one of a case's places; no verdict where it did not see it."""

    anomaly_id: str
    verdict: Verdict | None = None
    peak_c: float | None = None
    background_c: float | None = None
    uncertainty_k: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recheck:
    """Another look that a case asked for, and what it saw: the warmest of its places, and each.

    ``verdict``: hot or warm if one place is, cold if all are, none if not all were seen.
    """

    at: datetime
    request_id: str
    flight_id: str | None = None
    verdict: Verdict | None = None
    peak_c: float | None = None
    looked_at: datetime | None = None
    background_c: float | None = None
    uncertainty_k: float | None = None
    spots: tuple[SpotLook, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a department has to settle, from alert to proof.

    Attributes:
        before, after: photographs of how it was found, and of the place since the last report back.
        escalation: the highest level told since the last dispatch; 0 for none.
        escalate_at: when the next one is; None where none is to come.
        recurs_of: the closed case of the same kind and place that this one repeats; recurrence:
            how many came before it.
        inspection_id: the joint inspection that it is part of now.
    """

    id: str
    number: str
    event_type: str
    title: str
    title_zh: str
    department: str
    shared_with: tuple[str, ...]
    position: LonLat
    severity: int
    opened_at: datetime
    due_at: datetime
    state: CaseState = CaseState.COLLECTED
    steps: tuple[CaseStep, ...] = ()
    anomaly_ids: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    rechecks: tuple[Recheck, ...] = ()
    closed_at: datetime | None = None
    score: float | None = None
    county: str = ""
    """Id of the county it lies in; "" outside all of them, and in old records."""
    escalation: int = 0
    escalate_at: datetime | None = None
    escalations: tuple[Escalation, ...] = ()
    extensions: tuple[Extension, ...] = ()
    verifications: tuple[Verification, ...] = ()
    visits: tuple[Visit, ...] = ()
    recurs_of: str | None = None
    recurrence: int = 0
    inspection_id: str | None = None

    @property
    def changed_at(self) -> datetime:
        """When something about it was last written down."""
        times = [self.opened_at, *(s.at for s in self.steps), *(v.at for v in self.visits)]
        times += [e.at for e in self.escalations]
        times += [x.decided_at or x.asked_at for x in self.extensions]
        times += [v.judged_at or v.seen_at or v.asked_at for v in self.verifications]
        times += [r.looked_at or r.at for r in self.rechecks]
        return max(times)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """An officer's word on a find or a look.

    Attributes:
        anomaly_id: that it made or joined; opened: whether a case was opened for it.
    """

    decision: str
    by: str
    at: datetime
    event_type: str | None = None
    position: LonLat | None = None
    note: str = ""
    anomaly_id: str | None = None
    opened: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureBox:
    """A place in a photograph, in pixels of it as it is stored; no size for a point."""

    medium_id: str
    x: float
    y: float
    w: float = 0.0
    h: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something that an officer found by looking; a review may hold several."""

    id: str
    said: Decision
    case_id: str | None = None
    box: PictureBox | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a detector found, as an officer is shown it.

    Attributes:
        detector: "change" or "onnx:<name>"; version: of it.
        score: its own, 0 to 1; kind: of a change: "new", "gone" or "altered".
        boxes: in the photographs that show it, the best first.
        transform: of a change, row by row the (3, 3) homography from pixels of the later
            photograph to the earlier one's; empty otherwise.
        seen: in how many photographs or pairs.
    """

    detector: str
    version: str
    score: float
    boxes: tuple[PictureBox, ...]
    kind: str = ""
    label: str = ""
    area_m2: float | None = None
    transform: tuple[float, ...] = ()
    seen: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Something that an officer must look at.

    Attributes:
        kind: "look" (photographs of a task, search them) or "find" (a detector's find to confirm).
        found: what the detector says of a find; None for a look.
        marks: what was found in a look so far.
        remark, remark_zh: what the officer should know, such as what was not compared.
    """

    id: str
    kind: str
    event_types: tuple[str, ...]
    task_id: str | None
    place: str
    geometry: GeoJson
    position: LonLat
    media: tuple[str, ...]
    created_at: datetime
    department: str
    shared_with: tuple[str, ...]
    state: ReviewState = ReviewState.OPEN
    decision: Decision | None = None
    case_id: str | None = None
    found: Found | None = None
    marks: tuple[Mark, ...] = ()
    remark: str = ""
    remark_zh: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a person said of a find: the truth that detectors are measured by and learn from.

    Attributes:
        verdict: "confirmed", "rejected", "reclassed" (there, but something else), "marked" (found
            by the officer alone).
        detector, version, score: what found it; "officer" and no score for a mark.
        event_type: as the detector had it; said_type: as the person has it, None if nothing.
        medium_id: the photograph that shows it best; box: where in it, None where not known.
        withdrawn_at: when the verdict was undone; it counts no more.
    """

    id: str
    at: datetime
    by: str
    verdict: str
    detector: str
    version: str
    event_type: str
    said_type: str | None
    position: LonLat | None
    department: str
    shared_with: tuple[str, ...]
    medium_id: str | None = None
    box: PictureBox | None = None
    score: float | None = None
    review_id: str | None = None
    case_id: str | None = None
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A line of the alert feed."""

    id: str
    at: datetime
    kind: str
    severity: int
    text: str
    text_zh: str
    department: str
    shared_with: tuple[str, ...]
    event_type: str | None = None
    position: LonLat | None = None
    case_id: str | None = None
    county: str = ""
    """Id of the county it is about; "" where it is about no place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """A department's share of a flight; the shares of a flight sum exactly to what was flown.

    Attributes:
        metres, seconds: whole numbers, so that sums are exact.
        day: of the flight; None in old records.
    """

    id: str
    flight_id: str
    department: str
    metres: int
    seconds: int
    day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """A line of the audit trail: append-only, each entry sealed by the hash of the one before.

    Attributes:
        subject: the id of the entity concerned.
        seal: SHA-256 over the previous seal and this entry; filled in by the store.
    """

    id: str
    at: datetime
    actor: str
    action: str
    subject: str
    text: str
    text_zh: str
    department: str = ""
    seal: str = ""
