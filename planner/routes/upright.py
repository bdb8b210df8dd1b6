"""What stands upright, seen from the side in the day's planning: towers in rings, walls in rows."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from core.equipment import CameraSpec, Sensor, VehicleSpec
from core.geo import LonLat
from core.route import Route, Waypoint
from planner.routes.airspace import Airspace
from planner.routes.camera import Demand
from planner.routes.facade import LEAST_STANDOFF_M, beside, facade, rows_m
from planner.routes.orbit import levels, orbit, step_deg

Floats = npt.NDArray[np.float64]

BRAKES_MPS2 = 2.5
"""Acceleration of an ordinary autopilot set-up (ArduPilot's WPNAV_ACCEL is 2.5 m/s2): a drone
beside a wall stops within its standoff, on a ring it holds the circle."""
ABOVE_M = 10.0
"""A flight comes and goes so far above what it looks at, and not below `TRANSFER_M`."""
TRANSFER_M = 60.0
"""As for all transfers (`planner.assign.kinds`)."""
FARTHEST_M = 60.0
"""A wall is seen from no farther: other buildings stand between, and the picture is not square."""
LOWEST_RING_M = 10.0
"""Rings are no lower: a circle is not looked over metre by metre as a wall's foot is."""
_ROUNDING = 0.999
"""Photos are this much closer, so that the last one of a leg is not lost to rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upright:
    """What a look says of an orbit or a façade.

    Attributes:
        radius_m: of an orbit.
        base_m, top_m: of what is seen, above ground.
        every_deg: between photos of an orbit; 0 for what the overlap asks.
    """

    radius_m: float
    base_m: float
    top_m: float
    every_deg: float

    def joined(self, other: "Upright") -> "Upright":
        """What shows all that both show, as near and as closely."""
        steps = [s for s in (self.every_deg, other.every_deg) if s > 0]
        return Upright(
            radius_m=min(self.radius_m, other.radius_m),
            base_m=min(self.base_m, other.base_m),
            top_m=max(self.top_m, other.top_m),
            every_deg=min(steps, default=0.0),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """How a vehicle of one kind looks at it.

    Attributes:
        away_m: from the wall or the axis. heights_m: of rows or rings.
        spacing_m: between photos of a wall; step_deg: between photos of a ring.
        transfer_m: height at which it comes and goes.
    """

    away_m: float
    heights_m: tuple[float, ...]
    spacing_m: float
    step_deg: float
    speed_mps: float
    transfer_m: float
    sensor: Sensor | None


def stand(
    kind: str, upright: Upright, spec: VehicleSpec, demands: Mapping[Sensor, Demand]
) -> Stand | None:
    """How a kind of vehicle looks at it; None where its cameras are too coarse, the thing is too
    high for it, or it cannot fly sideways.

    Raises:
        KeyError: the vehicle lacks one of the sensors.
    """
    cameras = {s: _camera(spec, s) for s in demands}
    transfer = max(TRANSFER_M, upright.top_m + ABOVE_M)
    if spec.vtol or transfer > spec.max_height_m + 1e-6:
        return None
    farthest = min(cameras[s].height_for_gsd_m(d.gsd_m) for s, d in demands.items())
    away = upright.radius_m if kind == "orbit" else min(farthest, FARTHEST_M)
    if away < LEAST_STANDOFF_M or away > 1.01 * farthest:
        return None
    sizes = {s: c.footprint_m(away) for s, c in cameras.items()}
    tall = min(size[1] for size in sizes.values())
    overlap = max(d.side_overlap for d in demands.values())
    step = upright.every_deg or min(
        step_deg(cameras[s], away, away, d.front_overlap) for s, d in demands.items()
    )
    photo = (
        away * math.radians(step)
        if kind == "orbit"
        else min(sizes[s][0] * (1 - d.front_overlap) for s, d in demands.items())
    )
    firing = tuple(cameras.values()) if len(demands) == 1 else spec.cameras
    room = away if kind == "orbit" else 2 * away
    return Stand(
        away_m=away,
        heights_m=tuple(_heights(kind, upright, tall, overlap)),
        spacing_m=photo,
        step_deg=step,
        speed_mps=min(
            spec.cruise_mps,
            0.95 * photo / max(c.min_interval_s for c in firing),
            math.sqrt(BRAKES_MPS2 * room),
        ),
        transfer_m=transfer,
        sensor=next(iter(demands)) if len(demands) == 1 else None,
    )


def work_s(kind: str, geometry: Any, how: Stand) -> float:
    """About how long it takes."""
    once = 2 * math.pi * how.away_m if kind == "orbit" else float(geometry.length)
    return len(how.heights_m) * once / how.speed_mps + 2 * how.transfer_m / 3.0


def route(
    kind: str, geometry: Any, upright: Upright, spec: VehicleSpec, how: Stand, sky: Airspace
) -> Route | None:
    """The route, down from the height of transfers and up to it again; None where a zone is in
    the way.

    A waypoint before a climb or descent on the spot holds as long as that takes, which legs above
    ground do not count (`core.energy.step_s`).
    """
    points = _rings(geometry, upright, how) if kind == "orbit" else _rows(geometry, how)
    if not points:
        return None
    xy = np.array([p[:2] for p in points])
    if sky.inside(xy).any() or sky.crosses(xy[:-1], xy[1:]).any():
        return None
    lon, lat = sky.frame.lonlat(xy[:, 0], xy[:, 1])
    heights = np.array([p[2] for p in points])
    ahead = np.append(np.hypot(*np.diff(xy, axis=0).T), 0.0)
    rise = np.abs(np.append(np.diff(heights), 0.0))
    rate = min(spec.climb_mps, spec.descent_mps)
    flown = [
        Waypoint(
            position=LonLat(float(x), float(y)),
            height_m=float(h),
            sensor=how.sensor,
            hold_s=float(up / rate) if away < 0.01 and up > 0.1 else 0.0,
            speed_mps=how.speed_mps if not spacing else min(how.speed_mps, _slow(spacing, how)),
            photo=single,
            photo_spacing_m=spacing,
            heading_deg=heading,
            gimbal_pitch_deg=pitch,
        )
        for x, y, h, away, up, (*_, single, spacing, heading, pitch) in zip(
            lon, lat, heights, ahead, rise, points, strict=True
        )
    ]
    lift = (how.transfer_m - heights[[0, -1]]) / rate
    above = [
        Waypoint(
            position=w.position,
            height_m=how.transfer_m,
            sensor=how.sensor,
            hold_s=float(s),
            heading_deg=w.heading_deg,
            gimbal_pitch_deg=w.gimbal_pitch_deg,
        )
        for w, s in zip((flown[0], flown[-1]), lift, strict=True)
    ]
    return Route((above[0], *flown, above[1]))


Point = tuple[float, float, float, bool, float, float, float]
"""East, north, height in metres; whether one photo is taken here; metres between photos on the leg
that begins here, 0 for none; heading and pitch in degrees."""


def _rings(centre: Any, upright: Upright, how: Stand) -> list[Point]:
    shots = orbit(
        shapely.get_coordinates(centre)[0],
        radius_m=how.away_m,
        heights_m=how.heights_m,
        top_m=upright.top_m,
        every_deg=how.step_deg,
    )
    return [(x, y, up, True, 0.0, heading, pitch) for x, y, up, heading, pitch in shots]


def _rows(wall: Any, how: Stand) -> list[Point]:
    """Legs whose photos divide them evenly, joined beside the wall; none if a join is cut off."""
    if wall.length < 1.0:
        return []
    ways = beside(wall, how.away_m)
    points: list[Point] = []
    for (a, b), height, heading in facade(wall, heights_m=how.heights_m, away_m=how.away_m):
        if points:
            found = ways.way(np.array(points[-1][:2]), a)
            if found is None:
                return []
            points += [(float(x), float(y), height, False, 0.0, heading, 0.0) for x, y in found[1]]
        length = float(np.hypot(*(b - a)))
        each = _ROUNDING * length / math.ceil(length / how.spacing_m)
        points.append((float(a[0]), float(a[1]), height, False, each, heading, 0.0))
        points.append((float(b[0]), float(b[1]), height, False, 0.0, heading, 0.0))
    return points


def _heights(kind: str, upright: Upright, tall_m: float, overlap: float) -> list[float]:
    if kind == "facade":
        return rows_m(upright.base_m, upright.top_m, tall_m, overlap)
    top = max(upright.top_m, upright.base_m + 1.0)
    return sorted({max(LOWEST_RING_M, h) for h in levels(upright.base_m, top, tall_m, overlap)})


def _slow(spacing_m: float, how: Stand) -> float:
    """Speed at which photos come no faster than at the widest spacing."""
    return how.speed_mps * spacing_m / how.spacing_m


def _camera(spec: VehicleSpec, sensor: Sensor) -> CameraSpec:
    camera = spec.camera(sensor)
    if camera is None:
        raise KeyError(f"{spec.id} has no camera for {sensor}")
    return camera
