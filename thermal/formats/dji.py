"""DJI radiometric JPEGs, in the encodings that can be read exactly without DJI's library.

The frame is in the APP3 segments as little-endian uint16; APP4 holds the parameters. In the
encodings below, APP3 / 64 is the apparent temperature in kelvin. Others (H20T, XT S: marker
``aa551206``; M30T's first firmware: ``girp``; R-JPEG 0x10000: ``hirp``) hold sensor counts whose
calibration only DJI's Thermal SDK knows: they are refused by name.
"""

import math
import struct
from dataclasses import dataclass

import numpy as np

from core.errors import InvalidInput, UnknownEncoding, UnreadableMedia
from imagery.files.jpeg import Segment
from thermal.formats.dji_path import DjiPath, known
from thermal.formats.frame import MAX_PIXELS, Counts, ThermalFrame
from thermal.parameters import APPARENT, Change, Parameters, changed
from thermal.radiometry import Celsius

_MAVIC_2 = "MAVIC2-ENTERPRISE-ADVANCED"
_SEEN = {
    ("M3T", 0x200),
    ("M30T", 0x200),
    ("M3TD", 0x200),
    ("M4T", 0x300),
    ("H30T", 0x300),
    ("ZH20N", 0x10200),
}
"""Cameras and R-JPEG versions whose APP3 / 64 was compared with DJI's own numbers. A new camera may
mean something else by the same version: it is refused until somebody has compared."""

_MARKERS = {
    b"hirp": "R-JPEG version 0x10000 (marker hirp)",
    b"girp": "R-JPEG version 0 (marker girp)",
}
_SDK = (
    "export it as 16-bit or float TIFF with DJI Thermal Analysis Tool or the DJI Thermal SDK "
    "(dji_irp -a measure), which hold this camera's calibration"
)
_COMPARE = (
    "send us this file and its temperatures from DJI Thermal Analysis Tool, to be compared; until "
    "then export it as float TIFF"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    width: int
    height: int
    parameters: Parameters


def decode(segments: list[Segment], model: str, change: Change = None) -> ThermalFrame:
    """Temperatures from a DJI R-JPEG's segments.

    At DJI's default distance, humidity and air temperature, on cameras whose correction is known,
    the result is corrected for emissivity, reflection and air. Otherwise it is the apparent
    temperature, and ``corrected`` says so: nothing is guessed.

    Args:
        model: the camera as EXIF names it.
        change: parameters in place of the file's own.

    Raises:
        UnknownEncoding: an encoding or camera that cannot be read exactly.
        UnreadableMedia: the frame is truncated.
        InvalidInput: the caller's parameters are impossible or do not fit the frame.
    """
    raw = b"".join(s.payload for s in segments if s.marker == 0xE3)
    head = b"".join(s.payload for s in segments if s.marker == 0xE4)
    header = _header(head, model, len(raw))
    pixels = header.width * header.height
    if len(raw) != pixels * 2:
        raise UnreadableMedia(
            f"the thermal frame has {len(raw)} bytes, {header.width} x {header.height} pixels "
            f"need {pixels * 2}",
            remedy="copy the file again from the card",
        )
    values = np.frombuffer(raw, "<u2", pixels).reshape(header.height, header.width)
    used = changed(header.parameters, change)
    used.fits(values.shape)
    path = known(model, used)
    return ThermalFrame(
        celsius=_celsius(values, path, used),
        encoding="DJI R-JPEG",
        parameters=APPARENT if path is None else used,
        corrected=path is not None,
        camera=model,
        correction=path or DjiPath(),
        notes=() if path or change is APPARENT else (_why(model, used),),
    )


def _celsius(values: Counts, path: DjiPath | None, used: Parameters) -> Celsius:
    if not used.uniform and path is not None:
        return path.object_c(values / 64.0 - 273.15, used).astype(np.float32)
    low, high = int(values.min()), int(values.max())
    apparent = np.arange(low, high + 1) / 64.0 - 273.15
    table = apparent if path is None else path.object_c(apparent, used)
    return np.take(table.astype(np.float32), values.astype(np.intp) - low)


def _why(model: str, used: Parameters) -> str:
    own = used.summary()
    return (
        f"not corrected: for DJI {model} the correction at {own['distance_m']:g} m, "
        f"{own['humidity']:.0%} humidity and {own['air_c']:.1f} C air is not known"
    )


def _header(head: bytes, model: str, size: int) -> _Header:
    if head[:4] == b"\xaa\x55\x12\x06":
        raise _unknown(model, "sensor counts with marker aa551206 (H20T, XT S)")
    if head[4:8] in _MARKERS:
        raise _unknown(model, _MARKERS[head[4:8]])
    if head[4:8] == b"iirp" and len(head) >= 164:
        version = int.from_bytes(head[153:157], "little")
        if (model, version) not in _SEEN:
            raise UnknownEncoding(
                f"DJI {model or 'camera without a name'}: R-JPEG version {version:#x} of this "
                "camera was never compared with DJI's own temperatures",
                remedy=_COMPARE,
            )
        width, height = struct.unpack_from("<HH", head, 157)
        at = 32
    elif model == _MAVIC_2 and len(head) == 224 and size == 640 * 512 * 2:
        width, height, at = 640, 512, 0
    else:
        raise _unknown(model, f"an APP4 block of {len(head)} bytes")
    if not 0 < width * height <= MAX_PIXELS:
        raise UnreadableMedia(
            f"a thermal frame of {width} x {height} is not plausible",
            remedy="copy the file again from the card",
        )
    return _Header(width=width, height=height, parameters=_parameters(head, at))


def _parameters(head: bytes, at: int) -> Parameters:
    air, distance, emissivity, humidity, reflected = struct.unpack_from("<5f", head, at)
    try:
        return Parameters(
            emissivity=emissivity,
            reflected_c=reflected,
            air_c=air,
            humidity=humidity,
            distance_m=distance,
            window_c=air if math.isfinite(air) else 20.0,
        )
    except InvalidInput as error:
        raise UnreadableMedia(error.what, where=error.where, remedy=error.remedy) from error


def _unknown(model: str, what: str) -> UnknownEncoding:
    return UnknownEncoding(
        f"DJI {model or 'camera without a name'}: {what} cannot be read exactly", remedy=_SDK
    )
