"""Drives the upload gate and its transfers over a channel, on the vehicle's clock."""

from collections.abc import Mapping

from core.errors import ReadBackMismatch, TransferFailed
from fleet.autopilots import Autopilot
from fleet.channel import Channel
from fleet.messages import MissionAck, MissionCount, MissionItem, MissionRequest
from fleet.patience import ClockStandsStill, Deadline, patiently
from fleet.plans.flightplan import FlightPlan, stored_plan
from fleet.uploads.gate import Emptying, Gate, Inventory
from fleet.vocabulary import MissionType


class NotCleared(TransferFailed):
    """An upload failed, and what it left behind could not be cleared for certain."""


async def upload(channel: Channel, autopilot: Autopilot, plan: FlightPlan) -> FlightPlan:
    """Bring a plan on board through the gate; return what the vehicle holds.

    After a failure nothing is left on board, or the error is `NotCleared`.

    Raises:
        InvalidInput: no items, or too many.
        TransferFailed: a transfer broke off, or the vehicle refused an item.
        ReadBackMismatch: the vehicle holds something else than what was sent.
        NotCleared: the same, and it is not certain that it holds nothing now.
    """
    gate = Gate(plan, window=autopilot.download_window, home_item=autopilot.home_item)
    await _carry(gate, channel)
    if gate.problem is None:
        return stored_plan(gate.stored, plan.fence.ceiling_m)
    if not gate.cleared:
        raise NotCleared(
            gate.problem,
            where=channel.name,
            remedy="its plan could not be cleared either: do not arm it",
        )
    if gate.mismatched:
        raise ReadBackMismatch(
            gate.problem, where=channel.name, remedy="do not fly; upload it again"
        )
    raise TransferFailed(gate.problem, where=channel.name, remedy="mend the item, or try again")


async def download(
    channel: Channel, autopilot: Autopilot
) -> Mapping[MissionType, tuple[MissionItem, ...]]:
    """What the vehicle holds of each kind, a mission with home as item 0.

    Raises:
        TransferFailed: a transfer broke off.
    """
    reading = Inventory(window=autopilot.download_window, home_item=autopilot.home_item)
    await _carry(reading, channel)
    if reading.problem is not None:
        raise TransferFailed(reading.problem, where=channel.name, remedy="try again")
    return reading.stored


async def clear(channel: Channel) -> None:
    """Make the vehicle forget mission, fence and rally points, and see that it did.

    Raises:
        NotCleared: it did not confirm.
    """
    emptying = Emptying()
    await _carry(emptying, channel)
    if emptying.problems:
        raise NotCleared(
            "it did not confirm that nothing is left: " + "; ".join(emptying.problems),
            where=channel.name,
            remedy="do not arm it; clear it again",
        )


async def _carry(machine: Gate | Inventory | Emptying, channel: Channel) -> None:
    """Run a machine to its end, in time of the channel's clock."""
    with channel.listening(MissionCount, MissionRequest, MissionItem, MissionAck) as inbox:
        replies = machine.begin()
        while True:
            for reply in replies:
                channel.send(reply)
            if machine.finished:
                return
            deadline = Deadline(channel.clock, machine.wait_s)
            replies = []
            while not replies and not machine.finished:
                try:
                    message = await patiently(channel.clock, deadline.left_s(), inbox.get())
                except ClockStandsStill as standing:
                    machine.give_up(str(standing))
                    break
                except TimeoutError:
                    replies = machine.overdue()
                    break
                replies = machine.receive(message)
