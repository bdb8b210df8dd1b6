"""All docks of a simulated world, stepped with the vehicles that stand in them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sim.dock import Dock, Visitor
from sim.dock_weather import Nature, Station
from sim.earth import between_m
from sim.vehicle import DOCK_RADIUS_M, State

TRAVEL_S = (14.0, 30.0)
"""Doors take from so long to so long to open, each its own."""

CLEAR_M = 5.0
"""A vehicle so high above the pad is no longer in the way of the door."""

Troubles = Callable[[str], frozenset[str]]
"""The kinds of faults (`sim.faults.Kind`) that strike a dock now, by its name."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where a dock stands; its vehicle has its name. The altitude is that of the pad (AMSL)."""

    id: str
    lon: float
    lat: float
    altitude_m: float


class Docks:
    """All docks of a world, stepped with the vehicles.

    Args:
        sites: docks in the order of their vehicles.
        troubles: which faults strike a dock now.
    """

    def __init__(
        self,
        sites: Sequence[Site],
        nature: Nature,
        seed: int,
        troubles: Troubles = lambda dock: frozenset(),
    ) -> None:
        self._sites = tuple(sites)
        self._troubles = troubles
        self.now_s = 0.0
        self.docks: dict[str, Dock] = {}
        for number, site in enumerate(self._sites):
            rng = np.random.default_rng([seed, 91, number])
            self.docks[site.id] = Dock(
                id=site.id,
                travel_s=float(rng.uniform(*TRAVEL_S)),
                station=Station(nature, rng),
                boot=f"{seed:x}-{number:x}-{int(rng.integers(1 << 32)):08x}",
            )

    def step(self, now_s: float, state: State) -> None:
        """Bring every dock to a simulated second."""
        dt_s, self.now_s = now_s - self.now_s, now_s
        visitors = self._visitors(state)
        for dock in self.docks.values():
            dock.strike(now_s, self._troubles(dock.id))
            dock.step(now_s, dt_s, visitors.get(dock.id))

    def chargers(self) -> np.ndarray:
        """Whether each dock charges what stands in it: bool, shape (D,)."""
        return np.array([dock.charges for dock in self.docks.values()])

    def strikes(self) -> int:
        """How often a vehicle went through a door that was not open."""
        return sum(dock.strikes for dock in self.docks.values())

    def _visitors(self, state: State) -> dict[str, Visitor]:
        """By dock, the vehicle in it or just above it; on the ground before aloft."""
        found: dict[str, Visitor] = {}
        lon, lat = state.lon, state.lat
        for place in self._sites:
            near = np.flatnonzero((abs(lat - place.lat) < 3e-4) & (abs(lon - place.lon) < 4e-4))
            for index in near.tolist():
                east, north = between_m(place.lon, place.lat, float(lon[index]), float(lat[index]))
                if math.hypot(east, north) >= DOCK_RADIUS_M:
                    continue
                aloft = bool(state.flying[index])
                if aloft and float(state.altitude_m[index]) > place.altitude_m + CLEAR_M:
                    continue
                if place.id not in found or found[place.id].aloft:
                    name = self._sites[index].id
                    found[place.id] = Visitor(name, float(state.battery[index]), aloft)
        return found
