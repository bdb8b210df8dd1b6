"""Signals and devices as the API takes and tells them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, ConfigDict, Field, model_validator

from api.schemas.base import Body, Geometry, Model, point
from missions.catalog.signals import Category, SensorKind, SensorRule, SignalRules
from missions.signals.desk import SignalView
from missions.signals.devices import DeviceDraft, DeviceVerdict, DeviceView
from missions.signals.model import (
    Contact,
    DeviceState,
    HourFigures,
    Joined,
    Outcome,
    SignalState,
    Source,
    Trace,
)
from missions.signals.readings import BatchAnswer, ReadingVerdict
from missions.signals.reporting import ContactDraft, FindDraft, ReportDraft

Degrees = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Crs = Annotated[
    str, Field(max_length=20, description="wgs84, gcj02 (phones' maps in China) or bd09 (Baidu)")
]
External = Annotated[
    str, Field(max_length=100, description="the sender's own number; again is the same one")
]
Whose = Annotated[str | None, Field(max_length=40, description="for whom a city-wide role sends")]


class ContactIn(Body):
    """Who reported; seen by the own department alone, and erased in time."""

    name: str = Field("", max_length=80)
    phone: str = Field("", max_length=40)


class ReportIn(Body):
    """A citizen's report."""

    category: str = Field(max_length=40, examples=["flood"])
    text: str = Field("", max_length=2000, examples=["Water up to the knees under the bridge"])
    lon: Degrees | None = Field(None, examples=[118.8726])
    lat: Degrees | None = Field(None, examples=[28.9417])
    place: str = Field("", max_length=80, description="id of a place, without coordinates")
    crs: Crs = "wgs84"
    at: AwareDatetime | None = Field(None, description="when it was seen; now without it")
    contact: ContactIn | None = None
    photos: list[Annotated[str, Field(max_length=80)]] = Field(
        default=[], max_length=10, description="ids of /uploads or of media"
    )
    department: Whose = None
    external_id: External = ""

    def draft(self) -> ReportDraft:
        """The report as the use case takes it."""
        said = dict(self)
        contact = None if self.contact is None else ContactDraft(**dict(self.contact))
        return ReportDraft(**{**said, "contact": contact, "photos": tuple(self.photos)})


class FindIn(Body):
    """What another system's AI found."""

    label: str = Field(max_length=40, examples=["waste-heap"])
    score: float = Field(ge=0, le=1, allow_inf_nan=False, examples=[0.82])
    camera: str = Field(max_length=80, examples=["street camera 4711"])
    lon: Degrees = Field(examples=[118.8726])
    lat: Degrees = Field(examples=[28.9417])
    crs: Crs = "wgs84"
    at: AwareDatetime | None = Field(None, description="when it was seen; now without it")
    picture: str = Field("", max_length=500, description="address or id; never fetched")
    department: Whose = None
    external_id: External = ""

    def draft(self) -> FindDraft:
        """The find as the use case takes it."""
        return FindDraft(**dict(self))


_READINGS: list[Any] = [{"device": "WL-0001", "at": "2026-05-12T08:00:00+08:00", "value": 4.31}]


class IntakeIn(Body):
    """One of `readings`, `report` and `find`."""

    readings: list[Any] | None = Field(
        None,
        min_length=1,
        max_length=10_000,
        description="each {device, at, value}, or an OGC SensorThings observation {Datastream, "
        "phenomenonTime, result}; one that is no reading gets its own verdict",
        examples=[_READINGS],
    )
    report: ReportIn | None = None
    find: FindIn | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [{"readings": _READINGS}]})

    @model_validator(mode="after")
    def _one(self) -> "IntakeIn":
        if sum(v is not None for v in (self.readings, self.report, self.find)) != 1:
            raise ValueError("send one of readings, report and find")
        return self


class VerdictOut(Model):
    """Why a reading was not taken. `known`: it counts once, and was taken before or comes late."""

    index: int
    device: str
    code: str
    detail: str
    remedy: str

    @classmethod
    def from_value(cls, v: ReadingVerdict) -> "VerdictOut":
        return cls(index=v.index, device=v.device, code=v.code, detail=v.detail, remedy=v.remedy)


class MadeOut(Model):
    """A signal that a reading made."""

    id: str
    state: SignalState
    device: str
    rule: str
    text: str
    text_zh: str
    joined: str | None


class BatchAnswerOut(Model):
    """How many readings of each verdict, those that were not taken, and the signals made."""

    counts: dict[str, int]
    verdicts: list[VerdictOut]
    signals: list[MadeOut]
    text: str

    @classmethod
    def from_value(cls, answer: BatchAnswer) -> "BatchAnswerOut":
        made = [
            MadeOut(
                id=s.id,
                state=s.state,
                device=s.device_id,
                rule=s.rule,
                text=s.text,
                text_zh=s.text_zh,
                joined=(s.joined.id or None) if s.joined else None,
            )
            for s in answer.signals
        ]
        taken = answer.counts["taken"]
        crossed = f"{len(made)} signals" if made else "no rule crossed"
        return cls(
            counts=dict(answer.counts),
            verdicts=[VerdictOut.from_value(v) for v in answer.verdicts],
            signals=made,
            text=f"stored: {taken} readings, {crossed}",
        )


