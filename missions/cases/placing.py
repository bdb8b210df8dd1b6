"""Where on the ground a click in a photograph lies, by the photograph's own record."""

from core.errors import InvalidInput
from core.geo import LonLat
from imagery.ground.georeference import ground_point, native_pixel
from missions.entities import PictureBox
from missions.evidence.privacy import pose_of
from missions.presets import Preset
from missions.store.protocol import Unit


def place_of(unit: Unit, preset: Preset, box: PictureBox) -> LonLat | None:
    """The ground under the middle of a box; None where the record does not say enough."""
    medium = unit.media.get(box.medium_id)
    pose = pose_of(medium)
    cameras = {c.id: c for kind in preset.kinds.values() for c in kind.cameras}
    camera = cameras.get(medium.camera)
    if pose is None or camera is None or not medium.width_px or not medium.height_px:
        return None
    size = (medium.width_px, medium.height_px)
    pixel = native_pixel(camera, box.x + box.w / 2, box.y + box.h / 2, size)
    try:
        return ground_point(pose, camera, pixel, preset.heights)
    except InvalidInput:  # the click was on the sky
        return None
