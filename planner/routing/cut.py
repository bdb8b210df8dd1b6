"""Cuts of the vehicles into regions that share as little work as possible."""

import numpy as np
import numpy.typing as npt

from planner.routing.model import Floats, Ints

Whose = npt.NDArray[np.int64]


def middles(xy: Floats, vehicle_xy: Floats, owner: Ints) -> tuple[Floats, Floats]:
    """(V, 2) the middle of what each vehicle serves, or its own place; (V,) how many groups.

    Args:
        owner: (G,) the vehicle that serves each group, or -1.
    """
    vehicles = len(vehicle_xy)
    served = owner >= 0
    load = np.bincount(owner[served], minlength=vehicles).astype(float)
    sums = np.column_stack(
        [np.bincount(owner[served], xy[served, i], minlength=vehicles) for i in (0, 1)]
    )
    middle = np.where(load[:, None] > 0, sums / np.maximum(load, 1.0)[:, None], vehicle_xy)
    return middle, load


def slices(along: Floats, weight: Floats, parts: int) -> tuple[Whose, Floats]:
    """Cut places along a line into parts of about the same weight.

    Returns (V,) the part of each place, and the (parts - 1,) borders between them.
    """
    order = np.argsort(along, kind="stable")
    reached = np.cumsum(weight[order]) - weight[order] / 2
    of = np.empty(len(along), np.int64)
    of[order] = np.minimum(reached / weight.sum() * parts, parts - 1).astype(np.int64)
    borders = [along[of <= i].max(initial=-np.inf) for i in range(parts - 1)]
    return of, np.array(borders, float)


def regions(middle: Floats, weight: Floats, parts: int, random: np.random.Generator) -> list[Whose]:
    """Cut places into parts of about the same weight: halves of halves, across their longer side.

    The axes are turned at random, so that cuts differ from call to call.
    """
    turn = random.uniform(0.0, np.pi)
    cos, sin = np.cos(turn), np.sin(turn)
    turned = middle @ np.array([[cos, -sin], [sin, cos]])
    return _halves(np.arange(len(middle)), turned, weight, parts)


def _halves(of: Whose, places: Floats, weight: Floats, parts: int) -> list[Whose]:
    if parts <= 1 or len(of) < 2:
        return [of]
    side = int(np.argmax(np.ptp(places[of], axis=0)))
    order = of[np.argsort(places[of, side], kind="stable")]
    left = parts // 2
    reached = np.cumsum(weight[order]) / weight[order].sum()
    at = int(np.clip(np.searchsorted(reached, left / parts) + 1, 1, len(of) - 1))
    return [
        *_halves(order[:at], places, weight, left),
        *_halves(order[at:], places, weight, parts - left),
    ]
