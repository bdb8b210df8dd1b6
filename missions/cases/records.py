"""What a case keeps beside its seven steps: extensions, escalations, verifications, visits."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ExtensionState(StrEnum):
    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """A department's wish for more time (延期) or for rest (挂账), and the answer.

    Attributes:
        hours: working hours more; 0 for a rest.
        until: end of a rest, when the deadline that was left begins to run again.
        due_before, due_after: the deadline as it was, and as it was granted.
    """

    asked_at: datetime
    asked_by: str
    department: str
    reason: str
    due_before: datetime
    hours: float = 0.0
    until: datetime | None = None
    state: ExtensionState = ExtensionState.ASKED
    decided_at: datetime | None = None
    decided_by: str = ""
    answer: str = ""
    due_after: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """A level of escalation that was told.

    Attributes:
        due_at: the deadline that it was about.
    """

    level: int
    name: str
    name_zh: str
    to: str
    at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturePair:
    """The same place before and after.

    Attributes:
        share: of the ground of the photograph before that the one after shows; 0 to 1.
        same_camera: whether one kind of camera took both.
    """

    before: str
    after: str
    share: float
    same_camera: bool


class Outcome(StrEnum):
    """What a verification said."""

    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """A look at what was reported back (核查): asked for, flown, judged.

    Attributes:
        source: "flight" for one that was asked for, "imagery" for photographs that were taken
            since the report back anyway, "officer" for photographs that an officer named.
        request_id: what was asked of the planners; "" where nothing was.
        media: what shows the place since; pairs: matched with the photographs before.
        outcome: None until it was judged; by: who did.
    """

    asked_at: datetime
    source: str
    request_id: str = ""
    media: tuple[str, ...] = ()
    pairs: tuple[PicturePair, ...] = ()
    seen_at: datetime | None = None
    outcome: Outcome | None = None
    judged_at: datetime | None = None
    by: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What a joint inspection found of this case."""

    inspection_id: str
    at: datetime
    by: str
    found: bool | None = None
    note: str = ""
    media: tuple[str, ...] = ()
