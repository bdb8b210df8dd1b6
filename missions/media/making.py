"""Products made of photographs, in a worker process.

Nothing here touches the records: an order goes in, a file in the products' folder and what is
known of it come out. A killed worker leaves nothing behind but a half-written part that the next
start sweeps away.
"""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from shapely.geometry import box, mapping

from core.errors import FlyOnceError, InvalidInput
from core.pose import Attitude, Pose
from imagery.catalog import Medium
from imagery.files.metadata import Metadata
from imagery.ingest import Inspected, inspect
from imagery.poses.frames import MosaicFrame
from imagery.products import cog
from imagery.products.ortho import lay
from imagery.products.product import ProductKind
from imagery.storage import MediaFolder
from missions.operations.examine import Workbench, open_workbench, workbench
from thermal.formats.decode import decode
from thermal.formats.frame import ThermalFrame
from thermal.places.celsius import map_celsius

FOLDER = "products"
"""Beside the photographs, in the media folder."""
_NICE = 10
"""What is made waits for what is examined: an alarm is worth more than a map."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be made of which photographs, in the order of their times."""

    product_id: str
    kind: ProductKind
    media: tuple[Medium, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A file in the products' folder and how it lies; without a key, why there is none."""

    key: str = ""
    sha256: str = ""
    size_bytes: int = 0
    footprint: Mapping[str, Any] | None = None
    gsd_m: float | None = None
    epsg: int | None = None
    shape: tuple[int, ...] = ()
    transform: tuple[float, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def open_making(preset_name: str, media_root: str) -> None:
    """Prepare a process that makes products; the pool's initializer."""
    os.nice(_NICE)
    open_workbench(preset_name, media_root)


def make(order: Order) -> Made:
    """Make a product; what is wrong with the photographs is a problem, never an exception.

    Raises:
        Unavailable: the media folder cannot take the file.
    """
    bench = workbench()
    try:
        with tempfile.TemporaryDirectory(prefix="flyonce-product-") as scratch:
            path = Path(scratch) / "product.tif"
            if order.kind is ProductKind.TEMPERATURE:
                made = _temperature(bench, order.media[0], path)
            else:
                made = _mosaic(bench, order, path)
            return _kept(bench.media.beside(FOLDER), path, made)
    except InvalidInput as why:
        return Made(problems=(str(why),))


def temperature_tags(
    frame: ThermalFrame, sha256: str, pose: Pose, meta: Metadata
) -> dict[str, str]:
    """What a temperature raster says of itself: how it was measured, where from and when."""
    at = meta.taken_at
    tags = {
        "SOURCE_SHA256": sha256,
        "UNITS": "degree Celsius",
        "ENCODING": frame.encoding,
        "CORRECTED": "yes" if frame.corrected else "no: apparent temperature",
        "CAMERA_MODEL": frame.camera or meta.camera_model,
        "CAMERA_LON": f"{pose.position.lon:.8f}",
        "CAMERA_LAT": f"{pose.position.lat:.8f}",
        "CAMERA_ALTITUDE_M_AMSL": f"{pose.altitude_m:.2f}",
        "CAMERA_YAW_DEG": f"{pose.attitude.yaw_deg:.2f}",
        "CAMERA_PITCH_DEG": f"{pose.attitude.pitch_deg:.2f}",
        "CAMERA_ROLL_DEG": f"{pose.attitude.roll_deg:.2f}",
        "TIFFTAG_SOFTWARE": "FlyOnce",
        **{name.upper(): str(value) for name, value in frame.parameters.summary().items()},
    }
    if at is not None:
        tags |= {"TAKEN_AT": at.isoformat(), "TIFFTAG_DATETIME": f"{at:%Y:%m:%d %H:%M:%S}"}
    return {name: value for name, value in tags.items() if value}


def _temperature(bench: Workbench, medium: Medium, path: Path) -> Made:
    data = bench.media.open(medium.key)
    seen = inspect(data, bench.cameras, bench.heights, camera_id=medium.camera)
    pose, camera = _pose(medium, seen), seen.camera
    if pose is None or camera is None:
        raise InvalidInput(
            "nobody knows where and how it was taken",
            where=medium.id,
            remedy="a raster on the map needs position, attitude and camera",
        )
    frame = decode(data)
    ground = lay(frame.measured(), pose, camera, bench.heights)
    cog.write_temperatures(
        ground, path, temperature_tags(frame, medium.sha256, pose, seen.metadata)
    )
    coarse = (
        (f"drawn at {ground.cell_m:g} m: finer would be too large",) if ground.coarsened else ()
    )
    return Made(
        footprint=mapping(ground.footprint),
        details={"parameters": frame.parameters.summary(), "encoding": frame.encoding},
        problems=coarse,
    )


def _pose(medium: Medium, seen: Inspected) -> Pose | None:
    """As the catalogue has it, where it was mended; else as the file says."""
    known = seen.metadata.pose
    if medium.position is None or medium.altitude_m is None:
        return known
    if medium.yaw_deg is None or medium.pitch_deg is None:
        return known
    roll = medium.roll_deg
    if roll is None:
        roll = known.attitude.roll_deg if known else 0.0
    return Pose(
        position=medium.position,
        altitude_m=medium.altitude_m,
        attitude=Attitude(yaw_deg=medium.yaw_deg, pitch_deg=medium.pitch_deg, roll_deg=roll),
    )


def _mosaic(bench: Workbench, order: Order, path: Path) -> Made:
    from imagery.mosaics.mosaic import build  # heavy: only where mosaics are made

    frames, unknown = _frames(bench, order.media)
    thermal = order.kind is ProductKind.THERMAL_MOSAIC
    result = build(
        frames,
        path,
        kind="thermal" if thermal else "visible",
        heights=bench.heights,
        decode=map_celsius if thermal else None,
    )
    dropped = [*unknown, *result.frames_dropped]
    return Made(
        details={
            "frames_used": len(result.frames_used),
            "frames_dropped": [{"medium": medium, "why": why} for medium, why in dropped],
            "rms_px": result.rms_px,
            "rms_m": result.rms_m,
        },
        problems=(f"{len(dropped)} photographs left out",) if dropped else (),
    )


def _frames(
    bench: Workbench, media: tuple[Medium, ...]
) -> tuple[list[MosaicFrame], list[tuple[str, str]]]:
    """What a mosaic is made of, and what cannot be used for it and why."""
    frames: list[MosaicFrame] = []
    unknown: list[tuple[str, str]] = []
    for medium in media:
        load = partial(bench.media.open, medium.key)
        try:
            seen = inspect(load(), bench.cameras, bench.heights, camera_id=medium.camera)
        except FlyOnceError as why:
            unknown.append((medium.id, why.what))
            continue
        pose = _pose(medium, seen)
        if pose is None or seen.camera is None:
            unknown.append((medium.id, "it does not say where and how it was taken"))
            continue
        frames.append(
            MosaicFrame(
                id=medium.id,
                load=load,
                pose=pose,
                camera=seen.camera,
                taken_at=medium.taken_at,
                height_m=seen.metadata.relative_altitude_m,
            )
        )
    return frames, unknown


def _kept(folder: MediaFolder, path: Path, made: Made) -> Made:
    """Check the file's layout and put it into the folder."""
    lies = cog.describe(path)
    stored = folder.take(path)
    return Made(
        key=stored.key,
        sha256=stored.sha256,
        size_bytes=stored.size,
        footprint=made.footprint or mapping(box(*lies.bounds)),
        gsd_m=lies.cell_m,
        epsg=lies.epsg,
        shape=lies.shape,
        transform=lies.transform,
        details={**made.details, "statistics": cog.statistics(path)},
        problems=(*made.problems, *cog.complaints(path)),
    )
