"""From what a thermal camera counts to what a surface's temperature is.

One path of air from object to camera, with one transmission. The widespread open formula applies
the transmission of half the path twice and is biased by hundredths of a kelvin at 1 m and more
with distance; the single path reproduces FLIR Research IR's export to 0.0005 C.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.units import KELVIN_AT_ZERO_CELSIUS as ZERO_K
from thermal.parameters import Floats, Parameters

__all__ = [
    "Atmosphere",
    "Celsius",
    "Correction",
    "Counts",
    "Floats",
    "Grey",
    "Parameters",
    "Planck",
    "SinglePath",
    "celsius_of",
    "counts_of",
    "grey_celsius",
    "object_counts",
    "temperatures",
    "transmission",
]

Counts = npt.NDArray[np.uint16]
Celsius = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planck:
    """A camera's calibration: counts = R1 / (R2 (exp(B / T) - F)) - O, T in kelvin.

    B is some 1300 to 1600 K for bolometers of 7 to 14 micrometres; far from it nothing is a camera.
    """

    r1: float
    b: float
    f: float
    o: float
    r2: float

    def __post_init__(self) -> None:
        values = (self.r1, self.b, self.f, self.o, self.r2)
        possible = 100.0 <= self.b <= 20_000.0 and self.r1 > 0.0 and self.r2 > 0.0
        if not all(math.isfinite(v) for v in values) or not possible:
            raise InvalidInput(
                "the camera's Planck constants are missing or impossible",
                where="camera calibration",
                remedy="export the file again from the camera",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Atmosphere:
    """Constants of FLIR's transmission model, which every FLIR file repeats."""

    alpha1: float = 0.006569
    alpha2: float = 0.01262
    beta1: float = -0.002276
    beta2: float = -0.00667
    x: float = 1.9


class Correction(Protocol):
    """A camera's way between the apparent temperature and the object's.

    The apparent temperature is that of a black body right before the lens that would give the
    same signal. Temperatures are arrays in Celsius; parameters may be arrays of the same shape.
    """

    def object_c(self, apparent_c: npt.ArrayLike, parameters: Parameters) -> Floats:
        """What the object's temperature is."""
        ...

    def apparent_c(self, object_c: npt.ArrayLike, parameters: Parameters) -> Floats:
        """What it seems to be from behind air and window."""
        ...


def transmission(parameters: Parameters, atmosphere: Atmosphere) -> float | Floats:
    """Share of the radiation that gets through the air, 0 to 1; (H, W) for distances (H, W).

    tau = X exp(-sqrt(d) (a1 + b1 sqrt(w))) + (1 - X) exp(-sqrt(d) (a2 + b2 sqrt(w))), where w is
    the water in the air in g/m3 after FLIR's polynomial in the air's temperature (FLIR Toolkit IC2
    manual, "atmospheric transmission").
    """
    t = parameters.air_c
    water = parameters.humidity * math.exp(
        1.5587 + 6.939e-2 * t - 2.7816e-4 * t**2 + 6.8455e-7 * t**3
    )
    root_d, root_w = np.sqrt(parameters.distance_m), math.sqrt(water)
    a = np.exp(-root_d * (atmosphere.alpha1 + atmosphere.beta1 * root_w))
    b = np.exp(-root_d * (atmosphere.alpha2 + atmosphere.beta2 * root_w))
    tau = np.clip(atmosphere.x * a + (1.0 - atmosphere.x) * b, 0.01, 1.0)
    return tau if isinstance(parameters.distance_m, np.ndarray) else float(tau)


def counts_of(celsius: npt.ArrayLike, planck: Planck) -> Floats:
    """Counts that a black body at this temperature gives (fractions kept).

    Finite also where a calibration with F above 1 ends, at temperatures of thousands of kelvin.
    """
    kelvin = np.maximum(np.asarray(celsius, float) + ZERO_K, 1.0)
    with np.errstate(over="ignore"):
        inner = np.maximum(np.exp(planck.b / kelvin) - planck.f, 1e-9)
        return np.asarray(planck.r1 / (planck.r2 * inner) - planck.o)


def celsius_of(counts: npt.ArrayLike, planck: Planck) -> Floats:
    """Temperature of a black body that gives these counts.

    Counts below what any temperature gives count as absolute zero's neighbourhood (-200 C and
    below), so that broken pixels are cold and finite.
    """
    signal = np.maximum(np.asarray(counts, float) + planck.o, 1e-6)
    inner = np.maximum(planck.r1 / (planck.r2 * signal) + planck.f, 1.0 + 1e-9)
    return np.asarray(planck.b / np.log(inner) - ZERO_K)


