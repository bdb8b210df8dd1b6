"""A small scripted autopilot on the vehicles' end of a MemoryLink, and a clock that runs."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1]))  # behind the root: the fleet is not tests/fleet
from benchmarks.fleet.param_store import ParamStore
from benchmarks.fleet.plan_store import PlanStore

from core.clock import ManualClock
from core.geo import LonLat
from core.units import from_degrees_e7
from fleet.address import MAIN
from fleet.events import FleetEvent
from fleet.fleet import Fleet
from fleet.links.link import MemoryLink, Receiver
from fleet.messages import (
    CommandAck,
    CommandInt,
    CommandLong,
    ExtendedSysState,
    GlobalPosition,
    Heartbeat,
    Message,
    MissionCurrent,
    MissionItem,
    Packet,
    StatusText,
    SysStatus,
    SystemTime,
)
from fleet.vocabulary import Command

START = datetime(2026, 5, 12, 0, 0, tzinfo=UTC)
HOME = LonLat(118.87, 28.95)
AUTO, GUIDED, RTL, LAND = 3, 4, 6, 9


class ScriptedAutopilot:
    """Answers as ArduCopter does, without physics: height appears when it takes off.

    Tests set the knobs: `refuse` (command -> MAV_RESULT), `deaf` (commands never acknowledged),
    `reject_item` (seq -> MAV_MISSION_RESULT), `corrupt` (changes an item as it is stored),
    `silent` (sends nothing at all), `undo_mode` (accepts modes and does not change).
    """

    def __init__(self, system_id: int, wire: MemoryLink, clock: ManualClock) -> None:
        self.system_id = system_id
        self.wire = wire
        self.clock = clock
        self.mode = GUIDED
        self.armed = False
        self.height_m = 0.0
        self.position = HOME
        self.seq = 0
        self.parameters = ParamStore(self.say)
        self._store = PlanStore(
            lambda message, partner: self.say(message),
            refuse=self._refusal,
            corrupt=lambda item: self.corrupt(item),
        )
        self.ready = True
        self.battery = 0.9
        self.status = 3
        self.silent = False
        self.undo_mode = False
        self.refuse: dict[int, int] = {}
        self.deaf: set[int] = set()
        self.progress: dict[int, int] = {}
        self.reject_item: dict[int, int] = {}
        self.corrupt: Callable[[MissionItem], MissionItem] = lambda item: item
        self.received: list[Message] = []
        self.intervals: dict[int, float] = {}

    def say(self, message: Message) -> None:
        if not self.silent:
            self.wire.send(message, 255, sender=self.system_id)

    def tick(self) -> None:
        """What it reports twice a second."""
        self.say(SystemTime(utc=self.clock.now(), boot_s=1.0))
        self.say(
            Heartbeat(
                kind=2,
                autopilot=3,
                base_mode=1 | (128 if self.armed else 0),
                custom_mode=self.mode,
                system_status=4 if self.armed else self.status,
            )
        )
        self.say(SysStatus(battery=self.battery, voltage_v=24.0, current_a=1.0, ready=self.ready))
        self.say(
            GlobalPosition(
                boot_s=1.0,
                position=self.position,
                altitude_m=70 + self.height_m,
                height_m=self.height_m,
                north_mps=0.0,
                east_mps=0.0,
                down_mps=0.0,
                heading_deg=0.0,
            )
        )
        self.say(ExtendedSysState(landed=self.height_m <= 0))
        total = max(0, len(self.items) - 1)
        self.say(MissionCurrent(seq=self.seq, total=total, state=3 if self.armed else 2))
        self._store.tick(self._now_s())

    def handle(self, message: Message) -> None:
        """React to one message addressed to it."""
        self.received.append(message)
        if isinstance(message, CommandLong | CommandInt):
            self._command(message)
        else:
            self._store.receive(message, 255, self._now_s())
            self.parameters.receive(message)

    @property
    def items(self) -> list[MissionItem]:
        """The stored mission."""
        return self._store.stores[0]

    @items.setter
    def items(self, items: list[MissionItem]) -> None:
        self._store.stores[0] = items

    @property
    def stores(self) -> dict[int, list[MissionItem]]:
        """Mission, fence and rally points as stored."""
        return self._store.stores

    def _now_s(self) -> float:
        return (self.clock.now() - START).total_seconds()

    def _refusal(self, item: MissionItem) -> int:
        return self.reject_item.get(item.seq, 0) if item.mission_type == 0 else 0

    def _command(self, message: CommandLong | CommandInt) -> None:
        command = message.command
        if command in self.deaf:
            return
        for _ in range(self.progress.pop(command, 0)):
            self.say(CommandAck(command=command, result=5, progress=10))
        result = self.refuse.get(command, 0)
        if result == 0:
            self._obey(command, message.params)
            if isinstance(message, CommandInt) and command == Command.DO_REPOSITION:
                self.mode = GUIDED
                self.position = LonLat(from_degrees_e7(message.y), from_degrees_e7(message.x))
        self.say(CommandAck(command=command, result=result))
        if result == 4 and command == Command.ARM_DISARM:
            self.say(StatusText(severity=2, text="PreArm: Compass not calibrated"))

    def _obey(self, command: int, params: tuple[float, ...]) -> None:
        if command == Command.DO_SET_MODE and not self.undo_mode:
            self.mode = int(params[1])
        elif command == Command.ARM_DISARM:
            self.armed = bool(params[0])
        elif command == Command.MISSION_START:
            self.mode, self.height_m, self.seq = AUTO, 30.0, 2
        elif command == Command.DO_SET_MISSION_CURRENT:
            self.seq = int(params[0])
        elif command == Command.SET_MESSAGE_INTERVAL:
            self.intervals[int(params[0])] = params[1]


class Range:
    """A test range: clock, link, scripted vehicles, fleet, and the events that came."""

    def __init__(self, clock: ManualClock, ground: MemoryLink, air: MemoryLink) -> None:
        self.clock = clock
        self.ground = ground
        self.air = air
        self.autopilots: dict[int, ScriptedAutopilot] = {}
        self.events: list[FleetEvent] = []
        self.fleet = Fleet({MAIN: ground}, clock, on_event=self.events.append)
        self._runner: asyncio.Task[None] | None = None

    def add(self, system_id: int) -> ScriptedAutopilot:
        autopilot = ScriptedAutopilot(system_id, self.air, self.clock)
        self.autopilots[system_id] = autopilot
        return autopilot

    def of(self, kind: type) -> list[FleetEvent]:
        return [e for e in self.events if isinstance(e, kind)]

    async def start(self) -> None:
        await self.air.open(Receiver(self._packet))
        await self.fleet.__aenter__()
        self._runner = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)
        await self.fleet.__aexit__(None, None, None)
        await self.air.close()

    def _packet(self, packet: Packet) -> None:
        if packet.target:
            autopilot = self.autopilots.get(packet.target)
            if autopilot is not None and not autopilot.silent:
                autopilot.handle(packet.message)

    async def _run(self) -> None:
        while True:
            self.clock.advance(0.5)
            for autopilot in self.autopilots.values():
                autopilot.tick()
            for _ in range(60):
                await asyncio.sleep(0)


@pytest.fixture
async def make_range() -> AsyncIterator[Callable[..., Range]]:
    """Makes test ranges (keyword arguments: loss, duplication, reordering, seed)."""
    made: list[Range] = []

    def make(**chances: float) -> Range:
        ground, air = MemoryLink.pair(**chances)  # type: ignore[arg-type]
        made.append(Range(ManualClock(START), ground, air))
        return made[-1]

    yield make
    for each in made:
        await each.stop()
