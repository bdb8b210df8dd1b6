"""Small routing models by chance, with every rule of the model in them, and all their solutions."""

import itertools
import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from planner.routing import Infeasible, Model, Solution, Trip, cost

F32 = np.float32


def apart(a: np.ndarray, b: np.ndarray) -> npt.NDArray[np.float32]:
    return np.hypot(a[:, None, 0] - b[None, :, 0], a[:, None, 1] - b[None, :, 1]).astype(F32)


def model_by_chance(
    seed: int,
    groups: int | None = None,
    vehicles: int | None = None,
    duties: bool = True,
    metric: bool = False,
) -> Model:
    r = np.random.default_rng(seed)
    g = int(r.integers(1, 12)) if groups is None else groups
    v = int(r.integers(1, 4)) if vehicles is None else vehicles
    counts = r.integers(1, 3, g)
    first = np.r_[0, np.cumsum(counts)].astype(np.int32)
    n, kinds = int(first[-1]), int(r.integers(1, 3))
    tables = int(r.integers(1, kinds + 1))
    begins = r.uniform(0, 1000, (n, 2))
    ends, posts = begins + r.normal(0, 50, (n, 2)), r.uniform(0, 1000, (v + 1, 2))
    leg = np.stack([apart(ends, begins) * F32(1 + 0.2 * i) for i in range(tables)])
    if not metric:
        leg[r.random(leg.shape) < 0.05] *= 3  # ways round something
    if not metric and r.random() < 0.3:
        leg[r.random(leg.shape) < 0.05] = np.inf
    out, back = apart(posts, begins), apart(ends, posts).T.copy()
    earliest = np.where(r.random(n) < 0.4, r.uniform(0, 3000, n), r.choice([0.0, -np.inf]))
    latest = np.maximum(earliest, 0) + r.uniform(0, 1500, n)
    usable = np.where(r.random(v) < 0.8, r.uniform(800, 3000, v), np.inf)
    first_post, first_usable = np.arange(v), usable.copy()
    if r.random() < 0.3:  # the first drone is away
        first_post[0], first_usable[0] = v, min(usable[0], 700.0)
    work = r.uniform(0, 300, (kinds, n))
    work[r.random((kinds, n)) < 0.05] = np.inf
    prize = r.uniform(100, 5000, g)
    return Model(
        first=first,
        prize=np.where(r.random(g) < 0.1, np.inf, prize) if duties else prize,
        earliest=earliest,
        latest=np.where(r.random(n) < 0.4, latest, np.inf),
        release=np.where(r.random(n) < 0.2, r.uniform(0, 2000, n), 0.0),
        load=r.uniform(0, 3, n),
        work_s=work,
        work_m=r.uniform(0, 100, (kinds, n)),
        table_of=r.integers(0, tables, kinds).astype(np.int32),
        leg_s=leg,
        leg_m=leg * F32(1.5),
        out_s=out,
        out_m=out * F32(1.5),
        back_s=back,
        back_m=back * F32(1.5),
        kind_of=r.integers(0, kinds, v).astype(np.int32),
        start_post=np.arange(v, dtype=np.int32),
        end_post=np.arange(v, dtype=np.int32),
        first_post=first_post.astype(np.int32),
        first_usable_s=first_usable,
        usable_s=usable,
        capacity=np.where(r.random(v) < 0.5, r.uniform(3, 10, v), np.inf),
        free=r.uniform(0, 500, v),
        until=np.where(r.random(v) < 0.5, r.uniform(3000, 9000, v), np.inf),
        rest_s=r.uniform(0, 500, v),
        rest_rate=np.where(r.random(v) < 0.5, r.random(v), 0.0),
        max_trips=r.integers(1, 6, v).astype(np.int32),
        trip_cost=r.uniform(0, 200, v) * (r.random(v) < 0.5),
        second_cost=float(r.choice([0.0, 0.5])),
        stay=np.where(r.random(g) < 0.3, r.integers(0, v, g), -1).astype(np.int32),
        churn=r.uniform(0, 500, g),
        xy=begins[first[:-1]],
        vehicle_xy=posts[:v],
    )


Days = tuple[tuple[tuple[int, ...], ...], ...]


def arrangements(model: Model) -> Iterator[Days]:
    """Every way to serve some groups: by vehicle, trips of nodes. Exponentially many."""
    days: list[Days] = [((),) * model.vehicles]
    for g in range(model.groups):
        nodes = range(model.first[g], model.first[g + 1])
        days += [more for day, n in itertools.product(days, nodes) for more in _with(day, int(n))]
    yield from days


def _with(days: Days, n: int) -> Iterator[Days]:
    for v, trips in enumerate(days):
        ways = [(*trips[:k], (n,), *trips[k:]) for k in range(len(trips) + 1)]
        for k, trip in enumerate(trips):
            ways += [
                (*trips[:k], (*trip[:i], n, *trip[i:]), *trips[k + 1 :])
                for i in range(len(trip) + 1)
            ]
        for way in ways:
            yield (*days[:v], way, *days[v + 1 :])


def timed(model: Model, days: Days) -> Solution:
    """Trips as early as may be, then as late as they can leave without ending later: the forward
    slack of Savelsbergh 1992 (doi:10.1287/ijoc.4.2.146)."""
    return Solution(tuple(_day(model, v, trips) for v, trips in enumerate(days)))


def _day(model: Model, v: int, trips: tuple[tuple[int, ...], ...]) -> tuple[Trip, ...]:
    ready, done = float(model.free[v]), []
    kind, end = int(model.kind_of[v]), int(model.end_post[v])
    table = int(model.table_of[kind])
    for k, nodes in enumerate(trips):
        post = int(model.first_post[v] if k == 0 else model.start_post[v])
        start = max([ready, *(float(model.release[n]) for n in nodes)])
        now, waited, slack = start, 0.0, math.inf
        for i, n in enumerate(nodes):
            way = model.out_s[post, n] if i == 0 else model.leg_s[table, nodes[i - 1], n]
            there = now + float(way)
            now = max(there, float(model.earliest[n]))
            waited += now - there if math.isfinite(there) else 0.0
            slack = min(slack, waited + float(model.latest[n]) - now)
            now += float(model.work_s[kind, n])
        now += float(model.back_s[end, nodes[-1]])
        start += max(0.0, min(slack, waited))
        done.append(Trip(start, nodes))
        if not math.isfinite(now):
            return (*done, *(Trip(start, left) for left in trips[k + 1 :]))
        ready = now + float(model.rest_s[v] + model.rest_rate[v] * (now - start))
    return tuple(done)


def best_of_all(model: Model) -> float:
    """The least objective of any feasible solution."""
    least = math.inf
    for days in arrangements(model):
        try:
            least = min(least, cost(model, timed(model, days)).objective)
        except Infeasible:
            continue
    return least
