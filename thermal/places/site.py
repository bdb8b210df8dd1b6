"""What a single file says about where it looks, put together so that its finds can be located.

For files of any origin: the pose is the file's, the camera is a known one or made from the file's
own focal length, and the ground is a height model or, without one, level at the take-off point.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from core.equipment import CameraSpec, Sensor
from core.errors import InvalidInput
from core.geo import FlatGround, HeightModel
from core.pose import Pose
from imagery.files.metadata import Metadata
from imagery.ground.sources import Laser, laser_of
from imagery.ingest import camera_of
from thermal.detection.detect import Hotspot
from thermal.formats.frame import ThermalFrame
from thermal.places.locate import Located, locate


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a frame was taken from and what lies below it, as far as known.

    Attributes:
        shape: (height, width) of the frame.
        notes: assumptions and what is missing, in words.
        laser: the range along the axis, where the file carries one.
    """

    pose: Pose | None
    camera: CameraSpec | None
    ground: HeightModel | None
    shape: tuple[int, int]
    notes: tuple[str, ...]
    laser: Laser | None = None

    def locate(self, spot: Hotspot) -> Located | None:
        """Where a hotspot is; None when that cannot be known or it lies above the horizon."""
        if self.pose is None or self.camera is None or self.ground is None:
            return None
        try:
            return locate(spot, self.shape, self.pose, self.camera, self.ground, laser=self.laser)
        except InvalidInput:  # the line of sight meets no ground
            return None


def site_of(
    meta: Metadata,
    frame: ThermalFrame,
    cameras: Mapping[str, CameraSpec] | None = None,
    heights: HeightModel | None = None,
) -> Site:
    """The site of a frame.

    Args:
        cameras: known cameras by id.
        heights: of the ground, metres above mean sea level.
    """
    notes = []
    camera = camera_of(meta, cameras or {}) or _camera_of_frame(frame, meta)
    ground = heights
    if ground is None and meta.pose is not None and meta.relative_altitude_m is not None:
        ground = FlatGround(meta.pose.altitude_m - meta.relative_altitude_m)
        notes.append("the ground is taken as level at the take-off point's height")
    missing = _missing(meta.pose, camera, ground)
    if missing:
        notes.append(f"not located: {missing}")
    height, width = frame.celsius.shape
    return Site(
        pose=meta.pose,
        camera=camera,
        ground=ground,
        shape=(height, width),
        notes=tuple(notes),
        laser=laser_of(meta),
    )


def _missing(
    pose: Pose | None, camera: CameraSpec | None, ground: HeightModel | None
) -> str | None:
    if pose is None:
        return "the file does not say where the camera was and which way it looked"
    if camera is None:
        return "the camera's field of view is not known"
    return "the height of the ground is not known" if ground is None else None


def _camera_of_frame(frame: ThermalFrame, meta: Metadata) -> CameraSpec | None:
    """From the field of view that the raw data name, or from a known sensor and its lens."""
    height, width = frame.celsius.shape
    hfov = frame.hfov_deg
    if hfov is None and frame.pitch_um and meta.focal_mm:
        hfov = 2 * math.degrees(math.atan(width * frame.pitch_um / 2000 / meta.focal_mm))
    if hfov is None or not 1.0 <= hfov < 170.0:
        return None
    return CameraSpec(
        id=frame.camera or "thermal",
        sensor=Sensor.THERMAL,
        width_px=width,
        height_px=height,
        hfov_deg=hfov,
    )
