"""Deadlines run in working hours."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput
from missions.cases.working_hours import due_at
from missions.presets import WorkingHours

CITY = ZoneInfo("Asia/Shanghai")
CALENDAR = WorkingHours(
    hours=((time(8, 30), time(12)), (time(14), time(17, 30))),
    weekdays=(0, 1, 2, 3, 4),
    holidays=frozenset({date(2026, 5, 1), date(2026, 5, 4), date(2026, 5, 5)}),
    workdays=frozenset({date(2026, 5, 9)}),
)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CITY)


@pytest.mark.parametrize(
    ("opened", "hours", "due"),
    [
        ("2026-05-12T09:00", 1, "2026-05-12T10:00"),
        ("2026-05-12T11:30", 1, "2026-05-12T14:30"),
        ("2026-05-12T11:00", 1, "2026-05-12T12:00"),
        ("2026-05-12T17:00", 1, "2026-05-13T09:00"),
        ("2026-05-12T20:00", 1, "2026-05-13T09:30"),
        ("2026-05-12T03:00", 7, "2026-05-12T17:30"),
        ("2026-04-30T17:00", 1, "2026-05-06T09:00"),
        ("2026-05-08T17:00", 1, "2026-05-09T09:00"),
        ("2026-05-09T17:00", 1, "2026-05-11T09:00"),
        ("2026-05-12T09:00", 0, "2026-05-12T09:00"),
        ("2026-05-10T09:00", 0, "2026-05-11T08:30"),
    ],
)
def test_known_deadlines(opened: str, hours: float, due: str) -> None:
    assert due_at(local(opened), hours, CALENDAR, CITY) == local(due)


@settings(deadline=None, max_examples=40)
@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.floats(0, 100),
    st.floats(0, 100),
)
def test_deadlines_add_up(opened: datetime, first: float, second: float) -> None:
    at_once = due_at(opened, first + second, CALENDAR, CITY)
    in_turn = due_at(due_at(opened, first, CALENDAR, CITY), second, CALENDAR, CITY)
    # at the very end of a span both "now" and "when work begins again" are right
    assert abs(at_once - in_turn) < timedelta(milliseconds=1) or second < 1e-6
    assert at_once >= opened
    assert CALENDAR.works(at_once.astimezone(CITY).date())


def test_a_clock_that_is_set_forward_does_not_shorten_the_deadline() -> None:
    zone = ZoneInfo("Europe/Berlin")
    always = WorkingHours(
        hours=((time(0), time(23, 59)),),
        weekdays=tuple(range(7)),
        holidays=frozenset(),
        workdays=frozenset(),
    )
    opened = datetime(2026, 3, 29, 0, 30, tzinfo=zone)
    due = due_at(opened, 4, always, zone)
    assert due - opened.astimezone(UTC) == timedelta(hours=4)


def test_a_calendar_without_work_is_refused() -> None:
    idle = WorkingHours(hours=(), weekdays=(), holidays=frozenset(), workdays=frozenset())
    with pytest.raises(InvalidInput, match="calendar"):
        due_at(local("2026-05-12T09:00"), 1, idle, CITY)
