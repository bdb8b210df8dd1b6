"""Hotspots and cold spots: places that differ from what is around them.

Three steps, each with its threshold in the rule:

1. *Where to look.* Rules that ask for isolation look at what rises above eight directions around it
   and above its own rim, at several scales (`isolation`). The others look with a white top-hat (the
   picture less its opening, Serra 1982), which keeps what is smaller than the opening and lets
   edges and large warm roofs vanish. Rules that admit larger things and have an absolute floor also
   look at everything beyond the floor.
2. *How much it differs.* Each place is measured against the median of a ring round it, in units of
   the ring's own spread (MAD x 1.4826, robust against other hot things in the ring).
3. *Whether the rule wants it.* Absolute floor, contrast, size, z, isolation, step.

One call to `spots` measures all places of a frame; any number of rules then choose among them. A
frame with pixels that are no numbers is measured with those at its median: they are never a find.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from thermal.detection.isolation import Floats, Mask, buffers, isolation, steps
from thermal.detection.rule import GENERAL_RULE, DetectionRule, Hotspot, Kind
from thermal.radiometry import Celsius

__all__ = ["GENERAL_RULE", "DetectionRule", "Hotspot", "Kind", "detect", "isolation", "spots"]

OPENING_PX = 25
"""Side of the top-hat's square: things up to this size are found against any background."""

MAX_SPOTS = 400
"""Places measured in one frame, the most striking first: a bound on the time a frame may take."""

_MAX_PLACES = 150
"""Compact places measured for each look, those that rise most (0.1 ms each)."""

_NOISE_K = 0.1
"""Smallest spread that is believed: twice the noise of an uncooled camera (NETD 50 mK)."""

_RING_MIN_PX = 24
_REACH_PX = 2 * OPENING_PX // 3
"""How far round the seed a place and its ring may extend, pixels."""


def detect(celsius: Celsius, rule: DetectionRule) -> tuple[Hotspot, ...]:
    """All finds of one rule in a frame, the highest contrast first; see `spots`."""
    return tuple(spot for spot in spots(celsius, [rule]) if rule.admits(spot))


def spots(celsius: Celsius, rules: Sequence[DetectionRule]) -> tuple[Hotspot, ...]:
    """All places that any of the rules could want, measured once; the highest contrast first.

    Args:
        celsius: (H, W) float32; pixels that are no finite numbers count as the frame's median.

    Raises:
        InvalidInput: no two-dimensional array, or no finite number in it.
    """
    frame = _sound(celsius)
    found: list[Hotspot] = []
    if frame.size <= _RING_MIN_PX:  # nothing can have a ring round it
        return ()
    for kind in (Kind.HOT, Kind.COLD):
        wanted = [rule for rule in rules if rule.kind in (kind, Kind.EITHER)]
        if wanted:
            found += _spots(frame, kind, wanted)
    return tuple(sorted(found, key=lambda spot: -spot.contrast_k))


def _sound(celsius: Celsius) -> Celsius:
    frame: Celsius = np.ascontiguousarray(celsius, np.float32)
    if frame.ndim != 2 or frame.size == 0:
        raise InvalidInput(
            f"an array of shape {frame.shape} is no frame",
            where="thermal detection",
            remedy="give rows and columns of temperatures",
        )
    if cv2.checkRange(frame)[0]:
        return frame
    finite = np.isfinite(frame)
    if not finite.any():
        raise InvalidInput(
            "no pixel is a number", where="thermal detection", remedy="check the file"
        )
    return np.where(finite, frame, np.float32(np.median(frame[finite])))


def _spots(celsius: Celsius, kind: Kind, rules: Sequence[DetectionRule]) -> list[Hotspot]:
    """Work on ``values`` that are high where the place is extreme, whichever way."""
    values = celsius
    if kind is Kind.COLD:
        values = cv2.subtract(0.0, celsius, dst=buffers().get("cold", celsius.shape))
    if cv2.minMaxLoc(values)[1] < min(_floor(rule, kind) for rule in rules):
        return []
    areas, covered = _areas(values, kind, rules)
    found = {(spot.row, spot.col): spot for spot in areas}
    for look in _looks(values, kind, rules):
        if covered is not None:
            look.mask[covered] = 0
        for place in _places(look, values):
            spot = _measure(values, place, kind)
            if spot is not None:
                _keep(found, spot)
    return list(found.values())


