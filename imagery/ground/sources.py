"""What a file itself says of its camera, its lens and its laser rangefinder."""

import math
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core.equipment import CameraSpec, Lens, Sensor
from core.errors import NotFound, UnreadableMedia
from imagery.files import metadata
from imagery.files.metadata import Metadata
from imagery.files.reading import read_whole
from imagery.ground.georeference import camera_from_focal35
from imagery.poses.frames import MosaicFrame

SUFFIXES = frozenset({".jpg", ".jpeg", ".tif", ".tiff", ".png"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Laser:
    """A laser's range along the axis of the picture.

    Attributes:
        sigma_m: one standard deviation. DJI states 0.2 m + 0.15 % of the range as the limit of
            error (Zenmuse H20 series, user manual, "Laser Rangefinder"); half of it is taken.
    """

    range_m: float
    sigma_m: float


def laser_of(meta: Metadata) -> Laser | None:
    """The range that a DJI camera measured with the photograph; None when none is there, or when
    the rangefinder itself says that it is not ``Normal``."""
    if meta.tags.get("LRFStatus", "").strip().lower() != "normal":
        return None
    metres = _number(meta.tags.get("LRFTargetDistance", ""))
    if metres is None or not 1.0 <= metres <= 3000.0:  # the H20 measures 3 to 1200 m, the H30 3000
        return None
    return Laser(range_m=metres, sigma_m=(0.2 + 0.0015 * metres) / 2)


def camera_of_file(meta: Metadata) -> CameraSpec | None:
    """The camera by the file's own words: its factory calibration where it carries one, else the
    35 mm equivalent of its focal length; None when it says nothing."""
    sensor = Sensor.THERMAL if meta.radiometric else Sensor.VISIBLE
    name = meta.camera_model or "unknown"
    known = _dewarp(meta, name, sensor)
    if known is not None or meta.focal35_mm is None:
        return known
    return camera_from_focal35(name, sensor, meta.width_px, meta.height_px, meta.focal35_mm)


def _dewarp(meta: Metadata, name: str, sensor: Sensor) -> CameraSpec | None:
    """From ``DewarpData``: date;fx,fy,cx,cy,k1,k2,p1,p2,k3 for the full picture, the axis relative
    to its centre (DJI, Mavic 3M image processing guide). Where ``DewarpFlag`` is 1 the camera has
    removed the distortion already and only the focal length counts."""
    values = [
        _number(part) for part in meta.tags.get("DewarpData", "").rpartition(";")[2].split(",")
    ]
    if len(values) != 9 or any(value is None for value in values):
        return None
    fx, _, cx, cy, k1, k2, p1, p2, k3 = (float(value or 0.0) for value in values)
    if not 0.3 * meta.width_px < fx < 20 * meta.width_px:  # a reduced copy keeps the old numbers
        return None
    straight = meta.tags.get("DewarpFlag", "0").strip() == "1"
    lens = Lens(k1=k1, k2=k2, p1=p1, p2=p2, k3=k3, cx_px=cx, cy_px=cy)
    return CameraSpec(
        id=name,
        sensor=sensor,
        width_px=meta.width_px,
        height_px=meta.height_px,
        hfov_deg=2 * math.degrees(math.atan(meta.width_px / 2 / fx)),
        lens=None if straight else lens,
    )


def frame_of(path: Path, *, known: CameraSpec | None = None) -> MosaicFrame:
    """A photograph in a file.

    Args:
        known: its camera, in place of what the file says.

    Raises:
        UnreadableMedia: it cannot be read, or does not say where it was taken, which way the
            camera looked or with what lens.
    """
    meta = metadata.read(_bytes(path))
    camera = known or camera_of_file(meta)
    if meta.pose is None:
        missing = "where it was taken" if meta.position is None else "which way the camera looked"
        raise UnreadableMedia(f"it does not say {missing}", where=path.name)
    if camera is None:
        raise UnreadableMedia("it names no focal length", where=path.name)
    return MosaicFrame(
        id=path.name,
        load=partial(_bytes, path),
        pose=meta.pose,
        camera=camera,
        taken_at=meta.taken_at,
        height_m=meta.relative_altitude_m,
    )


def frames_in(folder: Path) -> tuple[list[MosaicFrame], list[tuple[str, str]]]:
    """The photographs of a folder in the order of their names, and the files left out with why."""
    frames: list[MosaicFrame] = []
    dropped: list[tuple[str, str]] = []
    for path in _pictures(sorted(folder.iterdir()) if folder.is_dir() else [folder]):
        try:
            frames.append(frame_of(path))
        except UnreadableMedia as error:
            dropped.append((path.name, error.what))
    return frames, dropped


def _pictures(paths: Iterable[Path]) -> list[Path]:
    """What is named like a photograph, also pipes and broken links: they get their reason."""
    return [p for p in paths if p.suffix.lower() in SUFFIXES and not os.path.isdir(p)]


def _bytes(path: Path) -> bytes:
    """The file; one that is gone by the time it is needed is as unreadable as any other."""
    try:
        return read_whole(path)
    except NotFound as error:
        raise UnreadableMedia(error.what, where=path.name, remedy=error.remedy) from error


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
