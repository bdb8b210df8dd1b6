"""A clock that is wrong is mended only where the error is clear, and said in every case."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from imagery.files.moment import Span, fitted

CITY = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 5, 12, 1, 0, tzinfo=UTC)
SPAN = Span(START, START + timedelta(minutes=40))
TRUE = START + timedelta(minutes=20)


@pytest.mark.parametrize("days", [-2, -1, 1, 2])
def test_a_clock_that_is_days_off_is_mended_and_said(days):
    found = fitted(TRUE + timedelta(days=days), SPAN, CITY, assumed=False)

    assert (found.at, found.refused) == (TRUE, "")
    assert f"{days:+d} day" in found.note


def test_a_clock_that_kept_utc_is_mended_only_where_its_zone_was_assumed():
    early = TRUE - timedelta(hours=8)

    assert fitted(early, SPAN, CITY, assumed=True).at == TRUE
    assert "before the flight" in fitted(early, SPAN, CITY, assumed=False).refused


def test_any_other_error_is_refused():
    for hours in (3, -5, 24.9, 72):
        found = fitted(TRUE + timedelta(hours=hours), SPAN, CITY, assumed=True)
        assert found.refused, hours


def test_a_long_span_proves_nothing():
    day = Span(START, START + timedelta(hours=7))

    assert fitted(TRUE + timedelta(days=1), day, CITY, assumed=False).refused


def test_a_right_clock_is_left_alone():
    assert fitted(TRUE, SPAN, CITY, assumed=True).note == ""
