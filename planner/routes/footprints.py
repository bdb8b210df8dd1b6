"""What a route photographs: the ground of its photos, for the share of a territory that is seen."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np
import shapely

from core.equipment import CameraSpec, Sensor, VehicleSpec
from core.geo import LocalFrame
from core.route import Route, Waypoint

STEEP_DEG = -85.0
"""Steeper than this counts as straight down."""
LEAST_DOWN_DEG = 15.0
"""Ground seen more flatly than this, four times as far as the drone is high, counts as not seen."""


def photographed(
    route: Route,
    spec: VehicleSpec,
    frame: LocalFrame,
    *,
    gsd_m: float | None = None,
    sensors: frozenset[Sensor] | None = None,
) -> list[Any]:
    """Footprints of a route's photos on level ground, shapely polygons in metres of the frame.

    A photo leg gives one rectangle: as wide as the widest camera in use, as long as the leg and
    half a photo more at either end. A single photo gives its own rectangle, along the leg there.
    A camera that looks aside shows what its corners' rays meet; one that sees the horizon, or
    looks level at a wall, shows no ground that counts.

    Args:
        gsd_m: leave out cameras that are coarser at the flown height (by more than 1 %).
        sensors: only what these see.
    """
    points = route.waypoints
    xy = np.column_stack(
        frame.xy([w.position.lon for w in points], [w.position.lat for w in points])
    )
    found = []
    for k, (a, b) in enumerate(pairwise(points)):
        if a.photo_spacing_m > 0:
            camera = _widest(a, spec, max(a.height_m, b.height_m), gsd_m, sensors)
            if camera is not None and a.gimbal_pitch_deg <= STEEP_DEG:
                found.append(_rectangle(xy[k], xy[k + 1], camera, min(a.height_m, b.height_m)))
            elif camera is not None:
                ends = [
                    _aside(xy[k], a, a.height_m, camera),
                    _aside(xy[k + 1], a, b.height_m, camera),
                ]
                if ends[0] is not None and ends[1] is not None:
                    found.append(shapely.union(*ends).convex_hull)
    for k, point in enumerate(points):
        camera = _widest(point, spec, point.height_m, gsd_m, sensors) if point.photo else None
        if camera is not None and point.gimbal_pitch_deg <= STEEP_DEG:
            ahead = _ahead(xy, k)
            found.append(_rectangle(xy[k], xy[k] + 1e-6 * ahead, camera, point.height_m))
        elif camera is not None:
            ground = _aside(xy[k], point, point.height_m, camera)
            found.extend([] if ground is None else [ground])
    return found


def seen(footprints: Iterable[Any], territory: Any) -> float:
    """Share of a territory that lies in the union of footprints, both in metres of one frame."""
    union = shapely.union_all(list(footprints))
    return float(shapely.intersection(union, territory).area / territory.area)


def _aside(spot: Any, point: Waypoint, height_m: float, camera: CameraSpec) -> Any:
    """The ground that a camera turned up from straight down shows; None if it sees no end of it."""
    course, pitch = np.radians([point.heading_deg or 0.0, point.gimbal_pitch_deg])
    level = np.array([np.sin(course), np.cos(course), 0.0])
    ahead = level * np.cos(pitch) + np.array([0.0, 0.0, np.sin(pitch)])
    right = np.array([level[1], -level[0], 0.0])
    up = np.cross(right, ahead)
    wide, tall = (size / 2 for size in camera.footprint_m(1.0))
    rays = np.array(
        [
            ahead + x * right + y * up
            for x, y in ((-wide, -tall), (wide, -tall), (wide, tall), (-wide, tall))
        ]
    )
    down = -rays[:, 2] / np.linalg.norm(rays, axis=1)
    if down.min() < np.sin(np.radians(LEAST_DOWN_DEG)):
        return None
    return shapely.Polygon(spot + height_m * rays[:, :2] / -rays[:, 2:])


def _widest(
    point: Waypoint,
    spec: VehicleSpec,
    height_m: float,
    gsd_m: float | None,
    sensors: frozenset[Sensor] | None,
) -> CameraSpec | None:
    """The camera in use with the widest picture that is fine enough."""
    used = [
        c
        for c in spec.cameras
        if point.sensor in (None, c.sensor)
        and (sensors is None or c.sensor in sensors)
        and (gsd_m is None or c.gsd_m(height_m) <= 1.01 * gsd_m)
    ]
    return max(used, key=lambda c: c.footprint_m(height_m)[0], default=None)


def _ahead(xy: Any, k: int) -> Any:
    """Direction of flight at a waypoint, a unit vector."""
    for a, b in ((k, k + 1), (k - 1, k)):
        if a >= 0 and b < len(xy):
            step = xy[b] - xy[a]
            length = float(np.hypot(*step))
            if length > 0.01:
                return step / length
    return np.array([0.0, 1.0])


def _rectangle(a: Any, b: Any, camera: CameraSpec, height_m: float) -> Any:
    step = b - a
    along = step / max(float(np.hypot(*step)), 1e-12)
    left = np.array([-along[1], along[0]])
    width, length = camera.footprint_m(height_m)
    a, b = a - along * length / 2, b + along * length / 2
    side = left * width / 2
    return shapely.Polygon([a + side, b + side, b - side, a - side])
