"""Taking files in: files a second and memory, from the disk to what is known of them."""

import resource
import tempfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from benchmarks.thermal.registry import Row, Setting, Table, best_s, group
from core.equipment import CameraSpec, Sensor
from core.errors import UnreadableMedia
from core.geo import FlatGround
from imagery.files import metadata
from imagery.ingest import inspect
from imagery.parts import Parts, sha256_of
from imagery.quality import measure

_GROUND = FlatGround(0.0)
_BLURS_PX = (1, 2, 4, 6, 8, 10, 12, 16)


@group("ingest", "Files taken in: files a second by step, memory, and where the blur measure trips")
def measure_ingest(setting: Setting) -> Iterator[Table]:
    """Real survey frames where they are; the cost of each step of taking a file in."""
    frames = sorted((setting.folder("rgb") / "brighton_q").glob("*.JPG"))
    files = [path.read_bytes() for path in frames]
    yield _speed(files, setting)
    yield _blur(files)


def _speed(files: list[bytes], setting: Setting) -> Table:
    steps = {
        "metadata": lambda: [metadata.read(data) for data in files],
        "inspect (metadata, pose, quality, footprint)": lambda: [_look(data) for data in files],
        "part written in 1 MB pieces, synced, hashed": lambda: _through_parts(files),
        "refusal of a truncated file": lambda: [_refused(data[:3000]) for data in files],
    }
    rows: list[Row] = []
    for name, work in steps.items():
        took = best_s(work, setting.seconds)
        rows.append({"step": name, "files/s": len(files) / took, "ms": 1000 * took / len(files)})
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size = sum(map(len, files)) / len(files) / 1000
    note = f"{len(files)} frames of {size:.0f} kB, one core; peak of this process {peak_mb:.0f} MB"
    return Table(title="Taking files in", columns=tuple(rows[0]), rows=rows, notes=(note,))


def _blur(files: list[bytes]) -> Table:
    grays = [cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE) for data in files]
    rows: list[Row] = []
    for length in _BLURS_PX:
        row: Row = {"true blur px": length}
        for angle in (0, 45, 90):
            found = [measure(_blurred(gray, length, angle)).blur_px or 0.0 for gray in grays]
            row[f"measured at {angle} deg"] = (
                f"{min(found):.1f} / {np.median(found):.1f} / {max(found):.1f}"
            )
        rows.append(row)
    note = "least / median / largest of the frames; the default threshold is 10 px"
    return Table(title="Motion blur, measured", columns=tuple(rows[0]), rows=rows, notes=(note,))


def _look(data: bytes) -> object:
    meta = metadata.read(data)
    camera = CameraSpec(
        id=meta.camera_model,
        sensor=Sensor.VISIBLE,
        width_px=meta.width_px,
        height_px=meta.height_px,
        hfov_deg=70.0,
    )
    return inspect(data, {camera.id: camera}, _GROUND)


def _through_parts(files: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        parts = Parts(Path(folder))
        for number, data in enumerate(files):
            name = f"part-{number}"
            parts.create(name)
            with parts.writing(name, 0, limit=len(data)) as writer:
                for start in range(0, len(data), 1 << 20):
                    writer.write(data[start : start + (1 << 20)])
                writer.settle()
            sha256_of(parts.path(name))


def _refused(data: bytes) -> str:
    try:
        metadata.read(data)
    except UnreadableMedia as error:
        return error.what
    return ""


def _blurred(gray: np.ndarray, length: int, angle_deg: float) -> np.ndarray:
    """A linear motion blur of so many pixels."""
    if length <= 1:
        return gray
    half = length + 2
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    way = np.array([np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))])
    for t in np.linspace(-(length - 1) / 2, (length - 1) / 2, 40 * length):
        x, y = half + way * t
        left, top = int(np.floor(x)), int(np.floor(y))
        for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
            weight = (1 - abs(x - left - dx)) * (1 - abs(y - top - dy))
            kernel[top + dy, left + dx] += max(weight, 0.0)
    return cv2.filter2D(gray, -1, kernel / kernel.sum())
