"""`flyonce sim --ardupilot PATH`: real ArduPilot vehicles at a city's docks, with our cameras.

The vehicles fly by SITL's own physics, weather and battery; faults, wind and ageing of our
simulation do not reach them. Photographs are taken by our studio where the vehicle triggers.
"""

import asyncio
import contextlib
import logging
import signal
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from core.errors import InvalidInput
from sim import content, world
from sim.autopilot.shutter import Photo
from sim.ground import Ground
from sim.scene import Scene
from sim.sitl.cameras import Cameras, RealSwarm
from sim.sitl.process import Post
from sim.sitl.sitl import Sitl
from sim.studio import Studio
from sim.uplink import Uplink
from sim.world import World

log = logging.getLogger("sim.sitl")

STEP_S = 0.5
"""Fires and traffic go on in steps of so many seconds of the wall clock."""
DRAIN_S = 4.0


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the command line says.

    Attributes:
        to: HOST:PORT of the ground station (UDP).
        service: where photographs are sent.
        folder: each vehicle's own folder is made in it; it keeps parameters and plans.
        hours: of the vehicles' time.
    """

    world: Path
    binary: Path
    to: str
    service: str
    folder: Path
    token: str | None = None
    seed: int = 7
    speed: float = 1.0
    hours: float = 10.0


async def serve(settings: Settings) -> None:
    """Fly until the hours are over, all vehicles are dead, or SIGTERM or SIGINT comes.

    Raises:
        InvalidInput: the world, the binary or an address is wrong.
        Unavailable: a vehicle did not start, or all have ended by themselves.
    """
    country = world.load(settings.world, settings.seed)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    try:
        await _fly(settings, country, stopping)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


async def _fly(settings: Settings, country: World, stopping: asyncio.Event) -> None:
    began = time.time()
    country = replace(country, start=datetime.fromtimestamp(began, UTC))
    ground = Ground(country)
    scene = Scene(country, ground, content.things(country), content.fires(country))
    studio = Studio(RealSwarm(country), scene, ground)
    uplink = Uplink(settings.service, settings.token)

    def took(photo: Photo) -> None:
        uplink.put(studio.develop(photo))

    try:
        async with (
            Cameras(country, took, began) as cameras,
            Sitl(
                settings.binary,
                posts_of(country),
                to=_address(settings.to),
                copy_to=cameras.address,
                speed=settings.speed,
                folder=settings.folder,
                start=country.start,
            ) as sitl,
        ):
            log.info("%d real vehicles send to udp %s", len(sitl.vehicles), settings.to)
            await _until_the_end(settings, scene, sitl, stopping, began)
            if sitl.all_dead.is_set():
                raise sitl.dead[-1]
    finally:
        await asyncio.to_thread(uplink.close, 1.0 if uplink.failing else DRAIN_S)


async def _until_the_end(
    settings: Settings, scene: Scene, sitl: Sitl, stopping: asyncio.Event, began: float
) -> None:
    while not stopping.is_set() and not sitl.all_dead.is_set():
        now_s = (time.time() - began) * settings.speed
        if now_s > settings.hours * 3600:
            return
        scene.step(now_s)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STEP_S):
                await stopping.wait()


def posts_of(country: World) -> tuple[Post, ...]:
    """One vehicle at every dock, on the ground there.

    A dock of a VTOL gets a quadcopter too, with a warning: the binary is a copter's.
    """
    winged = [d.id for d in country.docks if d.vehicle.vtol]
    if winged:
        log.warning("%s fly as quadcopters: this binary has no wings", ", ".join(winged))
    return tuple(
        Post(
            system_id=d.system_id,
            name=d.id,
            position=d.position,
            altitude_m=float(country.ground.height_m(d.position.lon, d.position.lat)),
            cameras=len(d.vehicle.cameras),
        )
        for d in country.docks
    )


def _address(text: str) -> tuple[str, int]:
    """Host (numeric: SITL looks no names up) and port."""
    host, _, port = text.rpartition(":")
    if host == "localhost":
        host = "127.0.0.1"
    parts = host.split(".")
    numeric = len(parts) == 4 and all(p.isdigit() and int(p) < 256 for p in parts)
    if not numeric or not port.isdigit() or not 0 < int(port) < 65536:
        raise InvalidInput(
            f"{text!r} is no address for ArduPilot",
            where="--udp",
            remedy="write a numeric HOST:PORT such as 127.0.0.1:14550",
        )
    return host, int(port)
