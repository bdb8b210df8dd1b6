"""Mutated files against the decoders: an answer or a named error, finite, in bounded memory.

Every file follows from its seed's name and its number, so that a failure can be made again:

    bench fuzz prints  flir-png 4711  ->  mutated(seeds()["flir-png"], 4711)
"""

import importlib.util
import random
import resource
import struct
import time
import tracemalloc
import zlib
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import ModuleType

import numpy as np

from core.errors import FlyOnceError, InvalidInput
from imagery.files import metadata
from thermal import uncertainty
from thermal.formats.decode import decode
from thermal.formats.frame import MAX_PIXELS

SCENE = 25 + np.random.default_rng(0).normal(0, 3, (24, 32))
MOST_BYTES = 20 * MAX_PIXELS
"""Python's memory for one file: some five float32 frames of the largest size there may be."""

_EDGES = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_PROBE = Path(__file__).parents[2] / "thermal" / "radiometric_files.py"


@dataclass(kw_only=True)
class Tally:
    """What became of the files.

    Attributes:
        read, refused: files; `reasons` counts the refusals by their first words.
        wrong: number of the file and what happened, where something must not be.
        slowest_ms, peak_mb: of one file; `peak_mb` is Python's.
        rss_mb: that the whole process grew, libraries included.
    """

    read: int = 0
    refused: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[int, str]] = field(default_factory=list)
    slowest_ms: float = 0.0
    peak_mb: float = 0.0
    rss_mb: float = 0.0


@lru_cache(maxsize=1)
def seeds() -> dict[str, bytes]:
    """Small valid files of every form."""
    files = _writer()
    kelvin = np.round((SCENE + 273.15) * 100).astype(np.uint16)
    return {
        "flir-png": files.thermal_jpeg(SCENE),
        "flir-plain": files.thermal_jpeg(SCENE, png=False),
        "dji": files.dji_jpeg(SCENE),
        "tiff-float": files.tiff_of(SCENE.astype(np.float32)),
        "tiff-deflate": files.tiff_of(SCENE.astype(np.float32), compression="zlib"),
        "tiff-16": files.tiff_of(kelvin, compression="zlib", predictor=2, tile=(16, 16)),
        "tiff-lzw": _lzw(),
        "photo": files.jpeg_of(np.zeros((24, 32), np.uint8), xmp=files.pose_xmp()),
    }


def mutated(seed: bytes, number: int) -> bytes:
    """The file of that number: some bytes, numbers or pieces of the seed changed.

    Numbers that stand for sizes and places are hit as often as pictures, and every fourth file
    gets the PNG's checksums right again, so that the decoder behind them is reached.
    """
    rng, data = random.Random(number), bytearray(seed)
    for _ in range(rng.choice((1, 1, 2, 3, 6))):
        data = _change(data, rng)
    return _sealed(bytes(data)) if number % 4 == 0 else bytes(data)


def campaign(name: str, first: int, count: int, limit_s: float = float("inf")) -> Tally:
    """Try so many files of one seed, no longer than so many seconds of processor time."""
    tally, seed, began = Tally(), seeds()[name], time.process_time()
    rss = _rss_mb()
    for number in range(first, first + count):
        if time.process_time() - began > limit_s:
            break
        _try(mutated(seed, number), number, tally)
    tally.rss_mb = _rss_mb() - rss
    return tally


def _try(data: bytes, number: int, tally: Tally) -> None:
    tracemalloc.start()
    began = time.process_time()
    try:
        _judge(data, number, tally)
    except FlyOnceError as why:
        tally.refused += 1
        tally.reasons[" ".join(why.what.split()[:4])] += 1
        if not why.remedy:
            tally.wrong.append((number, f"no remedy: {why.what}"))
    except (Exception, SystemExit) as why:  # noqa: BLE001 - whatever else comes is what is sought
        tally.wrong.append((number, repr(why)))
    finally:
        took = 1e3 * (time.process_time() - began)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        tally.slowest_ms, tally.peak_mb = (
            max(tally.slowest_ms, took),
            max(tally.peak_mb, peak / 1e6),
        )
        if peak > MOST_BYTES:
            tally.wrong.append((number, f"{peak / 1e6:.0f} MB"))


def _judge(data: bytes, number: int, tally: Tally) -> None:
    """Decode; what comes out must be temperatures all over."""
    with suppress(InvalidInput):
        metadata.read(data)
    frame = decode(data)
    tally.read += 1
    height, width = frame.celsius.shape
    sound = (
        frame.celsius.dtype == np.float32
        and 0 < height * width <= MAX_PIXELS
        and bool(np.isfinite(frame.celsius).all())
    )
    if not sound:
        tally.wrong.append((number, f"{frame.celsius.dtype} {frame.celsius.shape} not all finite"))
    elif height * width < 100_000:
        sigma = uncertainty.of(frame)
        if not (np.isfinite(sigma).all() and sigma.min() >= 0.0):
            tally.wrong.append((number, "an uncertainty is no number"))


def _change(data: bytearray, rng: random.Random) -> bytearray:
    if len(data) < 16:
        return data + bytes(16)
    at = rng.randrange(len(data)) if rng.random() < 0.5 else rng.randrange(min(len(data), 1200))
    kind = rng.randrange(8)
    if kind == 0:
        data[at] ^= 1 << rng.randrange(8)
    elif kind == 1:
        data[at] = rng.choice(_EDGES) & 0xFF
    elif kind in (2, 3):
        form = rng.choice(("<H", ">H", "<I", ">I"))
        value = rng.choice((*_EDGES, len(data), len(data) - at, rng.randrange(1 << 32)))
        size = struct.calcsize(form)
        data[at : at + size] = struct.pack(form, value & ((1 << 8 * size) - 1))
    elif kind == 4:
        number = rng.choice((float("nan"), float("inf"), -1.0, 0.0, 1e38, -1e-40, 273.15))
        data[at : at + 4] = struct.pack(rng.choice(("<f", ">f")), number)
    elif kind == 5:
        del data[at : at + rng.choice((1, 2, 4, 64, 4000))]
    elif kind == 6:
        data[at:at] = data[at : at + rng.choice((1, 2, 12, 64, 1000))]
    else:
        del data[rng.randrange(len(data)) :]
    return data


def _sealed(data: bytes) -> bytes:
    """The checksums of a PNG's chunks made right for what stands in them now."""
    at = data.find(b"\x89PNG\r\n\x1a\n")
    if at < 0:
        return data
    whole, at = bytearray(data), at + 8
    while at + 12 <= len(whole):
        end = at + 8 + struct.unpack_from(">I", whole, at)[0]
        if end + 4 > len(whole):
            break
        struct.pack_into(">I", whole, end, zlib.crc32(whole[at + 4 : end]))
        at = end + 4
    return bytes(whole)


def _lzw() -> bytes:
    from rasterio.io import MemoryFile
    from rasterio.transform import from_origin

    form = {"driver": "GTiff", "width": 32, "height": 24, "count": 1, "dtype": "float32"}
    with MemoryFile() as file:
        with file.open(**form, compress="lzw", transform=from_origin(118.0, 29.0, 1e-5, 1e-5)) as f:
            f.write(SCENE.astype(np.float32), 1)
        return bytes(file.getbuffer())


def _writer() -> ModuleType:
    """The tests' writer of radiometric files, wherever this runs from."""
    spec = importlib.util.spec_from_file_location("radiometric_files", _PROBE)
    if spec is None or spec.loader is None:
        raise ImportError(str(_PROBE))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _rss_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
