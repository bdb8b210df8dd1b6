"""Small holes of a raster filled from their rim."""

import numpy as np
import numpy.typing as npt
import rasterio.features
import rasterio.fill

Floats = npt.NDArray[np.float64]


def mended(stored: Floats, most: float) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Heights (H, W) with holes (NaN) of at most so many pixels filled, and where they were.

    Larger holes and those that touch the edge stay. The rim is interpolated by inverse distance
    (GDAL's fillnodata).
    """
    holes = np.isnan(stored)
    small = np.zeros(holes.shape, bool)
    if not holes.any():
        return stored, small
    whole = rasterio.features.shapes(holes.astype(np.uint8), mask=holes, connectivity=8)
    for shape, _ in whole:
        ring = np.array(shape["coordinates"][0])
        (c0, r0), (c1, r1) = ring.min(axis=0).astype(int), ring.max(axis=0).astype(int)
        inside = r0 > 0 and c0 > 0 and r1 < holes.shape[0] and c1 < holes.shape[1]
        if inside and max(r1 - r0, c1 - c0) <= most:
            small[r0:r1, c0:c1] |= holes[r0:r1, c0:c1]
    if not small.any():
        return stored, small
    filled = rasterio.fill.fillnodata(
        np.where(holes, 0.0, stored).astype(np.float32), ~holes, max_search_distance=most + 1
    )
    return np.where(small, filled, stored), small
