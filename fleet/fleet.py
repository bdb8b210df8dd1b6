"""The fleet: owns the links, knows every vehicle that was heard, says what happens to them."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Self

from core.clock import Clock
from core.equipment import VehicleSpec
from core.errors import NotFound
from core.geo import HeightModel
from fleet.address import Address
from fleet.autopilots import recognise
from fleet.channel import Channel
from fleet.conflicts import Conflicts
from fleet.events import (
    FleetEvent,
    Heard,
    Lost,
    PathEnded,
    TurnedBack,
    derive,
)
from fleet.greeting import Greeter
from fleet.links.link import Link, Receiver
from fleet.links.tlog import TelemetryLog
from fleet.messages import (
    GlobalPosition,
    Heartbeat,
    Message,
    MissionAck,
    MissionCount,
    MissionItem,
    MissionRequest,
    Packet,
    SystemTime,
    TerrainRequest,
)
from fleet.orders import OrderBook
from fleet.state import VehicleState, update
from fleet.terrain import answers
from fleet.timekeeper import Timekeeper
from fleet.vehicle import Vehicle
from fleet.watch.guard import Guard, Places
from fleet.watch.reach import Way, straight
from fleet.watch.turnback import Action, Decision

logger = logging.getLogger("flyonce.fleet")

LOST_S = 2.5
"""Silence, in seconds of the fleet's clock, after which a vehicle is lost: with the check every
half second it is seen within 3 s (issue 4). Vehicles send at least two messages a second."""

LINK_DOWN_S = 3.0
"""A link that is down for so many seconds of the wall clock loses its vehicles: a followed clock
stands still then, and would never say so."""

SILENT_LINK_S = 15.0
"""A link that is up but carries nothing for so many seconds of the wall clock loses its vehicles
too: their time stands still then. Shorter pauses are ordinary in simulation, which waits while
photographs pile up."""

CHECK_S = 0.5
"""How often silence is looked for, seconds of the fleet's clock."""

GUARD_S = 4.0
"""How often guarded vehicles are judged, seconds of the fleet's clock: 60 m of flight."""

HEARTBEAT_S = 1.0
"""Ground-station heartbeats: on the fleet's clock, because a vehicle's failsafe (5 s) runs on
its own; on the wall clock as long as no time is heard."""

GROUND_STATION = Heartbeat(kind=6, autopilot=8, base_mode=0, custom_mode=0, system_status=4)
"""MAV_TYPE_GCS, MAV_AUTOPILOT_INVALID, MAV_STATE_ACTIVE."""

AUTOPILOT_COMPONENT = 1

NO_AUTOPILOT = 8
"""MAV_AUTOPILOT_INVALID: ground stations and the like."""

GROUND_ID = 255
"""Our system id on every link: ArduPilot takes orders from this one by default (MAV_GCS_SYSID)."""

Transferred = MissionCount | MissionRequest | MissionItem | MissionAck
"""The mission protocol: what is meant for another ground station is no answer to us."""


@dataclass(eq=False, slots=True)
class _Line:
    """One link with what is known of it.

    Attributes:
        vehicles: by system id.
        heard_s: when something last came, seconds of the wall clock.
        alarm: runs while the link is down.
    """

    name: str
    link: Link
    vehicles: dict[int, Vehicle] = field(default_factory=dict)
    heard_s: float | None = None
    alarm: asyncio.TimerHandle | None = None


