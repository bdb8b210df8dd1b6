"""Writes the thermal part of a FLIR R-JPEG: an FFF block that ordinary decoders read.

Layout as found in real files and as ExifTool documents it (Image::ExifTool::FLIR): a 64 byte
header, a directory of 32 byte entries, both big-endian, then the records. Record 1 (raw data)
holds a 16 bit PNG whose samples are byte-swapped against the PNG standard, as FLIR's cameras write
them; record 0x20 (camera info) is little-endian.

The radiometric model is the single-path one that the vendor's own exports follow
(shared/facts/thermal-imagery.md): one transmission tau over the whole distance.
"""

import math
import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from core.units import KELVIN_AT_ZERO_CELSIUS

PLANCK_R1, PLANCK_R2, PLANCK_B, PLANCK_F, PLANCK_O = 16500.0, 0.1217, 1400.0, 1.0, -1000
"""A wide range: about 950 C fills 16 bits, 20 C still has 19 counts per kelvin (53 mK)."""
ALPHA_1, ALPHA_2, BETA_1, BETA_2, X = 0.006569, 0.01262, -0.002276, -0.00667, 1.9
"""Atmospheric constants that every FLIR file carries."""

LOWEST_C, HIGHEST_C, PER_KELVIN = -60.0, 960.0, 50
SEGMENT_BYTES = 65524
"""Most FFF bytes in one APP1 segment, as FLIR's cameras cut them."""
CAMERA_INFO_BYTES = 0x384
"""It ends before FLIR's own date, which would stand against the date in EXIF."""
ENTRIES = 14
"""Directory entries, most of them empty: FLIR's cameras write 14, and some readers rely on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """What lies between the scene and the lens, as the file states it."""

    emissivity: float = 0.95
    distance_m: float = 60.0
    reflected_c: float = 20.0
    air_c: float = 20.0
    humidity: float = 0.5


def planck_raw(celsius: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Signal of a black body, without the offset O: R1 / (R2 (exp(B/T) - F))."""
    kelvin = np.asarray(celsius, float) + KELVIN_AT_ZERO_CELSIUS
    return np.asarray(PLANCK_R1 / (PLANCK_R2 * (np.exp(PLANCK_B / kelvin) - PLANCK_F)))


def transmission(path: Path) -> float:
    """Transmission of the air over the distance (FLIR's empirical formula, single path)."""
    t = path.air_c
    water = path.humidity * math.exp(
        1.5587 + 0.06939 * t - 0.00027816 * t**2 + 0.00000068455 * t**3
    )
    root = math.sqrt(path.distance_m)
    first = math.exp(-root * (ALPHA_1 + BETA_1 * math.sqrt(water)))
    second = math.exp(-root * (ALPHA_2 + BETA_2 * math.sqrt(water)))
    return X * first + (1 - X) * second


@lru_cache(maxsize=256)
def _table(path: Path) -> npt.NDArray[np.uint16]:
    """Raw counts for LOWEST_C, LOWEST_C + 1/PER_KELVIN, ..., as a camera would count."""
    steps = round((HIGHEST_C - LOWEST_C) * PER_KELVIN) + 1
    celsius = LOWEST_C + np.arange(steps) / PER_KELVIN
    tau = transmission(path)
    signal = (
        path.emissivity * tau * planck_raw(celsius)
        + (1 - path.emissivity) * tau * planck_raw(path.reflected_c)
        + (1 - tau) * planck_raw(path.air_c)
    )
    return np.clip(np.round(signal - PLANCK_O), 0, 65535).astype("<u2")


def counts(celsius: npt.NDArray[np.float32], path: Path) -> npt.NDArray[np.uint16]:
    """Raw counts of a temperature picture, little-endian."""
    index = ((celsius - LOWEST_C) * PER_KELVIN + 0.5).astype(np.int32)
    table = _table(path)
    return table.take(index, mode="clip")


def fff_block(celsius: npt.NDArray[np.float32], path: Path, camera: str, serial: str) -> bytes:
    """The FFF block of a temperature picture (H, W) float32 in degrees Celsius."""
    height, width = celsius.shape
    png = _swapped_png(counts(celsius, path))
    geometry = struct.pack("<3H2x2x2xH2xH2x", 2, width, height, width - 1, height - 1).ljust(
        32, b"\0"
    )
    raw = geometry + png
    info = _camera_info(path, width, height, camera, serial)
    first = 64 + ENTRIES * 32
    directory = _entry(0x20, 1, 115, first, len(info)) + _entry(
        1, 3, 101, first + len(info), len(raw)
    )
    header = b"FFF\0" + b"\0" * 16 + struct.pack(">IIII", 100, 64, ENTRIES, 3)
    return header.ljust(64, b"\0") + directory.ljust(ENTRIES * 32, b"\0") + info + raw


def segments(block: bytes) -> bytes:
    """The block cut into APP1 segments, ready to stand in a JPEG."""
    parts = [block[i : i + SEGMENT_BYTES] for i in range(0, len(block), SEGMENT_BYTES)]
    last = len(parts) - 1
    return b"".join(
        b"\xff\xe1" + struct.pack(">H", len(p) + 10) + b"FLIR\0\x01" + bytes((k, last)) + p
        for k, p in enumerate(parts)
    )


def _swapped_png(raw: npt.NDArray[np.uint16]) -> bytes:
    """A 16 bit grey PNG whose samples stand low byte first, which is FLIR's variant.

    Twice as fast as a general writer, because rows go unfiltered and no byte is moved.
    """
    height, width = raw.shape
    rows = np.zeros((height, 2 * width + 1), np.uint8)
    rows[:, 1:] = raw.view(np.uint8)
    header = struct.pack(">IIBBBBB", width, height, 16, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


def _entry(kind: int, subtype: int, version: int, offset: int, length: int) -> bytes:
    return struct.pack(">HHIIIIIII", kind, subtype, version, 1, offset, length, 0, 0, 0)


@lru_cache(maxsize=1024)
def _camera_info(path: Path, width: int, height: int, camera: str, serial: str) -> bytes:
    record = bytearray(CAMERA_INFO_BYTES)
    struct.pack_into("<3H2x2x2xH2xH", record, 0, 2, width, height, width - 1, height - 1)
    zero = KELVIN_AT_ZERO_CELSIUS
    floats = {
        0x20: path.emissivity,
        0x24: path.distance_m,
        0x28: path.reflected_c + zero,
        0x2C: path.air_c + zero,
        0x30: path.air_c + zero,
        0x34: 1.0,
        0x3C: path.humidity,
        0x58: PLANCK_R1,
        0x5C: PLANCK_B,
        0x60: PLANCK_F,
        0x70: ALPHA_1,
        0x74: ALPHA_2,
        0x78: BETA_1,
        0x7C: BETA_2,
        0x80: X,
        0x90: HIGHEST_C + zero,
        0x94: LOWEST_C + zero,
        0x98: HIGHEST_C + zero,
        0x9C: LOWEST_C + zero,
        0x30C: PLANCK_R2,
    }
    for offset, value in floats.items():
        struct.pack_into("<f", record, offset, value)
    struct.pack_into("<i", record, 0x308, PLANCK_O)
    struct.pack_into("<HH", record, 0x310, 0, 65535)
    struct.pack_into("<ii", record, 0x338, 2200, 400)
    for offset, size, text in ((0xD4, 32, camera), (0x104, 16, serial), (0x114, 16, "flyonce")):
        raw = text.encode("ascii", "replace")[: size - 1]
        record[offset : offset + len(raw)] = raw
    return bytes(record)
