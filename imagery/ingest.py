"""A file comes in: what is it, where was it taken, is it of use?

`inspect` is a pure function of its arguments; these and its result can be pickled, so that it runs
in a process pool.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
import shapely

from core.equipment import CameraSpec, Sensor
from core.errors import InvalidInput
from core.geo import HeightModel
from imagery.files import metadata as metadata_module
from imagery.files.metadata import Metadata
from imagery.ground.georeference import camera_from_focal35, look
from imagery.quality import Gray, Quality, Thresholds, judge, measure, tilt_deg

_REDUCED = (
    (8, cv2.IMREAD_REDUCED_GRAYSCALE_8),
    (4, cv2.IMREAD_REDUCED_GRAYSCALE_4),
    (2, cv2.IMREAD_REDUCED_GRAYSCALE_2),
)
_ENOUGH_PX = 480


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """What a file turned out to be.

    Attributes:
        camera: the known camera, or one made from the file's own focal length; None if neither.
        footprint: the ground shown, shapely Polygon in WGS-84 degrees.
        gsd_m: metres a native pixel covers at the centre of the picture, across the line of sight.
        height_m: of the camera above the ground straight below it.
        quality: of a visible picture; thermal frames are judged by their temperatures.
        dropped: why the picture is of no use, None when it is.
    """

    metadata: Metadata
    camera: CameraSpec | None
    footprint: shapely.Polygon | None
    gsd_m: float | None
    quality: Quality | None
    dropped: str | None
    height_m: float | None = None


def inspect(
    data: bytes,
    cameras: Mapping[str, CameraSpec],
    heights: HeightModel,
    *,
    camera_id: str | None = None,
    thresholds: Thresholds | None = None,
) -> Inspected:
    """Inspect one file.

    Args:
        cameras: known cameras by id; a file names its own as the EXIF model.
        camera_id: the camera as the uploader names it, in place of the EXIF model.

    Raises:
        UnreadableMedia: the file cannot be read at all. Whatever else is wrong with it is in
            `Inspected.dropped`.
    """
    meta = metadata_module.read(data)
    return judge_pose(
        data, meta, camera_of(meta, cameras, camera_id), heights, thresholds or Thresholds()
    )


def judge_pose(
    data: bytes,
    meta: Metadata,
    camera: CameraSpec | None,
    heights: HeightModel,
    thresholds: Thresholds,
) -> Inspected:
    """The rest of `inspect` once metadata and camera are known."""
    reasons: list[str] = []
    if meta.taken_at is None:
        reasons.append("it does not say when it was taken")
    if meta.pose is None:
        missing = "which way the camera looked" if meta.position else "where it was taken"
        reasons.append(f"it does not say {missing}")
    elif tilt_deg(meta.pose.attitude.pitch_deg) > thresholds.max_tilt_deg:
        reasons.append(f"it looks at the sky: pitch {meta.pose.attitude.pitch_deg:.0f} degrees")
    if camera is None:
        reasons.append(f"its camera {meta.camera_model or 'without a name'!r} is not known")
    ground, gsd = None, None
    if meta.pose and camera and not reasons:
        try:
            ground, distance = look(meta.pose, camera, heights)
            gsd = None if distance is None else distance / camera.focal_px
        except InvalidInput as error:
            reasons.append(error.what)
    quality = None if meta.radiometric else _quality(data, meta, reasons, thresholds)
    return Inspected(
        metadata=meta,
        camera=camera,
        footprint=ground,
        gsd_m=gsd,
        quality=quality,
        dropped="; ".join(reasons + list(meta.problems)) if reasons else None,
        height_m=_height_m(meta, heights),
    )


def _height_m(meta: Metadata, heights: HeightModel) -> float | None:
    """Height of the camera above the ground below it, where position and altitude are known."""
    if meta.position is None or meta.altitude_m is None:
        return None
    ground = heights.height_m(np.array([meta.position.lon]), np.array([meta.position.lat]))
    return meta.altitude_m - float(np.asarray(ground).ravel()[0])


def camera_of(
    meta: Metadata, cameras: Mapping[str, CameraSpec], camera_id: str | None = None
) -> CameraSpec | None:
    """The camera a file was taken with: known by id, else from its own focal length."""
    known = cameras.get(camera_id or meta.camera_model) or cameras.get(meta.camera_model)
    if known is not None or meta.focal35_mm is None:
        return known
    sensor = Sensor.THERMAL if meta.radiometric else Sensor.VISIBLE
    return camera_from_focal35(
        meta.camera_model or "unknown", sensor, meta.width_px, meta.height_px, meta.focal35_mm
    )


def _quality(
    data: bytes, meta: Metadata, reasons: list[str], thresholds: Thresholds
) -> Quality | None:
    gray = read_gray(data, meta.width_px)
    if gray is None:
        reasons.append("the picture itself cannot be decoded")
        return None
    quality = measure(gray)
    reasons.extend(judge(quality, thresholds))
    return quality


def read_gray(data: bytes, width_px: int) -> Gray | None:
    """Grey values of a picture, decoded at a fraction of its size when it is large; None when the
    picture's data are broken."""
    flag = next((f for by, f in _REDUCED if width_px // by >= _ENOUGH_PX), cv2.IMREAD_GRAYSCALE)
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
    except cv2.error:
        return None
    return None if image is None or image.size == 0 else np.asarray(image, np.uint8)
