"""Thermal TIFFs: floating point in Celsius or kelvin, or 16 bits in a scale that is named.

GDAL reads them, because it knows all the compressions that people use and never unpacks more than
a strip's own pixels. What it would pass over is refused here before: a strip that is not there (it
would read zeros), a deflate stream whose checksum is wrong or that holds more than its pixels.
"""

import logging
import math
import warnings
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput, UnknownEncoding, UnreadableMedia
from core.units import KELVIN_AT_ZERO_CELSIUS as ZERO_K
from thermal.formats.frame import MAX_PIXELS, ThermalFrame
from thermal.parameters import Floats, Parameters

logging.getLogger("rasterio").setLevel(logging.CRITICAL)  # our own error says what is broken

SCALES = {"centikelvin": 0.01, "0.04K": 0.04, "decikelvin": 0.1}
"""Kelvin a count that a caller may name: FLIR's TLinear in high and low resolution, and tenths."""

_COOL_C, _HOT_C = -150.0, 3000.0
_SCENE_C = (-60.0, 150.0)
"""A whole scene's median lies between these; a fire's hottest pixels of course do not."""
_COLDEST_K = 173.15
"""No pixel of a scene in kelvin is below (-100 C); of a scene in Celsius most are."""
_TYPES = ("float32", "float64", "uint16")
_MAX_BLOCKS = 100_000
_PIECE = 1 << 18
_KELVINS, _CELSIUS = {"k", "kelvin"}, {"c", "°c", "degc", "celsius", "degrees celsius"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Band:
    """One band as the file holds it: numbers, what is no measurement, and what it says of them."""

    values: npt.NDArray[Any]
    nodata: float | None
    gain: float
    offset: float
    unit: str


def decode(data: bytes, scale: str | None = None) -> ThermalFrame:
    """Temperatures from a single-band TIFF.

    float32 and float64 are Celsius or kelvin: as the file's unit says, or else as the whole
    scene's median and coldest pixel tell without doubt. uint16 is read by the file's own scale and
    offset, or by the caller's; without either as centikelvin, the only common scale that a camera's
    plain 14 bit counts cannot be taken for, and the frame says so.

    Args:
        scale: one of `SCALES`, for 16 bit files that name none.

    Raises:
        UnreadableMedia: broken, truncated, several bands or implausibly large.
        UnknownEncoding: numbers that are no temperatures, or that may be two things.
        InvalidInput: no such scale.
    """
    if scale is not None and scale not in SCALES:
        raise InvalidInput(f"{scale!r} is no scale", where="scale", remedy=", ".join(SCALES))
    band = _read(data)
    if band.values.dtype == np.uint16:
        celsius, encoding, notes = _of_counts(band, scale)
    else:
        celsius, encoding, notes = _of_floats(band)
    return _frame(celsius, _missing(band, celsius), encoding, notes)


def _read(data: bytes) -> _Band:
    import rasterio  # takes 0.4 s, and few files are TIFFs
    from rasterio.errors import RasterioError
    from rasterio.io import MemoryFile

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a thermal frame need not be georeferenced
            with (
                rasterio.Env(GDAL_NUM_THREADS=1, GTIFF_IGNORE_READ_ERRORS=False),
                MemoryFile(data) as file,
                file.open(driver="GTiff") as image,
            ):
                _check(image)
                _intact(image, data)
                return _Band(
                    values=image.read(1),
                    nodata=image.nodata,
                    gain=float(image.scales[0]),
                    offset=float(image.offsets[0]),
                    unit=(image.units[0] or "").strip().lower(),
                )
    except (RasterioError, ValueError, TypeError, OverflowError, MemoryError) as error:
        raise UnreadableMedia(
            f"the TIFF cannot be read ({str(error).splitlines()[0][:160] or 'broken'})",
            remedy="check that the file is complete",
        ) from error


def _check(image: Any) -> None:
    """Refuse what would take memory or give invented pixels, before a pixel is read."""
    rows, cols = image.block_shapes[0]
    if image.count != 1 or not 0 < image.width * image.height <= MAX_PIXELS:
        raise UnreadableMedia(
            f"a TIFF of {image.width} x {image.height} pixels with {image.count} bands is no "
            "thermal frame",
            remedy="export one band of temperatures",
        )
    if image.dtypes[0] not in _TYPES:
        raise UnknownEncoding(
            f"a TIFF of {image.dtypes[0]} is no thermal frame that we know",
            remedy="export temperatures as float32 Celsius",
        )
    across, down = _blocks(image)
    if rows * cols > MAX_PIXELS or across * down > _MAX_BLOCKS:
        raise UnreadableMedia(
            f"the TIFF is cut into {across * down} pieces of {cols} x {rows} pixels",
            remedy="export it again in ordinary strips or tiles",
        )


def _blocks(image: Any) -> tuple[int, int]:
    rows, cols = image.block_shapes[0]
    return math.ceil(image.width / cols), math.ceil(image.height / rows)


def _intact(image: Any, data: bytes) -> None:
    """Every strip or tile is in the file, and if deflated, whole by its own checksum."""
    rows, cols = image.block_shapes[0]
    most = rows * cols * np.dtype(image.dtypes[0]).itemsize
    deflated = str(image.profile.get("compress", "")).lower() == "deflate"
    across, down = _blocks(image)
    for row, col in np.ndindex(down, across):
        offset, size = (
            int(image.get_tag_item(f"BLOCK_{what}_{col}_{row}", "TIFF", bidx=1) or 0)
            for what in ("OFFSET", "SIZE")
        )
        if not offset or not size or offset + size > len(data):
            raise UnreadableMedia(
                "a part of the TIFF's picture is not in the file",
                remedy="check that the file is complete",
            )
        if deflated and not _whole(data[offset : offset + size], most):
            raise UnreadableMedia(
                "a part of the TIFF's picture is damaged", remedy="copy the file again"
            )


def _whole(stream: bytes, most: int) -> bool:
    """Whether a deflate stream ends with the right checksum after at most so many bytes."""
    unpack, done = zlib.decompressobj(), 0
    try:
        while not unpack.eof and done <= most:
            got = unpack.decompress(stream, _PIECE)
            stream, done = unpack.unconsumed_tail, done + len(got)
            if not got and not stream:
                break
    except zlib.error:
        return False
    return unpack.eof and done <= most


def _of_floats(band: _Band) -> tuple[npt.NDArray[Any], str, tuple[str, ...]]:
    values = band.values
    if (band.gain, band.offset) != (1.0, 0.0):
        values = np.asarray(values, np.float64) * band.gain + band.offset
    there = np.isfinite(values) & ~_nodata(band) & (values > -ZERO_K)
    if not there.any():
        raise UnknownEncoding("the TIFF holds no temperature", remedy="export it again")
    name, median = f"TIFF {band.values.dtype}", _middle(values, there)
    if float(values.max(where=there, initial=-ZERO_K)) > _HOT_C + ZERO_K:
        raise _no_temperatures(median)
    if band.unit in _KELVINS:
        return values - ZERO_K, f"{name} (kelvin)", ()
    if band.unit in _CELSIUS or _SCENE_C[0] <= median <= _SCENE_C[1]:
        return values, f"{name} (Celsius)", ()
    coldest = float(values.min(where=there, initial=np.inf))
    if _SCENE_C[0] <= median - ZERO_K <= _SCENE_C[1] and coldest >= _COLDEST_K:
        note = f"taken as kelvin: the file names no unit, its median is {median:.1f}"
        return values - ZERO_K, f"{name} (kelvin)", (note,)
    raise _no_temperatures(median)


def _middle(values: npt.NDArray[Any], there: npt.NDArray[np.bool_]) -> float:
    """The median of the pixels that are there, of every third row and column if that is enough."""
    some = values[::3, ::3][there[::3, ::3]]
    return float(np.median(some if some.size > 1000 else values[there]))


def _of_counts(band: _Band, scale: str | None) -> tuple[Floats, str, tuple[str, ...]]:
    counts = np.asarray(band.values, np.float64)
    note: tuple[str, ...] = ()
    if scale is not None:
        celsius, name = counts * SCALES[scale] - ZERO_K, f"{scale}, as the caller says"
    elif (band.gain, band.offset) != (1.0, 0.0):
        celsius, name = counts * band.gain + band.offset, f"{band.gain:g} a count, by its tags"
        celsius = celsius - ZERO_K if _is_kelvin(band) else celsius
    else:
        celsius, name = counts * SCALES["centikelvin"] - ZERO_K, "centikelvin"
        note = ("taken as centikelvin: the file names no scale",)
    median = float(np.median(celsius[~_nodata(band)])) if not _nodata(band).all() else math.nan
    if not _SCENE_C[0] <= median <= _SCENE_C[1]:
        raise UnknownEncoding(
            f"16-bit values around {float(np.median(counts)):.0f} are counts without a calibration",
            remedy="name their scale (--scale " + " or ".join(SCALES) + "), write a GDAL scale and "
            "offset into the file, or export temperatures as float32 Celsius",
        )
    return celsius, f"TIFF 16-bit ({name})", note


def _is_kelvin(band: _Band) -> bool:
    return band.unit in _KELVINS or (not band.unit and band.offset == 0.0)


def _nodata(band: _Band) -> npt.NDArray[np.bool_]:
    if band.nodata is None or math.isnan(band.nodata):
        return np.zeros(band.values.shape, bool)
    return np.asarray(band.values == band.nodata)


def _missing(band: _Band, celsius: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Where the file says nothing, or what no surface can have."""
    return ~np.isfinite(celsius) | _nodata(band) | (celsius < _COOL_C) | (celsius > _HOT_C)


def _no_temperatures(median: float) -> UnknownEncoding:
    return UnknownEncoding(
        f"numbers around {median:.4g} are not without doubt Celsius or kelvin",
        remedy="name the unit in the file (GDAL unit type 'C' or 'K')",
    )


def _frame(
    celsius: npt.NDArray[Any],
    missing: npt.NDArray[np.bool_],
    encoding: str,
    notes: tuple[str, ...],
) -> ThermalFrame:
    with np.errstate(over="ignore", invalid="ignore"):  # what is no temperature anyway
        kept = np.ascontiguousarray(celsius, np.float32)
    if missing.any():
        if missing.all():
            raise UnknownEncoding("the TIFF holds no temperature", remedy="export it again")
        kept[missing] = np.median(kept[~missing])
        notes = (*notes, f"{int(missing.sum())} pixels hold no measurement")
    return ThermalFrame(
        celsius=kept,
        encoding=encoding,
        parameters=Parameters(),
        valid=~missing if missing.any() else None,
        notes=notes,
    )
