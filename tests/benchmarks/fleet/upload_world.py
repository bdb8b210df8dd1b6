"""A world in which uploads go wrong: a bad network, a vehicle that loses power, a controller that
is killed, another ground station at work. Seeded, in its own time, without sockets.

The controller is the product's own (`uploads.onboard`, the gate, the custody); only the way and the
other end are made here. Time is a `ManualClock` that jumps to the next thing that happens.
"""

import asyncio
import heapq
import itertools
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from benchmarks.fleet.plan_store import FENCE, MISSION, RALLY, PlanStore
from core.clock import ManualClock, within
from fleet.address import MAIN, Address
from fleet.autopilots import ArduCopter
from fleet.channel import Channel
from fleet.helm import Helm
from fleet.messages import Message, MissionCurrent, SystemTime
from fleet.plans.flightplan import FlightPlan
from fleet.plans.proof import Proof
from fleet.setup.failsafes import Failsafes
from fleet.state import VehicleState, update
from fleet.uploads.gate import Gate
from fleet.uploads.onboard import OnBoard
from fleet.vocabulary import MissionType

START = datetime(2026, 5, 12, tzinfo=UTC)
OURS, OTHERS = 255, 250
TELEMETRY_S = 1.0
TICK_S = 0.5


@dataclass(frozen=True, kw_only=True)
class Weather:
    """How bad it is: shares of packets lost, doubled and late, and how late the latest are."""

    loss: float
    duplication: float
    reordering: float
    latest_s: float


@dataclass
class Timeline:
    """What happens when, on one clock."""

    clock: ManualClock = field(default_factory=lambda: ManualClock(START))
    _due: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _order: "itertools.count[int]" = field(default_factory=itertools.count)

    @property
    def now_s(self) -> float:
        return (self.clock.now() - START).total_seconds()

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self.now_s + seconds, next(self._order), act))

    async def run(self, work: Coroutine[Any, Any, None], *, until_s: float = 3600.0) -> None:
        """Let things happen until ``work`` is done."""
        loop = asyncio.get_running_loop()
        task = asyncio.ensure_future(work)
        while True:
            while loop._ready:  # type: ignore[attr-defined]  # noqa: ASYNC110 - nothing to wait for
                await asyncio.sleep(0)
            if task.done():
                break
            if self.now_s > until_s:
                task.cancel()
                raise AssertionError("it never ends")
            self._step()
        task.result()

    def _step(self) -> None:
        sleepers = self.clock._waiting
        due_s = self._due[0][0] if self._due else float("inf")
        asleep_s = (sleepers[0][0] - START).total_seconds() if sleepers else float("inf")
        if due_s <= asleep_s:
            _, _, act = heapq.heappop(self._due)
            self.clock.advance(max(0.0, due_s - self.now_s))
            act()
        else:
            self.clock.advance(max(1e-6, asleep_s - self.now_s))


class Air:
    """Between the ground stations and the vehicle."""

    def __init__(self, timeline: Timeline, rng: random.Random, weather: Weather) -> None:
        self._timeline, self._rng, self._weather = timeline, rng, weather

    def carry(self, deliver: Callable[[], None]) -> None:
        rng, w = self._rng, self._weather
        if rng.random() < w.loss:
            return
        for _ in range(2 if rng.random() < w.duplication else 1):
            late = rng.uniform(0.0, w.latest_s) if rng.random() < w.reordering else 0.0
            self._timeline.after(rng.uniform(0.02, 0.06) + late, deliver)


