"""FLIR radiometric JPEGs: the FFF block in the APP1 "FLIR" segments.

The block is a directory of records; record 1 holds the raw counts (plain or as a PNG whose samples
are little-endian against the PNG standard), record 0x20 the camera's calibration and the
parameters of the shot. The layout is what public readers and our own sample files agree on.
"""

import math
import struct
from dataclasses import dataclass

import numpy as np

from core.errors import InvalidInput, UnknownEncoding, UnreadableMedia
from core.units import KELVIN_AT_ZERO_CELSIUS as ZERO_K
from imagery.files.jpeg import Segment
from thermal.formats.frame import MAX_PIXELS, Accuracy, ThermalFrame
from thermal.formats.png import grey16
from thermal.parameters import APPARENT, Change, Parameters, changed
from thermal.radiometry import Atmosphere, Counts, Planck, SinglePath, temperatures

HEAD = b"FLIR\0"
_RAW, _CAMERA = 0x01, 0x20
_HEADER_SIZE, _ENTRY_SIZE, _RAW_HEADER_SIZE = 64, 32, 32
_MAX_RECORDS = 256
_TAU_PITCH_UM = 17.0  # FLIR Tau 2, the core of DJI's XT and XT2
_TAU_ACCURACY = Accuracy(limit_k=5.0, limit_share=0.05)
"""Of the Tau 2 in DJI's XT and XT2: 5 C or 5 %, as FLIR states for it with advanced radiometry."""
_PNG, _REMEDY = b"\x89PNG\r\n\x1a\n", "copy the file again from the camera"


@dataclass(frozen=True, slots=True)
class _Record:
    kind: int
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Camera:
    planck: Planck
    parameters: Parameters
    atmosphere: Atmosphere
    model: str
    hfov_deg: float | None


def block(segments: list[Segment]) -> bytes:
    """The FFF block put together from its segments, each of which knows its number.

    Raises:
        UnreadableMedia: a part is missing.
    """
    parts: dict[int, bytes] = {}
    total = 0
    for segment in segments:
        payload = segment.payload
        if segment.marker != 0xE1 or not payload.startswith(HEAD) or len(payload) <= 8:
            continue
        number, last = payload[6], payload[7]
        if number in parts or (parts and last + 1 != total):
            raise UnreadableMedia("the file holds two FLIR blocks", remedy=_REMEDY)
        parts[number], total = payload[8:], last + 1
    if sorted(parts) != list(range(total)):
        raise UnreadableMedia(f"{len(parts)} of {total} FLIR segments are there", remedy=_REMEDY)
    return b"".join(parts[number] for number in range(total))


def decode(fff: bytes, change: Change = None) -> ThermalFrame:
    """Temperatures from an FFF block.

    Args:
        change: parameters in place of the file's own.

    Raises:
        UnreadableMedia: the block is truncated or contradicts itself.
        UnknownEncoding: the raw frame is in a form that is not read.
        InvalidInput: the caller's parameters are impossible or do not fit the frame.
    """
    records = _records(fff)
    camera = _camera(_find(records, _CAMERA, "camera data"))
    counts, form = _counts(_find(records, _RAW, "raw frame"))
    used = changed(camera.parameters, change)
    tau = fff[4:8] == b"ATAU"
    return ThermalFrame(
        celsius=temperatures(counts, camera.planck, used, camera.atmosphere),
        encoding=f"FLIR R-JPEG ({form})",
        parameters=used,
        corrected=change is not APPARENT,
        camera=camera.model,
        hfov_deg=camera.hfov_deg,
        pitch_um=_TAU_PITCH_UM if tau else None,
        correction=SinglePath(camera.planck, camera.atmosphere),
        accuracy=_TAU_ACCURACY if tau else Accuracy(),
    )


def raw_counts(fff: bytes) -> Counts:
    """(H, W) uint16 counts as the sensor gave them. Raises like `decode`."""
    return _counts(_find(_records(fff), _RAW, "raw frame"))[0]


def raw_body(fff: bytes) -> bytes:
    """The raw frame as it is stored: a PNG or plain samples. Raises like `decode`."""
    return _find(_records(fff), _RAW, "raw frame")[_RAW_HEADER_SIZE:]


