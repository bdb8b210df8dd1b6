"""A mosaic's tiles into a Cloud Optimized GeoTIFF."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio._err import CPLE_BaseError  # what rasterio.shutil lets through on a full disk
from rasterio.enums import ColorInterp
from rasterio.shutil import copy as rasterio_copy
from rasterio.transform import from_origin
from rasterio.windows import Window

from core.errors import Unavailable
from imagery.mosaics.canvas import TILE_PX, Canvas
from imagery.mosaics.paint import Painter


def write(
    painter: Painter,
    canvas: Canvas,
    path: Path,
    tags: Mapping[str, str],
    tell: Callable[[float, str], None],
) -> list[tuple[str, str]]:
    """Paint all tiles into a file: tiled, deflated, with overviews (GDAL's COG driver).

    The file appears when it is whole. Returns (id, why) of frames that could not be read.

    Raises:
        Unavailable: the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".mosaic-") as folder:
            plain, whole = Path(folder) / "plain.tif", Path(folder) / "whole.tif"
            with rasterio.open(plain, "w", **_profile(painter, canvas)) as file:
                file.update_tags(**tags)
                if not painter.thermal:
                    file.colorinterp = (
                        ColorInterp.red,
                        ColorInterp.green,
                        ColorInterp.blue,
                        ColorInterp.alpha,
                    )
                _paint_all(painter, canvas, file, tell)
            tell(0.97, "overviews")
            _optimise(plain, whole, painter.thermal)
            whole.replace(path)
    except (OSError, rasterio.errors.RasterioError, CPLE_BaseError) as error:
        raise Unavailable(
            f"the mosaic cannot be written ({error})",
            where=str(path),
            remedy="check the folder's rights and the room on the disk",
        ) from error
    tell(1.0, "done")
    return list(painter.failed.items())


def _profile(painter: Painter, canvas: Canvas) -> dict[str, Any]:
    common = {
        "driver": "GTiff",
        "width": canvas.width,
        "height": canvas.height,
        "crs": f"EPSG:{canvas.epsg}",
        "transform": from_origin(canvas.west_m, canvas.north_m, canvas.gsd_m, canvas.gsd_m),
        "tiled": True,
        "blockxsize": TILE_PX,
        "blockysize": TILE_PX,
        "compress": "deflate",
        "zlevel": 1,  # only a step on the way
        "bigtiff": "if_safer",
        "sparse_ok": True,
    }
    if painter.thermal:
        return {**common, "count": 1, "dtype": "float32", "nodata": float("nan")}
    return {**common, "count": 4, "dtype": "uint8"}


def _paint_all(
    painter: Painter, canvas: Canvas, file: Any, tell: Callable[[float, str], None]
) -> None:
    total = -(-canvas.width // TILE_PX) * -(-canvas.height // TILE_PX)
    for done, tile in enumerate(canvas.tiles()):
        tell(0.5 + 0.45 * done / total, f"tile {done + 1} of {total}")
        painted = painter.paint(canvas, tile)
        if painter.thermal or painted[..., -1].any():
            window = Window(tile.column, tile.row, tile.width, tile.height)
            file.write(_bands(painted, painter.thermal), window=window)


def _bands(painted: npt.NDArray[np.float32], thermal: bool) -> npt.NDArray[Any]:
    """(B, H, W) as the file holds them."""
    seen = painted[..., -1] > 0
    if thermal:
        return np.where(seen, painted[..., 0], np.float32(np.nan))[None]
    colour = np.clip(np.nan_to_num(painted[..., :3]) + 0.5, 0, 255).astype(np.uint8)
    alpha = np.where(seen, 255, 0).astype(np.uint8)
    return np.moveaxis(np.dstack([colour * seen[..., None], alpha]), 2, 0)


def _optimise(plain: Path, whole: Path, thermal: bool) -> None:
    rasterio_copy(
        str(plain),
        str(whole),
        driver="COG",
        compress="DEFLATE",
        predictor="YES",
        blocksize=TILE_PX,
        overview_resampling="AVERAGE",
        bigtiff="IF_SAFER",
        num_threads="1" if thermal else "2",
    )
