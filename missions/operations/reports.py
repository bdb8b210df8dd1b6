"""Reports of rehearsals in the records: kept by day, told by flight."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from missions.entities import Flight
from missions.store.protocol import Store, Unit

LATEST_KEY = "rehearsal"
"""Setting under which the day that was rehearsed last is kept; with :day behind it, its report."""
Json = Mapping[str, Any]


def keep(unit: Unit, day: date, report: Json, made_at: datetime) -> None:
    """Keep a day's report."""
    key = day.isoformat()
    unit.settings.set(f"{LATEST_KEY}:{key}", {**report, "day": key, "at": made_at.isoformat()})
    unit.settings.set(LATEST_KEY, key)


def kept(unit: Unit, day: date | None = None) -> dict[str, Any] | None:
    """The report of a day, or the one made last; None where there is none."""
    key = day.isoformat() if day is not None else unit.settings.get(LATEST_KEY)
    found = unit.settings.get(f"{LATEST_KEY}:{key}") if key else None
    return dict(found) if found else None


def is_rehearsed(store: Store, day: date) -> bool:
    """Whether a day has a report, be it that it was not rehearsed."""
    with store.view() as unit:
        return kept(unit, day) is not None


def told(unit: Unit, found: Iterable[Flight]) -> dict[str, dict[str, Any]]:
    """By flight id, what the rehearsal of its day showed, in short."""
    flown = list(found)
    shown: dict[str, dict[str, Any]] = {}
    for day in {f.day for f in flown}:
        report = kept(unit, day)
        if report is not None:
            shown.update({f["id"]: _short(f) for f in report["flights"]})
    return {f.id: shown[f.id] for f in flown if f.id in shown}


def _short(flight: Json) -> dict[str, Any]:
    rehearsal = flight.get("rehearsed") or {}
    return {
        "verdict": flight["verdict"],
        "risk": flight["risk"],
        "text": flight["text"],
        "text_zh": flight["text_zh"],
        "landing": rehearsal.get("landing"),
        "landing_share_least": rehearsal.get("landing_share_least"),
        "change": flight["change"] and flight["change"]["text"],
        "change_zh": flight["change"] and flight["change"]["text_zh"],
    }
