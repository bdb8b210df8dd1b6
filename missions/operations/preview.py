"""A picture that a person can look at."""

import cv2
import numpy as np

from core.errors import UnreadableMedia
from thermal.formats.decode import decode

PREVIEW_PX = 640
"""Width to which small thermal frames are enlarged."""


def preview_of(data: bytes, *, radiometric: bool) -> bytes:
    """A JPEG of a medium: thermal frames in the inferno palette, scaled to their own range.

    The scale is the root of the range, so that the ground is still seen beside a fire.
    """
    if not radiometric:
        return data
    celsius = decode(data).celsius
    low, high = (float(v) for v in np.percentile(celsius, (0.5, 99.9)))
    scaled = np.clip((celsius - low) / max(high - low, 1.0), 0.0, 1.0)
    picture = cv2.applyColorMap((np.sqrt(scaled) * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    height, width = celsius.shape
    if width < PREVIEW_PX:
        size = (PREVIEW_PX, PREVIEW_PX * height // width)
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_NEAREST)
    encoded, buffer = cv2.imencode(".jpg", picture)
    if not encoded:
        raise UnreadableMedia("the preview cannot be encoded")
    return buffer.tobytes()
