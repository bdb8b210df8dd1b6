"""How long a file's temperatures take, beside flyr, and how much memory."""

import io
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.thermal.registry import Row, Setting, Skipped, Table, best_s, group, installed
from core.errors import FlyOnceError
from imagery.files import jpeg
from thermal import uncertainty
from thermal.formats import flir
from thermal.formats.decode import decode

FOLDERS = ("flir", "flir/iguana", "pv/rentadrone", "dji", "fire/sycan")
SUFFIXES = (".jpg", ".jpeg", ".tif", ".tiff")


@group("decode", "Milliseconds a file beside flyr and beside the floor, and memory")
def measure(setting: Setting) -> Iterator[Table]:
    """The best of several runs, processor time of one core; files are in memory already."""
    rows = [row for path in _files(setting) if (row := _row(path, setting)) is not None]
    if not rows:
        raise Skipped("no radiometric file in the folder of data")
    yield Table(
        title="Decoding, ms a file",
        columns=tuple(rows[0]),
        rows=rows,
        notes=(
            "floor: finding the segments, unpacking the PNG if there is one, one table look-up.",
            "peak: Python's memory on top of the file, in frames of float32; GDAL's and OpenCV's "
            "own is not counted.",
            "Only FLIR files are flyr's; it fails on DJI's XT and XT2.",
        ),
    )


def _files(setting: Setting) -> list[Path]:
    setting.folder("flir")
    places = [setting.data / name for name in FOLDERS if setting.data]
    return sorted(
        path for place in places for path in place.glob("*") if path.suffix.lower() in SUFFIXES
    )


def _row(path: Path, setting: Setting) -> Row | None:
    data = path.read_bytes()
    try:
        frame = decode(data)
    except FlyOnceError as why:
        setting.tell(f"{path.name}: {why.what}")
        return None
    setting.tell(path.name)
    height, width = frame.celsius.shape
    ours = 1e3 * best_s(lambda: decode(data), setting.seconds / 4)
    floor = 1e3 * best_s(_floor(data), setting.seconds / 8)
    theirs = _flyr_ms(data, setting)
    return {
        "file": path.name,
        "frame": f"{width} x {height}",
        "encoding": frame.encoding,
        "FlyOnce": ours,
        "floor": floor,
        "flyr": theirs,
        "times": theirs and theirs / ours,
        "uncertainty": 1e3 * best_s(lambda: uncertainty.of(frame), setting.seconds / 8),
        "peak": _peak(lambda: decode(data)) / frame.celsius.nbytes,
    }


def _floor(data: bytes) -> Callable[[], Any]:
    """What no decoder can do without, with the work of finding out what to do left away."""
    if not jpeg.is_jpeg(data):
        values = np.frombuffer(data, np.float32, len(data) // 4 - 8, 16)
        return lambda: values.copy()
    segments = list(jpeg.segments(data))
    if any(s.payload.startswith(flir.HEAD) for s in segments if s.marker == 0xE1):
        block = flir.block(segments)
        counts, body = flir.raw_counts(block), flir.raw_body(block)
        picture = np.frombuffer(body, np.uint8) if body.startswith(b"\x89PNG") else None
    else:
        raw = b"".join(s.payload for s in segments if s.marker == 0xE3)
        counts, picture = np.frombuffer(raw, np.uint16), None
    table = np.zeros(65536, np.float32)

    def work() -> Any:
        list(jpeg.segments(data))
        if picture is not None:
            cv2.imdecode(picture, cv2.IMREAD_UNCHANGED)
        return table.take(counts)

    return work


def _flyr_ms(data: bytes, setting: Setting) -> float | None:
    """flyr's time for the same temperatures; None where it cannot read the file."""
    if not (setting.peers and installed("flyr")) or flir.HEAD not in data[:65536]:
        return None
    import flyr

    try:
        return 1e3 * best_s(lambda: flyr.unpack(io.BytesIO(data)).celsius, setting.seconds / 4, 2)
    except (KeyError, ValueError, IndexError) as why:
        setting.tell(f"flyr cannot read it: {why!r}")
        return None


def _peak(work: Callable[[], Any]) -> float:
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return float(peak)
