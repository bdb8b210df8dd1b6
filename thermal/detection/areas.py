"""Connected areas beyond an absolute floor, each as one place: a fire, a heap, a roof that leaks.

They may be of any size, which the looks for compact things (`detect`) do not find.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from thermal.detection.measure import (
    NOISE_K,
    OPENING_PX,
    RING_MIN_PX,
    Box,
    Mask,
    Place,
    at_least,
    hotspot,
    median,
    shape_of,
    spread_about,
)
from thermal.detection.rule import DetectionRule, Hotspot, Kind
from thermal.radiometry import Celsius

Bools = npt.NDArray[np.bool_]

MAX_SPOTS = 400
"""Areas measured in one frame, the largest first: a bound on the time a frame may take."""


def areas(
    values: Celsius, kind: Kind, rules: Sequence[DetectionRule]
) -> tuple[list[Hotspot], Bools | None]:
    """Connected areas beyond the floor of rules that admit large things, where a rule wants them,
    and the pixels of those that one of these rules wants: parts of one fire are one fire.

    Args:
        values: (H, W) float32, high where the place is extreme.
    """
    wanting = [
        rule for rule in rules if rule.max_px > OPENING_PX**2 / 2 and floor(rule, kind) > -np.inf
    ]
    if not wanting:
        return [], None
    typical = median(values[::4, ::4])
    level = min(max(floor(rule, kind), typical + rule.contrast_k) for rule in wanting)
    if cv2.minMaxLoc(values)[1] < level:
        return [], None
    mask = at_least(values, level)
    left, top, width, height = cv2.boundingRect(mask)
    there = mask[top : top + height, left : left + width]
    count, labels, stats, _ = cv2.connectedComponentsWithStats(there, connectivity=8)
    order = np.argsort(-stats[1:count, cv2.CC_STAT_AREA])[:MAX_SPOTS] + 1
    spots, covered = [], np.zeros(values.shape, bool)
    for label in order.tolist():
        x, y, w, h, _ = stats[label].tolist()
        own = labels[y : y + h, x : x + w] == label
        x, y = left + x, top + y
        spot = _area(values, mask, own, (x, y, w, h), kind, rules)
        if spot is None:
            continue
        spots.append(spot)
        if any(rule.admits(spot) for rule in wanting):
            covered[y : y + h, x : x + w] |= own
    return spots, covered


def floor(rule: DetectionRule, kind: Kind) -> float:
    """What a place must reach at least, in values that are high where the place is extreme."""
    if kind is Kind.HOT:
        bounds = (rule.floor_c, rule.low_c)
        return max(-np.inf if bound is None else bound for bound in bounds)
    bounds = (rule.floor_c, rule.high_c)
    return max(-np.inf if bound is None else -bound for bound in bounds)


def _area(
    values: Celsius, mask: Mask, own: Bools, box: Box, kind: Kind, rules: Sequence[DetectionRule]
) -> Hotspot | None:
    """One area; None where no rule wants it."""
    x, y, w, h = box
    here = values[y : y + h, x : x + w]
    _, peak, _, (col, row) = cv2.minMaxLoc(here, own.view(np.uint8))
    able = [rule for rule in rules if peak >= floor(rule, kind)]
    if not able:
        return None
    around = _surroundings(values, mask, box)
    background = float(np.percentile(values, 5)) if around is None else median(around)
    if all(peak - background < rule.contrast_k for rule in able):
        return None
    spread = NOISE_K if around is None else spread_about(around, background)
    shape = shape_of(own)
    spot = hotspot(
        kind,
        shape._replace(col=x + shape.col, row=y + shape.row),
        Place(box, y + row, x + col, peak, 0.0),
        background,
        spread,
    )
    return spot if any(rule.admits(spot) for rule in able) else None


def _surroundings(values: Celsius, mask: Mask, box: Box) -> Celsius | None:
    """What lies round a box and is not itself beyond the floor; None when the area leaves nothing
    round it (the coolest twentieth of the frame stands in)."""
    x, y, w, h = box
    margin = 3 + max(w, h) // 3
    outer = np.s_[max(y - margin, 0) : y + h + margin, max(x - margin, 0) : x + w + margin]
    around = values[outer][mask[outer] == 0]
    return around if around.size >= RING_MIN_PX else None
