"""What every possible piece of a route costs a sortie: way out, work, way home.

Transfers are as quick as the vehicle is, round the zones, at the height of the piece's end that
they lead to, and not below `TRANSFER_M`.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from core.energy import CLIMB_FACTOR, Wind, climb_s, descent_s, step_s
from core.equipment import VehicleSpec
from core.errors import InvalidInput
from core.geo import LonLat
from core.route import Route, Waypoint
from planner.routes.airspace import Airspace
from planner.routes.effort import legs
from planner.sorties.cutting import first_point, last_point

Floats = npt.NDArray[np.float64]

TRANSFER_M = 60.0
"""Lowest height of transfers: clear of trees, masts and lines up to 110 kV."""


class Costs:
    """What every possible first and last photograph of a sortie costs.

    Attributes:
        start, end: (N,) seconds of the route at which photograph k begins a piece or ends one.
        out, back: (D, N) seconds from take-off to a piece's beginning, and from its end to
            landing; infinite where there is no way.
    """

    def __init__(
        self,
        route: Route,
        docks: Sequence[LonLat],
        spec: VehicleSpec,
        wind: Wind,
        sky: Airspace | None,
    ) -> None:
        self.route, self.docks, self.spec, self.wind, self.sky = route, docks, spec, wind, sky
        self.start, first, self.end, last = _marks(route, spec, wind)
        up = np.array([climb_s(transfer_m(w), spec) for w in first])
        down = np.array([_down_s(w, spec) for w in last])
        self.out = np.stack([self._ways(d, first, to=True) for d in docks]) + up
        self.back = np.stack([self._ways(d, last, to=False) for d in docks]) + down

    def _ways(self, dock: LonLat, points: Sequence[Waypoint], *, to: bool) -> Floats:
        """(N,) seconds of the transfers between a dock and the points."""
        here = np.array([(w.position.lon, w.position.lat) for w in points])
        there = np.broadcast_to([dock.lon, dock.lat], here.shape)
        a, b = (there, here) if to else (here, there)
        seconds = _possible(legs(a, b, self.spec.cruise_mps, self.wind)[1])
        if self.sky is not None:
            frame = self.sky.frame
            xy = [np.column_stack(frame.xy(p[:, 0], p[:, 1])) for p in (a, b)]
            for k in np.flatnonzero(self.sky.crosses(*xy)):
                seconds[k] = self._round(LonLat(*a[k].tolist()), LonLat(*b[k].tolist()))
        return seconds

    def _round(self, a: LonLat, b: LonLat) -> float:
        corners = way(a, b, self.sky)
        if corners is None:
            return math.inf
        path = np.array([(p.lon, p.lat) for p in (a, *corners, b)])
        return float(_possible(legs(path[:-1], path[1:], self.spec.cruise_mps, self.wind)[1]).sum())

    def furthest(self, first: int, limit: float) -> tuple[int, int] | None:
        """The last photograph of the longest sortie that begins with one, and its dock."""
        room = limit - self.out[:, first] + self.start[first]
        fits = self.end[first:] + self.back[:, first:] <= room[:, None]
        able = np.flatnonzero(fits.any(axis=0))
        if not len(able):
            return None
        last = first + int(able[-1])
        total = self.out[:, first] + self.back[:, last]
        return last, int(np.argmin(total))


def _marks(
    route: Route, spec: VehicleSpec, wind: Wind
) -> tuple[Floats, list[Waypoint], Floats, list[Waypoint]]:
    """When and where each photograph would begin a piece, and when and where it would end one."""
    points, shots = route.waypoints, route.shots
    try:
        clock = [0.0]
        for a, b in pairwise(points):
            clock.append(clock[-1] + a.hold_s + step_s(a, b, spec, wind))
    except ValueError as error:
        raise InvalidInput(str(error), where="sorties", remedy="wait for less wind") from error
    start, first, end, last = [], [], [], []
    for shot in shots:
        here = points[shot.leg]
        one, final = first_point(route, shot), here if shot.single else last_point(route, shot)
        held = clock[shot.leg] + here.hold_s
        first.append(one)
        start.append(clock[shot.leg] if one is here else held + step_s(here, one, spec, wind))
        last.append(final)
        end.append(held if shot.single else held + step_s(here, final, spec, wind))
    start[0], first[0] = 0.0, points[0]
    end[-1], last[-1] = clock[-1] + points[-1].hold_s, points[-1]
    return np.array(start), first, np.array(end), last


def transfer_m(end: Waypoint) -> float:
    """Height above ground of the transfer to or from an end of a piece."""
    return max(TRANSFER_M, end.height_m)


def _down_s(last: Waypoint, spec: VehicleSpec) -> float:
    """Seconds up to the transfer's height, where it is higher, and down to the dock."""
    level = transfer_m(last)
    return climb_s(level - last.height_m, spec) * (1 - 1 / CLIMB_FACTOR) + descent_s(level, spec)


def _possible(seconds: Floats) -> Floats:
    """Infinite where the wind is too strong to hold the course."""
    return np.where(seconds > 1e6, np.inf, seconds)


def way(a: LonLat, b: LonLat, sky: Airspace | None) -> list[LonLat] | None:
    """Corners of the shortest way round the zones, neither end included; None without a way."""
    if sky is None:
        return []
    xy = np.column_stack(sky.frame.xy([a.lon, b.lon], [a.lat, b.lat]))
    found = sky.way(xy[0], xy[1])
    return None if found is None else [sky.frame.point(float(x), float(y)) for x, y in found[1]]


def out_and_back(part: Route, dock: LonLat, sky: Airspace | None = None) -> Route:
    """A piece with its transfers from and to a dock.

    Raises:
        InvalidInput: there is no way round the zones.
    """
    out, back = way(dock, part.entry, sky), way(part.exit, dock, sky)
    if out is None or back is None:
        raise InvalidInput("there is no way round the zones to the dock", where="sorties")
    up, down = transfer_m(part.waypoints[0]), transfer_m(part.waypoints[-1])
    points = [Waypoint(position=p, height_m=up) for p in (dock, *out)]
    points += part.waypoints
    if down - part.waypoints[-1].height_m > 0.1:  # first up, then across
        points.append(Waypoint(position=part.exit, height_m=down))
    points += [Waypoint(position=p, height_m=down) for p in (*back, dock)]
    return Route(tuple(points))
