"""What a job is: its name, its work, when it runs, and what becomes of runs that were missed."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.interval import IntervalTrigger

from missions.schedule.recurrence import LONGEST_DAYS, Rule, occurrences, parse
from missions.store.records import JobRun

Work = Callable[[], Awaitable[bool | None]]
"""A job's work; False says that it failed and that this was seen to."""
TICK_S = 900
"""A job that comes round within a quarter of an hour is a tick: it looks whether there is something
to do. Its runs are not recorded one by one, and one that is missed is nothing lost: the next one
sees the same. A fast simulation would else fill the audit trail with ticks that came late."""
GRACE = timedelta(minutes=10)
"""So late a run still counts as being on time."""
MOST_COUNTED = 1_000
"""Missed runs are counted so far; a job that missed more has missed `more than 1000`."""
MOST_EACH = 100
"""Missed runs that are made up one by one; older ones are skipped, and that is told."""
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
"""The finest step of a time."""


class Missed(StrEnum):
    """What becomes of runs that fell due while the service was down or the job was busy."""

    ONCE = "once"
    """One run makes up for all of them."""
    SKIP = "skip"
    """They are left out; the next one in time runs."""
    EACH = "each"
    """Every one is made up for, the oldest first."""


class LastRun:
    """The last run of a job, as the process that ran it remembers it."""

    def __init__(self) -> None:
        self.run: JobRun | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A named piece of recurring work and the trigger that says when.

    Args:
        trigger: when its text changes, the job begins anew from the present.
        grace: so late a run still counts as being on time.
    """

    name: str
    trigger: BaseTrigger
    work: Work
    missed: Missed = Missed.ONCE
    grace: timedelta = GRACE
    tick: bool = False
    last: LastRun = field(default_factory=LastRun, compare=False, repr=False)

    @property
    def rule(self) -> str:
        """When it runs, in words: an RRULE and its zone, or seconds between two runs."""
        if isinstance(self.trigger, RuleTrigger):
            return self.trigger.rule
        return f"every {self.trigger.interval.total_seconds():.0f} s"


class RuleTrigger(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """APScheduler's trigger interface over an RRULE: one rule for clock changes everywhere.

    APScheduler's own cron trigger runs a daily job twice when its hour comes twice.
    """

    def __init__(self, rule: Rule, zone: ZoneInfo, start: datetime = _EPOCH) -> None:
        self._rule, self._zone, self._start = rule, zone, start

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        after = now - MOMENT if previous is None else max(previous, now - MOMENT)
        # a rule that counts is counted from its start, so its horizon is there
        since = self._start if self._rule.count else max(after, self._start)
        horizon = since + timedelta(days=LONGEST_DAYS - 2)
        found = occurrences(
            self._rule, self._zone, self._start, after=after, until=horizon, limit=1
        )
        return found[0] if found else None

    @property
    def rule(self) -> str:
        """The rule and its zone."""
        return f"{self._rule.text} in {self._zone.key}"

    def __str__(self) -> str:
        return f"{self._rule.text} from {self._start.isoformat()} in {self._zone.key}"


def every(name: str, seconds: int, work: Work, zone: ZoneInfo, missed: str = Missed.ONCE) -> Job:
    """A job that runs again and again, so many seconds apart.

    Its times lie on a fixed grid of real seconds: neither a slow run nor a clock change moves it.
    """
    trigger = IntervalTrigger(seconds=seconds, start_date=_EPOCH, timezone=zone)
    grace = min(GRACE, timedelta(seconds=seconds))
    return Job(name, trigger, work, Missed(missed), grace, tick=seconds < TICK_S)


def daily(name: str, at: time, work: Work, zone: ZoneInfo, missed: str = Missed.ONCE) -> Job:
    """A job that runs once a day at a local time, clock changes or not."""
    rule = f"FREQ=DAILY;BYHOUR={at.hour};BYMINUTE={at.minute};BYSECOND={at.second}"
    return recurring(name, rule, work, zone, missed)


def recurring(
    name: str,
    rule: str,
    work: Work,
    zone: ZoneInfo,
    missed: str = Missed.ONCE,
    start: datetime = _EPOCH,
) -> Job:
    """A job that runs when an RRULE says, in a zone's local time.

    Raises:
        InvalidInput: the rule is none, or asks for too much.
    """
    trigger = RuleTrigger(parse(rule, where=f"job {name}"), zone, start)
    return Job(name, trigger, work, Missed(missed))


# --- which runs are due ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Decision:
    """What a job does now.

    Args:
        stood: the due time that this was decided from.
        run: the due time that is run for; None where nothing runs.
        next: the due time after this; None for never again.
        made_up: missed due times that the run makes up for.
        skipped: missed due times that are left out.
    """

    stood: datetime
    run: datetime | None
    next: datetime | None
    made_up: tuple[datetime, ...] = ()
    skipped: tuple[datetime, ...] = ()


def following(trigger: BaseTrigger, at: datetime) -> datetime | None:
    """The first due time later than a moment, in UTC."""
    found: datetime | None = trigger.get_next_fire_time(None, at + MOMENT)
    return None if found is None else found.astimezone(UTC)


def decide(job: Job, stood: datetime, now: datetime) -> Decision:
    """What to do about everything that is due.

    Args:
        stood: the first due time that has neither run nor been skipped, not later than `now`.
    """
    due = tuple(_due(job.trigger, stood, now))
    next_at = following(job.trigger, now)
    late = tuple(at for at in due if now - at > job.grace)
    if job.missed is Missed.SKIP:
        skipped = due[:-1] if due[-1:] != late[-1:] else due
        return Decision(stood, due[-1] if len(skipped) < len(due) else None, next_at, (), skipped)
    if job.missed is Missed.ONCE:
        made_up = due if due[-1:] == late[-1:] else due[:-1]
        return Decision(stood, due[-1], next_at, made_up)
    skipped, due = due[:-MOST_EACH], due[-MOST_EACH:]
    after = due[1] if len(due) > 1 else next_at
    return Decision(stood, due[0], after, due[:1] if due[0] in late else (), skipped)


def _due(trigger: BaseTrigger, stood: datetime, now: datetime) -> Iterator[datetime]:
    at: datetime | None = stood
    for _ in range(MOST_COUNTED + 1):
        if at is None or at > now:
            return
        yield at
        at = following(trigger, at)
