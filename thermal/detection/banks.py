"""The bank of a mapped river or lake in a frame.

The map is 10 to 300 m off, so it only says where water is to be looked for: the calmest place of
the mapped water seeds a region of even temperature, and that region's edge is the bank. A plume
parts itself from that region and leaves a notch in its edge; notches are filled unless they are as
warm as the land behind them (a spit, a corner of the bank).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import shapely

from core.equipment import CameraSpec
from core.errors import InvalidInput
from core.geo import HeightModel
from core.pose import Pose
from imagery.ground.georeference import native_pixel
from imagery.ground.rays import Plane, directions, meet_ground
from thermal.detection.rule import Hotspot
from thermal.detection.shoreline import Bank, edges, water_around
from thermal.radiometry import Celsius

Mask = npt.NDArray[np.uint8]

_GRID = (17, 21)
"""Rows and columns of lines of sight that lay the map into a frame."""
_CALM_PX = 15
_LEAST_SHARE, _AGREES = 0.04, 0.5
"""A region counts as the mapped water when it fills 4 % of the frame and half of it is mapped."""
_TELLS_K = 1.5
"""A filled notch must differ so much from the land behind it."""
_BAND_M, _PLUME_M, _LAND_M = 3.0, 40.0, 30.0
"""Looked at along the bank; longest plume; finds of other looks so near to the bank on land are
none (places are mapped to some 10 m)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shore:
    """The water in a frame and its banks.

    Attributes:
        water: (H, W) 255 where there is water, plumes included.
        near_px: how far from the water land belongs to the bank.
    """

    water: Mask
    banks: tuple[Bank, ...]
    near_px: float

    def is_bank(self, spot: Hotspot) -> bool:
        """Whether a hotspot stands on the land beside the water."""
        land = cv2.distanceTransform(cv2.bitwise_not(self.water), cv2.DIST_L2, 3)
        height, width = land.shape
        row, col = min(int(spot.row), height - 1), min(int(spot.col), width - 1)
        return bool(0 < land[row, col] <= self.near_px)


def mapped(
    waters: Sequence[shapely.Geometry], shape: tuple[int, int], pose: Pose, camera: CameraSpec,
    heights: HeightModel,
) -> Mask:  # fmt: skip
    """(H, W) 255 where a frame shows what the map calls water.

    Args:
        waters: areas in WGS-84 degrees.
        shape: (height, width) of the stored frame.
    """
    height, width = shape
    rows, cols = (np.linspace(0.5, n - 0.5, k) for n, k in zip(shape, _GRID, strict=True))
    native = np.array(
        [native_pixel(camera, float(c), float(r), (width, height)) for r in rows for c in cols]
    )
    plane, sight = Plane.at(pose.position), directions(pose.attitude, camera, native)
    starts = np.zeros_like(sight)
    starts[:, 2] = pose.altitude_m
    ends = sight * meet_ground(plane, starts, sight, heights)[:, None]
    lon, lat = plane.lon(ends[:, 0]), plane.lat(ends[:, 1])
    area = shapely.union_all(list(waters))
    wet = np.isfinite(lon) & shapely.contains_xy(area, np.nan_to_num(lon), np.nan_to_num(lat))
    coarse = wet.reshape(_GRID).astype(np.uint8) * 255
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_NEAREST))


def shore(celsius: Celsius, map_mask: Mask, pixel_m: float) -> Shore | None:
    """The banks of the mapped water in a frame; None where no bank can be made out.

    Args:
        celsius: (H, W) float32, all finite.
        pixel_m: what a pixel covers on the ground.
    """
    at = _calmest(celsius, map_mask)
    if at is None:
        return None
    try:
        region = water_around(celsius, at)
    except InvalidInput:
        return None
    size = cv2.countNonZero(region)
    agreed = cv2.countNonZero(cv2.bitwise_and(region, map_mask))
    if size < _LEAST_SHARE * region.size or agreed < _AGREES * size:
        return None
    water = _with_plumes(celsius, region, _PLUME_M / pixel_m)
    band = float(np.clip(_BAND_M / pixel_m, 8.0, 14.0))
    longest = float(np.clip(_PLUME_M / pixel_m, 20.0, 200.0))
    lines = [line for line in edges(water) if len(line) >= 3 * band]
    banks = tuple(
        Bank(line=line, water_left=True, width_px=band, longest_px=longest) for line in lines
    )
    return Shore(water=water, banks=banks, near_px=_LAND_M / pixel_m) if banks else None


def _calmest(celsius: Celsius, wet: Mask) -> tuple[float, float] | None:
    """Column and row of the mapped water's most even place."""
    inner = cv2.erode(wet, np.ones((_CALM_PX, _CALM_PX), np.uint8))
    if not inner.any():
        return None
    level = celsius - np.float32(celsius.mean())
    mean = cv2.blur(level, (_CALM_PX, _CALM_PX))
    variance = cv2.blur(level * level, (_CALM_PX, _CALM_PX)) - mean * mean
    _, _, (col, row), _ = cv2.minMaxLoc(variance, inner)
    return float(col), float(row)


def _with_plumes(celsius: Celsius, region: Mask, across_px: float) -> Mask:
    """The region with the notches that plumes leave in it."""
    reach = int(np.clip(across_px, 15, 121)) | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    closed = cv2.morphologyEx(region, cv2.MORPH_CLOSE, disc)
    count, labels = cv2.connectedComponents(cv2.subtract(closed, region))
    water, around = region.copy(), np.ones((15, 15), np.uint8)
    for label in range(1, count):
        notch = (labels == label).astype(np.uint8)
        behind = (cv2.dilate(notch, around) > 0) & (closed == 0)
        own = float(np.median(celsius[notch > 0]))
        if not behind.any() or abs(own - float(np.median(celsius[behind]))) >= _TELLS_K:
            water[notch > 0] = 255
    return water
