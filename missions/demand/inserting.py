"""A request that comes while the day's plan stands: it is served from what drones have left.

No flight of the plan moves. Each free span of a drone's day is put before the planner as a
station of its own, so that the same search and the same independent checker answer.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import planner
from core.ids import new_id
from missions.demand.decided import Decided, decide
from missions.demand.filing import cutoff, file_emergency
from missions.demand.planning import horizon, look, stations_of
from missions.entities import Filing, Flight, FlightState, LogEntry, Origin, Request
from missions.presets import Dock, Preset
from missions.store.protocol import Store, Unit
from planner.explain.advice import advised
from planner.problem import Problem, Station

SEARCH_S = 1.0
"""One request has few ways to be flown; somebody waits for the answer."""
PREPARATION = timedelta(minutes=2)
"""From the answer to the earliest take-off, beyond the filing's own time."""
SHORTEST = timedelta(minutes=6)
"""A shorter span between two flights is of no use."""
_TAKEN = (
    FlightState.PLANNED,
    FlightState.PREPARING,
    FlightState.FLYING,
    FlightState.DONE,
    FlightState.DIVERTED,
)


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which a drone is in its dock, charged and not wanted."""

    dock: str
    start: datetime
    end: datetime


def insert(store: Store, preset: Preset, request: Request, now: datetime) -> Request:
    """Serve a request on the first day of its window that has a plan; returns it answered.

    A day without a plan yet takes the request in when it is planned; then it stays asked.
    """
    day = max(request.earliest, now).astimezone(preset.zone_info).date()
    with store.view() as unit:
        if not unit.plans.find(day=day, limit=1):
            return request
        flights = unit.flights.find(day=day, state=_TAKEN)
        routine = next((f.filing_id for f in flights if f.plan_id is not None), None)
    late = now > cutoff(day, preset.filing, preset.zone_info)
    decided = _decide(preset, request, day, flights, _ready(preset, now, late=late))
    with store.unit() as unit:
        filing = file_emergency(day, now=now, by="late request") if late else None
        _keep(unit, decided, filing, filing.id if filing else routine, now)
    return decided.requests[0]


def spans(
    flights: Iterable[Flight], docks: Iterable[Dock], start: datetime, end: datetime, preset: Preset
) -> list[Span]:
    """The free spans of every drone between two times, charging left out."""
    by_dock: dict[str, list[Flight]] = defaultdict(list)
    for flight in flights:
        by_dock[flight.dock].append(flight)
    free = []
    for dock in docks:
        recharge = timedelta(seconds=preset.kinds[dock.kind].recharge_s)
        ready = start
        for flight in sorted(by_dock[dock.id], key=lambda f: f.start):
            free.append(Span(dock.id, ready, flight.start - recharge))
            ready = max(ready, (flight.landed_at or flight.end) + recharge)
        free.append(Span(dock.id, ready, end))
    return [span for span in free if span.end - span.start >= SHORTEST]


def _ready(preset: Preset, now: datetime, *, late: bool) -> datetime:
    """The earliest take-off: after the filing's answer, if one must be made now."""
    answer = timedelta(minutes=preset.filing.emergency_answer_min) if late else timedelta(0)
    return now + answer + PREPARATION


def _decide(
    preset: Preset, request: Request, day: date, flights: Iterable[Flight], ready: datetime
) -> Decided:
    start, end = horizon(preset, day)
    first = max(start, ready, request.earliest)
    free = spans(flights, preset.docks, first, min(end, request.latest), preset)
    whole = {station.id: station for station in stations_of(preset, start, end)}
    stations, docks = _as_stations(preset, free, whole)
    prepared = planner.prepare(
        [look(request)], tuple(whole.values()), preset.zones, heights=preset.heights
    )
    problem = Problem(
        stations=stations, tasks=prepared.tasks, zones=preset.zones, start=start, end=end
    )
    plan = planner.solve(problem, seconds=SEARCH_S)
    broken = planner.verify(problem, plan)
    if broken:
        plan = replace(plan, flights=(), unserved={t.id: _refused(t.id) for t in prepared.tasks})
    prepared, plan = advised([look(request)], problem, prepared, plan, heights=preset.heights)
    names = {name: dock.id for name, dock in docks.items()}
    prepared = replace(prepared, refused=_by_dock(prepared.refused, names))
    plan = replace(plan, unserved=_by_dock(plan.unserved, names))
    return decide(
        preset, day, (request,), prepared, plan, docks=docks, plan_id=None, origin=Origin.ASKED
    )


def _by_dock(
    refused: Mapping[str, planner.Refusal], names: Mapping[str, str]
) -> dict[str, planner.Refusal]:
    """Refusals that speak of docks, not of their free spans."""

    def told(text: str) -> str:
        for span, dock in names.items():
            text = text.replace(span, dock)
        return text

    return {
        key: replace(
            one,
            conflict=tuple((told(en), told(zh)) for en, zh in one.conflict),
            offer=one.offer
            and replace(
                one.offer,
                text=told(one.offer.text),
                text_zh=told(one.offer.text_zh),
                station=names.get(one.offer.station, one.offer.station),
            ),
        )
        for key, one in refused.items()
    }


def _as_stations(
    preset: Preset, free: Iterable[Span], whole: Mapping[str, Station]
) -> tuple[tuple[Station, ...], dict[str, Dock]]:
    stations, docks = [], {}
    for number, span in enumerate(free):
        name = f"{span.dock}/{number}/"  # none is the beginning of another
        stations.append(
            replace(whole[span.dock], id=name, available_from=span.start, available_until=span.end)
        )
        docks[name] = preset.dock(span.dock)
    return tuple(stations), docks


def _refused(task_id: str) -> planner.Refusal:
    return planner.Refusal(
        id=task_id,
        code="no_capacity",
        reason="no way to fly it between the planned flights passed the checker",
        reason_zh="在已排航班之间未找到通过校验的航线",
    )


def _keep(
    unit: Unit, decided: Decided, filing: Filing | None, filing_id: str | None, now: datetime
) -> None:
    if filing is not None and decided.flights:
        unit.filings.add(filing)
    unit.tasks.add_all(decided.tasks)
    unit.flights.add_all(replace(f, filing_id=filing_id) for f in decided.flights)
    for request in decided.requests:
        unit.requests.put(request)
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
