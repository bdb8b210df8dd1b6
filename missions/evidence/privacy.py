"""Who sees an original, and what everybody else sees: copies in which nobody can be recognised.

Originals are for the department that owns a medium and for those who run the service (city-wide
roles). Departments that it is shared with get a protected copy: of no more detail than
`imagery.evidence.blur` allows anywhere, with filled places where somebody was found by warmth in
the thermal frame of the same moment, or by a trained detector for people or plates if one is set.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from core.equipment import CameraSpec, Sensor
from core.errors import InvalidInput, NotAllowed
from core.geo import FlatGround, distance_m
from core.pose import Attitude, Pose
from imagery.catalog import Medium, MediumState
from imagery.detectors.model import Model
from imagery.detectors.run import detect as run_model
from imagery.evidence.blur import Box
from imagery.evidence.copy import decoded, protected_jpeg
from imagery.evidence.scale import Look
from imagery.ground.georeference import ground_point, native_pixel, pixel_of
from missions.access import Owned, Principal
from missions.operations.preview import preview_of
from missions.store.protocol import Between, Unit
from thermal.detection.detect import detect
from thermal.detection.rule import DetectionRule
from thermal.formats.decode import decode

SAME_MOMENT_S = 1.0
"""The two cameras of a drone take their pictures within so much of each other."""
PERSON = DetectionRule(
    contrast_k=1.5, z=3.0, low_c=10.0, high_c=45.0, min_m=0.2, max_m=2.5, severity=1
)
"""Warmth that may be somebody. Skin and clothes outdoors are 15 to 36 C; the rule is generous,
because a filled rock costs less than a shown person. Fires are hotter and stay to be seen."""
BODY_M = 1.2
"""Filled round a warm place: somebody lying, arms spread."""
POSE_SHARE = 0.03
"""Of the distance, added: two cameras on one gimbal, 0.5 degrees each, twice their sigma."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warm:
    """The thermal frame of the same moment."""

    data: bytes
    pose: Pose
    camera: CameraSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyJob:
    """A protected copy to be made; can be sent to another process."""

    data: bytes
    sha256: str
    radiometric: bool
    look: Look
    pose: Pose
    warm: Warm | None


def owns(principal: Principal, item: Owned) -> bool:
    """Whether something is the caller's own: it may see the original."""
    return principal.city_wide or (
        principal.department is not None and principal.department == item.department
    )


def job_for(medium: Medium, data: bytes, cameras: Mapping[str, CameraSpec]) -> CopyJob:
    """What a medium's protected copy is made from, without a thermal frame.

    Raises:
        NotAllowed: its scale is not known, so nobody could promise anything of a copy.
    """
    pose = pose_of(medium)
    camera = cameras.get(medium.camera)
    if pose is None or medium.height_m is None or medium.height_m <= 0 or not medium.width_px:
        raise _unknown_scale(medium)
    if camera is None and medium.gsd_m is None:
        raise _unknown_scale(medium)
    look = Look(
        width_px=medium.width_px,
        height_px=medium.height_px or 0,
        height_m=medium.height_m,
        attitude=pose.attitude,
        camera=camera,
        gsd_m=medium.gsd_m,
    )
    return CopyJob(
        data=data,
        sha256=medium.sha256,
        radiometric=medium.radiometric,
        look=look,
        pose=pose,
        warm=None,
    )


def warm_of(unit: Unit, medium: Medium) -> Medium | None:
    """The thermal frame that the same drone took at the same moment."""
    if medium.taken_at is None or medium.sensor is Sensor.THERMAL:
        return None
    span = timedelta(seconds=SAME_MOMENT_S)
    near = unit.media.find(
        vehicle=medium.vehicle,
        sensor=Sensor.THERMAL,
        taken_at=Between(medium.taken_at - span, medium.taken_at + span),
    )
    fit = (m for m in near if m.radiometric and m.state is not MediumState.DELETED)
    at = medium.taken_at
    return min(fit, key=lambda m: abs((m.taken_at or at) - at), default=None)


def pose_of(medium: Medium) -> Pose | None:
    """Where a medium was taken from, if its record says it all."""
    if medium.position is None or medium.altitude_m is None or medium.pitch_deg is None:
        return None
    attitude = Attitude(
        yaw_deg=medium.yaw_deg or 0.0,
        pitch_deg=medium.pitch_deg,
        roll_deg=medium.roll_deg or 0.0,
    )
    return Pose(position=medium.position, altitude_m=medium.altitude_m, attitude=attitude)


def make_copy(job: CopyJob, models: Sequence[Model] = ()) -> tuple[bytes, int]:
    """The protected copy's JPEG and how many places were filled; runs in a worker.

    Args:
        models: trained detectors for people or plates.

    Raises:
        InvalidInput: the file is not of the size that its record says, or cannot be decoded.
    """
    data, look = job.data, job.look
    if job.radiometric:  # the file may hold a second, sharper picture: only the palette goes out
        data = preview_of(job.data, radiometric=True)
        height, width = decoded(data).shape[:2]
        look = replace(look, width_px=width, height_px=height)
    boxes = [] if job.warm is None else warm_boxes(job, job.warm)
    for model in models:
        boxes += _trained_boxes(model, data)
    return protected_jpeg(data, look, boxes, sha256=job.sha256), len(boxes)


def warm_boxes(job: CopyJob, warm: Warm) -> list[Box]:
    """Where the thermal frame of the same moment shows what may be people, in the picture."""
    celsius = decode(warm.data).celsius
    ground = FlatGround(job.pose.altitude_m - job.look.height_m)
    stored = (celsius.shape[1], celsius.shape[0])
    gsd_m = job.look.height_m / (warm.camera.focal_px * stored[0] / warm.camera.width_px)
    boxes = []
    for spot in detect(celsius, PERSON.at(gsd_m)):
        native = native_pixel(warm.camera, spot.col, spot.row, stored)
        box = _projected(job, warm, native, ground)
        if box is not None:
            boxes.append(box)
    return boxes


def _projected(
    job: CopyJob, warm: Warm, native: tuple[float, float], ground: FlatGround
) -> Box | None:
    """The box round a thermal pixel's place in the picture; None outside it."""
    camera, look = job.look.camera, job.look
    if camera is None:
        return None
    try:
        place = ground_point(warm.pose, warm.camera, native, ground)
    except InvalidInput:  # above the horizon
        return None
    pixel = pixel_of(job.pose, camera, place, ground.level_m)
    if pixel is None:
        return None
    scale = look.width_px / camera.width_px
    away = math.hypot(distance_m(job.pose.position, place), look.height_m)
    radius = (BODY_M + POSE_SHARE * away) * camera.focal_px * scale / away
    column = pixel[0] * scale
    row = look.height_px / 2 + (pixel[1] - camera.height_px / 2) * scale
    edges = (column - radius, row - radius, column + radius + 1, row + radius + 1)
    return Box(*(int(edge) for edge in edges))


def _trained_boxes(model: Model, data: bytes) -> list[Box]:
    """What a trained detector finds of people and plates."""
    found = [d.box for d in run_model(model, decoded(data)) if d.privacy is not None]
    return [
        Box(int(left), int(top), int(left + width) + 1, int(top + height) + 1)
        for left, top, width, height in found
    ]


def _unknown_scale(medium: Medium) -> NotAllowed:
    return NotAllowed(
        "this picture cannot be shown outside its department: its scale is not known, so nobody "
        "can promise that people in it cannot be recognised",
        where=medium.id,
        remedy=f"ask the owning department ({medium.department or 'none'}) for it",
    )
