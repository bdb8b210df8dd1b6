"""Injected targets and the field's rules, for the recall and speed tables."""

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from core.errors import FlyOnceError
from thermal.formats.decode import decode

DIAMETERS = (2, 4, 7, 14)
Places = list[tuple[float, float]]
Finder = Callable[[np.ndarray], Places]


def frames(folder: Path) -> dict[str, np.ndarray]:
    """Temperatures of the real DJI frames that can be read exactly."""
    found = {}
    for path in sorted(folder.glob("*.JPG")):
        try:
            found[path.stem] = decode(path.read_bytes()).celsius
        except FlyOnceError:
            continue
    return found


def disc(diameter: int, *, peak_after_blur: bool = True) -> np.ndarray:
    """A target of contrast 1: blurred by 0.7 px, its peak 1 after the blur, or before it (then 2 px
    keep 0.60 and 4 px 0.93 of it)."""
    shift = 0.5 if diameter % 2 == 0 else 0.0
    rows, cols = np.mgrid[-20:21, -20:21] + shift
    mask = (np.hypot(rows, cols) <= diameter / 2).astype(np.float32)
    mask = cv2.GaussianBlur(mask, (0, 0), 0.7)
    return mask / mask.max() if peak_after_blur else mask


def injected(
    frame: np.ndarray, diameter: int, kelvin: float, rng: np.random.Generator, strict: bool
) -> tuple[np.ndarray, np.ndarray]:
    """The frame with 16 targets, and their middles (row, column)."""
    height, width = frame.shape
    cells = [(r, c) for r in range(40, height - 32, 80) for c in range(40, width - 40, 80)]
    where = np.array([cells[i] for i in rng.permutation(len(cells))[:16]])
    where += rng.integers(-12, 13, where.shape)
    hot, target = frame.copy(), kelvin * disc(diameter, peak_after_blur=not strict)
    for row, col in where:
        hot[row - 20 : row + 21, col - 20 : col + 21] += target
    return hot, where + (0.5 if diameter % 2 else 0.0)


def adiat(frame: np.ndarray, sigmas: float = 4.0, segments: int = 1) -> Places:
    """ADIAT's published rule, written from its description: in each segment what exceeds mean +
    k sigma (4 by default), grouped by contours. (Its program is GPL-3; it is not run.)"""
    mask = np.zeros(frame.shape, np.uint8)
    for rows in np.array_split(np.arange(frame.shape[0]), segments):
        for cols in np.array_split(np.arange(frame.shape[1]), segments):
            part = np.s_[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
            mask[part] = frame[part] > frame[part].mean() + sigmas * frame[part].std()
    return list(_middles(mask))


def ring(frame: np.ndarray, z: float = 6.0) -> Places:
    """The plain ring: each pixel against mean and deviation of a 25 px window without its inner
    9 px, one scale."""
    f = frame - frame.mean()
    outer, inner = (cv2.boxFilter(f, -1, (n, n), normalize=False) for n in (25, 9))
    squares = f * f
    outer2, inner2 = (cv2.boxFilter(squares, -1, (n, n), normalize=False) for n in (25, 9))
    count = 25**2 - 9**2
    mean = (outer - inner) / count
    variance = np.maximum((outer2 - inner2) / count - mean * mean, 0.01)
    return list(_middles((f - mean > z * np.sqrt(variance)).astype(np.uint8)))


def _middles(mask: np.ndarray) -> Iterator[tuple[float, float]]:
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    for outline in outlines:
        x, y, w, h = cv2.boundingRect(outline)
        yield y + h / 2, x + w / 2
