"""The launch: from standing in the dock to the first two metres of height."""

import asyncio
from contextlib import suppress

from core.errors import CommandRefused, CommandTimeout
from fleet.helm import MODE_S, Helm
from fleet.patience import Deadline, pause
from fleet.state import VehicleState
from fleet.vocabulary import Command, SystemStatus

READY_S = 60.0
"""How long a launch waits for the pre-arm check. A cold ArduPilot needs 42 s from boot."""

MODE_AGAIN_S = 3.0
"""Pause before a mode that was refused on the ground is asked for again."""

AIRBORNE_S = 60.0
"""From MISSION_START to the first two metres of height."""

AIRBORNE_M = 2.0


async def make_ready(helm: Helm) -> None:
    """Wait for the pre-arm check in the mode in which it will be armed.

    The check depends on the mode, and the mode is refused while there is no position.

    Raises:
        NotReady: with the vehicle's own reasons. CommandRefused, CommandTimeout.
    """
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
    await helm.until(_ready, READY_S, "its pre-flight checks do not pass")


async def start(helm: Helm) -> None:
    """Arm and fly the stored mission from its first item; return when airborne.

    Raises:
        CommandRefused, CommandTimeout.
    """
    await helm.commander.long(
        Command.DO_SET_MISSION_CURRENT, 1, doing="begin the mission at its first item"
    )
    await _arm_and_start(helm)
    await helm.confirm(airborne, AIRBORNE_S, "take off")


async def _arm_and_start(helm: Helm) -> None:
    """Arm, and start the mission without waiting for the answer.

    ArduPilot disarms after 10 s on the ground; at high simulation speed an answer may take as
    long. When the start overtook the arming on the way, they are repeated one by one.
    """
    arming = asyncio.create_task(helm.commander.long(Command.ARM_DISARM, 1, doing="arm"))
    starting = asyncio.create_task(_start_mission(helm))
    try:
        await arming
        await starting
    except CommandRefused:
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        if helm.state.armed or helm.state.mode != helm.autopilot.mission_mode:
            raise
        await helm.mode(helm.autopilot.arms_in)
        await helm.commander.long(Command.ARM_DISARM, 1, doing="arm")
        await _start_mission(helm)
    finally:
        for task in (arming, starting):
            task.cancel()
        await asyncio.gather(arming, starting, return_exceptions=True)


async def _start_mission(helm: Helm) -> None:
    await helm.commander.long(Command.MISSION_START, doing="start the mission")


async def stand_down(helm: Helm) -> None:
    """Disarm after a failed start, and leave the mission mode, unless it flies."""
    if airborne(helm.state):
        return
    with suppress(CommandRefused, CommandTimeout):
        await helm.commander.long(Command.ARM_DISARM, 0, doing="disarm")
        await helm.mode(helm.autopilot.arms_in)


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
