"""A recurrence rule as RFC 5545 (iCalendar) writes it, read strictly: `FREQ=WEEKLY;BYDAY=MO,WE`.

What a rule may cost is bounded here, before anything is computed: no seconds or minutes as a
frequency, at most `MOST_A_DAY` times on one day, at most `MOST_COUNT` occurrences counted. Parts
that RFC 5545 forbids or leaves open for a frequency are refused by name instead of being guessed.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from core.errors import InvalidInput

LONGEST = 500
"""Characters of a rule; the longest sensible ones stay under 200."""
MOST_A_DAY = 24
"""Times on one day: a flight an hour, more is not a recurrence but a standing patrol."""
MOST_COUNT = 5_000
"""Largest COUNT: an hourly patrol for half a year."""
MOST_INTERVAL = 1_000
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class Frequency(StrEnum):
    """How often a rule's period comes round."""

    YEARLY = "YEARLY"
    MONTHLY = "MONTHLY"
    WEEKLY = "WEEKLY"
    DAILY = "DAILY"
    HOURLY = "HOURLY"


@dataclass(frozen=True, slots=True)
class Rule:
    """A recurrence rule that has been read; RFC 5545, section 3.3.10.

    Args:
        text: the rule in capitals, without the word RRULE; reading it again gives the same rule.
        until: the last moment: a day, a local time (naive) or an instant (aware); None for ever.
        weekdays: BYDAY without a number, 0 is Monday.
        nth_weekdays: BYDAY with a number: (number, weekday), such as (-1, 4) for the last Friday.
        week_start: weekday on which a week begins, for a WEEKLY rule with an interval.
    """

    text: str
    frequency: Frequency
    interval: int = 1
    count: int | None = None
    until: date | datetime | None = None
    months: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()
    year_days: frozenset[int] = frozenset()
    weeks: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    nth_weekdays: frozenset[tuple[int, int]] = frozenset()
    hours: tuple[int, ...] = ()
    minutes: tuple[int, ...] = ()
    seconds: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()
    week_start: int = 0

    @property
    def names_days(self) -> bool:
        """Whether the rule itself says which days; otherwise the start does."""
        by_weekday = self.weekdays or self.nth_weekdays
        return bool(self.month_days or self.year_days or self.weeks or by_weekday)


def parse(text: str, where: str = "rule") -> Rule:
    """Read a rule.

    Args:
        text: such as `FREQ=DAILY;BYHOUR=9` or `RRULE:FREQ=MONTHLY;BYDAY=-1FR`.
        where: the field it came in, for the sentence of an error.

    Raises:
        InvalidInput: it is no rule, says something RFC 5545 does not allow, or asks for too much.
    """
    try:
        parts = _parts(text)
        return _checked(_rule(parts))
    except _BadRule as error:
        raise InvalidInput(error.what, where=where, remedy=error.remedy) from None


class _BadRule(ValueError):
    def __init__(self, what: str, remedy: str = "write it as in FREQ=WEEKLY;BYDAY=MO,WE") -> None:
        super().__init__(what)
        self.what, self.remedy = what, remedy


def _parts(text: str) -> dict[str, str]:
    if len(text) > LONGEST:
        raise _BadRule(f"the rule has {len(text)} characters", f"at most {LONGEST} are read")
    plain = text.strip().upper().removeprefix("RRULE:")
    parts: dict[str, str] = {}
    for piece in plain.rstrip(";").split(";"):
        key, equals, value = piece.partition("=")
        if not equals or not value:
            raise _BadRule(f"{piece[:40]!r} is not NAME=VALUE")
        if key not in READERS:
            raise _BadRule(f"{key[:40]!r} is no part of a rule", f"one of {', '.join(READERS)}")
        if key in parts:
            raise _BadRule(f"{key} is given twice", "give each part once")
        parts[key] = value
    if "FREQ" not in parts:
        raise _BadRule("the rule has no FREQ", f"FREQ is one of {', '.join(Frequency)}")
    return parts


def _rule(parts: Mapping[str, str]) -> Rule:
    # FREQ first and the rest in one order, so that equal rules have equal texts
    text = ";".join(f"{key}={parts[key]}" for key in READERS if key in parts)
    fields: dict[str, object] = {"text": text}
    for key, value in parts.items():
        name, read = READERS[key]
        if key == "BYDAY":
            fields["weekdays"], fields["nth_weekdays"] = _by_day(value)
        else:
            fields[name] = read(key, value)
    return Rule(**fields)  # type: ignore[arg-type]


# --- the values of the parts ---------------------------------------------------------------------


def _frequency(key: str, value: str) -> Frequency:
    if value in ("SECONDLY", "MINUTELY"):
        raise _BadRule(f"FREQ={value} is too often", "HOURLY is the most frequent")
    if value not in set(Frequency):
        raise _BadRule(f"FREQ={value[:40]} is unknown", f"one of {', '.join(Frequency)}")
    return Frequency(value)


def _number(key: str, value: str, low: int, high: int) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,6}", value) or not low <= int(value) <= high:
        raise _BadRule(f"{key}={value[:40]} is not a number from {low} to {high}")
    return int(value)


def _one(low: int, high: int) -> Callable[[str, str], int]:
    return lambda key, value: _number(key, value, low, high)


