"""DJI's own correction at its default parameters, as far as its output lets it be known.

From DJI's temperatures of one frame of each camera at the defaults (5 m, 50 % humidity, air and
reflection 25 C, emissivity 0.95), and of the same frames with emissivity 1 at 1 m:

- With emissivity 1 the air is exactly a grey body by total radiation: T_app^4 = tau T^4 +
  (1 - tau) T_air^4 reproduces all levels of three cameras to 0.00002 C.
- At 5 m one tau serves M3T, M30T and M3TD (0.8022). With emissivity 0.95 the object's own step
  goes by T^2.74, not T^4. Both were fitted on the M3T alone; then the M30T is within 0.001 C, and
  extremes, mean and middle of an M3TD frame too.
- The M2EA's tau is piecewise linear in the object's temperature, with corners at 25 C (in both
  parameter sets) and 50.4 C. Fitted on every second level, the others are within 0.003 C. Its one
  frame spans 21 to 51 C: beyond, tau is held and ``path_u`` has to cover it.

How tau changes with distance, humidity and air temperature is NOT known: at 1 m M3T and M30T
differ (0.911, 0.927) although they agree at 5 m, and an M4T at 16.4 C has 0.857. Nothing is
corrected there.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from core.units import KELVIN_AT_ZERO_CELSIUS as ZERO_K
from thermal.parameters import Floats, Parameters

DEFAULTS = Parameters(
    emissivity=0.95, reflected_c=25.0, air_c=25.0, humidity=0.5, distance_m=5.0, window_c=25.0
)
"""What DJI's cameras write unless the pilot sets something else."""

_BAND = 2.74
_BEYOND_K = 30.0
_ROUNDS = 10
"""The fixed point for a tau that depends on the object converges by a factor of 6 a round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DjiPath:
    """The way between apparent and object temperature of one camera model.

    Attributes:
        celsius, tau: transmission at object temperatures; linear between, held beyond.
        path_u: standard uncertainty of tau, because the real air is not DJI's: tau is 0.802 at 25 C
            and 0.857 at 16.4 C, taken as a rectangular half-width of 0.05 (GUM 4.3.7).
    """

    celsius: tuple[float, ...] = (25.0,)
    tau: tuple[float, ...] = (0.8022,)
    path_u: float = 0.03

    def object_c(self, apparent_c: npt.ArrayLike, parameters: Parameters) -> Floats:
        """See `thermal.radiometry.Correction`."""
        apparent = np.asarray(apparent_c, float)
        found = apparent
        for _ in range(_ROUNDS if len(self.tau) > 1 else 1):
            found = self._object_c(apparent, self._tau(found), parameters)
        return found

    def apparent_c(self, object_c: npt.ArrayLike, parameters: Parameters) -> Floats:
        """See `thermal.radiometry.Correction`."""
        e, tau = parameters.emissivity, self._tau(np.asarray(object_c, float))
        own = (np.asarray(object_c, float) + ZERO_K) ** _BAND
        leaves = (e * own + (1.0 - e) * (parameters.reflected_c + ZERO_K) ** _BAND) ** (4 / _BAND)
        arrives = tau * leaves + (1.0 - tau) * (parameters.air_c + ZERO_K) ** 4
        return np.asarray(arrives**0.25 - ZERO_K)

    def shifted(self, by: float) -> "DjiPath":
        """The same with another transmission, for what its uncertainty means: twice as far off
        from `_BEYOND_K` outside the temperatures at which a changing tau was seen."""
        if len(self.tau) == 1:
            return replace(self, tau=(_share(self.tau[0] + by),))
        outer = (self.celsius[0] - _BEYOND_K, *self.celsius, self.celsius[-1] + _BEYOND_K)
        tau = (self.tau[0] + by, *self.tau, self.tau[-1] + by)
        return replace(self, celsius=outer, tau=tuple(_share(t + by) for t in tau))

    def _tau(self, object_c: Floats) -> float | Floats:
        if len(self.tau) == 1:
            return self.tau[0]
        return np.interp(object_c, self.celsius, self.tau)

    def _object_c(self, apparent_c: Floats, tau: float | Floats, parameters: Parameters) -> Floats:
        e = parameters.emissivity
        air = (parameters.air_c + ZERO_K) ** 4
        arrived = np.maximum(((apparent_c + ZERO_K) ** 4 - (1.0 - tau) * air) / tau, 1.0)
        mirrored = (1.0 - e) * (parameters.reflected_c + ZERO_K) ** _BAND
        own = np.maximum((arrived ** (_BAND / 4) - mirrored) / e, 1.0)
        return np.asarray(own ** (1 / _BAND) - ZERO_K)


def _share(tau: float) -> float:
    return min(max(tau, 0.05), 1.0)


PATHS = {
    "M3T": DjiPath(),
    "M30T": DjiPath(),
    "M3TD": DjiPath(),
    "ZH20N": DjiPath(tau=(0.8103,)),
    "MAVIC2-ENTERPRISE-ADVANCED": DjiPath(
        celsius=(21.0, 25.0, 50.44, 51.05), tau=(0.8859, 0.8968, 0.8170, 0.8208), path_u=0.05
    ),
}
"""Cameras whose correction at the defaults is known, by the model in EXIF."""


def known(model: str, parameters: Parameters) -> DjiPath | None:
    """The correction of a camera, if these parameters are ones at which it is known."""
    path = PATHS.get(model)
    if path is None or isinstance(parameters.distance_m, np.ndarray):
        return None
    same = (
        abs(parameters.distance_m - DEFAULTS.distance_m) < 0.01,  # type: ignore[operator]
        abs(parameters.humidity - DEFAULTS.humidity) < 0.001,
        abs(parameters.air_c - DEFAULTS.air_c) < 0.05,
        parameters.window_transmission == 1.0,
    )
    return path if all(same) else None
