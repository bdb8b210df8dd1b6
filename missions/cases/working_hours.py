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


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
