"""How many pixels a metre has at every place of a picture: the near side of an oblique one more.

What matters for recognising somebody is the scale across the line of sight (a person stands up),
so it is taken at the depth z along the optical axis: one pixel shows z / f metres, f being the
focal length in pixels. The ground is taken as flat at the height below the camera, raised by what
may stand on it, so that people on roofs are not nearer than assumed.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.equipment import CameraSpec
from core.pose import Attitude
from imagery.ground.rays import directions

Floats = npt.NDArray[np.float64]
RISE_M = 30.0
"""People may stand so high above the ground below the camera (a roof of ten storeys) ..."""
RISE_SHARE = 0.5
"""... but no higher than this share of the camera's own height."""
TALLEST_DEG = 0.5
"""Lines of sight flatter than this are taken as so flat: the horizon is far, not endless."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What must be known of a picture to tell its scale.

    Attributes:
        width_px, height_px: as stored.
        height_m: of the camera above the ground straight below it.
        camera: its native width gives the focal length in stored pixels; None when not known.
        gsd_m: metres a native pixel at the centre; used where the camera is not known.
    """

    width_px: int
    height_px: int
    height_m: float
    attitude: Attitude
    camera: CameraSpec | None
    gsd_m: float | None

    @property
    def nearest_m(self) -> float:
        """Height of the camera above the highest place where somebody may stand, metres."""
        return self.height_m - min(RISE_M, RISE_SHARE * self.height_m)


def metres_a_pixel(look: Look, columns: Floats, rows: Floats) -> Floats:
    """The finest scale at stored pixels, metres a pixel; (len(rows), len(columns)).

    Where the camera is not known, the finest that the picture can have anywhere is used for all:
    straight down the depth is height x sin(-pitch).

    Raises:
        ValueError: neither the camera nor the ground sampling distance is known.
    """
    if look.camera is None:
        return np.full((len(rows), len(columns)), _finest(look))
    stored = look.camera.focal_px * look.width_px / look.camera.width_px
    scale = look.camera.width_px / look.width_px
    grid = np.array([(c, r) for r in rows for c in columns], dtype=float)
    native = np.column_stack(
        [grid[:, 0] * scale, look.camera.height_px / 2 + (grid[:, 1] - look.height_px / 2) * scale]
    )
    vectors = directions(look.attitude, look.camera, native)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    ahead = directions(look.attitude, look.camera, _centre(look.camera))[0]
    along = unit @ (ahead / np.linalg.norm(ahead))
    falling = np.maximum(-unit[:, 2], math.sin(math.radians(TALLEST_DEG)))
    depth: Floats = look.nearest_m / falling * along / stored
    return depth.reshape(len(rows), len(columns))


def _centre(camera: CameraSpec) -> Floats:
    return np.array([(camera.width_px / 2, camera.height_px / 2)], dtype=float)


def _finest(look: Look) -> float:
    if look.gsd_m is None:
        raise ValueError("neither camera nor ground sampling distance is known")
    down = math.sin(math.radians(min(90.0, max(5.0, -look.attitude.pitch_deg))))
    return look.gsd_m * (look.nearest_m * down) / (look.height_m / down)
