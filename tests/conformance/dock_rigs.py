"""Docks with their far ends: what each carrier connects to, and how something goes wrong there."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiomqtt
import mqtt_broker
import numpy as np

from core.clock import ManualClock
from fleet.docks import dock_http
from fleet.docks.dock import Dock
from fleet.docks.dock_http import HttpSite
from fleet.docks.dock_memory import Box, MemoryDock
from fleet.docks.dock_mqtt import MqttSite
from sim.dock import Dock as SimDock
from sim.dock import Visitor
from sim.dock_server import DockServer
from sim.docks import Docks, Site
from sim.vehicle import State

START = datetime(2026, 5, 12, tzinfo=UTC)
NAME = "T-1"
PACE_S, TICK_S = 1.0, 0.01
"""Every hundredth of a second the clock moves on by a second: a hundred times real time."""


class Calm:
    def wind(self, seconds: float) -> tuple[float, float, float]:
        return 3.0, 90.0, 0.5

    def rain_mm_h(self, seconds: float) -> float:
        return 1.0

    def air_celsius(self, seconds: float) -> float:
        return 20.0


@dataclass
class Rig:
    """A dock under test and its far end."""

    dock: Dock
    clock: ManualClock
    trouble: Callable[[str, bool], None]
    """Let a fault begin or end."""
    stands: Callable[[str], None]
    """Put a vehicle on the pad: its name, "?" for a stranger, "" for nobody."""

    def now_s(self) -> float:
        return (self.clock.now() - START).total_seconds()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not holds():  # noqa: ASYNC110 - the clock ticks as often
                await asyncio.sleep(TICK_S)

    async def heard(self) -> None:
        await self.until(lambda: self.dock.state().fresh(self.clock.now()))


class FarEnd:
    """The simulated dock behind a wire, with its own troubles."""

    def __init__(self) -> None:
        self.troubles: set[str] = set()
        self.who = NAME
        self.docks = Docks([Site(NAME, 118.5, 28.8, 0.0)], Calm(), 7, self._wrong)
        self.docks._visitors = self._visitors  # type: ignore[method-assign]
        self.step(0.0)

    @property
    def dock(self) -> SimDock:
        return self.docks.docks[NAME]

    def _wrong(self, dock: str) -> frozenset[str]:
        foreign = {"dock-occupied"} if self.who == "?" else set()
        return frozenset(self.troubles | foreign)

    def _visitors(self, state: Any) -> dict[str, Visitor]:
        return {NAME: Visitor(self.who, 0.5, False)} if self.who not in ("", "?") else {}

    def step(self, now_s: float) -> None:
        zero = np.zeros(0)
        self.docks.step(now_s, State.parked(zero, zero, zero))

    def trouble(self, kind: str, on: bool) -> None:
        (self.troubles.add if on else self.troubles.discard)(kind)

    def stands(self, who: str) -> None:
        self.who = who


class Firmware:
    """A dock that speaks MQTT: publishes what the simulated dock says, hands commands to it."""

    def __init__(self, far: FarEnd, port: int, **options: Any) -> None:
        self.far = far
        self.options = {"hostname": "127.0.0.1", "port": port, **options}
        self.prefix = f"flyonce/docks/{NAME}"
        self.told = -1

    async def run(self) -> None:
        will = aiomqtt.Will(f"{self.prefix}/online", b"0", 1, True)
        while True:
            with contextlib.suppress(aiomqtt.MqttError):
                async with aiomqtt.Client(**self.options, will=will) as client:
                    await client.publish(f"{self.prefix}/online", b"1", qos=1, retain=True)
                    await client.subscribe(f"{self.prefix}/command", qos=1)
                    talking = asyncio.create_task(self._talk(client))
                    try:
                        async for message in client.messages:
                            await self._command(client, message)
                    finally:
                        talking.cancel()
                        await asyncio.gather(talking, return_exceptions=True)
            await asyncio.sleep(0.05)

    async def _talk(self, client: aiomqtt.Client) -> None:
        while True:
            body = self.far.dock.message(self.far.docks.now_s)
            if body["seq"] != self.told and not self.far.dock.silent:
                self.told = body["seq"]
                await client.publish(f"{self.prefix}/state", json.dumps(body), qos=1, retain=True)
            await asyncio.sleep(TICK_S)

    async def _command(self, client: aiomqtt.Client, message: aiomqtt.Message) -> None:
        if self.far.dock.silent:
            return
        answer = self.far.dock.obey(json.loads(str(message.payload, "utf-8")), self.far.docks.now_s)
        await client.publish(f"{self.prefix}/answer", json.dumps(answer), qos=1)


@asynccontextmanager
async def ticking(clock: ManualClock, step: Callable[[float], None]) -> AsyncIterator[None]:
    async def tick() -> None:
        while True:
            await asyncio.sleep(TICK_S)
            clock.advance(PACE_S)
            step((clock.now() - START).total_seconds())

    async with running(tick()):
        yield


@asynccontextmanager
async def running(work: Any) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def rig(kind: str) -> AsyncIterator[Rig]:
    clock = ManualClock(START)
    async with AsyncExitStack() as stack:
        if kind == "memory":
            made = _memory(clock)
            await stack.enter_async_context(ticking(clock, lambda now_s: None))
        else:
            far = FarEnd()
            await stack.enter_async_context(ticking(clock, far.step))
            dock = await (_http if kind == "http" else _mqtt)(stack, far, clock)
            made = Rig(dock, clock, far.trouble, far.stands)
        await made.dock.start()
        try:
            yield made
        finally:
            await made.dock.stop()


async def _http(stack: AsyncExitStack, far: FarEnd, clock: ManualClock) -> Dock:
    server = DockServer(far.docks, token="secret")
    await server.open("127.0.0.1", 0)
    stack.push_async_callback(server.close)
    dock_http.LEAST_WALL_S = 0.05  # so fast a clock wants it asked more often
    return HttpSite(server.url, clock, token="secret").dock(NAME)


async def _mqtt(stack: AsyncExitStack, far: FarEnd, clock: ManualClock) -> Dock:
    broker = mqtt_broker.Broker(password="secret")
    await broker.start()
    stack.push_async_callback(broker.stop)
    firmware = Firmware(far, broker.port, username=NAME, password="secret")
    await stack.enter_async_context(running(firmware.run()))
    return MqttSite(f"mqtt://service:secret@127.0.0.1:{broker.port}", clock).dock(NAME)


def _memory(clock: ManualClock) -> Rig:
    station = dict(Box().weather or {}, wind_mps=3.0, rain_mmph=1.0)
    dock = MemoryDock(NAME, clock, Box(occupant=NAME, weather=station))
    switches = {"door-stuck": "stuck", "charger-dead": "charger_dead", "emergency-stop": "stopped"}

    def trouble(kind: str, on: bool) -> None:
        if kind == "dock-silent":
            dock.silent = on
        elif kind == "weather-dead":
            dock.change(lambda box: setattr(box, "weather", None if on else station))
        else:
            dock.change(lambda box: setattr(box, switches[kind], on))

    return Rig(dock, clock, trouble, lambda who: dock.change(lambda b: setattr(b, "occupant", who)))
