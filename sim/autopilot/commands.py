"""COMMAND_LONG, COMMAND_INT and COMMAND_CANCEL (https://mavlink.io/en/services/command.html).

What every make answers alike is here and in `ordinary`; what differs comes from the firmware.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from pymavlink.dialects.v20 import ardupilotmega as wire

from sim.autopilot import ordinary, telemetry

if TYPE_CHECKING:
    from sim.autopilot.autopilot import Autopilot

Message: TypeAlias = wire.MAVLink_message
Params: TypeAlias = tuple[float, ...]

CANCELLED = 6
"""MAV_RESULT_CANCELLED, which pymavlink's dialect does not name."""
ACCEPTED, REJECTED, DENIED, UNSUPPORTED, IN_PROGRESS, FAILED = (
    int(wire.MAV_RESULT_ACCEPTED),
    int(wire.MAV_RESULT_TEMPORARILY_REJECTED),
    int(wire.MAV_RESULT_DENIED),
    int(wire.MAV_RESULT_UNSUPPORTED),
    int(wire.MAV_RESULT_IN_PROGRESS),
    int(wire.MAV_RESULT_FAILED),
)
CALIBRATION_S = 5.0
PROGRESS_S = 1.0


@dataclass(slots=True, kw_only=True)
class Task:
    """A command that takes a while."""

    message: Message
    began_s: float
    told_s: float


class Commander:
    """Answers the commands for one autopilot."""

    def __init__(self, autopilot: "Autopilot") -> None:
        self._a = autopilot
        self._answers = {**ordinary.answers(autopilot), **autopilot.firmware.commands(autopilot)}
        self._answers[wire.MAV_CMD_PREFLIGHT_CALIBRATION] = self._calibrate
        self._task: Task | None = None
        self._after: list[Callable[[], None]] = []

    @property
    def busy(self) -> bool:
        """Whether a command that takes a while is being carried out."""
        return self._task is not None

    def on_long(self, message: Message) -> None:
        """COMMAND_LONG."""
        if message.command in self._a.firmware.int_only:
            self._ack(message, UNSUPPORTED)
            return
        self._run(message, tuple(float(getattr(message, f"param{k}")) for k in range(1, 8)))

    def on_int(self, message: Message) -> None:
        """COMMAND_INT: parameters 5 and 6 are places in 1e-7 degrees."""
        head = tuple(float(getattr(message, f"param{k}")) for k in range(1, 5))
        self._run(message, (*head, message.x / 1e7, message.y / 1e7, float(message.z)))

    def cancel(self, command: int) -> None:
        """COMMAND_CANCEL: end what takes a while."""
        task = self._task
        if task is not None and task.message.command == command:
            self._task = None
            self._ack(task.message, CANCELLED)

    def step(self, now_s: float) -> None:
        """Go on with what takes a while."""
        task = self._task
        if task is None:
            return
        share = (now_s - task.began_s) / CALIBRATION_S
        if share >= 1.0:
            self._task = None
            self._ack(task.message, ACCEPTED)
        elif now_s - task.told_s >= PROGRESS_S:
            task.told_s = now_s
            self._ack(task.message, IN_PROGRESS, progress=round(100 * share))

    def after(self, what: Callable[[], None]) -> None:
        """Do something after the acknowledgement of the present command."""
        self._after.append(what)

    def set_current(self, seq: float, *, reset: bool = False) -> int:
        """DO_SET_MISSION_CURRENT and MISSION_SET_CURRENT."""
        a = self._a
        if seq == 0 and not a.transfers.mission:
            return FAILED
        if not math.isfinite(seq) or not 0 <= seq < len(a.transfers.mission):
            return DENIED
        if reset:
            a.runner.complete = False
        a.runner.rewind(int(seq))
        a.send(telemetry.mission_current(a))
        return ACCEPTED

    def _run(self, message: Message, params: Params) -> None:
        answer = self._answers.get(message.command)
        self._after = []
        result = UNSUPPORTED if answer is None else answer(message, params)
        self._ack(message, result)
        for what in self._after:
            what()

    def _calibrate(self, message: Message, params: Params) -> int:
        """PREFLIGHT_CALIBRATION: takes a few seconds, on the ground only, one at a time."""
        now = self._a.senses.now_s()
        if self._a.armed:
            return DENIED
        if self._task is not None:
            return REJECTED
        self._task = Task(message=message, began_s=now, told_s=now)
        return IN_PROGRESS

    def _ack(self, message: Message, result: int, *, progress: int = 0) -> None:
        partner = message.get_srcSystem(), message.get_srcComponent()
        self._a.send(
            wire.MAVLink_command_ack_message(message.command, result, progress, 0, *partner)
        )
