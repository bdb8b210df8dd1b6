"""The week's plan as a whole: which scenarios it holds, and which are missing and why."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from missions.demand.reach import Pass, passes
from missions.entities import Request, RequestState
from missions.presets import Preset
from missions.store.protocol import Store

WEEK_KEY = "week"
"""Setting under which the week's summary is kept."""


def days_of(first: date) -> tuple[date, ...]:
    """The seven days from one on."""
    return tuple(first + timedelta(days=n) for n in range(7))


def flown_in(store: Store, preset: Preset, first: date) -> list[Pass]:
    """What the week's released flights photograph."""
    with store.view() as unit:
        flights = unit.flights.find(day=days_of(first))
        tasks = unit.tasks.find(day=days_of(first))
    return passes(preset, flights, tasks)


def note_week(store: Store, preset: Preset, first: date, share: float) -> None:
    """Keep the summary of the seven days from ``first``."""
    with store.unit() as unit:
        summary = summarise(preset, unit.requests.find())
        unit.settings.set(WEEK_KEY, {"first": first.isoformat(), "share": share, **summary})


def summarise(preset: Preset, requests: Iterable[Request]) -> dict[str, Any]:
    """Scenarios with at least one request that is planned or was served; the others' reasons."""
    planned: set[str] = set()
    reasons: dict[str, str] = {}
    for request in requests:
        if request.state is not RequestState.REFUSED:
            planned.add(request.scenario)
        elif request.answer is not None:
            reasons.setdefault(request.scenario, request.answer.text)
    missing = {
        name: reasons.get(name, "no request fell due in the week")
        for name in preset.scenarios
        if name not in planned
    }
    return {"planned": len(preset.scenarios) - len(missing), "missing": missing}
