"""Cases (the seven steps of 数字城管)."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.schemas.base import Body, Model
from missions.entities import Case, CaseState

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


class RecheckOut(Model):
    """Another look that the case asked for, and what it saw."""

    at: datetime
    flight_id: str | None
    verdict: str | None
    peak_c: float | None
    looked_at: datetime | None


class CaseOut(CaseRow):
    """A case with everything that happened."""

    steps: list[CaseStepOut]
    media: list[str]
    rechecks: list[RecheckOut]
    anomaly_ids: list[str]
    before: str | None = Field(description="the photograph that best shows how it was found")
    after: str | None = Field(description="the latest photograph taken since")

    @classmethod
    def detailed(cls, c: Case, now: datetime) -> "CaseOut":
        return cls(
            **CaseRow.from_entity(c, now).model_dump(),
            steps=[
                CaseStepOut(step=s.step, at=s.at, by=s.by, note=s.note or None, found=s.found)
                for s in c.steps
            ],
            media=list(dict.fromkeys((*c.before, *c.after))),
            rechecks=[
                RecheckOut(
                    at=r.at,
                    flight_id=r.flight_id,
                    verdict=r.verdict,
                    peak_c=r.peak_c,
                    looked_at=r.looked_at,
                )
                for r in c.rechecks
            ],
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
