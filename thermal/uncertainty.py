"""How far a pixel's temperature may be wrong, and what makes it so.

First-order propagation after the GUM (JCGM 100:2008, 5.1.2): sigma^2 = sum (c_i u_i)^2 over
independent inputs, with c_i u_i = (g(x_i + u_i) - g(x_i - u_i)) / 2 taken numerically from the
very model that gave the temperature (GUM 5.1.3, note 2), cut where a value ends (emissivity 1).
Limits a +- a count as rectangular, u = a / sqrt(3) (GUM 4.3.7).

Results are one standard deviation in kelvin (k = 1); twice that covers some 95 %.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from thermal.formats.dji_path import DEFAULTS, DjiPath
from thermal.formats.frame import ThermalFrame
from thermal.parameters import LIMITS, Floats, Parameters
from thermal.radiometry import Correction

Kelvin = npt.NDArray[np.float32]

_ROOT_3 = math.sqrt(3.0)
_LEVELS = 256
"""Temperatures at which a frame with one set of parameters is computed; linear between them."""
_ROWS = 64
"""Rows computed at a time where each pixel has parameters of its own: bounds memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Standard uncertainties of what the temperatures were corrected with.

    Attributes:
        emissivity: 0.03, a rectangular +-0.05: what tables of one material differ by (Minkina and
            Dudzik, Infrared Thermography: Errors and Uncertainties, Wiley 2009, chapter 4).
        reflected_k: 5 K: between a clear sky and the surroundings lie tens of kelvin, of which a
            surface at a slant mirrors an unknown mixture.
        air_k: 3 K, air beside the dock or by forecast against air on the path.
        humidity: 0.1 (10 % relative humidity), likewise.
        distance_share: 0.1 of the distance; from pose and terrain it is far better.
        window_transmission, window_k: 0.01 and 3 K; they count only where there is a window.
    """

    emissivity: float = 0.03
    reflected_k: float = 5.0
    air_k: float = 3.0
    humidity: float = 0.1
    distance_share: float = 0.1
    window_transmission: float = 0.01
    window_k: float = 3.0

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if not (math.isfinite(value) and value >= 0.0):
                raise InvalidInput(
                    f"{item.name} is {value:g}",
                    where="input uncertainties",
                    remedy="a standard deviation is a number from 0 on",
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """One input's part in a pixel's uncertainty.

    Attributes:
        name: the input.
        u: its standard uncertainty, in its own unit.
        kelvin: what that makes of the temperature, signed: positive if more of it means warmer.
        share: of the variance, 0 to 1.
    """

    name: str
    u: float
    kelvin: float
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A pixel's uncertainty and its parts, the largest first.

    Attributes:
        celsius: the pixel's temperature.
        kelvin: combined standard uncertainty (k = 1).
    """

    celsius: float
    kelvin: float
    parts: tuple[Contribution, ...]


def of(frame: ThermalFrame, inputs: Inputs | None = None) -> Kelvin:
    """Uncertainty of each pixel.

    Returns:
        (H, W) float32, kelvin, one standard deviation.
    """
    given, celsius = inputs or Inputs(), frame.celsius
    if not frame.parameters.uniform:
        sigma = np.empty(celsius.shape, np.float32)
        for top in range(0, celsius.shape[0], _ROWS):
            part = slice(top, top + _ROWS)
            sigma[part] = _combined(frame, celsius[part], frame.parameters.rows(part), given)
        return sigma
    low, high = float(celsius.min()), float(celsius.max())
    step = max(high - low, 1e-3) / (_LEVELS - 1)
    table = _combined(frame, low + step * np.arange(_LEVELS), frame.parameters, given)
    place = (celsius - np.float32(low)) * np.float32(1.0 / step)
    below = np.minimum(place.astype(np.int32), _LEVELS - 2)
    rest = place - below.astype(np.float32)
    line = np.stack((table, np.diff(table, append=table[-1]))).astype(np.float32)
    return line[0].take(below) + line[1].take(below) * rest


def at(frame: ThermalFrame, row: int, col: int, inputs: Inputs | None = None) -> float:
    """Uncertainty of one pixel, kelvin, one standard deviation.

    Raises:
        InvalidInput: the frame has no such pixel.
    """
    return budget(frame, row, col, inputs).kelvin


