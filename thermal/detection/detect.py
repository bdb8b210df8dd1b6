"""Hotspots and cold spots: places that differ from what is around them.

Three steps, each with its threshold in the rule:

1. *Where to look.* A white top-hat (the picture less its opening, Serra 1982) keeps what is smaller
   than the opening and lets edges and large warm roofs vanish. Rules that admit larger things and
   have an absolute floor also look at everything beyond the floor. Rules without a floor can ask
   for *isolation* instead: the place must rise above the highest of eight directions around it, at
   one of four scales; that is what tells a joint or an ember from a warm texture.
2. *How much it differs.* Each place is measured against the median of a ring round it, in units of
   the ring's own spread (MAD x 1.4826, robust against other hot things in the ring).
3. *Whether the rule wants it.* Absolute floor, contrast, size, z.

One call to `spots` measures all places of a frame; any number of rules then choose among them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from thermal.detection.rule import DetectionRule, Hotspot, Kind
from thermal.radiometry import Celsius

__all__ = ["DetectionRule", "Hotspot", "Kind", "detect", "isolation", "spots"]

OPENING_PX = 25
"""Side of the top-hat's square: things up to this size are found against any background."""

MAX_SPOTS = 400
"""Places measured in one frame, the most striking first: a bound on the time a frame may take."""

_NOISE_K = 0.1
"""Smallest spread that is believed: twice the noise of an uncooled camera (NETD 50 mK)."""

_RING_MIN_PX = 24
_REACH_PX = 2 * OPENING_PX // 3
"""How far round the seed a place and its ring may extend, pixels."""

Mask = npt.NDArray[np.uint8]


def detect(celsius: Celsius, rule: DetectionRule) -> tuple[Hotspot, ...]:
    """All finds of one rule in a frame, the highest contrast first.

    Args:
        celsius: (H, W) float32, finite.
    """
    return tuple(spot for spot in spots(celsius, [rule]) if rule.admits(spot))


def spots(celsius: Celsius, rules: Sequence[DetectionRule]) -> tuple[Hotspot, ...]:
    """All places that any of the rules could want, measured once; the highest contrast first."""
    found: list[Hotspot] = []
    for kind in Kind:
        wanted = [rule for rule in rules if rule.kind is kind]
        if wanted:
            found += _spots(celsius, kind, wanted)
    return tuple(sorted(found, key=lambda spot: -spot.contrast_k))


def _spots(celsius: Celsius, kind: Kind, rules: Sequence[DetectionRule]) -> list[Hotspot]:
    """Work on ``values`` that are high where the place is extreme, whichever way."""
    values = celsius if kind is Kind.HOT else -celsius
    if float(values.max()) < min(_floor(rule) for rule in rules):
        return []
    areas, covered = _areas(values, kind, rules)
    found = {(spot.row, spot.col): spot for spot in areas}
    for look in _looks(values, rules):
        if covered is not None:
            look.mask[covered] = 0
        for box in _boxes(look):
            spot = _measure(values, look, box, kind)
            if spot is not None:
                found.setdefault((spot.row, spot.col), spot)
    return list(found.values())


def _areas(
    values: Celsius, kind: Kind, rules: Sequence[DetectionRule]
) -> tuple[list[Hotspot], npt.NDArray[np.bool_] | None]:
    """Connected areas beyond the floor of rules that admit large things, each as one place, and
    the pixels of those that a rule wants: parts of one fire are one fire."""
    typical = float(np.median(values[::4, ::4]))
    wanting = [r for r in rules if r.max_px > OPENING_PX**2 / 2 and _floor(r) > -np.inf]
    levels = [max(_floor(rule), typical + rule.contrast_k) for rule in wanting]
    if not levels or float(values.max()) < min(levels):
        return [], None
    mask = _at_least(values, min(levels))
    count, labels, stats, centres = cv2.connectedComponentsWithStats(mask, connectivity=8)
    order = np.argsort(-stats[1:count, cv2.CC_STAT_AREA])[:MAX_SPOTS] + 1
    spots_, covered = [], np.zeros(values.shape, bool)
    for label in order:
        x, y, w, h, area = (int(v) for v in stats[label])
        here = np.s_[y : y + h, x : x + w]
        own = labels[here] == label
        peak = float(values[here][own].max())
        background, spread = _surroundings(values, mask, (x, y, w, h))
        spot = _spot(
            kind, (float(centres[label, 0]), float(centres[label, 1])), peak, background, spread,
            area,
        )  # fmt: skip
        spots_.append(spot)
        if any(rule.admits(spot) for rule in wanting):
            covered[here] |= own
    return spots_, covered


def _surroundings(
    values: Celsius, mask: Mask, box: tuple[int, int, int, int]
) -> tuple[float, float]:
    """Median and spread of what lies round a box and is not itself beyond the floor; the coolest
    twentieth of the frame when the area leaves nothing round it."""
    x, y, w, h = box
    margin = 3 + max(w, h) // 3
    outer = np.s_[max(y - margin, 0) : y + h + margin, max(x - margin, 0) : x + w + margin]
    around = values[outer][mask[outer] == 0]
    if around.size < _RING_MIN_PX:
        return float(np.percentile(values, 5)), _NOISE_K
    return _level(around)


def _level(around: Celsius) -> tuple[float, float]:
    median = float(np.median(around))
    return median, max(1.4826 * float(np.median(np.abs(around - median))), _NOISE_K)


def _spot(
    kind: Kind,
    centre: tuple[float, float],
    peak: float,
    background: float,
    spread: float,
    area: int,
) -> Hotspot:
    sign = 1.0 if kind is Kind.HOT else -1.0
    return Hotspot(
        row=centre[1] + 0.5,
        col=centre[0] + 0.5,
        peak_c=sign * peak,
        background_c=sign * background,
        contrast_k=peak - background,
        score=(peak - background) / spread,
        area_px=area,
        kind=kind,
    )


