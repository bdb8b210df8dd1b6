"""The week's plan as a whole: which scenarios it holds, and how much of the city it photographs."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from missions.demand.planning import planned_coverage
from missions.entities import Flight, Request, RequestState
from missions.presets import Preset
from missions.store.protocol import Store

WEEK_KEY = "week"


def note_week(store: Store, preset: Preset, first: date) -> None:
    """Sum up the seven days from ``first`` and keep the result."""
    days = tuple(first + timedelta(days=n) for n in range(7))
    with store.unit() as unit:
        flights: list[Flight] = unit.flights.find(day=days)
        requests = unit.requests.find()
    summary = summarise(preset, flights, requests)
    with store.unit() as unit:
        unit.settings.set(WEEK_KEY, {"first": first.isoformat(), **summary})


def summarise(
    preset: Preset, flights: Iterable[Flight], requests: Iterable[Request]
) -> dict[str, Any]:
    """Scenarios planned, those missing with the reason, and the share photographed."""
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
    return {
        "planned": len(preset.scenarios) - len(missing),
        "missing": missing,
        "share": planned_coverage(preset, flights).share(),
    }
