"""What is kept about a medium as evidence: its chain of custody, and holds that forbid deletion."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Act(StrEnum):
    """What was done with a medium."""

    CAPTURED = "captured"
    """The camera took it; ``sha256`` is the digest that the camera declared, where it did."""
    RECEIVED = "received"
    STORED = "stored"
    EXAMINED = "examined"
    POSE_MENDED = "pose mended"
    SHOWN = "shown"
    REVIEWED = "reviewed"
    COPY_MADE = "protected copy made"
    """A copy in which people and plates cannot be recognised."""
    EXPORTED = "exported"
    HELD = "held"
    RELEASED = "released from hold"
    DELETION_ORDERED = "deletion ordered"
    DELETED = "deleted"
    """Written only once the bytes are gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyRecord:
    """One link of the chain of custody.

    Attributes:
        position: in the chain of all media, counted from 1.
        number: in the chain of this medium, counted from 1.
        by: a person's or machine's name, or "service".
        detail: further facts by name, all text.
        before: seal of the record before this one, of whatever medium.
        previous: seal of this medium's record before this one.
        seal: SHA-256 over all of the above (`missions.evidence.chain.seal`).
    """

    id: str
    position: int
    number: int
    medium_id: str
    what: Act
    at: datetime
    by: str
    detail: Mapping[str, str] = field(default_factory=dict)
    before: str
    previous: str
    seal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A legal hold: nothing of the subject is deleted until it is lifted.

    Attributes:
        subject: id of a medium or of a case.
        department: that asked for it; who may lift it.
    """

    id: str
    subject: str
    department: str
    reason: str
    by: str
    at: datetime
    lifted_at: datetime | None = None
    lifted_by: str = ""
