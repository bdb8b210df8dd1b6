"""How much one compact place differs from the ring round it, and how large it is.

First its extent by half its rise, then the median and spread of the ring round that, then its own
extent at half its contrast. What no rule can want any more is left as soon as that is known: most
places of a cluttered frame go after the first median.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from thermal.detection.rule import DetectionRule, Hotspot, Kind
from thermal.radiometry import Celsius

OPENING_PX = 25
"""Side of the top-hat's square: things up to this size are found against any background."""

NOISE_K = 0.1
"""Smallest spread that is believed: twice the noise of an uncooled camera (NETD 50 mK)."""

RING_MIN_PX = 24
"""Fewest pixels of surroundings that tell a level."""

_SIGMAS = 1.4826
"""Standard deviations of a normal distribution in its median absolute deviation."""

_REACH_PX = 2 * OPENING_PX // 3
"""How far round the seed a place and its ring may extend, pixels."""

_FLAGS = 8 | cv2.FLOODFILL_FIXED_RANGE | cv2.FLOODFILL_MASK_ONLY | 1 << 8
_HIGHER = 1e6
"""No pixel is so much hotter than another, kelvin."""

Mask = npt.NDArray[np.uint8]
Box = tuple[int, int, int, int]
"""Left, top, width, height."""


class Place(NamedTuple):
    """A seed: the box of what rises, the extreme pixel in it and its value, by how much it rises
    there, and its isolation and step if looked at."""

    box: Box
    row: int
    col: int
    peak: float
    rise_k: float
    isolation_k: float = 0.0
    step_k: float = 0.0


class Shape(NamedTuple):
    """Area in pixels, middle (column, row; the first pixel's middle is 0, 0), roundness."""

    area: int
    col: float
    row: float
    roundness: float


