"""Flight plans: mission, fence and rally points as one value that is uploaded and proven whole."""

import hashlib
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from fleet.messages import MissionItem
from fleet.plans import fence as fences
from fleet.plans import rally as rallies
from fleet.plans.fence import Fence
from fleet.plans.mission import Mission, differences, plain_frame, renumbered
from fleet.plans.rally import RallyPoint
from fleet.vocabulary import FIRST_DO_COMMAND, MissionType

_RECORD = struct.Struct("<BHH4fiif")
"""One item as the digest sees it: type, command, frame, four parameters, x, y, z."""


NOWHERE_FENCED = Fence()


@dataclass(frozen=True)
class FlightPlan:
    """Everything about one flight that a vehicle stores.

    Attributes:
        mission: what it flies; item 0 is home.
        fence: where it must stay.
        rally: where it may land instead of home.
    """

    mission: Mission
    fence: Fence = NOWHERE_FENCED
    rally: tuple[RallyPoint, ...] = ()

    @cached_property
    def items(self) -> Mapping[MissionType, tuple[MissionItem, ...]]:
        """The items of each kind, as they are uploaded."""
        return {
            MissionType.MISSION: self.mission.items,
            MissionType.FENCE: fences.to_items(self.fence),
            MissionType.RALLY: rallies.to_items(self.rally),
        }

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what is flown, in hexadecimal.

        Home (item 0) is left out: the vehicle moves it at every arming. So are the frames of
        items that have no height. Two read-backs of an unchanged vehicle give the same digest.
        """
        ceiling = -1.0 if self.fence.ceiling_m is None else self.fence.ceiling_m
        record = hashlib.sha256(struct.pack("<f", ceiling))
        for kind, items in self.items.items():
            for item in items[1:] if kind == MissionType.MISSION else items:
                record.update(_packed(kind, item))
        return record.hexdigest()

    def differences(self, stored: "FlightPlan") -> tuple[str, ...]:
        """How what a vehicle holds differs from this plan; empty when it is the same."""
        found: list[str] = []
        for kind, items in self.items.items():
            found += different(kind, items, stored.items[kind])
        return tuple(found)


def different(
    kind: MissionType, sent: Sequence[MissionItem], read_back: Sequence[MissionItem]
) -> tuple[str, ...]:
    """The differences of one kind of plan, each of which says its kind."""
    if kind is MissionType.MISSION and len(sent) <= 1 and len(read_back) <= 1:
        return ()  # an empty mission: some keep home, others keep nothing
    return tuple(f"{kind.name.lower()}: {d}" for d in differences(sent, read_back, kind))


def stored_plan(
    stored: Mapping[MissionType, Iterable[MissionItem]], ceiling_m: float | None = None
) -> FlightPlan:
    """The plan that a vehicle holds, from its items as downloaded.

    Raises:
        InvalidInput: its fence or rally items make no sense.
    """
    return FlightPlan(
        renumbered(tuple(stored[MissionType.MISSION])),
        fences.from_items(tuple(stored[MissionType.FENCE]), ceiling_m),
        rallies.from_items(tuple(stored[MissionType.RALLY])),
    )


def _packed(kind: MissionType, item: MissionItem) -> bytes:
    high = kind == MissionType.MISSION and item.command < FIRST_DO_COMMAND
    frame = plain_frame(item) if high and item.z else 0
    return _RECORD.pack(kind, item.command, frame, *item.params, item.x, item.y, item.z)
