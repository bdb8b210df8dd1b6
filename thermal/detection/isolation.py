"""How much a place stands out, against eight directions around it and against its own rim.

Two measures at several scales, both differences of temperatures in kelvin, so that adding a
constant to a frame changes neither:

- *isolation*: the place less the highest of eight directions around it. Edges, lines and corners
  of large warm things have a direction that is as warm as they are, and vanish.
- *step*: the mean inside a disc less the mean of a thin ring that hugs it, at the disc that fits
  best. Gentle bumps of warm ground have a warm rim and vanish; a thing of its own has an edge no
  wider than the camera's blur.

The discs and rings are those of a target that a camera images (a disc blurred by 0.7 pixels);
`docs/detection.md` says on which frames the thresholds were chosen and on which they were scored.
"""

import threading
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from thermal.radiometry import Celsius

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.uint8]

BLUR_PX = 0.7
"""Standard deviation of the blur of a small target: a lens at its diffraction limit on 12 um pixels
(lambda 10 um, f/1.0: 0.42 x 10 um = 0.35 px) together with the pixel's own aperture (0.29 px) and
focus; the issue's targets have the same."""

_DIAMETERS = (2, 3, 4, 5, 7, 10, 14)
_SHIFTS = tuple((row, col) for row in (-1, 0, 1) for col in (-1, 0, 1))
_REACH = 11
"""Half a patch: the outer radius of the largest ring and one pixel of shift."""


class Buffers:
    """Arrays of one shape that a thread uses again and again: fresh ones cost 4-5 times as much."""

    def __init__(self) -> None:
        self._arrays: dict[str, Floats] = {}

    def get(self, name: str, shape: tuple[int, ...]) -> Floats:
        """The array of this name, made anew where the shape has changed."""
        array = self._arrays.get(name)
        if array is None or array.shape != shape:
            array = self._arrays[name] = np.empty(shape, np.float32)
        return array


class _Local(threading.local):
    def __init__(self) -> None:
        self.buffers = Buffers()


_LOCAL = _Local()


def buffers() -> Buffers:
    """This thread's own."""
    return _LOCAL.buffers


def isolation(values: Celsius) -> Floats:
    """(H, W) kelvin by which each place rises above the highest of eight directions around it, at
    the best of four scales (things of about 2, 4, 7 and 14 pixels).

    The array is this thread's own and is written over by the next call.
    """
    own, shape = buffers(), values.shape
    smooth = cv2.blur(values, (3, 3), dst=own.get("smooth", shape))
    wide = cv2.blur(values, (5, 5), dst=own.get("wide", shape))
    highest, rise = own.get("highest", shape), own.get("isolation part", shape)
    best = own.get("isolation", shape)
    centres = (values, smooth, smooth, wide)
    for number, (centre, ring) in enumerate(zip(centres, _RINGS, strict=True)):
        cv2.dilate(smooth, ring, dst=highest, borderType=cv2.BORDER_REPLICATE)
        if number == 0:
            cv2.subtract(centre, highest, dst=best)
        else:
            cv2.max(best, cv2.subtract(centre, highest, dst=rise), dst=best)
    return best


def steps(values: Celsius, places: Sequence[tuple[int, int]]) -> Floats:
    """(N,) kelvin by which the disc that fits best at each place rises above its own rim.

    Args:
        places: row and column of each; the disc may be centred a pixel beside.
    """
    if not places:
        return np.zeros(0, np.float32)
    rows, cols = np.array(places).T
    padded = cv2.copyMakeBorder(
        values, _REACH, _REACH, _REACH, _REACH, borderType=cv2.BORDER_REPLICATE
    )
    side = 2 * _REACH + 1
    windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side))
    patches = windows[rows, cols].reshape(len(places), -1)
    # the differences are small beside the level: without it float32 keeps their digits
    patches = patches - patches[:, patches.shape[1] // 2, None]
    # OpenCV's product keeps to this thread; numpy's wakes others, which a busy machine lets wait
    fits = cv2.gemm(patches, _KERNELS, 1.0, None, 0.0)
    return np.asarray(fits.max(axis=1), np.float32)


def _ring(radius: int) -> Mask:
    """Eight points on a circle, as a structuring element."""
    ring = np.zeros((2 * radius + 1, 2 * radius + 1), np.uint8)
    for eighth in range(8):
        angle = eighth * np.pi / 4
        row, column = round(radius * np.sin(angle)), round(radius * np.cos(angle))
        ring[radius + row, radius + column] = 1
    return ring


def _kernel(diameter: int, shift: tuple[int, int]) -> Floats:
    """Mean of a disc's inside less the mean of its rim, as weights of a patch.

    The inside leaves out most of the blurred edge; the rim begins where the blur has died away.
    The weights are scaled so that a blurred disc of this diameter gives its own peak contrast.
    """
    half = 0.5 if diameter % 2 == 0 else 0.0
    axis = np.arange(-_REACH, _REACH + 1) + half
    radius = np.hypot(axis[:, None] - shift[0], axis[None, :] - shift[1])
    inside = radius <= max(diameter / 2 - 0.5, 0.8)
    rim = (radius >= diameter / 2 + 1.0) & (radius <= diameter / 2 + 2.7)
    weights = inside / inside.sum() - rim / rim.sum()
    disc = cv2.GaussianBlur((radius <= diameter / 2).astype(np.float64), (0, 0), BLUR_PX)
    return np.asarray(weights * disc.max() / (weights * disc).sum(), np.float32).ravel()


_RINGS = tuple(_ring(radius) for radius in (3, 4, 6, 10))
_KERNELS = np.stack([_kernel(d, s) for d in _DIAMETERS for s in _SHIFTS], axis=1)
