"""A request that comes while plans stand: the first day of its window that can serve it does.

On each day that is planned it joins a flight that sees it anyway, or gets one in what the drones
have left; no flight of the plan moves. A day that is not planned yet takes it in when it is.
"""

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import replace
from datetime import date, datetime

from core.errors import Unavailable
from core.ids import new_id
from missions.demand import joining
from missions.demand.answerer import considered_by
from missions.demand.considering import Found, Times
from missions.demand.fitting import TAKEN
from missions.entities import LogEntry, Request, RequestState
from missions.preflight.added import filed
from missions.presets import Preset
from missions.store.protocol import Store, Unit

TRIES = 5
"""Times that an answer is worked out anew because another took the flight meanwhile."""


def insert(
    store: Store,
    preset: Preset,
    request: Request,
    now: datetime,
    answering: Executor | None = None,
) -> Request:
    """Answer a request and keep what was decided.

    Two who want the same drone at the same time are served one after the other: what was worked
    out from flights that have changed since is worked out anew.

    Args:
        answering: the worker that works it out (`missions.demand.answerer`); this thread where
            there is none.

    Raises:
        Unavailable: the plan changed at every try; the request stays asked and is answered later.
    """
    for _ in range(TRIES):
        found = considered_by(answering, store, preset, request, now)
        with store.unit() as unit:
            kept = _kept(unit, preset, found, now)
        if kept is not None:
            return kept
    raise Unavailable(
        "the plan changes faster than it can be answered",
        where=request.id,
        remedy="it is kept and answered as soon as the plan stands still: look again in a minute",
    )


def _kept(unit: Unit, preset: Preset, found: Found, now: datetime) -> Request | None:
    """Keep an answer; None where what it rests on has changed."""
    current = unit.requests.get(found.request.id)
    if current.state not in (RequestState.ASKED, RequestState.REFUSED):
        return current  # answered, withdrawn or expired while this was worked out
    if found.joined is not None:
        if not joining.keep(unit, found.joined):
            return None
    elif found.decided is not None:
        new = found.decided.flights
        if new and _has_changed(unit, found.taken, new[0].day):
            return None
        filing = filed(unit, preset, new, now=now, by="late request")
        unit.tasks.add_all(found.decided.tasks)
        unit.flights.add_all(replace(f, filing_id=filing) for f in new)
    unit.requests.put(found.request)
    _note(unit, found.request, now)
    return found.request


def _has_changed(unit: Unit, taken: Mapping[date, Times], day: date) -> bool:
    """Whether a flight came in or moved since; one that is gone takes nobody's place."""
    before = taken.get(day, {})
    return any(
        before.get(f.id) != (f.start, f.end) for f in unit.flights.find(day=day, state=TAKEN)
    )


def _note(unit: Unit, request: Request, now: datetime) -> None:
    answer = request.answer
    unit.log.add(
        LogEntry(
            id=new_id("log", now),
            at=now,
            actor="service",
            action="request.answer",
            subject=request.id,
            text=answer.text if answer else "",
            text_zh=answer.text_zh if answer else "",
            department=request.department,
        )
    )
