"""The filing clock: what is flown was filed, by whom, and how it was answered.

Routine flights are filed by 12:00 of the day before (前1日12时, a calendar cut-off and not a number
of hours); emergencies and point-and-fly go by the configured emergency filing.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from core.ids import new_id
from missions.entities import Filing, FilingState
from missions.lifecycle import move
from missions.presets import FilingRules

ROUTINE_ANSWER = timedelta(hours=3)
"""From the cut-off to the answer on the same afternoon, as the demo's authority answers."""


def cutoff(day: date, rules: FilingRules, zone: ZoneInfo) -> datetime:
    """The last moment to file routine flights of a day."""
    return datetime.combine(day - timedelta(days=1), rules.cutoff, tzinfo=zone)


def file_routine(
    day: date, rules: FilingRules, zone: ZoneInfo, *, now: datetime, by: str
) -> Filing:
    """The application for a day's routine flights.

    Raises:
        ValueError: the cut-off has passed.
    """
    last = cutoff(day, rules, zone)
    if now > last:
        raise ValueError(f"flights of {day} had to be filed by {last:%Y-%m-%d %H:%M}")
    return Filing(id=new_id("fil", now), day=day, emergency=False, filed_at=now, filed_by=by)


def file_emergency(day: date, *, now: datetime, by: str) -> Filing:
    """The application for one flight that cannot wait."""
    return Filing(id=new_id("fil", now), day=day, emergency=True, filed_at=now, filed_by=by)


def answer_due(filing: Filing, rules: FilingRules, zone: ZoneInfo) -> datetime:
    """When a filing is answered: emergencies after the configured minutes, routine ones after the
    cut-off."""
    if filing.emergency:
        return filing.filed_at + timedelta(minutes=rules.emergency_answer_min)
    return cutoff(filing.day, rules, zone) + ROUTINE_ANSWER


def answer(filing: Filing, *, now: datetime, by: str, approved: bool = True) -> Filing:
    """The filing with the air authority's answer."""
    state = FilingState.APPROVED if approved else FilingState.REFUSED
    return move(filing, state, answered_at=now, answered_by=by)


def answered_yesterday(day: date, rules: FilingRules, zone: ZoneInfo) -> Filing:
    """A routine filing as the demo day starts with: made before the cut-off, approved after it."""
    last = cutoff(day, rules, zone)
    filed = file_routine(day, rules, zone, now=last - timedelta(minutes=30), by="dispatcher")
    return answer(filed, now=last + ROUTINE_ANSWER, by="air traffic authority (simulated)")
