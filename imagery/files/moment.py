"""The moment a photograph was taken, in UTC, from whichever tag says it best."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from imagery.files.exif import Exif

_STAMP = re.compile(r"(\d{4})[:\-](\d\d)[:\-](\d\d)[ T](\d\d):(\d\d):(\d\d)")
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)$")


def taken_at(
    exif: Exif, tags: Mapping[str, str], zone: ZoneInfo, problems: list[str]
) -> tuple[datetime | None, bool]:
    """The time in UTC and whether the zone had to be assumed.

    In order: EXIF time with its offset (EXIF 2.31), the GPS clock (always UTC), XMP's creation
    date with its offset, the EXIF time in the assumed zone.
    """
    local = _local(exif, problems)
    offset = _offset(exif.text("OffsetTimeOriginal") or exif.text("OffsetTime"))
    if local and offset:
        return local.replace(tzinfo=offset).astimezone(UTC), False
    satellite = _gps(exif)
    if satellite:
        return satellite, False
    created = _created(tags.get("CreateDate", ""))
    if created:
        return created, False
    if local is None:
        return None, False
    try:
        return local.replace(tzinfo=zone).astimezone(UTC), True
    except OverflowError:
        problems.append(f"the time {local} cannot be right")
        return None, False


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
    try:
        moment = datetime(*(int(part) for part in match.groups()))  # type: ignore[arg-type]  # noqa: DTZ001
    except ValueError:
        return None
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


def _gps(exif: Exif) -> datetime | None:
    clock = exif.gps_numbers("TimeStamp")
    day = _stamp(f"{exif.gps_text('DateStamp')} 00:00:00")
    if day is None or len(clock) != 3 or not 0 <= clock[0] < 25:
        return None
    seconds = clock[0] * 3600 + clock[1] * 60 + clock[2]
    return (day + timedelta(seconds=seconds)).replace(tzinfo=UTC)


def _created(text: str) -> datetime | None:
    moment = _stamp(text)
    offset = _offset(text[-6:])
    if moment is None or offset is None:
        return None
    return moment.replace(tzinfo=offset).astimezone(UTC)
