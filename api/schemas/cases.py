"""Cases (the seven steps of 数字城管)."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.schemas.base import Body, Model
from missions.cases.recheck import Progress
from missions.cases.watch import why
from missions.entities import Case, CaseState, Recheck

_ENDED = frozenset({CaseState.CLOSED, CaseState.EVALUATED, CaseState.REJECTED})


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
    overdue: bool
    closed_at: datetime | None
    score: float | None
    lon: float
    lat: float
    severity: int

    @classmethod
    def from_entity(cls, c: Case, now: datetime) -> "CaseRow":
        """The case as it stands at `now`; an ended case is overdue if it ended too late."""
        ended = c.closed_at if c.state in _ENDED else None
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
            overdue=False if c.state is CaseState.REJECTED else (ended or now) > c.due_at,
            closed_at=c.closed_at,
            score=c.score,
            lon=c.position.lon,
            lat=c.position.lat,
            severity=c.severity,
        )


class CaseStepOut(Model):
    """A step that was taken."""

    step: str
    at: datetime
    by: str
    note: str | None
    found: bool | None


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

    @classmethod
    def detailed(cls, c: Case, now: datetime, watch: Progress | None = None) -> "CaseOut":
        return cls(
            **CaseRow.from_entity(c, now).model_dump(),
            steps=[
                CaseStepOut(step=s.step, at=s.at, by=s.by, note=s.note or None, found=s.found)
                for s in c.steps
            ],
            media=list(dict.fromkeys((*c.before, *c.after))),
            rechecks=[RecheckOut.from_entity(r) for r in c.rechecks],
            watch=WatchOut.of(watch) if watch else None,
            anomaly_ids=list(c.anomaly_ids),
            before=c.before[0] if c.before else None,
            after=c.after[-1] if c.after else None,
        )


class StepIn(Body):
    """The next step of a case."""

    step: Literal["dispatch", "handle", "report_back", "verify", "close", "evaluate", "reject"]
    note: str = Field("", max_length=2000)
    found: bool | None = Field(
        None, description="whether whoever looked found anything; null where nobody says"
    )
