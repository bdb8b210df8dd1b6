"""Cases (the seven steps of 数字城管)."""

from datetime import datetime
from typing import Any, Literal

from pydantic import AwareDatetime, Field

from api.schemas.base import Body, Model
from api.schemas.case_parts import (
    DeadlineOut,
    EscalationOut,
    ExtensionOut,
    ProofOut,
    StepOffer,
    VerificationOut,
    VisitOut,
    shown,
)
from missions.cases.deadlines import answered_at, is_overdue
from missions.cases.desk import CaseView
from missions.cases.recheck import Progress
from missions.cases.steps import StepOrder
from missions.cases.watch import why
from missions.entities import Case, Recheck


class CaseRow(Model):
    """A case in a list."""

    id: str
    number: str
    event_type: str
    title: str
    title_zh: str
    state: str
    department: str
    shared_with: list[str]
    opened_at: datetime
    due_at: datetime
    overdue: bool = Field(description="waits for its report back past the deadline")
    late: bool = Field(description="was reported back, but after the deadline")
    closed_at: datetime | None
    score: float | None
    lon: float
    lat: float
    severity: int
    county: str | None
    escalation: int = Field(description="highest level told since the last dispatch; 0 for none")
    recurrence: int = Field(description="how many cases of this kind and place came before it")

    @classmethod
    def from_entity(cls, c: Case, now: datetime) -> "CaseRow":
        """The case as it stands at `now`."""
        answered = answered_at(c)
        return cls(
            id=c.id,
            number=c.number,
            event_type=c.event_type,
            title=c.title,
            title_zh=c.title_zh,
            state=c.state,
            department=c.department,
            shared_with=list(c.shared_with),
            opened_at=c.opened_at,
            due_at=c.due_at,
            overdue=is_overdue(c, now),
            late=answered is not None and answered > c.due_at,
            closed_at=c.closed_at,
            score=c.score,
            lon=c.position.lon,
            lat=c.position.lat,
            severity=c.severity,
            county=c.county or None,
            escalation=c.escalation,
            recurrence=c.recurrence,
        )


class CaseStepOut(Model):
    """A step that was taken."""

    step: str
    at: datetime
    by: str
    note: str | None
    found: bool | None
    department: str | None = Field(description="dispatched to, or of whoever took the step")
    media: list[str]
    due_at: datetime | None = Field(description="the deadline that a dispatch set")
    handed_over: bool


class PlaceLookOut(Model):
    """What a look saw of one place; no anomaly for the case's own."""

    anomaly_id: str | None
    verdict: str | None
    peak_c: float | None
    background_c: float | None
    uncertainty_k: float | None


class RecheckOut(Model):
    """Another look that the case asked for, and what it saw."""

    at: datetime
    flight_id: str | None
    verdict: str | None
    peak_c: float | None
    looked_at: datetime | None
    background_c: float | None
    uncertainty_k: float | None
    places: list[PlaceLookOut] = Field(description="what it saw of each of the case's places")

    @classmethod
    def from_entity(cls, r: Recheck) -> "RecheckOut":
        return cls(
            at=r.at,
            flight_id=r.flight_id,
            verdict=r.verdict,
            peak_c=r.peak_c,
            looked_at=r.looked_at,
            background_c=r.background_c,
            uncertainty_k=r.uncertainty_k,
            places=[
                PlaceLookOut(
                    anomaly_id=s.anomaly_id or None,
                    verdict=s.verdict,
                    peak_c=s.peak_c,
                    background_c=s.background_c,
                    uncertainty_k=s.uncertainty_k,
                )
                for s in r.spots
            ],
        )


class WatchOut(Model):
    """How far the watch over a case that was reported back has come."""

    passes: int = Field(description="cold looks in a row, of the place that lacks most")
    needed_passes: int
    night_passes: int
    needed_night_passes: int
    hours: float = Field(description="that these looks span")
    needed_hours: float
    places: int
    cold_places: int
    next_at: datetime | None = Field(description="null while a look is under way or none is due")
    until: datetime | None = Field(description="then a person decides")
    waits_for: str | None
    why: str = Field(description="why it is not cold yet")
    why_zh: str

    @classmethod
    def of(cls, p: Progress) -> "WatchOut":
        text, text_zh = why(p)
        return cls(
            passes=p.passes,
            needed_passes=p.needed_passes,
            night_passes=p.night_passes,
            needed_night_passes=p.needed_night_passes,
            hours=round(p.hours, 2),
            needed_hours=p.needed_hours,
            places=p.places,
            cold_places=p.cold,
            next_at=p.next_at,
            until=p.until,
            waits_for=p.waits,
            why=text,
            why_zh=text_zh,
        )


