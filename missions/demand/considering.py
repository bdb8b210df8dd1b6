"""What a request would be answered now, without keeping anything.

Heavy: up to seconds of one core. The service has it done by a worker of its own
(`missions.demand.answerer`), so that nobody else waits for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from missions.demand.decided import Decided
from missions.demand.fitting import TAKEN, Tried, decided, explained, tried
from missions.demand.joining import Joined, joined
from missions.demand.planning import horizon
from missions.demand.waiting import offered_day, waiting
from missions.entities import Flight, Request, RequestState
from missions.preflight.filing import cutoff
from missions.presets import Preset
from missions.store.protocol import Store

Times = Mapping[str, tuple[datetime, datetime]]
"""By flight, its start and end."""
PREPARATION = timedelta(minutes=2)
"""From the answer to the earliest take-off, beyond the filing's own time."""
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

    def times(self) -> Mapping[date, Times]:
        """When the flights of the days that were looked at are."""
        return {
            day: {f.id: (f.start, f.end) for f in flights or ()}
            for day, flights in self._read.items()
        }


@dataclass(frozen=True, kw_only=True)
class Found:
    """What can be answered, before any of it is kept.

    Attributes:
        request: with its answer.
        decided, joined: what makes it so; neither for a request that waits.
        taken: what it was worked out from, by day.
    """

    request: Request
    taken: Mapping[date, Times]
    decided: Decided | None = None
    joined: Joined | None = None


def consider(store: Store, preset: Preset, request: Request, now: datetime) -> Found:
    """Work an answer out, without keeping anything."""
    days = Days(store)
    refused: list[Tried] = []
    for day in days_of(preset, request, now):
        flights = days.flights(day)
        if flights is None:
            return Found(request=waiting(preset, request, day, now), taken=days.times())
        one = joined(preset, request, flights, now + PREPARATION)
        if one is not None:
            return Found(request=one.request, joined=one, taken=days.times())
        trial = tried(preset, request, day, flights, ready_at(preset, day, now))
        if trial.served:
            made = decided(preset, trial)
            return Found(request=made.requests[0], decided=made, taken=days.times())
        refused.append(trial)
    made = decided(preset, explained(preset, refused[0]))
    answered = _with_another_day(preset, made.requests[0], days, now)
    return Found(request=answered, decided=replace(made, requests=(answered,)), taken=days.times())


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
