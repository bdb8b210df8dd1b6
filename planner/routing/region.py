"""One region of a large search: its model is made where it is solved, from the source."""

import time
from dataclasses import dataclass

from planner.routing import kernel_state
from planner.routing.anneal import Annealer, Tuning, Watch, dumped
from planner.routing.greedy import begin
from planner.routing.layout import TOTAL
from planner.routing.model import Ints, Model, Solution, Source, Trip
from planner.routing.state import solution, state
from planner.routing.tables import tables

Day = tuple[tuple[float, tuple[tuple[int, int], ...]], ...]
"""A vehicle's trips: start, and (group, which of its nodes) in order."""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One region's work in one round; numbers are the source's."""

    source: Source
    vehicles: tuple[int, ...]
    groups: tuple[int, ...]
    days: tuple[Day, ...]
    seconds: float
    warm: float
    cool: float
    heats: tuple[float, float] | None
    seed: int


@dataclass(frozen=True, kw_only=True)
class Done:
    """What came out: by vehicle, as it is and at its best; objectives; nodes of each group."""

    now: tuple[Day, ...]
    best: tuple[Day, ...]
    value: float
    best_value: float
    heats: tuple[float, float]
    nodes: Ints
    busy_s: float


def turned(turn: Turn) -> Done:
    """Solve one region for its time; runs wherever the executor is."""
    begun = time.perf_counter()
    model = turn.source.part(turn.vehicles, turn.groups)
    if not model.groups or not model.vehicles:
        return _idle(turn, model)
    t = tables(model)
    s = state(model, t)
    place = {g: i for i, g in enumerate(turn.groups)}
    given = Solution(
        tuple(
            tuple(
                Trip(start, tuple(int(model.first[place[g]]) + o for g, o in nodes))
                for start, nodes in day
            )
            for day in turn.days
        )
    )
    begin(model, t, s, given)
    search = Annealer(model, t, s, turn.seed, Tuning(), turn.heats)
    if turn.seconds > 0:
        search.alone(Watch(begun, turn.seconds, None, turn.warm, turn.cool))
    now = dumped(s)
    value = float(s.total[TOTAL])
    kernel_state.load(t, s, search.best)
    best = _days(model, turn, solution(t, s))
    kernel_state.load(t, s, now)
    return Done(
        now=_days(model, turn, solution(t, s)),
        best=best,
        value=value,
        best_value=search.value,
        heats=search.heats,
        nodes=model.nodes_in,
        busy_s=time.perf_counter() - begun,
    )


def _idle(turn: Turn, model: Model) -> Done:
    """A region without work, or without anybody to do it."""
    lost = float(model.prize.sum())
    return Done(
        now=turn.days, best=turn.days, value=lost, best_value=lost, heats=(0.0, 0.0),
        nodes=model.nodes_in, busy_s=0.0,
    )  # fmt: skip


def _days(model: Model, turn: Turn, found: Solution) -> tuple[Day, ...]:
    group_of = model.group_of
    return tuple(
        tuple(
            (
                trip.start,
                tuple(
                    (turn.groups[group_of[n]], int(n - model.first[group_of[n]]))
                    for n in trip.nodes
                ),
            )
            for trip in own
        )
        for own in found.trips
    )
