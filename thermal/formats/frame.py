"""A thermal picture as temperatures."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from thermal.parameters import Parameters
from thermal.radiometry import Celsius, Correction, Counts, Grey

__all__ = ["MAX_PIXELS", "Accuracy", "Counts", "ThermalFrame"]

MAX_PIXELS = 16_000_000
"""Larger thermal frames are refused unread; the largest drone sensor has 1280 x 1024."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """What a camera's data sheet promises about a black body before its lens.

    By default +-2 C or 2 %, the larger, which FLIR states for its inspection cameras (the SC660
    has 1) and DJI for its thermal cameras, and a NETD of 50 mK.

    Attributes:
        limit_k, limit_share: the larger of so many kelvin and this share of the reading in Celsius;
            limits, not standard deviations.
        netd_k: noise of one pixel in one frame, one standard deviation.
    """

    limit_k: float = 2.0
    limit_share: float = 0.02
    netd_k: float = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class ThermalFrame:
    """Temperatures and how they came about.

    Attributes:
        celsius: (H, W) float32, degrees Celsius; finite everywhere.
        encoding: such as ``FLIR R-JPEG (PNG)``.
        parameters: what the temperatures were corrected with; of a TIFF only assumed.
        corrected: False when ``celsius`` is the apparent temperature (emissivity 1, no air).
        camera: the model as the radiometric block names it.
        hfov_deg: horizontal field of view if the radiometric block names it.
        pitch_um: distance between the sensor's pixels if the core is known.
        correction: the camera's way from the apparent temperature to the object's.
        accuracy: of the camera, by its data sheet.
        valid: (H, W) bool, False where the file says "no measurement" (``celsius`` then holds the
            frame's median, so that detectors see nothing there); None when all pixels are measured.
        notes: what a reader of the temperatures must know.
    """

    celsius: Celsius
    encoding: str
    parameters: Parameters
    corrected: bool = True
    camera: str = ""
    hfov_deg: float | None = None
    pitch_um: float | None = None
    correction: Correction = Grey()  # noqa: RUF009 - frozen
    accuracy: Accuracy = Accuracy()
    valid: npt.NDArray[np.bool_] | None = None
    notes: tuple[str, ...] = ()

    def measured(self) -> Celsius:
        """(H, W) float32 with NaN where nothing was measured."""
        if self.valid is None:
            return self.celsius
        return np.where(self.valid, self.celsius, np.float32(np.nan))
