"""Many real ArduPilot vehicles at once, all gone when the block ends."""

import asyncio
import logging
import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from core.errors import InvalidInput, Unavailable
from sim.sitl.process import Kit, Post, SitlVehicle, check

log = logging.getLogger("sim.sitl")

AT_ONCE = 4
"""So many boot at the same time: booting takes a core for a second each."""
FIRST_INSTANCE = 20
"""Instances from here on, so that the ports of a SITL started by hand stay free."""


class Sitl:
    """Real vehicles; an async context manager.

    Args:
        binary: an arducopter built for SITL.
        posts: one vehicle each.
        to: host and numeric port where a ground station listens (UDP).
        copy_to: a second listener, e.g. for cameras.
        speed: simulated seconds a second; the vehicle falls behind where the machine is too slow.
        folder: where each vehicle has a folder of its own; a temporary one by default. A folder
            that is used again gives back parameters, mission and fence, as a real vehicle would.
        start: the vehicles' time of day at boot; None: the computer's.
        extra: parameters of a vehicle that boots for the first time, on top of calibrated
            sensors, battery and cameras.
        on_death: called with the error when a vehicle ends by itself.

    Raises:
        InvalidInput: the binary is missing or another program, or the posts make no sense.
    """

    def __init__(
        self,
        binary: Path,
        posts: Sequence[Post],
        *,
        to: tuple[str, int],
        copy_to: tuple[str, int] | None = None,
        speed: float = 1.0,
        folder: Path | None = None,
        start: datetime | None = None,
        model: str = "+",
        extra: Mapping[str, float] | None = None,
        on_death: Callable[[Unavailable], None] = lambda error: log.error("%s", error),
    ) -> None:
        _sensible(posts, speed)
        self._temporary = None if folder else tempfile.TemporaryDirectory(prefix="flyonce-sitl-")
        self.folder = folder or Path(self._temporary.name if self._temporary else ".")
        kit = Kit(
            binary=check(binary),
            to=to,
            copy_to=copy_to,
            speed=speed,
            start=start,
            model=model,
            extra=extra or {},
        )
        self.vehicles = tuple(
            SitlVehicle(post, kit, self.folder.absolute() / str(post.system_id), FIRST_INSTANCE + n)
            for n, post in enumerate(posts)
        )
        self.dead: list[Unavailable] = []
        self.all_dead = asyncio.Event()
        self._on_death = on_death
        self._watchers: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        gate = asyncio.Semaphore(AT_ONCE)

        async def start(vehicle: SitlVehicle) -> None:
            async with gate:
                await vehicle.start()

        results = await asyncio.gather(*map(start, self.vehicles), return_exceptions=True)
        failed = [r for r in results if isinstance(r, BaseException)]
        if failed:
            await self._stop()
            raise failed[0]
        self._watchers = [asyncio.create_task(self._watch(v)) for v in self.vehicles]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        await self._stop()

    async def _stop(self) -> None:
        await asyncio.gather(*(v.stop() for v in self.vehicles))
        if self._temporary is not None:
            self._temporary.cleanup()

    async def _watch(self, vehicle: SitlVehicle) -> None:
        status = await vehicle.ended()
        error = vehicle.trouble(f"it ended by itself with status {status}")
        self.dead.append(error)
        self._on_death(error)
        if len(self.dead) == len(self.vehicles):
            self.all_dead.set()


def _sensible(posts: Sequence[Post], speed: float) -> None:
    numbers = [p.system_id for p in posts]
    wrong = [
        (not posts, "there is no vehicle to start"),
        (any(not 1 <= n <= 250 for n in numbers), "a system id must be 1 to 250"),
        (len(set(numbers)) != len(numbers), "two vehicles have one system id"),
        (not (math.isfinite(speed) and 0 < speed <= 100), f"a speed of {speed:g} cannot be kept"),
    ]
    for bad, what in wrong:
        if bad:
            raise InvalidInput(what, where="SITL", remedy="correct the drones or the speed")
