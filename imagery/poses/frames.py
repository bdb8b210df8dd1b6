"""One photograph as the pose check, the block adjustment and the mosaic take it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from core.equipment import CameraSpec
from core.pose import Pose

Picture = npt.NDArray[Any]
Decode = Callable[[bytes], npt.NDArray[np.float32]]
"""From a thermal file's bytes to (H, W) float32 degrees Celsius; the caller gives it, because
imagery knows no thermal format. It must be picklable to run in the process pool: a function of a
module, not a lambda. Raises core.errors.UnreadableMedia."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MosaicFrame:
    """A photograph with what is known of it; the picture stays in its file until it is needed.

    Frames can be pickled (so that `mosaic.build` and `selfcheck.check_poses` run in the process
    pool) as long as ``load`` can: ``functools.partial(Path.read_bytes, path)``,
    ``functools.partial(folder.read, key)``, or ``InMemory(data)``.

    Attributes:
        id: names the frame in reports: a file's name, a medium's id.
        load: gives the file's bytes; called again whenever the picture is needed, never kept.
        pose: as the file states it, or mended.
        camera: its native width, focal length and lens. The stored picture may be smaller.
        taken_at: UTC; None when the file does not say.
        height_m: stated height above the take-off point (DJI's RelativeAltitude); stands in for
            the height above ground where no height model is given. None when the file is silent.
    """

    id: str
    load: Callable[[], bytes]
    pose: Pose
    camera: CameraSpec
    taken_at: datetime | None = None
    height_m: float | None = None


@dataclass(frozen=True, slots=True)
class InMemory:
    """A `MosaicFrame.load` for bytes that are at hand."""

    data: bytes

    def __call__(self) -> bytes:
        return self.data
