"""What a department has to settle, from alert to proof."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.geo import LonLat
from missions.cases.records import Escalation, Extension, Verification, Visit


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


class Verdict(StrEnum):
    """What a re-check saw."""

    HOT = "hot"
    COLD = "cold"
    WARM = "warm"
    """Neither, within the measurement's uncertainty."""


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
