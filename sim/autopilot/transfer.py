"""Mission, fence and rally transfer as ArduPilot does it, its hazards included.

A mission upload is not atomic: items are stored as they come, so a refused item leaves a truncated
new mission. Fence and rally are stored whole at the end.

Timeouts run on simulated time as on a real vehicle, but a partner is a program on the computer's
own time: a request is repeated or given up only when the wall clock, too, has had its share.
Without that a speed-up would cancel uploads that no real link would lose.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from pymavlink.dialects.v20 import ardupilotmega as wire

from sim.autopilot.items import CAPACITY, FENCE, MISSION, PLACED, RALLY, Item, fence_fault, refusal

AGAIN_S, ABORT_S = 1.0, 8.0
"""ArduPilot repeats a request after 1 s and gives up after 8 s of its own time."""
AGAIN_WALL_S, ABORT_WALL_S = 0.5, 6.0


@dataclass(kw_only=True)
class Upload:
    """An upload on its way."""

    kind: int
    partner: tuple[int, int]
    count: int
    next: int = 0
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
        self.stores: dict[int, list[Item]] = {MISSION: [home()], FENCE: [], RALLY: []}
        self.upload: Upload | None = None
        self.booted = True

    @property
    def mission(self) -> list[Item]:
        """The mission; index 0 is home, whatever was uploaded there."""
        return self.stores[MISSION]

    def on_count(self, message: wire.MAVLink_message) -> None:
        """MISSION_COUNT: begin an upload."""
        kind, partner = message.mission_type, _sender(message)
        if kind not in self.stores:
            self._ack(partner, kind, wire.MAV_MISSION_UNSUPPORTED)
        elif not self.booted or message.count > CAPACITY[kind]:
            self._ack(partner, kind, wire.MAV_MISSION_NO_SPACE)
        elif self.upload is not None and self.upload.partner != partner:
            self._ack(partner, kind, wire.MAV_MISSION_DENIED)
        elif message.count == 0:
            self._clear(kind)
            self._ack(partner, kind, wire.MAV_MISSION_ACCEPTED)
        else:
            if kind == MISSION:
                del self.mission[max(1, message.count) :]
            now, wall = self._clock()
            self.upload = Upload(
                kind=kind,
                partner=partner,
                count=message.count,
                heard_s=now,
                heard_wall_s=wall,
            )
            self._ask()

    def on_item(self, message: wire.MAVLink_message) -> None:
        """MISSION_ITEM_INT or MISSION_ITEM."""
        partner, upload = _sender(message), self.upload
        if upload is None:
            self._ack(partner, message.mission_type, wire.MAV_MISSION_ERROR)
            return
        if upload.partner != partner or upload.kind != message.mission_type:
            self._ack(partner, message.mission_type, wire.MAV_MISSION_DENIED)
            return
        upload.heard_s, upload.heard_wall_s = self._clock()
        if message.seq != upload.next:
            self._ack(partner, upload.kind, wire.MAV_MISSION_INVALID_SEQUENCE)
            return
        try:
            item = Item.of(message)
        except ValueError:
            self._refuse(upload, int(wire.MAV_MISSION_INVALID_PARAM5_X))
            return
        result = refusal(item, upload.kind)
        if result != wire.MAV_MISSION_ACCEPTED and not (
            upload.kind == MISSION and upload.next == 0
        ):
            self._refuse(upload, result)
            return
        self._store(upload, item)

    def on_request_list(self, message: wire.MAVLink_message) -> None:
        """MISSION_REQUEST_LIST: begin a download."""
        partner, kind = _sender(message), message.mission_type
        if kind not in self.stores:
            self._ack(partner, kind, wire.MAV_MISSION_UNSUPPORTED)
        elif self.upload is not None:
            self._ack(partner, kind, wire.MAV_MISSION_DENIED)
        else:
            self._send(
                wire.MAVLink_mission_count_message(*partner, len(self._download(kind)), kind)
            )

    def on_request(self, message: wire.MAVLink_message) -> None:
        """MISSION_REQUEST_INT and MISSION_REQUEST: one item of a download."""
        partner, kind = _sender(message), message.mission_type
        items = self._download(kind) if kind in self.stores else []
        if message.seq >= len(items):
            self._ack(partner, kind, wire.MAV_MISSION_INVALID_SEQUENCE)
            return
        i = items[message.seq]
        placed = kind != MISSION or i.command in PLACED
        frame = i.frame if kind != FENCE and placed else 0
        make = wire.MAVLink_mission_item_int_message
        x: float = i.x
        y: float = i.y
        if message.get_type() == "MISSION_REQUEST":
            make = wire.MAVLink_mission_item_message
            scale = 1e7 if placed else 1.0
            x, y = i.x / scale, i.y / scale
        self._send(
            make(
                *partner,
                message.seq,
                frame,
                i.command,
                0,
                1,
                i.param1,
                i.param2,
                i.param3,
                i.param4,
                x,
                y,
                i.z,
                kind,
            )
        )

    def on_clear(self, message: wire.MAVLink_message) -> None:
        """MISSION_CLEAR_ALL."""
        partner, kind = _sender(message), message.mission_type
        kinds = list(self.stores) if kind == wire.MAV_MISSION_TYPE_ALL else [kind]
        if any(k not in self.stores for k in kinds):
            self._ack(partner, kind, wire.MAV_MISSION_UNSUPPORTED)
            return
        for k in kinds:
            self._clear(k)
        self._ack(partner, kind, wire.MAV_MISSION_ACCEPTED)

    def tick(self) -> None:
        """Repeat a request that found no answer; give up after a while."""
        upload = self.upload
        if upload is None:
            return
        now, wall = self._clock()
        if now - upload.heard_s > ABORT_S and wall - upload.heard_wall_s > ABORT_WALL_S:
            self.upload = None
            self._ack(upload.partner, upload.kind, wire.MAV_MISSION_OPERATION_CANCELLED)
            self._say(wire.MAV_SEVERITY_WARNING, "Mission upload timeout")
        elif now - upload.asked_s > AGAIN_S and wall - upload.asked_wall_s > AGAIN_WALL_S:
            self._ask()

    def _download(self, kind: int) -> list[Item]:
        return [self._home(), *self.mission[1:]] if kind == MISSION else self.stores[kind]

    def _store(self, upload: Upload, item: Item) -> None:
        if upload.kind == MISSION:
            if upload.next < len(self.mission):
                self.mission[upload.next] = item
            else:
                self.mission.append(item)
        else:
            upload.staged.append(item)
        upload.next += 1
        if upload.next < upload.count:
            self._ask()
            return
        self.upload = None
        fault = fence_fault(upload.staged) if upload.kind == FENCE else None
        if fault:
            self._say(wire.MAV_SEVERITY_WARNING, fault)
            self._ack(upload.partner, upload.kind, wire.MAV_MISSION_ERROR)
            return
        if upload.kind != MISSION:
            self.stores[upload.kind] = upload.staged
        self._on_change(upload.kind)
        self._ack(upload.partner, upload.kind, wire.MAV_MISSION_ACCEPTED)

    def _refuse(self, upload: Upload, result: int) -> None:
        if upload.kind == MISSION:
            del self.mission[max(1, upload.next) :]
            self._on_change(MISSION)
        self.upload = None
        self._ack(upload.partner, upload.kind, result)

    def _clear(self, kind: int) -> None:
        self.stores[kind] = [self._home()] if kind == MISSION else []
        self._on_change(kind)

    def _ask(self) -> None:
        upload = self.upload
        if upload is None:
            return
        upload.asked_s, upload.asked_wall_s = self._clock()
        self._send(wire.MAVLink_mission_request_message(*upload.partner, upload.next, upload.kind))

    def _ack(self, partner: tuple[int, int], kind: int, result: int) -> None:
        self._send(wire.MAVLink_mission_ack_message(*partner, result, kind))


def _sender(message: wire.MAVLink_message) -> tuple[int, int]:
    return message.get_srcSystem(), message.get_srcComponent()
