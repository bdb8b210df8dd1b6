"""A running day after something happened: mended at once, nothing of another drone moved.

Flights in the air are left alone unless the event cuts their way or they answer the emergency.
Flights to come that break a rule now are taken apart, and their tasks go into what the drones have
left; all others stay as they are, to the second.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from core.clearance import conflicts
from core.route import Route
from core.zones import Zone
from planner import explain
from planner.explain.spans import by_station
from planner.problem import Flight, Plan, Problem, Refusal, Station, Task
from planner.replan.answering import answer
from planner.replan.changes import changes
from planner.replan.events import Emergency, Event, Replanned
from planner.replan.incidents import Desk, busy, clear, take_in
from planner.replan.repair import inserted, plan_of, pushed, renamed
from planner.verify import verify

REPAIR_S = 0.05
"""Time for the search that mends; whoever waits is watching."""
_ROOM = ("room was made for it", "为其腾出了时间")


def replan(
    problem: Problem,
    plan: Plan,
    events: Sequence[Event],
    now: datetime,
    *,
    flown: Mapping[str, Task] | None = None,
    seconds: float = REPAIR_S,
) -> Replanned:
    """The rest of the day after the events, mended in about a tenth of a second.

    Args:
        flown: tasks of the problem's frozen flights, see `Replanned.flown`.
        seconds: time for the search in the free spans.
    """
    before = (*problem.frozen, *plan.flights)
    known = {**(flown or {}), **{t.id: t for t in problem.tasks}}
    desk = Desk(
        problem=replace(problem, now=now),
        now=now,
        tasks=known,
        frozen=[f for f in before if f.start <= now or f in problem.frozen],
        waiting=[f for f in plan.flights if f.start > now],
    )
    for event in events:
        take_in(desk, event)
    for event in events:
        clear(desk, event)
    for event in events:
        if isinstance(event, Emergency):
            answer(desk, event)
    return _mended(desk, plan, before, seconds)


def _mended(desk: Desk, plan: Plan, before: tuple[Flight, ...], seconds: float) -> Replanned:
    """Flights of touched drones wait or are taken apart; what is lost finds another place."""
    problem = replace(desk.problem, stations=_after_frozen(desk), frozen=(), previous=None)
    held = {s.task for f in desk.frozen for s in f.stops}
    filed = {s.task for f in desk.waiting for s in f.stops}
    tasks = tuple(
        replace(t, file_by=None) if n in filed and t.file_by is not None else t
        for n, t in desk.tasks.items()
        if n not in held | desk.gone
    )
    rules = replace(problem, tasks=tasks)
    kept = [f for f in desk.waiting if f.station not in desk.touched]
    for name, own in by_station(f for f in desk.waiting if f.station in desk.touched).items():
        dock = next(s for s in rules.stations if s.id == name)
        stay, gone = pushed(rules, dock, own)
        kept += stay
        desk.lost.update({s.task: desk.touched[name] for f in gone for s in f.stops})
    rules = replace(rules, frozen=tuple(desk.frozen))
    shut = _cut_off(rules, desk.lost)
    wanted = [t for t in tasks if t.id in desk.lost and t.id not in shut]
    new = inserted(rules, kept, wanted, seconds=seconds)
    flights = [*kept, *renamed(new, (f.id for f in (*before, *desk.frozen)))]
    return _judged(desk, rules, plan, before, flights)


def _after_frozen(desk: Desk) -> tuple[Station, ...]:
    """Each drone free only when it has flown what is frozen, and charged."""
    ready = busy(desk)
    return tuple(
        replace(
            s,
            available_from=max(s.available_from, ready.get(s.id, s.available_from)),
            starts_from=None,
            airborne_s=None,
        )
        if s.id in ready
        else s
        for s in desk.problem.stations
    )


def _cut_off(problem: Problem, lost: Iterable[str]) -> set[str]:
    """The lost tasks whose routes all lead through zones that hold for the rest of the day."""
    tasks = {t.id: t for t in problem.tasks}
    begin = problem.now or problem.start
    zones = [
        z
        for z in problem.zones
        if z.active is None or (z.active[0] <= begin and z.active[1] >= problem.end)
    ]
    return {
        name
        for name in lost
        if name in tasks and all(_through(r, zones) for r in tasks[name].routes.values())
    }


def _through(route: Route, zones: Sequence[Zone]) -> bool:
    places = [w.position for w in route.waypoints]
    height = max(w.height_m for w in route.waypoints)
    return bool(conflicts(places, zones, height_m=height))


def _judged(
    desk: Desk,
    problem: Problem,
    plan: Plan,
    before: tuple[Flight, ...],
    flights: list[Flight],
) -> Replanned:
    """The plan once the checker has accepted it: a flight that it does not accept is left out."""
    while True:
        bad = _refused(problem, plan, flights)
        left = [f for f in flights if f.id not in bad]
        if len(left) == len(flights):
            break
        flights = left
    made = plan_of(problem.tasks, flights, {})
    made = replace(made, unserved=_unserved(desk, problem, plan, made))
    after = (*desk.frozen, *flights)
    known = {n: t for n, t in desk.tasks.items() if n not in desk.gone}
    return Replanned(
        problem=replace(problem, previous=None),
        plan=made,
        flown={s.task: desk.tasks[s.task] for f in desk.frozen for s in f.stops if s.task in known},
        response=desk.response,
        diverted=tuple(desk.diverted),
        unsafe=tuple(desk.unsafe),
        changes=changes(before, after, known, desk.lost, _ROOM),
        before=before,
        causes=dict(desk.lost),
    )


def _refused(problem: Problem, plan: Plan, flights: Sequence[Flight]) -> set[str]:
    """What the checker does not accept of the drones that fly anything new.

    All others fly what was accepted before, and `clear` has taken out what the events forbid;
    they count as frozen here, for crews and crossings.
    """
    old = {id(f) for f in plan.flights}
    docks = {f.station for f in flights if id(f) not in old}
    own = [f for f in flights if f.station in docks]
    flown = {s.task for f in own for s in f.stops}
    part = replace(
        problem,
        stations=tuple(s for s in problem.stations if s.id in docks),
        tasks=tuple(t for t in problem.tasks if t.id in flown),
        frozen=(*problem.frozen, *(f for f in flights if f.station not in docks)),
    )
    return {v.where for v in verify(part, plan_of(part.tasks, own, {}))}


def _unserved(desk: Desk, problem: Problem, plan: Plan, made: Plan) -> dict[str, Refusal]:
    """A reason for each task that nobody flies."""
    flown = {s.task for f in made.flights for s in f.stops}
    shut = _cut_off(problem, desk.lost)
    found: dict[str, Refusal] = {}
    for task in problem.tasks:
        if task.id in flown:
            continue
        if task.id in shut:
            found[task.id] = explain.zone(task.id)
        elif task.id in plan.unserved:
            found[task.id] = plan.unserved[task.id]
        else:
            able = sum(s.spec.id in task.routes for s in problem.stations)
            found[task.id] = explain.no_capacity(task.id, able, by_priority=False)
    return found
