"""Faulty modules of a plant among a frame's hotspots.

A rule finds what stands out within a few pixels; a module that is warm as a whole, or in one
third, stands out from its neighbours only. Where a frame shows a plant, such modules are added to
what the rule found; nothing that the rule found is taken away.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from thermal.detection.pv.modules import Module, faulty, modules
from thermal.detection.rule import Hotspot
from thermal.radiometry import Celsius

PV = "07-03"
"""The event type whose finds are modules."""

LEAST_MODULES = 20
"""A frame with fewer outlined modules shows no plant. Of 18 frames of fires, streets, machines and
animals from a dozen cameras none has more than 5; the one of a plant has 296."""


def with_modules(
    found: Sequence[tuple[Hotspot, str]], celsius: Celsius
) -> list[tuple[Hotspot, str]]:
    """What the rules found, and each faulty module in which they found nothing.

    Args:
        found: hotspots with their event types.
        celsius: (H, W) float32 of the frame that they are in; what is not finite counts as its
            median.
    """
    known = np.isfinite(celsius)
    if not known.all():
        celsius = np.where(known, celsius, np.median(celsius[known]) if known.any() else 0.0)
    outlined = modules(celsius.astype(np.float32, copy=False))
    if len(outlined) < LEAST_MODULES:
        return list(found)
    missed = [m for m in faulty(outlined) if not any(_holds(m, spot) for spot, _ in found)]
    return [*found, *((_spot(module), PV) for module in missed)]


def _holds(module: Module, spot: Hotspot) -> bool:
    outline = np.array(module.corners, np.float32)
    return cv2.pointPolygonTest(outline, (spot.col, spot.row), False) >= 0


def _spot(module: Module) -> Hotspot:
    """The module as a find: its contrast is that by which it is faulty."""
    contrast = max(module.over_k, module.peak_k, module.part_k)
    return Hotspot(
        row=module.row, col=module.col, peak_c=module.peak_c,
        background_c=module.median_c - module.over_k, contrast_k=contrast, score=0.0,
        area_px=module.area_px, peak_at=module.peak_at, pattern_severity=module.severity,
    )  # fmt: skip
