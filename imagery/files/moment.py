"""The moment a photograph was taken, in UTC, from whichever tag says it best.

The satellites' clock is the judge where a file holds it; else the flight that it was taken on.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from imagery.files.exif import Exif

_STAMP = re.compile(r"(\d{4})[:\-](\d\d)[:\-](\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?")
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)$")

AGREES = timedelta(seconds=120)
"""GNSS time in EXIF is that of the last fix, up to some seconds old; within two minutes the
camera's own clock, which counts fractions, is as good."""
_DAYS = (1, -1, 2, -2)
"""A clock set by hand is off by a day or two, or by its zone; anything else is no clear error."""
_LONGEST_SPAN = timedelta(hours=6)
"""Over a longer span a time that fits after moving it by a day proves nothing."""


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when a photograph can have been taken, UTC, both included."""

    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A time that was held against a span.

    Attributes:
        at: UTC, corrected where the error was clear.
        note: what was corrected; empty when nothing was.
        refused: why the time cannot be right and cannot be corrected; empty when it fits.
    """

    at: datetime
    note: str = ""
    refused: str = ""


def fitted(at: datetime, span: Span, zone: ZoneInfo, *, assumed: bool) -> Fitted:
    """Hold a time against the flight that it was taken on.

    Corrected is only a clock that is off by exactly one or two days, or that kept UTC where its
    zone had to be assumed; and only when one such error fits.

    Args:
        zone: that was assumed. assumed: whether it was.
    """
    if span.begin <= at <= span.end:
        return Fitted(at=at)
    errors = {f"{n:+d} day{'s' if abs(n) > 1 else ''}": timedelta(days=n) for n in _DAYS}
    if assumed:
        errors["the hours of its zone (it kept UTC)"] = -(at.astimezone(zone).utcoffset() or AGREES)
    fitting = {name: e for name, e in errors.items() if span.begin <= at - e <= span.end}
    if len(fitting) == 1 and span.end - span.begin <= _LONGEST_SPAN:
        name, error = fitting.popitem()
        return Fitted(
            at=at - error,
            note=f"its clock is off by {name}: taken at {_said(at - error)} by the flight's time",
        )
    apart, side = (span.begin - at, "before") if at < span.begin else (at - span.end, "after")
    return Fitted(
        at=at,
        refused=f"its clock says {_said(at)}, {_length(apart)} {side} the flight it belongs to",
    )


def taken_at(
    exif: Exif, tags: Mapping[str, str], zone: ZoneInfo, problems: list[str]
) -> tuple[datetime | None, bool]:
    """The time in UTC and whether the zone had to be assumed.

    In order: EXIF time with its offset (EXIF 2.31), the GPS clock (always UTC), XMP's creation
    date with its offset, the EXIF time in the assumed zone. Where the GPS clock disagrees with the
    camera's, it wins and the difference is named.
    """
    local = _local(exif, problems)
    offset = _offset(exif.text("OffsetTimeOriginal") or exif.text("OffsetTime"))
    satellite = _gps(exif, problems)
    if local and offset:
        return _judged(local.replace(tzinfo=offset).astimezone(UTC), satellite, problems), False
    created = _created(tags.get("CreateDate", ""))
    if satellite:
        if local:
            _name_error(_in_zone(local, zone), satellite, problems)
        return satellite, False
    if created:
        return created, False
    if local is None:
        return None, False
    assumed = _in_zone(local, zone)
    if assumed is None:
        problems.append(f"the time {local} cannot be right")
    return assumed, assumed is not None


def _judged(camera: datetime, satellite: datetime | None, problems: list[str]) -> datetime:
    """The camera's time unless the satellites contradict it."""
    if satellite is None or abs(camera - satellite) <= AGREES:
        return camera
    _name_error(camera, satellite, problems)
    return satellite


def _name_error(camera: datetime | None, satellite: datetime, problems: list[str]) -> None:
    if camera is None or abs(camera - satellite) <= AGREES:
        return
    side = "ahead of" if camera > satellite else "behind"
    problems.append(
        f"its clock is {_length(abs(camera - satellite))} {side} the satellites': "
        f"{_said(satellite)} is used"
    )


def _in_zone(local: datetime, zone: ZoneInfo) -> datetime | None:
    try:
        return local.replace(tzinfo=zone).astimezone(UTC)
    except OverflowError:
        return None


def _local(exif: Exif, problems: list[str]) -> datetime | None:
    text = exif.text("DateTimeOriginal") or exif.text("DateTime")
    if not text:
        return None
    local = _stamp(text)
    if local is None:
        problems.append(f"the time {text[:40]!r} cannot be read")
        return None
    fraction = exif.text("SubsecTimeOriginal")
    if fraction.isascii() and fraction.isdigit():
        local += timedelta(seconds=float(f"0.{fraction[:9]}"))
    return local


def _stamp(text: str) -> datetime | None:
    match = _STAMP.match(text)
    if not match:
        return None
    *whole, fraction = match.groups()
    try:
        moment = datetime(*(int(part) for part in whole))  # type: ignore[arg-type]  # noqa: DTZ001
    except ValueError:
        return None
    if fraction:
        moment += timedelta(seconds=float(f"0.{fraction}"))
    return moment if 1990 <= moment.year <= 2200 else None


def _offset(text: str) -> timezone | None:
    if text == "Z":
        return UTC
    match = _OFFSET.match(text)
    if not match:
        return None
    minutes = int(match[2]) * 60 + int(match[3])
    if minutes > 15 * 60:
        return None
    return timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes))


def _gps(exif: Exif, problems: list[str]) -> datetime | None:
    clock = exif.gps_numbers("TimeStamp")
    day = _stamp(f"{exif.gps_text('DateStamp')} 00:00:00")
    if day is None or len(clock) != 3 or not 0 <= clock[0] < 25:
        return None
    seconds = clock[0] * 3600 + clock[1] * 60 + clock[2]
    if not 0 <= seconds <= 86_401 or day.year < 2000:
        problems.append(f"the satellites' time {day:%Y-%m-%d} {clock} cannot be right")
        return None
    return (day + timedelta(seconds=seconds)).replace(tzinfo=UTC)


def _created(text: str) -> datetime | None:
    moment = _stamp(text)
    offset = UTC if text.endswith("Z") else _offset(text[-6:])
    if moment is None or offset is None:
        return None
    return moment.replace(tzinfo=offset).astimezone(UTC)


def _said(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _length(apart: timedelta) -> str:
    """A length of time as people say it."""
    seconds = abs(apart.total_seconds())
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    if seconds < 172_800:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86_400:.1f} days"
