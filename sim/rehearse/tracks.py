"""Where the flights were, every two seconds."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.state import State

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Track:
    """One flight in one member: arrays of shape (M,), times ascending."""

    member: int
    sortie: str
    at_s: Floats
    lon: Floats
    lat: Floats
    altitude_m: Floats
    """Above mean sea level."""
    height_m: Floats
    """Above the ground below."""


class Tracks:
    """Collects points as they come, many flights at a time."""

    def __init__(self) -> None:
        self._names: list[tuple[int, str]] = []
        self._blocks: list[tuple[npt.NDArray[np.int_], Floats, Floats]] = []

    def open(self, member: int, sortie: str) -> int:
        """A number for a new track."""
        self._names.append((member, sortie))
        return len(self._names) - 1

    def add(
        self,
        number: npt.NDArray[np.int_],
        at_s: Floats,
        state: State,
        ground_m: Floats,
        seen: npt.NDArray[np.bool_],
    ) -> None:
        """A point of each of the tracks that are seen."""
        place = np.stack([state.lon[seen], state.lat[seen]])
        altitude = state.altitude_m[seen]
        rest = np.stack([at_s[seen], altitude, altitude - ground_m[seen]])
        self._blocks.append((number[seen], place, rest))

    def close(self) -> list[Track]:
        """All tracks, by their numbers."""
        if not self._blocks:
            return []
        number = np.concatenate([b[0] for b in self._blocks])
        place = np.concatenate([b[1] for b in self._blocks], axis=1)
        rest = np.concatenate([b[2] for b in self._blocks], axis=1)
        order = np.argsort(number, kind="stable")
        bounds = np.searchsorted(number[order], np.arange(len(self._names) + 1))
        place, rest = place[:, order], rest[:, order]
        return [
            Track(
                member=member,
                sortie=sortie,
                lon=place[0, a:b],
                lat=place[1, a:b],
                at_s=rest[0, a:b],
                altitude_m=rest[1, a:b],
                height_m=rest[2, a:b],
            )
            for (member, sortie), a, b in zip(self._names, bounds, bounds[1:], strict=False)
        ]
