"""What happened: a `FleetEvent` for every change that somebody may want to act on."""

from dataclasses import dataclass
from datetime import datetime

from core.geo import LonLat
from fleet.address import Address
from fleet.messages import (
    CameraFeedback,
    Heartbeat,
    Message,
    MissionItemReached,
    StatusText,
)
from fleet.state import VehicleState


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetEvent:
    """Something happened to a vehicle, at a time of the fleet's clock."""

    vehicle: Address
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard(FleetEvent):
    """A vehicle is there: for the first time (``again`` False), or after it was lost.

    One that is armed was in flight before us: ask it for its mission with `Vehicle.download`.
    """

    again: bool
    armed: bool
    mode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost(FleetEvent):
    """Nothing was heard for three seconds, or its link has been down for as long."""

    last_heard_at: datetime
    position: LonLat | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnedBack(FleetEvent):
    """The safeguard orders the vehicle home, or to land; the reason is a sentence."""

    reason: str
    lands: bool
    place: str | None = None
    """The dock or rally point that it is sent to; None: its own home, or where it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PathEnded(FleetEvent):
    """A path that was flown leg by leg is at its end, or the vehicle broke it off (why)."""

    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict(FleetEvent):
    """Two vehicles answer to this address; neither may be launched until one is left.

    The reason names both sources.
    """

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictOver(FleetEvent):
    """Only one vehicle answers to this address again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeChanged(FleetEvent):
    """The vehicle flies in another mode, whoever asked for it."""

    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Armed(FleetEvent):
    """The motors may turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed(FleetEvent):
    """The vehicle disarmed: the flight is over."""

    position: LonLat | None
    mission_done: bool
    battery: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MissionReached(FleetEvent):
    """A NAV item of the mission is done (DO items are not reported)."""

    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoTaken(FleetEvent):
    """A camera took a photo; altitude AMSL, height above home."""

    index: int
    camera: int
    taken_at: datetime | None
    position: LonLat | None
    altitude_m: float
    height_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(FleetEvent):
    """A line for the pilot; severity 0 (emergency) to 7 (debug)."""

    severity: int
    text: str


def derive(before: VehicleState, after: VehicleState, message: Message) -> list[FleetEvent]:
    """The events of one message, given the states round it; pure."""
    vehicle, at = after.address, after.heard_at
    if isinstance(message, Heartbeat):
        return _changes(before, after)
    if isinstance(message, MissionItemReached):
        return [MissionReached(vehicle=vehicle, at=at, seq=after.reached_seq or message.seq)]
    if isinstance(message, StatusText):
        text, severity = message.text, message.severity
        return [Text(vehicle=vehicle, at=at, severity=severity, text=text)]
    if isinstance(message, CameraFeedback):
        if after.photos == before.photos:  # told before
            return []
        return [
            PhotoTaken(
                vehicle=vehicle,
                at=at,
                index=message.index,
                camera=message.camera,
                taken_at=message.taken_at,
                position=message.position,
                altitude_m=message.altitude_m,
                height_m=message.height_m,
            )
        ]
    return []


def _changes(before: VehicleState, after: VehicleState) -> list[FleetEvent]:
    events: list[FleetEvent] = []
    vehicle, at = after.address, after.heard_at
    if before.mode != after.mode:
        events.append(ModeChanged(vehicle=vehicle, at=at, before=before.mode, after=after.mode))
    if after.armed and not before.armed:
        events.append(Armed(vehicle=vehicle, at=at))
    if before.armed and not after.armed:
        events.append(
            Landed(
                vehicle=vehicle,
                at=at,
                position=after.position,
                mission_done=after.mission_done,
                battery=after.battery,
            )
        )
    return events
