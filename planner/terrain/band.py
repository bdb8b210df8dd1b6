"""How high a route may fly along its legs, from the ground, the tolerance and the vehicle."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from core.equipment import VehicleSpec
from core.geo import HeightModel, LocalFrame
from core.route import Waypoint

Floats = npt.NDArray[np.float64]

STEP_M = 5.0
"""Sampling of the ground along the path; issue 3 asks for it."""
SLOWEST_MPS = 2.0
"""Slowest a rotary wing flies so that it climbs as steeply as a slope asks."""
STEEPEST = 2.5
"""Metres a metre, where the vehicle is not known: 5 m/s up at `SLOWEST_MPS`."""
ROOM_M = 0.5
"""Height of the band where the ground leaves none: a path needs some to turn up and down in."""


class Ground(HeightModel, Protocol):
    """Ground that knows how high it gets near a place."""

    def highest_m(self, lon: npt.ArrayLike, lat: npt.ArrayLike, within_m: float) -> Floats:
        """Metres AMSL of the highest ground within a distance of each place."""
        ...


@dataclass(frozen=True, eq=False)
class Path:
    """A route's samples, leg after leg, both ends of each leg included.

    Attributes:
        ends: (L + 1,) where each leg's samples begin.
        x: (N,) metres from the leg's beginning; xy: (N, 2) metres of the frame.
        ground: (N,) metres AMSL, slopes between the middles of pixels.
        lowest, highest: (N,) the least and the most that pixels read as level steps say within
            half a sample along the path.
        near: (N,) the highest pixel within the corridor.
        wanted: (N,) metres above ground.
        known: (N,) metres AMSL where a waypoint has them already, NaN elsewhere.
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
    known: Floats
    up: Floats
    down: Floats


def sampled(
    points: Sequence[Waypoint], ground: Ground, corridor_m: float, spec: VehicleSpec | None
) -> Path:
    """The samples of the legs between some waypoints; a single one is a leg without length."""
    points = (points[0], points[0]) if len(points) == 1 else points
    frame = LocalFrame(points[len(points) // 2].position)
    place = np.column_stack(
        frame.xy([w.position.lon for w in points], [w.position.lat for w in points])
    )
    length = np.hypot(*np.diff(place, axis=0).T)
    counts = np.maximum(1, np.ceil(length / STEP_M)).astype(int) + 1
    ends = [0, *np.cumsum(counts).tolist()]
    owner = np.repeat(np.arange(len(length)), counts)
    share = (np.arange(ends[-1]) - np.array(ends)[owner]) / (counts - 1)[owner]
    xy = place[owner] + share[:, None] * np.diff(place, axis=0)[owner]
    height = np.array([w.height_m for w in points])
    lon, lat = frame.lonlat(xy[:, 0], xy[:, 1])
    known = np.full(ends[-1], np.nan)
    amsl = np.array([np.nan if w.amsl_m is None else w.amsl_m for w in points])
    known[ends[:-1]], known[np.array(ends[1:]) - 1] = amsl[:-1], amsl[1:]
    lowest, highest = _steps(ground, frame, xy)
    up, down = _slopes(points, spec)
    return Path(
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
        known=known,
        up=up,
        down=down,
    )


def _steps(ground: Ground, frame: LocalFrame, xy: Floats) -> tuple[Floats, Floats]:
    """Lowest and highest pixel at each sample and up to half a sample before and behind it."""
    before, behind = np.roll(xy, 1, axis=0), np.roll(xy, -1, axis=0)
    before[0], behind[-1] = xy[0], xy[-1]
    spots = [xy, *(xy + s * (way - xy) for way in (before, behind) for s in (0.25, 0.5))]
    read = [ground.highest_m(*frame.lonlat(p[:, 0], p[:, 1]), 0.0) for p in spots]
    return np.min(read, axis=0), np.max(read, axis=0)


def _slopes(points: Sequence[Waypoint], spec: VehicleSpec | None) -> tuple[Floats, Floats]:
    """Steepest climb and descent of each leg, metres a metre."""
    if spec is None:
        return np.full(len(points) - 1, STEEPEST), np.full(len(points) - 1, STEEPEST)
    speed = np.array([w.speed_mps or spec.cruise_mps for w in points[:-1]])
    if not spec.vtol:
        speed = np.minimum(speed, SLOWEST_MPS)
    return spec.climb_mps / speed, spec.descent_mps / speed


def band(
    path: Path, tolerance_m: float, clearance_m: float, spec: VehicleSpec | None
) -> tuple[Floats, Floats]:
    """Lower and upper bounds AMSL that change no quicker than the vehicle climbs and sinks.

    The tolerance is kept whether pixels are read as steps or as slopes between their middles;
    where the steps are too high for both, as slopes. (All are read as slopes where ``lowest`` and
    ``highest`` are the ground.) Where bounds contradict each other the path goes higher, never
    lower; so do heights that are known already, by `ROOM_M` at most unless they are too low.
    """
    low = np.maximum(path.ground, path.highest) + path.wanted - tolerance_m
    high = np.minimum(path.ground, path.lowest) + path.wanted + tolerance_m
    steep = low > high - ROOM_M
    low[steep] = (path.ground + path.wanted - tolerance_m)[steep]
    high[steep] = (path.ground + path.wanted + tolerance_m)[steep]
    low = np.maximum(low, path.near + clearance_m)
    if spec is not None:
        high = np.minimum(high, path.ground + np.maximum(spec.max_height_m, path.wanted))
    low, high = (np.where(np.isnan(path.known), b, path.known) for b in (low, high))
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


def link_speed(
    given: Waypoint, length_m: float, rise_m: float, spec: VehicleSpec | None
) -> float | None:
    """Ground speed at which a rotary wing manages the slope of a link; None for cruise speed."""
    if spec is None or spec.vtol or abs(rise_m) < 1e-6:
        return given.speed_mps
    vertical = spec.climb_mps if rise_m > 0 else spec.descent_mps
    steepest = max(length_m, 1e-6) * vertical / abs(rise_m)
    return steepest if steepest < (given.speed_mps or spec.cruise_mps) else given.speed_mps
