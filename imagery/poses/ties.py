"""Tie points: the same spot of the ground found in two photographs.

SIFT features (Lowe, IJCV 60(2), 2004) compared as RootSIFT (Arandjelovic & Zisserman, CVPR 2012),
mutual best matches that pass Lowe's ratio test, and of these what one homography explains
(MAGSAC++, Barath et al., CVPR 2020): a survey looks down, and the ground below is nearly a plane.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from core.errors import UnreadableMedia
from imagery.files import metadata
from imagery.ground.lens import Floats, tangents
from imagery.poses.frames import Decode, MosaicFrame, Picture

WORK_PX = 1000
"""Features are looked for in pictures of this longer side: 0.1 to 0.4 of a native pixel is lost,
and a frame takes 0.2 to 0.4 s."""
FEATURES = 1500
RATIO = 0.8
"""Lowe's: at 0.8 nine of ten wrong matches go and one in twenty right ones."""
RANSAC_PX = 8.0
"""Work pixels off the common homography: leaves room for houses and trees of a few metres."""
LEAST, SHARE = 10, 0.4
"""So many points, and this share of the matches, must fit one homography. Pictures of different
places give up to 9 by chance (measured over the 99 pairs of brighton_q without overlap)."""
KEPT = 60
"""Of a pair's matches, spread over the overlap; more change the solution by less than its error."""

_GRID = 8


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What can be recognised in one picture.

    Attributes:
        slopes: (N, 2) tangents right and down of the axis, lens distortion removed.
        marks: (N, 128) float32 RootSIFT descriptors, stored as uint8 of 255 x value x 2.
        tones: (N,) float32, the picture around each: grey levels, or degrees Celsius.
        focal_px: of the picture as searched; makes pixels of slopes.
    """

    slopes: Floats
    marks: npt.NDArray[np.uint8]
    tones: npt.NDArray[np.float32]
    focal_px: float


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """The tie points of two frames, by their indices.

    Attributes:
        a, b: (K, 2) tangents in the first and in the second.
        tones: (K, 2) float32, the pictures' tones there.
    """

    first: int
    second: int
    a: Floats
    b: Floats
    tones: npt.NDArray[np.float32]


def picture_of(frame: MosaicFrame, decode: Decode | None = None) -> Picture:
    """(H, W, 3) uint8 blue, green, red; with ``decode`` (H, W) float32 Celsius.

    The pixels are those of the file: an EXIF orientation is not applied, because the gimbal's
    angles speak of the sensor.

    Raises:
        UnreadableMedia: the file is no picture or an implausibly large one.
    """
    data = frame.load()
    if decode is not None:
        return decode(data)
    metadata.read(data)  # refuses bombs before they are decoded
    how = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), how)
    if picture is None:
        raise UnreadableMedia("the picture cannot be decoded", where=frame.id)
    return picture


def features(frame: MosaicFrame, picture: Picture, *, mirrored: bool = False) -> Features:
    """The features of a frame's picture; ``mirrored`` looks at it left to right."""
    if mirrored:
        picture = picture[:, ::-1]
    scale = min(1.0, WORK_PX / max(picture.shape[:2]))
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    small = cv2.resize(np.ascontiguousarray(picture), size, interpolation=cv2.INTER_AREA)
    tone = small if small.ndim == 2 else cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
    sift = cv2.SIFT.create(nfeatures=FEATURES, contrastThreshold=0.02)
    points, marks = sift.detectAndCompute(_eight_bit(tone), None)
    if marks is None or not len(points):
        none = np.zeros((0, 2))
        return Features(none, np.zeros((0, 128), np.uint8), np.zeros(0, np.float32), 1.0)
    spots = np.array([point.pt for point in points]) + 0.5  # a pixel's centre lies at + 0.5
    mean = cv2.blur(tone.astype(np.float32), (9, 9))
    column, row = (np.minimum(spots[:, k].astype(int), size[k] - 1) for k in (0, 1))
    native = _native(frame, spots, size)
    root = np.sqrt(marks / np.maximum(marks.sum(axis=1, keepdims=True), 1e-9))
    return Features(
        slopes=tangents(frame.camera, native),
        marks=np.minimum(root * 510, 255).astype(np.uint8),
        tones=mean[row, column],
        focal_px=frame.camera.focal_px * size[0] / frame.camera.width_px,
    )


