"""What lies between a thermal camera and the object: the same for a flight, or for each pixel."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.units import KELVIN_AT_ZERO_CELSIUS as ZERO_K

Floats = npt.NDArray[np.float64]

LIMITS: Mapping[str, tuple[float, float]] = {
    "emissivity": (0.01, 1.0),
    "reflected_c": (-ZERO_K, 3000.0),
    "air_c": (-100.0, 100.0),
    "humidity": (0.0, 1.0),
    "distance_m": (0.0, 100_000.0),
    "window_transmission": (0.01, 1.0),
    "window_c": (-ZERO_K, 3000.0),
}
"""What a parameter can be at all; a camera that names anything else is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What lies between the camera and the object.

    Attributes:
        emissivity: of the object, above 0 and at most 1; one number, or (H, W) for each pixel.
        reflected_c: apparent temperature of what the object mirrors.
        air_c, humidity: of the air between (humidity 0 to 1).
        distance_m: from the camera to the object; one number, or (H, W) for each pixel.
        window_transmission, window_c: of a window in front of the lens; 1.0 for none.

    Raises:
        InvalidInput: a value outside `LIMITS`, or an array that is no picture.
    """

    emissivity: float | Floats = 0.95
    reflected_c: float = 20.0
    air_c: float = 20.0
    humidity: float = 0.5
    distance_m: float | Floats = 1.0
    window_transmission: float = 1.0
    window_c: float = 20.0

    def __post_init__(self) -> None:
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if isinstance(value, np.ndarray):
                value = self._frozen(name, value)
                possible = bool(((value >= low) & (value <= high)).all())
            else:
                possible = low <= value <= high
            if not possible:
                raise InvalidInput(
                    f"{name} is {_said(value)}",
                    where="radiometric parameters",
                    remedy=f"it must be between {low:g} and {high:g}",
                )

    def _frozen(self, name: str, value: npt.NDArray[Any]) -> Floats:
        if name not in ("emissivity", "distance_m") or value.ndim != 2:
            raise InvalidInput(
                f"{name} is an array of shape {value.shape}",
                where="radiometric parameters",
                remedy="emissivity and distance_m may be (H, W) arrays, the others are numbers",
            )
        kept = np.array(value, np.float64)
        kept.flags.writeable = False
        object.__setattr__(self, name, kept)
        return kept

    @property
    def uniform(self) -> bool:
        """Whether all pixels have the same parameters."""
        return not isinstance(self.emissivity, np.ndarray) and not isinstance(
            self.distance_m, np.ndarray
        )

    def fits(self, shape: tuple[int, ...]) -> None:
        """Check that arrays have the frame's shape.

        Raises:
            InvalidInput: one has not.
        """
        for name in ("emissivity", "distance_m"):
            value = getattr(self, name)
            if isinstance(value, np.ndarray) and value.shape != shape:
                raise InvalidInput(
                    f"{name} is given for {value.shape}, the frame has {shape}",
                    where="radiometric parameters",
                    remedy="give one number for the frame, or one for each of its pixels",
                )

    def at(self, row: int, col: int) -> "Parameters":
        """The parameters of one pixel."""
        return replace(
            self,
            emissivity=_one(self.emissivity, row, col),
            distance_m=_one(self.distance_m, row, col),
        )

    def rows(self, part: slice) -> "Parameters":
        """The parameters of some rows of the frame."""
        return replace(
            self, emissivity=_some(self.emissivity, part), distance_m=_some(self.distance_m, part)
        )

    def summary(self) -> dict[str, float]:
        """One number for each: of arrays the mean over the frame."""
        return {f.name: float(np.mean(getattr(self, f.name))) for f in fields(self)}


APPARENT = Parameters(emissivity=1.0, distance_m=0.0)
"""A black body without air: nothing is corrected."""

Change = Parameters | Mapping[str, float | Floats] | None
"""Other parameters than the file's own: all of them, some by name, or none."""


def changed(own: Parameters, change: Change) -> Parameters:
    """A file's parameters with the caller's in their place.

    Raises:
        InvalidInput: no such parameter, or an impossible value.
    """
    if change is None:
        return own
    if isinstance(change, Parameters):
        return change
    unknown = sorted(set(change) - set(LIMITS))
    if unknown:
        raise InvalidInput(
            f"{', '.join(unknown)}: no such parameter",
            where="radiometric parameters",
            remedy=f"there are {', '.join(LIMITS)}",
        )
    values: dict[str, Any] = dict(change)
    return replace(own, **values)


def _one(value: float | Floats, row: int, col: int) -> float:
    return float(value[row, col]) if isinstance(value, np.ndarray) else value


def _some(value: float | Floats, part: slice) -> float | Floats:
    return value[part] if isinstance(value, np.ndarray) else value


def _said(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"{float(np.min(value)):g} to {float(np.max(value)):g}"
    return f"{value:g}"
