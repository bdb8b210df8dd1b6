"""What stands between the flights of a plan in time: the drones' rests, crossings and crews.

Times are in ticks since the start of the day. Flights are numbered: the plan's own first, then the
frozen ones, which never move.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
from ortools.util.python.sorted_interval_list import Domain

from core.geo import LocalFrame
from planner.assign.crossing import Crossing, crossings
from planner.assign.timetable_starts import TICKS, starts, ticks
from planner.assign.tracks import Floats, Legs, city_frame, clock, legs_of
from planner.problem import Flight, Plan, Problem

Span = tuple[int, int]

MARGIN = 1.0
"""Metres and seconds kept beside what separation asks: whoever checks works in another frame."""
LONG = 10**8
"""Ticks that no day has."""
STEADY = 4
"""How much more the start of a flight counts that the plan in hand already holds."""


@dataclass(frozen=True, eq=False)
class Board:
    """A plan's flights as numbers.

    Attributes:
        own: how many flights may move; those after them are frozen.
        begin, lasts: by flight, ticks: its start in the plan, its time in the air.
        drone: by flight, its station.
        alone: by own flight, when it may start as far as other flights do not matter.
        free: the same as far as other own flights do not matter: what frozen ones forbid is out.
        apart: by pair of flights, how many ticks after the first the second may not start, the
            ends left out: their drone's rest, or a crossing.
        needs: by own flight, the one of its drone without which it would begin elsewhere.
        limit: flights in the air at once; None for no limit.
        prize: by own flight.
        steady: by own flight, how much its start counts.
    """

    own: int
    begin: tuple[int, ...]
    lasts: tuple[int, ...]
    drone: tuple[str, ...]
    alone: tuple[Domain, ...]
    free: tuple[Domain, ...]
    apart: Mapping[tuple[int, int], tuple[Span, ...]]
    needs: Mapping[int, int]
    limit: int | None
    prize: tuple[float, ...]
    steady: tuple[int, ...]

    @property
    def frozen(self) -> dict[int, int]:
        """The starts of the frozen flights."""
        return {k: self.begin[k] for k in range(self.own, len(self.begin))}


def read(problem: Problem, plan: Plan) -> Board:
    """A plan's flights and the frozen ones; the plan must have a flight."""
    flights = [*plan.flights, *problem.frozen]
    own = len(plan.flights)
    frame = city_frame(problem, flights)
    when = clock(flights, problem)
    legs = legs_of(when, frame)
    needs = _needs(problem, plan)
    apart: dict[tuple[int, int], tuple[Span, ...]] = {}
    for a, b, low, high in (
        *_rests(problem, flights, own, needs),
        *_crossings(problem, flights, own, legs, frame),
    ):
        apart[a, b] = (*apart.get((a, b), ()), (low, high))
    prize = {t.id: t.prize for t in problem.tasks}
    in_hand = problem.previous.flights if problem.previous is not None else ()
    known = {(f.station, f.stops, f.start) for f in in_hand}
    alone = tuple(starts(problem, plan.flights, when, legs, frame))
    board = Board(
        own=own,
        begin=tuple(ticks(problem, f.start) for f in flights),
        lasts=tuple(round(s * TICKS) for s in when.landed.tolist()),
        drone=tuple(f.station for f in flights),
        alone=alone,
        free=alone,
        apart=apart,
        needs=needs,
        limit=problem.crew_limit,
        prize=tuple(sum(prize[s.task] for s in f.stops) for f in plan.flights),
        steady=tuple(STEADY if (f.station, f.stops, f.start) in known else 1 for f in plan.flights),
    )
    return _beside_frozen(board)


def _needs(problem: Problem, plan: Plan) -> dict[int, int]:
    """Flights that begin where the first of their drone has landed: not at their own dock."""
    moving = {s.id for s in problem.stations if s.lands_at is not None and s.starts_from is None}
    first: dict[str, int] = {}
    for k in sorted(range(len(plan.flights)), key=lambda k: plan.flights[k].start):
        first.setdefault(plan.flights[k].station, k)
    return {
        k: first[f.station]
        for k, f in enumerate(plan.flights)
        if f.station in moving and first[f.station] != k
    }


