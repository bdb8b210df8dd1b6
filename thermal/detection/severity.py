"""How bad a find is."""

from thermal.detection.detect import DetectionRule, Hotspot, Kind

MOST = 4
"""The most severe class: act at once."""

_WORSE_K = 40.0
"""Excess over a rule's own threshold that raises a find by one class. NETA MTS 2017 table 100.18
puts the step from "repair as time permits" to "repair immediately" at 40 K over ambient."""


def assess(rule: DetectionRule, hotspot: Hotspot) -> int:
    """Severity of a find, 1 to 4: the event type's own, one more when it is far beyond the rule.

    >>> spot = Hotspot(row=0, col=0, peak_c=95, background_c=20, contrast_k=75, score=50, area_px=9)
    >>> assess(DetectionRule(contrast_k=15, severity=2), spot)
    3
    """
    excess = hotspot.contrast_k - rule.contrast_k
    if rule.floor_c is not None and rule.kind is Kind.HOT:
        excess = min(excess, hotspot.peak_c - rule.floor_c)
    return min(rule.severity + (1 if excess >= _WORSE_K else 0), MOST)
