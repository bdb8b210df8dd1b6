"""A first guess of how two photographs lie on each other, from where the camera was."""

import cv2
import numpy as np

from core.equipment import CameraSpec
from core.errors import InvalidInput
from core.geo import HeightModel
from core.pose import Pose
from imagery.change.register import Matrix
from imagery.ground.georeference import ground_point, native_pixel
from imagery.ground.rays import Plane


def guess(
    before: tuple[Pose, CameraSpec, tuple[int, int]],
    after: tuple[Pose, CameraSpec, tuple[int, int]],
    heights: HeightModel,
) -> Matrix | None:
    """(3, 3) pixels of the later picture to the earlier one's, by the ground that both see.

    Args:
        before, after: pose, camera and the stored picture's (width, height).

    Returns:
        None where a corner of either shows no ground.
    """
    plane = Plane.at(before[0].position)
    try:
        one, two = (_to_ground(*each, heights, plane) for each in (before, after))
        move = np.linalg.inv(one) @ two
    except (InvalidInput, np.linalg.LinAlgError):  # the sky is in it: features must do
        return None
    return np.asarray(move / move[2, 2])


def _to_ground(
    pose: Pose, camera: CameraSpec, size: tuple[int, int], heights: HeightModel, plane: Plane
) -> Matrix:
    """(3, 3) pixels of a stored picture to metres east and north, by its corners."""
    w, h = size
    corners = [(0, 0), (w, 0), (w, h), (0, h)]
    ground = [
        plane.xy(ground_point(pose, camera, native_pixel(camera, x, y, size), heights))
        for x, y in corners
    ]
    return np.asarray(
        cv2.getPerspectiveTransform(np.array(corners, np.float32), np.array(ground, np.float32)),
        np.float64,
    )
