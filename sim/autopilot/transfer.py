"""Mission, fence and rally transfer as ArduPilot does it, its hazards included.

A mission upload is not atomic: items are stored as they come, so a refused item leaves the new
items before it and, up to the new count, the old ones after it: a mixed mission, or a cut one.
Fence and rally are stored whole at the end.

Timeouts run on simulated time as on a real vehicle, but a partner is a program on the computer's
own time: a request is repeated or given up only when the wall clock, too, has had its share.
Without that a speed-up would cancel uploads that no real link would lose.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import ClassVar

from pymavlink.dialects.v20 import ardupilotmega as wire

from sim.autopilot.items import (
    CAPACITY,
    FENCE,
    LANDING,
    MISSION,
    PLACED,
    RALLY,
    Item,
    fence_fault,
    refusal,
)

AGAIN_WALL_S, ABORT_WALL_S = 0.5, 6.0
NAMES = {MISSION: "Mission", FENCE: "Fence", RALLY: "Rally"}


@dataclass(kw_only=True)
class Upload:
    """An upload on its way."""

    kind: int
    partner: tuple[int, int]
    end: int
    next: int = 0
    first: int = 0
    staged: list[Item] = field(default_factory=list)
    heard_s: float = 0.0
    heard_wall_s: float = 0.0
    asked_s: float = 0.0
    asked_wall_s: float = 0.0


class Transfers:
    """The stores of one vehicle and the upload in progress, if any.

    Args:
        send: puts a message on the link.
        say: sends a STATUSTEXT (severity, text).
        home: the item that stands for home (seq 0).
        on_change: called with the kind when an upload or a clear is through.
        clock: simulated and wall seconds.
    """

    capacity: ClassVar[dict[int, int]] = CAPACITY
    again_s: ClassVar[float] = 1.0
    """ArduPilot repeats a request after 1 s and gives up after 8 s of its own time."""
    abort_s: ClassVar[float] = 8.0

    def __init__(
        self,
        send: Callable[[wire.MAVLink_message], None],
        say: Callable[[int, str], None],
        home: Callable[[], Item],
        on_change: Callable[[int], None],
        clock: Callable[[], tuple[float, float]],
    ) -> None:
        self._send, self._say, self._home = send, say, home
        self._on_change, self._clock = on_change, clock
        self.stores: dict[int, list[Item]] = {MISSION: [], FENCE: [], RALLY: []}
        self.uploads: dict[int, Upload] = {}
        """One at a time of each kind."""
        self.booted = True

    @property
    def mission(self) -> list[Item]:
        """The mission; index 0 is home, whatever was uploaded there; empty after a clear."""
        return self.stores[MISSION]

    @property
    def busy(self) -> bool:
        """Whether anything is being uploaded."""
        return bool(self.uploads)

    def ids(self) -> tuple[int, int, int]:
        """Opaque ids of mission, fence and rally points; ArduPilot has none."""
        return 0, 0, 0

    # Upload

    def on_count(self, message: wire.MAVLink_message) -> None:
        """MISSION_COUNT: begin an upload."""
        kind, partner = message.mission_type, sender(message)
        upload = self.uploads.get(kind)
        if kind not in self.stores:
            self._ack(partner, kind, wire.MAV_MISSION_UNSUPPORTED)
        elif upload is not None and upload.partner != partner:
            self._ack(partner, kind, wire.MAV_MISSION_DENIED)
        elif not self.booted or message.count > self.capacity[kind]:
            self._ack(partner, kind, wire.MAV_MISSION_NO_SPACE)
            if self.booted:
                text = f"Only {self.capacity[kind]} items are supported"
                self._say(wire.MAV_SEVERITY_WARNING, text)
        elif message.count == 0:
            self.uploads.pop(kind, None)
            self._clear(kind)
            self._told(kind)
            self._ack(partner, kind, wire.MAV_MISSION_ACCEPTED)
        else:
            if kind == MISSION:
                del self.mission[message.count :]
            self._begin(kind, partner, 0, message.count)

    def on_partial(self, message: wire.MAVLink_message) -> None:
        """MISSION_WRITE_PARTIAL_LIST: write some of the stored items anew."""
        kind, partner = message.mission_type, sender(message)
        first, last = message.start_index, message.end_index
        if kind not in self.stores:
            self._ack(partner, kind, wire.MAV_MISSION_UNSUPPORTED)
        elif kind in self.uploads:
            self._ack(partner, kind, wire.MAV_MISSION_DENIED)
        elif not 0 <= first <= last <= len(self.stores[kind]):
            self._say(wire.MAV_SEVERITY_WARNING, "Flight plan update rejected")
            self._ack(partner, kind, wire.MAV_MISSION_ERROR)
        else:
            self._begin(kind, partner, first, last + 1)

    def on_item(self, message: wire.MAVLink_message) -> None:
        """MISSION_ITEM_INT or MISSION_ITEM."""
        partner, upload = sender(message), self.uploads.get(message.mission_type)
        if upload is None:
            self._ack(partner, message.mission_type, wire.MAV_MISSION_ERROR)
        elif message.seq != upload.next:
            self._ack(partner, upload.kind, wire.MAV_MISSION_INVALID_SEQUENCE)
        elif upload.partner != partner:
            self._ack(partner, message.mission_type, wire.MAV_MISSION_DENIED)
        else:
            upload.heard_s, upload.heard_wall_s = self._clock()
            self._take(upload, message)

    def on_clear(self, message: wire.MAVLink_message) -> None:
        """MISSION_CLEAR_ALL of one kind (all at once is not supported); not under an upload."""
        partner, kind = sender(message), message.mission_type
        upload = self.uploads.get(kind)
        if kind not in self.stores:
            self._ack(partner, kind, wire.MAV_MISSION_UNSUPPORTED)
        elif upload is not None and upload.partner != partner:
            self._ack(partner, kind, wire.MAV_MISSION_DENIED)
        else:
            self.uploads.pop(kind, None)
            self._clear(kind)
            self._ack(partner, kind, wire.MAV_MISSION_ACCEPTED)

    # Download

    def on_request_list(self, message: wire.MAVLink_message) -> None:
        """MISSION_REQUEST_LIST: begin a download."""
        partner, kind = sender(message), message.mission_type
        if kind not in self.stores:
            self._ack(partner, kind, wire.MAV_MISSION_UNSUPPORTED)
        elif kind in self.uploads:
            self._ack(partner, kind, wire.MAV_MISSION_DENIED)
        else:
            self._count(partner, kind)

    def on_request(self, message: wire.MAVLink_message) -> None:
        """MISSION_REQUEST_INT and MISSION_REQUEST: one item of a download."""
        partner, kind = sender(message), message.mission_type
        items = self._download(kind) if kind in self.stores else []
        if kind == MISSION and not message.seq:
            items = items or [self._home()]  # home can always be read
        if kind not in self.stores:
            self._ack(partner, kind, wire.MAV_MISSION_UNSUPPORTED)
        elif kind in self.uploads:
            self._ack(partner, kind, wire.MAV_MISSION_DENIED)
        elif message.seq >= len(items):
            self._count(partner, kind)
            self._ack(partner, kind, wire.MAV_MISSION_INVALID_SEQUENCE)
        else:
            as_int = message.get_type() == "MISSION_REQUEST_INT"
            self._answer(partner, kind, message.seq, items[message.seq], as_int=as_int)

    def on_ack(self, message: wire.MAVLink_message) -> None:
        """MISSION_ACK of a ground station: ends a download; ArduPilot does not care."""

    def tick(self) -> None:
        """Repeat a request that found no answer; give up after a while."""
        if not self.uploads:
            return
        now, wall = self._clock()
        for upload in list(self.uploads.values()):
            if now - upload.heard_s > self.abort_s and wall - upload.heard_wall_s > ABORT_WALL_S:
                del self.uploads[upload.kind]
                self._say(wire.MAV_SEVERITY_WARNING, f"{NAMES[upload.kind]} upload timeout")
                self._ack(upload.partner, upload.kind, wire.MAV_MISSION_OPERATION_CANCELLED)
            elif now - upload.asked_s > self.again_s and wall - upload.asked_wall_s > AGAIN_WALL_S:
                self._ask(upload)

    # What differs between firmwares

    def _refusal(self, item: Item, kind: int, seq: int) -> int:
        """MAV_MISSION_RESULT for an item; what seq 0 of a mission holds does not matter."""
        return int(wire.MAV_MISSION_ACCEPTED) if kind == MISSION == seq else refusal(item, kind)

    def _download(self, kind: int) -> list[Item]:
        items = self.stores[kind]
        return [self._home(), *items[1:]] if kind == MISSION and items else items

    def _kept(self, item: Item) -> Item:
        """How an item is stored: a yaw of NaN is none, a landing's is 1, rally heights are whole
        metres (seen on a real ArduCopter)."""
        if item.command == wire.MAV_CMD_NAV_RALLY_POINT:
            return replace(item, z=float(math.trunc(item.z)))
        if item.command in LANDING:
            return replace(item, param4=1.0)
        return replace(item, param4=0.0) if math.isnan(item.param4) else item

    def _frame(self, item: Item, kind: int) -> int:
        """The frame in which an item comes back: 0 for fences and for items without a place."""
        placed = kind != MISSION or item.command in PLACED
        return item.frame if kind != FENCE and placed else 0

    def _told(self, kind: int) -> None:
        """What is said when a transfer is through."""
        if kind == MISSION:
            self._say(wire.MAV_SEVERITY_INFO, "Flight plan received")
        elif kind == FENCE:
            self._say(wire.MAV_SEVERITY_DEBUG, "Fence Indexed OK")

    def _put(self, upload: Upload, item: Item) -> None:
        """Keep an item: a mission's at once, a fence's and rally's at the end."""
        if upload.kind != MISSION:
            upload.staged.append(item)
        elif upload.next < len(self.mission):
            self.mission[upload.next] = item
        else:
            self.mission.append(item)

    def _commit(self, upload: Upload) -> bool:
        """The last item is there; False if all of them together make no sense."""
        if upload.kind == MISSION:
            return True
        whole = self.stores[upload.kind].copy() if upload.first else []
        whole[upload.first :] = upload.staged
        fault = fence_fault(whole) if upload.kind == FENCE else None
        if fault:
            self._say(wire.MAV_SEVERITY_WARNING, fault)
            self._say(wire.MAV_SEVERITY_WARNING, "Fence validation failed")
            return False
        self.stores[upload.kind] = whole
        return True

    def _ask(self, upload: Upload) -> None:
        upload.asked_s, upload.asked_wall_s = self._clock()
        self._send(self._request(upload))

    def _request(self, upload: Upload) -> wire.MAVLink_message:
        return wire.MAVLink_mission_request_message(*upload.partner, upload.next, upload.kind)

    # Steps

    def _begin(self, kind: int, partner: tuple[int, int], first: int, end: int) -> None:
        now, wall = self._clock()
        self.uploads[kind] = upload = Upload(
            kind=kind,
            partner=partner,
            end=end,
            next=first,
            first=first,
            heard_s=now,
            heard_wall_s=wall,
        )
        self._ask(upload)

    def _take(self, upload: Upload, message: wire.MAVLink_message) -> None:
        try:
            item = Item.of(message)
        except ValueError:
            self._refuse(upload, int(wire.MAV_MISSION_INVALID_PARAM5_X))
            return
        result = self._refusal(item, upload.kind, upload.next)
        if result != wire.MAV_MISSION_ACCEPTED:
            self._refuse(upload, result)
            return
        self._put(upload, self._kept(item))
        upload.next += 1
        if upload.next < upload.end:
            self._ask(upload)
        else:
            self._finish(upload)

    def _finish(self, upload: Upload) -> None:
        del self.uploads[upload.kind]
        if not self._commit(upload):
            self._ack(upload.partner, upload.kind, wire.MAV_MISSION_ERROR)
            return
        self._on_change(upload.kind)
        self._told(upload.kind)
        self._ack(upload.partner, upload.kind, wire.MAV_MISSION_ACCEPTED)

    def _refuse(self, upload: Upload, result: int) -> None:
        """Give an upload up. What came of a mission stays, and the old items after it do, too."""
        del self.uploads[upload.kind]
        if upload.kind == MISSION:
            self._on_change(MISSION)
        self._ack(upload.partner, upload.kind, result)

    def _clear(self, kind: int) -> None:
        self.stores[kind] = []
        self._on_change(kind)

    def _count(self, partner: tuple[int, int], kind: int) -> None:
        count = len(self._download(kind))
        self._send(wire.MAVLink_mission_count_message(*partner, count, kind))

    def _answer(
        self, partner: tuple[int, int], kind: int, seq: int, item: Item, *, as_int: bool
    ) -> None:
        make: Callable[..., wire.MAVLink_message] = wire.MAVLink_mission_item_int_message
        x: float = item.x
        y: float = item.y
        if not as_int:
            make = wire.MAVLink_mission_item_message
            scale = 1e7 if kind != MISSION or item.command in PLACED else 1.0
            x, y = x / scale, y / scale
        params = (item.param1, item.param2, item.param3, item.param4)
        frame = self._frame(item, kind)
        self._send(make(*partner, seq, frame, item.command, 0, 1, *params, x, y, item.z, kind))

    def _ack(self, partner: tuple[int, int], kind: int, result: int) -> None:
        self._send(wire.MAVLink_mission_ack_message(*partner, result, kind))


def sender(message: wire.MAVLink_message) -> tuple[int, int]:
    """System and component that sent a message."""
    return message.get_srcSystem(), message.get_srcComponent()
