"""Simulated vehicles inside a Python program, in lock step: time passes only when you say so.

    async with simulate(drones=3, seed=1, booted=True) as simulation:
        fleet = Fleet({"main": connect(simulation.addresses["main"])}, clock, ...)
        await simulation.run_for(30)
        simulation.strike(Fault(kind=Kind.GPS_DRIFT, vehicle="SIM-002"))
        await simulation.run_until(lambda: not simulation.swarm.state.flying.any())

Clients in the same event loop get their turn after every step, over TCP, UDP or `connect`; what
they answer arrives before the next step, so that the same program gives the same run.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from pymavlink.dialects.v20 import ardupilotmega as wire

from sim import faultfile, territory
from sim import world as worlds
from sim.autopilot.shutter import Photo
from sim.faults import Fault
from sim.peers import FULL_BYTES, PATIENCE_S, Reader
from sim.server import Server
from sim.swarm import Swarm
from sim.world import World

STEP_S = 0.1
TURNS = 6
"""Turns of the event loop after a step: to read, to wake whoever waited, to answer, to be heard."""
WAIT_S = 0.001
"""A client that reads too slowly is waited for in such pieces, `PATIENCE_S` in all."""


class Pipe:
    """A client of one link without a socket."""

    def __init__(self, receive: Callable[[bytes], None], reader: Reader) -> None:
        self.receive, self._reader = receive, reader

    def send(self, data: bytes) -> None:
        """Bytes from the ground station to the vehicles; may be anything."""
        self._reader.feed(data)


class Simulation:
    """Vehicles in lock step; an async context manager that serves MAVLink meanwhile.

    Args:
        drones, kind, autopilot: of a world of its own (`sim.territory.made`).
        world: a world, or a WORLD.json, instead.
        faults: what goes wrong, or a JSON file of it.
        booted: the vehicles may arm at once; otherwise they need 42 s first, as real ones do.
        port: of the first link; 0 takes any.

    Attributes:
        photos: all that were taken so far.

    Raises:
        InvalidInput: the world, a fault or an option is wrong.
        Unavailable: on entry; the port is in use.
    """

    def __init__(
        self,
        drones: int = 1,
        *,
        seed: int = 7,
        kind: str = "multirotor",
        autopilot: str = "ardupilot",
        world: World | Path | None = None,
        faults: Sequence[Fault] | Path = (),
        booted: bool = False,
        host: str = "127.0.0.1",
        port: int = 0,
        step_s: float = STEP_S,
    ) -> None:
        if world is None:
            world = territory.made(drones, seed, kind=kind, autopilot=autopilot)
        elif isinstance(world, Path):
            world = worlds.load(world, seed)
        listed = faultfile.load(faults) if isinstance(faults, Path) else tuple(faults)
        self.swarm = Swarm(world, faults=listed, booted=booted)
        self._server = Server(
            self.swarm.receive, self.swarm.links, tuple(d.link for d in world.docks)
        )
        self._at, self._step_s = (host, port), step_s
        self._pipes: list[tuple[str, Pipe]] = []
        self.photos: list[Photo] = []

    async def __aenter__(self) -> Self:
        await self._server.open(*self._at)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._server.close()

    @property
    def now_s(self) -> float:
        """Simulated seconds since the start."""
        return self.swarm.now_s()

    @property
    def addresses(self) -> dict[str, str]:
        """How to reach each link: name to tcp:HOST:PORT; the same port serves UDP."""
        return self._server.addresses

    def strike(self, *faults: Fault) -> None:
        """Arm faults now; their seconds still count from the start of the simulation.

        Raises:
            InvalidInput: one names no vehicle or dock of this world.
        """
        for fault in faults:
            self.swarm.strike(fault)

    def connect(self, receive: Callable[[bytes], None], link: str | None = None) -> Pipe:
        """A client without a socket: `receive` is given the link's bytes after every step."""
        name = link or self.swarm.links[0]

        def take(message: wire.MAVLink_message) -> None:
            self.swarm.receive(message, name)

        pipe = Pipe(receive, Reader(take))
        self._pipes.append((name, pipe))
        return pipe

    async def run_for(self, seconds: float) -> None:
        """Let so many simulated seconds pass."""
        end = self.now_s + seconds
        while self.now_s < end - 1e-9:
            await self._step(min(self._step_s, end - self.now_s))

    async def run_until(self, done: Callable[[], bool], limit_s: float = 3600.0) -> None:
        """Let time pass until something is so.

        Raises:
            TimeoutError: it was not within so many simulated seconds.
        """
        end = self.now_s + limit_s
        while not done():
            if self.now_s >= end:
                raise TimeoutError(f"it did not happen within {limit_s:g} simulated s")
            await self._step(self._step_s)

    async def _step(self, dt_s: float) -> None:
        self.photos += self.swarm.step(dt_s)
        self._hand_out(self.swarm.take_packets())
        for _ in range(TURNS):
            await asyncio.sleep(0)
        for _ in range(round(PATIENCE_S / WAIT_S)):
            if not self._behind():
                break
            await asyncio.sleep(WAIT_S)

    def _hand_out(self, packets: list[tuple[int, bytes]]) -> None:
        self._server.send(packets)
        docks = self.swarm.world.docks
        for link, pipe in self._pipes:
            mine = b"".join(p for index, p in packets if docks[index].link == link)
            if mine:
                pipe.receive(mine)

    def _behind(self) -> bool:
        return any(port.unsent_bytes > FULL_BYTES for port in self._server.ports.values())


simulate = Simulation
"""Reads well after ``async with``."""
