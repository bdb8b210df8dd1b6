"""Puts a simulation together as a process runs it, and leaves a truth file behind."""

import asyncio
import logging
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pymavlink.dialects.v20 import ardupilotmega as wire

from core.clock import FollowedClock
from core.errors import InvalidInput
from sim.cameras import Cameras, Counted
from sim.chronicle import Chronicle
from sim.clockwork import Clockwork, Pace
from sim.docks import Docks, Site
from sim.faults import Fault
from sim.guide import how_to_connect
from sim.server import Server
from sim.swarm import Swarm
from sim.world import World

if TYPE_CHECKING:
    from sim.dock_server import DockServer

log = logging.getLogger("sim")

TRUTH_MINUTES = 3
"""Simulated minutes between two truth files."""
DRAIN_S, STOP_S = 20.0, 4.0
"""So long photographs on their way are waited for, at the end and when told to stop."""
DOCK_STEP_S = 1.0
"""Docks move their doors and look at their pads once in a simulated second."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the command line says.

    Attributes:
        service: to which photographs are sent; None only counts them.
        port: of the first link; further links take the ports after it; 0 takes any.
        udp: HOST:PORT of a ground station that listens there.
        docks: port of the docks' own HTTP interface; None leaves it closed.
        booted: the vehicles are ready at once.
    """

    world: World
    service: str | None = None
    seed: int = 7
    host: str = "127.0.0.1"
    port: int = 5790
    udp: str | None = None
    docks: int | None = None
    pace: Pace = field(default_factory=Pace)
    truth: Path | None = None
    token: str | None = None
    people: bool = True
    faults: tuple[Fault, ...] = ()
    booted: bool = False


class Run:
    """Everything of one run, ready to go.

    Raises:
        InvalidInput: the service's address, a fault's target or the truth's folder is wrong.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        country = settings.world
        if settings.truth is not None and not settings.truth.absolute().parent.is_dir():
            raise InvalidInput(
                "there is no such folder",
                where=f"--truth {settings.truth}",
                remedy="create it or name another file",
            )
        self.swarm = Swarm(country, faults=settings.faults, booted=settings.booted)
        self.server = Server(
            self._from_ground, self.swarm.links, tuple(d.link for d in country.docks)
        )
        self.clock = FollowedClock(country.start)
        self.cameras = self._cameras()
        self.docks = _docks(self.swarm)
        self._dock_server: DockServer | None = None
        self._docked_s = 0.0
        self.chronicle = Chronicle(self.swarm)
        self.clockwork = Clockwork(
            swarm=self.swarm,
            cameras=self.cameras,
            server=self.server,
            clock=self.clock,
            pace=settings.pace,
            chronicle=self.chronicle,
            each_step=self._each_step,
            on_minute=self._minute,
        )
        self._began = time.monotonic()

    async def run(self) -> None:
        """Listen, simulate, drain, write the truth.

        Raises:
            Unavailable: a port is in use.
        """
        try:
            await self._open()
            self._began = time.monotonic()
            await self.cameras.open()
            await self.clockwork.run()
        finally:
            self._write_truth()
            await self.cameras.close(self._patience_s())
            await self.server.close()
            if self._dock_server is not None:
                await self._dock_server.close()
        self._write_truth()
        log.info("it ends after %.0f simulated s: %s", self.swarm.now_s(), self.chronicle.summary())

    async def _open(self) -> None:
        settings = self._settings
        await self.server.open(settings.host, settings.port)
        if settings.udp:
            await self.server.send_to(settings.udp)
        if settings.docks is not None:
            from sim.dock_server import DockServer  # loads a web server

            here = settings.host in ("127.0.0.1", "::1", "localhost")
            self._dock_server = DockServer(self.docks, token=None if here else settings.token)
            await self._dock_server.open(settings.host, settings.docks)
        log.info("%d vehicles on port %d", len(self.swarm.autopilots), self.server.port)
        url = None if self._dock_server is None else self._dock_server.url
        for line in how_to_connect(self.server.addresses, udp=settings.udp, docks=url):
            log.info("%s", line)

    def _cameras(self) -> Cameras:
        settings = self._settings
        if settings.service is None:
            return Counted()
        from sim.delivery import Delivered  # loads what draws pictures

        return Delivered(
            self.swarm,
            self.clock,
            settings.service,
            token=settings.token,
            seed=settings.seed,
            people=settings.people,
        )

    def _patience_s(self) -> float:
        if self.cameras.failing:
            return 1.0
        return STOP_S if self.clockwork.stopping.is_set() else DRAIN_S

    def _from_ground(self, message: wire.MAVLink_message, link: str) -> None:
        if isinstance(message, wire.MAVLink_heartbeat_message):
            self.clockwork.ground_beat()
        self.swarm.receive(message, link)

    def _each_step(self, now_s: float) -> None:
        """Docks follow what stands in them; only those that are served decide on their chargers."""
        if self._dock_server is not None and now_s - self._docked_s >= DOCK_STEP_S - 1e-9:
            self._docked_s = now_s
            self.docks.step(now_s, self.swarm.state)
            self.swarm.pads.chargers[:] = self.docks.chargers()

    def _minute(self) -> None:
        if self.chronicle.minutes % TRUTH_MINUTES == 0:
            self._write_truth()

    def _write_truth(self) -> None:
        if self._settings.truth is not None:
            wall_s = time.monotonic() - self._began
            self.cameras.tell(self._settings.truth, now_s=self.swarm.now_s(), wall_s=wall_s)


def _docks(swarm: Swarm) -> Docks:
    state, world = swarm.state, swarm.world
    sites = [
        Site(id=d.id, lon=d.position.lon, lat=d.position.lat, altitude_m=float(height))
        for d, height in zip(world.docks, state.altitude_m, strict=True)
    ]
    return Docks(sites, world, world.seed, swarm.troubles.at_dock)


async def serve(settings: Settings) -> None:
    """Run a simulation until its end, or until SIGTERM or SIGINT; both end it cleanly."""
    sys.setswitchinterval(0.001)
    run = Run(settings)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, run.clockwork.stopping.set)
    try:
        await run.run()
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
