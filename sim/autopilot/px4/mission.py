"""Mission, fence and rally transfer as PX4 does it, and its checks of a mission.

Unlike ArduPilot's: nothing of an upload counts before its end; a wrong sequence is not answered;
one transfer at a time, a download in order; item 0 is the first that is flown; no heights above
terrain (https://docs.px4.io/main/en/flying/missions.html, mavlink_mission.cpp's behaviour).
"""

import math
import struct
import zlib
from dataclasses import replace
from typing import ClassVar

from pymavlink.dialects.v20 import ardupilotmega as wire

from sim.autopilot.items import FENCE, LANDING, LIFTING, MISSION, NAV, RALLY, TERRAIN, Item, refusal
from sim.autopilot.transfer import NAMES, Transfers, Upload, sender
from sim.earth import between_m

UNFLOWN = frozenset(
    {
        wire.MAV_CMD_NAV_SPLINE_WAYPOINT,
        wire.MAV_CMD_NAV_LOITER_TURNS,
        wire.MAV_CMD_CONDITION_YAW,
        wire.MAV_CMD_CONDITION_DISTANCE,
        wire.MAV_CMD_CONDITION_DELAY,
        wire.MAV_CMD_DO_FENCE_ENABLE,
        wire.MAV_CMD_JUMP_TAG,
        wire.MAV_CMD_DO_JUMP_TAG,
        wire.MAV_CMD_DO_SET_RELAY,
        wire.MAV_CMD_DO_REPEAT_SERVO,
    }
)
"""Items that ArduPilot stores and PX4 does not."""
CAPACITY = {MISSION: 1000, FENCE: 64, RALLY: 32}


class Px4Transfers(Transfers):
    """The stores of one vehicle that runs PX4."""

    capacity: ClassVar[dict[int, int]] = CAPACITY
    again_s: ClassVar[float] = 0.25
    """MAVLINK_MISSION_RETRY_TIMEOUT_DEFAULT and MAVLINK_MISSION_PROTOCOL_TIMEOUT_DEFAULT."""
    abort_s: ClassVar[float] = 5.0

    _reader: tuple[tuple[int, int], int, int, float] | None = None
    """A download in progress: partner, kind, the next item, when it was last heard."""

    def ids(self) -> tuple[int, int, int]:
        """Opaque ids: a checksum of each store, 0 for an empty one."""
        return _checksum(self.mission), _checksum(self.stores[FENCE]), _checksum(self.stores[RALLY])

    def on_count(self, message: wire.MAVLink_message) -> None:
        """MISSION_COUNT: begin an upload, unless one has got somewhere."""
        kind, partner, upload = message.mission_type, sender(message), self._upload
        if kind not in self.stores:
            self._ack(partner, kind, wire.MAV_MISSION_UNSUPPORTED)
        elif upload is not None and (upload.partner != partner or upload.next > 0):
            self._ack(partner, kind, wire.MAV_MISSION_ERROR)
        elif not self.booted or message.count > self.capacity[kind]:
            self._ack(partner, kind, wire.MAV_MISSION_NO_SPACE)
        elif message.count == 0:
            self._clear(kind)
            self._ack(partner, kind, wire.MAV_MISSION_ACCEPTED)
        else:
            self._reader = None
            self.uploads.clear()
            self._begin(kind, partner, 0, message.count)

    def on_partial(self, message: wire.MAVLink_message) -> None:
        """MISSION_WRITE_PARTIAL_LIST is not answered."""

    def on_item(self, message: wire.MAVLink_message) -> None:
        """MISSION_ITEM_INT; another sequence is waited out, another partner ignored."""
        upload = self._upload
        if upload is None:
            self._ack(sender(message), message.mission_type, wire.MAV_MISSION_ERROR)
        elif upload.partner == sender(message) and upload.kind == message.mission_type:
            upload.heard_s, upload.heard_wall_s = self._clock()
            if message.seq == upload.next:
                self._take(upload, message)

    def on_request_list(self, message: wire.MAVLink_message) -> None:
        """MISSION_REQUEST_LIST: begin a download."""
        partner, kind = sender(message), message.mission_type
        if kind not in self.stores:
            self._ack(partner, kind, wire.MAV_MISSION_UNSUPPORTED)
        elif self.busy or self._reads(partner) is False:
            self._ack(partner, kind, wire.MAV_MISSION_ERROR)
        else:
            count = len(self.stores[kind])
            self._reader = (partner, kind, 0, self._clock()[0]) if count else None
            self._count(partner, kind)

    def on_request(self, message: wire.MAVLink_message) -> None:
        """MISSION_REQUEST_INT: the next item of a download, or the last one again."""
        partner, kind, seq = sender(message), message.mission_type, message.seq
        reader = self._reader
        if reader is None or reader[:2] != (partner, kind):
            self._ack(partner, kind, wire.MAV_MISSION_ERROR)
            return
        items, upcoming = self.stores[kind], reader[2]
        if seq not in (upcoming, upcoming - 1) or seq >= len(items):
            self._reader = None
            self._ack(partner, kind, wire.MAV_MISSION_ERROR)
            return
        self._reader = (partner, kind, seq + 1, self._clock()[0])
        as_int = message.get_type() == "MISSION_REQUEST_INT"
        self._answer(partner, kind, seq, items[seq], as_int=as_int)

    def on_ack(self, message: wire.MAVLink_message) -> None:
        """MISSION_ACK: the partner has all."""
        if self._reader is not None and self._reader[0] == sender(message):
            self._reader = None

    def on_clear(self, message: wire.MAVLink_message) -> None:
        """MISSION_CLEAR_ALL of one kind or of all."""
        partner, kind = sender(message), message.mission_type
        kinds = list(self.stores) if kind == wire.MAV_MISSION_TYPE_ALL else [kind]
        if self.busy:
            self._ack(partner, kind, wire.MAV_MISSION_ERROR)
        elif any(k not in self.stores for k in kinds):
            self._ack(partner, kind, wire.MAV_MISSION_UNSUPPORTED)
        else:
            for k in kinds:
                self._clear(k)
            self._ack(partner, kind, wire.MAV_MISSION_ACCEPTED)

    @property
    def _upload(self) -> Upload | None:
        """The one upload of any kind."""
        return next(iter(self.uploads.values()), None)

    def _reads(self, partner: tuple[int, int]) -> bool | None:
        """Whether this partner downloads; False if another one does, None if nobody does."""
        reader = self._reader
        if reader is None or self._clock()[0] - reader[3] > self.abort_s:
            return None
        return reader[0] == partner

    def _download(self, kind: int) -> list[Item]:
        return self.stores[kind]

    def _refusal(self, item: Item, kind: int, seq: int) -> int:
        if kind == MISSION and item.command in UNFLOWN:
            return int(wire.MAV_MISSION_UNSUPPORTED)
        if item.frame in TERRAIN:
            return int(wire.MAV_MISSION_UNSUPPORTED_FRAME)
        known = replace(
            item,
            param1=_number(item.param1),
            param2=_number(item.param2),
            param3=_number(item.param3),
            param4=_number(item.param4),
        )
        return refusal(known, kind)

    def _kept(self, item: Item) -> Item:
        return item

    def _frame(self, item: Item, kind: int) -> int:
        return item.frame

    def _told(self, kind: int) -> None:
        if kind != MISSION:
            self._say(wire.MAV_SEVERITY_INFO, f"{NAMES[kind]} plan received")

    def _put(self, upload: Upload, item: Item) -> None:
        upload.staged.append(item)

    def _commit(self, upload: Upload) -> bool:
        if upload.kind == MISSION:
            self.stores[MISSION] = upload.staged
            return True
        return super()._commit(upload)

    def _refuse(self, upload: Upload, result: int) -> None:
        del self.uploads[upload.kind]
        self._ack(upload.partner, upload.kind, result)

    def _request(self, upload: Upload) -> wire.MAVLink_message:
        return wire.MAVLink_mission_request_int_message(*upload.partner, upload.next, upload.kind)


