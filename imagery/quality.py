"""How good a picture is: measurements here, thresholds apart."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Gray = npt.NDArray[np.uint8]

_SHARPNESS_WIDTH_PX = 1024
"""Sharpness is measured at this width at most, so that cameras can be compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Measurements of one picture.

    Attributes:
        sharpness: variance of the Laplacian (Pech-Pacheco et al. 2000,
            doi:10.1109/ICPR.2000.903548) divided by the variance of the picture; blur lowers it,
            brightness does not.
        contrast: standard deviation of the grey values, 0 to 128.
        brightness: mean grey value, 0 to 255.
        dark_share, bright_share: shares of pixels at most 2 and at least 253.
    """

    sharpness: float
    contrast: float
    brightness: float
    dark_share: float
    bright_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """What a picture must be to be of use to an inspection; scenarios may ask more.

    The defaults only refuse what shows nothing: a lens cap, a burnt-out or a smeared frame.
    """

    min_sharpness: float = 0.002
    min_contrast: float = 1.5
    max_dark_share: float = 0.95
    max_bright_share: float = 0.95
    max_tilt_deg: float = 80.0
    """Largest angle between the line of sight and straight down."""


def measure(gray: Gray) -> Quality:
    """Measure a picture.

    Args:
        gray: (H, W) uint8 grey values.
    """
    height, width = gray.shape
    if width > _SHARPNESS_WIDTH_PX:
        size = (_SHARPNESS_WIDTH_PX, max(1, round(height * _SHARPNESS_WIDTH_PX / width)))
        gray = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
    mean, deviation = (float(v[0, 0]) for v in cv2.meanStdDev(gray))
    laplacian = cv2.Laplacian(gray, cv2.CV_16S)
    edges = float(cv2.meanStdDev(laplacian)[1][0, 0]) ** 2
    histogram = cv2.calcHist([gray], [0], None, [256], [0, 256]).ravel() / gray.size
    return Quality(
        sharpness=edges / max(deviation**2, 1e-6),
        contrast=deviation,
        brightness=mean,
        dark_share=float(histogram[:3].sum()),
        bright_share=float(histogram[253:].sum()),
    )


def judge(quality: Quality, thresholds: Thresholds) -> tuple[str, ...]:
    """Why the picture is of no use; empty when it is."""
    reasons = []
    if quality.dark_share > thresholds.max_dark_share:
        reasons.append(f"too dark: {quality.dark_share:.0%} of it is black")
    if quality.bright_share > thresholds.max_bright_share:
        reasons.append(f"overexposed: {quality.bright_share:.0%} of it is white")
    if quality.contrast < thresholds.min_contrast:
        reasons.append(f"shows nothing: contrast {quality.contrast:.1f} of 128")
    elif quality.sharpness < thresholds.min_sharpness:
        reasons.append(f"blurred: sharpness {quality.sharpness:.4f}")
    return tuple(reasons)


def tilt_deg(pitch_deg: float) -> float:
    """Angle between the line of sight and straight down, 0 to 180.

    >>> tilt_deg(-90.0), tilt_deg(-30.0)
    (0.0, 60.0)
    """
    return math.degrees(math.acos(max(-1.0, min(1.0, -math.sin(math.radians(pitch_deg))))))
