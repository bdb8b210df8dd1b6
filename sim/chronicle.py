"""What a tester sees of a run: who takes off, lands or crashes, which faults strike, how fast."""

import logging
import time

import numpy as np

from sim.autopilot.shutter import Photo
from sim.faults import Fault
from sim.pads import EMPTY
from sim.swarm import Swarm

log = logging.getLogger("sim")

MOST_NAMES = 8
"""Of vehicles in one line."""


class Chronicle:
    """Tells what happens; `note` is called after every step."""

    def __init__(self, swarm: Swarm) -> None:
        self._swarm = swarm
        self._flying = swarm.state.flying
        self._crashed = swarm.state.crashed
        self._striking: frozenset[Fault] = frozenset()
        self._began, self._began_s = time.monotonic(), swarm.now_s()
        self._minute = int(swarm.now_s() // 60)
        self.photos = self.packets = 0
        self.minutes = 0

    def note(self, photos: list[Photo], packets: int) -> bool:
        """Tell what changed; True once in every simulated minute."""
        state, now = self._swarm.state, self._swarm.now_s()
        self.photos += len(photos)
        self.packets += packets
        if not np.array_equal(state.flying, self._flying):
            self._tell_flights()
            self._flying, self._crashed = state.flying, state.crashed
        self._tell_faults()
        if now < 60.0 * (self._minute + 1):
            return False
        self._minute = int(now // 60)
        self.minutes += 1
        self._tell_minute()
        return True

    def restart(self) -> None:
        """Speed counts from now on: time stood still."""
        self._began, self._began_s = time.monotonic(), self._swarm.now_s()
        self.packets = 0

    def summary(self) -> str:
        """One line about the present."""
        swarm = self._swarm
        state, pads = swarm.state, swarm.pads
        flying, crashed = int(state.flying.sum()), int(state.crashed.sum())
        docked = int((pads.of_vehicle != EMPTY).sum())
        out = len(state.flying) - flying - docked - crashed
        parts = [f"{flying} flying", f"{docked} in docks"]
        parts += [f"{out} landed outside"] if out else []
        parts += [f"{crashed} crashed"] if crashed else []
        parts += [f"{self.photos} photos"] if self.photos else []
        if flying:
            parts.append(f"lowest battery aloft {state.battery[state.flying].min():.0%}")
        return ", ".join(parts)

    def speed(self) -> float:
        """Simulated seconds a second, since time last stood still."""
        wall = time.monotonic() - self._began
        return (self._swarm.now_s() - self._began_s) / max(wall, 1e-3)

    def _tell_minute(self) -> None:
        wall = max(time.monotonic() - self._began, 1e-3)
        log.info(
            "minute %d: %s; %.1f x real time, %.0f packets/s",
            self._minute,
            self.summary(),
            self.speed(),
            self.packets / wall,
        )

    def _tell_flights(self) -> None:
        swarm = self._swarm
        state, docks, now = swarm.state, swarm.world.docks, swarm.now_s()
        up = np.flatnonzero(state.flying & ~self._flying).tolist()
        if up:
            log.info("%.1f s: %s take%s off", now, self._names(up), "s" if len(up) == 1 else "")
        for index in np.flatnonzero(self._flying & ~state.flying).tolist():
            dock, left = int(swarm.pads.of_vehicle[index]), float(state.battery[index])
            where = f"in dock {docks[dock].id}" if dock != EMPTY else "outside any dock"
            did = "crashed" if state.crashed[index] else f"landed {where}"
            log.info("%.1f s: %s %s, battery %.0f %%", now, docks[index].id, did, left * 100)

    def _tell_faults(self) -> None:
        striking = self._swarm.troubles.striking
        if striking == self._striking:
            return
        now = self._swarm.now_s()
        for fault in sorted(striking - self._striking, key=str):
            log.info("%.1f s: FAULT begins: %s", now, fault)
        for fault in sorted(self._striking - striking, key=str):
            log.info("%.1f s: fault ends: %s", now, fault)
        self._striking = striking

    def _names(self, indices: list[int]) -> str:
        names = [self._swarm.world.docks[i].id for i in indices[:MOST_NAMES]]
        more = len(indices) - len(names)
        return ", ".join(names) + (f" and {more} more" if more else "")
