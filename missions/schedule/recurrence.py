"""When a recurrence rule occurs: iCalendar's RRULE in an IANA zone, as instants in UTC.

The local wall time is kept when clocks change: "every day at 09:00" stays 09:00 in summer and in
winter. A local time that the change skips is read with the offset before it (02:30 becomes 03:30
of summer time, RFC 5545 section 3.3.5), so that a flight asked for every day is flown every day;
RFC 5545 section 3.3.10 would drop it. A local time that comes twice is taken the first time.

The rule is expanded day by day, never further than `LONGEST_DAYS`, so that a rule that hardly or
never occurs (30 February) costs milliseconds; dateutil would search on to the year 9999.
"""

from calendar import isleap, monthrange
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import product
from zoneinfo import ZoneInfo, available_timezones

from core.errors import InvalidInput
from missions.schedule.rrule import Frequency, Rule, parse

__all__ = ["Rule", "instant", "occurrences", "parse", "zone_named"]

LONGEST_DAYS = 3_700
"""Days that one call looks through: ten years."""
FIRST_YEAR, LAST_YEAR = 1970, 2200
"""Years that are computed with: those of UTC offsets that are known, and some to come."""


def zone_named(name: str, where: str = "zone") -> ZoneInfo:
    """The time zone of an IANA name such as `Asia/Shanghai`.

    Raises:
        InvalidInput: there is none of this name.
    """
    if name not in _zones():
        remedy = "an IANA name such as Asia/Shanghai or Europe/Berlin"
        raise InvalidInput(f"no time zone is named {name[:60]!r}", where=where, remedy=remedy)
    return ZoneInfo(name)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def instant(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant (UTC) of a naive local time; skipped and doubled times as the module says."""
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def occurrences(
    rule: Rule,
    zone: ZoneInfo,
    start: datetime,
    *,
    after: datetime | None = None,
    until: datetime,
    limit: int,
) -> tuple[datetime, ...]:
    """When a rule occurs, oldest first, in UTC and to the second.

    Args:
        start: the first occurrence, if the rule admits it (DTSTART; aware). It fills in what the
            rule leaves open: time of day, weekday, day of the month.
        after: only those later than this moment (aware); None for all from `start` on.
        until: only those up to this moment, which counts (aware).
        limit: at most so many.

    Raises:
        InvalidInput: a time has no zone or is out of range, or the search would pass over more
            than `LONGEST_DAYS` days: from `after`, or from `start` if the rule counts.
    """
    first = _local(start, zone, "start")
    since = start if after is None else max(start, after)
    begin = first if rule.count else max(first, _local(since, zone, "after") - timedelta(days=1))
    end = _local(until, zone, "until")
    if (end - begin).days > LONGEST_DAYS:
        what = f"{(end - begin).days} days are too long to look through"
        raise InvalidInput(what, where="until", remedy=f"at most {LONGEST_DAYS} in one question")
    found: list[datetime] = []
    for at in _counted(_derived(rule, first), zone, first, begin.date(), end.date()):
        if at > until or len(found) == limit:
            break
        if after is None or at > after:
            found.append(at)
    return tuple(found)


def _local(at: datetime, zone: ZoneInfo, where: str) -> datetime:
    if at.tzinfo is None:
        raise InvalidInput("the time has no zone", where=where, remedy="such as ...T09:00:00+08:00")
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        remedy = f"a year from {FIRST_YEAR} to {LAST_YEAR}"
        raise InvalidInput(f"the year {at.year} is out of range", where=where, remedy=remedy)
    return at.astimezone(zone).replace(tzinfo=None, microsecond=0)


def _derived(rule: Rule, first: datetime) -> Rule:
    """The rule with what its start fills in."""
    hourly = rule.frequency is Frequency.HOURLY
    rule = replace(
        rule,
        hours=rule.hours or (tuple(range(24)) if hourly else (first.hour,)),
        minutes=rule.minutes or (first.minute,),
        seconds=rule.seconds or (first.second,),
    )
    if rule.names_days:
        return rule
    match rule.frequency:
        case Frequency.YEARLY:
            months = rule.months or frozenset({first.month})
            return replace(rule, months=months, month_days=frozenset({first.day}))
        case Frequency.MONTHLY:
            return replace(rule, month_days=frozenset({first.day}))
        case Frequency.WEEKLY:
            return replace(rule, weekdays=frozenset({first.weekday()}))
    return rule


def _counted(
    rule: Rule, zone: ZoneInfo, first: datetime, begin: date, end: date
) -> Iterator[datetime]:
    """Instants up to the rule's own end and count, from the period of `begin` on."""
    left = rule.count
    for period in _periods(rule, first.date(), begin, end):
        local = [t for t in _chosen(rule, first, period) if t >= first]
        for at in sorted({instant(t, zone) for t in local if not _is_over(rule, zone, t)}):
            if left is not None:
                if left == 0:
                    return
                left -= 1
            yield at


def _is_over(rule: Rule, zone: ZoneInfo, local: datetime) -> bool:
    last = rule.until
    if last is None:
        return False
    if not isinstance(last, datetime):
        return local.date() > last
    return local > last if last.tzinfo is None else instant(local, zone) > last


# --- periods: the years, months, weeks or days that the interval lets through ---------------------


def _periods(rule: Rule, first: date, begin: date, end: date) -> Iterator[list[date]]:
    start, last = _index(rule, first), _index(rule, end)
    step = 1 if rule.frequency is Frequency.HOURLY else rule.interval
    skipped = -(-max(0, _index(rule, begin) - start) // step)
    # one earlier: `begin` may lie within a period that started before it
    for index in range(start + max(0, skipped - 1) * step, last + 1, step):
        yield [day for day in _days(rule, index) if _matches(rule, day)]


def _index(rule: Rule, day: date) -> int:
    match rule.frequency:
        case Frequency.YEARLY:
            return day.year
        case Frequency.MONTHLY:
            return day.year * 12 + day.month - 1
        case Frequency.WEEKLY:
            return (day.toordinal() - 1 - rule.week_start) // 7  # ordinal 1 was a Monday
    return day.toordinal()


def _days(rule: Rule, index: int) -> list[date]:
    match rule.frequency:
        case Frequency.YEARLY:
            day, length = date(index, 1, 1), 365 + isleap(index)
        case Frequency.MONTHLY:
            day = date(index // 12, index % 12 + 1, 1)
            length = monthrange(day.year, day.month)[1]
        case Frequency.WEEKLY:
            day, length = date.fromordinal(index * 7 + 1 + rule.week_start), 7
        case _:
            day, length = date.fromordinal(index), 1
    return [day + timedelta(days=n) for n in range(length)]


# --- days and times within a period ---------------------------------------------------------------


def _matches(rule: Rule, day: date) -> bool:
    if rule.months and day.month not in rule.months:
        return False
    if rule.weekdays and day.weekday() not in rule.weekdays:
        return False
    if rule.month_days and not rule.month_days & _month_numbers(day):
        return False
    if rule.year_days and not rule.year_days & _year_numbers(day):
        return False
    if rule.weeks and not rule.weeks & _week_numbers(day):
        return False
    return not rule.nth_weekdays or bool(rule.nth_weekdays & _nth(rule, day))


def _month_numbers(day: date) -> set[int]:
    return {day.day, day.day - monthrange(day.year, day.month)[1] - 1}


def _year_numbers(day: date) -> set[int]:
    number = day.timetuple().tm_yday
    return {number, number - 366 - isleap(day.year)}


def _week_numbers(day: date) -> set[int]:
    year, week, _ = day.isocalendar()
    weeks = date(year, 12, 28).isocalendar().week  # 28 December is always in the last week
    return {week, week - weeks - 1}


def _nth(rule: Rule, day: date) -> set[tuple[int, int]]:
    """Which weekday of its month, or of its year, a day is: counted from both ends."""
    in_year = rule.frequency is Frequency.YEARLY and not rule.months
    from_start, from_end = sorted(_year_numbers(day) if in_year else _month_numbers(day))[::-1]
    weekday = day.weekday()
    return {((from_start - 1) // 7 + 1, weekday), (-((-from_end - 1) // 7 + 1), weekday)}


def _chosen(rule: Rule, first: datetime, days: list[date]) -> list[datetime]:
    clock = list(product(rule.hours, rule.minutes, rule.seconds))
    times = [time(*parts) for parts in clock]
    every = [datetime.combine(day, at) for day in days for at in times]
    if rule.frequency is Frequency.HOURLY:
        hours = first.toordinal() * 24 + first.hour
        return [t for t in every if (t.toordinal() * 24 + t.hour - hours) % rule.interval == 0]
    if not rule.positions:
        return every
    count = len(every)
    picked = {p - 1 if p > 0 else count + p for p in rule.positions}
    return [every[n] for n in sorted(picked) if 0 <= n < count]