def feasibility(
    items: list[Item], home: tuple[float, float], first_m: float, needs: int
) -> list[str]:
    """Why a stored mission cannot be flown (PX4's mission feasibility checker).

    Args:
        home: longitude and latitude.
        first_m: farthest first waypoint (MIS_DIST_1WP), 0 for any.
        needs: MIS_TKO_LAND_REQ: 1 a take-off, 2 a landing, 3 both, 4 both or none.
    """
    found = []
    lifts = [k for k, i in enumerate(items) if i.command in LIFTING]
    lands = [k for k, i in enumerate(items) if i.command in LANDING]
    navs = [k for k, i in enumerate(items) if i.command in NAV]
    if lifts and navs and lifts[0] != navs[0]:
        found.append("Mission rejected: takeoff is not the first waypoint")
    if (needs in (1, 3) and not lifts) or (needs == 4 and lands and not lifts):
        found.append("Mission rejected: Takeoff item missing")
    if (needs in (2, 3) and not lands) or (needs == 4 and lifts and not lands):
        found.append("Mission rejected: Landing item missing")
    placed = [items[k] for k in navs if items[k].x or items[k].y]
    if first_m > 0 and placed:
        away = math.hypot(*between_m(*home, placed[0].lon, placed[0].lat))
        if away > first_m:
            found.append(f"First waypoint too far away: {away:.0f}m (max {first_m:.0f}m)")
    return found


def _number(value: float) -> float:
    """PX4 takes NaN for what it does by default."""
    return 0.0 if math.isnan(value) else value


def _checksum(items: list[Item]) -> int:
    """CRC-32 of a store; never 0 for one with items."""
    if not items:
        return 0
    crc = 0
    for i in items:
        whole = (i.frame, i.command, i.x, i.y)
        floats = (i.param1, i.param2, i.param3, i.param4, i.z)
        crc = zlib.crc32(struct.pack("<BHii5f", *whole, *floats), crc)
    return crc or 1