class CaseOut(CaseRow):
    """A case with everything that happened."""

    steps: list[CaseStepOut]
    media: list[str]
    rechecks: list[RecheckOut]
    watch: WatchOut | None = Field(description="null for a case that is not watched (any more)")
    anomaly_ids: list[str]
    before: str | None = Field(description="the photograph that best shows how it was found")
    after: str | None = Field(description="the latest photograph taken since")
    deadline: DeadlineOut
    steps_open: list[StepOffer] = Field(description="every step, and whether the caller may now")
    proof: ProofOut
    verifications: list[VerificationOut]
    escalations: list[EscalationOut]
    extensions: list[ExtensionOut]
    visits: list[VisitOut]
    inspection_id: str | None
    recurs_of: str | None = Field(description="the closed case that this one repeats")
    recurred: list[str] = Field(description="cases that repeat this one")

    @classmethod
    def detailed(cls, view: CaseView, now: datetime) -> "CaseOut":
        c = view.case
        return cls(
            **CaseRow.from_entity(c, now).model_dump(),
            **_history(c),
            watch=WatchOut.of(view.watch) if view.watch else None,
            deadline=DeadlineOut(
                due_at=c.due_at,
                hours=view.standing.hours,
                left_h=view.standing.left_h,
                overdue_since=view.standing.overdue_since,
                late=view.standing.late,
                next_escalation_at=c.escalate_at,
            ),
            steps_open=[
                StepOffer(
                    step=o.step,
                    name_zh=o.name_zh,
                    open=o.is_open,
                    why=o.why or None,
                    needs=list(o.needs),
                    takes=list(o.takes),
                )
                for o in view.steps_open
            ],
            proof=ProofOut.of(view.proof),
            recurred=list(view.recurred),
        )


def _history(c: Case) -> dict[str, Any]:
    """What happened with a case so far, as fields of `CaseOut`."""
    looks = [m for v in c.verifications for m in v.media]
    return {
        "steps": [
            CaseStepOut(
                step=s.step,
                at=s.at,
                by=s.by,
                note=s.note or None,
                found=s.found,
                department=s.department or None,
                media=list(s.media),
                due_at=s.due_at,
                handed_over=s.handed_over,
            )
            for s in c.steps
        ],
        "media": list(dict.fromkeys((*c.before, *c.after, *looks))),
        "rechecks": [RecheckOut.from_entity(r) for r in c.rechecks],
        "anomaly_ids": list(c.anomaly_ids),
        "before": c.before[0] if c.before else None,
        "after": c.after[-1] if c.after else None,
        "verifications": [VerificationOut.of(v) for v in c.verifications],
        "escalations": [shown(EscalationOut, e) for e in c.escalations],
        "extensions": [shown(ExtensionOut, x) for x in c.extensions],
        "visits": [shown(VisitOut, v) for v in c.visits],
        "inspection_id": c.inspection_id,
        "recurs_of": c.recurs_of,
    }


class StepIn(Body):
    """The next step of a case; `steps_open` of the case says which are open and what they need."""

    step: Literal[
        "dispatch",
        "hand_over",
        "handle",
        "report_back",
        "verify",
        "close",
        "evaluate",
        "reject",
        "ask_extension",
        "grant_extension",
        "refuse_extension",
    ]
    note: str = Field("", max_length=2000)
    found: bool | None = Field(
        None, description="whether whoever looked found anything; null where nobody says"
    )
    department: str | None = Field(
        None, max_length=40, description="to which it is dispatched or handed over"
    )
    media: list[str] = Field(
        default_factory=list,
        max_length=60,
        description="ids of photographs: evidence of a report back, or views of the place since",
    )
    passed: bool | None = Field(None, description="what a verification says")
    hours: float | None = Field(
        None,
        gt=0,
        le=2000,
        allow_inf_nan=False,
        description="working hours more that are asked for",
    )
    until: AwareDatetime | None = Field(None, description="end of a rest that is asked for")

    def order(self) -> StepOrder:
        """What the service is told."""
        return StepOrder(**{**self.model_dump(), "media": tuple(self.media)})
