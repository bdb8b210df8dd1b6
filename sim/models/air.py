"""The wind at each vehicle: a mean that changes with height and place, and gusts of its own.

The planner takes one mean wind for everybody and every height. Here it grows with height by a
power law (exponent 1/7, open country; Manwell et al. 2009, Wind Energy Explained, ch. 2.3), blows
a little differently at every vehicle, and gusts are a first-order Gauss-Markov process.
"""

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

GUST_MEMORY_S = 3.0
GUST_SHARE = 0.06
"""Standard deviation of gusts over the mean wind, on top of what the weather says."""
REFERENCE_M, EXPONENT = 60.0, 1 / 7
LOWEST_M, HIGHEST_M = 10.0, 300.0
PLACE_SIGMA, PLACE_SIGMA_DEG = 0.08, 6.0
"""How much the mean wind differs from vehicle to vehicle."""


class Air:
    """The moving air of one run."""

    def __init__(self, n: int, rng: np.random.Generator, seed: int) -> None:
        self._rng = rng
        place = np.random.default_rng([seed, 43])
        self._factor = np.clip(place.normal(1.0, PLACE_SIGMA, n), 0.75, 1.25)
        self._turn_deg = place.normal(0.0, PLACE_SIGMA_DEG, n)
        self._gusts = np.zeros((2, n))
        self._speed = np.zeros(n)
        self._from_deg = np.zeros(n)

    def at(self, index: int) -> tuple[float, float]:
        """Mean wind at a vehicle: m/s and the direction it comes from."""
        return float(self._speed[index]), float(self._from_deg[index])

    def blow(
        self, dt_s: float, weather: tuple[float, float, float], height_m: Floats
    ) -> tuple[Floats, Floats, Floats, Floats]:
        """Wind with gusts and mean wind, each (east, north) of where the air goes, m/s.

        Args:
            weather: speed m/s at 60 m, direction it comes from, standard deviation of gusts.
        """
        speed, from_deg, sigma = weather
        keep = math.exp(-dt_s / GUST_MEMORY_S)
        noise = self._rng.normal(size=self._gusts.shape)
        self._gusts = keep * self._gusts + math.sqrt(1 - keep**2) * noise
        height = np.clip(height_m, LOWEST_M, HIGHEST_M) / REFERENCE_M
        self._speed = speed * self._factor * height**EXPONENT
        self._from_deg = (from_deg + self._turn_deg) % 360
        angle = np.radians(self._from_deg)
        east, north = -self._speed * np.sin(angle), -self._speed * np.cos(angle)
        gust = sigma + GUST_SHARE * speed
        return east + gust * self._gusts[0], north + gust * self._gusts[1], east, north
