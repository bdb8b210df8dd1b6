"""Readings as they are sent: `{device, at, value}`, or an observation of OGC SensorThings.

SensorThings (OGC 18-088) names the series `Datastream`, the time `phenomenonTime` and the value
`result`; a series is a device here, by its `@iot.id` or, in version 2, `id`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

_NEVER = float("nan")


@dataclass(frozen=True, slots=True)
class Parsed:
    """One reading, or why it is none; `at_s` is in seconds since 1970."""

    index: int
    device: str
    at_s: float = _NEVER
    value: float = _NEVER
    fault: str = ""
    remedy: str = ""


def parsed(rows: Sequence[object]) -> list[Parsed]:
    """Every row of a batch; what is no reading says why."""
    return [_row(index, row) for index, row in enumerate(rows)]


def _row(index: int, row: object) -> Parsed:
    if not isinstance(row, Mapping):
        return Parsed(index, "", fault="no object", remedy='send {"device", "at", "value"}')
    device = row.get("device")
    at, value = row.get("at"), row.get("value")
    if device is None and "Datastream" in row:
        device, at, value = _device_of(row["Datastream"]), _instant(row), row.get("result")
    if not isinstance(device, str) or not 0 < len(device) <= 80:
        return Parsed(index, "", fault="no device", remedy="name the device as it is registered")
    if isinstance(value, bool) or not isinstance(value, int | float) or not _finite(value):
        fault = f"the value is no finite number: {value!r:.40}"
        return Parsed(index, device, fault=fault, remedy="send a plain number")
    at_s = _seconds(at)
    if at_s is None:
        fault = f"the time is none, or without a zone: {at!r:.40}"
        return Parsed(index, device, fault=fault, remedy="write 2026-05-12T08:00:00Z")
    return Parsed(index, device, at_s, float(value))


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond any float
        return False


def _seconds(at: object) -> float | None:
    if not isinstance(at, str) or len(at) > 40:
        return None
    try:
        moment = datetime.fromisoformat(at)
        return moment.timestamp() if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _device_of(series: object) -> object:
    if not isinstance(series, Mapping):
        return series
    found = series.get("@iot.id", series.get("id"))
    return str(found) if isinstance(found, int) and not isinstance(found, bool) else found


def _instant(row: Mapping[object, object]) -> object:
    """The time of an observation; the end of an interval."""
    at = row.get("phenomenonTime", row.get("resultTime"))
    return at.rpartition("/")[2] if isinstance(at, str) else at
