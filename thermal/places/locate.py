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
from imagery.ground.sources import Laser
from thermal.detection.detect import Hotspot

CONFIDENCE = 2.4477
"""Semi-axes in standard deviations for 95 % of a two-dimensional normal distribution:
sqrt(chi2(0.95, 2)) = sqrt(5.991)."""

GROUND_SIGMA_M = 2.0
"""Standard deviation of a height model between its nodes (SRTM 1 arc-second in hills: 2-5 m)."""

NODE_M = 30.0
"""Distance between the nodes of such a model: nearer than this to a spot whose height a laser has
measured, its error is the same there, so only the rest counts."""

PIXEL_SIGMA = 0.5
"""Standard deviation of a hotspot's centre, pixels of the frame."""


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
    *,
    laser: Laser | None = None,
) -> Located:
    """The ground under a hotspot.

    Args:
        shape: (height, width) of the frame in which the hotspot was found; it may be stored
            smaller than the camera's native picture.
        laser: the range along the axis, where the file carries one (`sources.laser_of`).

    Raises:
        InvalidInput: the line of sight meets no ground within range.
    """
    return locate_pixel((hotspot.col, hotspot.row), shape, pose, camera, heights, laser=laser)


def locate_pixel(
    pixel: tuple[float, float],
    shape: tuple[int, int],
    pose: Pose,
    camera: CameraSpec,
    heights: HeightModel,
    *,
    laser: Laser | None = None,
) -> Located:
    """The ground at a pixel (column, row) of the stored frame; see `locate`.

    With a laser's range the ground is the height model raised or lowered to the spot that the
    laser hit: what the satellites and the model say of the height no longer matters.

    The error: each uncertain number (place, turns about the camera's axes, pixel, height of the
    ground, range) is moved by one standard deviation either way, all lines of sight are followed
    at once, and half the way between the two ends is that number's share. So far, and not by an
    infinitesimal step, the relief under the ellipse is felt.
    """
    plane = Plane.at(pose.position)
    native = native_pixel(camera, pixel[0], pixel[1], (shape[1], shape[0]))
    frame_px = camera.width_px / shape[1]
    bundle = _Bundle.around(pose, camera, native, PIXEL_SIGMA * frame_px, laser, heights)
    along = meet_ground(plane, bundle.starts, bundle.vectors, heights)
    if math.isnan(along[0]):
        raise InvalidInput(
            "the line of sight meets no ground within range",
            where=f"pixel {pixel[0]:.0f}, {pixel[1]:.0f}",
            remedy="tilt the gimbal further down",
        )
    ends = bundle.starts + bundle.vectors * along[:, None]
    spread = _shares(ends[:, :2])
    x, y = float(ends[0, 0]), float(ends[0, 1])
    return Located(
        position=LonLat(plane.lon(x), plane.lat(y)),
        altitude_m=float(ends[0, 2] + bundle.lift_m),
        error=Ellipse.of_covariance(spread.T @ spread),
        range_m=float(along[0]),
    )


def _shares(ends: Floats) -> Floats:
    """(K, 2) metres east and north that each uncertain number contributes: half the way between
    its two ends. Where one of the two rays misses the ground the other counts alone; where both
    do, the number says nothing."""
    plus, minus = ends[1::2] - ends[0], ends[2::2] - ends[0]
    plus, minus = np.where(np.isnan(plus), -minus, plus), np.where(np.isnan(minus), -plus, minus)
    return np.nan_to_num((plus - minus) / 2)


@dataclass(frozen=True, slots=True, eq=False)
class _Bundle:
    """The line of sight and its moved ones: two for each uncertain number, one standard deviation
    either way. Heights are those of the model: ``lift_m`` says how far above it the true ground
    is, by the laser."""

    starts: Floats
    vectors: Floats
    lift_m: float

    @classmethod
    def around(
        cls,
        pose: Pose,
        camera: CameraSpec,
        native: tuple[float, float],
        pixel_sigma: float,
        laser: Laser | None,
        heights: HeightModel,
    ) -> "_Bundle":
        turn = math.radians(pose.attitude_sigma_deg)
        column, row = native
        moved = [(0.0, 0.0), (pixel_sigma, 0.0), (0.0, pixel_sigma)]
        pixels = [(column + s * c, row + s * r) for c, r in moved for s in (1, -1)]
        straight = directions(pose.attitude, camera, [*pixels, _middle(camera)])
        turns = np.repeat(axes(pose.attitude), 2, axis=0) * np.tile([turn, -turn], 3)[:, None]
        vectors = np.tile(straight[0], (17, 1))
        # turning by a small angle about an axis adds its cross product with the direction
        vectors[7:13] += np.cross(turns, straight[0])
        vectors[13:] = straight[2:6]
        starts = np.zeros((17, 3))
        starts[:, 2] = pose.altitude_m
        for axis in range(2):
            starts[1 + 2 * axis, axis] = pose.horizontal_sigma_m
            starts[2 + 2 * axis, axis] = -pose.horizontal_sigma_m
        if laser is None:
            vertical = math.hypot(pose.vertical_sigma_m, GROUND_SIGMA_M)
            starts[5:7, 2] += (vertical, -vertical)
            return cls(starts, vectors, 0.0)
        return cls._by_laser(pose, starts, vectors, straight[6], turns, laser, heights)

    @classmethod
    def _by_laser(
        cls,
        pose: Pose,
        starts: Floats,
        vectors: Floats,
        axis: Floats,
        turns: Floats,
        laser: Laser,
        heights: HeightModel,
    ) -> "_Bundle":
        """The ground goes through the spot that the laser hit, so it moves with the camera and
        turns with it; instead of lifting the ground, all starts are lowered."""
        plane = Plane.at(pose.position)
        spot = pose.altitude_m + axis[2] * laser.range_m
        x, y = axis[:2] * laser.range_m
        model = float(np.ravel(heights.height_m(plane.lon(x), plane.lat(y)))[0])
        lift = np.full(len(starts), spot - model)
        lift[7:13] += np.cross(turns, axis)[:, 2] * laser.range_m
        apart = laser.range_m * float(
            np.linalg.norm(vectors[0] / _axis_share(vectors[0], axis) - axis)
        )
        relief = GROUND_SIGMA_M * min(1.0, apart / NODE_M)
        vertical = math.hypot(axis[2] * laser.sigma_m, relief)
        starts[:, 2] -= lift
        starts[5:7, 2] += (vertical, -vertical)
        return cls(starts, vectors, float(lift[0]))


def _axis_share(vector: Floats, axis: Floats) -> float:
    """Cosine between a line of sight and the camera's axis."""
    return max(float(vector @ axis), 0.1)


def _middle(camera: CameraSpec) -> tuple[float, float]:
    return camera.width_px / 2, camera.height_px / 2
