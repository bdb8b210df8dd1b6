"""What becomes of photographs: `sim.delivery` develops and delivers them, `Counted` only counts.

Nothing here draws pictures, so that a simulation without a service need not load what does.
"""

from pathlib import Path
from typing import Protocol

from sim.autopilot.shutter import Photo
from sim.uplink import Tally


class Cameras(Protocol):
    """Takes the photographs of a run."""

    @property
    def tally(self) -> Tally:
        """What became of the photographs."""
        ...

    @property
    def outstanding(self) -> int:
        """Photographs that wait or are on their way."""
        ...

    @property
    def failing(self) -> bool:
        """Whether they do not get through."""
        ...

    def step(self, now_s: float, photos: list[Photo]) -> None:
        """Go on to a simulated second in which these were taken."""
        ...

    async def open(self) -> None:
        """Begin."""
        ...

    async def close(self, patience_s: float) -> None:
        """End; wait no longer than so for what is on its way."""
        ...

    def tell(self, path: Path, *, now_s: float, wall_s: float) -> None:
        """Write what the world really held."""
        ...


class Counted:
    """No service: photographs are taken and counted, nothing is drawn."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.outstanding = 0
        self.failing = False

    def step(self, now_s: float, photos: list[Photo]) -> None:
        """Count them."""
        self.tally.taken += len(photos)

    async def open(self) -> None:
        """Nothing to begin."""

    async def close(self, patience_s: float) -> None:
        """Nothing to end."""

    def tell(self, path: Path, *, now_s: float, wall_s: float) -> None:
        """Nothing to tell: there is no city."""
