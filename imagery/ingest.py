"""A file comes in: what is it, where was it taken, is it of use?

`inspect` is a pure function of its arguments; these and its result can be pickled, so that it runs
in a process pool.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np
import shapely

from core.equipment import CameraSpec
from core.errors import InvalidInput
from core.geo import HeightModel
from core.pose import Attitude, Pose
from imagery.files import metadata as metadata_module
from imagery.files.metadata import CITY_ZONE, Metadata
from imagery.files.moment import Span, fitted
from imagery.ground.georeference import look
from imagery.ground.sources import camera_of_file
from imagery.quality import Gray, Quality, Thresholds, judge, measure, tilt_deg

_REDUCED = (
    (8, cv2.IMREAD_REDUCED_GRAYSCALE_8),
    (4, cv2.IMREAD_REDUCED_GRAYSCALE_4),
    (2, cv2.IMREAD_REDUCED_GRAYSCALE_2),
)
_ENOUGH_PX = 480
_SAME_SHAPE = 0.02
"""Two aspect ratios closer than this are one: 4000 x 3000 and 1000 x 750, or a crop to whole
blocks of 16."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What is known of a file beside what it says itself.

    Attributes:
        span: when it can have been taken: the flight that it belongs to, or simply not after now.
        pitch_deg: as the person who brings it declares, for cameras that do not write it.
    """

    span: Span | None = None
    pitch_deg: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """What a file turned out to be.

    Attributes:
        camera: the known camera, or one made from the file's own focal length; None if neither.
        footprint: the ground shown, shapely Polygon in WGS-84 degrees.
        gsd_m: metres a native pixel covers at the centre of the picture, across the line of sight.
        quality: of a visible picture; thermal frames are judged by their temperatures.
        dropped: why the picture is of no use, None when it is.
        height_m: of the camera above the ground straight below it.
        notes: what was odd about the file, and what was corrected.
        misplaced: its time does not fit the span that was given.
    """

    metadata: Metadata
    camera: CameraSpec | None
    footprint: shapely.Polygon | None
    gsd_m: float | None
    quality: Quality | None
    dropped: str | None
    height_m: float | None = None
    notes: tuple[str, ...] = ()
    misplaced: bool = False


def inspect(
    data: bytes,
    cameras: Mapping[str, CameraSpec],
    heights: HeightModel,
    *,
    camera_id: str | None = None,
    thresholds: Thresholds | None = None,
    hints: Hints | None = None,
) -> Inspected:
    """Inspect one file.

    Args:
        cameras: known cameras by id; a file names its own as the EXIF model.
        camera_id: the camera as the uploader names it, in place of the EXIF model.

    Raises:
        UnreadableMedia: the file cannot be read at all. Whatever else is wrong with it is in
            `Inspected.dropped`.
    """
    meta, misplaced = _hinted(metadata_module.read(data), hints or Hints())
    camera = camera_of(meta, cameras, camera_id)
    found = judge_pose(data, meta, camera, heights, thresholds or Thresholds())
    if not misplaced:
        return found
    reason = misplaced if found.dropped is None else f"{misplaced}; {found.dropped}"
    return replace(found, dropped=reason, misplaced=True)


def judge_pose(
    data: bytes,
    meta: Metadata,
    camera: CameraSpec | None,
    heights: HeightModel,
    thresholds: Thresholds,
) -> Inspected:
    """The rest of `inspect` once metadata and camera are known."""
    reasons = _missing(meta, camera, thresholds)
    notes = list(meta.problems)
    if camera is not None:
        camera = _as_stored(camera, meta, notes)
    height = _height_m(meta, heights)
    if height is not None and height < 0.0:
        reasons.append(
            f"it was taken {-height:.0f} m below the ground: height or place cannot be right, or "
            "the heights of that place are not known here"
        )
    ground, gsd = None, None
    if meta.pose and camera and not reasons:
        try:
            ground, distance = look(meta.pose, camera, heights)
            gsd = None if distance is None else distance / camera.focal_px
        except InvalidInput as error:
            reasons.append(error.what)
    quality = None if meta.radiometric else _quality(data, meta, height, reasons, thresholds)
    return Inspected(
        metadata=meta,
        camera=camera,
        footprint=ground,
        gsd_m=gsd,
        quality=quality,
        dropped="; ".join(dict.fromkeys(reasons + list(meta.problems))) if reasons else None,
        height_m=height,
        notes=tuple(dict.fromkeys(notes)),
    )


def camera_of(
    meta: Metadata, cameras: Mapping[str, CameraSpec], camera_id: str | None = None
) -> CameraSpec | None:
    """The camera a file was taken with: known by id, else by the file's own calibration or focal
    length."""
    known = cameras.get(camera_id or meta.camera_model) or cameras.get(meta.camera_model)
    return known or camera_of_file(meta)


def read_gray(data: bytes, width_px: int) -> Gray | None:
    """Grey values of a picture, decoded at a fraction of its size when it is large; None when the
    picture's data are broken."""
    flag = next((f for by, f in _REDUCED if width_px // by >= _ENOUGH_PX), cv2.IMREAD_GRAYSCALE)
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
    except cv2.error:
        return None
    return None if image is None or image.size == 0 else np.asarray(image, np.uint8)


def with_pose(quality: Quality, meta: Metadata, height_m: float | None) -> Quality:
    """Measurements of a picture together with those of its pose."""
    tilt = tilt_deg(meta.pose.attitude.pitch_deg) if meta.pose else None
    return replace(quality, tilt_deg=tilt, height_m=height_m)


def _hinted(meta: Metadata, hints: Hints) -> tuple[Metadata, str]:
    """The metadata with what is known beside them, and why their time cannot be right."""
    problems, refused = list(meta.problems), ""
    taken, pose = meta.taken_at, meta.pose
    if taken is not None and hints.span is not None:
        fit = fitted(taken, hints.span, CITY_ZONE, assumed=meta.time_assumed)
        taken, refused = fit.at, fit.refused
        problems.extend([fit.note] if fit.note else [])
    if pose is None and hints.pitch_deg is not None:
        pose = _declared(meta, hints.pitch_deg, problems)
    changed = replace(meta, taken_at=taken, pose=pose, problems=tuple(problems))
    return changed, refused


def _declared(meta: Metadata, pitch_deg: float, problems: list[str]) -> Pose | None:
    """The pose of a plain camera: the file's direction and the pitch that somebody declares."""
    if meta.position is None or meta.altitude_m is None or meta.direction_deg is None:
        return None
    problems.append(f"pitch {pitch_deg:g} degrees as declared by who brought it")
    return Pose(
        position=meta.position,
        altitude_m=meta.altitude_m,
        attitude=Attitude(yaw_deg=meta.direction_deg, pitch_deg=pitch_deg),
        attitude_sigma_deg=5.0,  # a hand-set gimbal and a magnetic compass
    )


def _missing(meta: Metadata, camera: CameraSpec | None, thresholds: Thresholds) -> list[str]:
    reasons: list[str] = []
    if meta.taken_at is None:
        reasons.append("it does not say when it was taken")
    if meta.pose is None:
        missing = "which way the camera looked" if meta.position else "where it was taken"
        if meta.position and meta.altitude_m is None:
            missing = "from what height it was taken"
        reasons.append(f"it does not say {missing}")
    elif tilt_deg(meta.pose.attitude.pitch_deg) > thresholds.max_tilt_deg:
        reasons.append(f"it looks at the sky: pitch {meta.pose.attitude.pitch_deg:.0f} degrees")
    if camera is None:
        reasons.append(f"its camera {meta.camera_model or 'without a name'!r} is not known")
    return reasons


def _as_stored(camera: CameraSpec, meta: Metadata, notes: list[str]) -> CameraSpec:
    """The camera as this picture shows it: enlarged by the camera, or cropped to another shape.

    A picture of another shape shares the camera's width and axis (DJI crops 4:3 to 16:9 so).
    """
    size, native = (meta.width_px, meta.height_px), (camera.width_px, camera.height_px)
    if size[0] > native[0]:
        notes.append(
            f"{size[0]} x {size[1]} pixels from a camera of {native[0]} x {native[1]}: enlarged in "
            "the camera; resolution is judged at the native picture"
        )
    stored, own = size[1] / size[0], native[1] / native[0]
    if abs(stored / own - 1.0) <= _SAME_SHAPE:
        return camera
    notes.append(
        f"{size[0]} x {size[1]} pixels is another shape than the camera's {native[0]} x "
        f"{native[1]}: taken as cropped at top and bottom"
    )
    return replace(camera, height_px=max(1, round(camera.width_px * stored)))


def _height_m(meta: Metadata, heights: HeightModel) -> float | None:
    """Height of the camera above the ground below it, where position and altitude are known."""
    if meta.position is None or meta.altitude_m is None:
        return None
    ground = heights.height_m(meta.position.lon, meta.position.lat)
    return meta.altitude_m - float(np.asarray(ground).ravel()[0])


def _quality(
    data: bytes,
    meta: Metadata,
    height_m: float | None,
    reasons: list[str],
    thresholds: Thresholds,
) -> Quality | None:
    gray = read_gray(data, meta.width_px)
    if gray is None:
        reasons.append("the picture itself cannot be decoded")
        return None
    quality = with_pose(measure(gray, meta.width_px), meta, height_m)
    tilted = (quality.tilt_deg or 0.0) > thresholds.max_tilt_deg  # said by `_missing` already
    judged = replace(quality, tilt_deg=None) if tilted else quality
    reasons.extend(judge(judged, thresholds))
    return quality
