"""The helm of one vehicle: its latest state, waiting for a state, and changing the mode."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from core.errors import CommandRefused, NotReady
from fleet.autopilots import Autopilot
from fleet.channel import Channel
from fleet.commands import Commander
from fleet.messages import Message, StatusText
from fleet.patience import patiently
from fleet.state import VehicleState
from fleet.vocabulary import Command

MODE_S = 10.0
"""A mode counts once a heartbeat (1 Hz) shows it; ArduPilot may accept a change and undo it."""

Condition = Callable[[VehicleState], bool]


class Helm:
    """What every manoeuvre is made of.

    Attributes:
        state: the latest known; replaced by `observe`, never changed.
    """

    def __init__(self, channel: Channel, autopilot: Autopilot, state: VehicleState) -> None:
        self.channel = channel
        self.autopilot = autopilot
        self.state = state
        self.commander = Commander(channel)
        self._watchers: list[tuple[Condition, asyncio.Future[None]]] = []

    def observe(self, state: VehicleState, message: Message) -> None:
        """Take over a new state and wake whoever waits for it."""
        self.state = state
        self.channel.deliver(message)
        if self._watchers:
            for holds, future in self._watchers:
                if not future.done() and holds(state):
                    future.set_result(None)

    async def watch(self, holds: Condition, seconds: float) -> None:
        """Wait until the state fulfils a condition, for so many seconds of the clock.

        Raises:
            TimeoutError: it did not.
        """
        if holds(self.state):
            return
        entry = (holds, asyncio.get_running_loop().create_future())
        self._watchers.append(entry)
        try:
            await patiently(self.channel.clock, seconds, entry[1])
        finally:
            self._watchers.remove(entry)

    async def until(self, holds: Condition, seconds: float, complaint: str) -> None:
        """Wait for the vehicle to be ready.

        Raises:
            NotReady: with its last texts.
        """
        try:
            await self.watch(holds, seconds)
        except TimeoutError as error:
            said = "; ".join(self.state.texts[-5:])
            raise NotReady(
                f"{complaint}: {said or error}",
                where=self.channel.name,
                remedy="clear what it reports, then try again",
            ) from error

    async def confirm(self, holds: Condition, seconds: float, what: str) -> None:
        """Wait until telemetry shows what was acknowledged.

        Raises:
            CommandRefused: it does not: the vehicle refused after all.
        """
        with self.channel.listening(StatusText) as inbox:
            try:
                await self.watch(holds, seconds)
            except TimeoutError as error:
                texts = [m.text for m in _drain(inbox) if isinstance(m, StatusText)]
                said = f"; it says: {'; '.join(texts)}" if texts else ""
                raise CommandRefused(
                    f"acknowledged, but did not {what} ({error}){said}",
                    where=self.channel.name,
                    remedy="look at its messages, then try again",
                ) from error

    async def mode(self, name: str) -> None:
        """Change the mode, and see in the telemetry that it holds.

        Raises:
            CommandRefused, CommandTimeout.
        """
        params = self.autopilot.mode_params(name)
        await self.commander.long(Command.DO_SET_MODE, *params, doing=f"change to {name}")
        await self.confirm(lambda s: s.mode == name, MODE_S, f"stay in {name}")

    async def leave_mission(self, mode: str) -> None:
        """Change the mode and stop the trigger, which goes on by itself in every mode.

        The mode comes first: it may be urgent, and a refused trigger must not prevent it.

        Raises:
            CommandRefused, CommandTimeout.
        """
        was_flying_mission = self.state.mode == self.autopilot.mission_mode
        if self.state.mode != mode:
            await self.mode(mode)
        if was_flying_mission:
            with suppress(CommandRefused):
                await self.commander.long(
                    Command.DO_SET_CAM_TRIGG_DIST, 0, doing="stop the cameras"
                )


def _drain(inbox: asyncio.Queue[Message]) -> list[Message]:
    found = []
    while not inbox.empty():
        found.append(inbox.get_nowait())
    return found
