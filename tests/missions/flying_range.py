"""A control room over our simulator in this process: real protocols, no sockets, no processes."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as wire

from core.clock import FollowedClock
from core.geo import LonLat, offset
from core.route import Route, Waypoint
from core.zones import Zone
from fleet.fleet import Fleet
from fleet.links.link import Receiver
from fleet.links.wire import Wire
from fleet.messages import Message
from imagery.storage import MediaFolder
from missions.entities import Filing, FilingState, Flight, FlightState, Origin, Task, TaskState
from missions.operations.order import answer_filings
from missions.operations.room import ControlRoom, Watchers
from missions.preflight.volumes import volumes_of
from missions.presets import Dock, Preset
from missions.store import MemoryStore, Store
from sim.swarm import Swarm
from sim.world import build

STEP_S = 0.2
A = LonLat(118.55, 28.55)
B = offset(A, 90, 1500)


class SwarmLink:
    """The fleet's end of a swarm: packets go through the real codec on both sides.

    Attributes:
        told: how often each kind of message, and each command, reached the vehicles; it is the
            swarm's own count, so it outlives controllers.
    """

    name = "swarm"

    def __init__(self, swarm: Swarm, told: Counter[str]) -> None:
        self.swarm = swarm
        self.told = told
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
        if self._receiver is None:
            return  # the controller died: what it had not yet sent is gone
        for message in self._theirs.parse_buffer(data) or ():
            kind = message.get_type()
            command = getattr(message, "command", None)
            self.told[f"{kind} {command}" if kind.startswith("COMMAND_") else kind] += 1
            self.swarm.receive(message)

    def hear(self, data: bytes) -> None:
        if self._receiver is not None:
            for packet in self._parser.feed(data):
                self._receiver.packet(packet)

    async def close(self) -> None:
        self._receiver = None


def with_docks(preset: Preset, *places: LonLat, zones: tuple[Zone, ...] = ()) -> Preset:
    """The small city with docks TC-01, TC-02, ... at these places."""
    first = preset.docks[0]
    docks = tuple(
        replace(first, id=f"TC-0{n}", system_id=n, position=place)
        for n, place in enumerate(places, start=1)
    )
    return replace(preset, docks=docks, zones=zones)


def world_of(preset: Preset, autopilot: str | None = None) -> dict[str, Any]:
    """The same city as the simulator wants it."""
    make = {"autopilot": autopilot} if autopilot else {}
    return {
        "start": preset.demo.start.isoformat(),
        "docks": [{**_dock(d, preset), **make} for d in preset.docks],
        "ground": {
            "west": 118.0,
            "south": 28.0,
            "step": 1.0,
            "rows": 3,
            "columns": 3,
            "heights_m": [[0.0] * 3] * 3,
        },
        "places": [],
        "event_types": [],
        "demo": {},
    }


def _dock(dock: Dock, preset: Preset) -> dict[str, Any]:
    return {
        "system_id": dock.system_id,
        "id": dock.id,
        "lon": dock.position.lon,
        "lat": dock.position.lat,
        "vehicle": asdict(preset.kinds[dock.kind]),
    }


class Range:
    """The world runs; controllers come, are killed, and come again over the same records."""

    def __init__(self, preset: Preset, folder: Path, autopilot: str | None = None) -> None:
        self.preset = preset
        self.folder = folder
        self.media = MediaFolder(str(folder / "media"))
        self.swarm = Swarm(build(world_of(preset, autopilot), seed=3), start_s=120.0)
        self.told: Counter[str] = Counter()
        self.records: Store = MemoryStore()
        self.rooms: list[ControlRoom] = []
        self._links: list[SwarmLink] = []
        self.photos: list[Any] = []
        self.armed = self.took_off = 0
        self._was = (False, False)
        self._runner: asyncio.Task[None] | None = None
        self._doing: list[asyncio.Task[Any]] = []

    async def controller(self) -> ControlRoom:
        """A new controller."""
        clock = FollowedClock(self.preset.demo.start)
        watchers = Watchers()
        link = SwarmLink(self.swarm, self.told)
        fleet = Fleet(
            {"main": link}, clock, on_event=watchers.tell, on_time=clock.follow,
            ground=self.preset.heights,
        )  # fmt: skip
        nothing: Any = None
        room = ControlRoom(
            preset=self.preset,
            clock=clock,
            records=self.records,
            media=self.media,
            logs=self.folder / "logs",
            fleet=fleet,
            pool=nothing,
            planning=nothing,
            watchers=watchers,
        )
        await fleet.__aenter__()
        self._links.append(link)
        self.rooms.append(room)
        if self._runner is None:
            self._runner = asyncio.create_task(self._run())
        await fleet.heard([d.address for d in self.preset.docks])
        for dock in self.preset.docks:
            await fleet.vehicle(dock.address).wait_heard()
        return room

    async def kill(self, room: ControlRoom) -> None:
        """As kill -9 does: nothing more is sent, nothing is tidied up."""
        at = self.rooms.index(room)
        self._links[at]._receiver = None
        for task in self._doing:
            task.cancel()
        for task in room._running:
            task.cancel()
        await asyncio.gather(*self._doing, *room._running, return_exceptions=True)
        self._doing.clear()
        await room.fleet.__aexit__(None, None, None)

    def start(self, work: Any) -> asyncio.Task[Any]:
        """Something that a killed controller does not finish."""
        self._doing.append(asyncio.create_task(work))
        return self._doing[-1]

    async def stop(self) -> None:
        for room, link in zip(self.rooms, self._links, strict=True):
            if link.connected:
                await self.kill(room)
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            self.photos += self.swarm.step(STEP_S)
            self._count()
            for data in self.swarm.take_output():
                for link in self._links:
                    link.hear(data)
            for _ in range(12):
                await asyncio.sleep(0)

    def _count(self) -> None:
        """How often the first drone was armed, and left the ground."""
        autopilot = self.swarm.autopilots[0]
        now = (autopilot.armed, autopilot.body.flying)
        self.armed += now[0] and not self._was[0]
        self.took_off += now[1] and not self._was[1]
        self._was = now

    def autopilot(self, n: int = 0) -> Any:
        return self.swarm.autopilots[n]


def a_flight(
    room: ControlRoom,
    *,
    legs: int = 3,
    leg_m: float = 400.0,
    n: int = 1,
    wait_s: float = 30.0,
    name: str = "flt-1",
) -> Flight:
    """A filed flight of photo legs north of the first dock, due now; on record."""
    now = room.now()
    dock = room.preset.docks[n - 1]
    points = [
        Waypoint(
            position=offset(
                offset(dock.position, 0, 200.0 + leg_m * (k // 2 + k % 2)), 90, 80.0 * k
            ),
            height_m=80.0,
            photo_spacing_m=50.0 if k % 2 == 0 else 0.0,
        )
        for k in range(2 * legs)
    ]
    route = Route(tuple(points))
    task = Task(
        id=f"tsk-{name}", day=room.today(), request_ids=(), scenarios=(), departments=("forestry",),
        sensors=(), geometry={"type": "Point", "coordinates": [118.55, 28.55]},
        gsd_m=0.1, earliest=now, latest=now + timedelta(hours=1), priority=3,
    )  # fmt: skip
    flight = Flight(
        id=name, plan_id=None, day=room.today(), origin=Origin.REVISIT, dock=dock.id,
        vehicle=dock.id, system_id=dock.system_id, task_ids=(task.id,), departments=("forestry",),
        priority=3, route=route, start=now + timedelta(seconds=wait_s),
        end=now + timedelta(minutes=10), km=route.length_m / 1000, landing_share=0.6,
        filing_id=f"fil-{name}",
    )  # fmt: skip
    filing = Filing(
        id=f"fil-{name}", day=room.today(), emergency=False, filed_at=now, filed_by="t",
        state=FilingState.APPROVED, volumes=volumes_of((flight,), room.preset),
    )  # fmt: skip
    with room.unit() as unit:
        unit.tasks.add(replace(task, state=TaskState.PLANNED, flight_id=flight.id))
        unit.filings.add(filing)
        unit.flights.add(flight)
    return flight


@asynccontextmanager
async def answered(room: ControlRoom) -> AsyncIterator[None]:
    """The air authority answers meanwhile, as the day's schedule lets it."""

    async def answers() -> None:
        while True:
            answer_filings(room)
            await room.clock.sleep(10)

    task = asyncio.create_task(answers())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def stored(room: ControlRoom, flight_id: str) -> Flight:
    with room.view() as unit:
        return unit.flights.get(flight_id)


async def flying(room: ControlRoom, flight: Flight, photos: int = 0) -> Flight:
    """Wait until it flies and has taken so many photographs."""
    vehicle = room.fleet.vehicle(flight.address)
    for _ in range(400):
        fresh = stored(room, flight.id)
        if fresh.state is FlightState.FLYING and vehicle.state.photos >= photos:
            return fresh
        await room.clock.sleep(1.0)
    with room.view() as unit:
        said = [entry.text for entry in unit.log.find(subject=flight.id)]
    raise AssertionError(f"it did not get there: {stored(room, flight.id).state} {said[-6:]}")
