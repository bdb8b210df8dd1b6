"""What a case holds beside its seven steps: deadline, open steps, proof, history."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypeVar

from pydantic import Field

from api.schemas.base import Model
from missions.cases.proof import Proof
from missions.cases.records import PicturePair, Verification

Shown = TypeVar("Shown", bound=Model)


class DeadlineOut(Model):
    """Where a case stands against its deadline, in hours as its event type counts them."""

    due_at: datetime
    hours: float = Field(description="from its last dispatch to the deadline")
    left_h: float = Field(description="until the deadline, or what was left at the report back")
    overdue_since: datetime | None
    late: bool
    next_escalation_at: datetime | None


class StepOffer(Model):
    """Whether the caller may take a step now."""

    step: str
    name_zh: str
    open: bool
    why: str | None = Field(description="why it is not open")
    needs: list[str] = Field(description="fields that must come with it")
    takes: list[str] = Field(description="fields that may")


class LackOut(Model):
    """Something that the proof lacks."""

    code: str
    text: str
    text_zh: str


class PairOut(Model):
    """The same place before and after."""

    before: str
    after: str
    share: float = Field(description="of the earlier photograph's ground that the later one shows")
    same_camera: bool


class ProofOut(Model):
    """What proves that the case is settled, and what is missing."""

    complete: bool
    missing: list[LackOut]
    before: list[str]
    after: list[str]
    evidence: list[str] = Field(description="photographs that report backs brought")
    pairs: list[PairOut]
    handled_by: str | None
    reported_by: str | None
    reported_at: datetime | None
    closed_by: str | None
    closed_at: datetime | None
    reason: str | None = Field(description="why it was closed without all of it")

    @classmethod
    def of(cls, p: Proof) -> "ProofOut":
        return cls(
            complete=not p.missing,
            missing=[LackOut(code=x.code, text=x.text, text_zh=x.text_zh) for x in p.missing],
            before=list(p.before),
            after=list(p.after),
            evidence=list(p.evidence),
            pairs=pairs_of(p.pairs),
            handled_by=p.handled_by or None,
            reported_by=p.reported_by or None,
            reported_at=p.reported_at,
            closed_by=p.closed_by or None,
            closed_at=p.closed_at,
            reason=p.reason or None,
        )


class VerificationOut(Model):
    """A look at what was reported back, and the verdict."""

    asked_at: datetime
    source: str = Field(description="flight, imagery (taken anyway) or officer (named)")
    request_id: str | None
    media: list[str]
    pairs: list[PairOut]
    seen_at: datetime | None
    outcome: str | None = Field(description="passed, failed, or null until somebody judges")
    judged_at: datetime | None
    by: str | None
    note: str | None

    @classmethod
    def of(cls, v: Verification) -> "VerificationOut":
        return cls(
            asked_at=v.asked_at,
            source=v.source,
            request_id=v.request_id or None,
            media=list(v.media),
            pairs=pairs_of(v.pairs),
            seen_at=v.seen_at,
            outcome=v.outcome,
            judged_at=v.judged_at,
            by=v.by or None,
            note=v.note or None,
        )


class EscalationOut(Model):
    """A level that was told."""

    level: int
    name: str
    name_zh: str
    to: str
    at: datetime
    due_at: datetime


class ExtensionOut(Model):
    """More time, or rest, that was asked for, and the answer."""

    state: str
    department: str
    asked_at: datetime
    asked_by: str
    reason: str
    hours: float | None
    until: datetime | None
    due_before: datetime
    due_after: datetime | None
    decided_at: datetime | None
    decided_by: str | None
    answer: str | None


class VisitOut(Model):
    """What a joint inspection found."""

    inspection_id: str
    at: datetime
    by: str
    found: bool | None
    note: str | None
    media: list[str]


def shown(schema: type[Shown], record: Any) -> Shown:
    """A record whose fields are those of its schema; empty texts and figures are none."""
    fields = {name: getattr(record, name) for name in schema.model_fields}
    return schema(
        **{n: None if v == "" or (v == 0.0 and n == "hours") else v for n, v in fields.items()}
    )


def pairs_of(pairs: Iterable[PicturePair]) -> list[PairOut]:
    return [
        PairOut(before=p.before, after=p.after, share=p.share, same_camera=p.same_camera)
        for p in pairs
    ]
