"""What the picture of one photovoltaic module shows, as numbers that know nothing of its level.

A sound module is an even plate. Faults are compact hot cells (seen by residuals and isolation),
warm thirds of a substring whose diode conducts (seen by the column profile), and shade or growth
from an edge (seen by the ends); `cells` looks at it cell by cell. The dark frame and gaps round
the module are trimmed first. Every number is a difference or a ratio, compressed as
sign(x) log(1 + |x|).
"""

import cv2
import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from thermal.detection.pv.cells import cells

Crop = npt.NDArray[np.float32]

LEAST = (20, 14)
"""Rows and columns that a picture needs."""


def names() -> tuple[str, ...]:
    """The features' names, in the order of `features`."""
    return tuple(_all(np.zeros((40, 24), np.float32)))


def features(crop: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """(F,) of one module.

    Args:
        crop: (H, W) upright, in grey levels of 8 bits as the forest was fitted on.

    Raises:
        InvalidInput: too small, or not a two-dimensional array of finite numbers.
    """
    image = np.ascontiguousarray(crop, np.float32)
    if image.ndim != 2 or image.shape[0] < LEAST[0] or image.shape[1] < LEAST[1]:
        raise InvalidInput(f"shape {image.shape}", where="module", remedy=f"at least {LEAST}")
    if not np.isfinite(image).all():
        raise InvalidInput("not all pixels are numbers", where="module", remedy="crop anew")
    values = np.array(list(_all(image).values()))
    return np.asarray(np.sign(values) * np.log1p(np.abs(values)))


def trim(image: Crop) -> Crop:
    """The module without the darker frame and gaps round it, at most a quarter from each side."""
    height, width = image.shape
    median = float(np.median(image[height // 5 : -(height // 5), width // 4 : -(width // 4)]))
    left, right = _cut(np.median(image[height // 5 : -(height // 5)], axis=0), median)
    top, bottom = _cut(np.median(image[:, left:right], axis=1), median)
    return image[top:bottom, left:right]


def _cut(profile: npt.NDArray[np.float32], median: float) -> tuple[int, int]:
    size = len(profile)
    most, quarter = int(0.3 * size), size // 4
    spread = _mad(profile[quarter:-quarter] - median) + 1.0
    lowest = float(min(profile[:3].min(), profile[-3:].min()))
    if lowest >= median - 4.0:
        return 0, size
    level = max(min(median - 3.0 * spread, (median + lowest) / 2), median - 12.0)
    dark = profile < level
    first = next((i for i in range(most) if not dark[i]), most)
    last = next((i for i in range(most) if not dark[size - 1 - i]), most)
    return first, size - last


def _mad(values: Crop) -> float:
    return 1.4826 * float(np.median(np.abs(values)))


def _all(image: Crop) -> dict[str, float]:
    plate = trim(image)
    plate = plate - np.float32(np.median(plate))
    whole = image - np.float32(np.median(image))
    return {
        **_levels(plate),
        **_profiles(plate),
        **_ends(plate),
        **_isolated(whole),
        **_surface(whole),
        **_details(image),
        **cells(plate),
        "trimmed_rows": float(image.shape[0] - plate.shape[0]),
        "trimmed_columns": float(image.shape[1] - plate.shape[1]),
    }


def _levels(plate: Crop) -> dict[str, float]:
    low, p1, p3, p97, p99, high = (float(v) for v in np.percentile(plate, (0, 1, 3, 97, 99, 100)))
    spread = _mad(plate) + 0.5
    return {
        "high": high, "p99": p99, "p97": p97, "low": -low, "p1": -p1, "p3": -p3,
        "high_spreads": high / spread, "p99_spreads": p99 / spread,
        "smooth_high": float(cv2.blur(plate, (2, 2)).max()),
    }  # fmt: skip


def _profiles(plate: Crop) -> dict[str, float]:
    rows, cols = np.median(plate, axis=1), np.median(plate, axis=0)
    by_row, by_col = plate - rows[:, None], plate - cols[None, :]
    col_step, at = _step(cols, max(2, len(cols) // 6))
    row_step, _ = _step(rows, max(3, len(rows) // 8))
    return {
        "row_rest_p99": float(np.percentile(by_row, 99)), "row_rest_high": float(by_row.max()),
        "row_rest_p1": -float(np.percentile(by_row, 1)), "row_rest_std": float(by_row.std()),
        "row_rest_spreads": float(by_row.max()) / (_mad(by_row) + 0.5),
        "col_rest_p99": float(np.percentile(by_col, 99)), "col_rest_high": float(by_col.max()),
        "col_rest_p1": -float(np.percentile(by_col, 1)), "col_rest_std": float(by_col.std()),
        "col_range": _range(cols), "row_range": _range(rows),
        "col_step": col_step, "col_step_at": abs(at - len(cols) / 2), "row_step": row_step,
    }  # fmt: skip


def _range(profile: Crop) -> float:
    return float(np.ptp(np.convolve(profile, np.ones(3) / 3, "valid")))


def _step(profile: Crop, reach: int) -> tuple[float, int]:
    """Largest difference between the medians on either side of a place, and that place."""
    places = range(reach, len(profile) - reach)
    steps = [
        abs(float(np.median(profile[i - reach : i]) - np.median(profile[i : i + reach])))
        for i in places
    ]
    best = int(np.argmax(steps))
    return steps[best], places[best]


def _ends(plate: Crop) -> dict[str, float]:
    ends = [plate[:4].max(axis=0), plate[-4:].max(axis=0)]
    sides = [plate[:, :3].max(axis=1), plate[:, -3:].max(axis=1)]
    excess = sorted(float(e.max() - np.median(e)) for e in ends)
    return {
        "end_high": excess[1],
        "end_low": excess[0],
        "side_high": max(float(s.max() - np.median(s)) for s in sides),
        "grain": _mad(plate - cv2.GaussianBlur(plate, (0, 0), 1.0)),
    }


def _isolated(whole: Crop) -> dict[str, float]:
    """Second-highest rise above, and fall below, eight directions; inside also the highest."""
    smooth = cv2.blur(whole, (3, 3))
    found = {}
    for radius, centre in ((3, whole), (4, smooth), (6, smooth)):
        ring = np.zeros((2 * radius + 1, 2 * radius + 1), np.uint8)
        for eighth in range(8):
            angle = eighth * np.pi / 4
            ring[radius + round(radius * np.sin(angle)), radius + round(radius * np.cos(angle))] = 1
        for sign, edge in (("hot", centre - cv2.dilate(smooth, ring)),
                           ("cold", cv2.erode(smooth, ring) - centre)):  # fmt: skip
            found[f"{sign}_{radius}"] = float(np.partition(edge[1:-1, 1:-1].ravel(), -2)[-2])
            found[f"{sign}_{radius}_inside"] = float(edge[5:-5, 4:-4].max())
    return found


def _surface(whole: Crop) -> dict[str, float]:
    """What is left of the inside when a smooth quadratic surface, fitted robustly, is taken off."""
    inside = whole[3:-3, 3:-3].astype(np.float64)
    y, x = np.meshgrid(*(np.linspace(-1, 1, n) for n in inside.shape), indexing="ij")
    terms = np.stack([np.ones_like(x), x, y, x * y, x**2, y**2], axis=-1).reshape(-1, 6)
    values, weights = inside.ravel(), np.ones(inside.size)
    for _ in range(5):
        solved = np.linalg.lstsq(terms * weights[:, None], values * weights, rcond=None)[0]
        rest = values - terms @ solved
        spread = _mad(rest) + 0.3
        weights = np.sqrt(1.0 / (1.0 + (rest / (2.0 * spread)) ** 2))
    std = float(rest.std()) + 1e-6
    return {
        "rest_spread": spread, "rest_high": float(rest.max()), "rest_low": -float(rest.min()),
        "rest_high_spreads": float(rest.max()) / spread,
        "rest_low_spreads": -float(rest.min()) / spread,
        "rest_hot_share": float((rest > 4 * spread).mean()),
        "rest_cold_share": float((rest < -4 * spread).mean()),
        "rest_std": std, "rest_peaked": float(((rest / std) ** 4).mean()),
    }  # fmt: skip


def _details(image: Crop) -> dict[str, float]:
    """What a median over 9 x 9 pixels takes away."""
    smooth = cv2.medianBlur(np.clip(image, 0, 255).astype(np.uint8), 9).astype(np.float32)
    rest = (image - smooth)[2:-2, 2:-2]
    noise = _mad(rest - np.float32(np.median(rest))) + 0.5
    return {
        "detail_high": float(rest.max()), "detail_low": -float(rest.min()),
        "detail_noises": float(rest.max()) / noise,
        "detail_p99": float(np.percentile(rest, 99)),
        "detail_share": float((rest > 4 * noise).mean()),
    }  # fmt: skip