def budget(frame: ThermalFrame, row: int, col: int, inputs: Inputs | None = None) -> Budget:
    """What one pixel's uncertainty consists of.

    Raises:
        InvalidInput: the frame has no such pixel.
    """
    height, width = frame.celsius.shape
    if not (0 <= row < height and 0 <= col < width):
        raise InvalidInput(
            f"there is no pixel in row {row}, column {col}",
            where=f"a frame of {width} x {height}",
            remedy=f"rows go from 0 to {height - 1}, columns from 0 to {width - 1}",
        )
    value = np.array([float(frame.celsius[row, col])])
    found = [
        (name, u, float(part[0]))
        for name, u, part in _parts(frame, value, frame.parameters.at(row, col), inputs or Inputs())
    ]
    variance = sum(part**2 for *_, part in found) or 1e-30
    parts = sorted(
        (Contribution(name=n, u=u, kelvin=k, share=k**2 / variance) for n, u, k in found),
        key=lambda part: -part.share,
    )
    return Budget(celsius=float(value[0]), kelvin=math.sqrt(variance), parts=tuple(parts))


def _combined(
    frame: ThermalFrame, celsius: npt.ArrayLike, parameters: Parameters, inputs: Inputs
) -> Floats:
    squares = [part**2 for *_, part in _parts(frame, np.asarray(celsius), parameters, inputs)]
    return np.sqrt(np.sum(squares, axis=0))


def _parts(
    frame: ThermalFrame, celsius: Floats, parameters: Parameters, inputs: Inputs
) -> Iterator[tuple[str, float, Floats]]:
    """Each input's name, uncertainty and effect on temperatures, kelvin."""
    how = frame.correction
    if not frame.corrected:
        yield from _camera(frame, celsius, np.ones_like(celsius))
        yield _not_corrected(how, celsius)
        return
    apparent = how.apparent_c(celsius, parameters)
    gain = how.object_c(apparent + 0.5, parameters) - how.object_c(apparent - 0.5, parameters)
    yield from _camera(frame, apparent, gain)
    for name, u in _spread(parameters, inputs):
        yield name, float(np.mean(u)), _effect(how, apparent, parameters, name, u)
    if isinstance(how, DjiPath):
        more = how.shifted(how.path_u).object_c(apparent, parameters)
        less = how.shifted(-how.path_u).object_c(apparent, parameters)
        yield "transmission", how.path_u, (more - less) / 2


def _camera(
    frame: ThermalFrame, apparent: Floats, gain: Floats
) -> Iterator[tuple[str, float, Floats]]:
    """The camera's own: its data sheet's limits, and noise, as they grow through the correction."""
    sheet = frame.accuracy
    limit = np.maximum(sheet.limit_k, sheet.limit_share * np.abs(apparent)) / _ROOT_3
    yield "camera", float(np.mean(limit)), limit * gain
    yield "noise", sheet.netd_k, sheet.netd_k * gain


def _not_corrected(how: Correction, apparent: Floats) -> tuple[str, float, Floats]:
    """An apparent temperature stands for the object's: what a usual correction (emissivity 0.95,
    5 m, 25 C) would change it by counts as the half-width of a rectangle."""
    missing = (how.object_c(apparent, DEFAULTS) - apparent) / _ROOT_3
    return "not corrected", float(np.mean(np.abs(missing))), missing


def _spread(parameters: Parameters, inputs: Inputs) -> Iterator[tuple[str, float | Floats]]:
    """The parameters that are uncertain, and by how much."""
    yield "emissivity", inputs.emissivity
    yield "reflected_c", inputs.reflected_k
    yield "air_c", inputs.air_k
    yield "humidity", inputs.humidity
    yield "distance_m", inputs.distance_share * parameters.distance_m
    if parameters.window_transmission < 1.0:
        yield "window_transmission", inputs.window_transmission
        yield "window_c", inputs.window_k


def _effect(
    how: Correction, apparent: Floats, parameters: Parameters, name: str, u: float | Floats
) -> Floats:
    """c u of one parameter: half the difference between u more and u less.

    Where a limit (emissivity 1, no distance) cuts one side, the slope of what is left counts.
    """
    low, high = LIMITS[name]
    middle = getattr(parameters, name)
    less, more = np.maximum(middle - u, low), np.minimum(middle + u, high)
    if not np.any(more > less):
        return np.zeros_like(apparent)
    warmer = how.object_c(apparent, _with(parameters, name, more))
    colder = how.object_c(apparent, _with(parameters, name, less))
    return np.asarray((warmer - colder) * u / np.maximum(more - less, 1e-12))


def _with(parameters: Parameters, name: str, value: Floats) -> Parameters:
    change: dict[str, Any] = {name: value if np.ndim(value) else float(value)}
    return replace(parameters, **change)
