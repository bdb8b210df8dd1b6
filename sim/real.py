"""Real ArduPilot vehicles in the docks of a world of its own (`--ardupilot PATH --drones N`)."""

import asyncio
import contextlib
import logging
import signal
from pathlib import Path

from core.errors import InvalidInput
from sim.sitl.run import posts_of
from sim.sitl.sitl import Sitl
from sim.territory import PER_LINK
from sim.world import World

log = logging.getLogger("sim")


async def serve_real(
    world: World, binary: Path, *, udp: str, speed: float = 1.0, hours: float = 2.0
) -> None:
    """Start one SITL vehicle in each dock; all end after the hours, or with SIGTERM or SIGINT.

    Args:
        binary: an arducopter built for SITL.
        udp: HOST:PORT where a ground station listens.

    Raises:
        InvalidInput: the binary, the address or the number of vehicles is wrong.
        Unavailable: a vehicle did not start.
    """
    host, _, port = udp.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise InvalidInput(f"{udp!r} is no address", where="--udp", remedy="write host:port")
    if len(world.docks) > PER_LINK:
        raise InvalidInput(
            f"{len(world.docks)} real vehicles do not fit on one link",
            where="--drones",
            remedy=f"at most {PER_LINK}",
        )
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    try:
        async with Sitl(binary, posts_of(world), to=(host, int(port)), speed=speed) as sitl:
            log.info("%d ArduPilot vehicles speak to udp %s", len(sitl.vehicles), udp)
            log.info("MAVProxy:        mavproxy.py --master=udpin:%s", udp)
            log.info("QGroundControl:  listens on UDP 14550 by itself")
            log.info("flyonce serve:   FLYONCE_MAVLINK_URL=udpin:%s ./run serve --no-sim", udp)
            await _until_stopped(stopping, sitl, hours * 3600 / speed)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


async def _until_stopped(stopping: asyncio.Event, sitl: Sitl, wall_s: float) -> None:
    """Until told to stop, all vehicles have ended, or the time is over."""
    ends = [asyncio.create_task(e.wait()) for e in (stopping, sitl.all_dead)]
    try:
        await asyncio.wait(ends, timeout=wall_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in ends:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
