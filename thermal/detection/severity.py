"""How bad a find is: an event type's own severity, or a published scale of temperatures."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from core.errors import InvalidInput
from thermal.detection.rule import DetectionRule, Hotspot, Kind

MOST = 4
"""The most severe class: act at once."""

_WORSE_K = 40.0
"""Excess over a rule's own threshold that raises a find by one class. NETA MTS 2017 table 100.18
puts the step from "repair as time permits" to "repair immediately" at 40 K over ambient."""


@dataclass(frozen=True, slots=True)
class Grade:
    """A class of a published scale. A find is in it that reaches either number, or whose pattern
    alone is as severe.

    Attributes:
        name: as the standard calls it; source: where it stands.
        severity: 1 to 4.
        contrast_k: over the surroundings; peak_c: of the hottest pixel.
    """

    name: str
    source: str
    severity: int
    contrast_k: float = math.inf
    peak_c: float = math.inf

    def holds(self, hotspot: Hotspot) -> bool:
        """Whether a find reaches this class."""
        by_heat = hotspot.contrast_k >= self.contrast_k or hotspot.peak_c >= self.peak_c
        return by_heat or hotspot.pattern_severity >= self.severity


_NETA = "ANSI/NETA MTS table 100.18, over ambient"
_DLT = "DL/T 664-2016, current-heated connections of equipment to metal parts"
_IEC = "IEC TS 62446-3:2017, classes of abnormality"

SCALES: Mapping[str, tuple[Grade, ...]] = MappingProxyType(
    {
        "power": (
            Grade("general defect", _DLT, 2, contrast_k=0.0),
            Grade("probable deficiency, repair as time permits", _NETA, 2, contrast_k=11.0),
            Grade("monitor until corrected", _NETA, 3, contrast_k=21.0),
            Grade("serious defect", _DLT, 3, peak_c=80.0),
            Grade("major discrepancy, repair immediately", _NETA, 4, contrast_k=40.0),
            Grade("critical defect", _DLT, 4, peak_c=110.0),
        ),
        "pv": (
            Grade("CoA 1, no abnormality", _IEC, 1, contrast_k=0.0),
            Grade("CoA 2, thermal abnormality", _IEC, 2, contrast_k=10.0),
            Grade("CoA 3, safety-relevant thermal abnormality", _IEC, 3, contrast_k=40.0),
        ),
    }
)
"""Scales by name, mildest class first. The surroundings in the frame stand in for the ambient air
and for the sound twin component, which a frame does not name. IEC TS 62446-3 leaves the limits in
kelvin to patterns and irradiance: 10 K between cells and 40 K as a risk are those of practice at
1000 W/m2; in weaker sun a find is graded too mildly."""


def grade(rule: DetectionRule, hotspot: Hotspot) -> Grade | None:
    """The worst class of the rule's scale that a find reaches; None without a scale.

    Raises:
        InvalidInput: a scale of that name is not known.
    """
    if not rule.scale:
        return None
    if rule.scale not in SCALES:
        raise InvalidInput(
            f"there is no scale {rule.scale!r}",
            where="detection rule",
            remedy=f"known are {', '.join(SCALES)}",
        )
    reached = [grade for grade in SCALES[rule.scale] if grade.holds(hotspot)]
    return max(reached, key=lambda g: (g.severity, g.contrast_k < math.inf), default=None)


def assess(rule: DetectionRule, hotspot: Hotspot) -> int:
    """Severity of a find, 1 to 4: its class of the rule's scale; without a scale the event type's
    own, one more when it is far beyond the rule.

    >>> spot = Hotspot(row=0, col=0, peak_c=95, background_c=20, contrast_k=75, score=50, area_px=9)
    >>> assess(DetectionRule(contrast_k=15, severity=2), spot)
    3
    >>> assess(DetectionRule(contrast_k=15, severity=2, scale="power"), spot)
    4
    """
    reached = grade(rule, hotspot)
    if reached is not None:
        return reached.severity
    excess = hotspot.contrast_k - rule.contrast_k
    if rule.floor_c is not None and rule.kind is Kind.HOT:
        excess = min(excess, hotspot.peak_c - rule.floor_c)
    return min(rule.severity + (1 if excess >= _WORSE_K else 0), MOST)