class JoinedOut(Model):
    """The earlier signal that this one is one with; no id where it is another department's."""

    id: str | None
    distance_m: float
    minutes: float

    @classmethod
    def from_value(cls, j: Joined) -> "JoinedOut":
        return cls(id=j.id or None, distance_m=j.distance_m, minutes=j.minutes)


class OutcomeOut(Model):
    """How it ended: found, nothing, refused, expired, unseen, late, told or weak."""

    code: str
    at: datetime
    text: str
    text_zh: str

    @classmethod
    def from_value(cls, o: Outcome) -> "OutcomeOut":
        return cls(code=o.code, at=o.at, text=o.text, text_zh=o.text_zh)


class SignalOut(Model):
    """A signal, and how things stand with it: `answer` in words, `flight_id` and `start`."""

    id: str
    source: Source
    state: SignalState
    event_type: str | None
    kind: str
    at: datetime
    received_at: datetime
    position: Geometry
    county: str
    department: str
    shared_with: list[str]
    by: str
    text: str
    text_zh: str
    words: str
    severity: int
    priority: int
    device: str | None
    rule: str | None
    value: float | None
    limit: float | None
    photos: list[str]
    picture: str
    camera: str
    score: float | None
    external_id: str
    joined: JoinedOut | None
    members: int
    answer: str
    answer_zh: str
    request_id: str | None
    flight_id: str | None
    start: datetime | None
    cleared_at: datetime | None
    outcome: OutcomeOut | None
    case_id: str | None
    seen: list[str] = Field(description="photographs of the look that show the place: GET /media")

    @classmethod
    def from_view(cls, view: SignalView) -> "SignalOut":
        s, head, request = view.signal, view.head, view.request
        reply = request.answer if request else None
        own = view.leader is None
        return cls(
            id=s.id,
            source=s.source,
            state=s.state,
            event_type=s.matter or None,
            kind=s.kind,
            at=s.at,
            received_at=s.received_at,
            position=point(s.position),
            county=s.county,
            department=s.department,
            shared_with=list(s.shared_with),
            by=s.by,
            text=s.text,
            text_zh=s.text_zh,
            words=s.words,
            severity=s.severity,
            priority=s.priority,
            device=s.device_id or None,
            rule=s.rule or None,
            value=s.value,
            limit=s.limit,
            photos=list(s.photos),
            picture=s.picture,
            camera=s.camera,
            score=s.score,
            external_id=s.external_id,
            joined=JoinedOut.from_value(s.joined) if s.joined else None,
            members=s.members,
            answer=view.text,
            answer_zh=view.text_zh,
            request_id=s.request_id or None if own else None,
            flight_id=reply.flight_id if reply else None,
            start=reply.start if reply else None,
            cleared_at=s.cleared_at,
            outcome=OutcomeOut.from_value(head.outcome) if head.outcome else None,
            case_id=view.case_id,
            seen=list(s.seen),
        )


class IntakeOut(Model):
    """`batch` for readings, `signal` for a report or a find."""

    batch: BatchAnswerOut | None = None
    signal: SignalOut | None = None


class DismissIn(Body):
    """Why nobody needs to look."""

    note: str = Field(min_length=1, max_length=500, examples=["known works, announced"])


class ContactOut(Model):
    """Who reported."""

    name: str
    phone: str
    erased_on: datetime | None = Field(description="when it will be erased")

    @classmethod
    def from_entity(cls, contact: Contact) -> "ContactOut":
        return cls(name=contact.name, phone=contact.phone, erased_on=contact.erase_at)


class PointOut(Model):
    """A reading."""

    at: datetime
    value: float


class TraceOut(Model):
    """The readings before and after a crossing."""

    device: str
    readings: list[PointOut]

    @classmethod
    def from_entity(cls, trace: Trace) -> "TraceOut":
        points = [PointOut(at=datetime.fromtimestamp(t, UTC), value=v) for t, v in trace.readings]
        return cls(device=trace.device, readings=points)


class LimitIn(Body):
    """A device's own limit of a rule, and where the rule is armed again."""

    limit: float = Field(allow_inf_nan=False)
    clear: float = Field(allow_inf_nan=False)


class DeviceIn(Body):
    """A device to register; the same id again changes it."""

    id: str = Field(max_length=80, examples=["WL-0001"])
    kind: str = Field(max_length=40, examples=["water-level"])
    lon: Degrees = Field(examples=[118.8726])
    lat: Degrees = Field(examples=[28.9417])
    name: str = Field("", max_length=120, examples=["Qujiang at the old bridge"])
    department: Whose = Field(None, examples=["water"])
    key: str = Field("", max_length=80, description="name of the only machine that may send for it")
    limits: dict[str, LimitIn] = Field(
        default={}, max_length=20, examples=[{"stage": {"limit": 5.2, "clear": 5.0}}]
    )
    note: str = Field("", max_length=300)

    def draft(self) -> DeviceDraft:
        """The device as the use case takes it."""
        limits: Mapping[str, Any] = {rule: dict(own) for rule, own in self.limits.items()}
        return DeviceDraft(**{**dict(self), "limits": limits})


