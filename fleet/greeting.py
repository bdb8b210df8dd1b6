"""What every vehicle is asked to report as soon as it is heard, and again when it comes back."""

import asyncio
from collections.abc import Mapping

from core.errors import CommandRefused, CommandTimeout
from fleet.address import Address
from fleet.vehicle import Vehicle
from fleet.vocabulary import Command, Stream

INTERVALS_S: Mapping[Stream, float] = {
    Stream.SYSTEM_TIME: 1.0,
    Stream.HEARTBEAT: 1.0,
    Stream.GLOBAL_POSITION_INT: 0.5,
    Stream.MISSION_CURRENT: 1.0,
    Stream.EXTENDED_SYS_STATE: 1.0,
    Stream.SYS_STATUS: 2.0,
    Stream.BATTERY_STATUS: 2.0,
    Stream.SMART_BATTERY_INFO: 60.0,
    Stream.WIND: 5.0,
    Stream.EKF_STATUS_REPORT: 5.0,
    Stream.TERRAIN_REQUEST: 1.0,
}
"""What every vehicle is asked to report how often. What it does not know it need not report."""

ASKED_ONCE = (Stream.HOME_POSITION, Stream.AUTOPILOT_VERSION, Stream.SMART_BATTERY_INFO)


class Greeter:
    """Asks vehicles for their streams, in the background, one greeting for each at a time."""

    def __init__(self) -> None:
        self._running: dict[Address, asyncio.Task[None]] = {}

    def greet(self, vehicle: Vehicle) -> None:
        """Ask for the streams; a running greeting of this vehicle starts anew."""
        running = self._running.get(vehicle.address)
        if running is not None:
            running.cancel()
        task = asyncio.create_task(_ask(vehicle), name=f"fleet: greet {vehicle.address}")
        self._running[vehicle.address] = task

    async def settled(self) -> None:
        """Return once nobody is being asked any more."""
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def stop(self) -> None:
        """Ask nobody any more."""
        for task in self._running.values():
            task.cancel()
        await self.settled()


async def _ask(vehicle: Vehicle) -> None:
    for stream, seconds in INTERVALS_S.items():
        await _attempt(vehicle, Command.SET_MESSAGE_INTERVAL, stream, seconds * 1e6)
    for stream in ASKED_ONCE:
        await _attempt(vehicle, Command.REQUEST_MESSAGE, stream)


async def _attempt(vehicle: Vehicle, command: Command, *params: float) -> None:
    """A request that a vehicle may refuse or miss without harm."""
    try:
        await vehicle.commander.long(command, *params)
    except (CommandRefused, CommandTimeout):
        return
