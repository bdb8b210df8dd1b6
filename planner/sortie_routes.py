"""A long route flown in sorties that each fit the endurance, from one dock or several.

A sortie is a dock, a transfer round the zones, a piece of the route, and the way home. Pieces are
cut at photographs, see `planner.cutting`: together they take each photograph of the route.

Fewest sorties: each goes on to the last photograph from which it still gets home. That is optimal:
a part of a piece that fits, fits too (straight transfers are never longer than the path between:
in a steady wind flying times obey the triangle inequality, Zermelo), so any set of sorties can be
moved forward onto the greedy cuts one by one without needing another. Then the time that the
longest may take is lowered as far as the number of sorties allows, which balances them.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from core.energy import CALM, CLIMB_FACTOR, Wind, climb_s, descent_s, route_s, step_s
from core.equipment import VehicleSpec
from core.errors import InvalidInput
from core.geo import LonLat
from core.route import Route, Waypoint
from planner.airspace import Airspace
from planner.cutting import first_point, last_point, piece
from planner.effort import legs

Floats = npt.NDArray[np.float64]

TRANSFER_M = 60.0
"""Lowest height of transfers: clear of trees, masts and lines up to 110 kV."""
ROUNDING_S = 0.5
"""Kept free: the parts of a leg that is cut sum up to the whole but for rounding."""
MOST = 500
"""Sorties of one route at most; more is a mistake in the units."""
_HALVINGS = 30


@dataclass(frozen=True, kw_only=True)
class Sortie:
    """One flight of a route.

    Attributes:
        dock: index of the dock that it leaves and comes back to.
        route: transfers included, from dock to dock.
        first_photo, last_photo: numbers in the whole route, from 0.
        seconds: of endurance, from take-off to landing.
    """

    dock: int
    route: Route
    first_photo: int
    last_photo: int
    seconds: float


def sorties(
    route: Route,
    docks: Sequence[LonLat],
    spec: VehicleSpec,
    *,
    wind: Wind = CALM,
    sky: Airspace | None = None,
    overlap: int = 0,
    finish: Callable[[Route], Route] | None = None,
) -> tuple[Sortie, ...]:
    """The fewest sorties that take every photograph of a route, evenly long.

    Args:
        docks: the nearest that reaches furthest flies each sortie.
        spec: ``usable_s`` is what a sortie may take; see `core.power.loaded` for age and payload.
        sky: transfers go round what it blocks; straight when None.
        overlap: photographs that each sortie takes again of the one before.
        finish: done to each sortie's route before it is measured, such as following the ground.

    Raises:
        InvalidInput: no photographs or docks, a wind or zone that lets nobody through, or a
            photograph that no dock reaches and comes home from.
    """
    if not docks or not route.shots or overlap < 0:
        what = "no dock" if not docks else "no photographs" if not route.shots else "no overlap"
        raise InvalidInput(f"there is {what} to fly from or for", where="sorties")
    limit = spec.usable_s - ROUNDING_S
    flown = _Flown(route, docks, spec, wind, sky)
    for _ in range(8):
        cuts = _balanced(flown, limit, overlap)
        found = tuple(_sortie(flown, *cut, finish) for cut in cuts)
        worst = max(s.seconds for s in found)
        if worst <= spec.usable_s:
            return found
        limit -= 1.05 * (worst - spec.usable_s) + ROUNDING_S
    raise InvalidInput(
        f"no sorties of {spec.usable_s / 60:.0f} min were found that follow the ground",
        where="sorties",
        remedy="use a vehicle of longer endurance, or more docks",
    )


class _Flown:
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


Cut = tuple[int, int, int]
"""A sortie's first and last photograph and its dock."""


def _greedy(flown: _Flown, limit: float, overlap: int, most: int) -> list[Cut] | None:
    """The fewest sorties within a time; None if one photograph does not fit, or over ``most``."""
    cuts: list[Cut] = []
    count, first = len(flown.start), 0
    while not cuts or cuts[-1][1] < count - 1:
        found = flown.furthest(first, limit)
        if found is None or len(cuts) == most or (cuts and found[0] <= cuts[-1][1]):
            return None
        cuts.append((first, *found))
        first = max(first + 1, found[0] + 1 - overlap)
    return cuts


def _balanced(flown: _Flown, limit: float, overlap: int) -> list[Cut]:
    """As many sorties as needed, the longest as short as that number allows.

    Raises:
        InvalidInput: a photograph cannot be reached.
    """
    best = _greedy(flown, limit, overlap, MOST)
    if best is None:
        raise _unreached(flown, limit)
    low, high = limit / 100, limit
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        found = _greedy(flown, middle, overlap, len(best))
        if found is None:
            low = middle
        else:
            best, high = found, middle
    return best


def _unreached(flown: _Flown, limit: float) -> InvalidInput:
    alone = (flown.out + flown.back).min(axis=0) + flown.end - flown.start
    worst = int(np.argmax(alone))
    spot = flown.route.shots[worst].position
    if alone[worst] <= limit:
        what = f"the route needs more than {MOST} sorties, or the overlap leaves no progress"
    elif math.isinf(alone[worst]):
        what = f"no dock has a way to photograph {worst} at {spot.lon:.6f}, {spot.lat:.6f}"
    else:
        what = (
            f"photograph {worst} at {spot.lon:.6f}, {spot.lat:.6f} takes "
            f"{alone[worst] / 60:.1f} min out and back, {limit / 60:.1f} min may be flown"
        )
    return InvalidInput(what, where="sorties", remedy="add a dock nearer to it, or more endurance")


def _sortie(
    flown: _Flown, first: int, last: int, dock: int, finish: Callable[[Route], Route] | None
) -> Sortie:
    """The flight of a cut, measured as plans measure it."""
    whole = out_and_back(piece(flown.route, first, last), flown.docks[dock], flown.sky)
    whole = finish(whole) if finish is not None else whole
    spec = flown.spec
    seconds = (
        climb_s(whole.waypoints[0].height_m, spec)
        + route_s(whole, spec, flown.wind)
        + descent_s(whole.waypoints[-1].height_m, spec)
    )
    return Sortie(dock=dock, route=whole, first_photo=first, last_photo=last, seconds=seconds)


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
