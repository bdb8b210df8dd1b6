"""Single places: a short tour with a hover and photos at each."""

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from planner.routes.tour import order

HOVER_S = 6.0
"""Hover before each photo: a gimbal and an autopilot settle in about 3 s, thermal cameras want a
still second frame."""
PHOTOS = 2
"""Photos at each point; the second confirms what the first shows."""


def visit(points: Any, blocked: Any = None) -> npt.NDArray[np.float64]:
    """The points (N, 2) in metres in flying order, those in the blocked left out."""
    xy = np.unique(shapely.get_coordinates(points).round(2), axis=0)
    if blocked is not None and not blocked.is_empty:
        xy = xy[~shapely.intersects_xy(blocked, xy[:, 0], xy[:, 1])]
    if not len(xy):
        return xy
    return np.concatenate(order([[p[None]] for p in xy]))
