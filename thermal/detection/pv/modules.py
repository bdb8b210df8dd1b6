"""The modules of a photovoltaic plant in a thermal frame, and what is wrong with each.

Modules are even plates parted by thin colder lines (frames, gaps). The lines are found by a
black top-hat; what they enclose and what fills its own rotated box, at a size that the frame
repeats, is a module. Faint lines and bright faults ask for different levels, so several are tried
(as maximally stable regions are sought, Matas et al. 2002). Each module is compared with the
sound ones near it, which no single crop allows.

Not every module is outlined (most in the oblique frame that this was tried on): a find that lies
in none is still a hotspot.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
import numpy.typing as npt

from thermal.detection.rule import DetectionRule, Hotspot
from thermal.detection.severity import SCALES, grade
from thermal.radiometry import Celsius

LINES_K = (0.2, 0.3, 0.45, 0.7, 1.0, 1.5, 2.5, 3.2, 4.0)
"""How much colder the line between two modules is: levels that are tried."""

WHOLE_K, PART_K = 3.0, 2.0
"""A whole module or a substring in open circuit is warmer than its sound neighbours by some 2 to
7 K (IEC TS 62446-3:2017, patterns of a module or substring in idle operation)."""

CELL_K = 10.0
"""A cell this much over its module is a hot spot (same, single hot cells)."""

SHADE_K = 15.0
"""A plate this much colder than the modules near it is shaded ground between the tables, or a
module that no light falls on: nothing can be said of it. In the frame of rentadrone such ground is
23 K colder, the coldest module 7 K."""

_FILL, _NEAR, _MOST = 0.80, 12, 4000
_MIN_PX = 60
_FINER = 2
"""Frames are looked at this much finer: the lines are a pixel wide."""
_PV = DetectionRule(scale="pv")


class Fault(StrEnum):
    """What a module shows, by pattern."""

    NONE = "none"
    HOT_SPOT = "hot spot"
    SUBSTRING = "substring"
    WHOLE = "whole module"


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A module in the frame.

    Attributes:
        row, col: of its middle, pixels; corners: (4, 2) column and row.
        median_c: of its area; peak_c: its hottest pixel; peak_at: that one's row and column.
        over_k: its median over that of the sound modules near it.
        peak_k: its hottest pixel over its own median. part_k: its warmest third, lengthwise or
            across, over its coolest.
        severity, grade: by IEC TS 62446-3, as `severity.SCALES` has it; a whole module or substring
            is an abnormality at whatever difference.
    """

    row: float
    col: float
    corners: tuple[tuple[float, float], ...]
    area_px: int
    median_c: float
    peak_c: float
    peak_at: tuple[int, int]
    over_k: float
    peak_k: float
    part_k: float
    fault: Fault
    severity: int
    grade: str


def modules(celsius: Celsius) -> tuple[Module, ...]:
    """All modules of a frame, the worst first.

    Args:
        celsius: (H, W) float32. A module needs some 60 pixels to be seen as one.
    """
    plates = _plates(celsius)
    medians = np.array([plate.median_c for plate in plates])
    places = np.array([plate.middle for plate in plates]).reshape(-1, 2)
    over = [plate.median_c - _sound_near(plate, places, medians) for plate in plates]
    found = [
        _module(p, over_k) for p, over_k in zip(plates, over, strict=True) if over_k > -SHADE_K
    ]
    return tuple(sorted(found, key=lambda m: (-m.severity, -max(m.over_k, m.peak_k))))


@dataclass(frozen=True, slots=True)
class _Plate:
    middle: tuple[float, float]
    corners: npt.NDArray[np.float32]
    area: int
    median_c: float
    peak_c: float
    peak_at: tuple[int, int]
    part_k: float


def _plates(celsius: Celsius) -> list[_Plate]:
    fine = cv2.resize(celsius, None, fx=_FINER, fy=_FINER, interpolation=cv2.INTER_CUBIC)
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (9, 9))
    lines = cv2.morphologyEx(fine, cv2.MORPH_BLACKHAT, kernel, borderType=cv2.BORDER_REPLICATE)
    # where a module borders on colder ground there is no line but a step
    warmest = cv2.dilate(fine, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_REPLICATE)
    lines = cv2.max(lines, cv2.subtract(warmest, fine))
    known = _known(fine, celsius)
    every = [plate for level in LINES_K for plate in _enclosed(known, lines, level)]
    if not every:
        return []
    usual = float(np.median([plate.area for plate in every]))
    every = [plate for plate in every if 0.4 * usual <= plate.area <= 2.5 * usual]
    taken = np.zeros(celsius.shape, np.uint8)
    plates = []
    for plate in sorted(every, key=lambda p: -p.area):
        outline = np.zeros_like(taken)
        cv2.fillConvexPoly(outline, np.round(plate.corners).astype(np.int32), 1)
        covered = int(cv2.countNonZero(cv2.bitwise_and(outline, taken)))
        if covered < 0.3 * plate.area:
            taken |= outline
            plates.append(plate)
    return plates


def _known(fine: Celsius, celsius: Celsius) -> Celsius:
    """Nowhere hotter than the pixels round it: the enlarged frame overshoots at a hot cell."""
    near = cv2.dilate(celsius, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_REPLICATE)
    most = cv2.resize(near, None, fx=_FINER, fy=_FINER, interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.min(fine, most), np.float32)


