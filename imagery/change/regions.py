"""From differing pixels to regions: where, how large, new or gone, and how likely real.

What is no change and differs all the same was seen in the real frames of the campaign
(`flyonce bench thermal --only change`): crowns of trees seen from elsewhere, and ground that they
hide from one place and not from the other. Around those everything differs a little and the flow
is large; a thing stands alone on ground that is as it was.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from imagery.change.differ import Difference, Floats, Mask
from imagery.change.profiles import Profile

CLUTTER = 2.5
"""Units from which a pixel beside a region counts as differing too."""
_GROWS = 4.0
_STANDS_OUT = 1.25
_SAME_SURFACE = 0.6
_LIGHT_CHROMA = 0.35
_WATER_SPREAD, _WATER_LIGHTNESS, _AFLOAT_CONTRAST = 6.0, 62.0, 8.0
_WIDE_SHARE = 0.08
_SAMPLE, _NEIGHBOURS, _NEAREST = 60, 1500, 15
_WEIGHTS = (-13.64, 2.09, 0.661, -9.78, -0.836, 2.70)
"""Fitted on the half of the campaign whose frame numbers are even (121 things put in, 1,177 other
regions); docs/review.md has the figures of the other half."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A region in pixels of the comparison, before it is judged."""

    bbox: tuple[int, int, int, int]
    centre: tuple[float, float]
    area_px: int
    strength: float
    clutter: float
    relief_share: float
    foreign: float
    kind: str
    brighter: bool
    light_only: bool
    afloat: bool

    @property
    def features(self) -> tuple[float, ...]:
        """What the score is made of."""
        return (
            1.0,
            math.log(self.strength),
            math.log(self.area_px),
            self.clutter,
            math.log1p(1000 * self.relief_share),
            math.log(self.foreign + 1.0),
        )

    @property
    def score(self) -> float:
        """Logistic regression on the campaign's regions: the share of such that were real."""
        total = sum(w * f for w, f in zip(_WEIGHTS, self.features, strict=True))
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))


def candidates(
    first: Floats,
    second: Floats,
    flow: Floats,
    found: Difference,
    straight: Floats,
    valid: Mask,
    profile: Profile,
) -> Iterator[Candidate]:
    """The regions that differ.

    Args:
        first, second: (H, W, 3) L* a* b* in one light, registered.
        flow: (H, W, 2) pixels, what relief moved.
        found: what differs with relief and without.
        straight: (H, W) what differs where relief is not followed: there a thing has its shape.
    """
    signal = np.maximum(found.new, found.gone)
    count, seeds, stats, _ = _patches(signal, valid, profile.strength)
    _, wholes, whole_stats, _ = _patches(straight, valid, profile.strength)
    moved = np.linalg.norm(flow, axis=2)
    taken: set[int] = set()
    for seed in range(1, count):
        if stats[seed][4] < profile.min_px:
            continue
        around = _Around(seeds, seed, stats[seed], valid)
        whole = int(np.bincount(wholes[around.window][around.inside]).argmax())
        if whole and whole_stats[whole][4] <= _GROWS * stats[seed][4]:
            if whole in taken:
                continue
            taken.add(whole)
            around = _Around(wholes, whole, whole_stats[whole], valid)
        if int(around.ring.sum()) >= 20:
            yield _judged(around, first, second, moved, signal, valid)


