"""A detector on a whole photograph: cut into overlapping tiles, finds put together again."""

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput, UnreadableMedia
from imagery.detectors.card import Tiling
from imagery.detectors.model import Model
from imagery.detectors.outputs import Box, Detection, detections, suppressed
from imagery.files import metadata

Picture = npt.NDArray[np.uint8]

_SEAM = 0.6
"""A find of which so much lies inside another of the same label is the same, cut by a seam."""


def detect(model: Model, picture: Picture) -> tuple[Detection, ...]:
    """What a model finds in a (H, W, 3) uint8 BGR picture, best first.

    Raises:
        InvalidInput: it would take more tiles than the card allows, or the model fails.
    """
    found: list[Detection] = []
    h, w = picture.shape[:2]
    for x, y, right, bottom in _tiles(w, h, model.card.tiling, model.stem):
        tile = np.ascontiguousarray(picture[y:bottom, x:right])
        outputs, fit = model.run(*model.prepare(tile))
        inside = detections(model.card, outputs, fit, (right - x, bottom - y), model.stem)
        found.extend(replace(d, box=(d.box[0] + x, d.box[1] + y, *d.box[2:])) for d in inside)
    return tuple(_without_cut(suppressed(found, model.card.iou)))


def read_picture(data: bytes, where: str = "photograph") -> Picture:
    """A photograph's pixels, BGR, as they are stored.

    Raises:
        UnreadableMedia: it is no picture, implausibly large, or cannot be decoded.
    """
    _refuse_bomb(data, where)
    try:
        picture = cv2.imdecode(
            np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
        )
    except cv2.error:
        picture = None
    if picture is None:
        raise UnreadableMedia("the picture cannot be decoded", where=where, remedy="send it anew")
    return np.asarray(picture, np.uint8)


def _refuse_bomb(data: bytes, where: str) -> None:
    """OpenCV makes room for whatever size the file states: look at that first."""
    try:
        metadata.read(data)
    except UnreadableMedia as error:
        raise UnreadableMedia(error.what, where=where, remedy=error.remedy) from error


def _tiles(
    width: int, height: int, tiling: Tiling, where: str
) -> Iterator[tuple[int, int, int, int]]:
    if tiling.size_px == 0:
        yield 0, 0, width, height
        return
    lefts, tops = (_starts(n, tiling.size_px, tiling.overlap) for n in (width, height))
    if len(lefts) * len(tops) > tiling.max_tiles:
        raise InvalidInput(
            f"a photograph of {width} x {height} would take {len(lefts) * len(tops)} tiles",
            where=where,
            remedy=f"raise tiling.size_px or tiling.max_tiles ({tiling.max_tiles})",
        )
    for top in tops:
        for left in lefts:
            yield left, top, min(width, left + tiling.size_px), min(height, top + tiling.size_px)


def _starts(length: int, size: int, overlap: float) -> list[int]:
    """Where tiles begin, evenly, so that neighbours share at least the overlap."""
    if length <= size:
        return [0]
    count = int(np.ceil((length - size) / (size * (1 - overlap)))) + 1
    return [round(i * (length - size) / (count - 1)) for i in range(count)]


def _without_cut(found: list[Detection]) -> list[Detection]:
    """Without parts of finds that a seam cut: they lie inside a larger box of the same label."""
    kept: list[Detection] = []
    for each in sorted(found, key=lambda d: -d.box[2] * d.box[3]):
        if not any(k.label == each.label and _inside(each.box, k.box) > _SEAM for k in kept):
            kept.append(each)
    return sorted(kept, key=lambda d: -d.score)


def _inside(a: Box, b: Box) -> float:
    w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return max(0.0, w) * max(0.0, h) / (a[2] * a[3])
