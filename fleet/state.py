"""What is known of a vehicle: an immutable value and a pure fold over its messages."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.energy import Wind
from core.geo import LonLat
from fleet.address import Address
from fleet.autopilots import Autopilot, our_seq
from fleet.messages import (
    AutopilotVersion,
    BatteryStatus,
    CameraFeedback,
    EkfStatus,
    ExtendedSysState,
    FenceStatus,
    GlobalPosition,
    Heartbeat,
    HomePosition,
    Message,
    MissionCurrent,
    MissionItemReached,
    SmartBatteryInfo,
    StatusText,
    SysStatus,
    SystemTime,
    WindEstimate,
)
from fleet.packs.pack_trace import NO_TRACES, Traces, told
from fleet.vocabulary import MissionState, SystemStatus

TEXTS_KEPT = 20
"""How many STATUSTEXT lines a state remembers; a failed arming of ArduPilot gives about five."""


@dataclass(frozen=True, kw_only=True)
class VehicleState:
    """A vehicle as its last messages describe it; None where it has not said yet.

    Not slotted: copying the dictionary makes the fold several times cheaper.

    Attributes:
        address: its link and system id.
        heard_at: the clock's time of the last message folded in.
        boot_s: the vehicle's own seconds since boot.
        altitude_m: above mean sea level.
        height_m: above home, the take-off point.
        heading_deg: clockwise from north.
        speed_mps, climb_mps: over ground, and upward.
        battery: share left, 0..1.
        mode: named as its pilots name it, e.g. "AUTO".
        ready: the pre-arm check passes.
        position_ok: the position estimate is good enough to fly by (None: not reported).
        mission_seq: the item being flown; item 0 is home.
        mission_total: number of the last item.
        reached_seq: the last NAV item that was completed.
        mission_done: the mission is complete.
        photos: photos reported since we listen.
        last_photos: the latest of each camera.
        wind: as the vehicle estimates it.
        system_status: MAV_STATE.
        texts: the last lines for the pilot, oldest first.
        sensors: MAV_SYS_STATUS_SENSOR bits: present, enabled, healthy.
        identity: what its autopilot says of itself.
        packs: by slot, what its battery packs have told.
    """

    address: Address
    heard_at: datetime
    boot_s: float | None = None
    position: LonLat | None = None
    altitude_m: float | None = None
    height_m: float | None = None
    heading_deg: float | None = None
    speed_mps: float | None = None
    climb_mps: float | None = None
    battery: float | None = None
    voltage_v: float | None = None
    mode: str = "unknown"
    armed: bool = False
    landed: bool | None = None
    ready: bool | None = None
    position_ok: bool | None = None
    mission_seq: int | None = None
    mission_total: int | None = None
    mission_done: bool = False
    reached_seq: int | None = None
    photos: int = 0
    last_photos: Mapping[int, CameraFeedback] = field(default_factory=dict)
    wind: Wind | None = None
    home: LonLat | None = None
    fence_breached: bool = False
    system_status: int = 0
    texts: tuple[str, ...] = ()
    sensors: tuple[int, int, int] | None = None
    identity: AutopilotVersion | None = None
    packs: Traces = field(default_factory=lambda: NO_TRACES)

    @property
    def in_flight(self) -> bool:
        """Armed, and not known to stand on the ground."""
        return self.armed and self.landed is not True

    @property
    def critical(self) -> bool:
        """In a failsafe, or worse."""
        return self.system_status in (SystemStatus.CRITICAL, SystemStatus.EMERGENCY)


def update(
    state: VehicleState, message: Message, at: datetime, autopilot: Autopilot
) -> VehicleState:
    """The state after a message that was heard at a time; pure, never raises."""
    fold = _FOLDS.get(type(message))
    if fold is None:
        return state
    changes = fold(state, message, autopilot)
    changes["heard_at"] = at
    after = object.__new__(VehicleState)
    after.__dict__.update(state.__dict__)
    after.__dict__.update(changes)
    return after


Changes = dict[str, Any]


def _heartbeat(state: VehicleState, m: Heartbeat, autopilot: Autopilot) -> Changes:
    changes: Changes = {
        "mode": autopilot.mode_name(m),
        "armed": m.armed,
        "system_status": m.system_status,
    }
    if state.armed and not m.armed:
        changes["landed"] = True
        if _past_the_end(state):
            changes["mission_done"] = True
    return changes


def _past_the_end(state: VehicleState) -> bool:
    seq, total = state.mission_seq, state.mission_total
    return seq is not None and total is not None and 0 < total <= seq


def _system_time(state: VehicleState, m: SystemTime, autopilot: Autopilot) -> Changes:
    return {"boot_s": m.boot_s}


def _sys_status(state: VehicleState, m: SysStatus, autopilot: Autopilot) -> Changes:
    changes: Changes = {"ready": m.ready, "sensors": (m.present, m.enabled, m.healthy)}
    if m.battery is not None:
        changes["battery"] = m.battery
    if m.voltage_v is not None:
        changes["voltage_v"] = m.voltage_v
    return changes


def _battery(state: VehicleState, m: BatteryStatus, autopilot: Autopilot) -> Changes:
    changes: Changes = {"packs": told(state.packs, m, state.heard_at)}
    if m.pack == 0 and m.battery is not None:
        changes["battery"] = m.battery
    return changes


def _smart_battery(state: VehicleState, m: SmartBatteryInfo, autopilot: Autopilot) -> Changes:
    return {"packs": told(state.packs, m, state.heard_at)}


def _identity(state: VehicleState, m: AutopilotVersion, autopilot: Autopilot) -> Changes:
    return {"identity": m}


def _position(state: VehicleState, m: GlobalPosition, autopilot: Autopilot) -> Changes:
    changes: Changes = {
        "boot_s": m.boot_s,
        "altitude_m": m.altitude_m,
        "height_m": m.height_m,
        "speed_mps": math.hypot(m.north_mps, m.east_mps),
        "climb_mps": -m.down_mps,
    }
    if m.position is not None:
        changes["position"] = m.position
    if m.heading_deg is not None:
        changes["heading_deg"] = m.heading_deg
    return changes


def _mission_current(state: VehicleState, m: MissionCurrent, autopilot: Autopilot) -> Changes:
    changes: Changes = {"mission_seq": our_seq(autopilot, m.seq)}
    if m.total is not None:
        changes["mission_total"] = m.total
    if m.state == MissionState.COMPLETE:
        changes["mission_done"] = True
    elif m.state in (MissionState.NOT_STARTED, MissionState.NO_MISSION) or (
        m.state == MissionState.ACTIVE and state.armed
    ):
        changes["mission_done"] = False
    return changes


def _reached(state: VehicleState, m: MissionItemReached, autopilot: Autopilot) -> Changes:
    return {"reached_seq": our_seq(autopilot, m.seq)}


def _landed(state: VehicleState, m: ExtendedSysState, autopilot: Autopilot) -> Changes:
    return {"landed": m.landed} if m.landed is not None else {}


def _text(state: VehicleState, m: StatusText, autopilot: Autopilot) -> Changes:
    if m.chunk > 0 and state.texts:
        return {"texts": (*state.texts[:-1], state.texts[-1] + m.text)}
    return {"texts": (*state.texts, m.text)[-TEXTS_KEPT:]}


def _photo(state: VehicleState, m: CameraFeedback, autopilot: Autopilot) -> Changes:
    """Once a camera fires, ArduPilot repeats the latest report of every other camera as well."""
    known = state.last_photos.get(m.camera)
    if known is not None and (known.index, known.taken_at) == (m.index, m.taken_at):
        return {}
    return {"photos": state.photos + 1, "last_photos": {**state.last_photos, m.camera: m}}


def _wind(state: VehicleState, m: WindEstimate, autopilot: Autopilot) -> Changes:
    return {"wind": Wind(m.speed_mps, m.from_deg)}


def _home(state: VehicleState, m: HomePosition, autopilot: Autopilot) -> Changes:
    return {"home": m.position} if m.position is not None else {}


def _fence(state: VehicleState, m: FenceStatus, autopilot: Autopilot) -> Changes:
    return {"fence_breached": m.breached}


def _ekf(state: VehicleState, m: EkfStatus, autopilot: Autopilot) -> Changes:
    return {"position_ok": m.position_ok}


_FOLDS: dict[type[Message], Callable[[VehicleState, Any, Autopilot], Changes]] = {
    Heartbeat: _heartbeat,
    SystemTime: _system_time,
    SysStatus: _sys_status,
    BatteryStatus: _battery,
    SmartBatteryInfo: _smart_battery,
    AutopilotVersion: _identity,
    GlobalPosition: _position,
    MissionCurrent: _mission_current,
    MissionItemReached: _reached,
    ExtendedSysState: _landed,
    StatusText: _text,
    CameraFeedback: _photo,
    WindEstimate: _wind,
    HomePosition: _home,
    FenceStatus: _fence,
    EkfStatus: _ekf,
}
