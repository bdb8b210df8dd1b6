"""Which vehicle stands in which dock; looked at only when one lands or lifts off."""

import numpy as np
import numpy.typing as npt

from sim.earth import metres_per_degree
from sim.state import State
from sim.vehicle import DOCK_RADIUS_M

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.intp]

EMPTY = -1


class Pads:
    """The docks' pads; at first every vehicle stands in its own.

    Attributes:
        chargers: (D,) whether each dock charges what stands in it; others may switch them.
        of_vehicle: (N,) the dock that each vehicle stands in, `EMPTY` for none.
        occupants: (D,) the vehicle that stands in each dock (the one that came last), `EMPTY`.
    """

    def __init__(self, lon: Floats, lat: Floats) -> None:
        self._lon, self._lat = lon.copy(), lat.copy()
        n = len(lon)
        self.chargers = np.ones(n, bool)
        self.of_vehicle: Numbers = np.arange(n)
        self.occupants: Numbers = np.arange(n)

    @property
    def charged(self) -> Bools:
        """(N,) whether each vehicle stands in a dock that charges."""
        return np.asarray((self.of_vehicle != EMPTY) & self.chargers[self.of_vehicle])

    def follow(self, flew: Bools, state: State) -> None:
        """Note who has left and who has come since the step before."""
        if np.array_equal(flew, state.flying):
            return
        for index in np.flatnonzero(state.flying & ~flew).tolist():
            self._leave(index)
        for index in np.flatnonzero(flew & ~state.flying).tolist():
            self._come(index, float(state.lon[index]), float(state.lat[index]))

    def nearest(self, lon: float, lat: float) -> tuple[int, float]:
        """The nearest dock and the metres to it."""
        east, north = metres_per_degree(lat)
        away = np.hypot((self._lon - lon) * east, (self._lat - lat) * north)
        dock = int(away.argmin())
        return dock, float(away[dock])

    def _leave(self, index: int) -> None:
        dock = int(self.of_vehicle[index])
        if dock != EMPTY and self.occupants[dock] == index:
            others = np.flatnonzero(self.of_vehicle == dock)
            others = others[others != index]
            self.occupants[dock] = others[0] if others.size else EMPTY
        self.of_vehicle[index] = EMPTY

    def _come(self, index: int, lon: float, lat: float) -> None:
        dock, away_m = self.nearest(lon, lat)
        if away_m < DOCK_RADIUS_M:
            self.of_vehicle[index] = dock
            self.occupants[dock] = index
