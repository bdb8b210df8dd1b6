"""Deadlines run in working hours (工作时): nights, weekends and holidays do not count."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.errors import InvalidInput
from missions.presets import WorkingHours

LONGEST = timedelta(days=3 * 366)
"""No deadline lies further ahead; a calendar that gets no nearer has no working time."""


def due_at(opened: datetime, hours: float, calendar: WorkingHours, zone: ZoneInfo) -> datetime:
    """When so many working hours have passed, in UTC.

    Raises:
        InvalidInput: the calendar holds too little working time.
    """
    left = timedelta(hours=hours)
    start = opened.astimezone(zone)
    day = start.date()
    while day <= (start + LONGEST).date():
        for opens, closes in calendar.spans(day):
            # In UTC: a local clock's differences ignore that clocks are set forward and back.
            begin = max(_moment(day, opens, zone), start.astimezone(UTC))
            end = _moment(day, closes, zone)
            if begin + left <= end:
                return begin + left
            left -= max(timedelta(), end - begin)
        day += timedelta(days=1)
    raise InvalidInput(
        f"{hours:g} working hours do not pass within three years",
        where="calendar",
        remedy="give the calendar hours and weekdays",
    )


def hours_between(start: datetime, end: datetime, calendar: WorkingHours, zone: ZoneInfo) -> float:
    """Working hours from one moment to another; negative where the second comes first.

    More than `LONGEST` apart, only so much of it is counted.
    """
    if end < start:
        return -hours_between(end, start, calendar, zone)
    start, end = start.astimezone(UTC), min(end.astimezone(UTC), start.astimezone(UTC) + LONGEST)
    day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    total = timedelta()
    while day <= last:
        for opens, closes in calendar.spans(day):
            begin, stop = _moment(day, opens, zone), _moment(day, closes, zone)
            total += max(timedelta(), min(stop, end) - max(begin, start))
        day += timedelta(days=1)
    return total.total_seconds() / 3600.0


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
