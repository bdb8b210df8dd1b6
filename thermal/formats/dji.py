"""DJI radiometric JPEGs, in the encodings that can be read exactly without DJI's library.

The frame is in the APP3 segments as little-endian uint16; APP4 holds the parameters. In the
encodings below, APP3 / 64 is the apparent temperature in kelvin. Others (H20T, XT S: marker
``aa551206``; R-JPEG 0x10000: marker ``hirp``) hold sensor counts whose calibration only DJI's
Thermal SDK knows: they are refused by name.
"""

import math
import struct
from dataclasses import dataclass

import numpy as np

from core.errors import InvalidInput, UnknownEncoding, UnreadableMedia
from imagery.files.jpeg import Segment
from thermal.formats.frame import MAX_PIXELS, ThermalFrame
from thermal.radiometry import Parameters, grey_celsius

_MAVIC_2 = "MAVIC2-ENTERPRISE-ADVANCED"
_VERSIONS = {0x200, 0x300, 0x10200}
"""R-JPEG versions whose APP3 / 64 was seen to be the apparent temperature (M3T, M30T and M3TD:
0x200; M4T: 0x300; H20N: 0x10200)."""

_TRANSMISSION = {"M3T": 0.802, "M30T": 0.802, "M3TD": 0.802, _MAVIC_2: 0.828, "ZH20N": 0.811}
"""Air's transmission in DJI's own correction at its default distance and humidity, fitted to its
output as a grey body: 0.802 is within 0.004 (M3TD), 0.015 (M30T) and 0.096 C (M3T) of it, 0.828
within 0.44 C (M2EA), 0.811 within 0.02 C (H20N, fitted here on the one sample frame)."""

_DEFAULT_DISTANCE_M, _DEFAULT_HUMIDITY = 5.0, 0.5
_SDK = (
    "export it as 16-bit or float TIFF with DJI Thermal Analysis Tool or the DJI Thermal SDK "
    "(dji_irp -a measure), which hold this camera's calibration"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    width: int
    height: int
    parameters: Parameters


def decode(
    segments: list[Segment], model: str, parameters: Parameters | None = None
) -> ThermalFrame:
    """Temperatures from a DJI R-JPEG's segments.

    At DJI's default distance and humidity, on cameras whose correction is known, the result is
    corrected for emissivity, reflection and air. Otherwise it is the apparent temperature, and
    ``corrected`` says so: nothing is guessed.

    Args:
        model: the camera as EXIF names it.
        parameters: in place of the file's own.

    Raises:
        UnknownEncoding: an encoding or camera that cannot be read exactly.
        UnreadableMedia: the frame is truncated.
    """
    raw = b"".join(s.payload for s in segments if s.marker == 0xE3)
    head = b"".join(s.payload for s in segments if s.marker == 0xE4)
    header = _header(head, model, len(raw))
    pixels = header.width * header.height
    if len(raw) < pixels * 2:
        raise UnreadableMedia(
            f"the thermal frame is truncated: {len(raw)} of {pixels * 2} bytes",
            remedy="copy the file again from the card",
        )
    values = np.frombuffer(raw, "<u2", pixels).reshape(header.height, header.width)
    used = parameters or header.parameters
    tau = _TRANSMISSION.get(model)
    standard = used.distance_m == _DEFAULT_DISTANCE_M and math.isclose(
        used.humidity, _DEFAULT_HUMIDITY, abs_tol=1e-3
    )
    low, high = int(values.min()), int(values.max())
    apparent = np.arange(low, high + 1) / 64.0 - 273.15
    corrected = tau is not None and standard
    table = grey_celsius(apparent, used, tau) if tau is not None and standard else apparent
    return ThermalFrame(
        celsius=np.take(table.astype(np.float32), values.astype(np.intp) - low),
        encoding="DJI R-JPEG",
        parameters=used if corrected else Parameters(emissivity=1.0, distance_m=0.0),
        corrected=corrected,
        camera=model,
    )


def _header(head: bytes, model: str, size: int) -> _Header:
    if head[:4] == b"\xaa\x55\x12\x06":
        raise _unknown(model, "sensor counts with marker aa551206 (H20T, XT S)")
    if head[4:8] == b"hirp":
        raise _unknown(model, "R-JPEG version 0x10000 (marker hirp)")
    if head[4:8] == b"iirp" and len(head) >= 164:
        version = int.from_bytes(head[153:157], "little")
        if version not in _VERSIONS:
            raise _unknown(model, f"R-JPEG version {version:#x}")
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