class Drone:
    """The vehicle: a store, a power supply, and a motor that may be armed."""

    def __init__(self, timeline: Timeline, air: Air) -> None:
        self._timeline, self._air = timeline, air
        self.store = PlanStore(self._say)
        self.on = True
        self.boot_at_s = -100.0
        self.ears: dict[int, Callable[[Message], None]] = {}
        self._told: dict[int, int] = {}
        self.on_arm: Callable[[], None] = lambda: None
        self._tick()
        self._report()

    def _say(self, message: Message, partner: int) -> None:
        kind = getattr(message, "mission_type", None)
        if partner == OURS and kind is not None:
            self._told[kind] = self.store.changes[kind]
        self._air.carry(lambda: self.ears.get(partner, lambda m: None)(message))

    def send(self, message: Message, partner: int) -> None:
        """From a ground station, through the air."""
        self._air.carry(lambda: self._hear(message, partner))

    def _hear(self, message: Message, partner: int) -> None:
        if self.on:
            self.store.receive(message, partner, self._timeline.now_s)

    def arm(self) -> None:
        """The order to arm, through the air."""
        self._air.carry(lambda: self.on_arm() if self.on else None)

    def cut_power(self, for_s: float) -> None:
        self.on = False
        self.store.power_cut()
        self._timeline.after(for_s, self._boot)

    def _boot(self) -> None:
        self.on, self.boot_at_s = True, self._timeline.now_s

    def _tick(self) -> None:
        if self.on:
            self.store.tick(self._timeline.now_s)
        self._timeline.after(TICK_S, self._tick)

    def _report(self) -> None:
        if self.on:
            boot_s = self._timeline.now_s - self.boot_at_s
            total = max(0, len(self.store.stores[MISSION]) - 1)
            for message in (
                SystemTime(utc=None, boot_s=boot_s),
                MissionCurrent(seq=0, total=total, state=2),
            ):
                for partner in (OURS, OTHERS):
                    ear = self.ears.get(partner)
                    if ear is not None:
                        self._air.carry(lambda ear=ear, m=message: ear(m))  # type: ignore[misc]
        self._timeline.after(TELEMETRY_S, self._report)

    def differing(self, plan: FlightPlan) -> list[int]:
        """The kinds of which the store is not exactly this plan, as a perfect eye would see it."""
        stores = self.store.stores
        skips = ((MissionType.MISSION, 1), (MissionType.FENCE, 0), (MissionType.RALLY, 0))
        return [k for k, skip in skips if not _same(stores[k], plan.items[k], skip)]

    def changed_untold(self, kind: int) -> bool:
        """Whether a store was changed after the vehicle's last word to us about it."""
        return self._told.get(kind, 0) != self.store.changes[kind]

    @property
    def empty(self) -> bool:
        """Whether nothing is stored that could be flown."""
        stores = self.store.stores
        return len(stores[MISSION]) <= 1 and not stores[FENCE] and not stores[RALLY]


def _same(stored: Any, wanted: Any, skip: int) -> bool:
    mine = [(i.command, i.params, i.x, i.y, i.z) for i in stored[skip:]]
    return mine == [(i.command, i.params, i.x, i.y, i.z) for i in wanted[skip:]]


class Controller:
    """One life of the controller process."""

    def __init__(self, timeline: Timeline, drone: Drone) -> None:
        self.drone, self._clock = drone, timeline.clock
        channel = Channel(Address(MAIN, 1), lambda m: drone.send(m, OURS), timeline.clock)
        state = VehicleState(
            address=channel.address, heard_at=timeline.clock.now(), system_status=3
        )
        self.helm = Helm(channel, ArduCopter(), state)
        self.onboard = OnBoard(self.helm)
        drone.ears[OURS] = self._hear

    def _hear(self, message: Message) -> None:
        before = self.helm.state
        after = update(before, message, self._clock.now(), self.helm.autopilot)
        self.onboard.observe(before, after, message)
        self.helm.observe(after, message)

    def prove(self) -> None:
        """Stands for the proof, which looks at the content and is tested elsewhere."""
        plan = self.onboard.custody.plan
        if plan is not None:
            failsafes = Failsafes(return_height_m=60, ceiling_m=150)
            self.onboard.custody.proven(
                Proof(
                    digest=plan.digest,
                    planned_s=1.0,
                    landing_share=0.5,
                    least_clearance_m=30.0,
                    failsafes=failsafes,
                )
            )


async def other_station(timeline: Timeline, drone: Drone, plan: FlightPlan) -> None:
    """Another ground station uploads a plan of its own, as best it can."""
    gate, inbox = Gate(plan), asyncio.Queue[Message]()
    drone.ears[OTHERS] = inbox.put_nowait
    replies = gate.begin()
    while not gate.finished:
        for reply in replies:
            drone.send(reply, OTHERS)
        try:
            message = await within(timeline.clock, gate.wait_s, inbox.get())
        except TimeoutError:
            replies = gate.overdue()
        else:
            replies = gate.receive(message)
    drone.ears.pop(OTHERS, None)
