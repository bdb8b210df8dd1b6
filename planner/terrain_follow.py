"""A route whose heights follow the ground of a raster, with few waypoints.

Every leg stays where it is over ground; corners are added in height only, at places where fewer
would leave the band of ``tolerance_m`` around the wanted height. Photographs are taken by distance
flown, so that they stay at their places.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt

from core.equipment import VehicleSpec
from core.errors import InvalidInput
from core.geo import HeightModel, LocalFrame, LonLat, distance_m
from core.route import Route, Waypoint
from planner.terrain_links import Leg, fewest_links

Floats = npt.NDArray[np.float64]

STEP_M = 5.0
"""Sampling of the ground along the path; issue 3 asks for it."""
CLEARANCE_M = 30.0
"""Lowest height above anything in the raster near the path: `planner.verify` asks it of a look."""
CORRIDOR_M = 5.0
"""How far beside the path ground counts: satellite positions err by 2 m, paths by some more."""
SLACK_M = 0.5
"""Kept of the tolerance for what lies between samples."""
SLOWEST_MPS = 2.0
"""Slowest a rotary wing flies so that it climbs as steeply as a slope asks."""
NAIVE_M = 20.0
"""Spacing of naive waypoints where nothing is photographed: a usual photo spacing."""
ROOM_M = 0.5
"""Height of the band where the ground leaves none: a path needs some to turn up and down in."""


class Ground(HeightModel, Protocol):
    """Ground that knows how high it gets near a place."""

    def highest_m(self, lon: npt.ArrayLike, lat: npt.ArrayLike, within_m: float) -> Floats:
        """Metres AMSL of the highest ground within a distance of each place."""
        ...


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
    path = _sampled(route, ground, corridor_m, spec)
    low, high = _band(path, tolerance_m - SLACK_M, clearance_m, spec)
    legs = [
        Leg(path.x[a:b], low[a:b], high[a:b], path.up[k], path.down[k])
        for k, (a, b) in enumerate(pairwise(path.ends))
    ]
    corners = fewest_links(legs)
    made = _route(route, path, corners, spec, ground)
    return _judged(made, route, path, corners, tolerance_m)


@dataclass(frozen=True, eq=False)
class _Path:
    """A route's samples, leg after leg, both ends of each leg included.

    Attributes:
        ends: (L + 1,) where each leg's samples begin.
        x: (N,) metres from the leg's beginning; xy: (N, 2) metres of the frame.
        ground: (N,) metres AMSL, slopes between the middles of pixels.
        lowest, highest: (N,) the least and the most that pixels read as level steps say within
            half a sample along the path.
        near: (N,) the highest pixel within the corridor.
        wanted: (N,) metres above ground.
        up, down: (L,) steepest slopes of each leg.
    """

    frame: LocalFrame
    ends: list[int]
    x: Floats
    xy: Floats
    ground: Floats
    lowest: Floats
    highest: Floats
    near: Floats
    wanted: Floats
    up: Floats
    down: Floats


def _sampled(route: Route, ground: Ground, corridor_m: float, spec: VehicleSpec | None) -> _Path:
    points = route.waypoints
    frame = LocalFrame(points[len(points) // 2].position)
    place = np.column_stack(
        frame.xy([w.position.lon for w in points], [w.position.lat for w in points])
    )
    if len(points) == 1:  # a single place is a leg without length
        points, place = (points[0], points[0]), np.concatenate([place, place])
    length = np.hypot(*np.diff(place, axis=0).T)
    counts = np.maximum(1, np.ceil(length / STEP_M)).astype(int) + 1
    ends = [0, *np.cumsum(counts).tolist()]
    owner = np.repeat(np.arange(len(length)), counts)
    share = (np.arange(ends[-1]) - np.array(ends)[owner]) / (counts - 1)[owner]
    xy = place[owner] + share[:, None] * np.diff(place, axis=0)[owner]
    height = np.array([w.height_m for w in points])
    lon, lat = frame.lonlat(xy[:, 0], xy[:, 1])
    lowest, highest = _steps(ground, lon, lat)
    up, down = _slopes(points, spec)
    return _Path(
        frame=frame,
        ends=ends,
        x=share * length[owner],
        xy=xy,
        ground=ground.height_m(lon, lat),
        lowest=lowest,
        highest=highest,
        # pixels between two samples count for both, so that they count for the link between them
        near=ground.highest_m(lon, lat, corridor_m + STEP_M),
        wanted=height[owner] + share * np.diff(height)[owner],
        up=up,
        down=down,
    )


def _steps(ground: Ground, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Lowest and highest pixel at each sample and half a sample before and behind it."""
    here = ground.highest_m(lon, lat, 0.0)
    between = ground.highest_m((lon[1:] + lon[:-1]) / 2, (lat[1:] + lat[:-1]) / 2, 0.0)
    three = np.stack([here, np.append(between, here[-1]), np.insert(between, 0, here[0])])
    return three.min(axis=0), three.max(axis=0)


