"""The loop: simulated time goes on in small steps, as fast as asked and as others can follow.

Time stands still

- until a ground station has said something for the first time (so that no simulated time is lost
  while the service starts); meanwhile heartbeats go out once a second, so that it sees the fleet;
- while more than 150 photographs wait to be sent (that is how "as fast as the machine allows"
  works: the service's own speed is the limit);
- while a ground station does not read what the vehicles say;
- at "max", while the ground station's last heartbeat is more than 2.5 simulated seconds old: one
  that keeps the vehicles' time beats once in a simulated second, so it is never left behind;
- while the service is down, that is, no ground station has been connected for 5 s of the wall
  clock and the photographs do not get through either.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from core.clock import FollowedClock
from sim.cameras import Cameras
from sim.chronicle import Chronicle
from sim.server import Server
from sim.swarm import Swarm

STEP_S = 0.2
MOST_OUTSTANDING = 150
ABSENT_S = 5.0
ANNOUNCE_S = 1.0
FASTEST = 40.0
"""Even at "max" no more simulated seconds go into one second: a service with nothing to upload
would otherwise see hours pass while it thinks."""
BEHIND_S = 2.5
"""Two of a ground station's heartbeats, and a half for the way."""


class Held(StrEnum):
    """Why time stands still."""

    NOT_YET = "no ground station so far"
    UPLOADS = "too many photographs wait"
    BEHIND = "the ground station is behind"
    LINK = "the ground station does not read"
    DOWN = "the service is down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast and how long.

    Attributes:
        speed: simulated seconds a second; `FASTEST` for as fast as the others can follow.
        until_s: simulated second at which it ends.
        together: wait for a ground station that falls behind (`BEHIND_S`).
        step_s: one step of the simulation; nothing is sent more often than once in it.
    """

    speed: float = FASTEST
    until_s: float = 7200.0
    together: bool = False
    step_s: float = STEP_S


class Clockwork:
    """Drives everything that needs simulated time.

    Args:
        each_step: called after every step with the simulated second.
        on_minute: called in every simulated minute.
    """

    def __init__(
        self,
        *,
        swarm: Swarm,
        cameras: Cameras,
        server: Server,
        clock: FollowedClock,
        pace: Pace,
        chronicle: Chronicle,
        each_step: Callable[[float], None] = lambda _: None,
        on_minute: Callable[[], None] = lambda: None,
    ) -> None:
        self.swarm, self._cameras, self._server = swarm, cameras, server
        self._clock, self._pace, self._chronicle = clock, pace, chronicle
        self._each_step, self._on_minute = each_step, on_minute
        self.held: Held | None = Held.NOT_YET
        self.stopping = asyncio.Event()
        self._announced = 0.0
        self._beaten_s = 0.0

    def ground_beat(self) -> None:
        """A ground station's heartbeat came."""
        self._beaten_s = self.swarm.now_s()

    async def run(self) -> None:
        """Until the end of the pace, or until `stopping` is set."""
        begin, begin_s = time.monotonic(), self.swarm.now_s()
        while not self.stopping.is_set() and self.swarm.now_s() < self._pace.until_s:
            before, self.held = self.held, self._hold()
            if self.held is not None:
                await self._wait()
                begin, begin_s = time.monotonic(), self.swarm.now_s()
                continue
            if before is Held.NOT_YET:
                self._chronicle.restart()
            self._step()
            due = begin + (self.swarm.now_s() - begin_s) / self._pace.speed
            ahead = due - time.monotonic()
            await asyncio.sleep(max(0.0, ahead))
            if ahead < -1.0:
                begin, begin_s = time.monotonic(), self.swarm.now_s()

    def _hold(self) -> Held | None:
        if not self._server.heard:
            return Held.NOT_YET
        if self._cameras.outstanding > MOST_OUTSTANDING:
            return Held.UPLOADS
        if self._server.congested:
            return Held.LINK
        if self._pace.together and self.swarm.now_s() - self._beaten_s > BEHIND_S:
            return Held.BEHIND
        absent = time.monotonic() - self._server.last_client_at > ABSENT_S
        if not self._server.connected and absent and self._cameras.failing:
            return Held.DOWN
        return None

    async def _wait(self) -> None:
        """Stand still for a moment, but stay visible."""
        now = time.monotonic()
        if self.held is not Held.UPLOADS and now - self._announced > ANNOUNCE_S:
            self._announced = now
            self.swarm.announce()
        self._server.send(self.swarm.take_packets())
        await asyncio.sleep(0.01)

    def _step(self) -> None:
        photos = self.swarm.step(self._pace.step_s)
        now = self.swarm.now_s()
        self._cameras.step(now, photos)
        packets = self.swarm.take_packets()
        self._server.send(packets)
        self._clock.follow(self.swarm.world.start + timedelta(seconds=now))
        self._each_step(now)
        if self._chronicle.note(photos, len(packets)):
            self._on_minute()
