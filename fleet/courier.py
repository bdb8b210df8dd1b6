"""Drives the transfers over a channel: upload with the read-back gate, download, clear."""

from collections.abc import Sequence

from core.errors import ReadBackMismatch, TransferFailed
from fleet.channel import Channel
from fleet.messages import (
    Message,
    MissionAck,
    MissionClear,
    MissionCount,
    MissionItem,
    MissionRequest,
)
from fleet.mission import differences
from fleet.patience import ClockStandsStill, Deadline, patiently
from fleet.transfer import Download, Upload
from fleet.vocabulary import MissionType

ROUNDS = 5
"""How often upload and read-back are tried together before the vehicle is cleared."""

CLEAR_S = (2.0, 4.0, 8.0)
"""How long each attempt to clear waits for its acknowledgement, seconds of the clock."""


async def upload(
    channel: Channel, items: Sequence[MissionItem], mission_type: int = MissionType.MISSION
) -> tuple[MissionItem, ...]:
    """Upload a plan, download it again and compare; return what the vehicle holds.

    Uploads are not atomic: a broken one leaves a truncated plan behind. So after failure the
    vehicle's plan is cleared, and the error says whether that worked.

    Raises:
        InvalidInput: no items, or too many.
        TransferFailed: a transfer broke off, or the vehicle refused an item.
        ReadBackMismatch: the vehicle holds something else than what was sent.
    """
    failure: TransferFailed | ReadBackMismatch | None = None
    for _ in range(ROUNDS):
        going = Upload(items, mission_type)
        await _carry(going, channel)
        if going.problem:
            failure = TransferFailed(
                going.problem, where=channel.name, remedy="mend the item, or try again"
            )
            if going.refused:
                break
            continue
        back = Download(mission_type)
        await _carry(back, channel)
        if back.problem:
            failure = TransferFailed(
                f"reading back: {back.problem}", where=channel.name, remedy="try again"
            )
            continue
        found = differences(items, back.items, mission_type)
        if not found:
            return tuple(back.items)
        failure = ReadBackMismatch(
            "; ".join(found[:3]), where=channel.name, remedy="do not fly; upload again"
        )
    assert failure is not None  # noqa: S101 - every round that does not return sets it
    if not await clear(channel, mission_type):
        failure.remedy = "its plan could not be cleared either: do not arm it"
    raise failure


async def download(
    channel: Channel, mission_type: int = MissionType.MISSION
) -> tuple[MissionItem, ...]:
    """What the vehicle holds, home included (item 0 of a mission); empty when it has no plan.

    Raises:
        TransferFailed: the transfer broke off.
    """
    fetching = Download(mission_type)
    await _carry(fetching, channel)
    if fetching.problem:
        raise TransferFailed(fetching.problem, where=channel.name, remedy="try again")
    return tuple(fetching.items)


async def clear(channel: Channel, mission_type: int = MissionType.MISSION) -> bool:
    """Make the vehicle forget its plan; whether it confirmed that."""
    with channel.listening(MissionAck) as inbox:
        for seconds in CLEAR_S:
            channel.send(MissionClear(mission_type=mission_type))
            deadline = Deadline(channel.clock, seconds)
            try:
                while True:
                    message = await patiently(channel.clock, deadline.left_s(), inbox.get())
                    if _accepts(message, mission_type):
                        return True
            except ClockStandsStill:
                return False
            except TimeoutError:
                continue
    return False


def _accepts(message: Message, mission_type: int) -> bool:
    return (
        isinstance(message, MissionAck)
        and message.result == 0
        and message.mission_type == mission_type
    )


async def _carry(machine: Upload | Download, channel: Channel) -> None:
    """Run a transfer to its end, in time of the channel's clock."""
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