def measure(
    values: Celsius, place: Place, kind: Kind, rules: Sequence[DetectionRule]
) -> Hotspot | None:
    """The place as a hotspot, if one of the rules wants it.

    Args:
        values: (H, W) float32, high where the place is extreme.
        rules: those that its peak, isolation and step allow.

    Returns:
        None when none does, when the frame has no ring round it, or when it is larger than the
        opening.
    """
    x, y, w, h = place.box
    top, left = max(y - _REACH_PX, 0), max(x - _REACH_PX, 0)
    crop = values[top : y + h + _REACH_PX, left : x + w + _REACH_PX]
    here = (place.col - left, place.row - top)
    _, seed = _flood(crop, place.rise_k / 2, here)
    around = _ring_values(crop, seed, 3 + max(seed[2:]) // 3)
    if around.size < RING_MIN_PX:
        return None
    background = median(around)
    contrast = place.peak - background
    if contrast <= 0 or all(contrast < rule.contrast_k for rule in rules):
        return None
    limit = max(contrast / rule.z if rule.z > 0 else np.inf for rule in rules)
    if limit < NOISE_K or _spread_is_over(around, background, limit):
        return None
    spread = spread_about(around, background)
    if all(contrast < rule.z * spread for rule in rules):
        return None
    shape = _extent(crop, contrast / 2, here)
    if shape is None:
        return None
    spot = hotspot(
        kind, shape._replace(col=left + shape.col, row=top + shape.row), place, background, spread
    )
    return spot if any(rule.admits(spot) for rule in rules) else None


def hotspot(kind: Kind, shape: Shape, place: Place, background: float, spread: float) -> Hotspot:
    """A measured place, in Celsius again."""
    sign = 1.0 if kind is Kind.HOT else -1.0
    return Hotspot(
        row=shape.row + 0.5,
        col=shape.col + 0.5,
        peak_c=sign * place.peak,
        background_c=sign * background,
        contrast_k=place.peak - background,
        score=(place.peak - background) / spread,
        area_px=shape.area,
        kind=kind,
        isolation_k=place.isolation_k,
        step_k=place.step_k,
        roundness=shape.roundness,
        peak_at=(place.row, place.col),
    )


def median(values: Celsius) -> float:
    """As numpy's, at a quarter of its time for a few hundred values."""
    flat = values.flatten()
    middle = flat.size // 2
    flat.partition(middle)
    upper = flat[middle]
    if flat.size % 2:
        return float(upper)
    return float((flat[:middle].max() + upper) / 2)


def spread_about(values: Celsius, level: float) -> float:
    """Standard deviation of a normal distribution with this median deviation (MAD x 1.4826)."""
    return max(_SIGMAS * median(np.abs(values - np.float32(level))), NOISE_K)


def _spread_is_over(values: Celsius, level: float, limit: float) -> bool:
    """True only where `spread_about` is certainly above a limit: fewer than half of the values
    (two less, for rounding) lie so near to the level. Counting takes a tenth of a median's time."""
    reach = limit / _SIGMAS
    near = cv2.countNonZero(cv2.inRange(values, level - reach, level + reach))
    return near < values.size // 2 - 2


def at_least(values: Celsius, threshold: float) -> Mask:
    """255 where the values reach a threshold, 0 elsewhere."""
    return np.asarray(cv2.compare(values, float(threshold), cv2.CMP_GE), np.uint8)


def shape_of(own: npt.NDArray[np.bool_]) -> Shape:
    """Of what is true. Roundness as `Hotspot` says; the inertia of a pixel about its own middle
    (1/6) is added to both sides, so that things of a few pixels, whose shape the grid makes, count
    as round."""
    moments = cv2.moments(own.view(np.uint8), True)
    area = moments["m00"]
    inertia = (moments["mu20"] + moments["mu02"]) / area
    roundness = min((area / (2 * np.pi) + 1 / 6) / (inertia + 1 / 6), 1.0)
    return Shape(round(area), moments["m10"] / area, moments["m01"] / area, roundness)


def _extent(crop: Celsius, depth_k: float, here: tuple[int, int]) -> Shape | None:
    """What is connected with a pixel (column, row) and not more than ``depth_k`` below it; None if
    larger than the opening.

    Only so much is looked at as the opening can reach: what runs out of that is larger.
    """
    left, top = max(here[0] - OPENING_PX, 0), max(here[1] - OPENING_PX, 0)
    window = crop[top : here[1] + OPENING_PX + 1, left : here[0] + OPENING_PX + 1]
    mask, (x, y, w, h) = _flood(window, depth_k, (here[0] - left, here[1] - top))
    if max(w, h) > OPENING_PX:
        return None
    shape = shape_of(mask[1 + y : 1 + y + h, 1 + x : 1 + x + w] > 0)
    return shape._replace(col=left + x + shape.col, row=top + y + shape.row)


def _flood(crop: Celsius, depth_k: float, here: tuple[int, int]) -> tuple[Mask, Box]:
    """What is connected (also over corners) with a pixel (column, row) and not more than
    ``depth_k`` below it: as a mask with a rim of one pixel, and its box without that rim."""
    mask = np.zeros((crop.shape[0] + 2, crop.shape[1] + 2), np.uint8)
    _, _, _, (x, y, w, h) = cv2.floodFill(crop, mask, here, 0, depth_k, _HIGHER, _FLAGS)
    return mask, (x, y, w, h)


def _ring_values(crop: Celsius, box: Box, margin: int) -> Celsius:
    """What lies within a margin round a box, one pixel away from it."""
    x, y, w, h = box
    top, left = max(y - margin, 0), max(x - margin, 0)
    outer = crop[top : y + h + margin, left : x + w + margin]
    first, last = max(y - top - 1, 0), y - top + h + 1
    before, after = max(x - left - 1, 0), x - left + w + 1
    sides = outer[first:last]
    parts = (outer[:first], outer[last:], sides[:, :before], sides[:, after:])
    return np.concatenate([part.ravel() for part in parts])
