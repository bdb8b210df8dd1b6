"""A certificate: what no plan for a model can exceed ("within x % of the best possible").

Column generation over all trips of all vehicles; where the trips of a class can be listed they
are, and else the best trip at given prices is found by a relaxed search. Windows between the trips
of one vehicle are relaxed to the time that it has in all; windows inside a trip are kept.
"""

from collections.abc import Callable
from dataclasses import replace
from time import monotonic

import numpy as np

from planner.routing.bound_classes import Class, classes, reaches
from planner.routing.bound_pool import Pricer, pool
from planner.routing.bound_rounds import Bound, Rounds, Stakes, achieved
from planner.routing.bound_walks import walks
from planner.routing.model import Floats, Model, Solution

__all__ = ["Bound", "achieved", "bound"]

LABELS = 150_000
"""Labels for the list of one class's trips; where it is longer the trips are searched for."""


def bound(
    model: Model,
    *,
    seconds: float,
    known: Solution | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    labels: int | None = None,
) -> Bound | None:
    """The best bound that can be proven in this time; None when it was cancelled before.

    Args:
        labels: unfinished trips of a class up to which its trips are listed, `LABELS` if not
            given; beyond, they are searched for.
        known: a plan; it makes the bound better in short time, but is not what it relies on.
        progress: told each bound that is lower than those before; each holds at once.

    The search runs in compiled code without Python's lock, so that it may run in a thread beside
    another one; `cancelled` is asked between its steps.
    """
    began = monotonic()
    stop = cancelled or (lambda: False)
    if stop():
        return None
    every = classes(model)
    tell = progress or (lambda value: None)
    begin = alone(model)
    tell(float(begin.sum()) - lost(model))
    most = LABELS if labels is None else labels
    pricers = _pricers(model, every, known, most, began + seconds, stop)
    if pricers is None:
        return Bound(
            value=float(begin.sum()) - lost(model),
            trips=0,
            seconds=monotonic() - began,
            method="shortest ways",
            complete=False,
        )
    stakes = Stakes(
        must=(~np.isfinite(model.prize)).astype(np.int32),
        penalty=penalty(model),
        lost=lost(model),
        alone=begin,
    )
    found = Rounds(every, pricers, stakes, tell).run(began + seconds, stop)
    return replace(found, seconds=monotonic() - began)


def _pricers(
    model: Model,
    every: list[Class],
    known: Solution | None,
    most: int,
    deadline: float,
    stop: Callable[[], bool],
) -> list[Pricer] | None:
    """The trips of each class: listed, or else searched for; None when time is up."""
    pricers: list[Pricer] = []
    trips = [] if known is None else [t.nodes for own in known.trips for t in own]
    full = np.inf
    for own in every:
        if stop() or monotonic() > deadline:
            return None
        there = reaches(model, own)
        many = sum(len(set(reach.group.tolist())) for _, reach in there)
        # lists that grow too long take time: after the first only short ones are tried, and none
        # where a smaller class had one
        listed = None
        if many < full:
            listed = pool(model, own, there, most if np.isinf(full) else most // 10)
        full = min(full, many) if listed is None else full
        pricers.append(walks(model, own, there, trips) if listed is None else listed)
    return pricers


def alone(model: Model) -> Floats:
    """(G,) prices at which no trip earns anything, so that their sum is a bound at once: of each
    group its prize less its work and the shortest way to it, from a post or from another group."""
    group = model.group_of
    other = group[:, None] != group[None, :]
    way = np.min(model.out_m, axis=0, initial=np.inf)
    for legs in model.leg_m:
        way = np.minimum(way, np.min(legs, axis=0, initial=np.inf, where=other))
    spent = way + np.min(model.work_m, axis=0, initial=np.inf)
    least = np.full(model.groups, np.inf)
    np.minimum.at(least, group, spent)
    earned = np.where(np.isfinite(model.prize), model.prize, 0.0)
    kept = (model.stay >= 0) & np.isfinite(model.churn)
    return np.asarray(np.maximum(earned + np.where(kept, model.churn, 0.0) - least, 0.0))


def lost(model: Model) -> float:
    """Churn that a plan pays when it keeps no group where it was."""
    kept = (model.stay >= 0) & np.isfinite(model.churn)
    return float(model.churn[kept].sum())


def penalty(model: Model) -> float:
    """Metres that leaving out a group that must be served costs here: more than a trip may."""
    ways = (model.out_m, model.back_m, model.work_m, model.leg_m)
    longest = sum(float(np.max(w, initial=0.0, where=np.isfinite(w))) for w in ways)
    usable = model.usable_s[np.isfinite(model.usable_s)]
    held = model.second_cost * float(usable.max(initial=0.0))
    return 100.0 * (1.0 + longest + held + float(model.trip_cost.max(initial=0.0)))
