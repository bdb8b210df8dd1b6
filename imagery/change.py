"""What changed between two looks at the same place.

The later picture is moved onto the earlier one (features for the coarse move, ECC for the fine
one), its brightness is fitted to the earlier one's, and what still differs in grey value and in
structure beyond the ordinary is grouped into regions.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from imagery.quality import Gray

Floats = npt.NDArray[np.float32]

WORK_WIDTH_PX = 640
"""Pictures are compared at this width at most: finer, registration errors look like change."""

_MIN_MATCHES = 12
_ORB = 1500
_BLUR_SIGMA_PX = 1.5
_SLOW_PX = (151, 151)
_NOISE = 2.0  # grey values: noise and JPEG of an ordinary camera
_MIN_CORRELATION = 0.3
"""Below this correlation after registration the two pictures do not show the same place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRegion:
    """Where the later picture differs, in pixels of the earlier one.

    Attributes:
        score: difference in units of the ordinary difference between the two pictures.
        bbox: (left, top, width, height).
        centre: (column, row), weighted by the difference.
        brighter: whether the later picture is brighter there.
    """

    score: float
    bbox: tuple[int, int, int, int]
    centre: tuple[float, float]
    area_px: float
    brighter: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The regions, highest score first, and how well the two pictures could be matched.

    Attributes:
        transform: (3, 3) homography from pixels of the later picture to the earlier one's.
        correlation: of the two after registration, -1 to 1.
        overlap: share of the earlier picture that the later one shows.
    """

    regions: tuple[ChangeRegion, ...]
    transform: npt.NDArray[np.float64]
    correlation: float
    overlap: float


def compare(
    before: Gray, after: Gray, *, min_score: float = 6.0, min_area_share: float = 2e-4
) -> Comparison:
    """Compare two looks at one place.

    Args:
        before, after: (H, W) uint8 grey values; they may differ in size and viewpoint a little.
        min_score: smallest difference in units of the robust spread of all differences.
        min_area_share: smallest region as a share of the picture.

    Raises:
        InvalidInput: the pictures cannot be brought together.
    """
    scale = min(1.0, WORK_WIDTH_PX / before.shape[1])
    first = _prepare(before, scale)
    second = _prepare(after, min(1.0, WORK_WIDTH_PX / after.shape[1]))
    move = _refine(first, second, _coarse(first, second))
    size = (first.shape[1], first.shape[0])
    moved = cv2.warpPerspective(second, move, size, flags=cv2.INTER_LINEAR)
    shown = cv2.warpPerspective(np.full_like(second, 255), move, size, flags=cv2.INTER_NEAREST)
    valid = cv2.erode(shown, np.ones((9, 9), np.uint8)) > 0
    correlation = _correlation(first, moved, valid)
    if correlation < _MIN_CORRELATION:
        raise InvalidInput(
            f"the two pictures do not show the same place (correlation {correlation:.2f})",
            where="change",
            remedy="compare pictures of the same place, season and kind of light",
        )
    difference = _difference(first, moved, valid)
    regions = _regions(difference, valid, min_score, min_area_share * first.size, 1.0 / scale)
    zoom_first = np.diag([1 / scale, 1 / scale, 1.0])
    zoom_second = np.diag([second.shape[1] / after.shape[1], second.shape[0] / after.shape[0], 1.0])
    return Comparison(
        regions=regions,
        transform=zoom_first @ move @ zoom_second,
        correlation=correlation,
        overlap=float((shown > 0).mean()),
    )


def _prepare(gray: Gray, scale: float) -> Gray:
    if scale < 1.0:
        size = (round(gray.shape[1] * scale), max(1, round(gray.shape[0] * scale)))
        gray = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
    return gray


def _coarse(first: Gray, second: Gray) -> npt.NDArray[np.float64]:
    """A homography from ORB features, or the shift of the strongest phase correlation."""
    orb = cv2.ORB.create(nfeatures=_ORB)
    keys_a, words_a = orb.detectAndCompute(first, None)
    keys_b, words_b = orb.detectAndCompute(second, None)
    if words_a is not None and words_b is not None:
        pairs = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(words_b, words_a)
        if len(pairs) >= _MIN_MATCHES:
            source = np.array([keys_b[p.queryIdx].pt for p in pairs], np.float32)
            target = np.array([keys_a[p.trainIdx].pt for p in pairs], np.float32)
            affine, good = cv2.estimateAffinePartial2D(
                source, target, method=cv2.RANSAC, ransacReprojThreshold=3.0
            )
            if affine is not None and int(good.sum()) >= _MIN_MATCHES:
                return np.vstack([affine, [0.0, 0.0, 1.0]])
    return _shift(first, second)


def _shift(first: Gray, second: Gray) -> npt.NDArray[np.float64]:
    rows = min(first.shape[0], second.shape[0])
    columns = min(first.shape[1], second.shape[1])
    window = cv2.createHanningWindow((columns, rows), cv2.CV_32F)
    a = first[:rows, :columns].astype(np.float32)
    b = second[:rows, :columns].astype(np.float32)
    (dx, dy), _ = cv2.phaseCorrelate(b, a, window)
    move = np.eye(3)
    move[0, 2], move[1, 2] = dx, dy
    return move


def _refine(first: Gray, second: Gray, start: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Maximise the correlation (Evangelidis and Psarakis 2008, doi:10.1109/TPAMI.2008.113)."""
    inverse = np.linalg.inv(start)[:2].astype(np.float32)
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 40, 1e-4)
    try:
        _, inverse = cv2.findTransformECC(
            first, second, inverse, cv2.MOTION_AFFINE, criteria, None, 5
        )
    except cv2.error:  # it does not converge on pictures without texture: keep the coarse move
        return start
    whole = np.vstack([inverse.astype(np.float64), [0.0, 0.0, 1.0]])
    if not 0.25 < abs(np.linalg.det(whole)) < 4.0:
        return start
    return np.asarray(np.linalg.inv(whole))