def _records(fff: bytes) -> list[_Record]:
    if len(fff) < _HEADER_SIZE or fff[:3] not in (b"FFF", b"AFF"):
        raise UnreadableMedia("the FLIR block does not begin with FFF", remedy=_REMEDY)
    order = ">" if 100 <= struct.unpack_from(">I", fff, 20)[0] < 200 else "<"
    offset, count = struct.unpack_from(f"{order}II", fff, 24)
    if count > _MAX_RECORDS or offset + count * _ENTRY_SIZE > len(fff):
        raise UnreadableMedia("the FLIR directory runs past the end", remedy=_REMEDY)
    records = []
    for number in range(count):
        entry = offset + number * _ENTRY_SIZE
        kind = struct.unpack_from(f"{order}H", fff, entry)[0]
        start, length = struct.unpack_from(f"{order}II", fff, entry + 12)
        if kind not in (_RAW, _CAMERA):
            continue
        if start + length > len(fff):
            raise UnreadableMedia(f"FLIR record {kind:#x} runs past the end", remedy=_REMEDY)
        records.append(_Record(kind, fff[start : start + length]))
    return records


def _find(records: list[_Record], kind: int, name: str) -> bytes:
    for record in records:
        if record.kind == kind:
            return record.data
    raise UnreadableMedia(f"the FLIR block holds no {name}", remedy=_REMEDY)


def _order(record: bytes) -> str:
    """Records begin with the number 2 in their own byte order."""
    if record[:2] == b"\x02\x00":
        return "<"
    if record[:2] == b"\x00\x02":
        return ">"
    raise UnreadableMedia("a FLIR record without its byte order mark", remedy=_REMEDY)


def _camera(record: bytes) -> _Camera:
    order = _order(record)
    if len(record) < 0x310:
        raise UnreadableMedia("the FLIR camera data are truncated", remedy=_REMEDY)

    def number(at: int) -> float:
        return float(struct.unpack_from(f"{order}f", record, at)[0])

    try:
        planck = Planck(
            r1=number(0x58),
            b=number(0x5C),
            f=number(0x60),
            o=float(struct.unpack_from(f"{order}i", record, 0x308)[0]),
            r2=number(0x30C),
        )
        humidity = number(0x3C)
        parameters = Parameters(
            emissivity=number(0x20),
            distance_m=number(0x24),
            reflected_c=number(0x28) - ZERO_K,
            air_c=number(0x2C) - ZERO_K,
            window_c=number(0x30) - ZERO_K,
            window_transmission=number(0x34),
            # older cameras write per cent
            humidity=humidity / 100 if humidity > 2 else humidity,
        )
    except InvalidInput as error:
        raise UnreadableMedia(error.what, where=error.where, remedy=error.remedy) from error
    atmosphere = Atmosphere(
        alpha1=number(0x70),
        alpha2=number(0x74),
        beta1=number(0x78),
        beta2=number(0x7C),
        x=number(0x80),
    )
    if not all(abs(number(at)) < 10.0 for at in (0x70, 0x74, 0x78, 0x7C, 0x80)):
        raise UnreadableMedia("the FLIR atmosphere constants are impossible", remedy=_REMEDY)
    model = record[0xD4:0xF4].split(b"\0")[0].decode("ascii", "replace")
    hfov = number(0x1B4)
    return _Camera(
        planck=planck,
        parameters=parameters,
        atmosphere=atmosphere,
        model=model,
        hfov_deg=hfov if math.isfinite(hfov) and 1.0 <= hfov < 170.0 else None,
    )


def _counts(record: bytes) -> tuple[Counts, str]:
    order = _order(record)
    if len(record) < _RAW_HEADER_SIZE:
        raise UnreadableMedia("the FLIR raw frame is truncated", remedy=_REMEDY)
    width, height = struct.unpack_from(f"{order}HH", record, 2)
    if not 0 < width * height <= MAX_PIXELS:
        raise UnreadableMedia(f"a raw frame of {width} x {height} is not plausible", remedy=_REMEDY)
    body = record[_RAW_HEADER_SIZE:]
    if body[:8] == _PNG:
        return _png_counts(body, width, height), "PNG"
    if body[:4] in (b"II*\0", b"MM\0*", b"\xff\xd8\xff\xf7") or body[:3] == b"\xff\xd8\xff":
        raise UnknownEncoding(
            "a FLIR raw frame kept as TIFF or JPEG is not read",
            remedy="export the frame as 16-bit TIFF with FLIR Tools, or send us a sample",
        )
    if len(body) < width * height * 2:
        raise UnreadableMedia("the FLIR raw frame is truncated", remedy=_REMEDY)
    counts = np.frombuffer(body, f"{order}u2", width * height).astype(np.uint16)
    return counts.reshape(height, width), "plain"


def _png_counts(body: bytes, width: int, height: int) -> Counts:
    """Decode the PNG and swap its bytes: FLIR stores samples little-endian."""
    return grey16(body, width, height).byteswap()
