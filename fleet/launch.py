"""The launch: from standing in the dock to the first two metres of height."""

from contextlib import suppress

from core.errors import CommandRefused, CommandTimeout
from fleet.autopilots import wire_seq
from fleet.helm import MODE_S, Helm
from fleet.messages import SysStatus
from fleet.patience import Deadline, patiently, pause
from fleet.state import VehicleState
from fleet.vocabulary import Command, SystemStatus

READY_S = 60.0
"""How long a launch waits for the pre-arm check. A cold ArduPilot needs 42 s from boot."""

TOLD_S = 6.0
"""How long a launch waits for the first word on position and pre-arm check, which are asked for
every 5 s and 2 s: silence right after the greeting is not consent. An ArduPilot 4.7 that was told
to start a mission before it knew where it was ("flow_of_ctrl") refused to arm until it was
switched off."""

MODE_AGAIN_S = 3.0
"""Pause before a mode that was refused on the ground is asked for again."""

STARTS = 2
"""ArduPilot disarms after 10 s on the ground; one answer may be that late, two are no accident."""

AIRBORNE_S = 60.0
"""From MISSION_START to the first two metres of height."""

AIRBORNE_M = 2.0


async def make_ready(helm: Helm) -> None:
    """Wait for the pre-arm check in the mode in which it will be armed.

    The check depends on the mode, and the mode is refused while there is no position.

    Raises:
        NotReady: with the vehicle's own reasons. CommandRefused, CommandTimeout.
    """
    with suppress(TimeoutError):
        await helm.watch(_told, TOLD_S)
    await helm.until(positioned, READY_S, "it does not know where it is yet")
    mode, clock = helm.autopilot.arms_in, helm.channel.clock
    deadline = Deadline(clock, READY_S)
    while helm.state.mode != mode:
        try:
            await helm.mode(mode)
        except CommandRefused:
            if deadline.left_s() < MODE_S:
                raise
            await pause(clock, MODE_AGAIN_S)
    await _checked_anew(helm)
    await helm.until(_ready, READY_S, "its pre-flight checks do not pass")


async def _checked_anew(helm: Helm) -> None:
    """Wait for a report of the pre-arm check that is younger than the mode."""
    with helm.channel.listening(SysStatus) as inbox, suppress(TimeoutError):
        await patiently(helm.channel.clock, TOLD_S, inbox.get())


async def start(helm: Helm) -> None:
    """Arm and fly the stored mission from its first item; return when airborne.

    Raises:
        CommandRefused, CommandTimeout.
    """
    await helm.commander.long(
        Command.DO_SET_MISSION_CURRENT,
        wire_seq(helm.autopilot, 1),
        doing="begin the mission at its first item",
    )
    await _arm_and_start(helm)


async def _arm_and_start(helm: Helm) -> None:
    """Arm, and once that is acknowledged start the mission; both again when it disarmed between.

    ArduPilot disarms after 10 s on the ground. A start that reached it before it is armed would
    be accepted all the same, and the mission would begin by itself at the next arming.
    """
    for _ in range(STARTS):
        await helm.commander.long(Command.ARM_DISARM, 1, doing="arm")
        await helm.confirm(lambda s: s.armed, MODE_S, "stay armed")
        await helm.commander.long(Command.MISSION_START, doing="start the mission")
        await helm.confirm(lambda s: airborne(s) or not s.armed, AIRBORNE_S, "take off")
        if airborne(helm.state):
            return
        await helm.mode(helm.autopilot.arms_in)
    raise CommandRefused(
        "it disarmed on the ground instead of taking off",
        where=helm.channel.name,
        remedy="look at its messages, then try again",
    )


async def stand_down(helm: Helm) -> None:
    """Disarm after a failed start, and leave the mission mode, unless it flies."""
    if airborne(helm.state):
        return
    with suppress(CommandRefused, CommandTimeout):
        await helm.commander.long(Command.ARM_DISARM, 0, doing="disarm")
        await helm.mode(helm.autopilot.arms_in)


def _told(state: VehicleState) -> bool:
    return state.ready is not None and state.position_ok is not None


def booted(state: VehicleState) -> bool:
    """Before STANDBY a mission is answered NO_SPACE, and mode changes are undone."""
    return state.system_status >= SystemStatus.STANDBY


def positioned(state: VehicleState) -> bool:
    """None means that it does not report it: then its refusals decide."""
    return booted(state) and state.position_ok is not False


def _ready(state: VehicleState) -> bool:
    """The pre-arm check passes, or is not reported: then arming itself decides."""
    return positioned(state) and state.ready is not False


def airborne(state: VehicleState) -> bool:
    """Armed and off the ground."""
    return state.armed and state.landed is not True and (state.height_m or 0.0) >= AIRBORNE_M
