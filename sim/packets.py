"""What faults do to packets on their way: lost, late, twice, out of order, or all of them gone.

One `Way` for each direction. Chance is each vehicle's own, so that one vehicle's traffic does not
change what happens to another's. Delays run on simulated time.
"""

import heapq
import itertools
import random
from typing import Generic, TypeVar

from sim.faults import Kind
from sim.troubles import Troubles

T = TypeVar("T")

LATER_S = (0.2, 1.0)
"""A reordered packet is overtaken by those of so many simulated seconds."""


class Way(Generic[T]):
    """Packets of all vehicles in one direction."""

    def __init__(self, troubles: Troubles, seed: int, direction: str) -> None:
        self._troubles = troubles
        self._seed = f"{seed} {direction}"
        self._chance: dict[int, random.Random] = {}
        self._late: list[tuple[float, int, int, T]] = []
        self._order = itertools.count()
        self.lost = 0

    def clear(self) -> bool:
        """Whether everything passes as it comes."""
        return not (self._troubles.packets or self._late)

    def send(self, index: int, packet: T, now_s: float) -> list[T]:
        """What arrives now of a packet of one vehicle."""
        of = self._troubles.of
        if of(Kind.LINK_DOWN, index) or self._happens(Kind.LOSS, index):
            self.lost += 1
            return []
        copies = 2 if self._happens(Kind.DUPLICATION, index) else 1
        delay_s = of(Kind.DELAY, index)
        if self._happens(Kind.REORDERING, index):
            delay_s += self._of(index).uniform(*LATER_S)
        if not delay_s:
            return [packet] * copies
        for _ in range(copies):
            heapq.heappush(self._late, (now_s + delay_s, next(self._order), index, packet))
        return []

    def due(self, now_s: float) -> list[tuple[int, T]]:
        """Late packets whose time has come; those of a dead link are lost."""
        found = []
        while self._late and self._late[0][0] <= now_s:
            _, _, index, packet = heapq.heappop(self._late)
            if self._troubles.of(Kind.LINK_DOWN, index):
                self.lost += 1
            else:
                found.append((index, packet))
        return found

    def _happens(self, kind: Kind, index: int) -> bool:
        share = self._troubles.of(kind, index)
        return share > 0 and self._of(index).random() < share

    def _of(self, index: int) -> random.Random:
        if index not in self._chance:
            self._chance[index] = random.Random(f"{self._seed} {index}")
        return self._chance[index]
