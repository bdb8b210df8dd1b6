"""Thermal TIFFs: floating point in Celsius, or 16 bits in a scale that the file names."""

import io
import logging
import struct
import zlib

import numpy as np
import tifffile

from core.errors import UnknownEncoding, UnreadableMedia
from thermal.formats.frame import MAX_PIXELS, ThermalFrame
from thermal.radiometry import Parameters

logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # our own error says what is broken

_COOL_C, _HOT_C = -150.0, 3000.0
_KELVIN_FLOOR = 150.0
"""A median above this is no Celsius scene but kelvin (or centikelvin); below -123 C nothing on
the ground is, above 150 C no whole scene is."""


def decode(data: bytes) -> ThermalFrame:
    """Temperatures from a single-band TIFF.

    float32/float64 is Celsius, or kelvin when the median is above 150; uint16 is centikelvin
    (FLIR TLinear high resolution: K / 0.01) or decikelvin x 0.4 (TLinear low: K / 0.04), told
    apart because a ground scene's median lies between -60 and 150 C in exactly one of them.

    Raises:
        UnreadableMedia: broken, truncated, several bands or implausibly large.
        UnknownEncoding: numbers that are no temperatures.
    """
    array = _read(data)
    if array.dtype.kind == "f":
        return _frame(_celsius_of_float(array), f"TIFF float{array.dtype.itemsize * 8}")
    if array.dtype == np.uint16:
        celsius, scale = _celsius_of_counts(array)
        return _frame(celsius, f"TIFF 16-bit ({scale})")
    raise UnknownEncoding(
        f"a TIFF of {array.dtype} is no thermal frame that we know",
        remedy="export temperatures as float32 Celsius",
    )


def _read(data: bytes) -> np.ndarray:
    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            page = file.pages[0]
            shape = tuple(page.shape)
            if len(shape) != 2 or not 0 < shape[0] * shape[1] <= MAX_PIXELS:
                raise UnreadableMedia(
                    f"a TIFF of shape {shape} is no thermal frame",
                    remedy="export one band of temperatures",
                )
            return np.asarray(page.asarray())
    except (
        OSError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        RuntimeError,
        ArithmeticError,
        MemoryError,
        struct.error,
        zlib.error,
        ImportError,
    ) as error:
        raise UnreadableMedia(
            f"the TIFF cannot be read ({type(error).__name__}: {error})",
            remedy="check that the file is complete",
        ) from error


def _celsius_of_float(array: np.ndarray) -> np.ndarray:
    finite = array[np.isfinite(array)]
    if not finite.size:
        raise UnknownEncoding("the TIFF holds no finite number", remedy="export it again")
    median = float(np.median(finite))
    celsius = array - 273.15 if median > _KELVIN_FLOOR else array
    shifted = median - 273.15 if median > _KELVIN_FLOOR else median
    if not _COOL_C <= shifted <= _HOT_C or float(finite.max()) > _HOT_C + 273.15:
        raise UnknownEncoding(
            f"numbers around {median:.4g} are no temperatures in Celsius or kelvin",
            remedy="export temperatures as float32 Celsius",
        )
    return np.where(np.isfinite(celsius), celsius, shifted)


def _celsius_of_counts(array: np.ndarray) -> tuple[np.ndarray, str]:
    median = float(np.median(array))
    for name, kelvin in (("centikelvin", 0.01), ("0.04 kelvin", 0.04)):
        if -60.0 <= median * kelvin - 273.15 <= _KELVIN_FLOOR:
            return array * kelvin - 273.15, name
    raise UnknownEncoding(
        f"16-bit values around {median:.0f} are counts without a calibration",
        remedy="export temperatures as float32 Celsius, or as centikelvin",
    )


def _frame(celsius: np.ndarray, encoding: str) -> ThermalFrame:
    return ThermalFrame(
        celsius=np.ascontiguousarray(celsius, np.float32),
        encoding=encoding,
        parameters=Parameters(),
    )
