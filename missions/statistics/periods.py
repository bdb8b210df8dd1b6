"""Periods of the city's calendar: what rows of counts make one up, and what compares with it."""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from core.errors import InvalidInput

LONGEST_DAYS = 3 * 366
"""No more is shown at once: beyond, nobody reads a table by days."""

FIRST, LAST = date(2000, 1, 1), date(2199, 12, 31)
"""Days that can be asked for."""

BY_TIME = ("day", "week", "month")
BY_DIMENSION = ("department", "county", "class", "type")
BY = (*BY_TIME, *BY_DIMENSION)
"""What figures are divided by."""


@dataclass(frozen=True, slots=True)
class Period:
    """Days of the city's calendar, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise InvalidInput(
                f"{self.last} is before {self.first}", where="to", remedy="give from before to"
            )
        if not (self.first >= FIRST and self.last <= LAST):
            raise InvalidInput(
                f"no time of ours: {self.first} to {self.last}",
                where="from",
                remedy=f"ask for days between {FIRST} and {LAST}",
            )
        if (self.last - self.first).days >= LONGEST_DAYS:
            raise InvalidInput(
                "more than three years at once", where="from", remedy="ask for a shorter period"
            )

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    @property
    def is_months(self) -> bool:
        """Whether it is made of whole months."""
        return self.first.day == 1 and self.last == month_end(self.last)

    def previous(self) -> "Period":
        """The comparable one just before: as many whole months, or as many days.

        >>> Period(date(2026, 3, 1), date(2026, 3, 31)).previous()
        Period(first=datetime.date(2026, 2, 1), last=datetime.date(2026, 2, 28))
        """
        last = self.first - timedelta(days=1)
        if self.is_months:
            months = _month_number(self.last) - _month_number(self.first) + 1
            year, month = divmod(_month_number(self.first) - months, 12)
            first = date(year, month + 1, 1)
        else:
            first = self.first - timedelta(days=self.days)
        if first < FIRST:
            raise InvalidInput(
                "nothing comes before this period", where="from", remedy="ask for a later one"
            )
        return Period(first, last)


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows of one grain: "d" or "m", from one bucket to another, both included."""

    grain: str
    low: str
    high: str


def pieces(period: Period, today: date) -> Iterator[Piece]:
    """The rows that make up a period: whole months that are over by months, the rest by days.

    Of today, and what comes after, only days are taken: their deadlines have not passed yet.
    """
    start = period.first if period.first.day == 1 else month_end(period.first) + timedelta(days=1)
    end = _last_whole(min(period.last, today - timedelta(days=1)))
    if end < start:
        yield Piece("d", period.first.isoformat(), period.last.isoformat())
        return
    if period.first < start:
        yield Piece("d", period.first.isoformat(), (start - timedelta(days=1)).isoformat())
    yield Piece("m", f"{start:%Y-%m}", f"{end:%Y-%m}")
    if end < period.last:
        yield Piece("d", (end + timedelta(days=1)).isoformat(), period.last.isoformat())


def bucket(day: str, by: str) -> str:
    """The day, week (of ISO 8601) or month that a day belongs to.

    >>> bucket("2026-01-01", "week")
    '2026-W01'
    """
    if by == "day":
        return day
    if by == "month":
        return day[:7]
    year, week, _ = date.fromisoformat(day).isocalendar()
    return f"{year}-W{week:02d}"


def month_end(day: date) -> date:
    """The last day of a month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _last_whole(day: date) -> date:
    """The end of the last month that is over by the end of a day."""
    return day if day == month_end(day) else day.replace(day=1) - timedelta(days=1)


def _month_number(day: date) -> int:
    return day.year * 12 + day.month - 1
