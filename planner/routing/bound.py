"""A certificate: what no plan for a model can exceed ("within x % of the best possible").

Column generation over all trips of all vehicles; where the trips of a class can be listed they
are, and else the best trip at given prices is found by a relaxed search. Windows between the trips
of one vehicle are relaxed to the time that it has in all; windows inside a trip are kept.
"""

from collections.abc import Callable
from dataclasses import replace
from time import monotonic

import numpy as np

from planner.routing.bound_classes import Class, classes
from planner.routing.bound_pool import Pricer, pool
from planner.routing.bound_rounds import Bound, Rounds, Stakes, achieved
from planner.routing.bound_walks import walks
from planner.routing.model import Model, Solution

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
) -> Bound | None:
    """The best bound that can be proven in this time; None when none was.

    Args:
        known: a plan; it makes the bound better in short time, but is not what it relies on.
        progress: told each bound that is lower than those before; each holds at once.

    The search runs in compiled code without Python's lock, so that it may run in a thread beside
    another one; `cancelled` is asked between its steps.
    """
    began = monotonic()
    stop = cancelled or (lambda: False)
    every = classes(model)
    tell = progress or (lambda value: None)
    pricers = _pricers(model, every, known, began + seconds, stop)
    if pricers is None:
        return None
    stakes = Stakes(
        must=(~np.isfinite(model.prize)).astype(np.int32),
        penalty=penalty(model),
        lost=lost(model),
    )
    found = Rounds(every, pricers, stakes, tell).run(began + seconds, stop)
    return None if found is None else replace(found, seconds=monotonic() - began)


def _pricers(
    model: Model,
    every: list[Class],
    known: Solution | None,
    deadline: float,
    stop: Callable[[], bool],
) -> list[Pricer] | None:
    """The trips of each class: listed, or else searched for; None when time is up."""
    pricers: list[Pricer] = []
    trips = [] if known is None else [t.nodes for own in known.trips for t in own]
    full = 0
    for own in every:
        if stop() or monotonic() > deadline:
            return None
        # lists that grow too long take time: after a few of them only short ones are tried
        listed = pool(model, own, LABELS if full < 2 else LABELS // 10)
        full += listed is None
        pricers.append(walks(model, own, trips) if listed is None else listed)
    return pricers


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
