"""What the navigation filter makes of the satellites: it follows a drift and refuses a jump.

ArduPilot's EKF3 rejects a position that is too far from where it expects itself (innovation gate);
its variance then rises above FS_EKF_THRESH and the vehicle lands. A slow drift passes the gate.
"""

import math
from dataclasses import dataclass

from sim.autopilot.health import Health, Satellites

GATE_M = 10.0
"""A jump beyond this fails the gate; EKF3: 5 sigma of a 1 to 2 m position."""
RESET_S = 10.0
"""After so long without an accepted position the filter takes the new one (EKF3's retry time)."""
BLIND_S = 5.0
"""So long it dead-reckons without satellites before it gives the position up."""

Error = tuple[float, float, float]


@dataclass(slots=True)
class Variance:
    """Ratios of innovation to gate; 1 and more fails (EKF_STATUS_REPORT)."""

    velocity: float = 0.05
    position: float = 0.05
    compass: float = 0.05


class Estimate:
    """The filter of one vehicle: `error` is how far its belief is off, metres east, north, up."""

    def __init__(self) -> None:
        self.error: Error = (0.0, 0.0, 0.0)
        self.variance = Variance()
        self.glitching = False
        self._since_s: float | None = None

    def step(self, now_s: float, satellites: Error, health: Health) -> None:
        """Take the present satellite position in."""
        jump = math.dist(satellites[:2], self.error[:2])
        lost = health.gps is Satellites.NONE
        refused = lost or jump > GATE_M
        if not refused:
            self.error, self._since_s, self.glitching = satellites, None, False
        elif self._since_s is None:
            self._since_s, self.glitching = now_s, True
        elif not lost and now_s - self._since_s > RESET_S:
            self.error, self._since_s, self.glitching = satellites, None, False
        bad = 1.2 if self.glitching else 0.05
        self.variance = Variance(
            velocity=max(bad, 0.05 if health.compass_ok else 0.9),
            position=bad,
            compass=0.05 if health.compass_ok else 1.2,
        )

    def usable(self, now_s: float) -> bool:
        """Whether there still is a position to fly by."""
        return self._since_s is None or now_s - self._since_s < BLIND_S

    def over(self, threshold: float) -> bool:
        """ArduCopter's EKF check: two of the three above FS_EKF_THRESH."""
        v = self.variance
        return sum(x >= threshold for x in (v.velocity, v.position, v.compass)) >= 2
