"""Flights in time: as few and as small delays as crews, crossings and rests leave possible.

A small scheduling problem, which CP-SAT solves well: a start for each flight within its windows,
optional intervals under the crew's limit, forbidden lags between flights that cross.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from ortools.sat.python import cp_model
from ortools.util.python.sorted_interval_list import Domain

from planner import explain
from planner.assign.timetable_board import Board, crowded, fits, read, without
from planner.assign.timetable_starts import TICKS
from planner.problem import Plan, Problem, Refusal

LEAST_S = 0.05
"""Less time than this is not worth a solver's start."""
DAY_SHARE = 0.1
"""What a shift by ten hours costs, as a share of the flight's prize: it is always better to fly
late than not at all, and what is worth more stays where it is."""
_TEN_HOURS = 36_000 * TICKS
_SCALE = 1000
"""Parts of a metre that the solver counts."""


def timed(problem: Problem, plan: Plan, *, seconds: float, seed: int = 0) -> Plan:
    """The plan with its flights moved in time so that all of them fit together.

    Crews (`crew_limit`), `separation`, rests, windows, timed zones and closures then hold, frozen
    flights included; paths stay as they are. A flight for which there is no time is left out,
    and each of its tasks is refused by name. A plan in which nothing conflicts is returned as
    it is.

    Args:
        seconds: for the solver; with none left, flights are placed one by one, the dearest first.
    """
    began = time.monotonic()
    if not plan.flights:
        return plan
    board = read(problem, plan)
    if fits(board):
        return plan
    start = greedy(board)
    left = seconds - (time.monotonic() - began)
    if left > LEAST_S:
        start = _exact(board, start, left, seed)
    return _moved(problem, plan, board, start)


def greedy(board: Board) -> dict[int, int]:
    """Starts by flight, one flight placed after another, each as near to its own start as it can
    be: the dearest first or the earliest first, whichever loses less. Those that find no time are
    left out."""
    dear, early = _ranks(board)
    return min((_placed(board, order) for order in (dear, early)), key=lambda s: _loss(board, s))


def _placed(board: Board, order: Sequence[int]) -> dict[int, int]:
    placed: dict[int, int] = {}
    for k in order:
        if board.needs.get(k, k) in (k, *placed):
            start = _nearest(_open(board, k, placed), board.begin[k])
            if start is not None:
                placed[k] = start
    return placed


def _ranks(board: Board) -> tuple[list[int], list[int]]:
    """Dearest first and earliest first, but no flight before the one that it needs."""
    worth, begin = list(board.prize), list(board.begin)
    for k, first in board.needs.items():
        worth[first] = max(worth[first], board.prize[k])
    own = range(board.own)
    return (
        sorted(own, key=lambda k: (-worth[k], k in board.needs, begin[k], k)),
        sorted(own, key=lambda k: (begin[k], -worth[k], k)),
    )


def _open(board: Board, k: int, placed: Mapping[int, int], *, crew: bool = True) -> Domain:
    """When a flight may start beside those placed."""
    free = board.free[k]
    for other, begin in placed.items():
        for low, high in board.apart.get((other, k), ()):
            free = without(free, begin + low, begin + high)
        for low, high in board.apart.get((k, other), ()):
            free = without(free, begin - high, begin - low)
    if crew and board.limit is not None:
        for low, high in crowded(board, {**board.frozen, **placed}, board.limit):
            free = without(free, low - board.lasts[k], high)
    return free


def _nearest(free: Domain, wanted: int) -> int | None:
    spans = free.flattened_intervals()
    near = [min(max(wanted, a), b) for a, b in zip(spans[::2], spans[1::2], strict=True)]
    return min(near, key=lambda tick: (abs(tick - wanted), tick), default=None)