@dataclass(frozen=True, slots=True)
class _Look:
    """Where to look for compact things, and how much the picture rises there above what is
    around."""

    mask: Mask
    rise: Celsius


def _looks(values: Celsius, rules: Sequence[DetectionRule]) -> list[_Look]:
    looks: list[_Look] = []
    isolated = [rule.isolation_k for rule in rules if rule.isolation_k > 0]
    if isolated:
        rise = isolation(values)
        looks.append(_Look(_at_least(rise, min(isolated)), rise))
    others = [rule for rule in rules if rule.isolation_k <= 0]
    if not others:
        return looks
    opened = cv2.morphologyEx(values, cv2.MORPH_OPEN, _OPENING, borderType=cv2.BORDER_REPLICATE)
    rise = cv2.subtract(values, opened)
    mask = _at_least(rise, min(rule.contrast_k for rule in others))
    lowest = min(_floor(rule) for rule in others)
    if lowest > -np.inf:
        mask &= _at_least(values, lowest)
    looks.append(_Look(mask, rise))
    return looks


def isolation(values: Celsius) -> Celsius:
    """(H, W) kelvin by which each place rises above the highest of eight directions around it, at
    the best of four scales (things of about 2, 4, 7 and 14 pixels)."""
    smooth = cv2.blur(values, (3, 3))
    best = None
    for side, ring in _SCALES:
        centre = values if side == 1 else smooth if side == 3 else cv2.blur(values, (side, side))
        highest = cv2.dilate(smooth, ring, borderType=cv2.BORDER_REPLICATE)
        rise = cv2.subtract(centre, highest)
        best = rise if best is None else cv2.max(best, rise, dst=best)
    return np.asarray(best, np.float32)


def _ring(radius: int) -> Mask:
    """Eight points on a circle, as a structuring element."""
    ring = np.zeros((2 * radius + 1, 2 * radius + 1), np.uint8)
    for eighth in range(8):
        angle = eighth * np.pi / 4
        row, column = round(radius * np.sin(angle)), round(radius * np.cos(angle))
        ring[radius + row, radius + column] = 1
    return ring


_OPENING = cv2.getStructuringElement(cv2.MORPH_RECT, (OPENING_PX, OPENING_PX))
_SCALES = tuple((side, _ring(radius)) for side, radius in ((1, 3), (3, 4), (3, 6), (5, 10)))


def _floor(rule: DetectionRule) -> float:
    if rule.floor_c is None:
        return -np.inf
    return rule.floor_c if rule.kind is Kind.HOT else -rule.floor_c


def _at_least(values: Celsius, threshold: float) -> Mask:
    return np.asarray(cv2.compare(values, float(threshold), cv2.CMP_GE), np.uint8)


def _boxes(look: _Look) -> list[tuple[int, int, int, int]]:
    """(column, row, width, height) of the connected areas; if too many, those that rise most."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(look.mask, connectivity=8)
    boxes = [(int(x), int(y), int(w), int(h)) for x, y, w, h, _ in stats[1:count]]
    if len(boxes) > MAX_SPOTS:
        boxes.sort(key=lambda b: -float(look.rise[b[1] : b[1] + b[3], b[0] : b[0] + b[2]].max()))
    return boxes[:MAX_SPOTS]


def _measure(
    values: Celsius, look: _Look, box: tuple[int, int, int, int], kind: Kind
) -> Hotspot | None:
    """Measure one place: first its extent, by half its rise, then the ring round that.

    None when the frame has no ring round it, or when it turns out larger than the opening.
    """
    x, y, w, h = box
    peak_row, peak_col = divmod(int(values[y : y + h, x : x + w].argmax()), w)
    row, col = y + peak_row, x + peak_col
    peak = float(values[row, col])
    top, left = max(y - _REACH_PX, 0), max(x - _REACH_PX, 0)
    crop = values[top : y + h + _REACH_PX, left : x + w + _REACH_PX]
    here = (row - top, col - left)
    highest = float(look.rise[y : y + h, x : x + w].max())
    x0, y0, w0, h0, _, _ = _extent(crop, peak - highest / 2, here)
    margin = 3 + max(w0, h0) // 3
    around = _ring_values(crop, (x0, y0, w0, h0), margin)
    if around.size < _RING_MIN_PX:
        return None
    background, spread = _level(around)
    if peak <= background:
        return None
    _, _, across, down, area, centre = _extent(crop, (peak + background) / 2, here)
    if max(across, down) > OPENING_PX:
        return None
    return _spot(kind, (left + centre[0], top + centre[1]), peak, background, spread, area)


def _extent(
    crop: Celsius, level: float, here: tuple[int, int]
) -> tuple[int, int, int, int, int, tuple[float, float]]:
    """Left, top, width, height, area and centre (column, row) of what is connected with a pixel
    above a level."""
    _, labels, stats, centres = cv2.connectedComponentsWithStats(
        _at_least(crop, level), connectivity=8
    )
    label = int(labels[here])
    x, y, w, h, area = (int(v) for v in stats[label])
    return x, y, w, h, area, (float(centres[label, 0]), float(centres[label, 1]))


def _ring_values(crop: Celsius, box: tuple[int, int, int, int], margin: int) -> Celsius:
    """What lies within a margin round a box, one pixel away from it."""
    x, y, w, h = box
    top, left = max(y - margin, 0), max(x - margin, 0)
    outer = crop[top : y + h + margin, left : x + w + margin]
    ring = np.ones(outer.shape, bool)
    ring[max(y - top - 1, 0) : y - top + h + 1, max(x - left - 1, 0) : x - left + w + 1] = False
    return outer[ring]
