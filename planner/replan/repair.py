"""A plan mended without touching what is whole: lost tasks go into the drones' free spans."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from planner.explain.spans import by_station, spans
from planner.problem import Flight, Plan, Problem, Refusal, Station, Task
from planner.solve import solve
from planner.verify import verify

NEAR = 24
"""Spans that are tried for a few lost tasks: those of the docks nearest to any of them."""
_MARK = "#"


def inserted(
    problem: Problem, flights: Sequence[Flight], lost: Sequence[Task], *, seconds: float
) -> list[Flight]:
    """New flights for lost tasks, of any drone, in the spans that the flights leave.

    Args:
        problem: the rules; its tasks do not count.
        flights: all others, the frozen ones left out: none of them moves.
    """
    if not lost:
        return []
    docks = _as_stations(problem, [*problem.frozen, *flights], lost)
    if not docks:
        return []
    trial = replace(
        problem,
        stations=tuple(docks),
        tasks=tuple(lost),
        frozen=(*problem.frozen, *flights),
        previous=None,
    )
    found = solve(trial, seconds=seconds).flights
    return [replace(f, station=f.station.split(_MARK)[0]) for f in found]


def _as_stations(
    problem: Problem, flights: Sequence[Flight], lost: Sequence[Task]
) -> list[Station]:
    """Each free span near the lost tasks as a station of its own."""
    free = spans(problem, flights)
    kinds = {name for task in lost for name in task.routes}
    latest = (max(t.latest for t in lost) - problem.start).total_seconds()
    made: list[tuple[float, Station]] = []
    for number, s in enumerate(free.station.tolist()):
        station = problem.stations[s]
        if station.spec.id not in kinds or free.begin_s[number] >= latest:
            continue
        begin, end = (
            problem.start + timedelta(seconds=float(t[number])) for t in (free.begin_s, free.end_s)
        )
        span = replace(
            station,
            id=f"{station.id}{_MARK}{number}",
            available_from=begin,
            available_until=end,
            starts_from=None,
            airborne_s=None,
        )
        made.append((_away(station, lost), span))
    made.sort(key=lambda pair: pair[0])
    return [station for _, station in made[: NEAR + 4 * len(lost)]]


def _away(station: Station, lost: Iterable[Task]) -> float:
    """Degrees, about, to the nearest of the tasks, less for a drone that is faster."""
    here = station.position
    return min(
        abs(r.entry.lon - here.lon) + abs(r.entry.lat - here.lat)
        for t in lost
        for r in t.routes.values()
    ) / (station.spec.cruise_mps * station.spec.usable_s)


def pushed(
    problem: Problem, station: Station, flights: Sequence[Flight]
) -> tuple[list[Flight], list[Flight]]:
    """A drone's flights, each as early as it can be but not before its time, and those that no
    longer hold.

    Args:
        station: with the time from which it is free.
    """
    tasks = {t.id: t for t in problem.tasks}
    rest = timedelta(seconds=station.spec.recharge_s)
    ready = station.available_from
    kept: list[Flight] = []
    gone: list[Flight] = []
    for flight in sorted(flights, key=lambda f: f.start):
        start = max(flight.start, ready)
        moved = replace(flight, start=start, end=start + (flight.end - flight.start))
        if start == flight.start or holds(problem, station, moved, tasks):
            kept.append(moved)
            ready = moved.end + rest
        else:
            gone.append(flight)
    return kept, gone


def holds(problem: Problem, station: Station, flight: Flight, tasks: dict[str, Task]) -> bool:
    """Whether the checker accepts the flight by itself."""
    own = tuple(tasks[s.task] for s in flight.stops if s.task in tasks)
    alone = replace(
        problem,
        stations=(station,),
        tasks=own,
        frozen=(),
        previous=None,
        crew_limit=None,
        separation=None,
    )
    return not verify(alone, plan_of(own, (flight,), {}))


def plan_of(tasks: Iterable[Task], flights: Sequence[Flight], unserved: dict[str, Refusal]) -> Plan:
    """The flights as a plan, with its worth and its length."""
    flown = {s.task for f in flights for s in f.stops}
    return Plan(
        flights=tuple(sorted(flights, key=lambda f: (f.start, f.station))),
        unserved=unserved,
        value=sum(t.prize for t in tasks if t.id in flown),
        km=sum(f.route.length_m for f in flights) / 1000,
    )


def renamed(flights: Sequence[Flight], taken: Iterable[str]) -> list[Flight]:
    """The flights under names that nobody bears yet."""
    names = set(taken)
    found = []
    for station, own in by_station(flights).items():
        number = 1
        for flight in own:
            while f"{station}-{number}" in names:
                number += 1
            names.add(f"{station}-{number}")
            found.append(replace(flight, id=f"{station}-{number}"))
    return found
