"""Commands that await their acknowledgement; a refusal becomes a sentence with its reasons."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import nullcontext

from core.errors import CommandRefused, CommandTimeout
from fleet.channel import Channel, Inbox
from fleet.messages import CommandAck, CommandInt, CommandLong, StatusText
from fleet.orders import OrderState, advance
from fleet.patience import ClockStandsStill, Deadline, patiently, pause
from fleet.vocabulary import Command, Result, command_name, result_sentence

ACK_S = (2.0, 3.0, 5.0, 8.0, 12.0, 20.0)
"""How long each attempt waits for its acknowledgement, seconds of the vehicle's clock. They grow
because at high simulation speed what waits in sockets counts in seconds too."""

PROGRESS_S = 30.0
"""After IN_PROGRESS, how long until the next sign of life (MAVLink asks for at least 1 Hz)."""

BUSY_S = 1.0
"""Pause before repeating what was temporarily rejected."""

REASONS_S = 1.5
"""ArduPilot gives the reasons of a failure as text, often after the acknowledgement."""

REASON_SEVERITY = 4
"""Texts up to this severity (warning) may be reasons."""

_STARTS = frozenset({Command.ARM_DISARM, Command.MISSION_START, Command.NAV_TAKEOFF})
"""What brings a vehicle into the air: never sent where two vehicles would obey."""

_HOUSEKEEPING = frozenset({Command.SET_MESSAGE_INTERVAL, Command.REQUEST_MESSAGE})
"""What only asks for reports is no order; every other command is one, or part of one."""


class Commander:
    """Sends commands to one vehicle, each command one at a time.

    Acknowledgements name the command only, so two equal ones must not be under way together.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._busy: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def long(self, command: int, *params: float, doing: str = "") -> None:
        """Send a COMMAND_LONG and await its success.

        Args:
            params: from parameter 1 on; the rest is 0.
            doing: what it is for, for the error: "arm", "start the mission".

        Raises:
            CommandRefused: the autopilot said no; its reasons are in the sentence.
            CommandTimeout: no acknowledgement after six attempts.
            SharedIdentity: it would arm or start, and two vehicles answer to its address.
        """
        p = (*params, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)[:7]
        seven = (p[0], p[1], p[2], p[3], p[4], p[5], p[6])
        await self._run(
            command,
            doing,
            lambda n: CommandLong(command=command, params=seven, confirmation=n),
        )

    async def place(
        self,
        command: int,
        frame: int,
        params: tuple[float, float, float, float],
        x: int,
        y: int,
        z: float,
        doing: str = "",
    ) -> None:
        """Send a COMMAND_INT and await its success; raises as `long` does."""
        message = CommandInt(command=command, frame=frame, params=params, x=x, y=y, z=z)
        await self._run(command, doing, lambda _: message)

    async def _run(
        self, command: int, doing: str, build: Callable[[int], CommandLong | CommandInt]
    ) -> None:
        task = doing or command_name(command)
        message = build(0)
        if command in _STARTS and not (command == Command.ARM_DISARM and not message.params[0]):
            self._channel.refuse_conflict(task)
        channel = self._channel
        asked = nullcontext() if command in _HOUSEKEEPING else channel.order(task)
        async with asked, self._busy[command]:
            with channel.listening(CommandAck, StatusText) as inbox:
                texts: list[str] = []
                for attempt, seconds in enumerate(ACK_S):
                    channel.send(build(attempt))
                    try:
                        result = await self._answer(inbox, command, seconds, texts)
                    except ClockStandsStill:
                        break
                    except TimeoutError:
                        continue
                    if result == Result.ACCEPTED:
                        advance(OrderState.ACKNOWLEDGED)
                        return
                    if result == Result.TEMPORARILY_REJECTED and attempt < len(ACK_S) - 1:
                        await pause(channel.clock, BUSY_S)
                        continue
                    await self._collect(inbox, texts)
                    raise self._refused(task, result, texts)
        raise CommandTimeout(
            f"no acknowledgement of: {task}",
            where=channel.name,
            remedy="see whether the vehicle is still heard, then try again",
        )

    async def _answer(self, inbox: Inbox, command: int, seconds: float, texts: list[str]) -> int:
        """The final result of the command; IN_PROGRESS extends the wait."""
        clock = self._channel.clock
        deadline = Deadline(clock, seconds)
        while True:
            message = await patiently(clock, deadline.left_s(), inbox.get())
            if isinstance(message, StatusText):
                _note(message, texts)
            elif isinstance(message, CommandAck) and message.command == command:
                if message.result != Result.IN_PROGRESS:
                    return message.result
                advance(OrderState.ACKNOWLEDGED)
                advance(OrderState.EXECUTING)
                deadline = Deadline(clock, PROGRESS_S)

    async def _collect(self, inbox: Inbox, texts: list[str]) -> None:
        """Listen a moment longer for the reasons of a refusal."""
        clock = self._channel.clock
        deadline = Deadline(clock, REASONS_S)
        while True:
            try:
                message = await patiently(clock, deadline.left_s(), inbox.get())
            except TimeoutError:
                return
            if isinstance(message, StatusText):
                _note(message, texts)

    def _refused(self, task: str, result: int, texts: Sequence[str]) -> CommandRefused:
        said = "; it says: " + "; ".join(dict.fromkeys(texts)) if texts else ""
        return CommandRefused(
            f"refused to {task}: {result_sentence(result)}{said}",
            where=self._channel.name,
            remedy="clear what it reports, then try again",
        )


def _note(message: StatusText, texts: list[str]) -> None:
    if message.chunk > 0 and texts:
        texts[-1] += message.text
    elif message.severity <= REASON_SEVERITY:
        texts.append(message.text)
