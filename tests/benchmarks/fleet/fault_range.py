"""The service over the simulator in one process: real protocols both ways, no sockets, lock step.

What a step of the world brings about is answered before the next one, so that a case runs as fast
as the machine can and ends the same every time. The service's clock is the world's, as a computer's
clock is right whatever a vehicle says of the time.
"""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as wire

from benchmarks.fleet.fault_city import ALTERNATE, START, WORKSHOP, at, city, world_of
from benchmarks.fleet.fault_truth import Witness, foreign_on
from core.clock import Clock, FollowedClock
from fleet.docks.dock_messages import Answer, read_answer
from fleet.docks.dock_remote import RemoteDock
from fleet.docks.dockyard import Dockyard
from fleet.fleet import Fleet
from fleet.links.link import Receiver
from fleet.links.wire import Wire
from fleet.messages import Message
from imagery.catalog import Medium
from imagery.storage import MediaFolder
from missions.operations import docking, examine
from missions.operations.dispatch import Dispatcher
from missions.operations.orders import kept_book
from missions.operations.room import ControlRoom, Watchers
from missions.store import MemoryStore, Store
from sim.autopilot import failsafe
from sim.autopilot.shutter import Photo
from sim.dock import Dock
from sim.docks import Docks, Site
from sim.faults import Fault, Phase
from sim.pads import EMPTY
from sim.swarm import Swarm
from sim.world import build

STEP_S = 0.25
TURNS = 10
"""Turns of the event loop after a step: to hear, decide, send and be heard."""
DOCK_STEP_S = 1.0
POLL_S = 2.0
"""How often docks are asked for their state, as `fleet.docks.dock_http` asks them."""
DELIVERY_S = 4.0
"""A photograph is with the service so long after it was taken."""


class SwarmLink:
    """The fleet's end of a swarm: packets go through the real codec on both sides."""

    name = "swarm"

    def __init__(self, swarm: Swarm) -> None:
        self._swarm = swarm
        self.wire = Wire()
        self._parser = self.wire.parser()
        self._theirs = wire.MAVLink(None)
        self._receiver: Receiver | None = None

    @property
    def connected(self) -> bool:
        return self._receiver is not None

    async def open(self, receiver: Receiver) -> None:
        self._receiver = receiver
        receiver.changed(True)

    def send(self, message: Message, to: int = 0) -> None:
        for _, data in self.wire.outgoing(message, to):
            asyncio.get_running_loop().call_soon(self._arrive, data)

    def _arrive(self, data: bytes) -> None:
        for message in self._theirs.parse_buffer(data) or ():
            self._swarm.receive(message)

    def hear(self, data: bytes) -> None:
        if self._receiver is not None:
            for packet in self._parser.feed(data):
                self._receiver.packet(packet)

    async def close(self) -> None:
        self._receiver = None


class NearDock(RemoteDock):
    """A simulated dock whose messages need no wire; they are JSON all the same."""

    def __init__(self, dock: Dock, docks: Docks, clock: Clock) -> None:
        super().__init__(dock.id, clock)
        self._dock, self._docks = dock, docks

    async def start(self) -> None:
        self.tell()

    async def stop(self) -> None:
        """Nothing is held."""

    async def send(self, message: dict[str, Any]) -> Answer:
        if self._dock.silent:
            raise ConnectionError("it is not heard")
        return read_answer(self._dock.obey(json.loads(json.dumps(message)), self._docks.now_s))

    async def ask(self) -> None:
        self.tell()

    def tell(self) -> None:
        if not self._dock.silent:
            self.received(json.loads(json.dumps(self._dock.message(self._docks.now_s))))


