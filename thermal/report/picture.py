"""A thermal frame as a picture: perceptual palette, scale in Celsius, marks."""

import io
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from thermal.detection.detect import Hotspot, Kind
from thermal.radiometry import Celsius

PALETTE = cv2.COLORMAP_INFERNO
"""Rises evenly in lightness, also for colour-blind eyes and in grey print (Smith, van der Walt)."""

_BAR_PX, _TICKS, _SHARES = 26, 5, (0.5, 99.5)
_MIN_WIDTH = 640
_MARK = {Kind.HOT: (90, 255, 120), Kind.COLD: (120, 200, 255)}
_PAPER, _INK = (250, 250, 247), (30, 30, 30)


def span_c(celsius: Celsius) -> tuple[float, float]:
    """The temperatures at the palette's ends: all but the most extreme half per cent, at least
    2 K apart, so that one fire does not turn the rest black."""
    low, high = (float(v) for v in np.percentile(celsius[::2, ::2], _SHARES))
    if high - low < 2.0:
        middle = (low + high) / 2
        low, high = middle - 1.0, middle + 1.0
    return low, high


def colour(celsius: Celsius, span: tuple[float, float]) -> npt.NDArray[np.uint8]:
    """(H, W, 3) RGB in the palette."""
    low, high = span
    share = np.clip((celsius - low) * (255.0 / (high - low)), 0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(cv2.applyColorMap(share, PALETTE), cv2.COLOR_BGR2RGB), np.uint8)


def render(celsius: Celsius, spots: Sequence[Hotspot] = (), *, scale: bool = True) -> bytes:
    """A PNG of the frame, enlarged to at least 640 pixels across, spots marked and numbered.

    Args:
        scale: whether to draw the temperature scale beside it.
    """
    height, width = celsius.shape
    zoom = max(1, -(-_MIN_WIDTH // width))
    span = span_c(celsius)
    frame = Image.fromarray(colour(celsius, span))
    frame = frame.resize((width * zoom, height * zoom), Image.Resampling.NEAREST)
    _marks(frame, spots, zoom)
    if scale:
        frame = _with_scale(frame, span)
    out = io.BytesIO()
    frame.save(out, "PNG", compress_level=3)
    return out.getvalue()


def _marks(frame: Image.Image, spots: Sequence[Hotspot], zoom: int) -> None:
    """Rings first, then labels where they cover no earlier label; else the number alone."""
    draw, font = ImageDraw.Draw(frame), ImageFont.load_default(15)
    taken: list[tuple[float, float, float, float]] = []
    for number, spot in enumerate(spots, 1):
        x, y, radius = spot.col * zoom, spot.row * zoom, _radius(spot, zoom)
        ring = (x - radius, y - radius, x + radius, y + radius)
        draw.ellipse(ring, outline=(0, 0, 0), width=4)
        draw.ellipse(ring, outline=_MARK[spot.kind], width=2)
        place, text = _free_label(frame, draw, font, number, spot, (x, y, radius), taken)
        draw.text(
            place, text, font=font, fill=_MARK[spot.kind], stroke_width=2, stroke_fill="black"
        )


def _radius(spot: Hotspot, zoom: int) -> float:
    return max(9.0, 4 + zoom * (spot.area_px / np.pi) ** 0.5 * 1.4)


def _free_label(
    frame: Image.Image,
    draw: ImageDraw.ImageDraw,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    number: int,
    spot: Hotspot,
    ring: tuple[float, float, float],
    taken: list[tuple[float, float, float, float]],
) -> tuple[tuple[float, float], str]:
    x, y, radius = ring
    for text in (f"{number}: {spot.peak_c:.1f}°", f"{number}"):
        width = draw.textlength(text, font=font)
        right, left = x + radius + 4, x - radius - 4 - width
        for corner in ((right, y - radius - 6), (right, y + 4), (left, y - radius - 6), (left, y)):
            column = min(max(corner[0], 2), frame.width - width - 4)
            row = min(max(corner[1], 2), frame.height - 20)
            box = (column, row, column + width, row + 17)
            if not any(_overlap(box, other) for other in taken):
                taken.append(box)
                return (column, row), text
    return (x - 4, y - 8), f"{number}"


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _with_scale(frame: Image.Image, span: tuple[float, float]) -> Image.Image:
    low, high = span
    sheet = Image.new("RGB", (frame.width + _BAR_PX + 78, frame.height), _PAPER)
    sheet.paste(frame, (0, 0))
    ramp = np.linspace(high, low, frame.height - 40, dtype=np.float32)[:, None]
    bar = Image.fromarray(colour(np.repeat(ramp, _BAR_PX, axis=1), span))
    sheet.paste(bar, (frame.width + 12, 20))
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    digits = 1 if high - low < 40 else 0
    for tick in range(_TICKS):
        share = tick / (_TICKS - 1)
        y = 20 + share * (frame.height - 41)
        x = frame.width + 12 + _BAR_PX
        draw.line((x, y, x + 5, y), fill=_INK)
        label = f"{high - share * (high - low):.{digits}f} °C"
        draw.text((x + 8, y - 9), label, font=font, fill=_INK)
    return sheet
