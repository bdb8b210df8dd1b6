"""Pieces of a finished raster for a map: a tile, the value at a place, how it lies.

Each call opens the file anew and reads a few blocks of it, so any number of threads may call, and
nothing here takes an address from outside: only paths of files that we keep.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from rasterio.errors import RasterioError
from rio_tiler.errors import PointOutsideBounds, TileOutsideBounds
from rio_tiler.io import Reader
from rio_tiler.models import ImageData

from core.errors import Unavailable
from imagery.products.cog import statistics

_ENVIRONMENT = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_CACHEMAX": 64,
    "GDAL_NUM_THREADS": 1,
}
DEEPEST = 24
"""Deepest zoom that is drawn: 9 mm a pixel at the equator."""
_SPREAD = 3.0
"""A palette spans so many standard deviations to each side of the mean if nobody says how much: a
single flame shall not make everything else black."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lies:
    """How a raster lies in the pyramid of tiles (web Mercator).

    Attributes:
        bounds: west, south, east, north in degrees.
        palette: lowest and highest value of the palette if nobody says another; None for pictures.
    """

    bounds: tuple[float, float, float, float]
    minzoom: int
    maxzoom: int
    palette: tuple[float, float] | None


def lies(path: Path) -> Lies:
    """How a raster lies, and how its values are usually shown."""
    with _opened(path) as raster:
        west, south, east, north = raster.get_geographic_bounds("EPSG:4326")
        floating = raster.info().dtype == "float32"
        return Lies(
            bounds=(west, south, east, north),
            minzoom=raster.minzoom,
            maxzoom=min(raster.maxzoom, DEEPEST),
            palette=palette(statistics(path)) if floating else None,
        )


def tile(path: Path, z: int, x: int, y: int, *, size_px: int, smooth: bool) -> ImageData | None:
    """A square of the map, of native values; None where the raster shows nothing.

    Args:
        smooth: mix neighbouring values; otherwise each shown value is one that was measured.
    """
    with _opened(path) as raster:
        way = "bilinear" if smooth else "nearest"
        try:
            image = raster.tile(
                x, y, z, tilesize=size_px, resampling_method=way, reproject_method=way
            )
        except TileOutsideBounds:
            return None
    if image.array.dtype.kind == "f":  # what is masked shall be a number too: it is cast to bytes
        image.array.data[~np.isfinite(image.array.data)] = 0.0
        image.array.fill_value = 0.0
    return image


def point(path: Path, lon: float, lat: float) -> list[float] | None:
    """The values of each band at a place, as they are in the file; None where there are none."""
    with _opened(path) as raster:
        try:
            found = raster.point(lon, lat, coord_crs="EPSG:4326")
        except PointOutsideBounds:
            return None
    values = np.ma.asarray(found.array)
    if np.ma.getmaskarray(values).any() or not np.isfinite(values.filled(0)).all():
        return None
    return [float(value) for value in values.filled(0)]


def palette(found: Mapping[str, float]) -> tuple[float, float]:
    """The values at the ends of a palette, from a band's statistics."""
    if not found:
        return 0.0, 100.0
    reach = _SPREAD * found["stddev"]
    low = max(found["minimum"], found["mean"] - reach)
    high = min(found["maximum"], found["mean"] + reach)
    return low, max(high, low + 0.1)


@contextmanager
def _opened(path: Path) -> Iterator[Reader]:
    try:
        with rasterio.Env(**_ENVIRONMENT), Reader(str(path)) as raster:
            yield raster
    except RasterioError as why:
        raise Unavailable(
            f"the raster cannot be read ({why})",
            where=path.name,
            remedy="restore the media folder from its backup",
        ) from why
