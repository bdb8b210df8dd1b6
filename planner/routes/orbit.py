"""Round a tower, a mast or a fire: rings of photos, the camera turned to the middle."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.equipment import CameraSpec

Floats = npt.NDArray[np.float64]
Shot = tuple[float, float, float, float, float]
"""East, north, height above ground in metres; heading (clockwise from north) and pitch of the
camera (up positive) in degrees."""

LEAST_RADIUS_M = 5.0
"""Nearer than this no autopilot holds a circle: GNSS alone is good to 2 to 3 m."""


def levels(base_m: float, top_m: float, tall_m: float, overlap: float) -> list[float]:
    """Heights of rings, or of rows, whose pictures hold everything from base to top.

    Args:
        tall_m: height of what one picture shows at its distance.
        overlap: share that pictures one above the other have in common, 0 to below 1.

    >>> levels(0, 30, 20, 0.5), levels(0, 10, 20, 0.5)
    ([10.0, 20.0], [5.0])
    """
    size = top_m - base_m
    if size <= tall_m:
        return [base_m + size / 2]
    count = 1 + math.ceil((size - tall_m) / (tall_m * (1 - overlap)) - 1e-9)
    return [float(h) for h in np.linspace(base_m + tall_m / 2, top_m - tall_m / 2, count)]


def step_deg(camera: CameraSpec, radius_m: float, object_m: float, overlap: float) -> float:
    """Degrees between two photos of a ring, a divisor of the circle.

    Neighbouring pictures of an object of this width (its own radius) overlap by their share of the
    picture's width at the object's near side.
    """
    wide = camera.footprint_m(max(1.0, radius_m - object_m / 2))[0] * (1 - overlap)
    angle = math.degrees(wide / max(object_m / 2, 0.2 * radius_m))
    return 360.0 / max(8, math.ceil(360.0 / min(angle, 45.0)))


def orbit(
    centre: Floats, *, radius_m: float, heights_m: Sequence[float], top_m: float, every_deg: float
) -> list[Shot]:
    """Photos round a centre (2,) metres, ring by ring, each ring flown the other way round.

    The camera aims at the axis: level where a ring is no higher than the object, else down at its
    top.

    Raises:
        ValueError: a radius below `LEAST_RADIUS_M`, or an impossible step.
    """
    if radius_m < LEAST_RADIUS_M:
        raise ValueError(f"a radius of {radius_m:g} m is below {LEAST_RADIUS_M:g} m")
    if not 1.0 <= every_deg <= 120.0:
        raise ValueError(f"photos every {every_deg:g} degrees: 1 to 120 make sense")
    count = math.ceil(360.0 / every_deg - 1e-9)
    course = np.arange(count) * 2 * math.pi / count
    shots: list[Shot] = []
    for ring, height in enumerate(heights_m):
        pitch = -math.degrees(math.atan2(max(0.0, height - top_m), radius_m))
        for angle in course if ring % 2 == 0 else -course:
            out = np.array([math.sin(angle), math.cos(angle)])
            east, north = centre + radius_m * out
            heading = (math.degrees(angle) + 180.0) % 360.0
            shots.append((float(east), float(north), float(height), heading, pitch))
    return shots
