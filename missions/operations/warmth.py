"""How warm is this place in these frames? Run in worker processes."""

from collections.abc import Sequence

import numpy as np

from core.geo import LonLat
from imagery.ground.georeference import pixel_of
from imagery.ingest import inspect
from missions.operations.examine import Workbench, workbench
from thermal.formats.decode import decode


def warmest_near(keys: Sequence[str], place: LonLat, radius_m: float) -> list[float | None]:
    """The highest temperature within a radius of a place, for each stored thermal frame.

    Returns:
        Celsius by frame; None for a frame that does not show the place.
    """
    return [_warmest(workbench(), key, place, radius_m) for key in keys]


def _warmest(bench: Workbench, key: str, place: LonLat, radius_m: float) -> float | None:
    data = bench.media.open(key)
    inspected = inspect(data, bench.cameras, bench.heights)
    pose, camera = inspected.metadata.pose, inspected.camera
    if pose is None or camera is None or inspected.gsd_m is None:
        return None
    ground_m = float(bench.heights.height_m(place.lon, place.lat))
    middle = pixel_of(pose, camera, place, ground_m)
    if middle is None:
        return None
    celsius = decode(data).celsius
    height, width = celsius.shape
    scale = width / camera.width_px
    rows, columns = np.ogrid[:height, :width]
    centre_row = height / 2 + (middle[1] - camera.height_px / 2) * scale
    reach = radius_m / inspected.gsd_m * scale
    near = (columns - middle[0] * scale) ** 2 + (rows - centre_row) ** 2 <= reach**2
    return float(celsius[near].max()) if near.any() else None
