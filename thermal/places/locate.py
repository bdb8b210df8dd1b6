"""Where a hotspot is on the ground, and how sure that is."""

import math
from dataclasses import dataclass

import numpy as np

from core.equipment import CameraSpec
from core.errors import InvalidInput
from core.geo import HeightModel, LonLat
from core.pose import Pose
from imagery.ground.georeference import native_pixel
from imagery.ground.rays import Floats, Plane, axes, directions, meet_ground
from thermal.detection.detect import Hotspot

CONFIDENCE = 2.4477
"""Semi-axes in standard deviations for 95 % of a two-dimensional normal distribution:
sqrt(chi2(0.95, 2)) = sqrt(5.991)."""

GROUND_SIGMA_M = 2.0
"""Standard deviation of a height model between its nodes (SRTM 1 arc-second in hills: 2-5 m)."""

PIXEL_SIGMA = 0.5
"""Standard deviation of a hotspot's centre, pixels of the frame."""

_STEP_M, _STEP_DEG, _STEP_PX = 0.5, 0.1, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Ellipse:
    """The region that holds the true place with 95 % probability.

    Attributes:
        semi_major_m, semi_minor_m: half the axes.
        bearing_deg: direction of the major axis, clockwise from north, 0 to 180.
    """

    semi_major_m: float
    semi_minor_m: float
    bearing_deg: float

    def covariance(self) -> Floats:
        """(2, 2) covariance in m2, east then north."""
        angle = math.radians(self.bearing_deg)
        major = np.array([math.sin(angle), math.cos(angle)])
        minor = np.array([math.cos(angle), -math.sin(angle)])
        a, b = self.semi_major_m / CONFIDENCE, self.semi_minor_m / CONFIDENCE
        return np.asarray(a**2 * np.outer(major, major) + b**2 * np.outer(minor, minor))

    @classmethod
    def of_covariance(cls, covariance: Floats) -> "Ellipse":
        """The 95 % ellipse of a (2, 2) covariance in m2, east then north."""
        values, vectors = np.linalg.eigh(covariance)
        east, north = vectors[:, 1]
        minor, major = (CONFIDENCE * math.sqrt(max(float(v), 0.0)) for v in values)
        return cls(
            semi_major_m=major,
            semi_minor_m=minor,
            bearing_deg=math.degrees(math.atan2(east, north)) % 180.0,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """A place on the ground with its 95 % error ellipse; ``range_m`` from the camera to it."""

    position: LonLat
    altitude_m: float
    error: Ellipse
    range_m: float


def locate(
    hotspot: Hotspot,
    shape: tuple[int, int],
    pose: Pose,
    camera: CameraSpec,
    heights: HeightModel,
) -> Located:
    """The ground under a hotspot.

    Args:
        shape: (height, width) of the frame in which the hotspot was found; it may be stored
            smaller than the camera's native picture.

    Raises:
        InvalidInput: the line of sight meets no ground within range.
    """
    return locate_pixel((hotspot.col, hotspot.row), shape, pose, camera, heights)


def locate_pixel(
    pixel: tuple[float, float],
    shape: tuple[int, int],
    pose: Pose,
    camera: CameraSpec,
    heights: HeightModel,
) -> Located:
    """The ground at a pixel (column, row) of the stored frame; see `locate`.

    The error is propagated to first order: each of the pose's eight uncertain numbers is moved by
    a small step, all lines of sight are followed at once, and the shifts scale with the standard
    deviations.
    """
    plane = Plane.at(pose.position)
    native = native_pixel(camera, pixel[0], pixel[1], (shape[1], shape[0]))
    starts, vectors = _bundle(pose, camera, native)
    along = meet_ground(plane, starts, vectors, heights)
    if math.isnan(along[0]):
        raise InvalidInput(
            "the line of sight meets no ground within range",
            where=f"pixel {pixel[0]:.0f}, {pixel[1]:.0f}",
            remedy="tilt the gimbal further down",
        )
    ends = starts + vectors * along[:, None]
    shifts = ends[1:, :2] - ends[0, :2]
    # a ray that grazes the ground may miss it when moved; it then says nothing about the error
    slopes = np.nan_to_num(shifts) / _STEPS[:, None]
    frame_px = camera.width_px / shape[1]
    vertical = math.hypot(pose.vertical_sigma_m, GROUND_SIGMA_M)
    sigmas = np.array(
        [pose.horizontal_sigma_m] * 2
        + [vertical]
        + [pose.attitude_sigma_deg] * 3
        + [PIXEL_SIGMA * frame_px] * 2
    )
    spread = slopes * sigmas[:, None]
    x, y = float(ends[0, 0]), float(ends[0, 1])
    return Located(
        position=LonLat(plane.lon(x), plane.lat(y)),
        altitude_m=float(ends[0, 2]),
        error=Ellipse.of_covariance(spread.T @ spread),
        range_m=float(along[0]),
    )


_STEPS = np.array([_STEP_M] * 3 + [_STEP_DEG] * 3 + [_STEP_PX] * 2)


def _bundle(pose: Pose, camera: CameraSpec, pixel: tuple[float, float]) -> tuple[Floats, Floats]:
    """Starts and directions of the true ray and of eight moved ones: east, north, up, a small turn
    about each of the camera's axes, column, row."""
    starts = np.zeros((9, 3))
    starts[:, 2] = pose.altitude_m
    for axis in range(3):
        starts[1 + axis, axis] += _STEP_M
    column, row = pixel
    pixels = [(column, row), (column + _STEP_PX, row), (column, row + _STEP_PX)]
    straight = directions(pose.attitude, camera, pixels)
    vectors = np.empty((9, 3))
    vectors[:4] = straight[0]
    # turning by a small angle about an axis adds its cross product with the direction
    vectors[4:7] = straight[0] + math.radians(_STEP_DEG) * np.cross(
        axes(pose.attitude), straight[0]
    )
    vectors[7:] = straight[1:]
    return starts, vectors
