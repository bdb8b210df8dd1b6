"""Where a raster lies on Earth."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from core.errors import InvalidInput
from core.geo import LocalFrame, LonLat

Floats = npt.NDArray[np.float64]


def placed(dataset: Any, where: Path) -> CRS:
    """The reference system of a raster that is a height model at a known place.

    Raises:
        InvalidInput: it has no reference system, no place, or is a picture.
    """
    if dataset.crs is None or dataset.transform.is_identity:
        raise InvalidInput(
            "does not say where on Earth it is",
            where=str(where),
            remedy="give a raster with a reference system and a geotransform",
        )
    if dataset.count >= 3 and dataset.dtypes[0] == "uint8":
        raise InvalidInput(
            "is a picture, not heights", where=str(where), remedy="give the height model"
        )
    try:
        return CRS.from_wkt(dataset.crs.to_wkt())
    except CRSError as error:
        raise InvalidInput(f"has an unknown reference system ({error})", where=str(where)) from None


def cell_m(dataset: Any, into: Transformer, where: Path) -> float:
    """Metres of the smaller side of the pixel in the middle."""
    height, width = dataset.shape
    columns, rows = width / 2 + np.array([0.0, 1.0, 0.0]), height / 2 + np.array([0.0, 0.0, 1.0])
    x, y = moved(dataset.transform, columns, rows)
    lon, lat = into.transform(x, y, direction="INVERSE")
    if not np.isfinite([lon, lat]).all() or np.abs(lat).max() > 90:
        raise InvalidInput("lies nowhere on Earth", where=str(where), remedy="correct its place")
    middle = LonLat(float((lon[0] + 180) % 360 - 180), float(lat[0]))
    east, north = LocalFrame(middle).xy(lon, lat)
    return float(np.hypot(np.diff(east[[1, 0, 2]]), np.diff(north[[1, 0, 2]])).min())


def moved(affine: Any, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Places after an affine transform."""
    return affine.a * x + affine.b * y + affine.c, affine.d * x + affine.e * y + affine.f