def object_counts(
    counts: npt.ArrayLike, planck: Planck, parameters: Parameters, atmosphere: Atmosphere
) -> Floats:
    """What the object alone, as a black body, would have given: the single-path correction."""
    foreign, share = _path(planck, parameters, atmosphere)
    return np.asarray((np.asarray(counts, float) - foreign) / share)


def temperatures(
    counts: Counts,
    planck: Planck,
    parameters: Parameters,
    atmosphere: Atmosphere | None = None,
) -> Celsius:
    """Object temperatures of a frame: through a table over the counts that occur if all pixels
    have the same parameters, otherwise pixel by pixel.

    Args:
        counts: (H, W) uint16.

    Returns:
        (H, W) float32, degrees Celsius.
    """
    air = atmosphere or Atmosphere()
    parameters.fits(counts.shape)
    if not parameters.uniform:
        return celsius_of(object_counts(counts, planck, parameters, air), planck).astype(np.float32)
    low, high = int(counts.min()), int(counts.max())
    every = np.arange(low, high + 1, dtype=np.float64)
    corrected = object_counts(every, planck, parameters, air)
    table = celsius_of(corrected, planck).astype(np.float32)
    return np.take(table, counts - np.uint16(low))


def _path(
    planck: Planck, parameters: Parameters, atmosphere: Atmosphere
) -> tuple[float | Floats, float | Floats]:
    """Counts that do not come from the object, and the share of the object's own that arrives."""
    tau = transmission(parameters, atmosphere)
    e, w = parameters.emissivity, parameters.window_transmission
    reflected = float(counts_of(parameters.reflected_c, planck))
    air = float(counts_of(parameters.air_c, planck))
    window = float(counts_of(parameters.window_c, planck))
    foreign = w * tau * (1.0 - e) * reflected + w * (1.0 - tau) * air + (1.0 - w) * window
    return foreign, e * tau * w


@dataclass(frozen=True, slots=True)
class SinglePath:
    """The correction of a FLIR camera, in the counts of its own calibration."""

    planck: Planck
    atmosphere: Atmosphere

    def object_c(self, apparent_c: npt.ArrayLike, parameters: Parameters) -> Floats:
        """See `Correction`."""
        seen = counts_of(apparent_c, self.planck)
        return celsius_of(
            object_counts(seen, self.planck, parameters, self.atmosphere), self.planck
        )

    def apparent_c(self, object_c: npt.ArrayLike, parameters: Parameters) -> Floats:
        """See `Correction`."""
        foreign, share = _path(self.planck, parameters, self.atmosphere)
        return celsius_of(counts_of(object_c, self.planck) * share + foreign, self.planck)


@dataclass(frozen=True, slots=True)
class Grey:
    """The correction of a camera of which only the whole path's transmission is known.

    Attributes:
        tau: share of the radiation that arrives.
    """

    tau: float = 1.0

    def object_c(self, apparent_c: npt.ArrayLike, parameters: Parameters) -> Floats:
        """See `Correction`."""
        return grey_celsius(apparent_c, parameters, self.tau)

    def apparent_c(self, object_c: npt.ArrayLike, parameters: Parameters) -> Floats:
        """See `Correction`."""
        e, tau = parameters.emissivity, self.tau
        own = (np.asarray(object_c, float) + ZERO_K) ** 4
        leaves = e * own + (1.0 - e) * (parameters.reflected_c + ZERO_K) ** 4
        arrives = tau * leaves + (1.0 - tau) * (parameters.air_c + ZERO_K) ** 4
        return np.asarray(arrives**0.25 - ZERO_K)


def grey_celsius(
    apparent_c: npt.ArrayLike, parameters: Parameters, transmission_share: float
) -> Floats:
    """Object temperature of a grey body from its apparent one, by total radiation (T^4).

    T_app^4 = e tau T^4 + (1 - e) tau T_refl^4 + (1 - tau) T_air^4 (Stefan-Boltzmann).
    """
    e, tau = parameters.emissivity, transmission_share
    apparent = (np.asarray(apparent_c, float) + ZERO_K) ** 4
    reflected = (parameters.reflected_c + ZERO_K) ** 4
    air = (parameters.air_c + ZERO_K) ** 4
    own = (apparent - (1.0 - e) * tau * reflected - (1.0 - tau) * air) / (e * tau)
    return np.asarray(np.maximum(own, 1.0) ** 0.25 - ZERO_K)