def _numbers(low: int, high: int) -> Callable[[str, str], tuple[int, ...]]:
    def read(key: str, value: str) -> tuple[int, ...]:
        found = {_number(key, piece, low, high) for piece in value.split(",")}
        if low < 0 and 0 in found:
            raise _BadRule(f"{key} has a 0", "count from 1, or from the end with -1")
        return tuple(sorted(found))

    return read


def _set(low: int, high: int) -> Callable[[str, str], frozenset[int]]:
    read = _numbers(low, high)
    return lambda key, value: frozenset(read(key, value))


def _weekday(key: str, value: str) -> int:
    if value not in WEEKDAYS:
        raise _BadRule(f"{key}={value[:40]} is no weekday", f"one of {', '.join(WEEKDAYS)}")
    return WEEKDAYS.index(value)


def _by_day(value: str) -> tuple[frozenset[int], frozenset[tuple[int, int]]]:
    plain, nth = set(), set()
    for piece in value.split(","):
        number, day = piece[:-2], _weekday("BYDAY", piece[-2:])
        if not number:
            plain.add(day)
            continue
        n = _number("BYDAY", number, -53, 53)
        if n == 0:
            raise _BadRule("BYDAY has a 0", "count from 1, or from the end with -1")
        nth.add((n, day))
    return frozenset(plain), frozenset(nth)


def _until(key: str, value: str) -> date | datetime:
    for shape in ("%Y%m%dT%H%M%SZ", "%Y%m%dT%H%M%S", "%Y%m%d"):
        try:
            moment = datetime.strptime(value, shape)  # noqa: DTZ007 (its zone is the rule's)
        except ValueError:
            continue
        if len(value) == len("20260101"):
            return moment.date()
        return datetime.fromisoformat(moment.isoformat() + ("Z" if value[-1] == "Z" else ""))
    raise _BadRule(f"UNTIL={value[:40]} is no time", "20261231, 20261231T120000 or ...T120000Z")


Reader = Callable[[str, str], object]
READERS: Mapping[str, tuple[str, Reader]] = {
    "FREQ": ("frequency", _frequency),
    "INTERVAL": ("interval", _one(1, MOST_INTERVAL)),
    "COUNT": ("count", _one(1, MOST_COUNT)),
    "UNTIL": ("until", _until),
    "WKST": ("week_start", _weekday),
    "BYMONTH": ("months", _set(1, 12)),
    "BYWEEKNO": ("weeks", _set(-53, 53)),
    "BYYEARDAY": ("year_days", _set(-366, 366)),
    "BYMONTHDAY": ("month_days", _set(-31, 31)),
    "BYDAY": ("", lambda key, value: None),
    "BYHOUR": ("hours", _numbers(0, 23)),
    "BYMINUTE": ("minutes", _numbers(0, 59)),
    "BYSECOND": ("seconds", _numbers(0, 59)),
    "BYSETPOS": ("positions", _numbers(-366, 366)),
}


# --- what does not go together -------------------------------------------------------------------


def _checked(rule: Rule) -> Rule:
    yearly, monthly = Frequency.YEARLY, Frequency.MONTHLY
    freq = rule.frequency
    wrong = (
        (rule.count and rule.until, "COUNT and UNTIL exclude each other"),
        (rule.weeks and freq is not yearly, "BYWEEKNO goes with FREQ=YEARLY only"),
        (rule.weeks and not rule.weekdays, "BYWEEKNO needs a BYDAY without numbers"),
        (rule.weeks and rule.week_start, "BYWEEKNO counts weeks from Monday: WKST=MO"),
        (
            rule.year_days and freq not in (yearly, Frequency.HOURLY),
            "BYYEARDAY goes with FREQ=YEARLY or HOURLY only",
        ),
        (rule.month_days and freq is Frequency.WEEKLY, "BYMONTHDAY does not go with FREQ=WEEKLY"),
        (
            rule.nth_weekdays and freq not in (yearly, monthly),
            "a number in BYDAY goes with FREQ=YEARLY or MONTHLY only",
        ),
        (rule.nth_weekdays and rule.weekdays, "BYDAY mixes days with and without numbers"),
        (rule.positions and not _has_a_set(rule), "BYSETPOS needs another BY... to choose from"),
        (rule.positions and freq is Frequency.HOURLY, "BYSETPOS does not go with FREQ=HOURLY"),
    )
    for is_wrong, why in wrong:
        if is_wrong:
            raise _BadRule(why, "see RFC 5545, section 3.3.10")
    if (times := times_a_day(rule)) > MOST_A_DAY:
        raise _BadRule(f"the rule occurs {times} times a day", f"at most {MOST_A_DAY} are served")
    return rule


def _has_a_set(rule: Rule) -> bool:
    return bool(rule.names_days or rule.months or rule.hours or rule.minutes or rule.seconds)


def times_a_day(rule: Rule) -> int:
    """The most times that a rule can occur on one day."""
    hours: tuple[int, ...] | range = rule.hours
    if rule.frequency is Frequency.HOURLY and not hours:
        hours = range(0, 24, min(rule.interval, 24))
    return max(1, len(hours)) * max(1, len(rule.minutes)) * max(1, len(rule.seconds))
