"""Rasters as cloud-optimised GeoTIFFs, which map programs read piece by piece over HTTP."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
import rasterio.errors
import rasterio.shutil
from rasterio._err import CPLE_BaseError  # what rasterio.shutil lets through on a full disk
from rasterio.io import MemoryFile
from rasterio.warp import transform_bounds

from core.errors import Unavailable
from imagery.products.ortho import OnGround

_BLOCK = 256
"""Small blocks: a thermal frame is 640 pixels wide."""
_OPTIONS = {
    "COMPRESS": "DEFLATE",  # without loss: JPEG would cost detail that evidence needs
    "PREDICTOR": "YES",
    "BLOCKSIZE": str(_BLOCK),
    "OVERVIEW_RESAMPLING": "AVERAGE",
    "BIGTIFF": "IF_SAFER",
    "NUM_THREADS": "1",  # the pool's processes are the parallel ones
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """How a raster file lies on the map.

    Attributes:
        bounds: west, south, east, north in degrees.
        transform: a, b, c, d, e, f of x = a column + b row + c, y = d column + e row + f.
    """

    epsg: int | None
    shape: tuple[int, int]
    transform: tuple[float, ...]
    bounds: tuple[float, float, float, float]
    cell_m: float


def write_temperatures(ground: OnGround, path: Path, tags: Mapping[str, str]) -> None:
    """Write degrees Celsius as a float32 cloud-optimised GeoTIFF; nodata is NaN.

    The file appears whole or not at all.
    """
    rows, columns = ground.values.shape
    plain = {
        "driver": "GTiff",
        "height": rows,
        "width": columns,
        "count": 1,
        "dtype": "float32",
        "crs": f"EPSG:{ground.epsg}",
        "transform": ground.transform,
        "nodata": np.nan,
    }
    with MemoryFile() as memory:
        with memory.open(**plain) as source:
            source.write(ground.values, 1)
            source.set_band_description(1, "temperature")
            source.units = ("°C",)
            source.update_tags(1, **statistics_tags(ground.values))
            source.update_tags(**tags)
        with memory.open() as source:
            _optimised(source, path)


def _optimised(source: Any, path: Path) -> None:
    """Write an open dataset anew in the layout: without loss; overviews are means."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        rasterio.shutil.copy(source, part, driver="COG", **_OPTIONS)
        os.replace(part, path)
    except (OSError, rasterio.errors.RasterioError, CPLE_BaseError) as error:
        raise Unavailable(
            f"the map cannot be written ({error})",
            where=str(path),
            remedy="check the folder's rights and the room on the disk",
        ) from error
    finally:
        with suppress(OSError):  # where nothing can be written nothing is left either
            part.unlink(missing_ok=True)


def describe(path: Path) -> Described:
    """How a file lies on the map."""
    with rasterio.open(path) as raster:
        west, south, east, north = transform_bounds(raster.crs, "EPSG:4326", *raster.bounds)
        return Described(
            epsg=raster.crs.to_epsg(),
            shape=raster.shape,
            transform=tuple(raster.transform)[:6],
            bounds=(west, south, east, north),
            cell_m=abs(raster.transform.a),
        )


def complaints(path: Path) -> list[str]:
    """What is amiss with the layout that readers over HTTP rely on; nothing for a good file."""
    from rio_cogeo.cogeo import cog_validate  # slow to load: only where products are made

    _, errors, warnings = cog_validate(path, strict=True, quiet=True)
    return [*errors, *warnings]


def statistics_tags(values: npt.NDArray[np.float32]) -> dict[str, str]:
    """Range and mean as GDAL writes them into a band, so that map programs need not read all."""
    known = values[np.isfinite(values)]
    if not known.size:
        return {}
    exact = known.astype(np.float64)
    return {
        "STATISTICS_MINIMUM": f"{exact.min():.4f}",
        "STATISTICS_MAXIMUM": f"{exact.max():.4f}",
        "STATISTICS_MEAN": f"{exact.mean():.4f}",
        "STATISTICS_STDDEV": f"{exact.std():.4f}",
        "STATISTICS_VALID_PERCENT": f"{100 * known.size / values.size:.2f}",
    }


def statistics(path: Path) -> dict[str, float]:
    """Range, mean and spread of a float raster's first band, from its tags or counted block by
    block; empty for pictures and for rasters that show nothing."""
    prefix = "STATISTICS_"
    with rasterio.open(path) as raster:
        if raster.dtypes[0] != "float32":
            return {}
        tags = {k: v for k, v in raster.tags(1).items() if k.startswith(prefix)}
        if len(tags) == len(_STATISTICS):
            return {k.removeprefix(prefix).lower(): float(v) for k, v in tags.items()}
        return _counted(raster)


_STATISTICS = ("minimum", "maximum", "mean", "stddev", "valid_percent")


def _counted(raster: Any) -> dict[str, float]:
    count, total, squares = 0, 0.0, 0.0
    low, high = float("inf"), float("-inf")
    for _, window in raster.block_windows(1):
        block = raster.read(1, window=window)
        known = block[np.isfinite(block)].astype(np.float64)
        if known.size:
            count, total = count + known.size, total + float(known.sum())
            squares += float((known * known).sum())
            low, high = min(low, float(known.min())), max(high, float(known.max()))
    if not count:
        return {}
    mean = total / count
    spread = max(squares / count - mean * mean, 0.0) ** 0.5
    share = 100.0 * count / (raster.width * raster.height)
    return dict(zip(_STATISTICS, (low, high, mean, spread, share), strict=True))
