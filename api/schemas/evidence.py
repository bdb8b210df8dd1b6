"""Custody, exports, holds and retention."""

from datetime import datetime

from pydantic import Field

from api.schemas.base import Body, Model
from missions.catalog.retention import RetentionRule
from missions.evidence.exports import ExportOrder
from missions.evidence.records import CustodyRecord, Hold
from missions.evidence.retention import Due


class CustodyOut(Model):
    """One link of a photograph's chain of custody."""

    number: int
    position: int
    what: str
    at: datetime
    by: str
    detail: dict[str, str]
    previous: str
    seal: str

    @classmethod
    def from_record(cls, r: CustodyRecord) -> "CustodyOut":
        return cls(
            number=r.number,
            position=r.position,
            what=r.what,
            at=r.at,
            by=r.by,
            detail=dict(r.detail),
            previous=r.previous,
            seal=r.seal,
        )


class KeyOut(Model):
    """The key that bundles are signed with."""

    algorithm: str = "Ed25519"
    public_key: str
    sha256: str


class ExportIn(Body):
    """What is exported, for whom and why; `recipient` and `reason` are recorded for good."""

    case: str = Field("", max_length=80, examples=["QZ-20260512-0001"])
    media: list[str] = Field(default_factory=list, max_length=5000)
    recipient: str = Field(min_length=1, max_length=200)
    department: str = Field("", max_length=40, description="Its code, if it is a department.")
    reason: str = Field(min_length=1, max_length=500)
    originals: bool | None = Field(
        None,
        description="true: originals; false: protected copies; left out: originals only where "
        "they stay in their own department.",
    )
    legal_basis: str = Field("", max_length=500, description="Needed for originals that leave it.")

    def order(self) -> ExportOrder:
        """What the use case takes."""
        return ExportOrder(
            case=self.case,
            media=tuple(self.media),
            recipient=self.recipient,
            department=self.department,
            reason=self.reason,
            originals=self.originals,
            legal_basis=self.legal_basis,
        )


class HoldIn(Body):
    """A photograph or a case (id or number) whose evidence must not be deleted."""

    subject: str = Field(min_length=1, max_length=80)
    reason: str = Field(min_length=1, max_length=500)


class HoldOut(Model):
    """A legal hold."""

    id: str
    subject: str
    department: str
    reason: str
    by: str
    at: datetime
    lifted_at: datetime | None
    lifted_by: str | None

    @classmethod
    def from_entity(cls, h: Hold) -> "HoldOut":
        return cls(
            id=h.id,
            subject=h.subject,
            department=h.department,
            reason=h.reason,
            by=h.by,
            at=h.at,
            lifted_at=h.lifted_at,
            lifted_by=h.lifted_by or None,
        )


class RuleOut(Model):
    """How long what is kept."""

    id: str
    name: str
    name_zh: str
    reason: str
    scenarios: list[str]
    originals_days: int
    dropped_days: int
    after_case_days: int

    @classmethod
    def from_rule(cls, r: RetentionRule) -> "RuleOut":
        return cls(
            id=r.id,
            name=r.name,
            name_zh=r.name_zh,
            reason=r.reason,
            scenarios=sorted(r.scenarios),
            originals_days=r.originals.days,
            dropped_days=r.dropped.days,
            after_case_days=r.after_case.days,
        )


class DueOut(Model):
    """A photograph whose time comes; `held` says why it stays all the same."""

    id: str
    department: str
    received_at: datetime
    due_at: datetime
    rule: str
    size_bytes: int
    held: str | None

    @classmethod
    def from_due(cls, d: Due) -> "DueOut":
        return cls(
            id=d.medium.id,
            department=d.medium.department,
            received_at=d.medium.received_at,
            due_at=d.at,
            rule=d.why,
            size_bytes=d.medium.size_bytes,
            held=d.held or None,
        )


class RetentionOut(Model):
    """The rules, and a part of what falls due; `next` is the cursor to give as `after`."""

    rules: list[RuleOut]
    items: list[DueOut]
    next: str | None = None
