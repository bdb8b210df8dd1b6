"""Puts a simulation together, runs it, and leaves a truth file behind."""

import asyncio
import contextlib
import logging
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from pymavlink.dialects.v20 import ardupilotmega as wire

from core.clock import FollowedClock
from core.errors import InvalidInput
from sim import content, truth, world
from sim.clockwork import Clockwork, Pace
from sim.faults import Faults, Mischief
from sim.ground import Ground
from sim.people import People
from sim.scene import Scene
from sim.server import Server
from sim.studio import Studio
from sim.swarm import Swarm
from sim.uplink import Uplink

log = logging.getLogger("sim")

TRUTH_MINUTES = 3
"""Simulated minutes between two truth files."""
DRAIN_S, STOP_S = 20.0, 4.0
"""So long photographs on their way are waited for, at the end and when told to stop."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the command line says."""

    world: Path
    service: str
    seed: int
    host: str = "127.0.0.1"
    port: int = 5790
    udp: str | None = None
    pace: Pace = field(default_factory=Pace)
    truth: Path | None = None
    token: str | None = None
    people: bool = True
    faults: Faults = field(default_factory=Faults)


class Simulation:
    """Everything of one run, ready to go.

    Raises:
        InvalidInput: the world file or the service's address is wrong.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        country = world.load(settings.world, settings.seed)
        if settings.truth is not None and not settings.truth.absolute().parent.is_dir():
            raise InvalidInput(
                "there is no such folder",
                where=f"--truth {settings.truth}",
                remedy="create it or name another file",
            )
        self.swarm = Swarm(country)
        ground = Ground(country)
        self.scene = Scene(country, ground, content.things(country), content.fires(country))
        self._mischief = Mischief(settings.faults, settings.seed)
        self.server = Server(self._from_ground, self._mischief.forwards)
        self.uplink = Uplink(settings.service, settings.token)
        self.clock = FollowedClock(country.start)
        self.clockwork = Clockwork(
            swarm=self.swarm,
            scene=self.scene,
            studio=Studio(self.swarm, self.scene, ground),
            server=self.server,
            uplink=self.uplink,
            clock=self.clock,
            mischief=self._mischief,
            pace=settings.pace,
            on_minute=self._minute,
        )
        self._began = time.monotonic()
        self._minutes = 0

    async def run(self) -> None:
        """Listen, simulate, drain, write the truth.

        Raises:
            Unavailable: the port is in use.
        """
        settings = self._settings
        try:
            await self.server.open_tcp(settings.host, settings.port)
            if settings.udp:
                await self.server.open_udp(settings.udp)
            log.info("%d vehicles on port %d", len(self.swarm.autopilots), self.server.port)
            self._began = time.monotonic()
            await self._simulate()
        finally:
            self._write_truth()
            await asyncio.to_thread(self.uplink.close, self._patience_s())
            await self.server.close()
        self._write_truth()

    async def _simulate(self) -> None:
        settings = self._settings
        people = None
        if settings.people:
            folk = People(self.scene, self.clock, settings.service, settings.token, settings.seed)
            people = asyncio.create_task(folk.live())
        try:
            await self.clockwork.run()
        finally:
            if people is not None:
                people.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await people

    def _patience_s(self) -> float:
        if self.uplink.failing:
            return 1.0
        return STOP_S if self.clockwork.stopping.is_set() else DRAIN_S

    def _from_ground(self, message: object) -> None:
        if self._mischief.link_up():
            if isinstance(message, wire.MAVLink_heartbeat_message):
                self.clockwork.ground_beat()
            self.swarm.receive(message)

    def _minute(self) -> None:
        self._minutes += 1
        now = self.swarm.now_s()
        flying = int(self.swarm.state.flying.sum())
        speed = now / max(0.001, time.monotonic() - self._began)
        log.info(
            "minute %d: %d flying, %d photos, %.1f x real time",
            int(now // 60),
            flying,
            self.uplink.tally.taken,
            speed,
        )
        if self._minutes % TRUTH_MINUTES == 0:
            self._write_truth()

    def _write_truth(self) -> None:
        if self._settings.truth is not None:
            wall = time.monotonic() - self._began
            contents = truth.document(
                self.scene, self.uplink.tally, now_s=self.swarm.now_s(), wall_s=wall
            )
            truth.write(self._settings.truth, contents)


async def serve(settings: Settings) -> None:
    """Run a simulation until its end, or until SIGTERM or SIGINT; both end it cleanly."""
    sys.setswitchinterval(0.001)
    simulation = Simulation(settings)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, simulation.clockwork.stopping.set)
    try:
        await simulation.run()
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
