"""A solution as the kernels work on it, and back."""

import numpy as np

from planner.routing import kernel_state
from planner.routing.layout import EPS, State, Tables
from planner.routing.model import Ints, Model, Solution, Trip


def state(model: Model, t: Tables) -> State:
    """The state that serves nothing."""
    nodes, groups, vehicles = len(t.node), model.groups, model.vehicles
    many = _most_trips(model, t)
    room = 2 * groups + 2 * vehicles + 2
    made = State(
        link=np.full((nodes, 3), -1, np.int32),
        seg=np.zeros((nodes, 8)),
        trip=np.zeros((groups, 4), np.int32),
        span=np.zeros((groups, 9)),
        trips=np.zeros((vehicles, many + 1), np.int32),
        many=np.zeros(vehicles, np.int32),
        cost=np.zeros(vehicles),
        at=np.full(groups, -1, np.int32),
        pool=np.arange(groups, dtype=np.int32),
        slot=np.arange(groups, dtype=np.int32),
        spare=np.arange(groups, dtype=np.int32),
        mark=np.zeros(vehicles, np.int64),
        saved_mark=np.zeros(vehicles, np.int64),
        trip_mark=np.zeros(groups, np.int64),
        class_mark=np.zeros(len(t.kin), np.int64),
        touched=np.zeros(vehicles, np.int32),
        saved=np.zeros(room, np.int32),
        best=np.zeros(room, np.int32),
        list=np.zeros(vehicles, np.int32),
        todo=np.zeros(groups, np.int32),
        rank=np.zeros(groups),
        on=np.ones(vehicles, np.uint8),
        mine=np.arange(groups, dtype=np.int32),
        own=np.ones(groups, np.uint8),
        fresh=np.zeros(groups, np.int64),
        count=np.array([groups, groups, 0, 1, 0, 0, groups, 0, 0], np.int64),
        total=np.zeros(2),
        stop=np.zeros(1, np.int64),
    )
    kernel_state.recount(t, made)
    kernel_state.keep(made)
    return made


def _most_trips(model: Model, t: Tables) -> int:
    """Trips that any vehicle can make in its time: each works and rests."""
    if not model.vehicles or not model.groups:
        return 0
    least = float(np.min(model.work_s)) + np.min(model.rest_s)
    least += float(np.min(model.out_s)) + float(np.min(model.back_s))
    span = float(np.max(np.minimum(model.until, np.inf) - model.free)) + float(np.max(model.rest_s))
    most = min(int(model.max_trips.max()), model.groups)
    return min(most, int(span / least + EPS) + 1) if least > 0 and np.isfinite(span) else most


def flat(model: Model, solution: Solution) -> Ints:
    """A solution as `kernel_state.load` reads it."""
    numbers: list[int] = []
    for own in solution.trips:
        numbers.append(len(own))
        for trip in own:
            numbers += [len(trip.nodes), *trip.nodes]
    return np.array(numbers, np.int32)


def solution(t: Tables, s: State, initial: Solution | None = None) -> Solution:
    """The solution that the state holds; vehicles as in `initial` keep its starting times."""
    numbers = np.zeros_like(s.best)
    leaves = np.zeros(len(s.at) + 1)
    kernel_state.dump(s, numbers)
    kernel_state.starts(t, s, leaves)
    values, times = iter(numbers.tolist()), iter(leaves.tolist())
    vehicles = []
    for v in range(len(s.many)):
        own = []
        for _ in range(next(values)):
            size = next(values)
            own.append(Trip(next(times), tuple(next(values) for _ in range(size))))
        before = initial.trips[v] if initial is not None else ()
        same = [trip.nodes for trip in own] == [trip.nodes for trip in before]
        vehicles.append(before if same else tuple(own))
    return Solution(tuple(vehicles))
