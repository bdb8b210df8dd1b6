"""A route whose heights follow the ground of a raster, with few waypoints.

Every leg stays where it is over ground; corners are added in height only, at places where fewer
would leave the band of ``tolerance_m`` around the wanted height. Photographs are taken by distance
flown, so that they stay at their places.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from core.equipment import VehicleSpec
from core.errors import InvalidInput
from core.geo import LonLat, distance_m
from core.route import Route, Waypoint
from planner.terrain.band import STEP_M, Ground, Path, band, link_speed, sampled
from planner.terrain.links import Leg, fewest_links

Floats = npt.NDArray[np.float64]

CLEARANCE_M = 30.0
"""Lowest height above anything in the raster near the path: `planner.verify` asks it of a look."""
CORRIDOR_M = 5.0
"""How far beside the path ground counts: satellite positions err by 2 m, paths by some more."""
SLACK_M = 0.5
"""Kept of the tolerance for what lies between samples."""
NAIVE_M = 20.0
"""Spacing of naive waypoints where nothing is photographed: a usual photo spacing."""
FEW = 0.4
"""Share of the naive waypoints that may be spent on reading pixels as steps as well (issue 3)."""


@dataclass(frozen=True, kw_only=True)
class Shortfall:
    """A stretch where the vehicle or the clearance forces the path out of the tolerance.

    Attributes:
        position: where it is worst.
        above_m: how far above the wanted height there.
        length_m: of the stretch.
    """

    position: LonLat
    above_m: float
    length_m: float


@dataclass(frozen=True, kw_only=True)
class Followed:
    """A route with heights above mean sea level and what is known about it.

    Attributes:
        naive: waypoints if there were one at each photograph, see `naive`.
        highest_m, lowest_m: farthest above and below the wanted height at the samples.
        clearance_m: least height above anything in the raster near the path.
        shortfalls: where the tolerance could not be kept.
    """

    route: Route
    naive: int
    highest_m: float
    lowest_m: float
    clearance_m: float
    shortfalls: tuple[Shortfall, ...]


def follow(
    route: Route,
    ground: Ground,
    *,
    tolerance_m: float = 5.0,
    clearance_m: float = CLEARANCE_M,
    corridor_m: float = CORRIDOR_M,
    spec: VehicleSpec | None = None,
) -> Route:
    """The route of `followed`."""
    return followed(
        route,
        ground,
        tolerance_m=tolerance_m,
        clearance_m=clearance_m,
        corridor_m=corridor_m,
        spec=spec,
    ).route


def followed(
    route: Route,
    ground: Ground,
    *,
    tolerance_m: float = 5.0,
    clearance_m: float = CLEARANCE_M,
    corridor_m: float = CORRIDOR_M,
    spec: VehicleSpec | None = None,
) -> Followed:
    """The route with the fewest waypoints whose straight legs keep the wanted height.

    The wanted height above ground goes straight from each waypoint's ``height_m`` to the next
    one's. Inserted waypoints, and those given, say their true height above ground and AMSL.
    Legs whose both ends know their AMSL height are left as they are: transfers can be added to a
    route that follows the ground, and be followed by themselves.

    Args:
        tolerance_m: farthest from the wanted height, at samples every `STEP_M`.
        clearance_m: kept above every pixel within ``corridor_m`` of the path, whatever it costs.
        spec: a wing climbs at cruise speed or not at all; a rotary wing slows down where it is
            steep. It also gives the greatest height above ground.

    Raises:
        InvalidInput: a tolerance or clearance that cannot be, or ground that is not known.
    """
    if not tolerance_m > SLACK_M or not clearance_m >= 0 or not corridor_m >= 0:
        raise InvalidInput(
            f"cannot keep within {tolerance_m} m with {clearance_m} m of clearance",
            where="terrain",
            remedy=f"give a tolerance above {SLACK_M} m, clearance and corridor of 0 or more",
        )
    points = list(route.waypoints)
    parts: list[_Part] = []
    for first, last in _runs(points, tolerance_m)[::-1]:  # the numbers of those before stay
        run = points[first : last + 1]
        path = sampled(run, ground, corridor_m, spec)
        margin = tolerance_m - SLACK_M
        corners = _linked(path, band(path, margin, clearance_m, spec))
        if sum(len(c) - 1 for c in corners) + 1 > FEW * naive(Route(tuple(run))):
            slopes = replace(path, lowest=path.ground, highest=path.ground)
            corners = _linked(path, band(slopes, margin, clearance_m, spec))
        points[first : last + 1] = _placed(run, path, corners, spec, ground)
        parts.append(_judged(path, corners, tolerance_m))
    return Followed(
        route=Route(tuple(points)),
        naive=naive(route),
        highest_m=max((p.highest_m for p in parts), default=0.0),
        lowest_m=min((p.lowest_m for p in parts), default=0.0),
        clearance_m=min((p.clearance_m for p in parts), default=math.inf),
        shortfalls=tuple(s for p in parts[::-1] for s in p.shortfalls),
    )


def _runs(points: Sequence[Waypoint], tolerance_m: float) -> list[tuple[int, int]]:
    """First and last waypoint of the stretches to follow.

    Between them lie legs whose both ends know their height, and legs straight up or down.
    """
    found: list[tuple[int, int]] = []
    first = 0
    for k, (a, b) in enumerate(pairwise(points)):
        steep = abs(a.height_m - b.height_m) > tolerance_m
        lift = steep and distance_m(a.position, b.position) < 0.1
        if lift or (a.amsl_m is not None and b.amsl_m is not None):
            found.append((first, k))
            first = k + 1
    found.append((first, len(points) - 1))
    return [(i, j) for i, j in found if i < j or points[i].amsl_m is None]


def _linked(path: Path, bounds: tuple[Floats, Floats]) -> list[list[tuple[float, float]]]:
    """The corners of each leg through a band."""
    low, high = bounds
    return fewest_links(
        [
            Leg(path.x[a:b], low[a:b], high[a:b], path.up[k], path.down[k])
            for k, (a, b) in enumerate(pairwise(path.ends))
        ]
    )


def _placed(
    run: Sequence[Waypoint],
    path: Path,
    corners: Sequence[Sequence[tuple[float, float]]],
    spec: VehicleSpec | None,
    ground: Ground,
) -> list[Waypoint]:
    """The given waypoints with their heights, and those inserted between them."""
    made: list[Waypoint] = []
    share: list[tuple[int, float]] = []
    for k, leg in enumerate(corners):
        given = run[k]
        for (x, z), (x1, z1) in pairwise(leg):
            speed = link_speed(given, x1 - x, z1 - z, spec)
            made.append(replace(given, amsl_m=float(z), speed_mps=speed))
            share.append((k, x / path.x[path.ends[k + 1] - 1] if x else 0.0))
            given = replace(run[k], photo=False, hold_s=0.0)
    if len(run) > 1:
        made.append(replace(run[-1], amsl_m=float(corners[-1][-1][1])))
        share.append((len(corners) - 1, 1.0))
    ends = np.array(path.ends)
    leg_of, part = np.array([k for k, _ in share]), np.array([s for _, s in share])
    a, b = path.xy[ends[leg_of]], path.xy[ends[leg_of + 1] - 1]
    lon, lat = path.frame.lonlat(*(a + part[:, None] * (b - a)).T)
    above = np.array([w.amsl_m for w in made], float) - ground.height_m(lon, lat)
    inserted = (part > 0.0) & (part < 1.0)
    return [
        replace(w, position=LonLat(x, y) if new else w.position, height_m=height)
        for w, new, x, y, height in zip(
            made, inserted, lon.tolist(), lat.tolist(), above.tolist(), strict=True
        )
    ]


@dataclass(frozen=True, kw_only=True)
class _Part:
    """What `Followed` says, of one stretch."""

    highest_m: float
    lowest_m: float
    clearance_m: float
    shortfalls: tuple[Shortfall, ...]


def _judged(
    path: Path, corners: Sequence[Sequence[tuple[float, float]]], tolerance_m: float
) -> _Part:
    """What the samples say about the path."""
    height = np.concatenate(
        [
            np.interp(path.x[a:b], *np.array(leg).T)
            for (a, b), leg in zip(pairwise(path.ends), corners, strict=True)
        ]
    )
    off = height - path.ground - path.wanted
    return _Part(
        highest_m=float(off.max()),
        lowest_m=float(off.min()),
        clearance_m=float((height - path.near).min()),
        shortfalls=tuple(_shortfalls(path, off, tolerance_m)),
    )


def _shortfalls(path: Path, off: Floats, tolerance_m: float) -> Iterator[Shortfall]:
    """The stretches of samples that are out of the tolerance."""
    out = np.concatenate([[False], off > tolerance_m, [False]])
    edges = np.flatnonzero(np.diff(out.astype(int)))
    for a, b in edges.reshape(-1, 2):
        k = a + int(np.argmax(off[a:b]))
        length = float(np.hypot(*np.diff(path.xy[a:b], axis=0).T).sum()) + STEP_M
        position = path.frame.point(float(path.xy[k, 0]), float(path.xy[k, 1]))
        yield Shortfall(position=position, above_m=float(off[k]), length_m=length)


def naive(route: Route) -> int:
    """Waypoints if there were one at each photograph, and as dense on legs without."""
    spacings = [w.photo_spacing_m for w in route.waypoints if w.photo_spacing_m > 0]
    usual = min(spacings, default=NAIVE_M)
    return 1 + sum(
        max(1, math.ceil(distance_m(a.position, b.position) / (a.photo_spacing_m or usual)))
        for a, b in pairwise(route.waypoints)
    )
