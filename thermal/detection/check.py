"""The live service's thermal check of one photograph, in one call.

A pure function whose arguments and result can be pickled: it runs in a process pool.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from core.equipment import CameraSpec
from core.errors import InvalidInput
from core.geo import HeightModel, LonLat
from imagery.files import metadata
from imagery.ground.sources import laser_of
from imagery.ingest import Inspected, camera_of, judge_pose
from imagery.quality import Thresholds
from thermal import uncertainty
from thermal.detection.banks import Mask, mapped, shore
from thermal.detection.detect import DetectionRule, Hotspot, Kind, spots
from thermal.detection.pv.plant import PV, with_modules
from thermal.detection.scale import gsd_m
from thermal.detection.severity import assess, grade
from thermal.detection.shoreline import OUTFALL_RULE, outfalls
from thermal.formats.decode import decode
from thermal.formats.frame import ThermalFrame
from thermal.places.locate import Ellipse, Located, locate

_SAME_M = 15.0
"""A warm patch so near to a plume of the bank is that plume: plumes are some metres wide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """A located hotspot that a rule wants.

    Attributes:
        error: 95 % error ellipse of ``position``.
        pixel: (column, row) in the stored frame; ``frame`` is its (height, width).
        severity: 1 to 4; grade: the class of a published scale, "" where the rule has none.
        uncertainty_k: one standard deviation of ``peak_c`` as a temperature; None if not known.
    """

    event_type: str
    position: LonLat
    altitude_m: float
    error: Ellipse
    peak_c: float
    background_c: float
    contrast_k: float
    score: float
    area_px: int
    pixel: tuple[float, float]
    frame: tuple[int, int]
    kind: Kind
    severity: int
    grade: str = ""
    uncertainty_k: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameStats:
    """Temperatures of a whole frame in Celsius; ``shape`` is (height, width)."""

    min_c: float
    mean_c: float
    max_c: float
    shape: tuple[int, int]
    encoding: str
    corrected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What one thermal photograph shows.

    Attributes:
        inspected: time, pose, camera, footprint and whether the photograph is of use.
        finds: located finds, the most severe first; empty when the pose is missing.
    """

    inspected: Inspected
    finds: tuple[Find, ...]
    stats: FrameStats


def check(
    data: bytes,
    cameras: Mapping[str, CameraSpec],
    heights: HeightModel,
    rules: Mapping[str, DetectionRule],
    *,
    camera_id: str | None = None,
    thresholds: Thresholds | None = None,
    waters: Sequence[shapely.Geometry] = (),
    frame: ThermalFrame | None = None,
) -> Checked:
    """Inspect a thermal photograph, find what the rules look for, and say where it is.

    Args:
        cameras: known cameras by id.
        rules: by event type code, only those that the flight's scenarios look for. A hotspot gets
            at most one event type: that of the most severe rule that admits it.
        camera_id: the camera as the uploader names it.
        waters: mapped rivers and lakes that the frame may show, as areas in WGS-84 degrees: rules
            with ``shore_k`` look along their banks (`along_banks`).
        frame: the photograph decoded, where the caller has it: that is most of the work.

    Raises:
        UnreadableMedia, UnknownEncoding: as `thermal.formats.decode.decode`.
    """
    meta = metadata.read(data)
    frame = decode(data) if frame is None else frame
    camera = camera_of(meta, cameras, camera_id)
    inspected = judge_pose(data, meta, camera, heights, thresholds or Thresholds())
    finds: list[Find] = []
    if inspected.dropped is None:
        pixel_m = gsd_m(frame.celsius.shape, inspected.metadata.pose, camera, heights)
        found = classify(frame, rules, pixel_m)
        wet = _mapped(waters, rules, frame, inspected, heights)
        if wet is not None and pixel_m is not None:
            found = along_banks(frame, found, rules, wet, pixel_m)
        for spot, code in found:
            find = _find(spot, code, rules[code], frame, inspected, heights)
            if find is not None:
                finds.append(find)
    finds.sort(key=lambda find: (-find.severity, -find.contrast_k))
    return Checked(inspected=inspected, finds=tuple(finds), stats=stats(frame))


def classify(
    frame: ThermalFrame, rules: Mapping[str, DetectionRule], pixel_m: float | None = None
) -> list[tuple[Hotspot, str]]:
    """Each hotspot that some rule admits, with the code of the most severe such rule.

    Between rules of one severity the one with the higher demands (floor, then contrast) wins.
    In a frame of a solar plant, faulty modules that no rule found come last, as 07-03.

    Args:
        pixel_m: what a pixel covers on the ground; rules with sizes in metres need it, and fall
            back to their sizes in pixels without.
    """
    fitted = {code: rule.at(pixel_m) for code, rule in rules.items()}
    order = sorted(fitted, key=lambda code: _demand(fitted[code]), reverse=True)
    found = []
    for spot in spots(frame.celsius, list(fitted.values())):
        code = next((code for code in order if fitted[code].admits(spot)), None)
        if code is not None:
            found.append((spot, code))
    return with_modules(found, frame.celsius) if PV in rules else found


def along_banks(
    frame: ThermalFrame,
    found: Sequence[tuple[Hotspot, str]],
    rules: Mapping[str, DetectionRule],
    wet: Mask,
    pixel_m: float,
) -> list[tuple[Hotspot, str]]:
    """Finds, with those of rules with ``shore_k`` as the bank tells them.

    On the land beside the water there is none; along the bank the signed contrast finds them; what
    other looks found elsewhere stays, and everything where no bank can be made out.

    Args:
        wet: (H, W) not 0 where the map has water.
    """
    code = next(code for code, rule in rules.items() if rule.shore_k > 0)
    beside = shore(frame.celsius, wet, pixel_m) if np.isfinite(frame.celsius).all() else None
    if beside is None:
        return list(found)
    rule = replace(OUTFALL_RULE, contrast_k=rules[code].shore_k, severity=rules[code].severity)
    plumes = [spot for bank in beside.banks for spot in outfalls(frame.celsius, bank, rule)]
    reach = _SAME_M / pixel_m
    kept = [
        (spot, kind)
        for spot, kind in found
        if kind != code
        or not (
            beside.is_bank(spot)
            or any(math.hypot(spot.col - p.col, spot.row - p.row) <= reach for p in plumes)
        )
    ]
    return kept + [(spot, code) for spot in plumes]


def _mapped(
    waters: Sequence[shapely.Geometry],
    rules: Mapping[str, DetectionRule],
    frame: ThermalFrame,
    inspected: Inspected,
    heights: HeightModel,
) -> Mask | None:
    """Where the map has water in this frame; None where nobody asks or there is none."""
    pose, camera = inspected.metadata.pose, inspected.camera
    if not waters or pose is None or camera is None:
        return None
    if not any(rule.shore_k > 0 for rule in rules.values()):
        return None
    height, width = frame.celsius.shape
    wet = mapped(waters, (height, width), pose, camera, heights)
    return wet if wet.any() else None


def uncertainty_k(frame: ThermalFrame, spot: Hotspot) -> float | None:
    """One standard deviation of a hotspot's peak as a temperature, kelvin."""
    return None if spot.peak_at is None else uncertainty.at(frame, *spot.peak_at)


