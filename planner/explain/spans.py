"""When each drone is in its dock, charged and not wanted: between the flights of a plan."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from planner.problem import Flight, Problem, Station

SHORTEST_S = 240.0
"""A shorter span is of no use: climb, descent and a look at a point next to the dock take that."""


@dataclass(frozen=True, kw_only=True)
class Spans:
    """Free spans in which a flight may start and must have landed.

    Attributes:
        station: (K,) index into the problem's stations.
        begin_s, end_s: (K,) seconds since the start of the day.
    """

    station: npt.NDArray[np.intp]
    begin_s: npt.NDArray[np.float64]
    end_s: npt.NDArray[np.float64]


def since(problem: Problem, moment: datetime) -> float:
    """Seconds since the start of the day."""
    return (moment - problem.start).total_seconds()


def by_station(flights: Iterable[Flight]) -> Mapping[str, list[Flight]]:
    """The flights of each station in the order of time."""
    found: dict[str, list[Flight]] = defaultdict(list)
    for flight in sorted(flights, key=lambda f: f.start):
        found[flight.station].append(flight)
    return found


def spans(
    problem: Problem,
    flights: Iterable[Flight],
    *,
    standby: bool = True,
    hours: bool = True,
) -> Spans:
    """The free spans of every drone, its rests before and after the flights left out.

    Args:
        flights: all that is flown: those of the plan and the frozen ones.
        standby: whether drones on standby are kept back.
        hours: whether the drones' own times count; else any drone has the whole day.

    A drone in the air has no span before the first flight that lands it.
    """
    own = by_station(flights)
    found: list[tuple[int, float, float]] = []
    now = 0.0 if problem.now is None else max(0.0, since(problem, problem.now))
    for s, station in enumerate(problem.stations):
        if station.standby and standby:
            continue
        begin, end = _day(problem, station, hours)
        found += _between(problem, s, own.get(station.id, ()), max(begin, now), end)
    table = np.array([f for f in found if f[2] - f[1] >= SHORTEST_S]).reshape(-1, 3)
    return Spans(station=table[:, 0].astype(np.intp), begin_s=table[:, 1], end_s=table[:, 2])


def _day(problem: Problem, station: Station, hours: bool) -> tuple[float, float]:
    last = since(problem, problem.end)
    if not hours:
        return 0.0, last
    begin = max(0.0, since(problem, station.available_from))
    return begin, min(last, since(problem, station.available_until))


def _between(
    problem: Problem, s: int, flights: Iterable[Flight], begin: float, end: float
) -> Iterable[tuple[int, float, float]]:
    station = problem.stations[s]
    rest = station.spec.recharge_s
    ready = begin if station.starts_from is None else np.inf
    for flight in flights:
        yield s, ready, min(since(problem, flight.start) - rest, end)
        landed = since(problem, flight.end) + rest
        ready = max(begin, landed) if ready == np.inf else max(ready, landed)
    yield s, ready, end