def _patches(
    signal: Floats, valid: Mask, strength: float
) -> tuple[int, npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.float64]]:
    """Connected patches of pixels that differ, small gaps closed and specks gone."""
    strong = ((signal >= strength) & valid).astype(np.uint8)
    joined = cv2.morphologyEx(strong, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    joined = cv2.morphologyEx(joined, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels, stats, centres = cv2.connectedComponentsWithStats(joined, connectivity=8)
    return count, np.asarray(labels, np.int32), np.asarray(stats, np.int32), centres


class _Around:
    """A region with the ring of ground round it, and the window that holds both."""

    def __init__(
        self,
        labels: npt.NDArray[np.int32],
        label: int,
        stats: npt.NDArray[np.int32],
        valid: Mask,
    ) -> None:
        self.x, self.y, self.w, self.h, self.area = (int(v) for v in stats)
        self.window = self.widened(max(8, int(0.6 * max(self.w, self.h))), valid.shape)
        self.inside = labels[self.window] == label
        beyond = cv2.dilate(self.inside.astype(np.uint8), np.ones((7, 7), np.uint8)) == 0
        self.ring = beyond & valid[self.window]

    @property
    def centre(self) -> tuple[float, float]:
        """(column, row) of the middle of its pixels."""
        rows, columns = np.nonzero(self.inside)
        top, left = self.window[0].start, self.window[1].start
        return float(columns.mean()) + left + 0.5, float(rows.mean()) + top + 0.5

    def widened(self, by: int, shape: tuple[int, ...]) -> tuple[slice, slice]:
        """The box with a margin, as slices of the picture."""
        rows = slice(max(0, self.y - by), min(shape[0], self.y + self.h + by))
        return rows, slice(max(0, self.x - by), min(shape[1], self.x + self.w + by))


def _judged(
    around: _Around,
    first: Floats,
    second: Floats,
    moved: Floats,
    signal: Floats,
    valid: Mask,
) -> Candidate:
    window, inside, ring = around.window, around.inside, around.ring
    a, b = first[window], second[window]
    contrast_a, contrast_b = (
        float(np.linalg.norm(p[inside].mean(axis=0) - p[ring].mean(axis=0))) for p in (a, b)
    )
    shift = b[inside].mean(axis=0) - a[inside].mean(axis=0)
    wide = around.widened(int(_WIDE_SHARE * first.shape[1]), valid.shape)
    seen = valid[wide]
    return Candidate(
        bbox=(around.x, around.y, around.w, around.h),
        centre=around.centre,
        area_px=around.area,
        strength=float(np.percentile(signal[window][inside], 75)),
        clutter=float((signal[window][ring] > CLUTTER).mean()),
        relief_share=float(np.median(moved[window][ring])) / first.shape[1],
        foreign=max(
            _foreign(a[inside], second[wide][seen]), _foreign(b[inside], first[wide][seen])
        ),
        kind=_kind(contrast_a, contrast_b),
        brighter=float(shift[0]) > 0,
        light_only=_light_only(a, b, inside, shift),
        afloat=_afloat(b, inside, ring),
    )


def _kind(contrast_before: float, contrast_after: float) -> str:
    """New stands out from its surroundings only now, gone only then; else altered."""
    if contrast_after > _STANDS_OUT * contrast_before:
        return "new"
    return "gone" if contrast_before > _STANDS_OUT * contrast_after else "altered"


def _foreign(inside: Floats, nearby: Floats) -> float:
    """How far the region's colours are from those that the other picture shows nearby: what a
    tree hid is mostly more of the same. Lightness counts half: it is what shade changes."""
    draw = np.random.default_rng(0)  # the same sample each time: two runs say the same
    scale = np.array([0.5, 1.0, 1.0], np.float32)
    pixels = inside[draw.permutation(len(inside))[:_SAMPLE]] * scale
    others = nearby[draw.permutation(len(nearby))[:_NEIGHBOURS]] * scale
    apart = ((pixels[:, None] - others[None]) ** 2).sum(axis=2)
    near = np.partition(apart, min(_NEAREST, len(others) - 1), axis=1)
    return float(np.median(np.sqrt(near[:, min(_NEAREST, len(others) - 1)])))


def _light_only(a: Floats, b: Floats, inside: Mask, shift: Floats) -> bool:
    """The same surface in another light: lightness changed, hue hardly, and its texture is there
    still (a shadow that wandered). Smooth surfaces have no texture to know them by."""
    if math.hypot(float(shift[1]), float(shift[2])) > _LIGHT_CHROMA * abs(float(shift[0])) + 2.0:
        return False
    core = cv2.erode(inside.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    if int(core.sum()) < 25:
        return False
    fine = [p[..., 0] - cv2.GaussianBlur(p[..., 0], (0, 0), 3.0) for p in (a, b)]
    one, two = (f[core].astype(np.float64) for f in fine)
    spread = float(one.std() * two.std())
    if spread < 0.25:
        return False
    return float(((one - one.mean()) * (two - two.mean())).mean()) / spread > _SAME_SURFACE


def _afloat(b: Floats, inside: Mask, ring: Mask) -> bool:
    """Brighter than what is round it, which is dark and smooth as water is."""
    around = b[..., 0][ring]
    contrast = float(b[..., 0][inside].mean()) - float(around.mean())
    smooth = float(np.percentile(around, 90) - np.percentile(around, 10)) / 2.56 < _WATER_SPREAD
    return smooth and float(around.mean()) < _WATER_LIGHTNESS and contrast > _AFLOAT_CONTRAST
