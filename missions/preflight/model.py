"""Go or no-go as values: single checks, a flight's preflight, and groundings by people."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Word(StrEnum):
    """What a check says."""

    GO = "go"
    NO_GO = "no_go"
    UNKNOWN = "unknown"
    """Not known yet: it is decided at the dock, just before the launch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: filing, grounding, airspace, weather or vehicle.
    """

    name: str
    word: Word
    text: str
    text_zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight:
    """Whether a flight may go, and why.

    Attributes:
        decided: at the dock, for a launch; otherwise how it looks ahead of time.
    """

    id: str
    flight_id: str
    at: datetime
    word: Word
    checks: tuple[Check, ...]
    departments: tuple[str, ...]
    decided: bool = False

    @property
    def reasons(self) -> tuple[str, ...]:
        """What speaks against it."""
        return tuple(c.text for c in self.checks if c.word is Word.NO_GO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounding:
    """Nothing takes off: somebody's word for a while, for the city or a part of it (停飞).

    Attributes:
        county, dock, flight_id: what it is limited to; all None for the whole city.
        ends: None until it is lifted.
    """

    id: str
    reason: str
    starts: datetime
    ends: datetime | None
    by: str
    made_at: datetime
    county: str | None = None
    dock: str | None = None
    flight_id: str | None = None
    lifted_at: datetime | None = None
    lifted_by: str | None = None

    def holds(self, start: datetime, end: datetime) -> bool:
        """Whether it is in force at any time between."""
        if self.lifted_at is not None:
            return False
        return self.starts < end and (self.ends is None or start < self.ends)


def overall(checks: tuple[Check, ...]) -> Word:
    """One no-go grounds a flight; go needs every check to say so."""
    words = {check.word for check in checks}
    if Word.NO_GO in words:
        return Word.NO_GO
    return Word.UNKNOWN if Word.UNKNOWN in words else Word.GO