class DevicesIn(Body):
    """Devices to register or change."""

    devices: list[DeviceIn] = Field(min_length=1, max_length=10_000)


class DeviceVerdictOut(Model):
    """What became of one: new, changed, same or refused."""

    index: int
    id: str
    verdict: str
    detail: str
    remedy: str


class RegisteredOut(Model):
    """How many of each verdict, and those that were refused."""

    counts: dict[str, int]
    refused: list[DeviceVerdictOut]

    @classmethod
    def of(cls, verdicts: list[DeviceVerdict]) -> "RegisteredOut":
        counts: dict[str, int] = {}
        for v in verdicts:
            counts[v.verdict] = counts.get(v.verdict, 0) + 1
        refused = [
            DeviceVerdictOut(
                index=v.index, id=v.id, verdict=v.verdict, detail=v.detail, remedy=v.remedy
            )
            for v in verdicts
            if v.verdict == "refused"
        ]
        return cls(counts=counts, refused=refused)


class DeviceStateIn(Body):
    """Put a device into or out of service."""

    state: DeviceState
    note: str = Field("", max_length=300)


class RaisedOut(Model):
    """A rule that the device's readings have crossed and not left again."""

    rule: str
    signal_id: str


class DeviceOut(Model):
    """A device and its last reading."""

    id: str
    kind: str
    name: str
    position: Geometry
    county: str
    department: str
    key: str
    state: DeviceState
    limits: dict[str, dict[str, float]]
    note: str
    registered_at: datetime
    last_at: datetime | None
    last_value: float | None
    heard_at: datetime | None
    silent: bool
    raised: list[RaisedOut]

    @classmethod
    def from_view(cls, view: DeviceView) -> "DeviceOut":
        d, g = view.device, view.gauge
        states = g.states if g else ()
        return cls(
            id=d.id,
            kind=d.kind,
            name=d.name,
            position=point(d.position),
            county=d.county,
            department=d.department,
            key=d.key,
            state=d.state,
            limits={r: {"limit": own.limit, "clear": own.clear} for r, own in d.limits.items()},
            note=d.note,
            registered_at=d.registered_at,
            last_at=datetime.fromtimestamp(g.at_s, UTC) if g else None,
            last_value=g.value if g else None,
            heard_at=g.received_at if g else None,
            silent=bool(g and g.silent),
            raised=[RaisedOut(rule=s.rule, signal_id=s.raised) for s in states if s.raised],
        )


class HourOut(Model):
    """An hour of a device."""

    begin: datetime
    count: int
    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, begin: datetime, hour: HourFigures) -> "HourOut":
        return cls(begin=begin, count=hour.count, mean=hour.mean, low=hour.low, high=hour.high)


class RuleOut(Model):
    """When a kind of device warns; `limit` null: only where a device has its own."""

    id: str
    name: str
    name_zh: str
    when: str
    limit: float | None
    clear: float | None
    window_min: float
    readings: int
    minutes: float
    asks: str | None

    @classmethod
    def from_value(cls, r: SensorRule) -> "RuleOut":
        return cls(
            id=r.id,
            name=r.name,
            name_zh=r.name_zh,
            when=r.when,
            limit=r.limit,
            clear=r.clear,
            window_min=r.window.total_seconds() / 60,
            readings=r.readings,
            minutes=r.lasting.total_seconds() / 60,
            asks=r.asks,
        )


class KindOut(Model):
    """A kind of sensor."""

    id: str
    name: str
    name_zh: str
    unit: str
    low: float
    high: float
    silence_min: float
    rules: list[RuleOut]

    @classmethod
    def from_value(cls, k: SensorKind) -> "KindOut":
        return cls(
            id=k.id,
            name=k.name,
            name_zh=k.name_zh,
            unit=k.unit,
            low=k.low,
            high=k.high,
            silence_min=k.silence.total_seconds() / 60,
            rules=[RuleOut.from_value(r) for r in k.rules],
        )


class CategoryOut(Model):
    """What may be reported, or with a least score found, and the event type looked for."""

    id: str
    name: str
    name_zh: str
    asks: str
    min_score: float

    @classmethod
    def from_value(cls, c: Category) -> "CategoryOut":
        return cls(id=c.id, name=c.name, name_zh=c.name_zh, asks=c.asks, min_score=c.min_score)


class RulesOut(Model):
    """All that may be sent, and what asks for a flight."""

    kinds: list[KindOut]
    categories: list[CategoryOut]
    labels: list[CategoryOut]

    @classmethod
    def from_value(cls, rules: SignalRules) -> "RulesOut":
        return cls(
            kinds=[KindOut.from_value(k) for k in rules.kinds.values()],
            categories=[CategoryOut.from_value(c) for c in rules.categories.values()],
            labels=[CategoryOut.from_value(c) for c in rules.labels.values()],
        )
