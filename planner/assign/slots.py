"""A group of neighbouring docks in the flight-slot form: each flight of a drone has a time of its
own, so that recharging needs no modelling.

Slots follow the plan in hand: each of its flights lies in one, the spare time of the day is spread
over them, and where a whole flight more would fit there is an empty slot.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from planner.assign.model import PAD_S
from planner.assign.roster import PROMISE, Roster, Sortie

Ints = npt.NDArray[np.int64]

NEVER = 10**7
"""Seconds or metres of what cannot be flown: more than any day or flight."""
SHORTEST_S = 900.0
"""An empty slot shorter than this is not worth having."""


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A flight that may be flown.

    Attributes:
        dock: index of the station within the group.
        begin_s, end_s: between which it must start and land.
        nodes: the group's nodes that it flies in the plan in hand.
    """

    dock: int
    begin_s: int
    end_s: int
    nodes: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Group:
    """Arrays only, so that another process can take it. Nodes 2 i and 2 i + 1 are task i both
    ways, node 2 n + d is dock d.

    Attributes:
        kind_of: by dock. usable_s: by kind.
        seconds, metres: by kind, (2n + docks, 2n + docks); work counts on leaving a node.
        earliest, latest: by node, when the work may begin.
        prize: by task, metres, weighted as the search weighs them.
    """

    kind_of: tuple[int, ...]
    usable_s: tuple[int, ...]
    seconds: tuple[Ints, ...]
    metres: tuple[Ints, ...]
    earliest: Ints
    latest: Ints
    prize: Ints
    slots: tuple[Slot, ...]


def group(roster: Roster, stations: Sequence[int]) -> tuple[Group, list[int]]:
    """The group of some stations, and which task each of the group's tasks is: those that they fly
    now and those that nobody flies and they could."""
    day = roster.day
    own = {n >> 1 for s in stations for f in roster.flights[s] for n in f.nodes}
    served = roster.served()
    idle = {t for t in range(len(day.prize)) if t not in served and {*day.near[t]} & {*stations}}
    tasks = sorted(own | idle)
    place = {task: i for i, task in enumerate(tasks)}
    kinds = sorted({int(day.kind_of[s]) for s in stations})
    nodes = np.array([2 * t + way for t in tasks for way in (0, 1)], int)
    matrices = [_matrices(roster, stations, k, nodes) for k in kinds]
    work = np.max(
        [np.where(np.isfinite(w), w, 0) for w in (day.kinds[k].work_s[nodes] for k in kinds)],
        axis=0,
    )
    slots = [
        Slot(
            dock=dock,
            begin_s=int(np.ceil(begin)),
            end_s=int(end),
            nodes=tuple(2 * place[n >> 1] + (n & 1) for n in flown),
        )
        for dock, s in enumerate(stations)
        for begin, end, flown in _slots(roster, s)
    ]
    made = Group(
        kind_of=tuple(kinds.index(int(day.kind_of[s])) for s in stations),
        usable_s=tuple(int(day.kinds[k].spec.usable_s - PAD_S) for k in kinds),
        seconds=tuple(m[0] for m in matrices),
        metres=tuple(m[1] for m in matrices),
        earliest=np.ceil(np.repeat(day.earliest[tasks], 2)).astype(np.int64),
        latest=np.floor(np.repeat(day.latest[tasks], 2) - work).astype(np.int64),
        prize=(PROMISE * day.prize[tasks]).astype(np.int64),
        slots=tuple(slots),
    )
    return made, tasks


def _matrices(
    roster: Roster, stations: Sequence[int], k: int, nodes: npt.NDArray[np.intp]
) -> tuple[Ints, Ints]:
    day, kind = roster.day, roster.day.kinds[k]
    n = len(nodes)
    seconds, metres = (np.full((n + len(stations),) * 2, np.inf) for _ in range(2))
    work, work_m = kind.work_s[nodes], kind.work_m[nodes // 2]
    seconds[:n, :n] = kind.leg_s[np.ix_(nodes, nodes)] + work[:, None]
    metres[:n, :n] = kind.leg_m[np.ix_(nodes, nodes)] + work_m[:, None]
    for d, s in enumerate(stations):
        if day.kind_of[s] == k:
            seconds[n + d, :n], metres[n + d, :n] = day.out_s[s, nodes], day.out_m[s, nodes]
            seconds[:n, n + d] = work + day.back_s[s, nodes]
            metres[:n, n + d] = work_m + day.back_m[s, nodes]
            seconds[n + d, n + d] = metres[n + d, n + d] = 0.0
    return _whole(np.ceil(seconds)), _whole(np.round(metres))


def _whole(values: npt.NDArray[np.float64]) -> Ints:
    return np.where(np.isfinite(values), np.minimum(values, NEVER), NEVER).astype(np.int64)


def _slots(roster: Roster, station: int) -> list[tuple[float, float, list[int]]]:
    """Begin, end and present nodes of each slot of a station."""
    day, flights = roster.day, roster.flights[station]
    spec = day.kinds[day.kind_of[station]].spec
    free, until = float(day.free[station]), float(day.until[station])
    begins = [free, *_spread(roster, station, flights)[1:]]
    ends = [b - spec.recharge_s for b in begins[1:]] + [until]
    if not flights:
        begins, ends = [free], [until]
    found = []
    for k, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        flown = flights[k] if flights else None
        found += _with_empty(begin, end, flown, spec.usable_s + 60.0, spec.recharge_s)
    return found


def _spread(roster: Roster, station: int, flights: Sequence[Sortie]) -> list[float]:
    """A start for each flight, between the earliest and the latest that the others leave it."""
    early = roster.starts(station, flights) or []
    day = roster.day
    rest = day.kinds[day.kind_of[station]].spec.recharge_s
    late: list[float] = []
    for flight in reversed(flights):
        bound = late[-1] - rest - flight.seconds if late else flight.high
        late.append(min(flight.high, bound))
    count = max(1, len(flights))
    return [a + (b - a) * k / count for k, (a, b) in enumerate(zip(early, late[::-1], strict=True))]


def _with_empty(
    begin: float, end: float, flown: Sortie | None, most_s: float, rest_s: float
) -> list[tuple[float, float, list[int]]]:
    """A slot, with empty ones of full length cut off where its flight leaves room."""
    slots: list[tuple[float, float, list[int]]] = []
    nodes = flown.nodes if flown is not None else []
    while end - begin > most_s + rest_s + SHORTEST_S:
        if flown is not None and max(begin, flown.low) + flown.seconds + 2.0 < begin + most_s:
            slots.append((begin, begin + most_s, nodes))
            flown, nodes = None, []
        elif flown is None or flown.high - 2.0 > begin + most_s + rest_s:
            slots.append((begin, begin + most_s, []))
        else:
            break
        begin += most_s + rest_s
    return [*slots, (begin, end, nodes)]
