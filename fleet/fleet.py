"""The fleet: owns the links, knows every vehicle that was heard, says what happens to them."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Self

from core.clock import Clock
from core.equipment import VehicleSpec
from core.errors import CommandRefused, CommandTimeout, NotFound
from core.geo import LonLat
from fleet.autopilots import recognise
from fleet.channel import Channel
from fleet.events import FleetEvent, Heard, Lost, TurnedBack, derive
from fleet.guard import Guard
from fleet.link import Link, Receiver
from fleet.messages import Heartbeat, Message, Packet, SystemTime
from fleet.safeguard import Action, Decision
from fleet.state import VehicleState, update
from fleet.timekeeper import Timekeeper
from fleet.vehicle import Vehicle
from fleet.vocabulary import Command, Stream

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

INTERVALS_S: Mapping[Stream, float] = {
    Stream.SYSTEM_TIME: 1.0,
    Stream.HEARTBEAT: 1.0,
    Stream.GLOBAL_POSITION_INT: 0.5,
    Stream.MISSION_CURRENT: 1.0,
    Stream.EXTENDED_SYS_STATE: 1.0,
    Stream.SYS_STATUS: 2.0,
    Stream.WIND: 5.0,
    Stream.EKF_STATUS_REPORT: 5.0,
}
"""What every vehicle is asked to report how often. What it does not know it need not report."""

GROUND_STATION = Heartbeat(kind=6, autopilot=8, base_mode=0, custom_mode=0, system_status=4)
"""MAV_TYPE_GCS, MAV_AUTOPILOT_INVALID, MAV_STATE_ACTIVE."""

AUTOPILOT_COMPONENT = 1


class Fleet:
    """Every vehicle on some links; an async context manager.

    Vehicles appear when they are first heard, those in flight included: their state comes from
    themselves, so a program that was restarted carries on. Nothing is uploaded or armed unasked.

    Args:
        links: not yet opened.
        clock: timeouts, silence and heartbeats run on it.
        on_event: called in order for everything that happens; called by the event loop between
            other work, so what it raises goes to the loop's exception handler and harms no link.
        on_time: called with each later SYSTEM_TIME, e.g. `FollowedClock.follow`; must not raise.
    """

    def __init__(
        self,
        links: Sequence[Link],
        clock: Clock,
        *,
        on_event: Callable[[FleetEvent], None],
        on_time: Callable[[datetime], None] | None = None,
    ) -> None:
        self._links = tuple(links)
        self._clock = clock
        self._on_event = on_event
        self._on_time = on_time
        self._time = Timekeeper()
        self._vehicles: dict[int, Vehicle] = {}
        self._routes: dict[int, Link] = {}
        self._heard_at: dict[int, datetime] = {}
        self._link_heard_s: dict[int, float] = {}
        self._greeting: dict[int, asyncio.Task[None]] = {}
        self._alarms: dict[int, asyncio.TimerHandle] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._arrivals: list[asyncio.Future[None]] = []
        self._guards: dict[int, Guard] = {}

    async def __aenter__(self) -> Self:
        for link in self._links:
            await link.open(Receiver(partial(self._received, link), partial(self._changed, link)))
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
        for alarm in self._alarms.values():
            alarm.cancel()
        for guard in self._guards.values():
            guard.stop()
        tasks = [*self._tasks, *self._greeting.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for link in self._links:
            await link.close()

    @property
    def simulated_time(self) -> datetime | None:
        """The latest SYSTEM_TIME of any vehicle; None before the first."""
        return self._time.latest

    @property
    def vehicles(self) -> Mapping[int, Vehicle]:
        """All vehicles that were ever heard, lost ones included."""
        return self._vehicles

    def vehicle(self, system_id: int) -> Vehicle:
        """The vehicle with this system id.

        Raises:
            NotFound: it was never heard.
        """
        try:
            return self._vehicles[system_id]
        except KeyError:
            raise NotFound(
                "this vehicle was never heard",
                where=f"vehicle {system_id}",
                remedy="see whether it is switched on and its link is up",
            ) from None

    def states(self) -> dict[int, VehicleState]:
        """The latest state of every vehicle."""
        return {number: v.state for number, v in self._vehicles.items()}

    def guard(self, system_id: int, spec: VehicleSpec, home: LonLat) -> None:
        """From now on turn this vehicle back in flight when the safeguard says so.

        Raises:
            NotFound: it was never heard.
        """
        self._guards[system_id] = Guard(self.vehicle(system_id), spec, home, self._turned_back)

    async def heard(self, system_ids: Sequence[int]) -> None:
        """Return once all these vehicles have been heard."""
        while not all(number in self._vehicles for number in system_ids):
            arrival: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._arrivals.append(arrival)
            await arrival

    # --- receiving ---------------------------------------------------------------------------

    def _received(self, link: Link, packet: Packet) -> None:
        message = packet.message
        system_id = packet.system_id
        self._link_heard_s[id(link)] = time.monotonic()
        if packet.component_id != AUTOPILOT_COMPONENT:
            return
        if type(message) is SystemTime and message.utc is not None:
            self._report_time(message.utc)
        now = self._clock.now()
        vehicle = self._vehicles.get(system_id)
        if vehicle is None:
            vehicle = self._meet(link, packet, now)
            if vehicle is None:
                return
        elif self._routes[system_id] is not link and not self._moves(vehicle, link):
            return
        self._heard_at[system_id] = now
        if vehicle.lost:
            self._welcome(vehicle, message, now)
        before = vehicle.state
        after = update(before, message, now, vehicle.autopilot)
        vehicle.observe(after, message)
        for event in derive(before, after, message):
            self._emit(event)

    def _report_time(self, utc: datetime) -> None:
        if not self._time.report(utc) or self._on_time is None:
            return
        before = self._clock.now()
        self._on_time(utc)
        now = self._clock.now()
        if (now - before).total_seconds() > LOST_S:  # a leap (the first report): nobody was silent
            self._heard_at = dict.fromkeys(self._heard_at, now)

    def _meet(self, link: Link, packet: Packet, now: datetime) -> Vehicle | None:
        """A new vehicle, if this is the heartbeat of an autopilot that we fly."""
        message = packet.message
        if not isinstance(message, Heartbeat):
            return None
        autopilot = recognise(message)
        if autopilot is None:
            return None
        number = packet.system_id
        self._routes[number] = link
        channel = Channel(number, lambda m: self._routes[number].send(m, number), self._clock)
        mode = autopilot.mode_name(message)
        state = VehicleState(
            system_id=number,
            heard_at=now,
            mode=mode,
            armed=message.armed,
            system_status=message.system_status,
        )
        vehicle = Vehicle(channel, autopilot, state)
        self._vehicles[number] = vehicle
        self._emit(Heard(system_id=number, at=now, again=False, armed=message.armed, mode=mode))
        self._greet(vehicle)
        for arrival in self._arrivals:
            if not arrival.done():
                arrival.set_result(None)
        self._arrivals.clear()
        return vehicle

    def _moves(self, vehicle: Vehicle, link: Link) -> bool:
        """Whether a vehicle heard on another link is now reached there: only if its own failed.

        Otherwise two vehicles claim one system id, and the one that came first keeps it.
        """
        if vehicle.lost or not self._routes[vehicle.system_id].connected:
            self._routes[vehicle.system_id] = link
            return True
        return False

    def _welcome(self, vehicle: Vehicle, message: Message, now: datetime) -> None:
        vehicle.lost = False
        armed = message.armed if isinstance(message, Heartbeat) else vehicle.state.armed
        mode = vehicle.state.mode
        self._emit(Heard(system_id=vehicle.system_id, at=now, again=True, armed=armed, mode=mode))
        self._greet(vehicle)

    def _emit(self, event: FleetEvent) -> None:
        asyncio.get_running_loop().call_soon(self._on_event, event)

    # --- streams -----------------------------------------------------------------------------

    def _greet(self, vehicle: Vehicle) -> None:
        """Ask for the streams, in the background; a running greeting starts anew."""
        running = self._greeting.get(vehicle.system_id)
        if running is not None:
            running.cancel()
        task = asyncio.create_task(self._ask(vehicle), name=f"fleet: greet {vehicle.system_id}")
        self._greeting[vehicle.system_id] = task

    async def _ask(self, vehicle: Vehicle) -> None:
        for stream, seconds in INTERVALS_S.items():
            await _attempt(vehicle, Command.SET_MESSAGE_INTERVAL, stream, seconds * 1e6)
        await _attempt(vehicle, Command.REQUEST_MESSAGE, Stream.HOME_POSITION)

    # --- silence -----------------------------------------------------------------------------

    def _changed(self, link: Link, up: bool) -> None:
        alarm = self._alarms.pop(id(link), None)
        if alarm is not None:
            alarm.cancel()
        mine = [v for n, v in self._vehicles.items() if self._routes[n] is link]
        if up:
            for vehicle in mine:
                if not vehicle.lost:
                    self._greet(vehicle)
            return
        self._alarms[id(link)] = asyncio.get_running_loop().call_later(
            LINK_DOWN_S, self._link_stays_down, link
        )

    def _check_link(self, link: Link) -> None:
        heard_s = self._link_heard_s.get(id(link))
        if heard_s is not None and time.monotonic() - heard_s > SILENT_LINK_S:
            self._link_stays_down(link)

    def _link_stays_down(self, link: Link) -> None:
        for number, vehicle in self._vehicles.items():
            if self._routes[number] is link:
                self._lose(vehicle)

    async def _watch_silence(self) -> None:
        while True:
            await self._clock.sleep(CHECK_S)
            now = self._clock.now()
            for number, vehicle in self._vehicles.items():
                if (now - self._heard_at[number]).total_seconds() > LOST_S:
                    self._lose(vehicle)

    def _lose(self, vehicle: Vehicle) -> None:
        if vehicle.lost:
            return
        vehicle.lost = True
        self._emit(
            Lost(
                system_id=vehicle.system_id,
                at=self._clock.now(),
                last_heard_at=self._heard_at[vehicle.system_id],
                position=vehicle.state.position,
            )
        )

    async def _watch_guarded(self) -> None:
        while True:
            await self._clock.sleep(GUARD_S)
            now = self._clock.now()
            for guard in self._guards.values():
                guard.look(now)

    def _turned_back(self, vehicle: Vehicle, decision: Decision) -> None:
        self._emit(
            TurnedBack(
                system_id=vehicle.system_id,
                at=self._clock.now(),
                reason=decision.reason,
                lands=decision.action is Action.LAND,
            )
        )

    async def _beat(self) -> None:
        while True:
            for link in self._links:
                if link.connected:
                    link.send(GROUND_STATION)
                    self._check_link(link)
            pause = asyncio.ensure_future(self._clock.sleep(HEARTBEAT_S))
            await asyncio.wait({pause}, timeout=HEARTBEAT_S)
            pause.cancel()


async def _attempt(vehicle: Vehicle, command: Command, *params: float) -> None:
    """A request that a vehicle may refuse or miss without harm."""
    try:
        await vehicle.commander.long(command, *params)
    except (CommandRefused, CommandTimeout):
        return
