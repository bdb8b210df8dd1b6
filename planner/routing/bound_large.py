"""The certificate of a city too large for one table: its vehicles' trips, one vehicle at a time.

Each vehicle is asked about the groups near it, more and more until the farthest ones are out of
its reach by far; only its trips are kept. Takes minutes at 10,000 tasks: for the background.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic

import numpy as np

from planner.routing.bound import alone, lost, penalty
from planner.routing.bound_classes import Class, Outing, Reach, classes, reaches
from planner.routing.bound_pool import Pool, Pricer, pool
from planner.routing.bound_rounds import Bound, Rounds, Stakes
from planner.routing.model import Floats, Ints, Model, Source

LABELS = 400_000
"""Labels for the list of one vehicle's trips."""

NEAREST = 200
"""Groups that a vehicle is asked about first."""

BEYOND = 1.5
"""So many times as far as the farthest group in reach has to be looked: reach is taken to shrink
with distance, but not evenly (zones, wind, long work)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Listed:
    own: Class
    pool: Pool
    near: Ints
    must: Ints
    penalty: float
    lost: float
    alone: Floats


def bound_large(
    source: Source, *, seconds: float, cancelled: Callable[[], bool] | None = None
) -> Bound | None:
    """The bound on what any plan for the source is worth; None when time ran out first or a
    vehicle has too many trips to list them."""
    began = monotonic()
    stop = cancelled or (lambda: False)
    listed: list[_Listed] = []
    for v in range(len(source.vehicle_xy)):
        if stop() or monotonic() - began > seconds:
            return None
        found = _vehicle(source, v)
        if found is None:
            return None
        listed.append(found)
    must = np.zeros(len(source.xy), np.int32)
    most = np.zeros(len(source.xy))
    for one in listed:
        must[one.must] = 1
        np.maximum.at(most, one.near, one.alone)
    stakes = Stakes(
        must=must,
        penalty=max((one.penalty for one in listed), default=0.0),
        lost=sum(one.lost for one in listed),
        alone=most,
    )
    pricers: list[Pricer] = [one.pool for one in listed]
    result = Rounds([one.own for one in listed], pricers, stakes).run(began + seconds, stop)
    return replace(result, seconds=monotonic() - began)


def _vehicle(source: Source, v: int) -> _Listed | None:
    """All trips of one vehicle, in the source's numbers."""
    near, part, own, there = _around(source, v)
    found = pool(part, own, there, LABELS)
    if found is None:
        return None
    columns = replace(found.columns, members=near[found.columns.members])
    return _Listed(
        own=own,
        pool=Pool(columns=columns),
        must=near[~np.isfinite(part.prize)],
        penalty=penalty(part),
        lost=lost(part),
        near=near,
        alone=alone(part),
    )


def _around(source: Source, v: int) -> tuple[Ints, Model, Class, list[tuple[Outing, Reach]]]:
    """The groups near the vehicle, all that it can reach among them, and their model."""
    away = np.hypot(*(source.xy - source.vehicle_xy[v]).T)
    order = np.argsort(away, kind="stable").astype(np.int32)
    many = NEAREST
    while True:
        near = order[:many]
        part = source.part([v], near.tolist())
        own = classes(part)[0]
        there = reaches(part, own)
        held = np.concatenate([r.group for _, r in there])
        farthest = float(away[near[held]].max(initial=0.0))
        if many >= len(order) or farthest * BEYOND <= away[near[-1]]:
            return near, part, own, there
        many *= 2
