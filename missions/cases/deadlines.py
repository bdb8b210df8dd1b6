"""How long a case may take, how much of it is left, and when it is told to somebody higher."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from missions.cases.working_hours import due_at, hours_between
from missions.catalog import EventType
from missions.catalog.casework import Level
from missions.entities import Case, CaseState
from missions.presets import Preset

WAITING = (CaseState.OPENED, CaseState.DISPATCHED, CaseState.HANDLING)
"""States in which the deadline runs: it is met by the report back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a case stands against its deadline.

    Attributes:
        hours: that it was given, from its last dispatch to the deadline; working hours, or plain
            ones where the event type runs around the clock.
        left_h: of the same kind, until the deadline (negative past it) as seen now, or as it was
            when it was reported back.
        overdue_since: the deadline, where it passed and nothing was reported back yet.
        late: reported back, but after the deadline.
    """

    hours: float
    left_h: float
    overdue_since: datetime | None
    late: bool


def deadline(preset: Preset, kind: EventType, severity: int, start: datetime) -> datetime:
    """When a case that is dispatched at ``start`` must be reported back."""
    return later(preset, kind, start, kind.hours_for(severity))


def later(preset: Preset, kind: EventType, start: datetime, hours: float) -> datetime:
    """So many hours after a moment, as this event type counts them."""
    if kind.around_the_clock:
        return start + timedelta(hours=hours)
    return due_at(start, hours, preset.calendar, preset.zone_info)


def hours_of(preset: Preset, kind: EventType, start: datetime, end: datetime) -> float:
    """The hours between two moments, as this event type counts them."""
    if kind.around_the_clock:
        return (end - start).total_seconds() / 3600.0
    return hours_between(start, end, preset.calendar, preset.zone_info)


def dispatched_at(case: Case) -> datetime:
    """When the deadline began to run: the last dispatch, a hand-over not counted."""
    sent = [s.at for s in case.steps if s.step == CaseState.DISPATCHED and not s.handed_over]
    return sent[-1] if sent else case.opened_at


def answered_at(case: Case) -> datetime | None:
    """When it was reported back after its last dispatch; None while it was not."""
    since = dispatched_at(case)
    reported = [s.at for s in case.steps if s.step == CaseState.REPORTED_BACK and s.at >= since]
    return reported[-1] if reported and case.state not in WAITING else None


def is_overdue(case: Case, now: datetime) -> bool:
    """Whether its deadline passed before it was reported back."""
    return case.state in WAITING and now > case.due_at


def standing(case: Case, preset: Preset, now: datetime) -> Standing:
    """Where a case stands."""
    kind = preset.event_types[case.event_type]
    answered = answered_at(case)
    return Standing(
        hours=round(hours_of(preset, kind, dispatched_at(case), case.due_at), 3),
        left_h=round(hours_of(preset, kind, answered or now, case.due_at), 3),
        overdue_since=case.due_at if is_overdue(case, now) else None,
        late=answered is not None and answered > case.due_at,
    )


def level_at(case: Case, preset: Preset, level: Level) -> datetime:
    """When a level of escalation is reached."""
    kind, start = preset.event_types[case.event_type], dispatched_at(case)
    if level.after_h:
        return later(preset, kind, case.due_at, level.after_h)
    if level.share >= 1.0:
        return case.due_at
    hours = hours_of(preset, kind, start, case.due_at)
    rests = [x.until for x in case.extensions if x.until and x.due_after == case.due_at]
    # nobody is warned of a case that rests
    return max(later(preset, kind, start, level.share * hours), *rests, start)


def next_level(case: Case, preset: Preset) -> Level | None:
    """The next level that was not told since the last dispatch; None at the top."""
    return next((x for x in preset.casework.escalation if x.number > case.escalation), None)


def escalates_at(case: Case, preset: Preset) -> datetime | None:
    """When the next level is reached; None for a case that does not wait, or at the top."""
    level = next_level(case, preset) if case.state in WAITING else None
    return None if level is None else level_at(case, preset, level)