class Inline(ThreadPoolExecutor):
    """Does the work where it is asked for: no simulated time passes meanwhile."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> "Future[Any]":
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - handed on to whoever waits
            done.set_exception(error)
        return done


class Range:
    """A city, its simulated drones and docks, and the service.

    Args:
        fault: what goes wrong; None for nothing.
        phase: weather strikes once the first drone is in this one; None: as the fault says.
    """

    def __init__(self, folder: Path, seed: int, fault: Fault | None, phase: Phase | None) -> None:
        self.preset = city()
        faults = (fault,) if fault is not None and phase is None else ()
        self.swarm = Swarm(build(world_of(self.preset), seed), faults=faults, booted=True)
        _to_the_workshop(self.swarm)
        self._pending = (fault, phase) if fault is not None and phase is not None else None
        self.docks = _docks(self.swarm)
        self.witness = Witness(self.swarm, self.preset.zones, foreign_on(self.swarm))
        self.clock = FollowedClock(START)
        self.records: Store = MemoryStore()
        self._link = SwarmLink(self.swarm)
        self._inline = Inline(1)
        self._late: list[tuple[float, Photo]] = []
        watchers = Watchers()
        book = kept_book(self.records, self.clock, self.preset.docks)
        self.fleet = Fleet(
            {"main": self._link}, self.clock, on_event=watchers.tell,
            ground=self.preset.heights, orders=book,
        )  # fmt: skip
        self.near = [NearDock(d, self.docks, self.clock) for d in self.docks.docks.values()]
        yard = Dockyard(self.near, self.clock, lambda event: docking.heard(self.room, event))
        media = MediaFolder(str(folder / "media"))
        self.room = ControlRoom(
            preset=self.preset, clock=self.clock, records=self.records, media=media,
            logs=folder / "logs", fleet=self.fleet, pool=self._inline, planning=self._inline,
            watchers=watchers, docks=yard,
        )  # fmt: skip
        examine._bench = examine.Workbench(
            cameras={}, heights=self.preset.heights, rules={}, anywhere=frozenset(), media=media,
            quality=examine.load_quality(),
        )  # fmt: skip
        self._background: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Range":
        failsafe.LEAST_WALL_S = 0.0  # in lock step no ground station hiccups
        asyncio.get_running_loop().set_default_executor(self._inline)
        await self.fleet.__aenter__()
        await self.room.docks.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self.room.close()
        await self.room.docks.__aexit__(None, None, None)
        await self.fleet.__aexit__(None, None, None)
        self._inline.shutdown(wait=False)

    def dispatch(self) -> None:
        """From now on flights begin at their time, as on a running day."""
        self._background = [
            asyncio.create_task(Dispatcher(self.room).run(), name="dispatch"),
            asyncio.create_task(self.room.helms.watch(), name="helms"),
        ]

    async def run(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Let so much time pass, or less; whether what was waited for came."""
        end = self.swarm.now_s() + seconds
        while self.swarm.now_s() < end:
            if until():
                return True
            await self._step()
        return until()

    async def _step(self) -> None:
        photos = self.swarm.step(STEP_S)
        now = self.swarm.now_s()
        self.clock.follow(START + timedelta(seconds=now))
        for photo in photos:
            self.witness.seen[photo.vehicle].photos += 1
            if not self.swarm.troubles.loses_photo(photo.vehicle):
                self._late.append((now + DELIVERY_S, photo))
        self._step_docks(now)
        self.witness.look()
        self._strike(now)
        self._deliver(now)
        for data in self.swarm.take_output():
            self._link.hear(data)
        for _ in range(TURNS):
            await asyncio.sleep(0)

    def _step_docks(self, now: float) -> None:
        steps = round(now / STEP_S)
        if steps % round(DOCK_STEP_S / STEP_S) == 0:
            self.docks.step(now, self.swarm.state)
            self.swarm.pads.chargers[:] = self.docks.chargers()
        if steps % round(POLL_S / STEP_S) == 0:
            for dock in self.near:
                dock.tell()

    def _strike(self, now: float) -> None:
        """Weather has no phase of its own in `sim.faults`: it begins when the drone's does."""
        if self._pending is None or self.witness.phases[-1][1] is not self._pending[1]:
            return
        fault, self._pending = self._pending[0], None
        self.swarm.strike(
            Fault(
                kind=fault.kind, amount=fault.amount, from_s=now + fault.from_s,
                to_s=now + fault.to_s,
            )
        )  # fmt: skip

    def _deliver(self, now: float) -> None:
        """Photographs reach the records; what the intake would do with pictures is left out."""
        while self._late and self._late[0][0] <= now:
            photo = self._late.pop(0)[1]
            vehicle = self.preset.docks[photo.vehicle].id
            flight = self.room.latest_flight.get(vehicle)
            key = f"{vehicle}-{photo.number}"
            with self.room.unit() as unit:
                unit.media.add(
                    Medium(
                        id=f"med-{key}", sha256=f"{key:>064}", key=key, size_bytes=1,
                        received_at=self.room.now(), taken_at=self.room.now(), vehicle=vehicle,
                        flight=flight, camera=photo.camera.id, sensor=photo.camera.sensor,
                        position=None, altitude_m=photo.altitude_m, department="forestry",
                    )
                )  # fmt: skip


def _to_the_workshop(swarm: Swarm) -> None:
    """The alternate's own drone is away, its pad free."""
    place, state = at(*WORKSHOP), swarm.state
    for lon, lat in ((state.lon, state.lat), (swarm.commands.to_lon, swarm.commands.to_lat)):
        lon[ALTERNATE], lat[ALTERNATE] = place.lon, place.lat
    swarm.pads.of_vehicle[ALTERNATE] = swarm.pads.occupants[ALTERNATE] = EMPTY


def _docks(swarm: Swarm) -> Docks:
    state, world = swarm.state, swarm.world
    sites = [
        Site(id=d.id, lon=d.position.lon, lat=d.position.lat, altitude_m=float(height))
        for d, height in zip(world.docks, state.altitude_m, strict=True)
    ]
    return Docks(sites, world, world.seed, swarm.troubles.at_dock)
