"""An autopilot's store of mission, fence and rally points, hazards included; no I/O, no clock.

As ArduPilot does it (shared facts): a mission is stored item by item, so that whatever ends an
upload leaves a truncated or mixed plan; fence and rally are stored whole at the end; an item out
of order is answered INVALID_SEQUENCE; a second ground station is DENIED; a silent partner is asked
again after a second and given up after eight. The store outlives a power cut, an upload does not.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from fleet.messages import (
    Message,
    MissionAck,
    MissionClear,
    MissionCount,
    MissionItem,
    MissionRequest,
    MissionRequestList,
)
from fleet.vocabulary import Frame

MISSION, FENCE, RALLY = 0, 1, 2
AGAIN_S, ABORT_S = 1.0, 8.0

ACCEPTED, ERROR, DENIED, INVALID_SEQUENCE, CANCELLED = 0, 1, 14, 13, 15

Say = Callable[[Message, int], None]


@dataclass
class Incoming:
    """An upload under way."""

    partner: int
    count: int
    items: list[MissionItem] = field(default_factory=list)
    heard_s: float = 0.0
    asked_s: float = 0.0


class PlanStore:
    """Answers the mission protocol.

    Args:
        say: sends a message to a ground station (by its system id).
        refuse: MAV_MISSION_RESULT for an item that comes in; 0 takes it.
        corrupt: what is stored in place of an item.
    """

    def __init__(
        self,
        say: Say,
        *,
        refuse: Callable[[MissionItem], int] = lambda item: ACCEPTED,
        corrupt: Callable[[MissionItem], MissionItem] = lambda item: item,
    ) -> None:
        self.say = say
        self.refuse = refuse
        self.corrupt = corrupt
        self.stores: dict[int, list[MissionItem]] = {MISSION: [], FENCE: [], RALLY: []}
        self.incoming: dict[int, Incoming] = {}
        self.changes = {MISSION: 0, FENCE: 0, RALLY: 0}

    def power_cut(self) -> None:
        """Off and on again."""
        self.incoming.clear()

    def receive(self, message: Message, partner: int, now_s: float) -> None:
        """One message from a ground station."""
        if isinstance(message, MissionCount):
            self._count(message, partner, now_s)
        elif isinstance(message, MissionItem):
            self._item(message, partner, now_s)
        elif isinstance(message, MissionRequestList):
            kind = message.mission_type
            if kind in self.incoming:
                self.say(MissionAck(result=DENIED, mission_type=kind), partner)
            else:
                count = len(self.stores[kind])
                self.say(MissionCount(count=count, mission_type=kind), partner)
        elif isinstance(message, MissionRequest):
            self._request(message, partner)
        elif isinstance(message, MissionClear):
            self.stores[message.mission_type] = []
            self.incoming.pop(message.mission_type, None)
            self.changes[message.mission_type] += 1
            self.say(MissionAck(result=ACCEPTED, mission_type=message.mission_type), partner)

    def tick(self, now_s: float) -> None:
        """Ask again, or give up."""
        for kind, going in list(self.incoming.items()):
            if now_s - going.heard_s > ABORT_S:
                del self.incoming[kind]
                self.say(MissionAck(result=CANCELLED, mission_type=kind), going.partner)
            elif now_s - going.asked_s > AGAIN_S:
                self._ask(kind, going, now_s)

    def _count(self, message: MissionCount, partner: int, now_s: float) -> None:
        kind = message.mission_type
        going = self.incoming.get(kind)
        if going is not None and going.partner != partner:
            self.say(MissionAck(result=DENIED, mission_type=kind), partner)
            return
        if kind == MISSION:
            del self.stores[kind][message.count :]
            self.changes[kind] += 1
        self.incoming[kind] = going = Incoming(partner, message.count, heard_s=now_s)
        self._ask(kind, going, now_s)

    def _ask(self, kind: int, going: Incoming, now_s: float) -> None:
        going.asked_s = now_s
        request = MissionRequest(seq=len(going.items), mission_type=kind, old=True)
        self.say(request, going.partner)

    def _item(self, item: MissionItem, partner: int, now_s: float) -> None:
        kind = item.mission_type
        going = self.incoming.get(kind)
        if going is None or going.partner != partner:
            result = ERROR if going is None else DENIED
            self.say(MissionAck(result=result, mission_type=kind), partner)
            return
        going.heard_s = now_s
        if item.seq != len(going.items):
            self.say(MissionAck(result=INVALID_SEQUENCE, mission_type=kind), partner)
            return
        result = self.refuse(item)
        if result != ACCEPTED:
            del self.incoming[kind]
            if kind == MISSION:
                del self.stores[kind][item.seq :]
                self.changes[kind] += 1
            self.say(MissionAck(result=result, mission_type=kind), partner)
            return
        self._keep(kind, going, self.corrupt(item), now_s)

    def _keep(self, kind: int, going: Incoming, item: MissionItem, now_s: float) -> None:
        going.items.append(item)
        if kind == MISSION:  # not atomic
            self.stores[kind][item.seq : item.seq + 1] = [item]
            self.changes[kind] += 1
        if len(going.items) < going.count:
            self._ask(kind, going, now_s)
            return
        del self.incoming[kind]
        if kind != MISSION:
            self.stores[kind] = going.items
            self.changes[kind] += 1
        self.say(MissionAck(result=ACCEPTED, mission_type=kind), going.partner)

    def _request(self, message: MissionRequest, partner: int) -> None:
        kind, items = message.mission_type, self.stores[message.mission_type]
        if message.seq >= len(items):
            self.say(MissionAck(result=INVALID_SEQUENCE, mission_type=kind), partner)
            return
        self.say(as_reported(items[message.seq], message.seq, kind), partner)


def as_reported(item: MissionItem, seq: int, kind: int) -> MissionItem:
    """As ArduPilot gives it back: no _INT frames, 0 for DO and fence items, its own home."""
    plain = {Frame.RELATIVE_INT: 3, Frame.TERRAIN_INT: 10, Frame.GLOBAL_INT: 0}
    frame = int({int(k): v for k, v in plain.items()}.get(item.frame, item.frame))
    if kind == FENCE or (kind == MISSION and item.command > 100):
        frame = 0
    z = 70.0 if kind == MISSION and seq == 0 else item.z
    return replace(item, seq=seq, frame=frame, z=z)