class Fleet:
    """Every vehicle on some links; an async context manager.

    Vehicles appear when they are first heard, those in flight included: their state comes from
    themselves, so a program that was restarted carries on. Nothing is uploaded or armed unasked.

    Args:
        links: by name, not yet opened. One system id on two links is two vehicles.
        clock: timeouts, silence and heartbeats run on it.
        on_event: called in order for everything that happens; called by the event loop between
            other work, so what it raises goes to the loop's exception handler and harms no link.
        on_time: called with each later SYSTEM_TIME, e.g. `FollowedClock.follow`; must not raise.
        ground: heights for vehicles that ask for them; without it a real ArduPilot arms for no
            mission above ground unless its memory card knows the ground.
        orders: where what is asked of the vehicles is written down; None for a book of its own.
    """

    def __init__(
        self,
        links: Mapping[str, Link],
        clock: Clock,
        *,
        on_event: Callable[[FleetEvent], None],
        on_time: Callable[[datetime], None] | None = None,
        ground: HeightModel | None = None,
        orders: OrderBook | None = None,
    ) -> None:
        self._lines = tuple(_Line(name, link) for name, link in links.items())
        self._clock = clock
        self._on_event = on_event
        self._on_time = on_time
        self._ground = ground
        self.orders = orders or OrderBook(clock)
        self._time = Timekeeper()
        self._vehicles: dict[Address, Vehicle] = {}
        self._heard_at: dict[Address, datetime] = {}
        self._strangers: dict[Address, str] = {}
        self._conflicts = Conflicts(self._emit)
        self._greeter = Greeter()
        self._tasks: list[asyncio.Task[None]] = []
        self._arrivals: list[asyncio.Future[None]] = []
        self._guards: dict[Address, Guard] = {}

    async def __aenter__(self) -> Self:
        for line in self._lines:
            receiver = Receiver(
                packet=partial(self._received, line),
                changed=partial(self._changed, line),
                doubled=partial(self._doubled, line),
            )
            await line.link.open(receiver)
        self._tasks = [
            asyncio.create_task(self._watch_silence(), name="fleet: silence"),
            asyncio.create_task(self._beat(), name="fleet: heartbeat"),
            asyncio.create_task(self._watch_guarded(), name="fleet: guard"),
        ]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for line in self._lines:
            if line.alarm is not None:
                line.alarm.cancel()
        for guard in self._guards.values():
            guard.stop()
        for vehicle in self._vehicles.values():
            await vehicle.manoeuvres.stop()
        await self.orders.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._greeter.stop()
        for line in self._lines:
            await line.link.close()

    @property
    def links(self) -> Mapping[str, Link]:
        """The links by name."""
        return {line.name: line.link for line in self._lines}

    @property
    def simulated_time(self) -> datetime | None:
        """The latest SYSTEM_TIME of any vehicle; None before the first."""
        return self._time.latest

    @property
    def vehicles(self) -> Mapping[Address, Vehicle]:
        """All vehicles that were ever heard, lost ones included."""
        return self._vehicles

    def vehicle(self, address: Address) -> Vehicle:
        """The vehicle at this address.

        Raises:
            NotFound: it was never heard, or is no autopilot that we fly.
        """
        vehicle = self._vehicles.get(address)
        if vehicle is not None:
            return vehicle
        if address in self._strangers:
            raise NotFound(
                f"what answers there is not flown by FlyOnce: {self._strangers[address]}",
                where=f"vehicle {address}",
                remedy="ArduPilot and PX4 are flown; see which vehicle has this system id",
            )
        raise NotFound(
            "this vehicle was never heard",
            where=f"vehicle {address}",
            remedy="see whether it is switched on and its link is up",
        )

    def states(self) -> dict[Address, VehicleState]:
        """The latest state of every vehicle."""
        return {address: v.state for address, v in self._vehicles.items()}

    def guard(
        self, address: Address, spec: VehicleSpec, places: Places, way: Way = straight
    ) -> None:
        """From now on turn this vehicle back in flight when the rule says so (watch.turnback).

        Args:
            places: where it may land, and what of it is free; asked at every look.
            way: finds paths round zones.

        Raises:
            NotFound: it was never heard.
        """
        known = self._guards.get(address)
        vehicle = self.vehicle(address)
        guard = Guard(vehicle, spec, places, self._turned_back, way)
        if known is not None:  # what was measured and ordered is not forgotten
            guard.meter, guard.bound_for = known.meter, known.bound_for
            known.stop()
        self._guards[address] = guard

    def guard_of(self, address: Address) -> Guard | None:
        """Who watches over a vehicle; None before `guard` was called for it."""
        return self._guards.get(address)

    @contextmanager
    def recording(self, address: Address, log: TelemetryLog) -> Iterator[None]:
        """Write every packet from and to this vehicle into a log while the block lasts.

        Raises:
            NotFound: no link has this name.
        """
        taps = next((x.link.wire.taps for x in self._lines if x.name == address.link), None)
        if taps is None:
            raise NotFound("there is no such link", where=f"vehicle {address}")
        taps[address.system_id] = lambda packet: log.take(self._clock.now(), packet)
        try:
            yield
        finally:
            del taps[address.system_id]

    async def heard(self, addresses: Iterable[Address]) -> None:
        """Return once all these vehicles have been heard."""
        awaited = tuple(addresses)
        while not all(address in self._vehicles for address in awaited):
            arrival: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._arrivals.append(arrival)
            await arrival

    # --- receiving ---------------------------------------------------------------------------

    def _received(self, line: _Line, packet: Packet) -> None:
        message = packet.message
        line.heard_s = time.monotonic()
        if packet.component_id != AUTOPILOT_COMPONENT:
            return
        if type(message) is SystemTime and message.utc is not None:
            self._report_time(message.utc)
        now = self._clock.now()
        vehicle = line.vehicles.get(packet.system_id)
        if vehicle is None:
            vehicle = self._meet(line, packet, now)
            if vehicle is None:
                return
        self._heard_at[vehicle.address] = now
        if type(message) is GlobalPosition or type(message) is SystemTime:
            self._conflicts.booted(vehicle, message.boot_s, now)
        if type(message) is TerrainRequest:
            self._tell_ground(vehicle, message)
        if vehicle.lost:
            self._welcome(vehicle, message, now)
        if packet.target not in (0, GROUND_ID) and isinstance(message, Transferred):
            vehicle.onboard.custody.touched()  # it is at work with another ground station
            return
        before = vehicle.state
        after = update(before, message, now, vehicle.autopilot)
        vehicle.observe(after, message)
        for event in derive(before, after, message):
            self._emit(event)

    def _tell_ground(self, vehicle: Vehicle, request: TerrainRequest) -> None:
        if self._ground is not None:
            for square in answers(request, self._ground):
                vehicle.channel.send(square)

    def _report_time(self, utc: datetime) -> None:
        if not self._time.report(utc) or self._on_time is None:
            return
        before = self._clock.now()
        self._on_time(utc)
        now = self._clock.now()
        if (now - before).total_seconds() > LOST_S:  # a leap (the first report): nobody was silent
            self._heard_at = dict.fromkeys(self._heard_at, now)

    def _meet(self, line: _Line, packet: Packet, now: datetime) -> Vehicle | None:
        """A new vehicle, if this is the heartbeat of an autopilot that we fly."""
        message = packet.message
        if not isinstance(message, Heartbeat):
            return None
        autopilot = recognise(message)
        address = Address(line.name, packet.system_id)
        if autopilot is None:
            self._note_stranger(address, message)
            return None
        send = partial(line.link.send, to=address.system_id)
        signed = partial(line.link.wire.signed_share, address.system_id)
        channel = Channel(address, send, self._clock, self.orders, signed)
        mode = autopilot.mode_name(message)
        state = VehicleState(
            address=address,
            heard_at=now,
            mode=mode,
            armed=message.armed,
            system_status=message.system_status,
        )
        vehicle = Vehicle(channel, autopilot, state)
        vehicle.manoeuvres.ended = partial(self._path_ended, vehicle)
        self._vehicles[address] = line.vehicles[address.system_id] = vehicle
        self._emit(Heard(vehicle=address, at=now, again=False, armed=message.armed, mode=mode))
        self._greeter.greet(vehicle)
        for arrival in self._arrivals:
            if not arrival.done():
                arrival.set_result(None)
        self._arrivals.clear()
        return vehicle

    def _note_stranger(self, address: Address, beat: Heartbeat) -> None:
        """Remember an autopilot that we do not fly: who asks for it is told so."""
        if beat.autopilot == NO_AUTOPILOT:
            return
        found = f"MAV_AUTOPILOT {beat.autopilot}"
        if self._strangers.get(address) != found:
            self._strangers[address] = found
            logger.warning("vehicle %s is not flown by FlyOnce: %s", address, found)

    def _welcome(self, vehicle: Vehicle, message: Message, now: datetime) -> None:
        vehicle.lost = False
        armed = message.armed if isinstance(message, Heartbeat) else vehicle.state.armed
        mode = vehicle.state.mode
        self._emit(Heard(vehicle=vehicle.address, at=now, again=True, armed=armed, mode=mode))
        self._greeter.greet(vehicle)

    def _emit(self, event: FleetEvent) -> None:
        asyncio.get_running_loop().call_soon(self._on_event, event)

    def _doubled(self, line: _Line, system_id: int, why: str) -> None:
        vehicle = line.vehicles.get(system_id)
        if vehicle is not None:
            self._conflicts.doubled(vehicle, why, self._clock.now())

    # --- silence -----------------------------------------------------------------------------

    def _changed(self, line: _Line, up: bool) -> None:
        if line.alarm is not None:
            line.alarm.cancel()
            line.alarm = None
        if up:
            for vehicle in line.vehicles.values():
                if not vehicle.lost:
                    self._greeter.greet(vehicle)
            return
        line.alarm = asyncio.get_running_loop().call_later(LINK_DOWN_S, self._link_stays_down, line)

    def _check_link(self, line: _Line) -> None:
        if line.heard_s is not None and time.monotonic() - line.heard_s > SILENT_LINK_S:
            self._link_stays_down(line)

    def _link_stays_down(self, line: _Line) -> None:
        for vehicle in line.vehicles.values():
            self._lose(vehicle)

    async def _watch_silence(self) -> None:
        while True:
            await self._clock.sleep(CHECK_S)
            now = self._clock.now()
            for address, vehicle in self._vehicles.items():
                if (now - self._heard_at[address]).total_seconds() > LOST_S:
                    self._lose(vehicle)
            self._conflicts.review(now)

    def _lose(self, vehicle: Vehicle) -> None:
        if vehicle.lost:
            return
        vehicle.lost = True
        self._emit(
            Lost(
                vehicle=vehicle.address,
                at=self._clock.now(),
                last_heard_at=self._heard_at[vehicle.address],
                position=vehicle.state.position,
            )
        )

    async def _watch_guarded(self) -> None:
        while True:
            await self._clock.sleep(GUARD_S)
            now = self._clock.now()
            for guard in self._guards.values():
                guard.look(now)

    def _path_ended(self, vehicle: Vehicle, why: str | None) -> None:
        self._emit(PathEnded(vehicle=vehicle.address, at=self._clock.now(), why=why))

    def _turned_back(self, vehicle: Vehicle, decision: Decision) -> None:
        self._emit(
            TurnedBack(
                vehicle=vehicle.address,
                at=self._clock.now(),
                reason=decision.reason,
                lands=decision.action is Action.LAND,
                place=decision.place.id if decision.place else None,
            )
        )

    async def _beat(self) -> None:
        while True:
            for line in self._lines:
                if line.link.connected:
                    line.link.send(GROUND_STATION)
                    self._check_link(line)
            pause = asyncio.ensure_future(self._clock.sleep(HEARTBEAT_S))
            await asyncio.wait({pause}, timeout=HEARTBEAT_S)
            pause.cancel()
