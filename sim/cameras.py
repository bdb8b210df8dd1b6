"""What becomes of photographs: developed and delivered to a service, or only counted."""

import asyncio
import contextlib
from typing import Protocol

from core.clock import FollowedClock
from sim import content
from sim.autopilot.shutter import Photo
from sim.ground import Ground
from sim.people import People
from sim.scene import Scene
from sim.studio import Studio
from sim.swarm import Swarm
from sim.uplink import Tally, Uplink


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


class Delivered:
    """A scene that the cameras see, files made of it, a service that gets them, and its people.

    Raises:
        InvalidInput: the service's address is wrong.
    """

    def __init__(
        self,
        swarm: Swarm,
        clock: FollowedClock,
        service: str,
        *,
        token: str | None,
        seed: int,
        people: bool,
    ) -> None:
        ground = Ground(swarm.world)
        self.scene = Scene(
            swarm.world, ground, content.things(swarm.world), content.fires(swarm.world)
        )
        self.uplink = Uplink(service, token)
        self._swarm = swarm
        self._studio = Studio(swarm, self.scene, ground)
        self._people = People(self.scene, clock, service, token, seed) if people else None
        self._living: asyncio.Task[None] | None = None

    @property
    def tally(self) -> Tally:
        """What became of the photographs."""
        return self.uplink.tally

    @property
    def outstanding(self) -> int:
        return self.uplink.outstanding

    @property
    def failing(self) -> bool:
        return self.uplink.failing

    def step(self, now_s: float, photos: list[Photo]) -> None:
        self.scene.step(now_s)
        for photo in photos:
            shot = self._studio.develop(photo)
            if self._swarm.troubles.loses_photo(photo.vehicle):
                self.uplink.lose("lost in the vehicle")
            else:
                self.uplink.put(shot)

    async def open(self) -> None:
        if self._people is not None:
            self._living = asyncio.create_task(self._people.live())

    async def close(self, patience_s: float) -> None:
        if self._living is not None:
            self._living.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._living
            self._living = None
        await asyncio.to_thread(self.uplink.close, patience_s)
