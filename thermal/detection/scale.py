"""How large a pixel of a frame is on the ground."""

import math

from core.equipment import CameraSpec
from core.errors import InvalidInput
from core.geo import HeightModel
from core.pose import Pose
from thermal.places.locate import locate_pixel


def gsd_m(
    shape: tuple[int, int],
    pose: Pose | None,
    camera: CameraSpec | None,
    heights: HeightModel | None,
) -> float | None:
    """Metres that a pixel at the middle of the frame covers, across the line of sight.

    None where the pose, the camera or the ground is not known, or the middle shows sky. Along the
    line of sight a pixel of an oblique frame covers more ground; sizes are meant across.

    Args:
        shape: (height, width) of the stored frame.
    """
    if pose is None or camera is None or heights is None:
        return None
    height, width = shape
    try:
        middle = locate_pixel((width / 2, height / 2), shape, pose, camera, heights)
    except InvalidInput:  # the middle of the frame is above the horizon
        return None
    return middle.range_m * 2 * math.tan(math.radians(camera.hfov_deg) / 2) / width
