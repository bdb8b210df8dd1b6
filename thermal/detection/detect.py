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
from dataclasses import dataclass

import cv2
import numpy as np

from core.errors import InvalidInput
from thermal.detection.areas import MAX_SPOTS, areas, floor
from thermal.detection.isolation import Floats, Mask, buffers, isolation, steps
from thermal.detection.measure import OPENING_PX, RING_MIN_PX, Box, Place, at_least, measure
from thermal.detection.rule import GENERAL_RULE, DetectionRule, Hotspot, Kind
from thermal.radiometry import Celsius

__all__ = [
    "GENERAL_RULE", "MAX_SPOTS", "DetectionRule", "Hotspot", "Kind", "detect", "isolation", "spots",
]  # fmt: skip

_MAX_PLACES = 150
"""Compact places measured for each look, those that rise most."""

_OPENING = cv2.getStructuringElement(cv2.MORPH_RECT, (OPENING_PX, OPENING_PX))


def detect(celsius: Celsius, rule: DetectionRule) -> tuple[Hotspot, ...]:
    """All finds of one rule in a frame, the highest contrast first; see `spots`."""
    return tuple(spot for spot in spots(celsius, [rule]) if rule.admits(spot))


def spots(celsius: Celsius, rules: Sequence[DetectionRule]) -> tuple[Hotspot, ...]:
    """All places that any of the rules wants, measured once; the highest contrast first.

    Args:
        celsius: (H, W) float32; pixels that are no finite numbers count as the frame's median.

    Raises:
        InvalidInput: no two-dimensional array, or no finite number in it.
    """
    frame = _sound(celsius)
    found: list[Hotspot] = []
    if frame.size <= RING_MIN_PX:  # nothing can have a ring round it
        return ()
    lowest, highest = cv2.minMaxLoc(frame)[:2]
    for kind in (Kind.HOT, Kind.COLD):
        wanted = [rule for rule in rules if _attainable(rule, kind, lowest, highest)]
        if wanted:
            found += _spots(frame, kind, wanted)
    return tuple(sorted(found, key=lambda spot: -spot.contrast_k))


def _attainable(rule: DetectionRule, kind: Kind, lowest: float, highest: float) -> bool:
    """Whether a frame with these extremes can hold what a rule wants of a kind."""
    if rule.kind not in (kind, Kind.EITHER) or highest - lowest < rule.contrast_k:
        return False
    if kind is Kind.HOT:
        most = np.inf if rule.high_c is None else rule.high_c
        return floor(rule, kind) <= highest and lowest + rule.contrast_k <= most
    least = -np.inf if rule.low_c is None else rule.low_c
    return floor(rule, kind) <= -lowest and highest - rule.contrast_k >= least


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
    large, covered = areas(values, kind, rules)
    found = {(spot.row, spot.col): spot for spot in large}
    for look in _looks(values, kind, rules):
        if covered is not None:
            look.mask[covered] = 0
        places = _places(look, values)
        for place, able in zip(places, _able(places, kind, rules), strict=True):
            spot = measure(values, place, kind, able) if able else None
            if spot is not None:
                _keep(found, spot)
    return list(found.values())


def _keep(found: dict[tuple[float, float], Hotspot], spot: Hotspot) -> None:
    """One place seen by both looks is one spot, with what either measured."""
    known = found.get((spot.row, spot.col))
    if known is None or known.isolation_k < spot.isolation_k:
        found[spot.row, spot.col] = spot


def _able(
    places: Sequence[Place], kind: Kind, rules: Sequence[DetectionRule]
) -> list[list[DetectionRule]]:
    """For each place the rules that its peak, isolation and step allow."""
    if not places:
        return []
    peak, isolated, step = np.array([(p.peak, p.isolation_k, p.step_k) for p in places]).T
    peak_c = peak if kind is Kind.HOT else -peak
    able = np.stack(
        [
            (peak >= floor(rule, kind))
            & (peak_c >= (-np.inf if rule.low_c is None else rule.low_c))
            & (peak_c <= (np.inf if rule.high_c is None else rule.high_c))
            & (isolated >= rule.isolation_k)
            & (step >= rule.step_k)
            for rule in rules
        ],
        axis=1,
    )
    return [[rule for rule, yes in zip(rules, row, strict=True) if yes] for row in able.tolist()]


