"""A thermal picture as temperatures."""

from dataclasses import dataclass

from thermal.radiometry import Celsius, Parameters

MAX_PIXELS = 16_000_000
"""Larger thermal frames are refused unread; the largest drone sensor has 1280 x 1024."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThermalFrame:
    """Temperatures and how they came about.

    Attributes:
        celsius: (H, W) float32, degrees Celsius.
        encoding: such as ``FLIR R-JPEG (PNG)``.
        parameters: what the temperatures were corrected with.
        corrected: False when ``celsius`` is the apparent temperature (emissivity 1, no air).
        camera: the model as the radiometric block names it.
        hfov_deg: horizontal field of view if the radiometric block names it.
        pitch_um: distance between the sensor's pixels if the core is known.
    """

    celsius: Celsius
    encoding: str
    parameters: Parameters
    corrected: bool = True
    camera: str = ""
    hfov_deg: float | None = None
    pitch_um: float | None = None
