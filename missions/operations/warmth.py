"""How warm are these places in these frames? Run in worker processes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.geo import LonLat
from imagery.ground.georeference import pixel_of
from imagery.ingest import inspect
from missions.operations.examine import Workbench, workbench
from thermal import uncertainty
from thermal.formats.decode import decode
from thermal.formats.frame import ThermalFrame

COVERED = 0.9
"""Share of a place that a frame must show, measured, for its word to count: half a burnt patch
without a hot spot says nothing of the other half."""
VEILED_K = 0.3
"""A frame whose middle 90 % of temperatures lie this near together shows cloud, fog or smoke, not
ground: 3 to 6 times the noise of a drone's camera (NETD 50-100 mK)."""
_TO_SIGMA = 1.4826
"""From the median absolute deviation to the standard deviation of normal values."""
_RING = 2.0
"""The background is taken between one and two radii from the place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place to be measured: its middle and the radius in metres looked at round it."""

    place: LonLat
    radius_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Warmth:
    """What a frame measured at a place.

    Attributes:
        peak_c: warmest; background_c: median round it, None where the frame shows none.
        uncertainty_k: one standard deviation of the peak.
        spread_k: standard deviation of the ground round it (by its median absolute deviation, so
            that an ember there does not count); None where the frame shows none.
        pixel: (column, row) of the warmest in the stored frame; frame: its (height, width).
        whole: whether the frame shows the place whole and unveiled. A hot spot counts in any case.
    """

    peak_c: float
    background_c: float | None
    uncertainty_k: float | None
    pixel: tuple[float, float]
    frame: tuple[int, int]
    corrected: bool
    whole: bool
    spread_k: float | None = None


def warmth_of(keys: Sequence[str], spots: Sequence[Spot]) -> list[list[Warmth | None]]:
    """The warmth of each place in each stored thermal frame, one frame in memory at a time.

    Returns:
        By frame, by place; None where the frame does not show the place.
    """
    return [_in_frame(workbench(), key, spots) for key in keys]


def _in_frame(bench: Workbench, key: str, spots: Sequence[Spot]) -> list[Warmth | None]:
    data = bench.media.open(key)
    inspected = inspect(data, bench.cameras, bench.heights)
    pose, camera = inspected.metadata.pose, inspected.camera
    if pose is None or camera is None or inspected.gsd_m is None:
        return [None] * len(spots)
    frame = decode(data)
    height, width = frame.celsius.shape
    scale = width / camera.width_px
    found: list[Warmth | None] = []
    for spot in spots:
        ground_m = float(bench.heights.height_m(spot.place.lon, spot.place.lat))
        middle = pixel_of(pose, camera, spot.place, ground_m)
        if middle is None:
            found.append(None)
            continue
        row = height / 2 + (middle[1] - camera.height_px / 2) * scale
        reach = spot.radius_m / inspected.gsd_m * scale
        found.append(measured(frame, middle[0] * scale, row, reach))
    return found


def measured(frame: ThermalFrame, column: float, row: float, reach_px: float) -> Warmth | None:
    """What a frame shows within some pixels of a point of it; None where it shows nothing."""
    celsius = frame.measured()
    height, width = celsius.shape
    rows, columns = np.ogrid[:height, :width]
    away = (columns - column) ** 2 + (rows - row) ** 2
    inside = (away <= reach_px**2) & np.isfinite(celsius)
    if not inside.any():
        return None
    at = np.unravel_index(int(np.where(inside, celsius, -np.inf).argmax()), celsius.shape)
    ring = celsius[(away > reach_px**2) & (away <= (_RING * reach_px) ** 2) & np.isfinite(celsius)]
    low, high = np.nanpercentile(celsius, [5.0, 95.0])
    wanted = np.pi * reach_px**2
    return Warmth(
        peak_c=float(celsius[at]),
        background_c=float(np.median(ring)) if ring.size else None,
        spread_k=float(_TO_SIGMA * np.median(np.abs(ring - np.median(ring))))
        if ring.size
        else None,
        uncertainty_k=float(uncertainty.at(frame, int(at[0]), int(at[1]))),
        pixel=(float(at[1]), float(at[0])),
        frame=(height, width),
        corrected=frame.corrected,
        whole=bool(inside.sum() >= COVERED * wanted and high - low > VEILED_K),
    )


def _spread_k(ring: npt.NDArray[np.float32]) -> float:
    return float(_TO_SIGMA * np.median(np.abs(ring - np.median(ring))))
