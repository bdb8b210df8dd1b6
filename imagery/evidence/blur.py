"""Copies of pictures in which nobody can be recognised and no number plate read.

Guarantee by resolution: nowhere does the copy show more than `MOST_PX_PER_M`. EN 62676-4:2015
(video surveillance, application guidelines) asks 25 px/m to *detect* that somebody is there, 62.5
to observe, 125 to recognise a known and 250 to identify an unknown person; reading plates takes
about 100. The copy stays at the level of detection. Places where somebody was found (by warmth, or
by a trained detector) are filled besides.

Detail is removed by averaging whole blocks and rounding the averages: unlike a Gaussian blur, this
cannot be undone, because each block keeps one value of what were many.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from imagery.evidence.scale import Look, metres_a_pixel

Picture = npt.NDArray[np.uint8]
MOST_PX_PER_M = 25.0
"""EN 62676-4's level "detect"; see above."""
STEP = 8
"""Averages are rounded to so many grey levels, so that series of copies give away less."""
TILE_PX = 64
MOST_BLOCK_PX = 512
"""Pictures taken from so near that blocks would have to be larger are filled instead."""
FILL = (128, 128, 128)


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a picture in pixels: left and top included, right and bottom not."""

    left: int
    top: int
    right: int
    bottom: int


def protect(picture: Picture, look: Look, found: Sequence[Box] = ()) -> Picture:
    """The copy of a picture (H, W, 3) uint8, of the same size.

    Args:
        found: where people or plates were found; these are filled.

    Raises:
        InvalidInput: the picture has another size than ``look`` says.
    """
    height, width = picture.shape[:2]
    if (width, height) != (look.width_px, look.height_px):
        raise InvalidInput(
            f"the picture has {width} x {height} pixels, not {look.width_px} x {look.height_px}",
            remedy="give the size as stored",
        )
    copy = _coarse(picture, block_sizes(look))
    for box in found:
        copy[max(0, box.top) : max(0, box.bottom), max(0, box.left) : max(0, box.right)] = FILL
    return copy


def block_sizes(look: Look, most_px_per_m: float = MOST_PX_PER_M) -> npt.NDArray[np.int32]:
    """The edge in pixels of the blocks in each tile of `TILE_PX`; powers of two, 1 where the
    picture is coarse enough, twice `MOST_BLOCK_PX` where everything is to be filled."""
    columns = np.arange(0, look.width_px + TILE_PX, TILE_PX, dtype=float)
    rows = np.arange(0, look.height_px + TILE_PX, TILE_PX, dtype=float)
    scale = metres_a_pixel(look, columns, rows)
    finest = np.minimum.reduce([scale[:-1, :-1], scale[1:, :-1], scale[:-1, 1:], scale[1:, 1:]])
    wanted = np.ceil(1.0 / (most_px_per_m * np.maximum(finest, 1e-6)) - 1e-9)
    powers = np.ceil(np.log2(np.clip(wanted, 1, 2 * MOST_BLOCK_PX)))
    return np.exp2(powers).astype(np.int32)


def _coarse(picture: Picture, sizes: npt.NDArray[np.int32]) -> Picture:
    """The picture with each tile averaged over blocks of its size; blocks larger than a tile
    are averaged over as many tiles."""
    copy = picture.copy()
    for size in np.unique(sizes):
        if size == 1:
            continue
        chosen = _pixels(sizes == size, picture.shape[:2])
        if size > MOST_BLOCK_PX:
            copy[chosen] = FILL
        else:
            np.copyto(copy, _averaged(picture, int(size)), where=chosen[:, :, None])
    return copy


def _averaged(picture: Picture, size: int) -> Picture:
    height, width = picture.shape[:2]
    down, across = -height % size, -width % size
    padded = cv2.copyMakeBorder(picture, 0, down, 0, across, cv2.BORDER_REPLICATE)
    small = cv2.resize(
        padded, (padded.shape[1] // size, padded.shape[0] // size), interpolation=cv2.INTER_AREA
    )
    rounded = (small // STEP) * STEP + STEP // 2
    return np.repeat(np.repeat(rounded, size, axis=0), size, axis=1)[:height, :width]


def _pixels(tiles: npt.NDArray[np.bool_], shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    return np.repeat(np.repeat(tiles, TILE_PX, axis=0), TILE_PX, axis=1)[: shape[0], : shape[1]]
