"""What differs between two registered pictures beyond light and what relief explains.

A pixel differs when its colour lies outside of all colours that the other picture shows within a
few pixels (both ways), so that what registration leaves at edges is no change. Colours are CIE
L*a*b* of pictures whose light has been made alike.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

SLOW_SHARE = 0.25
"""Differences wider than this share of the picture are light, haze and clouds, not things."""
_BLUR_PX = 1.0
_NOISE = (2.0, 1.0, 1.0)  # L, a, b: noise and JPEG of an ordinary camera


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Of two pictures, (H, W) each, in units of their ordinary difference.

    Attributes:
        new: how far the later colour lies outside of the earlier ones nearby.
        gone: how far the earlier colour lies outside of the later ones nearby.
        brighter: signed, later less earlier, lightness only.
    """

    new: Floats
    gone: Floats
    brighter: Floats


def lab(picture: npt.NDArray[np.uint8]) -> Floats:
    """(H, W, 3) float32 L* a* b* of a BGR picture, smoothed against noise."""
    smooth = cv2.GaussianBlur(picture, (0, 0), _BLUR_PX).astype(np.float32) / 255
    return np.asarray(cv2.cvtColor(smooth, cv2.COLOR_BGR2LAB), np.float32)


def same_light(first: Floats, moved: Floats, valid: Mask, slow_share: float = SLOW_SHARE) -> Floats:
    """The moved picture in the light of the first: gain and offset for each channel, then slow
    differences. Fitted three times, without what differs most.

    Args:
        slow_share: width of what counts as slow, as a share of the picture; 0 for nothing.
    """
    result = np.empty_like(moved)
    for k in range(3):
        gain, offset = _line(moved[..., k], first[..., k], valid)
        result[..., k] = gain * moved[..., k] + offset
    if slow_share <= 0.0:
        return result
    rest = first - result
    spread = [
        max(1.4826 * float(np.median(np.abs(rest[..., k][valid]))), _NOISE[k]) for k in range(3)
    ]
    width = int(slow_share * first.shape[1]) | 1
    weight = cv2.blur(valid.astype(np.float32), (width, width))
    for k in range(3):
        clipped = np.where(valid, np.clip(rest[..., k], -2 * spread[k], 2 * spread[k]), 0.0)
        result[..., k] += cv2.blur(clipped.astype(np.float32), (width, width)) / np.maximum(
            weight, 1e-3
        )
    return result


def _line(x: Floats, y: Floats, valid: Mask) -> tuple[float, float]:
    keep, gain, offset = valid, 1.0, 0.0
    for _ in range(3):
        a, b = x[keep].astype(np.float64), y[keep].astype(np.float64)
        spread = float(a.std() * b.std())
        gain = float(b.std() / a.std()) if spread > 1e-9 else 1.0
        gain = min(max(gain, 0.4), 2.5)
        offset = float(b.mean() - gain * a.mean())
        rest = np.abs(gain * x + offset - y)
        keep = valid & (rest <= np.quantile(rest[valid], 0.8))
    return gain, offset


def difference(first: Floats, second: Floats, valid: Mask, radius_px: int) -> Difference:
    """Outside of what the other shows nearby, in units of the ordinary difference."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius_px + 1,) * 2)
    units = _units(first, second, valid)
    new, gone = (np.zeros(first.shape[:2], np.float32) for _ in range(2))
    for k in range(3):
        new += (_outside(second[..., k], first[..., k], kernel) / units[k]) ** 2
        gone += (_outside(first[..., k], second[..., k], kernel) / units[k]) ** 2
    brighter = (second[..., 0] - first[..., 0]) / units[0]
    for each in (new, gone, brighter):
        each[~valid] = 0.0
    return Difference(new=np.sqrt(new), gone=np.sqrt(gone), brighter=brighter)


def least(one: Difference, other: Difference) -> Difference:
    """What differs whether or not relief is followed: flow explains crowns of trees, but drags
    new things along; without it things stay in place, but trees differ."""
    return Difference(
        new=np.minimum(one.new, other.new),
        gone=np.minimum(one.gone, other.gone),
        brighter=one.brighter,
    )


def _outside(what: Floats, others: Floats, kernel: npt.NDArray[Any]) -> Floats:
    above = what - cv2.dilate(others, kernel)
    below = cv2.erode(others, kernel) - what
    return np.maximum(np.maximum(above, below), 0.0)


def _units(first: Floats, second: Floats, valid: Mask) -> list[float]:
    return [
        max(1.4826 * float(np.median(np.abs((second - first)[..., k][valid]))), _NOISE[k])
        for k in range(3)
    ]
