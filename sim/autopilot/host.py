"""What an autopilot is given: its senses."""

from typing import Protocol


class Senses(Protocol):
    """What the vehicle measures that is not its own motion."""

    def now_s(self) -> float:
        """Simulated seconds since the start."""
        ...

    def wind(self, index: int) -> tuple[float, float]:
        """Wind at the vehicle: m/s and the direction it comes from."""
        ...

    def gps_error(self, index: int) -> tuple[float, float, float]:
        """Present error of the satellite position: metres east, north, up."""
        ...

    def ground_m(self, lon: float, lat: float) -> float:
        """Height AMSL of the ground that its terrain data tell at a place."""
        ...
