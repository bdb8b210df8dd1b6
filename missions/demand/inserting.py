"""A request that comes while plans stand: the first day of its window that can serve it does.

On each day that is planned it joins a flight that sees it anyway, or gets one in what the drones
have left; no flight of the plan moves. A day that is not planned yet takes it in when it is.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from core.errors import Unavailable
from core.ids import new_id
from missions.demand import joining
from missions.demand.decided import Decided
from missions.demand.fitting import TAKEN, Tried, decided, explained, tried
from missions.demand.joining import Joined, joined
from missions.demand.planning import horizon
from missions.demand.waiting import offered_day, waiting
from missions.entities import Flight, LogEntry, Request, RequestState
from missions.preflight.added import filed
from missions.preflight.filing import cutoff
from missions.presets import Preset
from missions.store.protocol import Store, Unit

PREPARATION = timedelta(minutes=2)
"""From the answer to the earliest take-off, beyond the filing's own time."""
TRIES = 5
"""Times that an answer is worked out anew because another took the flight meanwhile."""
DAYS_AFTER = 3
"""So many days after its window a look is offered where nothing else can be."""


class Days:
    """The days that are planned, with the flights that keep a drone, read when they are needed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read: dict[date, list[Flight] | None] = {}

    def flights(self, day: date) -> list[Flight] | None:
        """A day's flights; None for a day without a plan."""
        if day not in self._read:
            with self._store.view() as unit:
                planned = bool(unit.plans.find(day=day, limit=1))
                self._read[day] = unit.flights.find(day=day, state=TAKEN) if planned else None
        return self._read[day]


@dataclass(frozen=True, kw_only=True)
class Found:
    """What can be answered, before any of it is kept.

    Attributes:
        request: with its answer.
        decided, joined: what makes it so; neither for a request that waits.
        days: what it was worked out from.
    """

    request: Request
    days: Days
    decided: Decided | None = None
    joined: Joined | None = None


def insert(store: Store, preset: Preset, request: Request, now: datetime) -> Request:
    """Answer a request and keep what was decided.

    Two who want the same drone at the same time are served one after the other: what was worked
    out from flights that have changed since is worked out anew.

    Raises:
        Unavailable: the plan changed at every try; the request stays asked and is answered later.
    """
    for _ in range(TRIES):
        found = consider(store, preset, request, now)
        with store.unit() as unit:
            kept = _kept(unit, preset, found, now)
        if kept is not None:
            return kept
    raise Unavailable(
        "the plan changes faster than it can be answered",
        where=request.id,
        remedy="it is kept and answered as soon as the plan stands still: look again in a minute",
    )


def consider(store: Store, preset: Preset, request: Request, now: datetime) -> Found:
    """Work an answer out, without keeping anything."""
    days = Days(store)
    refused: list[Tried] = []
    for day in days_of(preset, request, now):
        flights = days.flights(day)
        if flights is None:
            return Found(request=waiting(preset, request, day, now), days=days)
        one = joined(preset, request, flights, now + PREPARATION)
        if one is not None:
            return Found(request=one.request, joined=one, days=days)
        trial = tried(preset, request, day, flights, ready_at(preset, day, now))
        if trial.served:
            made = decided(preset, trial)
            return Found(request=made.requests[0], decided=made, days=days)
        refused.append(trial)
    made = decided(preset, explained(preset, refused[0]))
    answered = _with_another_day(preset, made.requests[0], days, now)
    return Found(request=answered, decided=replace(made, requests=(answered,)), days=days)


def days_of(preset: Preset, request: Request, now: datetime) -> list[date]:
    """The days on which a request may be flown: those of its window on which drones fly, and the
    first one anyway."""
    first = max(request.earliest, now).astimezone(preset.zone_info).date()
    last = request.latest.astimezone(preset.zone_info).date()
    found = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    open_ = [
        day
        for day in found
        if horizon(preset, day)[0] < request.latest
        and horizon(preset, day)[1] > max(request.earliest, now)
    ]
    return open_ or [first]


def ready_at(preset: Preset, day: date, now: datetime) -> datetime:
    """The earliest take-off: after the filing's answer, if one must be made now."""
    late = now > cutoff(day, preset.filing, preset.zone_info)
    answer = timedelta(minutes=preset.filing.emergency_answer_min) if late else timedelta(0)
    return now + answer + PREPARATION


def _with_another_day(preset: Preset, refused: Request, days: Days, now: datetime) -> Request:
    """A refusal for which nothing else can be offered, with one of the next days that are planned
    if the same look can be flown then."""
    answer = refused.answer
    if answer is None or answer.offer is not None:
        return refused
    again = replace(refused, state=RequestState.ASKED, answer=None, task_ids=())
    last = refused.latest.astimezone(preset.zone_info).date()
    for number in range(1, DAYS_AFTER + 1):
        by = timedelta(days=number)
        day = last + by
        flights = days.flights(day)
        if flights is None:
            continue
        moved = replace(again, earliest=again.earliest + by, latest=again.latest + by)
        trial = tried(preset, moved, day, flights, ready_at(preset, day, now))
        if trial.served:
            return replace(refused, answer=offered_day(preset, answer, moved, trial.plan.flights))
    return refused


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
        if new and _has_changed(unit, found.days, new[0].day):
            return None
        filing = filed(unit, preset, new, now=now, by="late request")
        unit.tasks.add_all(found.decided.tasks)
        unit.flights.add_all(replace(f, filing_id=filing) for f in new)
    unit.requests.put(found.request)
    _note(unit, found.request, now)
    return found.request


def _has_changed(unit: Unit, days: Days, day: date) -> bool:
    """Whether a flight came in or moved since; one that is gone takes nobody's place."""
    before = {f.id: (f.start, f.end) for f in days.flights(day) or ()}
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
