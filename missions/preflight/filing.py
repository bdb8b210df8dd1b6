"""The filing clock: what is flown was filed, by whom, and how it was answered.

Routine flights are filed by 12:00 of the day before (前1日12时, a calendar cut-off and not a number
of hours); emergencies and point-and-fly go by the configured emergency filing. What is filed later
than that without being an emergency is marked late: the authority may refuse it.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from core.ids import new_id
from missions.entities import FiledVolume, Filing, FilingState, Flight
from missions.lifecycle import move
from missions.preflight.volumes import volumes_of
from missions.presets import FilingRules, Preset

ROUTINE_ANSWER = timedelta(hours=3)
"""From the cut-off to the answer on the same afternoon, as the demo's authority answers."""
SIMULATED_NAME = "air traffic authority (simulated)"


def cutoff(day: date, rules: FilingRules, zone: ZoneInfo) -> datetime:
    """The last moment to file routine flights of a day."""
    return datetime.combine(day - timedelta(days=1), rules.cutoff, tzinfo=zone)


def file_routine(
    day: date,
    rules: FilingRules,
    zone: ZoneInfo,
    *,
    now: datetime,
    by: str,
    volumes: tuple[FiledVolume, ...] = (),
) -> Filing:
    """The application for a day's routine flights; after the cut-off it is marked late."""
    return Filing(
        id=new_id("fil", now),
        day=day,
        emergency=False,
        filed_at=now,
        filed_by=by,
        volumes=volumes,
        late=now > cutoff(day, rules, zone),
        purpose="routine inspection",
    )


def file_emergency(
    day: date,
    *,
    now: datetime,
    by: str,
    volumes: tuple[FiledVolume, ...] = (),
    purpose: str = "",
) -> Filing:
    """The application for a flight that cannot wait."""
    return Filing(
        id=new_id("fil", now),
        day=day,
        emergency=True,
        filed_at=now,
        filed_by=by,
        volumes=volumes,
        purpose=purpose or by,
    )


def may_be_emergency(rules: FilingRules, origin: str) -> bool:
    """Whether what has this origin may take the emergency route."""
    return rules.emergency_for is None or origin in rules.emergency_for


def emergency_for(flights: Iterable[Flight], preset: Preset, *, now: datetime, by: str) -> Filing:
    """The application for flights that cannot wait, of one day: the air that they need."""
    urgent = tuple(flights)
    return file_emergency(urgent[0].day, now=now, by=by, volumes=volumes_of(urgent, preset))


def amended(filing: Filing, flights: Iterable[Flight], preset: Preset) -> Filing:
    """A filing that is not answered yet, with the air of further flights."""
    return replace(filing, volumes=(*filing.volumes, *volumes_of(flights, preset)))


def answer_due(filing: Filing, rules: FilingRules, zone: ZoneInfo) -> datetime:
    """When the demo's authority answers a filing: emergencies and late ones after the configured
    minutes, routine ones after the cut-off."""
    if filing.emergency or filing.late:
        return filing.filed_at + timedelta(minutes=rules.emergency_answer_min)
    return cutoff(filing.day, rules, zone) + ROUTINE_ANSWER


def answer(
    filing: Filing,
    *,
    now: datetime,
    by: str,
    approved: bool = True,
    number: str = "",
    remark: str = "",
) -> Filing:
    """The filing with the air authority's answer."""
    state = FilingState.APPROVED if approved else FilingState.REFUSED
    return move(filing, state, answered_at=now, answered_by=by, number=number, remark=remark)


def revoke(filing: Filing, *, now: datetime, by: str, remark: str) -> Filing:
    """The filing after the authority took its approval back."""
    return move(filing, FilingState.REVOKED, answered_at=now, answered_by=by, remark=remark)


def answered_yesterday(
    day: date, rules: FilingRules, zone: ZoneInfo, volumes: tuple[FiledVolume, ...] = ()
) -> Filing:
    """A routine filing as the demo's first day starts with: made before the cut-off, approved
    after it. Only the simulated authority gives such an answer."""
    last = cutoff(day, rules, zone)
    at = last - timedelta(minutes=30)
    filed = file_routine(day, rules, zone, now=at, by="dispatcher", volumes=volumes)
    return answer(filed, now=last + ROUTINE_ANSWER, by=SIMULATED_NAME)
