"""Before and after as a person compares them: aligned, in one frame, the regions marked."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from imagery.change.register import Matrix

Picture = npt.NDArray[np.uint8]
Box = tuple[int, int, int, int]

VIEW_PX = 1600
"""Width of each of the two pictures at most."""
CLOSE = 3.0
"""A close-up shows so many times the region's own size around it."""
_MIN_CLOSE_PX = 160
_RED, _WHITE = (40, 40, 235), (255, 255, 255)


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """Two pictures of one size that lie on each other pixel by pixel (ready for a swipe).

    Attributes:
        boxes: the regions in them, (left, top, width, height).
    """

    before: Picture
    after: Picture
    boxes: tuple[Box, ...]

    def side_by_side(self) -> Picture:
        """One picture: before on the left, after on the right, marked."""
        gap = np.full((self.before.shape[0], 6, 3), 255, np.uint8)
        return np.hstack([self.marked(self.before), gap, self.marked(self.after)])

    def marked(self, picture: Picture) -> Picture:
        """A copy with a frame round each region; the inside stays as it is."""
        shown = picture.copy()
        thick = max(2, picture.shape[1] // 400)
        for x, y, w, h in self.boxes:
            grow = 2 * thick
            ends = (x - grow, y - grow), (x + w + grow, y + h + grow)
            cv2.rectangle(shown, *ends, _WHITE, thick + 2)
            cv2.rectangle(shown, *ends, _RED, thick)
        return shown


def before_after(
    before: Picture,
    after: Picture,
    transform: Matrix,
    boxes: Sequence[Box],
    *,
    close: bool = False,
) -> BeforeAfter:
    """The later picture laid on the earlier one.

    Args:
        transform: (3, 3) pixels of the later picture to the earlier one's.
        boxes: regions in pixels of the earlier picture.
        close: only the surroundings of the regions instead of the whole picture.
    """
    window = _window(before.shape, boxes) if close and boxes else (0, 0, *before.shape[1::-1])
    x, y, w, h = window
    scale = min(1.0, VIEW_PX / w)
    size = (max(1, round(w * scale)), max(1, round(h * scale)))
    view = np.diag([scale, scale, 1.0]) @ np.array([[1.0, 0, -x], [0, 1.0, -y], [0, 0, 1.0]])
    return BeforeAfter(
        before=np.asarray(cv2.warpPerspective(before, view, size, flags=cv2.INTER_AREA), np.uint8),
        after=np.asarray(cv2.warpPerspective(after, view @ transform, size), np.uint8),
        boxes=tuple(
            (
                round((bx - x) * scale),
                round((by - y) * scale),
                max(1, round(bw * scale)),
                max(1, round(bh * scale)),
            )
            for bx, by, bw, bh in boxes
        ),
    )


def encoded(picture: Picture, kind: str = "jpg") -> bytes:
    """JPEG (quality 90) or PNG bytes.

    Raises:
        InvalidInput: another kind of file.
    """
    if kind not in ("jpg", "png"):
        raise InvalidInput(f"no such kind of picture: {kind}", where="kind", remedy="jpg or png")
    options = [cv2.IMWRITE_JPEG_QUALITY, 90] if kind == "jpg" else []
    done, data = cv2.imencode(f".{kind}", picture, options)
    if not done:
        raise InvalidInput("the picture cannot be encoded", where="picture")
    return data.tobytes()


def _window(shape: tuple[int, ...], boxes: Sequence[Box]) -> Box:
    """The surroundings of some boxes inside the picture."""
    left, top = min(b[0] for b in boxes), min(b[1] for b in boxes)
    right, bottom = max(b[0] + b[2] for b in boxes), max(b[1] + b[3] for b in boxes)
    side = max(_MIN_CLOSE_PX, CLOSE * max(right - left, bottom - top))
    cx, cy = (left + right) / 2, (top + bottom) / 2
    x0, y0 = max(0, int(cx - side / 2)), max(0, int(cy - side / 2))
    x1, y1 = min(shape[1], int(cx + side / 2)), min(shape[0], int(cy + side / 2))
    return x0, y0, max(1, x1 - x0), max(1, y1 - y0)
