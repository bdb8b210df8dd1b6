"""A standing order: a look that a department asks for again and again, as iCalendar says it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from missions.entities import Request


class StandingState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A standing order.

    Attributes:
        wish: the request of its first occurrence; the others differ in their window only.
        rule: RRULE of RFC 5545, without the word; zone: IANA name, whose wall clock it keeps.
        fresh_h: photographs that were taken within so many hours will do instead of a flight.
        through: start of the last occurrence that was made a request, missed or skipped.
        made, missed: how many occurrences became requests, and how many were too late to.
        reason: why it is paused or ended.
    """

    id: str
    department: str
    shared_with: tuple[str, ...]
    wish: Request
    rule: str
    zone: str
    created_at: datetime
    created_by: str
    fresh_h: float = 0.0
    state: StandingState = StandingState.ACTIVE
    through: datetime | None = None
    made: int = 0
    missed: int = 0
    reason: str = ""
    reason_zh: str = ""

    @property
    def first(self) -> datetime:
        """Start of the first window: DTSTART."""
        return self.wish.earliest

    @property
    def window(self) -> timedelta:
        """How long each window is."""
        return self.wish.latest - self.wish.earliest

    @property
    def zone_info(self) -> ZoneInfo:
        """The zone whose wall clock the rule keeps."""
        return ZoneInfo(self.zone)