def _keep(found: dict[tuple[float, float], Hotspot], spot: Hotspot) -> None:
    """One place seen by both looks is one spot, with what either measured."""
    known = found.get((spot.row, spot.col))
    if known is None or known.isolation_k < spot.isolation_k:
        found[spot.row, spot.col] = spot


def _areas(
    values: Celsius, kind: Kind, rules: Sequence[DetectionRule]
) -> tuple[list[Hotspot], npt.NDArray[np.bool_] | None]:
    """Connected areas beyond the floor of rules that admit large things, each as one place, and
    the pixels of those that a rule wants: parts of one fire are one fire."""
    typical = float(np.median(values[::4, ::4]))
    wanting = [
        rule for rule in rules if rule.max_px > OPENING_PX**2 / 2 and _floor(rule, kind) > -np.inf
    ]
    levels = [max(_floor(rule, kind), typical + rule.contrast_k) for rule in wanting]
    if not levels or cv2.minMaxLoc(values)[1] < min(levels):
        return [], None
    mask = _at_least(values, min(levels))
    count, labels, stats, centres = cv2.connectedComponentsWithStats(mask, connectivity=8)
    order = np.argsort(-stats[1:count, cv2.CC_STAT_AREA])[:MAX_SPOTS] + 1
    spots_, covered = [], np.zeros(values.shape, bool)
    for label in order:
        x, y, w, h, area = (int(v) for v in stats[label])
        here = np.s_[y : y + h, x : x + w]
        own = labels[here] == label
        inside = np.where(own, values[here], -np.inf)
        row, col = divmod(int(inside.argmax()), w)
        background, spread = _surroundings(values, mask, (x, y, w, h))
        centre = (float(centres[label, 0]), float(centres[label, 1]))
        spot = replace(
            _spot(kind, centre, float(inside[row, col]), background, spread, area),
            roundness=_roundness(own),
            peak_at=(y + row, x + col),
        )
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
    around. ``step_k`` is asked of what an isolated look finds."""

    mask: Mask
    rise: Floats
    isolated: bool = False
    step_k: float = 0.0


@dataclass(frozen=True, slots=True)
class _Place:
    """A seed: the box of what rises, by how much, and its isolation and step if looked at."""

    box: tuple[int, int, int, int]
    rise_k: float
    isolation_k: float = 0.0
    step_k: float = 0.0


def _looks(values: Celsius, kind: Kind, rules: Sequence[DetectionRule]) -> list[_Look]:
    looks: list[_Look] = []
    isolated = [rule for rule in rules if rule.isolation_k > 0]
    if isolated:
        rise = isolation(values)
        mask = _at_least(rise, min(rule.isolation_k for rule in isolated))
        _only_beyond(mask, values, isolated, kind)
        looks.append(_Look(mask, rise, True, min(rule.step_k for rule in isolated)))
    others = [rule for rule in rules if rule.isolation_k <= 0]
    if not others:
        return looks
    rise = buffers().get("top-hat", values.shape)
    cv2.morphologyEx(values, cv2.MORPH_OPEN, _OPENING, dst=rise, borderType=cv2.BORDER_REPLICATE)
    cv2.subtract(values, rise, dst=rise)
    mask = _at_least(rise, min(rule.contrast_k for rule in others))
    _only_beyond(mask, values, others, kind)
    looks.append(_Look(mask, rise))
    return looks


def _only_beyond(mask: Mask, values: Celsius, rules: Sequence[DetectionRule], kind: Kind) -> None:
    """Leave out what none of the rules wants because it is not extreme enough."""
    lowest = min(_floor(rule, kind) for rule in rules)
    if lowest > -np.inf:
        cv2.bitwise_and(mask, _at_least(values, lowest), dst=mask)


_OPENING = cv2.getStructuringElement(cv2.MORPH_RECT, (OPENING_PX, OPENING_PX))


def _floor(rule: DetectionRule, kind: Kind) -> float:
    """What a place must reach at least, in values that are high where the place is extreme."""
    if kind is Kind.HOT:
        bounds = (rule.floor_c, rule.low_c)
        return max(-np.inf if bound is None else bound for bound in bounds)
    bounds = (rule.floor_c, rule.high_c)
    return max(-np.inf if bound is None else -bound for bound in bounds)


def _at_least(values: Celsius, threshold: float) -> Mask:
    return np.asarray(cv2.compare(values, float(threshold), cv2.CMP_GE), np.uint8)


def _places(look: _Look, values: Celsius) -> list[_Place]:
    """What rises; if too many, those that rise most. (Outer contours of a mask that is almost empty
    cost 0.1 ms, connected components 2 ms.)"""
    outlines, _ = cv2.findContours(look.mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    boxes = [cv2.boundingRect(outline) for outline in outlines]
    peaks = [_peak(look.rise, box) for box in boxes]
    places = [_Place((b[0], b[1], b[2], b[3]), p[2]) for b, p in zip(boxes, peaks, strict=True)]
    if look.isolated:
        stepped = steps(values, [(row, col) for row, col, _ in peaks])
        places = [
            replace(place, isolation_k=place.rise_k, step_k=float(step))
            for place, step in zip(places, stepped, strict=True)
            if step >= look.step_k
        ]
    if len(places) > _MAX_PLACES:
        places.sort(key=lambda place: -place.rise_k)
    return places[:_MAX_PLACES]


def _peak(rise: Floats, box: Sequence[int]) -> tuple[int, int, float]:
    """Row, column and height of the highest rise in a box (column, row, width, height)."""
    x, y, w, h = box
    _, highest, _, (col, row) = cv2.minMaxLoc(rise[y : y + h, x : x + w])
    return y + row, x + col, highest


def _measure(values: Celsius, place: _Place, kind: Kind) -> Hotspot | None:
    """Measure one place: first its extent, by half its rise, then the ring round that.

    None when the frame has no ring round it, or when it turns out larger than the opening.
    """
    x, y, w, h = place.box
    row, col, peak = _peak(values, place.box)
    top, left = max(y - _REACH_PX, 0), max(x - _REACH_PX, 0)
    crop = values[top : y + h + _REACH_PX, left : x + w + _REACH_PX]
    here = (row - top, col - left)
    seed = _extent(crop, peak - place.rise_k / 2, here)
    around = _ring_values(crop, seed.box, 3 + max(seed.box[2:]) // 3)
    if around.size < _RING_MIN_PX:
        return None
    background, spread = _level(around)
    if peak <= background:
        return None
    own = _extent(crop, (peak + background) / 2, here)
    if max(own.box[2:]) > OPENING_PX:
        return None
    centre = (left + own.centre[0], top + own.centre[1])
    return replace(
        _spot(kind, centre, peak, background, spread, own.area),
        isolation_k=place.isolation_k,
        step_k=place.step_k,
        roundness=own.roundness,
        peak_at=(row, col),
    )


@dataclass(frozen=True, slots=True)
class _Extent:
    """What is connected with a pixel above a level: its box (left, top, width, height), area,
    centre (column, row) and roundness."""

    box: tuple[int, int, int, int]
    area: int
    centre: tuple[float, float]
    roundness: float


def _extent(crop: Celsius, level: float, here: tuple[int, int]) -> _Extent:
    _, labels, stats, centres = cv2.connectedComponentsWithStats(
        _at_least(crop, level), connectivity=8
    )
    label = int(labels[here])
    x, y, w, h, area = (int(v) for v in stats[label])
    centre = (float(centres[label, 0]), float(centres[label, 1]))
    own = labels[y : y + h, x : x + w] == label
    return _Extent((x, y, w, h), area, centre, _roundness(own))


def _roundness(own: npt.NDArray[np.bool_]) -> float:
    """See `Hotspot`. The inertia of a pixel about its own middle (1/6) is added to both sides, so
    that things of a few pixels, whose shape the grid makes, count as round."""
    rows, cols = np.nonzero(own)
    inertia = float(rows.var() + cols.var())
    return min((rows.size / (2 * np.pi) + 1 / 6) / (inertia + 1 / 6), 1.0)


def _ring_values(crop: Celsius, box: tuple[int, int, int, int], margin: int) -> Celsius:
    """What lies within a margin round a box, one pixel away from it."""
    x, y, w, h = box
    top, left = max(y - margin, 0), max(x - margin, 0)
    outer = crop[top : y + h + margin, left : x + w + margin]
    ring = np.ones(outer.shape, bool)
    ring[max(y - top - 1, 0) : y - top + h + 1, max(x - left - 1, 0) : x - left + w + 1] = False
    return outer[ring]
