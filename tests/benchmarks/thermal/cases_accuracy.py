"""Our temperatures against the makers' own, for each pixel."""

import dataclasses
import gzip
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.thermal.registry import Row, Setting, Table, group
from thermal.formats.decode import decode


@group("accuracy", "Temperatures against FLIR's and DJI's own software, for each pixel")
def measure(setting: Setting) -> Iterator[Table]:
    """Largest and mean errors beside the limits that are asked."""
    yield _flir(setting.folder("flir", "iguana"))


def _flir(folder: Path) -> Table:
    data = (folder / "IguanaImage.jpg").read_bytes()
    frame = decode(data)
    lower = decode(data, dataclasses.replace(frame.parameters, emissivity=0.90))
    research = table(folder / "research_ir_e0.95_20C.csv.gz", ";")
    thermacam = table(folder / "thermacam_e0.90.csv.gz", ",")
    rows = [
        row("Research IR Max, e 0.95", frame.celsius, research, 0.0005, 0.0005),
        row("ThermaCAM, e 0.90", lower.celsius, thermacam, 0.05, 0.05),
    ]
    return Table(
        title="FLIR SC660 against FLIR's exports, C",
        columns=tuple(rows[0]),
        rows=rows,
        notes=("An export's own rounding is half its last digit: no error below it can be seen.",),
    )


def row(name: str, ours: np.ndarray, theirs: np.ndarray, rounding: float, limit: float) -> Row:
    """Errors of one file."""
    error = np.asarray(ours, float) - theirs
    return {
        "against": name,
        "pixels": int(error.size),
        "mean": float(error.mean()),
        "rms": float(np.sqrt((error**2).mean())),
        "max": float(np.abs(error).max()),
        "its rounding": rounding,
        "asked": limit,
    }


def table(path: Path, separator: str) -> np.ndarray:
    """A maker's export as numbers."""
    with gzip.open(path, "rt") as file:
        return np.array([line.split(separator) for line in file.read().split()], float)