def _rests(
    problem: Problem, flights: Sequence[Flight], own: int, needs: Mapping[int, int]
) -> Iterator[tuple[int, int, int, int]]:
    """Pairs of one drone's flights, and how they may not start."""
    rest = {s.id: timedelta(seconds=s.spec.recharge_s) for s in problem.stations}
    by_drone: dict[str, list[int]] = {}
    for k, flight in enumerate(flights):
        by_drone.setdefault(flight.station, []).append(k)
    for name, mine in by_drone.items():
        for n, a in enumerate(mine):
            for b in mine[n + 1 :]:
                if a < own:
                    first, second = (
                        round((f.end - f.start + rest[name]).total_seconds() * TICKS)
                        for f in (flights[a], flights[b])
                    )
                    before = LONG if needs.get(b) == a else second
                    after = LONG if needs.get(a) == b else first
                    yield a, b, -before, after


def _crossings(
    problem: Problem, flights: Sequence[Flight], own: int, legs: Legs, frame: LocalFrame
) -> Iterator[tuple[int, int, int, int]]:
    """Pairs of flights that come near one another, and how they may not start."""
    rule = problem.separation
    if rule is None:
        return
    wider = replace(rule, within_m=rule.within_m + MARGIN, height_m=rule.height_m + MARGIN / 2)
    mine = np.arange(len(flights)) < own
    docks = _docks(problem, flights, frame)
    drone = np.unique([f.station for f in flights], return_inverse=True)[1]
    for found in crossings(legs, docks, wider, asked=mine, same=drone):
        low, high = (round(s * TICKS) for s in _forbidden(found, rule.time_s + MARGIN))
        yield found.first, found.second, low, high


def _forbidden(found: Crossing, time_s: float) -> tuple[float, float]:
    return found.lag_s[0] - time_s, found.lag_s[1] + time_s


def _docks(problem: Problem, flights: Sequence[Flight], frame: LocalFrame) -> Floats:
    """(F, 2, 2) metres: where each flight's drone stands, and where it lands."""
    stations = {s.id: s for s in problem.stations}
    places = []
    for flight in flights:
        dock = stations.get(flight.station)
        if dock is None:
            places += [flight.route.entry, flight.route.exit]
        else:
            places += [dock.position, dock.lands_at or dock.position]
    xy = np.column_stack(frame.xy([p.lon for p in places], [p.lat for p in places]))
    return xy.reshape(-1, 2, 2)


def _beside_frozen(board: Board) -> Board:
    """The same with what frozen flights forbid taken out of the own flights' times."""
    free = list(board.free)
    for (a, b), spans in board.apart.items():
        for low, high in spans:
            if a < board.own <= b:
                free[a] = without(free[a], board.begin[b] - high, board.begin[b] - low)
            elif b < board.own <= a:
                free[b] = without(free[b], board.begin[a] + low, board.begin[a] + high)
    if board.limit is not None:
        for low, high in crowded(board, board.frozen, board.limit):
            for k in range(board.own):
                free[k] = without(free[k], low - board.lasts[k], high)
    return replace(board, free=tuple(free))


def without(free: Domain, low: int, high: int) -> Domain:
    """A domain without what lies between two ticks; the ends stay."""
    if high - low < 2:
        return free
    return free.intersection_with(Domain(low + 1, high - 1).complement())


def crowded(board: Board, placed: Mapping[int, int], level: int) -> list[Span]:
    """When at least so many of the flights placed are in the air: ticks from and to."""
    moments = sorted(  # at the same tick, landings come first
        [(start, 1) for start in placed.values()]
        + [(start + board.lasts[k], -1) for k, start in placed.items()]
    )
    found: list[Span] = []
    count, since = 0, 0
    for moment, change in moments:
        if count + change >= level > count:
            since = moment
        elif count + change < level <= count and moment > since:
            found.append((since, moment))
        count += change
    return found


def fits(board: Board) -> bool:
    """Whether the flights may stay as they are."""
    begin = board.begin
    if not all(board.free[k].contains(begin[k]) for k in range(board.own)):
        return False
    for (a, b), spans in board.apart.items():
        lag = begin[b] - begin[a]
        if any(low < lag < high for low, high in spans):
            return False
    if board.limit is None:
        return True
    over = crowded(board, dict(enumerate(begin)), board.limit + 1)
    return not any(
        begin[k] < high and low < begin[k] + board.lasts[k]
        for low, high in over
        for k in range(board.own)
    )