def _correlation(first: Gray, moved: Gray, valid: npt.NDArray[np.bool_]) -> float:
    if int(valid.sum()) < 100:
        return 0.0
    a, b = first[valid].astype(float), moved[valid].astype(float)
    spread = float(a.std() * b.std())
    return float(((a - a.mean()) * (b - b.mean())).mean() / spread) if spread > 1e-9 else 0.0


def _difference(first: Gray, moved: Gray, valid: npt.NDArray[np.bool_]) -> Floats:
    """Signed difference in units of its own robust spread, after the brightness is fitted: twice
    least squares, the second time without what differs most."""
    a = cv2.GaussianBlur(first.astype(np.float32), (0, 0), _BLUR_SIGMA_PX)
    b = cv2.GaussianBlur(moved.astype(np.float32), (0, 0), _BLUR_SIGMA_PX)
    keep = valid
    for _ in range(3):
        x, y = b[keep].astype(float), a[keep].astype(float)
        gain = float(((x - x.mean()) * (y - y.mean())).mean() / max(float(x.var()), 1e-9))
        rest = np.abs(gain * (b - x.mean()) + y.mean() - a)
        keep = valid & (rest <= np.quantile(rest[valid], 0.8))
    difference = gain * (b - x.mean()) + y.mean() - a
    difference[~valid] = 0.0
    spread = max(1.4826 * float(np.median(np.abs(difference[valid]))), _NOISE)
    # slow differences are light and clouds' shadows, not things; things are clipped out of them
    weight = cv2.blur(valid.astype(np.float32), _SLOW_PX)
    slow = cv2.blur(np.clip(difference, -3 * spread, 3 * spread), _SLOW_PX)
    scaled = (difference - slow / np.maximum(weight, 1e-3)) / spread
    scaled[~valid] = 0.0
    return np.asarray(scaled, np.float32)


def _regions(
    difference: Floats,
    valid: npt.NDArray[np.bool_],
    min_score: float,
    min_area: float,
    zoom: float,
) -> tuple[ChangeRegion, ...]:
    strong = ((np.abs(difference) >= min_score) & valid).astype(np.uint8)
    joined = cv2.morphologyEx(strong, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    regions = []
    for label in range(1, count):
        x, y, w, h, area = (int(v) for v in stats[label])
        if area < min_area:
            continue
        crop = np.s_[y : y + h, x : x + w]
        weight = np.where(labels[crop] == label, np.abs(difference[crop]), 0.0)
        total = float(weight.sum())
        rows, columns = np.mgrid[0:h, 0:w] + 0.5
        inside = difference[crop][labels[crop] == label]
        regions.append(
            ChangeRegion(
                score=float(np.abs(inside).mean()),
                bbox=(
                    round(x * zoom),
                    round(y * zoom),
                    math.ceil(w * zoom),
                    math.ceil(h * zoom),
                ),
                centre=(
                    (x + float((weight * columns).sum()) / total) * zoom,
                    (y + float((weight * rows).sum()) / total) * zoom,
                ),
                area_px=area * zoom**2,
                brighter=float(inside.mean()) > 0,
            )
        )
    return tuple(sorted(regions, key=lambda region: -region.score))
