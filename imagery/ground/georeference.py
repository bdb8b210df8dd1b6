"""From a pose to the ground and back: footprints, ground points, pixels.

A pinhole camera, the gimbal's attitude and a ray to the height model; the reference accuracy of
this method is a mean error below 4.2 m with ordinary GPS (Remote Sensing 2025, 17(23), 3911).
"""

import math

import numpy as np
import shapely

from core.equipment import CameraSpec, Sensor
from core.errors import InvalidInput
from core.geo import HeightModel, LonLat
from core.pose import Pose
from imagery.ground.lens import pixels
from imagery.ground.rays import Floats, Plane, axes, directions, meet_ground

_EDGE_STEPS = 12
_FULL_FRAME_DIAGONAL_MM = math.hypot(36.0, 24.0)


def footprint(pose: Pose, camera: CameraSpec, heights: HeightModel) -> shapely.Polygon:
    """The ground that a picture shows, in WGS-84 degrees.

    Where the picture reaches the sky or beyond `rays.MAX_RANGE_M` the footprint ends at the last
    ground along the picture's edges.

    Raises:
        InvalidInput: the picture shows no ground at all.
    """
    return look(pose, camera, heights)[0]


def look(
    pose: Pose, camera: CameraSpec, heights: HeightModel
) -> tuple[shapely.Polygon, float | None]:
    """The `footprint` and the length in metres of the central line of sight down to the ground
    (None when it meets none); one pass over the height model for both.

    Raises:
        InvalidInput: the picture shows no ground at all.
    """
    w, h = float(camera.width_px), float(camera.height_px)
    corners = np.array([(0, 0), (w, 0), (w, h), (0, h), (w / 2, h / 2)])
    points, distance = _ground(pose, camera, corners, heights)
    ring = points[:4]
    if np.isnan(distance[:4]).any():
        ring = _partial(pose, camera, heights)
    centre = None if math.isnan(distance[4]) else float(distance[4])
    return shapely.Polygon(np.vstack([ring, ring[:1]])), centre


def ground_point(
    pose: Pose, camera: CameraSpec, pixel: tuple[float, float], heights: HeightModel
) -> LonLat:
    """Where the line of sight through a native pixel (column, row) meets the ground.

    Raises:
        InvalidInput: it meets none within range.
    """
    points, distance = _ground(pose, camera, np.array([pixel]), heights)
    if math.isnan(distance[0]):
        raise InvalidInput(
            "the line of sight meets no ground within range",
            where=f"pixel {pixel[0]:.0f}, {pixel[1]:.0f}",
            remedy="tilt the gimbal further down",
        )
    return LonLat(float(points[0, 0]), float(points[0, 1]))


def pixel_of(
    pose: Pose, camera: CameraSpec, point: LonLat, altitude_m: float
) -> tuple[float, float] | None:
    """The native pixel (column, row) that shows a point; None when it is outside the picture.

    Args:
        altitude_m: of the point, above mean sea level.
    """
    plane = Plane.at(pose.position)
    x, y = plane.xy(point)
    right, down, ahead = axes(pose.attitude) @ np.array([x, y, altitude_m - pose.altitude_m])
    if ahead <= 0.0:
        return None
    column, row = pixels(camera, [(right / ahead, down / ahead)])[0]
    if not (0.0 <= column <= camera.width_px and 0.0 <= row <= camera.height_px):
        return None
    return float(column), float(row)


def native_pixel(
    camera: CameraSpec, column: float, row: float, stored: tuple[int, int]
) -> tuple[float, float]:
    """A native pixel from one of a picture stored at ``stored`` = (width, height).

    Stored frames may be smaller than the camera's native ones, or of another shape; both share
    the optical axis and the width.
    """
    scale = camera.width_px / stored[0]
    return column * scale, camera.height_px / 2 + (row - stored[1] / 2) * scale


def camera_from_focal35(
    name: str, sensor: Sensor, width_px: int, height_px: int, focal35_mm: float
) -> CameraSpec:
    """A camera known only by its 35 mm equivalent focal length.

    The equivalence is by the diagonal (CIPA DCG-001): for DJI's M30T, 40 mm gives 45.8 degrees,
    what 640 x 12 um behind 9.1 mm show.
    """
    diagonal = math.hypot(width_px, height_px)
    half_width_mm = _FULL_FRAME_DIAGONAL_MM * width_px / diagonal / 2
    hfov = 2 * math.degrees(math.atan(half_width_mm / focal35_mm))
    return CameraSpec(
        id=name,
        sensor=sensor,
        width_px=width_px,
        height_px=height_px,
        hfov_deg=min(max(hfov, 1.0), 169.0),
    )


def _ground(
    pose: Pose, camera: CameraSpec, points: Floats, heights: HeightModel
) -> tuple[Floats, Floats]:
    """(N, 2) degrees where lines of sight meet the ground, and their lengths: NaN for none."""
    plane = Plane.at(pose.position)
    vectors = directions(pose.attitude, camera, points)
    starts = np.zeros_like(vectors)
    starts[:, 2] = pose.altitude_m
    distance = meet_ground(plane, starts, vectors, heights)
    ends = vectors * distance[:, None]
    return np.column_stack([plane.lon(ends[:, 0]), plane.lat(ends[:, 1])]), distance


def _partial(pose: Pose, camera: CameraSpec, heights: HeightModel) -> Floats:
    """The outline of what ground an oblique picture shows: the ends of the ground seen along
    lines parallel to the side edges."""
    w, h = float(camera.width_px), float(camera.height_px)
    columns = np.linspace(0.0, w, 5)
    rows = np.linspace(0.0, h, _EDGE_STEPS + 1)
    grid = np.array([(c, r) for c in columns for r in rows])
    points, distance = _ground(pose, camera, grid, heights)
    points = points.reshape(len(columns), len(rows), 2)
    hit = np.isfinite(distance).reshape(len(columns), len(rows))
    far, near = [], []
    for line, seen in zip(points, hit, strict=True):
        if seen.sum() >= 2:
            ground = line[seen]
            far.append(ground[0])
            near.append(ground[-1])
    if len(far) < 2:
        raise InvalidInput(
            "the picture shows no ground",
            where=f"pitch {pose.attitude.pitch_deg:.0f} degrees",
            remedy="tilt the gimbal further down",
        )
    return np.array(far + near[::-1])
