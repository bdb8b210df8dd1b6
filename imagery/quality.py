"""How good a picture is: measurements here, thresholds apart."""

import hashlib
import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Gray = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

MEASURED_WIDTH_PX = 1024
"""Pictures are measured at this width at most, so that cameras can be compared."""

_LAG_PX = 8
_DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))
_BLUR_TABLE = (
    (0.0148, 40.0),
    (0.0234, 20.0),
    (0.0268, 12.0),
    (0.0345, 8.0),
    (0.0477, 6.0),
    (0.0817, 4.0),
    (0.114, 3.0),
    (0.198, 2.0),
    (0.326, 1.0),
)
"""(fine detail, length in pixels of a linear motion blur that leaves it): medians over the 18 sharp
frames of the public survey drone_dataset_brighton_beach (BSD-2), blurred along 0, 45 and 90
degrees; docs/ingest.md has the spread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Measurements of one picture; None for what does not apply to it.

    Attributes:
        sharpness: variance of the Laplacian (Pech-Pacheco et al. 2000,
            doi:10.1109/ICPR.2000.903548) divided by the variance of the picture.
        contrast: standard deviation of the grey values, 0 to 128.
        brightness: mean grey value, 0 to 255.
        dark_share, bright_share: shares of pixels at most 2 and at least 253.
        fine_detail: the structure function (mean squared difference of grey values) one pixel apart
            over that 8 pixels apart, in the direction in which it is least. Blur along any
            direction lowers it; scene and light hardly change it.
        blur_px: length in native pixels of the motion blur that leaves so little detail.
        tilt_deg: angle between the line of sight and straight down.
        height_m: of the camera above the ground straight below.
        span_k, noise_k: of temperatures: standard deviation over the frame, and of the finest
            detail (Immerkaer 1996, doi:10.1006/cviu.1996.0060).
        saturated_share: of temperatures: share of pixels at the very largest or smallest value.
        content: a hash of the pixels; two photographs from two places never share one.
    """

    sharpness: float = 0.0
    contrast: float = 0.0
    brightness: float = 0.0
    dark_share: float = 0.0
    bright_share: float = 0.0
    fine_detail: float | None = None
    blur_px: float | None = None
    tilt_deg: float | None = None
    height_m: float | None = None
    span_k: float | None = None
    noise_k: float | None = None
    saturated_share: float | None = None
    content: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """What a picture must be to be of use; scenarios may ask more.

    The defaults only refuse what shows nothing: a lens cap, a burnt-out or a smeared frame.

    Attributes:
        max_blur: blur in pixels of the measured picture (at most 1024 px wide).
        max_tilt_deg: largest angle between the line of sight and straight down.
        max_saturated_share, min_span_k: of thermal frames. A span below the sensor's own noise
            (data sheets: 0.05 K) is a closed shutter or a cap.
        max_height_m: above ground.
    """

    min_sharpness: float = 0.002
    min_contrast: float = 1.5
    max_dark_share: float = 0.95
    max_bright_share: float = 0.95
    max_blur: float = 10.0
    max_tilt_deg: float = 80.0
    max_saturated_share: float = 0.2
    min_span_k: float = 0.05
    max_height_m: float = 1500.0


def measure(gray: Gray, native_width_px: int | None = None) -> Quality:
    """Measure a picture.

    Args:
        gray: (H, W) uint8 grey values.
        native_width_px: width of the picture as the camera stored it, if ``gray`` was reduced.
    """
    native = native_width_px or gray.shape[1]
    gray = _reduced(gray)
    mean, deviation = (float(v[0, 0]) for v in cv2.meanStdDev(gray))
    laplacian = cv2.Laplacian(gray, cv2.CV_16S)
    edges = float(cv2.meanStdDev(laplacian)[1][0, 0]) ** 2
    histogram = cv2.calcHist([gray], [0], None, [256], [0, 256]).ravel() / gray.size
    detail = fine_detail(gray)
    return Quality(
        sharpness=edges / max(deviation**2, 1e-6),
        contrast=deviation,
        brightness=mean,
        dark_share=float(histogram[:3].sum()),
        bright_share=float(histogram[253:].sum()),
        fine_detail=detail,
        blur_px=None if detail is None else blur_px(detail) * native / gray.shape[1],
        content=_content(gray),
    )


def measure_thermal(celsius: Floats) -> Quality:
    """Measure a thermal frame.

    Args:
        celsius: (H, W) float32 temperatures.
    """
    low, high = float(celsius.min()), float(celsius.max())
    at_ends = max(float((celsius >= high).mean()), float((celsius <= low).mean()))
    scaled = np.clip((celsius - low) / max(high - low, 1e-6) * 255.0, 0, 255).astype(np.uint8)
    detail = fine_detail(scaled)
    return Quality(
        contrast=float(scaled.std()),
        brightness=float(scaled.mean()),
        fine_detail=detail,
        blur_px=None if detail is None else blur_px(detail),
        span_k=float(celsius.std(dtype=np.float64)),
        noise_k=_noise(celsius),
        saturated_share=at_ends,
        content=_content(celsius),
    )


