"""Photographs for a service: a scene that the cameras see, files made of it, and its people."""

import asyncio
import contextlib
from pathlib import Path

from core.clock import FollowedClock
from sim import content, truth
from sim.autopilot.shutter import Photo
from sim.ground import Ground
from sim.people import People
from sim.scene import Scene
from sim.studio import Studio
from sim.swarm import Swarm
from sim.uplink import Tally, Uplink


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

    def tell(self, path: Path, *, now_s: float, wall_s: float) -> None:
        """Write what the world really held."""
        contents = truth.document(self.scene, self.tally, now_s=now_s, wall_s=wall_s)
        truth.write(path, contents)
