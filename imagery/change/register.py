"""Bringing the later picture onto the earlier one: features first, then ECC.

Features are SIFT (Lowe 2004, doi:10.1023/B:VISI.0000029664.99615.94): any rotation, and a scale of
up to two either way. A homography is the ground as a plane; what stands above it is `relief`'s.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput

Floats = npt.NDArray[np.float32]
Matrix = npt.NDArray[np.float64]
Gray = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

FEATURE_PX = 1000
"""Features are looked for at this width at most; more pixels give more of them, not better ones."""
MIN_MATCHES = 14
MIN_CORRELATION = 0.3
"""Below this correlation after registration the two pictures do not show the same place."""
MIN_BLIND_CORRELATION = 0.6
"""The same where no features agree: of 80 wrong alignments of real frames the best had 0.54."""
_FEATURES = 3000
_RATIO = 0.8  # Lowe's own
_REPROJECTION_PX = 3.0
_GUESS_SHARE = 0.25  # a pose may be off by this share of the width: metres of GPS and of height


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """How the later picture lies on the earlier one.

    Attributes:
        move: (3, 3) homography from pixels of the later picture to the earlier one's.
        correlation: of the two on the ground that both show, -1 to 1.
        overlap: share of the earlier picture that the later one shows.
        matches: features that agree with `move`; 0 where the pose or the phase alone gave it.
    """

    move: Matrix
    correlation: float
    overlap: float
    matches: int


def register(first: Gray, second: Gray, guess: Matrix | None = None) -> Registration:
    """The move of the second picture onto the first.

    Args:
        first, second: (H, W) uint8 grey values.
        guess: from the poses, (3, 3) second to first; features that contradict it by more than
            a quarter of the width are left out, and it is what is left without any.

    Raises:
        InvalidInput: the two cannot be brought together.
    """
    found, matches = _by_features(first, second, guess)
    if found is None:
        starts = [guess, _shift(first, second)] if guess is not None else [_shift(first, second)]
    else:
        starts = [found]
    tried = [m for start in starts for m in (start, _refined(first, second, start))]
    best = max(
        (_judged(first, second, move, matches) for move in tried), key=lambda r: r.correlation
    )
    if best.correlation < (MIN_CORRELATION if matches else MIN_BLIND_CORRELATION):
        raise InvalidInput(
            f"the two pictures do not show the same place (correlation {best.correlation:.2f})",
            where="change",
            remedy="compare pictures of the same place, season and kind of light",
        )
    return best


def _by_features(first: Gray, second: Gray, guess: Matrix | None) -> tuple[Matrix | None, int]:
    small = [min(1.0, FEATURE_PX / p.shape[1]) for p in (first, second)]
    (keys_a, words_a), (keys_b, words_b) = (
        _features(p, s) for p, s in zip((first, second), small, strict=True)
    )
    if len(keys_a) < MIN_MATCHES or len(keys_b) < MIN_MATCHES:
        return None, 0
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(words_b, words_a, k=2)
    good = [p[0] for p in pairs if len(p) == 2 and p[0].distance < _RATIO * p[1].distance]
    source = np.array([keys_b[m.queryIdx] for m in good], np.float32).reshape(-1, 2)
    target = np.array([keys_a[m.trainIdx] for m in good], np.float32).reshape(-1, 2)
    # poses lie (frames stored upside down, heights off by a fifth): many features overrule them
    move, count = _agreed(source, target, small[0], second.shape)
    if guess is None or count >= 2 * MIN_MATCHES or not len(good):
        return move, count
    near, near_count = _agreed(
        *_near(source, target, guess, first.shape[1]), small[0], second.shape
    )
    return (near, near_count) if near is not None else (move, count)


def _near(source: Floats, target: Floats, guess: Matrix, width: int) -> tuple[Floats, Floats]:
    """The matches that do not contradict a guess."""
    expected = cv2.perspectiveTransform(source[:, None], guess)[:, 0]
    near = np.linalg.norm(expected - target, axis=1) < _GUESS_SHARE * width
    return source[near], target[near]


def _agreed(
    source: Floats, target: Floats, scale: float, shape: tuple[int, ...]
) -> tuple[Matrix | None, int]:
    """The plane that most matches agree on (MAGSAC++), if enough do."""
    if len(source) < MIN_MATCHES:
        return None, 0
    move, inside = cv2.findHomography(
        source, target, cv2.USAC_MAGSAC, _REPROJECTION_PX / scale, maxIters=5000, confidence=0.999
    )
    if move is None or int(inside.sum()) < MIN_MATCHES or not _plausible(move, shape):
        return None, 0
    return np.asarray(move), int(inside.sum())


def _features(gray: Gray, scale: float) -> tuple[Floats, Floats]:
    if scale < 1.0:
        gray = np.asarray(cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    keys, words = cv2.SIFT.create(nfeatures=_FEATURES).detectAndCompute(gray, None)
    places = np.array([k.pt for k in keys], np.float32).reshape(-1, 2) / scale
    if words is None:
        return places[:0], np.zeros((0, 128), np.float32)
    words = np.sqrt(words / np.maximum(words.sum(axis=1, keepdims=True), 1e-9))  # RootSIFT
    return places, np.asarray(words, np.float32)


def _plausible(move: Matrix, shape: tuple[int, ...]) -> bool:
    """Whether the second picture stays a convex quadrangle of half to twice its size each way."""
    h, w = shape[:2]
    corners = np.array([[[0, 0], [w, 0], [w, h], [0, h]]], np.float64)
    ring = cv2.perspectiveTransform(corners, move)[0].astype(np.float32)
    share = cv2.contourArea(ring) / (w * h)
    return bool(cv2.isContourConvex(ring)) and 0.1 < share < 10.0


def _shift(first: Gray, second: Gray) -> Matrix:
    rows = min(first.shape[0], second.shape[0])
    columns = min(first.shape[1], second.shape[1])
    window = cv2.createHanningWindow((columns, rows), cv2.CV_32F)
    a = first[:rows, :columns].astype(np.float32)
    b = second[:rows, :columns].astype(np.float32)
    (dx, dy), _ = cv2.phaseCorrelate(b, a, window)
    move = np.eye(3)
    move[0, 2], move[1, 2] = dx, dy
    return move


def _refined(first: Gray, second: Gray, start: Matrix) -> Matrix:
    """Maximise the correlation (Evangelidis and Psarakis 2008, doi:10.1109/TPAMI.2008.113)."""
    scale = min(1.0, 500 / first.shape[1])
    zoom = np.diag([scale, scale, 1.0])
    size = (round(first.shape[1] * scale), round(first.shape[0] * scale))
    small = cv2.resize(first, size, interpolation=cv2.INTER_AREA)
    other = cv2.resize(second, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    inverse = np.linalg.inv(zoom @ start @ np.linalg.inv(zoom)).astype(np.float32)
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-4)
    try:
        _, inverse = cv2.findTransformECC(
            small, other, inverse, cv2.MOTION_HOMOGRAPHY, criteria, None, 5
        )
    except cv2.error:  # it does not converge on pictures without texture: keep the coarse move
        return start
    move = np.linalg.inv(zoom) @ np.linalg.inv(inverse.astype(np.float64)) @ zoom
    return np.asarray(move) if _plausible(move, second.shape) else start


def _judged(first: Gray, second: Gray, move: Matrix, matches: int) -> Registration:
    size = (first.shape[1], first.shape[0])
    moved = cv2.warpPerspective(second, move, size)
    shown = cv2.warpPerspective(np.full_like(second, 255), move, size, flags=cv2.INTER_NEAREST) > 0
    return Registration(
        move=move,
        correlation=_correlation(first, moved, shown),
        overlap=float(shown.mean()),
        matches=matches,
    )


def _correlation(first: Gray, moved: Gray, valid: Mask) -> float:
    if int(valid.sum()) < 100:
        return 0.0
    a, b = first[valid].astype(float), moved[valid].astype(float)
    spread = float(a.std() * b.std())
    return float(((a - a.mean()) * (b - b.mean())).mean() / spread) if spread > 1e-9 else 0.0
