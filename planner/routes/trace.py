"""From runs in metres to a task's route over ground."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from core.geo import LonLat
from core.route import Route, Waypoint
from planner.routes.airspace import Airspace
from planner.routes.camera import View
from planner.routes.points import HOVER_S, PHOTOS

Floats = npt.NDArray[np.float64]


def photo_route(runs: Sequence[Floats], view: View, sky: Airspace) -> Route | None:
    """Runs (K, 2) photographed in turn, joined round the zones; None if one is cut off."""
    made: list[dict[str, Any]] = []
    xy: list[Floats] = []
    for k, run in enumerate(runs):
        if k:
            way = sky.way(runs[k - 1][-1], run[0])
            if way is None:
                return None
            xy.extend(way[1])
            made.extend({} for _ in way[1])
        xy.extend(run)
        shoot = {"photo_spacing_m": view.photo_spacing_m, "speed_mps": view.speed_mps}
        made.extend([shoot] * (len(run) - 1))
        made.append({})
    return _route(np.array(xy), made, view, sky)


def hover_route(points: Floats, view: View, sky: Airspace) -> Route | None:
    """Points (N, 2), each with a hover and `PHOTOS` photos; None if one is cut off."""
    made: list[dict[str, Any]] = []
    xy: list[Floats] = []
    for k, point in enumerate(points):
        if k:
            way = sky.way(points[k - 1], point)
            if way is None:
                return None
            xy.extend(way[1])
            made.extend({} for _ in way[1])
        xy.extend([point] * PHOTOS)
        made.extend([{"photo": True, "hold_s": HOVER_S}] * PHOTOS)
    return _route(np.array(xy), made, view, sky)


def _route(xy: Floats, made: list[dict[str, Any]], view: View, sky: Airspace) -> Route:
    lon, lat = sky.frame.lonlat(xy[:, 0], xy[:, 1])
    return Route(
        tuple(
            Waypoint(
                position=LonLat(float(x), float(y)),
                height_m=view.height_m,
                sensor=view.sensor,
                **extra,
            )
            for x, y, extra in zip(lon, lat, made, strict=True)
        )
    )