def _slopes(points: Sequence[Waypoint], spec: VehicleSpec | None) -> tuple[Floats, Floats]:
    """Steepest climb and descent of each leg, metres a metre."""
    if spec is None:
        return np.full(len(points) - 1, 2.5), np.full(len(points) - 1, 2.5)
    speed = np.array([w.speed_mps or spec.cruise_mps for w in points[:-1]])
    if not spec.vtol:
        speed = np.minimum(speed, SLOWEST_MPS)
    return spec.climb_mps / speed, spec.descent_mps / speed


def _band(
    path: _Path, tolerance_m: float, clearance_m: float, spec: VehicleSpec | None
) -> tuple[Floats, Floats]:
    """Lower and upper bounds AMSL that change no quicker than the vehicle climbs and sinks.

    The tolerance is kept whether pixels are read as steps or as slopes between their middles;
    where the steps are too high for both, as slopes. Where bounds contradict each other the path
    goes higher, never lower.
    """
    low = np.maximum(path.ground, path.highest) + path.wanted - tolerance_m
    high = np.minimum(path.ground, path.lowest) + path.wanted + tolerance_m
    steep = low > high - ROOM_M
    low[steep] = (path.ground + path.wanted - tolerance_m)[steep]
    high[steep] = (path.ground + path.wanted + tolerance_m)[steep]
    low = np.maximum(low, path.near + clearance_m)
    if spec is not None:
        high = np.minimum(high, path.ground + np.maximum(spec.max_height_m, path.wanted))
    owner = np.repeat(np.arange(len(path.up)), np.diff(path.ends))
    step = np.diff(path.x, prepend=0.0)
    step[path.ends[:-1]] = 0.0  # the end of a leg is the beginning of the next
    up, down = (step * path.up[owner]), (step * path.down[owner])
    _spread(low, up, down)
    upside_down = -high
    _spread(upside_down, down, up)
    return low, np.maximum(-upside_down, low + ROOM_M)


def _spread(low: Floats, up: Floats, down: Floats) -> None:
    """Raise a lower bound so that it rises by at most ``up`` and falls by ``down`` at each step."""
    values, rise, fall = low.tolist(), up.tolist(), down.tolist()
    for k in range(len(values) - 1, 0, -1):
        values[k - 1] = max(values[k - 1], values[k] - rise[k])
    for k in range(1, len(values)):
        values[k] = max(values[k], values[k - 1] - fall[k])
    low[:] = values


def _route(
    route: Route,
    path: _Path,
    corners: Sequence[Sequence[tuple[float, float]]],
    spec: VehicleSpec | None,
    ground: Ground,
) -> Route:
    """The given waypoints with their heights, and those inserted between them."""
    made: list[Waypoint] = []
    share: list[tuple[int, float]] = []
    for k, leg in enumerate(corners):
        given = route.waypoints[k]
        for (x, z), (x1, z1) in pairwise(leg):
            speed = _speed(given, x1 - x, z1 - z, spec)
            made.append(replace(given, amsl_m=z, speed_mps=speed))
            share.append((k, x / path.x[path.ends[k + 1] - 1] if x else 0.0))
            given = replace(route.waypoints[k], photo=False, hold_s=0.0)
    if len(route.waypoints) > 1:
        made.append(replace(route.waypoints[-1], amsl_m=corners[-1][-1][1]))
        share.append((len(corners) - 1, 1.0))
    ends = np.array(path.ends)
    leg_of, part = np.array([k for k, _ in share]), np.array([s for _, s in share])
    a, b = path.xy[ends[leg_of]], path.xy[ends[leg_of + 1] - 1]
    lon, lat = path.frame.lonlat(*(a + part[:, None] * (b - a)).T)
    above = np.array([w.amsl_m for w in made], float) - ground.height_m(lon, lat)
    inserted = (part > 0.0) & (part < 1.0)
    return Route(
        tuple(
            replace(w, position=LonLat(x, y) if new else w.position, height_m=height)
            for w, new, x, y, height in zip(
                made, inserted, lon.tolist(), lat.tolist(), above.tolist(), strict=True
            )
        )
    )


def _speed(
    given: Waypoint, length_m: float, rise_m: float, spec: VehicleSpec | None
) -> float | None:
    """Ground speed at which a rotary wing manages the slope of a link; None for cruise speed."""
    if spec is None or spec.vtol or abs(rise_m) < 1e-6:
        return given.speed_mps
    vertical = spec.climb_mps if rise_m > 0 else spec.descent_mps
    steepest = max(length_m, 1e-6) * vertical / abs(rise_m)
    return steepest if steepest < (given.speed_mps or spec.cruise_mps) else given.speed_mps


def _judged(
    made: Route,
    route: Route,
    path: _Path,
    corners: Sequence[Sequence[tuple[float, float]]],
    tolerance_m: float,
) -> Followed:
    """What the samples say about the path."""
    height = np.concatenate(
        [
            np.interp(path.x[a:b], *np.array(leg).T)
            for (a, b), leg in zip(pairwise(path.ends), corners, strict=True)
        ]
    )
    off = height - path.ground - path.wanted
    return Followed(
        route=made,
        naive=naive(route),
        highest_m=float(off.max()),
        lowest_m=float(off.min()),
        clearance_m=float((height - path.near).min()),
        shortfalls=tuple(_shortfalls(path, off, tolerance_m)),
    )


def _shortfalls(path: _Path, off: Floats, tolerance_m: float) -> Iterator[Shortfall]:
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
