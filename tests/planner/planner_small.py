"""Small random models, and the best solution of each by trying everything."""

import itertools
import math

import numpy as np

from planner.routing.check import Infeasible, cost
from planner.routing.model import Model, Solution, Trip, nothing


def small(seed: int, *, groups: int = 4, vehicles: int = 2, plain: bool = False) -> Model:
    """A model of a few groups (some with two nodes, windows, releases, loads) and vehicles (some
    away from their post at first); `plain`: without all these."""
    rng = np.random.default_rng(seed)
    odd = (lambda share: False) if plain else (lambda share: bool(rng.random() < share))
    counts = [2 if odd(0.4) else 1 for _ in range(groups)]
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    nodes = int(first[-1])
    kinds, posts = (1, vehicles) if plain else (2, 2 * vehicles)
    begins, ends = rng.uniform(0, 1000, (2, nodes, 2))
    at = rng.uniform(0, 1000, (posts, 2))
    earliest, latest, release = np.zeros(nodes), np.full(nodes, np.inf), np.zeros(nodes)
    for n in range(nodes):
        if odd(0.4):
            earliest[n] = rng.uniform(0, 1500)
            latest[n] = earliest[n] + rng.uniform(50, 800)
        if odd(0.2):
            release[n] = rng.uniform(0, 500)
    group_of = np.repeat(np.arange(groups), counts)
    work = rng.uniform(20, 150, (kinds, nodes))
    if not plain:
        work[rng.random((kinds, nodes)) < 0.15] = np.inf

    def legs(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        straight = np.hypot(*(a[:, None] - b[None]).transpose(2, 0, 1))
        return straight if plain else straight * rng.uniform(0.8, 1.5, straight.shape)

    leg_m, out_m, back_m = legs(ends, begins), legs(at, begins), legs(at, ends)
    pace = [1 / 4.0 for _ in range(3)]
    kind_of = rng.integers(0, kinds, vehicles).astype(np.int32)
    post = np.arange(vehicles, dtype=np.int32)
    usable = np.full(vehicles, rng.uniform(400, 900))
    away = np.array([odd(0.3) for _ in range(vehicles)])
    stay = np.array([int(rng.integers(-1, vehicles)) if odd(0.4) else -1 for _ in range(groups)])
    return Model(
        first=first,
        prize=np.where([odd(0.05) for _ in range(groups)], np.inf, rng.uniform(500, 4000, groups)),
        earliest=earliest,
        latest=latest,
        release=release,
        load=np.array([1.0 if odd(0.5) else 0.0 for _ in group_of]),
        work_s=work,
        work_m=np.where(np.isfinite(work), work, 0.0),
        table_of=np.zeros(kinds, np.int32),
        leg_s=(leg_m * pace[0])[None].astype(np.float32),
        leg_m=leg_m[None].astype(np.float32),
        out_s=(out_m * pace[1]).astype(np.float32),
        out_m=out_m.astype(np.float32),
        back_s=(back_m * pace[2]).astype(np.float32),
        back_m=back_m.astype(np.float32),
        kind_of=kind_of,
        start_post=post,
        end_post=post,
        first_post=np.where(away, post + vehicles, post).astype(np.int32),
        first_usable_s=np.where(away, usable * 0.6, usable),
        usable_s=usable,
        capacity=np.full(vehicles, np.inf if plain else 2.0),
        free=np.array([rng.uniform(0, 300) if odd(0.3) else 0.0 for _ in range(vehicles)]),
        until=np.full(vehicles, rng.uniform(900, 2500)),
        rest_s=np.full(vehicles, 200.0),
        rest_rate=np.full(vehicles, 0.5 if odd(0.5) else 0.0),
        max_trips=np.full(vehicles, 3, np.int32),
        trip_cost=np.full(vehicles, 30.0 if odd(0.5) else 0.0),
        second_cost=0.3 if odd(0.3) else 0.0,
        stay=stay.astype(np.int32),
        churn=np.where(stay >= 0, rng.uniform(0, 300, groups), 0.0),
        xy=begins[first[:-1]],
        vehicle_xy=at[:vehicles],
    )


def brute(model: Model) -> tuple[Solution, float]:
    """The best solution of a model of at most four groups, and its objective.

    Each trip leaves as early as it can without waiting longer than it must."""
    best, least = nothing(model), cost(model, nothing(model)).objective
    for served in itertools.product(*(range(-1, c) for c in model.nodes_in)):
        nodes = [int(model.first[g]) + k for g, k in enumerate(served) if k >= 0]
        for order in itertools.permutations(nodes):
            for plan in _split(model, order, 0):
                objective = cost(model, Solution(plan)).objective
                if objective < least:
                    best, least = Solution(plan), objective
    return best, least


def _split(model: Model, order: tuple[int, ...], v: int):
    """The ways to cut an order into the trips of the vehicles from v on, that can be flown."""
    if v == model.vehicles:
        if not order:
            yield ()
        return
    for many in range(len(order) + 1):
        for own in _trips(model, order[:many], v, float(model.free[v]), ()):
            for rest in _split(model, order[many:], v + 1):
                yield (own, *rest)


def _trips(model: Model, order: tuple[int, ...], v: int, ready: float, before: tuple[Trip, ...]):
    if not order:
        yield before
        return
    if len(before) == model.max_trips[v]:
        return
    for many in range(1, len(order) + 1):
        trip, ready_next = _timed(model, order[:many], v, ready, before)
        if trip is not None:
            yield from _trips(model, order[many:], v, ready_next, (*before, trip))


def _timed(model, nodes, v, ready, before):
    kind, table = int(model.kind_of[v]), int(model.table_of[model.kind_of[v]])
    post = int(model.start_post[v] if before else model.first_post[v])

    def end(start: float) -> float:
        now = start
        for k, n in enumerate(nodes):
            now += float(model.leg_s[table, nodes[k - 1], n] if k else model.out_s[post, n])
            now = max(now, float(model.earliest[n]))
            if now > model.latest[n]:
                return math.inf
            now += float(model.work_s[kind, n])
        return now + float(model.back_s[int(model.end_post[v]), nodes[-1]])

    start = max(ready, *(float(model.release[n]) for n in nodes))
    first_end = end(start)
    if math.isinf(first_end):
        return None, 0.0
    low, high = start, first_end  # the latest start that still ends then, by bisection
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if end(middle) <= first_end + 1e-9 else (low, middle)
    trip = Trip(low, tuple(nodes))
    alone = Solution(tuple((*before, trip) if k == v else () for k in range(model.vehicles)))
    try:
        cost(model, alone)
    except Infeasible:
        return None, 0.0
    busy = first_end - low
    return trip, first_end + float(model.rest_s[v] + model.rest_rate[v] * busy)
