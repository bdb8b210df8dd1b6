"""Our temperatures against the makers' own, for each pixel."""

import dataclasses
import gzip
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.thermal.registry import Row, Setting, Table, group, installed
from core.errors import UnknownEncoding
from thermal.formats.decode import decode

DJI = (
    ("M3T", "M3T_DJI_0001_R", 100.0),
    ("M30T", "M30T_DJI_0002_R", 100.0),
    ("M2EA", "M2EA_DJI_0003_R", 440.0),
    ("H20N", "H20N_DJI_0006_R", None),
    ("M3TD (version 0x10000)", "M3TD_DJI_0002_R", None),
    ("H20T", "H20T_DJI_0001_R", None),
)
"""File and the largest error that is asked, millikelvin."""


@group("accuracy", "Temperatures against FLIR's and DJI's own software, for each pixel")
def measure(setting: Setting) -> Iterator[Table]:
    """Largest and mean errors beside the limits that are asked."""
    yield _flir(setting.folder("flir", "iguana"), setting.peers and installed("flyr"))
    yield _dji(setting.folder("dji"))


def _flir(folder: Path, with_peer: bool) -> Table:
    data = (folder / "IguanaImage.jpg").read_bytes()
    frame = decode(data)
    lower = decode(data, dataclasses.replace(frame.parameters, emissivity=0.90))
    research = table(folder / "research_ir_e0.95_20C.csv.gz", ";")
    thermacam = table(folder / "thermacam_e0.90.csv.gz", ",")
    rows = [
        row("Research IR Max, e 0.95", frame.celsius, research, 0.5, 0.5),
        row("ThermaCAM, e 0.90", lower.celsius, thermacam, 50.0, 50.0),
    ]
    if with_peer:
        import flyr

        theirs = flyr.unpack(io.BytesIO(data)).celsius
        rows.append(row("flyr against Research IR Max", theirs, research, 0.5, None))
    return Table(
        title="FLIR SC660 against FLIR's exports, mK",
        columns=tuple(rows[0]),
        rows=rows,
        notes=("An export's own rounding is half its last digit: no error below it can be seen.",),
    )


def _dji(folder: Path) -> Table:
    rows: list[Row] = []
    for name, file, limit in DJI:
        with np.load(folder / "ref" / f"{file}.npz") as reference:
            vendor = reference["temp_default"].astype(float)
        data = (folder / f"{file}.JPG").read_bytes()
        try:
            frame = decode(data)
        except UnknownEncoding as why:
            rows.append({"against": name, "pixels": int(vendor.size), "told": why.what})
            continue
        far = decode(data, {"distance_m": 50.0})
        told = "corrected" if frame.corrected else "apparent"
        rows.append(row(name, frame.celsius, vendor, None, limit) | {"told": told})
        rows.append(row(f"{name}, uncorrected", far.celsius, vendor, None, None) | {"told": "-"})
    return Table(
        title="DJI against the Thermal SDK at its defaults (5 m, 50 %, 25 C, e 0.95), mK",
        columns=tuple(rows[0]),
        rows=rows,
        notes=(
            "The transmission and its band were fitted on the M3T; the M30T is a check on them. "
            "M2EA and H20N have one frame each, on which they were fitted.",
            "Uncorrected: what a reader without the correction would show.",
        ),
    )


def row(
    name: str, ours: np.ndarray, theirs: np.ndarray, rounding: float | None, limit: float | None
) -> dict[str, str | float | int | None]:
    """Errors of one file, millikelvin."""
    error = 1e3 * (np.asarray(ours, float) - theirs)
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