def fine_detail(gray: Gray) -> float | None:
    """`Quality.fine_detail` of (H, W) grey values; None for pictures below 32 pixels or without
    any contrast."""
    height, width = gray.shape
    m = _LAG_PX
    if min(height, width) < 4 * m:
        return None
    least = math.inf
    for down, right in _DIRECTIONS:
        near, far = (
            cv2.norm(
                gray[m : height - m, m : width - m],
                gray[m + down * k : height - m + down * k, m + right * k : width - m + right * k],
                cv2.NORM_L2SQR,
            )
            for k in (1, m)
        )
        if far > 0.0:
            least = min(least, near / far)
    return None if math.isinf(least) else least


def blur_px(detail: float) -> float:
    """Length in pixels of the linear motion blur that leaves such fine detail; 1 is sharp.

    >>> round(blur_px(0.0477), 1), blur_px(0.5)
    (6.0, 1.0)
    """
    shares, lengths = zip(*_BLUR_TABLE, strict=True)
    return float(np.exp(np.interp(math.log(max(detail, 1e-9)), np.log(shares), np.log(lengths))))


def judge(quality: Quality, limits: Thresholds) -> tuple[str, ...]:
    """Why the picture is of no use; empty when it is."""
    reasons = _thermal(quality, limits) if quality.span_k is not None else _visible(quality, limits)
    if quality.tilt_deg is not None and quality.tilt_deg > limits.max_tilt_deg:
        reasons.append(f"tilted {quality.tilt_deg:.0f} degrees; {limits.max_tilt_deg:.0f} are most")
    if quality.height_m is not None and quality.height_m > limits.max_height_m:
        reasons.append(
            f"from {quality.height_m:.0f} m above ground; {limits.max_height_m:.0f} m are most"
        )
    return tuple(reasons)


def tilt_deg(pitch_deg: float) -> float:
    """Angle between the line of sight and straight down, 0 to 180.

    >>> tilt_deg(-90.0), tilt_deg(-30.0)
    (0.0, 60.0)
    """
    return math.degrees(math.acos(max(-1.0, min(1.0, -math.sin(math.radians(pitch_deg))))))


def _visible(quality: Quality, limits: Thresholds) -> list[str]:
    reasons = []
    if quality.dark_share > limits.max_dark_share:
        reasons.append(f"too dark: {quality.dark_share:.0%} of it is black")
    if quality.bright_share > limits.max_bright_share:
        reasons.append(f"overexposed: {quality.bright_share:.0%} of it is white")
    blur = None if quality.fine_detail is None else blur_px(quality.fine_detail)
    if quality.contrast < limits.min_contrast:
        reasons.append(f"shows nothing: contrast {quality.contrast:.1f} of 128")
    elif quality.sharpness < limits.min_sharpness:
        reasons.append(f"blurred: sharpness {quality.sharpness:.4f}")
    elif blur is not None and blur > limits.max_blur:
        reasons.append(
            f"blurred over about {quality.blur_px:.0f} px: {blur:.0f} px of a picture "
            f"{MEASURED_WIDTH_PX} px wide, {limits.max_blur:.0f} are most"
        )
    return reasons


def _thermal(quality: Quality, limits: Thresholds) -> list[str]:
    reasons = []
    if (quality.saturated_share or 0.0) > limits.max_saturated_share:
        reasons.append(
            f"saturated: {quality.saturated_share:.0%} of it is at the end of the camera's range"
        )
    if (quality.span_k or 0.0) < limits.min_span_k:
        reasons.append(
            f"shows nothing: {quality.span_k:.3f} K of contrast (closed shutter or lens cap)"
        )
    return reasons


def _reduced(gray: Gray) -> Gray:
    height, width = gray.shape
    if width <= MEASURED_WIDTH_PX:
        return np.ascontiguousarray(gray)
    size = (MEASURED_WIDTH_PX, max(1, round(height * MEASURED_WIDTH_PX / width)))
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)


def _noise(celsius: Floats) -> float:
    """Standard deviation of the noise by Immerkaer's mask, which planes and edges pass unseen."""
    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    filtered = cv2.filter2D(np.asarray(celsius, np.float32), cv2.CV_32F, mask)[1:-1, 1:-1]
    if filtered.size == 0:
        return 0.0
    return float(np.abs(filtered).mean()) * math.sqrt(math.pi / 2) / 6.0


def _content(pixels: npt.NDArray[np.generic]) -> str:
    return hashlib.blake2b(np.ascontiguousarray(pixels).data, digest_size=16).hexdigest()
