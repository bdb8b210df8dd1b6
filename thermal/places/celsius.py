"""Temperatures for a map: what `imagery.mosaics.mosaic` takes as its decoder of thermal files."""

import numpy as np
import numpy.typing as npt

from thermal.formats.decode import decode


def map_celsius(data: bytes) -> npt.NDArray[np.float32]:
    """(H, W) float32 degrees Celsius of a thermal file, NaN where it holds no measurement.

    A function of a module, so that it can be sent to the process pool.

    Raises:
        UnreadableMedia, UnknownEncoding: see `thermal.formats.decode.decode`.
    """
    frame = decode(data)
    if frame.valid is None:
        return frame.celsius
    return np.where(frame.valid, frame.celsius, np.float32(np.nan))
