"""From what a thermal camera counts to what a surface's temperature is.

One path of air from object to camera, with one transmission. The widespread open formula applies
the transmission of half the path twice and is biased by hundredths of a kelvin at 1 m and more
with distance; the single path reproduces FLIR Research IR's export to 0.0005 C.
"""

import math
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.units import KELVIN_AT_ZERO_CELSIUS as ZERO_K

Counts = npt.NDArray[np.uint16]
Celsius = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What lies between the camera and the object.

    Attributes:
        emissivity: of the object, above 0 and at most 1.
        reflected_c: apparent temperature of what the object mirrors.
        air_c, humidity: of the air between (humidity 0 to 1).
        distance_m: from the camera to the object.
        window_transmission, window_c: of a window in front of the lens; 1.0 for none.
    """

    emissivity: float = 0.95
    reflected_c: float = 20.0
    air_c: float = 20.0
    humidity: float = 0.5
    distance_m: float = 1.0
    window_transmission: float = 1.0
    window_c: float = 20.0

    def __post_init__(self) -> None:
        limits = {
            "emissivity": (0.01, 1.0),
            "reflected_c": (-ZERO_K, 3000.0),
            "air_c": (-100.0, 100.0),
            "humidity": (0.0, 1.0),
            "distance_m": (0.0, 100_000.0),
            "window_transmission": (0.01, 1.0),
            "window_c": (-ZERO_K, 3000.0),
        }
        for item in fields(self):
            low, high = limits[item.name]
            value = getattr(self, item.name)
            if not low <= value <= high:
                raise InvalidInput(
                    f"{item.name} is {value:g}",
                    where="radiometric parameters",
                    remedy=f"it must be between {low:g} and {high:g}",
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Planck:
    """A camera's calibration: counts = R1 / (R2 (exp(B / T) - F)) - O, T in kelvin."""

    r1: float
    b: float
    f: float
    o: float
    r2: float

    def __post_init__(self) -> None:
        values = (self.r1, self.b, self.f, self.o, self.r2)
        if not all(math.isfinite(v) for v in values) or min(self.r1, self.b, self.r2) <= 0.0:
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


def transmission(parameters: Parameters, atmosphere: Atmosphere) -> float:
    """Share of the radiation that gets through the air, 0 to 1.

    tau = X exp(-sqrt(d) (a1 + b1 sqrt(w))) + (1 - X) exp(-sqrt(d) (a2 + b2 sqrt(w))), where w is
    the water in the air in g/m3 after FLIR's polynomial in the air's temperature (FLIR Toolkit IC2
    manual, "atmospheric transmission").
    """
    t = parameters.air_c
    water = parameters.humidity * math.exp(
        1.5587 + 6.939e-2 * t - 2.7816e-4 * t**2 + 6.8455e-7 * t**3
    )
    root_d, root_w = math.sqrt(parameters.distance_m), math.sqrt(water)
    a = math.exp(-root_d * (atmosphere.alpha1 + atmosphere.beta1 * root_w))
    b = math.exp(-root_d * (atmosphere.alpha2 + atmosphere.beta2 * root_w))
    return min(max(atmosphere.x * a + (1.0 - atmosphere.x) * b, 0.01), 1.0)


def counts_of(celsius: npt.ArrayLike, planck: Planck) -> Floats:
    """Counts that a black body at this temperature gives (fractions kept)."""
    kelvin = np.maximum(np.asarray(celsius, float) + ZERO_K, 1.0)
    with np.errstate(over="ignore"):
        return planck.r1 / (planck.r2 * (np.exp(planck.b / kelvin) - planck.f)) - planck.o


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
    tau = transmission(parameters, atmosphere)
    e, w = parameters.emissivity, parameters.window_transmission
    reflected = float(counts_of(parameters.reflected_c, planck))
    air = float(counts_of(parameters.air_c, planck))
    window = float(counts_of(parameters.window_c, planck))
    foreign = w * tau * (1.0 - e) * reflected + w * (1.0 - tau) * air + (1.0 - w) * window
    return np.asarray((np.asarray(counts, float) - foreign) / (e * tau * w))


def temperatures(
    counts: Counts,
    planck: Planck,
    parameters: Parameters,
    atmosphere: Atmosphere | None = None,
) -> Celsius:
    """Object temperatures of a frame, through a table over the counts that occur.

    Args:
        counts: (H, W) uint16.

    Returns:
        (H, W) float32, degrees Celsius.
    """
    low, high = int(counts.min()), int(counts.max())
    every = np.arange(low, high + 1, dtype=np.float64)
    corrected = object_counts(every, planck, parameters, atmosphere or Atmosphere())
    table = celsius_of(corrected, planck).astype(np.float32)
    return np.take(table, counts - np.uint16(low))


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