def match(first: int, second: int, a: Features, b: Features) -> Pair | None:
    """The tie points of two frames, or None when they share too little."""
    if min(len(a.marks), len(b.marks)) < LEAST:
        return None
    mine, yours = _mutual(a.marks, b.marks)
    if len(mine) < LEAST:
        return None
    p, q = a.slopes[mine] * a.focal_px, b.slopes[yours] * a.focal_px
    good = np.isfinite(p).all(axis=1) & np.isfinite(q).all(axis=1)
    mine, yours, p, q = mine[good], yours[good], p[good], q[good]
    if len(mine) < LEAST:
        return None
    cv2.setRNGSeed(0)
    _, inside = cv2.findHomography(p, q, cv2.USAC_MAGSAC, RANSAC_PX, maxIters=2000, confidence=0.99)
    chosen = np.flatnonzero(inside.ravel()) if inside is not None else np.zeros(0, int)
    if len(chosen) < max(LEAST, SHARE * len(mine)):
        return None
    chosen = chosen[_spread(p[chosen])]
    mine, yours = mine[chosen], yours[chosen]
    tones = np.column_stack([a.tones[mine], b.tones[yours]])
    return Pair(first, second, a.slopes[mine], b.slopes[yours], tones)


def neighbours(
    places: Floats, reach_m: Floats, *, most: int = 8, alike: Sequence[object] | None = None
) -> Iterator[tuple[int, int]]:
    """Pairs of frames worth comparing: each with the next two in the order of flight, and with
    those nearest whose footprints may touch.

    Args:
        places: (N, 2) metres; reach_m: (N,) half the diagonal of what each frame shows.
        alike: only frames whose values here are equal are compared.
    """
    seen: set[tuple[int, int]] = set()
    for i, place in enumerate(places):
        away = np.hypot(*(places - place).T)
        away[i] = np.inf
        near = [int(j) for j in np.argsort(away)[:most] if away[j] < reach_m[i] + reach_m[j]]
        for j in (i + 1, i + 2, *near):
            if j >= len(places) or (alike is not None and alike[i] != alike[j]):
                continue
            pair = (min(i, j), max(i, j))
            if pair not in seen:
                seen.add(pair)
                yield pair


def _eight_bit(tone: Picture) -> npt.NDArray[np.uint8]:
    """Grey levels that use the whole range: a thermal frame spans a few kelvin, dusk few levels."""
    values = tone.astype(np.float32)
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return np.zeros(tone.shape, np.uint8)
    low, high = np.percentile(finite, (0.5, 99.5))
    scaled = (np.nan_to_num(values, nan=float(low)) - low) * (255 / max(float(high - low), 1e-3))
    return np.clip(scaled, 0, 255).astype(np.uint8)


def _native(frame: MosaicFrame, spots: Floats, size: tuple[int, int]) -> Floats:
    """Native pixels of spots in a picture of another size; both share the axis and the width."""
    scale = frame.camera.width_px / size[0]
    column = spots[:, 0] * scale
    return np.column_stack(
        [column, frame.camera.height_px / 2 + (spots[:, 1] - size[1] / 2) * scale]
    )


def _mutual(
    a: npt.NDArray[np.uint8], b: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Indices of mutual nearest neighbours that pass the ratio test."""
    one, two = a.astype(np.float32), b.astype(np.float32)
    squares = (one**2).sum(axis=1)[:, None] + (two**2).sum(axis=1)[None] - 2 * one @ two.T
    nearest = squares.argmin(axis=1)
    rows = np.arange(len(one))
    best = np.maximum(squares[rows, nearest], 0.0)
    back = squares.argmin(axis=0)
    squares[rows, nearest] = np.inf
    second = squares.min(axis=1)
    good = (best < RATIO**2 * second) & (back[nearest] == rows)
    return rows[good], nearest[good]


def _spread(points: Floats) -> npt.NDArray[np.intp]:
    """At most `KEPT` of the points, as even over their extent as they come."""
    if len(points) <= KEPT:
        return np.arange(len(points))
    low, high = points.min(axis=0), points.max(axis=0)
    cell = ((points - low) / np.maximum(high - low, 1e-9) * (_GRID - 1e-6)).astype(int)
    key = cell[:, 0] * _GRID + cell[:, 1]
    order = np.argsort(key, kind="stable")
    _, start, count = np.unique(key[order], return_index=True, return_counts=True)
    rank = np.arange(len(points)) - np.repeat(start, count)
    return order[np.argsort(rank, kind="stable")[:KEPT]]