@dataclass(frozen=True, slots=True)
class _Look:
    """Where to look for compact things, and how much the picture rises there above what is
    around. Of what an isolated look finds a step may be asked (``stepped``), at least
    ``step_k``."""

    mask: Mask
    rise: Floats
    isolated: bool = False
    stepped: bool = False
    step_k: float = -np.inf


def _looks(values: Celsius, kind: Kind, rules: Sequence[DetectionRule]) -> list[_Look]:
    looks: list[_Look] = []
    isolated = [rule for rule in rules if rule.isolation_k > 0]
    if isolated:
        rise = isolation(values)
        mask = at_least(rise, min(rule.isolation_k for rule in isolated))
        _only_beyond(mask, values, isolated, kind)
        asked = [rule.step_k if rule.step_k > 0 else -np.inf for rule in isolated]
        looks.append(_Look(mask, rise, True, max(asked) > 0, min(asked)))
    others = [rule for rule in rules if rule.isolation_k <= 0]
    if not others:
        return looks
    rise = buffers().get("top-hat", values.shape)
    cv2.morphologyEx(values, cv2.MORPH_OPEN, _OPENING, dst=rise, borderType=cv2.BORDER_REPLICATE)
    cv2.subtract(values, rise, dst=rise)
    mask = at_least(rise, min(rule.contrast_k for rule in others))
    _only_beyond(mask, values, others, kind)
    looks.append(_Look(mask, rise))
    return looks


def _only_beyond(mask: Mask, values: Celsius, rules: Sequence[DetectionRule], kind: Kind) -> None:
    """Leave out what none of the rules wants because it is not extreme enough."""
    lowest = min(floor(rule, kind) for rule in rules)
    if lowest > -np.inf:
        cv2.bitwise_and(mask, at_least(values, lowest), dst=mask)


def _places(look: _Look, values: Celsius) -> list[Place]:
    """What rises; if too many, those that rise most. (Outer contours of a mask that is almost empty
    cost 0.1 ms, connected components 2 ms.)"""
    outlines, _ = cv2.findContours(look.mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    boxes: list[Box] = [cv2.boundingRect(outline) for outline in outlines]
    if look.isolated:
        seeds = _stepped(look, values, boxes)
    else:
        rise = look.rise
        seeds = [
            (box, cv2.minMaxLoc(rise[box[1] : box[1] + box[3], box[0] : box[0] + box[2]])[1], 0.0)
            for box in boxes
        ]
    if len(seeds) > _MAX_PLACES:
        seeds.sort(key=lambda seed: -seed[1])
    return [
        Place(box, *_peak(values, box), rise_k, rise_k if look.isolated else 0.0, step_k)
        for box, rise_k, step_k in seeds[:_MAX_PLACES]
    ]


def _stepped(look: _Look, values: Celsius, boxes: list[Box]) -> list[tuple[Box, float, float]]:
    """Boxes with their isolation and step, those with too little step left out."""
    peaks = [_peak(look.rise, box) for box in boxes]
    if not look.stepped:  # it costs as much as everything else of a seed
        return [(box, peak[2], 0.0) for box, peak in zip(boxes, peaks, strict=True)]
    stepped = steps(values, [(row, col) for row, col, _ in peaks]).tolist()
    return [
        (box, peak[2], step)
        for box, peak, step in zip(boxes, peaks, stepped, strict=True)
        if step >= look.step_k
    ]


def _peak(rise: Floats, box: Box) -> tuple[int, int, float]:
    """Row, column and height of the highest value in a box."""
    x, y, w, h = box
    _, highest, _, (col, row) = cv2.minMaxLoc(rise[y : y + h, x : x + w])
    return y + row, x + col, highest