def stats(frame: ThermalFrame) -> FrameStats:
    """Minimum, mean and maximum of a frame."""
    celsius = frame.celsius
    height, width = celsius.shape
    return FrameStats(
        min_c=float(celsius.min()),
        mean_c=float(celsius.mean(dtype=np.float64)),
        max_c=float(celsius.max()),
        shape=(height, width),
        encoding=frame.encoding,
        corrected=frame.corrected,
    )


def _demand(rule: DetectionRule) -> tuple[int, float, float]:
    return rule.severity, -273.15 if rule.floor_c is None else rule.floor_c, rule.contrast_k


def _find(
    spot: Hotspot,
    code: str,
    rule: DetectionRule,
    frame: ThermalFrame,
    inspected: Inspected,
    heights: HeightModel,
) -> Find | None:
    pose, camera = inspected.metadata.pose, inspected.camera
    if pose is None or camera is None:
        return None
    height, width = frame.celsius.shape
    try:
        laser = laser_of(inspected.metadata)
        place: Located = locate(spot, (height, width), pose, camera, heights, laser=laser)
    except InvalidInput:  # above the horizon: whatever it is, it is not on the ground
        return None
    return Find(
        event_type=code,
        position=place.position,
        altitude_m=place.altitude_m,
        error=place.error,
        peak_c=spot.peak_c,
        background_c=spot.background_c,
        contrast_k=spot.contrast_k,
        score=spot.score,
        area_px=spot.area_px,
        pixel=(spot.col, spot.row),
        frame=(height, width),
        kind=spot.kind,
        severity=assess(rule, spot),
        grade=reached.name if (reached := grade(rule, spot)) else "",
        uncertainty_k=uncertainty_k(frame, spot),
    )
