"""A witness of a simulated flight: what really happened, whatever anybody was told."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import shapely

from core.zones import Zone
from sim.faults import Kind, Phase
from sim.pads import EMPTY
from sim.phases import phase_of
from sim.swarm import Swarm

MOST_TEXTS = 12
NOTICE = 5
"""MAV_SEVERITY: what is less than a notice is no warning."""
MERE_LINES = ("PreArm", "Flight plan", "Mission:", "ArduCopter", "Frame", "RCOut", "Reached")
"""What an autopilot says without meaning anything wrong by it."""


@dataclass
class Seen:
    """One vehicle, as it really was.

    Attributes:
        modes: it was in, one after another, in flight.
        texts: warnings and worse that its autopilot said, once each.
        least_battery: in flight.
        crashed_s, down_s: when it crashed and when it came down last; None if not.
        zone_s: when it first flew inside a zone.
        taken: what stood on the pad when it landed there, "" for nothing.
        flew: whether it ever left the ground.
    """

    modes: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    least_battery: float = 1.0
    crashed_s: float | None = None
    down_s: float | None = None
    zone_s: float | None = None
    taken: str = ""
    flew: bool = False
    photos: int = 0


class Witness:
    """Looks at the swarm after every step.

    Args:
        foreign: whether a foreign drone stands on a dock's pad now, by its number.
    """

    def __init__(
        self, swarm: Swarm, zones: tuple[Zone, ...], foreign: Callable[[int], bool]
    ) -> None:
        self._swarm, self._foreign = swarm, foreign
        self._zones = [(z.polygon, z.floor_m) for z in zones]
        self.seen = [Seen() for _ in swarm.autopilots]
        self._flying = swarm.state.flying.copy()
        self._ground_m = swarm.state.altitude_m.copy()
        self.phases: list[tuple[float, Phase]] = []
        """Of the first vehicle, when each began."""
        for seen, autopilot in zip(self.seen, swarm.autopilots, strict=True):
            _overhear(autopilot.voice, seen)

    def look(self) -> None:
        """Note what changed in this step."""
        swarm, now = self._swarm, self._swarm.now_s()
        state = swarm.state
        for index, (seen, autopilot) in enumerate(zip(self.seen, swarm.autopilots, strict=True)):
            flying = bool(state.flying[index])
            if flying:
                seen.flew = True
                seen.least_battery = min(seen.least_battery, float(state.battery[index]))
                if not seen.modes or seen.modes[-1] != autopilot.mode.name:
                    seen.modes.append(autopilot.mode.name)
                self._watch_zones(index, seen, now)
            if self._flying[index] and not flying:
                self._came_down(index, seen, now)
        self._flying = state.flying.copy()
        phase = phase_of(swarm.autopilots[0])
        if not self.phases or self.phases[-1][1] is not phase:
            self.phases.append((now, phase))

    def where(self, index: int) -> str:
        """Where a vehicle is: "dock FC-01", "beside FC-03", "aloft", "field"."""
        state, swarm = self._swarm.state, self._swarm
        if state.flying[index]:
            return "aloft"
        lon, lat = float(state.lon[index]), float(state.lat[index])
        dock, away_m = swarm.pads.nearest(lon, lat)
        name = swarm.world.docks[dock].id
        if state.crashed[index]:
            return f"crashed {away_m:.0f} m from {name}"
        if int(swarm.pads.of_vehicle[index]) != EMPTY:
            return f"dock {name}"
        return f"beside {name}" if away_m < BESIDE_M else f"field, {away_m:.0f} m from {name}"

    def _watch_zones(self, index: int, seen: Seen, now: float) -> None:
        state = self._swarm.state
        height = float(state.altitude_m[index] - self._ground_m[index])
        for polygon, floor_m in self._zones:
            inside = shapely.intersects_xy(polygon, state.lon[index], state.lat[index])
            if seen.zone_s is None and bool(inside) and height > floor_m + 1.0:
                seen.zone_s = now

    def _came_down(self, index: int, seen: Seen, now: float) -> None:
        swarm = self._swarm
        seen.down_s = now
        if swarm.state.crashed[index]:
            seen.crashed_s = now
        dock = int(swarm.pads.of_vehicle[index])
        if dock == EMPTY:
            return
        others = [k for k in np.flatnonzero(swarm.pads.of_vehicle == dock) if k != index]
        if others:
            seen.taken = swarm.world.docks[int(others[0])].id
        elif self._foreign(dock):
            seen.taken = "a foreign drone"


BESIDE_M = 45.0
"""Rally points lie 30 m beside a pad; so near is the place that was meant."""


def _overhear(voice: object, seen: Seen) -> None:
    """Hear what an autopilot says even when its link is down."""
    say = voice.say  # type: ignore[attr-defined]

    def heard(severity: int, text: str) -> None:
        say(severity, text)
        fresh = severity <= NOTICE and text not in seen.texts and len(seen.texts) < MOST_TEXTS
        if fresh and not text.startswith(MERE_LINES):
            seen.texts.append(text)

    voice.say = heard  # type: ignore[attr-defined]


def foreign_on(swarm: Swarm) -> Callable[[int], bool]:
    """Whether a foreign drone stands on a pad, as the fault says."""
    return lambda dock: swarm.troubles.of(Kind.DOCK_OCCUPIED, dock) > 0
