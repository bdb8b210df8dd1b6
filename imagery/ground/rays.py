"""Lines of sight: from pixels to directions, and down to the ground.

Directions and places are metres east, north and up of a reference point. The plane metres come
from the ellipsoid's radii of curvature at the reference latitude; within 2 km of it they are true
to 2 cm, far below what a drone's attitude allows.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.equipment import CameraSpec
from core.geo import HeightModel, LonLat
from core.pose import Attitude
from imagery.ground.lens import tangents

Floats = npt.NDArray[np.float64]

MAX_RANGE_M = 1500.0
"""How far a line of sight is followed: beyond, a small drone's camera shows nothing of use."""

_SAMPLES = 32
_REFINEMENTS = 4
_SEMI_MAJOR_M, _ECCENTRICITY_2 = 6378137.0, 0.00669437999014  # WGS-84


@dataclass(frozen=True, slots=True)
class Plane:
    """Metres east and north of a reference point."""

    origin: LonLat
    east_m_per_deg: float
    north_m_per_deg: float

    @classmethod
    def at(cls, origin: LonLat) -> "Plane":
        """The plane that touches the ellipsoid at a point (radii of curvature M and N)."""
        sine = math.sin(math.radians(origin.lat))
        w = 1.0 - _ECCENTRICITY_2 * sine * sine
        normal = _SEMI_MAJOR_M / math.sqrt(w)
        meridian = normal * (1.0 - _ECCENTRICITY_2) / w
        east = normal * max(math.cos(math.radians(origin.lat)), 1e-6)
        return cls(origin, math.radians(east), math.radians(meridian))

    def lon(self, x: Any) -> Any:
        """Degrees of longitude for metres east."""
        return self.origin.lon + x / self.east_m_per_deg

    def lat(self, y: Any) -> Any:
        """Degrees of latitude for metres north."""
        return self.origin.lat + y / self.north_m_per_deg

    def xy(self, point: LonLat) -> tuple[float, float]:
        """Metres east and north of a point."""
        return (
            (point.lon - self.origin.lon) * self.east_m_per_deg,
            (point.lat - self.origin.lat) * self.north_m_per_deg,
        )


def axes(attitude: Attitude) -> Floats:
    """(3, 3) rows: the picture's right, its down and the line of sight, in east-north-up."""
    yaw, pitch, roll = (
        math.radians(angle) for angle in (attitude.yaw_deg, attitude.pitch_deg, attitude.roll_deg)
    )
    sy, cy, sp, cp = math.sin(yaw), math.cos(yaw), math.sin(pitch), math.cos(pitch)
    sr, cr = math.sin(roll), math.cos(roll)
    right, down = np.array([cy, -sy, 0.0]), np.array([sp * sy, sp * cy, -cp])
    forward = np.array([sy * cp, cy * cp, sp])
    return np.array([cr * right + sr * down, cr * down - sr * right, forward])


def directions(attitude: Attitude, camera: CameraSpec, pixels: npt.ArrayLike) -> Floats:
    """(N, 3) unit vectors through (N, 2) native pixels (column, row).

    The picture's corner is (0, 0) and its centre (width / 2, height / 2). NaN where the lens
    shows nothing.
    """
    slopes = tangents(camera, pixels)
    sight = np.ones((len(slopes), 3))
    sight[:, :2] = slopes
    vectors = sight @ axes(attitude)
    return np.asarray(vectors / np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None])


def meet_ground(plane: Plane, starts: Floats, vectors: Floats, heights: HeightModel) -> Floats:
    """Where rays first meet the ground.

    Args:
        starts: (N, 3) metres east, north of the plane's origin, and AMSL.
        vectors: (N, 3) unit vectors east, north, up.

    Returns:
        (N,) metres along each ray; NaN where it meets no ground within `MAX_RANGE_M` or begins
        below it.
    """
    reach = _reach(plane, starts, vectors, heights)
    share = np.linspace(0.0, 1.0, _SAMPLES)
    along = reach[:, None] * share
    above = _clearance(plane, starts[:, None], vectors[:, None], along, heights)
    below = above <= 0.0
    first = below.argmax(axis=1)
    rows = np.arange(len(starts))
    hit = below.any(axis=1) & ~below[:, 0]
    before = np.maximum(first - 1, 0)
    low, high = along[rows, before], along[rows, first]
    a, b = above[rows, before], above[rows, first]
    for _ in range(_REFINEMENTS):  # regula falsi: the ground is nearly straight between samples
        drop = np.where(a - b == 0.0, 1.0, a - b)
        middle = low + (high - low) * np.clip(a / drop, 0.0, 1.0)
        c = _clearance(plane, starts, vectors, middle, heights)
        under = c <= 0.0
        low, a = np.where(under, low, middle), np.where(under, a, c)
        high, b = np.where(under, middle, high), np.where(under, c, b)
    drop = np.where(a - b == 0.0, 1.0, a - b)
    distance = low + (high - low) * np.clip(a / drop, 0.0, 1.0)
    return np.where(hit, distance, np.nan)


def _reach(plane: Plane, starts: Floats, vectors: Floats, heights: HeightModel) -> Floats:
    """How far to follow each ray: 150 m below the ground under the camera, or the range."""
    ground = heights.height_m(plane.lon(starts[:, 0]), plane.lat(starts[:, 1]))
    descent = np.maximum(-vectors[:, 2], 1e-6)
    return np.minimum((np.maximum(starts[:, 2] - ground, 0.0) + 150.0) / descent, MAX_RANGE_M)


def _clearance(
    plane: Plane, starts: Floats, vectors: Floats, along: Floats, heights: HeightModel
) -> Floats:
    points = starts + vectors * along[..., None]
    ground = heights.height_m(plane.lon(points[..., 0]), plane.lat(points[..., 1]))
    return np.asarray(points[..., 2] - ground)
