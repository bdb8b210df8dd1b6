"""The frame laid on the ground, for the page's map: north up, in metres round the camera."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from core.equipment import CameraSpec
from core.errors import InvalidInput
from core.geo import HeightModel, LonLat
from core.pose import Pose
from imagery.ground.georeference import ground_point
from imagery.ground.rays import Plane
from thermal.places.locate import Ellipse, Located

_PICTURE_PX = 600
_FARTHEST = 6.0
"""What lies further off than so many flying heights is left out: it would be a smear."""

_TOPS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
"""Shares of an oblique picture's height that may be left out at its far side."""

_NARROWEST = 0.5
"""A map is at least half as high as wide, and half as wide as high."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A find on the map: metres east and south of the camera, and its 95 % ellipse."""

    number: int
    x: float
    y: float
    error: Ellipse

    def edges(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Two corners of a square round the ellipse."""
        reach = self.error.semi_major_m
        return (self.x - reach, self.y - reach), (self.x + reach, self.y + reach)


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """What the map shows; lengths in metres, x to the east and y to the south of the camera.

    Attributes:
        picture: PNG data address of the frame seen from above, and its (x, y, width, height).
        outline: corners of the ground shown; empty when the frame shows the horizon.
        box: (x, y, width, height) of all of it with a margin.
        scale_m: a round length for the scale bar.
    """

    position: LonLat
    picture: str | None
    picture_box: tuple[float, float, float, float]
    outline: tuple[tuple[float, float], ...]
    marks: tuple[Mark, ...]
    box: tuple[float, float, float, float]
    scale_m: float


def lay(
    picture: npt.NDArray[np.uint8],
    pose: Pose,
    camera: CameraSpec | None,
    heights: HeightModel | None,
    places: Sequence[tuple[int, Located]],
) -> Laid:
    """Lay a frame and its finds on the ground.

    Args:
        picture: (H, W, 3) RGB, the frame in its palette.
        camera, heights: None where unknown; only the camera's place is drawn then.
        places: finds with their numbers.
    """
    plane = Plane.at(pose.position)
    marks = tuple(_mark(plane, number, place) for number, place in places)
    corners, address, spread = None, None, (0.0, 0.0, 0.0, 0.0)
    for top in _TOPS:
        if camera is None or heights is None:
            break
        corners = _corners(pose, camera, heights, plane, top)
        if corners is not None:
            address, spread = _above(picture[round(top * picture.shape[0]) :], corners)
            break
    outline = () if corners is None else tuple((float(x), float(y)) for x, y in corners)
    box = _box([(0.0, 0.0), *outline, *(edge for m in marks for edge in m.edges())])
    return Laid(
        position=pose.position,
        picture=address,
        picture_box=spread,
        outline=outline,
        marks=marks,
        box=box,
        scale_m=_round_length(box[2] / 4),
    )


def _mark(plane: Plane, number: int, place: Located) -> Mark:
    x, y = plane.xy(place.position)
    return Mark(number=number, x=float(x), y=-float(y), error=place.error)


def _corners(
    pose: Pose, camera: CameraSpec, heights: HeightModel, plane: Plane, top: float
) -> npt.NDArray[np.float64] | None:
    """(4, 2) where the picture below a share ``top`` of its height meets the ground, clockwise from
    its upper left; None when a corner is too far off or shows the sky."""
    w, h = float(camera.width_px), float(camera.height_px)
    found = []
    for corner in ((0.0, top * h), (w, top * h), (w, h), (0.0, h)):
        try:
            x, y = plane.xy(ground_point(pose, camera, corner, heights))
        except InvalidInput:
            return None
        found.append((float(x), -float(y)))
    corners = np.array(found)
    above = pose.altitude_m - float(heights.height_m(pose.position.lon, pose.position.lat))
    farthest = float(np.hypot(*corners.T).max())
    return corners if farthest <= _FARTHEST * max(above, 1.0) else None


def _above(
    picture: npt.NDArray[np.uint8], corners: npt.NDArray[np.float64]
) -> tuple[str, tuple[float, float, float, float]]:
    """The picture as seen from straight above, transparent outside, and where it lies."""
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    per_m = _PICTURE_PX / max(right - left, bottom - top)
    size = (max(1, round((right - left) * per_m)), max(1, round((bottom - top) * per_m)))
    height, width = picture.shape[:2]
    source = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    target = ((corners - (left, top)) * per_m).astype(np.float32)
    opaque = np.dstack([picture, np.full((height, width), 255, np.uint8)])
    seen = cv2.warpPerspective(opaque, cv2.getPerspectiveTransform(source, target), size)
    out = io.BytesIO()
    Image.fromarray(seen, "RGBA").save(out, "PNG", compress_level=6)
    address = "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()
    return address, (float(left), float(top), float(right - left), float(bottom - top))


def _box(points: Sequence[tuple[float, float]]) -> tuple[float, float, float, float]:
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    margin = 0.08 * max(max(xs) - min(xs), max(ys) - min(ys)) + 5.0
    width, height = max(xs) - min(xs) + 2 * margin, max(ys) - min(ys) + 2 * margin
    wide, tall = max(width, _NARROWEST * height), max(height, _NARROWEST * width)
    middle = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    return middle[0] - wide / 2, middle[1] - tall / 2, wide, tall


def _round_length(metres: float) -> float:
    """The largest of 1, 2, 5, 10, ... metres that is not longer."""
    power = 10.0 ** np.floor(np.log10(max(metres, 1.0)))
    return float(max(step * power for step in (1.0, 2.0, 5.0) if step * power <= max(metres, 1.0)))