def _exact(board: Board, hint: Mapping[int, int], seconds: float, seed: int) -> dict[int, int]:
    """The best starts that CP-SAT finds in the time; the hint when it finds none better."""
    model = cp_model.CpModel()
    able = [k for k in range(board.own) if not board.free[k].is_empty()]
    start = {k: model.new_int_var_from_domain(board.free[k], f"start {k}") for k in able}
    flown = {k: model.new_bool_var(f"flown {k}") for k in able}
    for (a, b), spans in board.apart.items():
        if a in start and b in start:
            lags = Domain.all_values()
            for low, high in spans:
                lags = without(lags, low, high)
            apart = model.add_linear_expression_in_domain(start[b] - start[a], lags)
            apart.only_enforce_if(flown[a], flown[b])
    for k, first in board.needs.items():
        if k in flown:
            model.add(flown[k] <= flown.get(first, 0))
    _crew(model, board, start, flown)
    cost = []
    for k in able:
        late = model.new_int_var(0, _TEN_HOURS * 10, f"shift {k}")
        model.add_abs_equality(late, start[k] - board.begin[k])
        weight = max(1, round(board.prize[k] * board.steady[k] * DAY_SHARE * _SCALE / _TEN_HOURS))
        cost += [weight * late, round(board.prize[k] * _SCALE) * (1 - flown[k])]
        model.add_hint(flown[k], k in hint)
        model.add_hint(start[k], hint.get(k, board.free[k].min()))
    model.minimize(sum(cost))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = 1
    solver.parameters.interleave_search = True  # its neighbourhoods by turns, in one thread
    solver.parameters.random_seed = seed
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return dict(hint)
    found = {k: solver.value(start[k]) for k in able if solver.value(flown[k])}
    return found if _loss(board, found) <= _loss(board, hint) else dict(hint)


def _crew(
    model: cp_model.CpModel,
    board: Board,
    start: Mapping[int, cp_model.IntVar],
    flown: Mapping[int, cp_model.IntVar],
) -> None:
    """Flights in the air at once; frozen ones count up to the limit."""
    if board.limit is None:
        return
    intervals = [
        model.new_optional_fixed_size_interval_var(start[k], board.lasts[k], flown[k], "")
        for k in start
    ]
    intervals += [
        model.new_fixed_size_interval_var(low, high - low, "")
        for level in range(1, board.limit + 1)
        for low, high in crowded(board, board.frozen, level)
    ]
    model.add_cumulative(intervals, [1] * len(intervals), board.limit)


def _loss(board: Board, start: Mapping[int, int]) -> float:
    """Prizes left out and what the shifts cost, as the solver counts them."""
    return sum(
        board.prize[k]
        * (
            DAY_SHARE * board.steady[k] * abs(start[k] - board.begin[k]) / _TEN_HOURS
            if k in start
            else 1.0
        )
        for k in range(board.own)
    )


def _moved(problem: Problem, plan: Plan, board: Board, start: Mapping[int, int]) -> Plan:
    """The plan with these starts; what has none is refused."""
    flights, refused, lost = [], dict(plan.unserved), 0.0
    for k, flight in enumerate(plan.flights):
        if k in start:
            later = timedelta(seconds=(start[k] - board.begin[k]) / TICKS)
            flights.append(replace(flight, start=flight.start + later, end=flight.end + later))
        else:
            lost += board.prize[k]
            refused |= {s.task: _refusal(problem, board, k, start, s.task) for s in flight.stops}
    flights.sort(key=lambda f: (f.start, f.station))
    km = sum(f.route.length_m for f in flights) / 1000
    value = plan.value - lost
    return replace(
        plan,
        flights=tuple(flights),
        unserved=refused,
        value=value,
        km=km,
        gap=_gap(plan, value - 1000 * km),
    )


def _gap(plan: Plan, achieved_m: float) -> float | None:
    """The same bound against what is left of the plan."""
    if plan.gap is None or plan.gap >= 1:
        return plan.gap
    bound = (plan.value - 1000 * plan.km) / (1 - plan.gap)
    return 1 - achieved_m / bound if bound > 0 else plan.gap


def _refusal(
    problem: Problem, board: Board, k: int, start: Mapping[int, int], task: str
) -> Refusal:
    """The constraint without which there would be time for the flight."""
    others = {**board.frozen, **start}
    own = {n: begin for n, begin in others.items() if board.drone[n] == board.drone[k]}
    bare = replace(board, free=board.alone)
    if board.limit is not None and not _open(bare, k, others, crew=False).is_empty():
        return explain.crew_busy(task, board.limit)
    if problem.separation is not None and not _open(bare, k, own, crew=False).is_empty():
        return explain.too_close(task, problem.separation.time_s)
    return explain.no_time(task)
