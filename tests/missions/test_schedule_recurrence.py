"""RRULE: occurrences agree with dateutil, local times are kept, and bombs cost nothing."""

import time as stopwatch
import warnings
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput
from missions.schedule import rrule
from missions.schedule.recurrence import occurrences, parse, zone_named
from missions.schedule.rrule import MOST_A_DAY, times_a_day

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from dateutil.rrule import rrulestr

BERLIN = ZoneInfo("Europe/Berlin")
SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 5, 12, 9, 30, tzinfo=SHANGHAI)


def local(rule: str, start: datetime, days: float, limit: int = 50) -> list[str]:
    zone = start.tzinfo
    assert isinstance(zone, ZoneInfo)
    until = start + timedelta(days=days)
    found = occurrences(parse(rule), zone, start, until=until, limit=limit)
    assert all(at.tzinfo is UTC for at in found)
    return [f"{at.astimezone(zone):%m-%d %H:%M%z}" for at in found]


# --- daylight saving ------------------------------------------------------------------------------


def test_the_local_time_of_day_is_kept_in_summer_and_winter() -> None:
    spring = datetime(2026, 3, 28, 9, 0, tzinfo=BERLIN)
    assert local("FREQ=DAILY", spring, 2) == [
        "03-28 09:00+0100",
        "03-29 09:00+0200",
        "03-30 09:00+0200",
    ]
    autumn = datetime(2026, 10, 24, 9, 0, tzinfo=BERLIN)
    assert local("FREQ=DAILY", autumn, 1.5) == ["10-24 09:00+0200", "10-25 09:00+0100"]


def test_a_time_that_does_not_exist_is_moved_and_one_that_exists_twice_comes_once() -> None:
    spring = datetime(2026, 3, 28, 2, 30, tzinfo=BERLIN)
    assert local("FREQ=DAILY", spring, 2) == [
        "03-28 02:30+0100",
        "03-29 03:30+0200",
        "03-30 02:30+0200",
    ]
    autumn = datetime(2026, 10, 24, 2, 30, tzinfo=BERLIN)
    assert local("FREQ=DAILY", autumn, 2.2) == [
        "10-24 02:30+0200",
        "10-25 02:30+0200",
        "10-26 02:30+0100",
    ]


def test_an_hourly_rule_never_gives_one_instant_twice() -> None:
    spring = datetime(2026, 3, 29, 0, 0, tzinfo=BERLIN)
    hours = local("FREQ=HOURLY", spring, 0.21)
    assert hours == [
        "03-29 00:00+0100",
        "03-29 01:00+0100",
        "03-29 03:00+0200",
        "03-29 04:00+0200",
        "03-29 05:00+0200",
    ]


# --- what rules mean ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=WEEKLY;BYDAY=MO,WE;COUNT=3", ["05-13 09:30", "05-18 09:30", "05-20 09:30"]),
        ("RRULE:FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=8", ["05-29 08:30", "06-26 08:30", "07-31 08:30"]),
        ("freq=monthly;byday=mo,tu,we,th,fr;bysetpos=-1;count=2", ["05-29 09:30", "06-30 09:30"]),
        ("FREQ=YEARLY;BYMONTH=6;BYMONTHDAY=1,-1", ["06-01 09:30", "06-30 09:30"]),
        ("FREQ=HOURLY;INTERVAL=5;COUNT=3", ["05-12 09:30", "05-12 14:30", "05-12 19:30"]),
        ("FREQ=DAILY;UNTIL=20260513", ["05-12 09:30", "05-13 09:30"]),
        ("FREQ=DAILY;UNTIL=20260513T012959Z", ["05-12 09:30"]),
        ("FREQ=DAILY;UNTIL=20260513T013000Z", ["05-12 09:30", "05-13 09:30"]),
        ("FREQ=DAILY;UNTIL=20260513T093000", ["05-12 09:30", "05-13 09:30"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", []),
    ],
)  # fmt: skip
def test_rules_occur_as_rfc_5545_says(rule: str, expected: list[str]) -> None:
    assert [text[:-5] for text in local(rule, START, 90)] == expected


