"""What departments asked for, once a day's plan that took it in is released."""

from datetime import datetime, timedelta

from missions.demand.planning import PlannedDay, horizon
from missions.demand.waiting import waiting
from missions.demand.withdrawing import let_go
from missions.entities import Origin, Request, RequestState
from missions.presets import Preset
from missions.store.protocol import Unit


def take_in(unit: Unit, preset: Preset, planned: PlannedDay, now: datetime) -> None:
    """Keep the plan's answers to what was asked; its tasks and flights are stored already.

    Planning takes a while. Who withdrew meanwhile is not flown for; who was refused on this day and
    may be looked at on a later one stays asked, for that day to try.
    """
    for request in planned.requests:
        if request.origin is Origin.REVISIT:
            continue
        current = unit.requests.get(request.id)
        if current.state is not RequestState.ASKED:
            tasks = [t for t in planned.tasks if request.id in t.request_ids]
            let_go(unit, request, [unit.tasks.get(t.id) for t in tasks], now)
        elif request.state is RequestState.REFUSED and _has_more_days(preset, request, planned):
            later = planned.day + timedelta(days=1)
            unit.requests.put(waiting(preset, current, later, now))
        else:
            unit.requests.put(request)


def _has_more_days(preset: Preset, request: Request, planned: PlannedDay) -> bool:
    """Whether its window reaches into a later flying day."""
    return request.latest > horizon(preset, planned.day + timedelta(days=1))[0]
