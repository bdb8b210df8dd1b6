"""Every drone's flights of the day in the order that leaves room for one more: CP-SAT.

The search keeps a drone's flights in the order in which it put them. Here the flights stay as they
are but may change places in time, so that tasks that nobody flies find a gap: a small scheduling
problem, which CP-SAT solves to the end. Packing the whole city is not (facts/planning.md).
"""

from collections.abc import Sequence
from math import ceil, floor

from ortools.sat.python import cp_model

from planner.assign.roster import PROMISE, Roster, Sortie

MOST_DOCKS = 6
"""Docks at which one task may find its gap: its nearest."""


def rescheduled(roster: Roster, missing: Sequence[int], *, seconds: float, seed: int) -> Roster:
    """The roster with as much of the missing tasks' worth as its drones have gaps for.

    Returns the given roster when there is no gap, or when the time runs out before one is found.
    """
    offers = _offers(roster, missing)
    if not offers:
        return roster
    model = cp_model.CpModel()
    stations = sorted({s for s, _, _ in offers})
    fixed = {s: [_interval(model, roster, s, f) for f in roster.flights[s]] for s in stations}
    chosen = [model.new_bool_var("") for _ in offers]
    optional = [
        _interval(model, roster, s, f, given)
        for (s, _, f), given in zip(offers, chosen, strict=True)
    ]
    for s in stations:
        own = [i for (t, _, _), (_, i) in zip(offers, optional, strict=True) if t == s]
        model.add_no_overlap([i for _, i in fixed[s]] + own)
    for task in {t for _, t, _ in offers}:
        model.add_at_most_one(c for (_, t, _), c in zip(offers, chosen, strict=True) if t == task)
    prize = roster.day.prize
    model.maximize(
        sum(
            int(PROMISE * prize[t] - f.metres) * c
            for (_, t, f), c in zip(offers, chosen, strict=True)
        )
    )
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return roster
    trial = roster.copy()
    for s in stations:
        timed = [
            (solver.value(b), f) for (b, _), f in zip(fixed[s], roster.flights[s], strict=True)
        ]
        for (t, _, flight), c, (begin, _) in zip(offers, chosen, optional, strict=True):
            if t == s and solver.value(c):
                timed.append((solver.value(begin), flight))
        trial.flights[s] = [f for _, f in sorted(timed, key=lambda pair: pair[0])]
        if trial.starts(s, trial.flights[s]) is None:
            return roster
    return trial if trial.objective() > roster.objective() else roster


def _offers(roster: Roster, missing: Sequence[int]) -> list[tuple[int, int, Sortie]]:
    """Station, task and flight of its own for each missing task at its nearest docks."""
    found = []
    for task in missing:
        for station in roster.day.near[task][:MOST_DOCKS]:
            flights = [roster.sortie(station, [node]) for node in (2 * task, 2 * task + 1)]
            able = [f for f in flights if f is not None]
            if able:
                found.append((station, task, min(able, key=lambda f: f.seconds)))
    return found


def _interval(
    model: cp_model.CpModel,
    roster: Roster,
    station: int,
    flight: Sortie,
    chosen: cp_model.IntVar | None = None,
) -> tuple[cp_model.IntVar, cp_model.IntervalVar]:
    """A flight with its recharging, in whole seconds, between its earliest and latest start."""
    day = roster.day
    length = ceil(flight.seconds + day.kinds[day.kind_of[station]].spec.recharge_s)
    low, high = ceil(flight.low), floor(flight.high)
    if low > high:  # a window of less than a second: only its own start will do
        low = high = round(flight.low)
    begin = model.new_int_var(low, high, "")
    if chosen is None:
        return begin, model.new_fixed_size_interval_var(begin, length, "")
    return begin, model.new_optional_fixed_size_interval_var(begin, length, chosen, "")
