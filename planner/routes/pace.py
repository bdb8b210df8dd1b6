"""How long lines and joins take in the day's wind, for choosing between layouts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.energy import CALM, Wind

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Speeds and the price of turning.

    Attributes:
        speed_mps: through the air on photo legs and joins.
        turn_s: what stopping, turning and speeding up again cost at each corner.
    """

    speed_mps: float
    wind: Wind = CALM
    turn_s: float = 0.0

    def along(self, course: Floats) -> Floats:
        """Seconds a metre on courses, radians counter-clockwise from east (wind triangle)."""
        angle = math.radians(90 - self.wind.from_deg) - course
        cross, head = self.wind.speed_mps * np.sin(angle), self.wind.speed_mps * np.cos(angle)
        still = np.sqrt(np.maximum(self.speed_mps**2 - cross**2, 1.0))
        return np.asarray(1 / np.maximum(1.0, still - head))

    def both(self, course: float) -> float:
        """Seconds a metre, mean of both ways along a line."""
        return float(self.along(np.array([course, course + math.pi])).mean())

    def sweep_s(self, legs_m: float, joins_m: float, legs: int, angle_deg: float) -> float:
        """About the time of lines in a direction and of their joins across it."""
        course = math.radians(angle_deg)
        flown = legs_m * self.both(course) + joins_m * self.both(course + math.pi / 2)
        return flown + 2 * legs * self.turn_s

    def path_s(self, stretches: Sequence[Floats]) -> float:
        """Time of a path of stretches (K, 2) metres, each beginning where the one before ended."""
        if not stretches:
            return 0.0
        steps = np.concatenate([np.diff(s, axis=0) for s in stretches])
        length = np.hypot(*steps.T)
        steps, length = steps[length > 0.01], length[length > 0.01]
        course = np.arctan2(steps[:, 1], steps[:, 0])
        turns = np.abs(np.remainder(np.diff(course) + math.pi, 2 * math.pi) - math.pi)
        corners = float(np.minimum(1.0, turns / (math.pi / 2)).sum())
        return float((length * self.along(course)).sum()) + corners * self.turn_s