@st.composite
def rules(draw: st.DrawFn) -> str:
    freq = draw(st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY"]))
    parts = {"FREQ": freq}

    def maybe(key: str, values: st.SearchStrategy[object], most: int = 3) -> None:
        if draw(st.integers(0, 3)) == 0:
            chosen = draw(st.lists(values, min_size=1, max_size=most, unique=True))
            parts[key] = ",".join(str(v) for v in chosen)

    maybe("INTERVAL", st.integers(1, 7), 1)
    maybe("WKST", st.sampled_from(["MO", "SU", "WE"]), 1)
    maybe("BYMONTH", st.integers(1, 12))
    days = st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"])
    if freq in ("YEARLY", "MONTHLY") and draw(st.booleans()):
        high = 5 if freq == "MONTHLY" or "BYMONTH" in parts else 53
        numbers = st.integers(1, high).map(lambda n: n) | st.integers(-high, -1)
        maybe("BYDAY", st.builds(lambda n, d: f"{n}{d}", numbers, days))
    else:
        maybe("BYDAY", days)
    if freq != "WEEKLY":
        maybe("BYMONTHDAY", st.integers(1, 31) | st.integers(-31, -1))
    if freq == "YEARLY":
        maybe("BYYEARDAY", st.integers(1, 366) | st.integers(-366, -1))
    maybe("BYHOUR", st.integers(0, 23))
    maybe("BYMINUTE", st.integers(0, 59))
    if freq != "HOURLY" and any(k.startswith("BY") for k in parts):
        maybe("BYSETPOS", st.integers(1, 6) | st.integers(-6, -1))
    if draw(st.booleans()):
        parts["COUNT"] = str(draw(st.integers(1, 40)))
    return ";".join(f"{k}={v}" for k, v in parts.items())


DAY_ONE = datetime(2025, 1, 1, tzinfo=UTC)


@given(rules(), st.integers(0, 4 * 366 * 86_400), st.integers(0, 500))
@settings(max_examples=150, deadline=None)
def test_occurrences_are_those_of_dateutil(text: str, second: int, skip: int) -> None:
    try:
        rule = parse(text)
    except InvalidInput:
        assert times_a_day(rrule._rule(rrule._parts(text))) > MOST_A_DAY
        return
    start = DAY_ONE + timedelta(seconds=second)
    begin, end = start + timedelta(days=skip), start + timedelta(days=skip + 800)
    ours = occurrences(rule, ZoneInfo("UTC"), start, after=begin, until=end, limit=10**6)
    if occurrences(rule, ZoneInfo("UTC"), start, until=end, limit=1):
        assert list(ours) == _of_dateutil(text, start, begin, end)
    # else dateutil would look for an occurrence up to the year 9999


def _of_dateutil(text: str, start: datetime, begin: datetime, end: datetime) -> list[datetime]:
    ended = text if "COUNT" in text else f"{text};UNTIL={end:%Y%m%dT%H%M%SZ}"
    every: list[datetime] = list(takewhile(lambda at: at <= end, rrulestr(ended, dtstart=start)))
    return [at for at in every if at > begin]


def test_a_later_question_is_answered_as_an_earlier_one_was() -> None:
    rule = parse("FREQ=WEEKLY;INTERVAL=3;BYDAY=TU,SU;WKST=SU")
    until = START + timedelta(days=400)
    every = occurrences(rule, SHANGHAI, START, until=until, limit=1000)
    for n, at in enumerate(every):
        assert (
            occurrences(rule, SHANGHAI, START, after=at, until=until, limit=3)
            == every[n + 1 : n + 4]
        )


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("FREQ=SECONDLY", "too often"),
        ("FREQ=MINUTELY;COUNT=2", "too often"),
        ("FREQ=FORTNIGHTLY", "unknown"),
        ("BYDAY=MO", "no FREQ"),
        ("", "NAME=VALUE"),
        ("every monday", "NAME=VALUE"),
        ("FREQ=DAILY;FREQ=DAILY", "twice"),
        ("FREQ=DAILY;X=1", "no part"),
        ("FREQ=DAILY;BYEASTER=1", "no part"),
        ("FREQ=DAILY\nEXDATE=20260101", "unknown"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL"),
        ("FREQ=DAILY;INTERVAL=99999999999999999999", "INTERVAL"),
        ("FREQ=DAILY;COUNT=1000000", "COUNT"),
        ("FREQ=DAILY;COUNT=٣", "COUNT"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20270101", "exclude"),
        ("FREQ=DAILY;UNTIL=20261332", "no time"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR"),
        ("FREQ=DAILY;BYHOUR=9;BYMINUTE=" + ",".join(map(str, range(60))), "60 times"),
        ("FREQ=HOURLY;BYMINUTE=0,30", "48 times"),
        ("FREQ=DAILY;BYDAY=1MO", "number in BYDAY"),
        ("FREQ=MONTHLY;BYDAY=0MO", "0"),
        ("FREQ=MONTHLY;BYDAY=XX", "weekday"),
        ("FREQ=WEEKLY;BYMONTHDAY=3", "BYMONTHDAY"),
        ("FREQ=YEARLY;BYWEEKNO=20", "BYDAY"),
        ("FREQ=MONTHLY;BYWEEKNO=20;BYDAY=MO", "YEARLY"),
        ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS"),
        ("FREQ=DAILY;BYHOUR=" + ",".join(["1"] * 400), "characters"),
    ],
)  # fmt: skip
def test_bad_rules_are_refused_by_name(rule: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=why) as told:
        parse(rule, "recurrence.rule")
    assert told.value.where == "recurrence.rule"
    assert told.value.remedy


@pytest.mark.parametrize("name", ["", "Mars/Base", "../../etc/passwd", "/etc/localtime", "A" * 999])
def test_unknown_zones_are_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="time zone"):
        zone_named(name)
    assert zone_named("Asia/Shanghai").key == "Asia/Shanghai"


def test_a_question_without_end_is_refused() -> None:
    rule = parse("FREQ=DAILY")
    with pytest.raises(InvalidInput, match="too long"):
        occurrences(rule, SHANGHAI, START, until=START + timedelta(days=9000), limit=1)
    with pytest.raises(InvalidInput, match="zone"):
        occurrences(rule, SHANGHAI, START.replace(tzinfo=None), until=START, limit=1)
    with pytest.raises(InvalidInput, match="range"):
        occurrences(rule, SHANGHAI, START, until=datetime.max.replace(tzinfo=UTC), limit=1)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=31",
        "FREQ=YEARLY;BYSETPOS=366,-366;BYHOUR=" + ",".join(map(str, range(24))),
        "FREQ=MONTHLY;BYMONTHDAY=31;BYSETPOS=2",
    ],
)
def test_a_rule_that_never_occurs_ends(rule: str) -> None:
    """By construction: at most 3,700 days are looked at, whatever the rule says."""
    started = stopwatch.process_time()
    until = START + timedelta(days=3_600)
    occurrences(parse(rule), SHANGHAI, START, until=until, limit=10**6)
    assert stopwatch.process_time() - started < 10  # milliseconds; a runaway takes minutes
