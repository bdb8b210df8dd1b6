"""Outfalls along a bank: stretches where the water is warmer or colder than the water before and
behind them.

Hot roads and cold trees on land are as far from the water's temperature as any outfall, so only
water is looked at: a band on the water's side of the shoreline. Each metre of bank gets the median
of its band across; against it stands the running median along the bank, which follows the river's
own slow warming and the shade of a bank but not a plume. What differs for a sufficient length, by
more than the rule's contrast and by z spreads of the bank's own texture, is a find. It is hot or
cold by its sign.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from thermal.detection.rule import DetectionRule, Hotspot, Kind
from thermal.radiometry import Celsius

Points = npt.NDArray[np.float64]

OUTFALL_RULE = DetectionRule(
    kind=Kind.EITHER, contrast_k=2.0, z=5.0, min_px=20, max_px=20_000, severity=3
)
"""Against the water along the bank 2 K is plain (an uncooled camera resolves 0.05 K, GB 3838-2002
lets man raise a water's weekly mean by 1 K and lower it by 2 K); against a whole frame it would
not be."""

_CLEAR_PX = 1.5
"""Left out beside the line: pixels that mix water and bank."""
_ALONG = 0.5
"""Step along the bank, pixels."""
_NOISE_K = 0.1
"""Smallest spread that is believed; see `detect`."""
_LEAST_SHARE = 3.0
"""The running median looks at this many times the longest plume: a plume is then a minority."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """A shoreline in the frame.

    Attributes:
        line: (N, 2) column and row of its corners in order; water on the right of the direction of
            travel as the picture is seen (row down), unless ``water_left``.
        width_px: how far from the line the water is looked at.
        longest_px: the longest plume that is told from the river itself.
    """

    line: Points
    water_left: bool = False
    width_px: float = 12.0
    longest_px: float = 120.0

    def __post_init__(self) -> None:
        sound = self.line.ndim == 2 and self.line.shape[1] == 2 and len(self.line) >= 2
        if not sound or not np.isfinite(self.line).all() or self.width_px <= _CLEAR_PX:
            raise InvalidInput(
                "a shoreline is two or more points, with water wider than its mixed edge",
                where="shoreline",
                remedy="give (column, row) points",
            )


def outfalls(celsius: Celsius, bank: Bank, rule: DetectionRule) -> tuple[Hotspot, ...]:
    """Plumes along a bank, the highest contrast first.

    Args:
        celsius: (H, W) float32.
        rule: its contrast, z, kind (either for both signs) and bands hold; min_px and max_px are
            the area of the plume within the band.
    """
    if not np.isfinite(celsius).all():
        raise InvalidInput("not all pixels are numbers", where="shoreline", remedy="check the file")
    places, inward = _stations(bank)
    values, inside = _bands(celsius, places, inward, bank)
    if int(inside.sum()) < 8:
        return ()
    profile = _filled(np.median(values, axis=1), inside)
    usual = _running_median(profile, round(_LEAST_SHARE * bank.longest_px / _ALONG))
    rest = profile - usual
    spread = max(1.4826 * float(np.median(np.abs(rest[inside]))), _NOISE_K)
    level = max(rule.contrast_k / 2, 2 * spread)
    found = []
    for sign, kind in ((1.0, Kind.HOT), (-1.0, Kind.COLD)):
        for start, stop in _runs((sign * rest >= level) & inside):
            spot = _plume(values, places, usual, slice(start, stop), sign, kind, spread, bank)
            if rule.admits(spot):
                found.append(spot)
    return tuple(sorted(found, key=lambda spot: -spot.contrast_k))


def waterline(celsius: Celsius, water: tuple[float, float], tolerance_k: float = 1.5) -> Points:
    """The edge of the water that holds a pixel, where no mapped river is at hand.

    Water is smooth: the region round the pixel that no step of more than the tolerance parts from
    it (flood fill on a median-filtered frame). Works where bank and water differ in temperature.

    Args:
        water: column and row of a pixel that shows water.

    Returns:
        (N, 2) column and row, the longest edge, water on the left (`Bank.water_left`).
    """
    lines = edges(water_around(celsius, water, tolerance_k))
    if not lines:
        raise InvalidInput("no bank is in the frame", where="waterline", remedy="give the line")
    return max(lines, key=len)


def water_around(
    celsius: Celsius, water: tuple[float, float], tolerance_k: float = 1.5
) -> npt.NDArray[np.uint8]:
    """(H, W) 255 where there is the even region that holds a pixel; see `waterline`."""
    height, width = celsius.shape
    col, row = (round(v) for v in water)
    if not (0 <= col < width and 0 <= row < height):
        raise InvalidInput("that pixel is not in the frame", where="waterline", remedy="move it")
    smooth = cv2.medianBlur(np.ascontiguousarray(celsius, np.float32), 5)
    mask = np.zeros((height + 2, width + 2), np.uint8)
    flags = 4 | cv2.FLOODFILL_FIXED_RANGE | cv2.FLOODFILL_MASK_ONLY | (255 << 8)
    cv2.floodFill(smooth, mask, (col, row), 0.0, tolerance_k, tolerance_k, flags)
    region = cv2.morphologyEx(mask[1:-1, 1:-1], cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    return np.asarray(region, np.uint8)


def edges(region: npt.NDArray[np.uint8]) -> list[Points]:
    """Outer edges of the largest part of a region within the frame, each (N, 2) column and row,
    the region on the left."""
    height, width = region.shape
    outlines, _ = cv2.findContours(region, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return []
    outline = max(outlines, key=len)[:, 0, :].astype(np.float64) + 0.5
    inner = (
        (outline[:, 0] > 2) & (outline[:, 0] < width - 2)
        & (outline[:, 1] > 2) & (outline[:, 1] < height - 2)
    )  # fmt: skip
    if not inner.all():  # begin at the frame's rim, so that no edge is cut in two
        start = int(np.flatnonzero(~inner)[0])
        outline, inner = np.roll(outline, -start, axis=0), np.roll(inner, -start)
    return [outline[start:stop] for start, stop in _runs(inner) if stop - start >= 2]


def _stations(bank: Bank) -> tuple[Points, Points]:
    """Places every half pixel along the line, and unit vectors from each into the water."""
    steps = np.diff(bank.line, axis=0)
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    at = np.concatenate([[0.0], np.cumsum(lengths)])
    along = np.arange(0.0, at[-1], _ALONG)
    places = np.stack([np.interp(along, at, bank.line[:, i]) for i in (0, 1)], axis=1)
    reach = max(round(6.0 / _ALONG), 1)
    ahead = places[np.minimum(np.arange(len(places)) + reach, len(places) - 1)]
    behind = places[np.maximum(np.arange(len(places)) - reach, 0)]
    travel = ahead - behind
    travel /= np.maximum(np.hypot(travel[:, 0], travel[:, 1]), 1e-9)[:, None]
    right = np.stack([-travel[:, 1], travel[:, 0]], axis=1)  # rows grow downwards
    return places, -right if bank.water_left else right


def _bands(
    celsius: Celsius, places: Points, inward: Points, bank: Bank
) -> tuple[Points, npt.NDArray[np.bool_]]:
    """(stations, depths) temperatures across the band; which stations lie wholly in the frame."""
    depths = np.arange(_CLEAR_PX, bank.width_px, 1.0)
    at = places[:, None, :] + depths[None, :, None] * inward[:, None, :] - 0.5
    col, row = at[..., 0].astype(np.float32), at[..., 1].astype(np.float32)
    values = cv2.remap(celsius, col, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    height, width = celsius.shape
    inside = (col >= 0) & (row >= 0) & (col <= width - 1) & (row <= height - 1)
    return values.astype(np.float64), inside.all(axis=1)


def _filled(profile: Points, inside: npt.NDArray[np.bool_]) -> Points:
    index = np.arange(len(profile))
    return np.interp(index, index[inside], profile[inside])


def _running_median(profile: Points, window: int) -> Points:
    """At a spacing of a tenth of the window, linear between; the ends lean on what there is."""
    half = max(window // 2, 1)
    centres = np.unique(np.append(np.arange(0, len(profile), max(half // 5, 1)), len(profile) - 1))
    medians = [float(np.median(profile[max(c - half, 0) : c + half + 1])) for c in centres]
    return np.interp(np.arange(len(profile)), centres, medians)


def _runs(wanted: npt.NDArray[np.bool_]) -> Sequence[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], wanted, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _plume(
    values: Points, places: Points, usual: Points, run: slice, sign: float, kind: Kind,
    spread: float, bank: Bank,
) -> Hotspot:  # fmt: skip
    """The peak is the 95th percentile of the stretch, which one bad pixel does not set."""
    own = sign * (values[run] - usual[run, None])
    contrast = float(np.percentile(own, 95))
    middle = places[run][len(places[run]) // 2]
    background = float(np.median(usual[run]))
    width = values.shape[1] * float((own >= contrast / 2).mean())
    return Hotspot(
        row=float(middle[1]), col=float(middle[0]), peak_c=background + sign * contrast,
        background_c=background, contrast_k=contrast, score=contrast / spread,
        area_px=max(round((run.stop - run.start) * _ALONG * width), 1), kind=kind,
    )  # fmt: skip
