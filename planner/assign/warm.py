"""The plan in hand as the search sees it: where it begins, and what stays with whom."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from planner.assign.drones import Drone
from planner.assign.kinds import Index
from planner.problem import Flight, Plan, Problem
from planner.routing.model import Model, Solution, Trip

if TYPE_CHECKING:
    from planner.assign.model import Day

EARLIER_S = 4.0
"""The arrays count flights a little longer than they are (`PAD_S`), so that one which is flown at
the last moment must leave earlier by their account."""


def stay(problem: Problem, fleet: Sequence[Drone], tasks: Index) -> Index:
    """(len(tasks),) the drone that flies each task in the plan in hand, or -1."""
    found = np.full(len(tasks), -1, np.intp)
    if problem.previous is None:
        return found
    place = {problem.tasks[t].id: g for g, t in enumerate(tasks)}
    for flight in problem.previous.flights:
        drone = _drone(problem, fleet, flight)
        for stop in flight.stops:
            if drone is not None and stop.task in place:
                found[place[stop.task]] = drone
    return found


def solution_of(day: "Day", model: Model, plan: Plan) -> Solution:
    """A plan's flights as trips of `Day.routing`, as far as they can still be flown.

    Flights keep their times where their drones are free by then. What is no task of the day is
    left out of its flight; a flight that no longer fits is left out as a whole.
    """
    trips: list[list[Trip]] = [[] for _ in day.drones]
    ready = [d.free_s for d in day.drones]
    place = {day.problem.tasks[t].id: g for g, t in enumerate(day.tasks)}
    taken: set[int] = set()
    for flight in sorted(plan.flights, key=lambda f: f.start):
        v = _drone(day.problem, day.drones, flight)
        ways = [(place[s.task], int(s.reverse)) for s in flight.stops if s.task in place]
        ways = [w for w in ways if w[0] not in taken]
        if v is None or not ways or len(trips[v]) >= model.max_trips[v]:
            continue
        start = max(ready[v], (flight.start - day.problem.start).total_seconds())
        found = None
        for earlier in (start, max(ready[v], start - EARLIER_S), ready[v]):
            found = found or _timed(day, model, v, earlier, ways, first=not trips[v])
        if found is not None:
            trips[v].append(found[0])
            taken.update(group for group, _ in ways)
            ready[v] = found[1] + float(model.rest_s[v])
    return Solution(tuple(tuple(own) for own in trips))


def _drone(problem: Problem, fleet: Sequence[Drone], flight: Flight) -> int | None:
    """The drone in whose span a flight begins; its station's nearest one otherwise."""
    start = (flight.start - problem.start).total_seconds()
    own = [v for v, d in enumerate(fleet) if problem.stations[d.station].id == flight.station]
    return min(
        own,
        key=lambda v: max(fleet[v].free_s - start, start - fleet[v].until_s, 0.0),
        default=None,
    )


def _timed(
    day: "Day", model: Model, v: int, start: float, ways: Iterable[tuple[int, int]], *, first: bool
) -> tuple[Trip, float] | None:
    """The trip through groups in given directions, and when it ends; None if it does not fit."""
    post = int(model.first_post[v] if first else model.start_post[v])
    kind, table = int(model.kind_of[v]), int(model.table_of[model.kind_of[v]])
    now, nodes = start, list[int]()
    for group, turned in ways:
        for node in range(model.first[group], model.first[group + 1]):
            leg = model.leg_s[table, nodes[-1], node] if nodes else model.out_s[post, node]
            begin = max(now + float(leg), float(model.earliest[node]))
            way = day.nodes.way[day.nodes.first[day.tasks[group]] + node - model.first[group]]
            if way & 1 == turned and begin <= model.latest[node] and model.release[node] <= start:
                nodes.append(int(node))
                now = begin + float(model.work_s[kind, node])
                break
        else:
            return None
    now += float(model.back_s[model.end_post[v], nodes[-1]])
    usable = float(model.first_usable_s[v] if first else model.usable_s[v])
    if not (now - start <= usable and now <= model.until[v]):
        return None
    return Trip(start, tuple(nodes)), now
