"""The detector's measuring in plain steps, with numpy's own medians and full connected components:
what `thermal.detection` must find, only faster."""

import cv2
import numpy as np

from thermal.detection.isolation import isolation, steps
from thermal.detection.rule import Hotspot, Kind

OPENING, REACH, NOISE_K, LEAST_RING = 25, 16, 0.1, 24


def finds(frame, rules):
    """Every spot that a rule wants, hot and cold."""
    found = []
    for kind, sign in ((Kind.HOT, 1), (Kind.COLD, -1)):
        wanted = [r for r in rules if r.kind in (kind, Kind.EITHER) and reachable(r, sign, frame)]
        if wanted:
            found += of_kind((sign * frame).astype(np.float32), sign, kind, wanted)
    return found


def reachable(rule, sign, frame):
    """A rule that no pixel of the frame can meet adds no places to look at."""
    low = -np.inf if rule.low_c is None else rule.low_c
    high = np.inf if rule.high_c is None else rule.high_c
    peaks = frame >= frame.min() + rule.contrast_k
    if sign < 0:
        peaks = frame <= frame.max() - rule.contrast_k
    beyond = sign * frame >= floor(rule, sign)
    return bool((peaks & beyond).any() and (peaks & (frame >= low) & (frame <= high)).any())


def floor(rule, sign):
    bounds = (rule.floor_c, rule.low_c if sign > 0 else rule.high_c)
    return max(-np.inf if bound is None else sign * bound for bound in bounds)


def of_kind(values, sign, kind, rules):
    found, covered = areas(values, sign, kind, rules)
    for isolated in (True, False):
        asking = [rule for rule in rules if (rule.isolation_k > 0) is isolated]
        if not asking:
            continue
        rise = isolation(values).copy() if isolated else top_hat(values)
        least = min(rule.isolation_k if isolated else rule.contrast_k for rule in asking)
        mask = (rise >= least) & (values >= min(floor(rule, sign) for rule in asking)) & ~covered
        for box, rise_k, step_k in seeds(mask, rise, values, isolated, asking):
            spot = measured(values, box, rise_k, isolated, step_k, kind, sign)
            if spot and any(rule.admits(spot) for rule in rules):
                known = found.get((spot.row, spot.col))
                if known is None or known.isolation_k < spot.isolation_k:
                    found[spot.row, spot.col] = spot
    return list(found.values())


def top_hat(values):
    square = np.ones((OPENING, OPENING), np.uint8)
    return values - cv2.morphologyEx(
        values, cv2.MORPH_OPEN, square, borderType=cv2.BORDER_REPLICATE
    )


def seeds(mask, rise, values, isolated, asking):
    outlines, _ = cv2.findContours(
        mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    boxes = [cv2.boundingRect(outline) for outline in outlines]
    peaks = [highest(rise, box) for box in boxes]
    asked = [rule.step_k for rule in asking]
    stepped = [0.0] * len(boxes)
    if isolated and max(asked) > 0:
        stepped = steps(values, [peak[:2] for peak in peaks])
    rows = list(zip(boxes, [p[2] for p in peaks], map(float, stepped), strict=True))
    if min(asked) > 0:
        rows = [row for row in rows if row[2] >= min(asked)]
    if len(rows) > 150:
        rows.sort(key=lambda row: -row[1])
    return rows[:150]


def highest(values, box):
    x, y, w, h = box
    inside = values[y : y + h, x : x + w]
    row, col = divmod(int(inside.argmax()), w)
    return y + row, x + col, float(inside[row, col])


def measured(values, box, rise_k, isolated, step_k, kind, sign):
    x, y, w, h = box
    row, col, peak = highest(values, box)
    top, left = max(y - REACH, 0), max(x - REACH, 0)
    crop = values[top : y + h + REACH, left : x + w + REACH]
    seed = np.argwhere(connected(crop, peak - rise_k / 2, row - top, col - left))
    (r0, c0), (r1, c1) = seed.min(0), seed.max(0) + 1
    margin = 3 + max(r1 - r0, c1 - c0) // 3
    ring = np.zeros(crop.shape, bool)
    ring[max(r0 - margin, 0) : r1 + margin, max(c0 - margin, 0) : c1 + margin] = True
    ring[max(r0 - 1, 0) : r1 + 1, max(c0 - 1, 0) : c1 + 1] = False
    if ring.sum() < LEAST_RING:
        return None
    background, spread = level(crop[ring])
    if peak <= background:
        return None
    own = connected(crop, (peak + background) / 2, row - top, col - left)
    if max(np.ptp(np.argwhere(own), axis=0)) >= OPENING:
        return None
    spot = (background, spread, peak, kind, sign)
    return hotspot(own, top, left, *spot, rise_k if isolated else 0.0, step_k)


def connected(crop, least, row, col):
    _, labels = cv2.connectedComponents((crop >= np.float32(least)).astype(np.uint8))
    return labels == labels[row, col]


def level(around):
    median = float(np.median(around))
    return median, max(1.4826 * float(np.median(np.abs(around - np.float32(median)))), NOISE_K)


def hotspot(own, top, left, background, spread, peak, kind, sign, isolation_k=0.0, step_k=0.0):
    rows, cols = np.nonzero(own)
    inertia = rows.var() + cols.var()
    return Hotspot(
        row=top + rows.mean() + 0.5, col=left + cols.mean() + 0.5, peak_c=sign * peak,
        background_c=sign * background, contrast_k=peak - background,
        score=(peak - background) / spread, area_px=rows.size, kind=kind,
        isolation_k=isolation_k, step_k=step_k,
        roundness=min((rows.size / (2 * np.pi) + 1 / 6) / (inertia + 1 / 6), 1.0),
    )  # fmt: skip


def areas(values, sign, kind, rules):
    found, covered = {}, np.zeros(values.shape, bool)
    wanting = [r for r in rules if r.max_px > OPENING**2 / 2 and floor(r, sign) > -np.inf]
    typical = float(np.median(values[::4, ::4]))
    levels = [max(floor(rule, sign), typical + rule.contrast_k) for rule in wanting]
    if not levels or values.max() < min(levels):
        return found, covered
    mask = values >= np.float32(min(levels))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    for label in np.argsort(-stats[1:count, cv2.CC_STAT_AREA])[:400] + 1:
        own = labels == label
        x, y, w, h, _ = stats[label]
        margin = 3 + max(w, h) // 3
        outer = np.s_[max(y - margin, 0) : y + h + margin, max(x - margin, 0) : x + w + margin]
        around = values[outer][~mask[outer]]
        known = level(around) if around.size >= LEAST_RING else (np.percentile(values, 5), NOISE_K)
        spot = hotspot(own, 0, 0, *known, float(values[own].max()), kind, sign)
        if any(rule.admits(spot) for rule in rules):
            found[spot.row, spot.col] = spot
        if any(rule.admits(spot) for rule in wanting):
            covered |= own
    return found, covered
