"""The weather station of a simulated dock: it measures once a minute, with errors of its own."""

from typing import Protocol

import numpy as np

MEASURE_S = 60.0
"""A weather station reports once a minute."""

GUST_SIGMAS = 2.5
"""A 10 min maximum of a 3 s gust lies about so many standard deviations above the mean
(Wieringa 1973, Boundary-Layer Meteorology 3:424, peak factor for short gusts)."""

WIND_ERROR, RAIN_ERROR, TEMPERATURE_ERROR_C = 0.05, 0.10, 0.3
"""Standard deviation of a station's own scale error, and of its thermometer's offset. WMO-No. 8,
annex 1.A: achievable 5 % of the wind above 5 m/s, 5 % to 10 % of the rain, 0.2 to 0.3 K."""


class Nature(Protocol):
    """The weather of `sim.world.World`."""

    def wind(self, seconds: float) -> tuple[float, float, float]: ...
    def rain_mm_h(self, seconds: float) -> float: ...
    def air_celsius(self, seconds: float) -> float: ...


class Station:
    """A weather station with errors of its own, that measures once a minute."""

    def __init__(self, nature: Nature, rng: np.random.Generator) -> None:
        self._nature = nature
        self._wind = float(1.0 + rng.normal(0.0, WIND_ERROR))
        self._rain = float(max(0.0, 1.0 + rng.normal(0.0, RAIN_ERROR)))
        self._offset_c = float(rng.normal(0.0, TEMPERATURE_ERROR_C))
        self._turned_deg = float(rng.normal(0.0, 5.0))
        self._measured: tuple[float, dict[str, float]] | None = None

    def read(self, now_s: float) -> dict[str, float]:
        """The fields of the message table."""
        if self._measured is None or now_s - self._measured[0] >= MEASURE_S:
            self._measured = (now_s, self._measure(now_s))
        age_s = max(0.0, now_s - self._measured[0])  # read for a moment just past: measured since
        return {"age_s": round(age_s, 1), **self._measured[1]}

    def _measure(self, now_s: float) -> dict[str, float]:
        speed, from_deg, sigma = self._nature.wind(now_s)
        return {
            "wind_mps": round(speed * self._wind, 1),
            "gust_mps": round((speed + GUST_SIGMAS * sigma) * self._wind, 1),
            "wind_from_deg": round(from_deg + self._turned_deg) % 360,
            "rain_mmph": round(self._nature.rain_mm_h(now_s) * self._rain, 1),
            "temperature_c": round(self._nature.air_celsius(now_s) + self._offset_c, 1),
        }
