"""What stands above the ground moves beside it when the drone's place differs: followed by flow."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Gray = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

MAX_PARALLAX_SHARE = 0.04
"""Relief moves things by at most so much of the width; flow beyond it is a mismatch."""


def relief(first: Gray, moved: Gray, valid: Mask) -> Floats:
    """(H, W, 2) float32: where each pixel of the first is in the moved second, less its own place.

    Dense inverse search (Kroeger et al. 2016, arXiv:1603.03590), pixels.
    """
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow = np.asarray(search.calc(first, np.where(valid, moved, first), None), np.float32)
    most = MAX_PARALLAX_SHARE * first.shape[1]
    length = np.linalg.norm(flow, axis=2, keepdims=True)
    flow *= np.minimum(1.0, most / np.maximum(length, 1e-6))
    flow[~valid] = 0.0
    return np.dstack([cv2.medianBlur(np.ascontiguousarray(flow[..., k]), 5) for k in (0, 1)])


def follow(picture: npt.NDArray[Any], flow: Floats) -> npt.NDArray[Any]:
    """A picture brought back by a flow."""
    rows, columns = np.mgrid[0 : flow.shape[0], 0 : flow.shape[1]].astype(np.float32)
    return cv2.remap(
        picture,
        columns + flow[..., 0],
        rows + flow[..., 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