def _enclosed(fine: Celsius, lines: Celsius, level: float) -> list[_Plate]:
    inside = np.asarray(cv2.compare(lines, level, cv2.CMP_LT), np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(inside, connectivity=4)
    sizes = stats[:, cv2.CC_STAT_AREA]
    wanted = (sizes >= _MIN_PX * _FINER**2) & (sizes <= inside.size // 40)
    wanted[0] = False
    found = [_plate(fine, labels, stats[i], int(i)) for i in np.flatnonzero(wanted)[:_MOST]]
    return [plate for plate in found if plate is not None]


def _plate(
    celsius: Celsius, labels: npt.NDArray[np.int32], stat: npt.NDArray[np.int32], label: int
) -> _Plate | None:
    """A component that fills its own rotated box; None for anything else."""
    x, y, w, h, area = (int(v) for v in stat)
    region = (labels[y : y + h, x : x + w] == label).astype(np.uint8)
    outlines, _ = cv2.findContours(region, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(region, outlines, -1, 1, cv2.FILLED)  # a hot cell makes a hole of its own
    own = region.astype(bool)
    area = int(own.sum())
    rows, cols = np.nonzero(own)
    box = cv2.minAreaRect(np.column_stack([cols, rows]).astype(np.float32))
    (middle_x, middle_y), (across, along), _ = box
    if area < _FILL * (across + 1) * (along + 1) or max(across, along) > 4 * min(across, along):
        return None
    values = celsius[y : y + h, x : x + w][own]
    corners = (cv2.boxPoints(box) + np.array([x, y], np.float32)) / _FINER
    middle = ((y + middle_y) / _FINER, (x + middle_x) / _FINER)
    part = _thirds(rows, cols, values, np.deg2rad(box[2]))
    median, peak = float(np.median(values)), int(values.argmax())
    peak_at = ((y + int(rows[peak])) // _FINER, (x + int(cols[peak])) // _FINER)
    return _Plate(middle, corners, area // _FINER**2, median, float(values[peak]), peak_at, part)


def _thirds(
    rows: npt.NDArray[np.int64], cols: npt.NDArray[np.int64], values: Celsius, angle: float
) -> float:
    """Largest difference of medians between thirds of the plate, along either side."""
    cos, sin = np.cos(angle), np.sin(angle)
    best = 0.0
    for along in (cols * cos + rows * sin, rows * cos - cols * sin):
        first, last = np.quantile(along, (1 / 3, 2 / 3))
        parts = [values[along <= first], values[(along > first) & (along < last)]]
        parts.append(values[along >= last])
        medians = [float(np.median(part)) for part in parts if part.size >= 5]
        best = max(best, max(medians) - min(medians))
    return best


def _sound_near(
    plate: _Plate, places: npt.NDArray[np.float64], medians: npt.NDArray[np.float64]
) -> float:
    """Lower quartile of the modules nearest to it: faults cluster, and are warm."""
    away = np.hypot(places[:, 0] - plate.middle[0], places[:, 1] - plate.middle[1])
    near = np.argsort(away)[1 : _NEAR + 1]
    return float(np.percentile(medians[near], 25)) if near.size else plate.median_c


def _module(plate: _Plate, over_k: float) -> Module:
    peak_k = plate.peak_c - plate.median_c
    fault = _fault(over_k, peak_k, plate.part_k)
    worst = {Fault.NONE: 0.0, Fault.HOT_SPOT: peak_k}.get(fault, max(over_k, plate.part_k, peak_k))
    spot = Hotspot(
        row=plate.middle[0], col=plate.middle[1], peak_c=plate.peak_c, score=0.0,
        background_c=plate.median_c - over_k, contrast_k=worst, area_px=plate.area,
    )  # fmt: skip
    reached = grade(_PV, spot) or SCALES[_PV.scale][0]
    if fault in (Fault.WHOLE, Fault.SUBSTRING):  # out of order at whatever difference
        reached = max(reached, SCALES[_PV.scale][1], key=lambda g: g.severity)
    return Module(
        row=plate.middle[0], col=plate.middle[1],
        corners=tuple((float(x), float(y)) for x, y in plate.corners),
        area_px=plate.area, median_c=plate.median_c, peak_c=plate.peak_c,
        peak_at=plate.peak_at, over_k=over_k, peak_k=peak_k, part_k=plate.part_k, fault=fault,
        severity=reached.severity, grade=reached.name,
    )  # fmt: skip


def _fault(over_k: float, peak_k: float, part_k: float) -> Fault:
    if peak_k >= CELL_K:
        return Fault.HOT_SPOT
    if over_k >= WHOLE_K:
        return Fault.WHOLE if part_k < over_k else Fault.SUBSTRING
    # a module colder than its neighbours is warmest where they are: at an end of a row, in the wind
    return Fault.SUBSTRING if part_k + min(over_k, 0.0) >= 2 * PART_K else Fault.NONE


def faulty(found: Sequence[Module]) -> tuple[Module, ...]:
    """Those that show a fault."""
    return tuple(module for module in found if module.fault is not Fault.NONE)
