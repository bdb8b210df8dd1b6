"""Taking a vehicle into the fleet: who it is, its key, its settings, its sensors and camera.

Every step is asked, answered and verified; what is found is the vehicle's `VehicleRecord`, with
which pre-flight compares whoever answers under that address later. Enrolled again, what is right
already is left alone.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from core.clock import Clock
from core.errors import CommandRefused, CommandTimeout, InvalidInput, LinkLost, NotReady
from core.ids import new_id
from fleet import failsafes
from fleet.address import Address
from fleet.autopilots import recognise
from fleet.events import FleetEvent
from fleet.failsafes import Failsafes
from fleet.keys import Keys, new_key
from fleet.link import Link, Receiver
from fleet.messages import (
    AutopilotVersion,
    CameraInformation,
    Heartbeat,
    Message,
    Packet,
    SetupSigning,
)
from fleet.patience import patiently, pause
from fleet.signing import EPOCH, UNIT, Signing
from fleet.vehicle import Vehicle
from fleet.vocabulary import Command, Stream, sensor_names

ANSWER_S = 10.0
SIGNED_S = 10.0
"""After SETUP_SIGNING the vehicle's next packets, one a second at least, are signed."""

TOLD_TIMES = 3
"""SETUP_SIGNING is not acknowledged: it is said so often."""

AUTOPILOT = 1
"""Component id of an autopilot."""

M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleRecord:
    """What is known of an enrolled vehicle; kept in the home folder and the records.

    Attributes:
        uid: of the autopilot's hardware, hexadecimal; empty where it has none.
        sensors: those that it says it has, in words.
        camera: maker and model, and its picture in pixels; empty where none told of itself.
        settings: parameters that were verified.
    """

    id: str
    address: str
    name: str
    enrolled_at: datetime
    autopilot: str
    firmware: str
    git: str
    uid: str
    board: int
    capabilities: int
    sensors: tuple[str, ...] = ()
    camera: str = ""
    signed: bool = False
    dock: str = ""
    kind: str = ""
    settings: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done, or in a dry run would be: `done`, `kept`, `would` or `missing`."""

    what: str
    outcome: str
    text: str


async def survey(link: Link, system_id: int, clock: Clock, seconds: float) -> Heartbeat:
    """Listen on an open address until the vehicle's autopilot is heard.

    Raises:
        LinkLost: nothing, or only others are heard.
        InvalidInput: an autopilot is heard under that system id that FlyOnce does not fly.
    """
    heard: dict[int, Heartbeat] = {}
    arrived = asyncio.Event()

    def take(packet: Packet) -> None:
        if isinstance(packet.message, Heartbeat) and packet.component_id == AUTOPILOT:
            heard[packet.system_id] = packet.message
            if packet.system_id == system_id:
                arrived.set()

    await link.open(Receiver(take))
    try:
        await patiently(clock, seconds, arrived.wait())
    except TimeoutError:
        others = ", ".join(f"{n} ({_make(beat)})" for n, beat in sorted(heard.items()))
        raise LinkLost(
            f"no vehicle with system id {system_id}: heard were {others}"
            if others
            else f"nothing was heard for {seconds:.0f} s",
            where=link.name,
            remedy="see its parameter MAV_SYSID (SYSID_THISMAV), its power and the address",
        ) from None
    finally:
        await link.close()
    beat = heard[system_id]
    if recognise(beat) is None:
        raise InvalidInput(
            f"its autopilot is not one that FlyOnce flies: {_make(beat)}",
            where=f"system id {system_id}",
            remedy="ArduPilot and PX4 are flown",
        )
    return beat


def _make(beat: Heartbeat) -> str:
    known = recognise(beat)
    return known.name if known is not None else f"MAV_AUTOPILOT {beat.autopilot}"


async def identify(vehicle: Vehicle) -> AutopilotVersion:
    """Ask who it is.

    Raises:
        NotReady: it does not say.
    """
    found = await _requested(vehicle, Stream.AUTOPILOT_VERSION, AutopilotVersion)
    if found is None:
        raise NotReady(
            "it does not say who it is (AUTOPILOT_VERSION)",
            where=str(vehicle.address),
            remedy="update its firmware",
        )
    return found


async def camera(vehicle: Vehicle) -> str:
    """Ask for its camera, in words; empty where the autopilot knows of none."""
    found = await _requested(vehicle, Stream.CAMERA_INFORMATION, CameraInformation)
    if found is None:
        return ""
    name = " ".join(part for part in (found.vendor, found.model) if part) or "a camera"
    return f"{name}, {found.width_px} x {found.height_px} pixels" if found.width_px else name


async def _requested(vehicle: Vehicle, stream: Stream, kind: type[M]) -> M | None:
    channel = vehicle.channel
    with channel.listening(kind) as inbox:
        try:
            await vehicle.commander.long(Command.REQUEST_MESSAGE, stream)
            answer = await patiently(channel.clock, ANSWER_S, inbox.get())
        except (CommandRefused, CommandTimeout, TimeoutError):
            return None
    return answer if isinstance(answer, kind) else None


def sensors(vehicle: Vehicle) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The sensors that it has, and those enabled that are not healthy, in words."""
    status = vehicle.state.sensors
    if status is None:
        return (), ()
    present, enabled, healthy = status
    return sensor_names(present), sensor_names(enabled & ~healthy)


async def settle(
    vehicle: Vehicle, wanted: Failsafes, extra: Mapping[str, float], *, dry_run: bool
) -> tuple[dict[str, float], tuple[str, ...]]:
    """Set and verify the failsafes and further parameters.

    Returns:
        All that was asked for, and the names of those that were, or would be, changed.

    Raises:
        ParameterRefused, NotFound, CommandTimeout, NotReady: as `fleet.parameters` and
            `fleet.failsafes`.
    """
    parameters, make = vehicle.onboard.parameters, vehicle.autopilot.name
    read = await parameters.sweep(failsafes.READ_FIRST[make], anew=True)
    known = {name: held.value for name, held in read.items()}
    asked = {**failsafes.wanted(make, wanted, known), **extra}
    if not dry_run:
        return asked, await parameters.hold(asked, anew=True)
    held = await parameters.sweep(asked, anew=True)
    return asked, tuple(n for n, value in asked.items() if abs(held[n].value - value) > 1e-4)


class KeyRing:
    """The keys of a home folder, and a key that may or may not have reached its vehicle.

    A key is written down before it is sent: one that is lost on the way back is found again at
    the next try, and nobody is deaf for ever (QGroundControl #14250).
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "keys.json"
        self._pending = folder / "keys.pending.json"

    def key(self, vehicle: Address) -> bytes | None:
        """The key that is known to be the vehicle's."""
        kept = Keys.load(self.path)
        return kept.key(vehicle) if vehicle in kept else None

    def candidate(self, vehicle: Address) -> bytes:
        """A key to send: the one of the last try, or a new one; written down."""
        waiting = Keys.load(self._pending)
        if vehicle not in waiting:
            waiting = waiting.with_key(vehicle, new_key())
            waiting.save(self._pending)
        return waiting.key(vehicle)

    def pending(self, vehicle: Address) -> bytes | None:
        """The key of a try that was not confirmed."""
        waiting = Keys.load(self._pending)
        return waiting.key(vehicle) if vehicle in waiting else None

    def confirm(self, vehicle: Address, key: bytes) -> None:
        """The vehicle signs with it: keep it."""
        Keys.load(self.path).with_key(vehicle, key).save(self.path)
        Keys.load(self._pending).without(vehicle).save(self._pending)


async def sign(vehicle: Vehicle, signing: Signing, ring: KeyRing) -> str:
    """Make it sign, and see that it does; "kept" when it did already, else "done".

    Raises:
        NotReady: it goes on without signing: it may be armed, or its link too old.
    """
    known = ring.key(vehicle.address) or ring.pending(vehicle.address)
    if known is not None and await _signs(vehicle, signing, known):
        ring.confirm(vehicle.address, known)
        return "kept"
    key = ring.candidate(vehicle.address)
    for _ in range(TOLD_TIMES):
        timestamp = (vehicle.channel.clock.now() - EPOCH) // UNIT
        vehicle.channel.send(SetupSigning(key=key, timestamp=timestamp))
        await pause(vehicle.channel.clock, 0.5)
    if not await _signs(vehicle, signing, key):
        raise NotReady(
            "it was told a signing key and does not sign",
            where=str(vehicle.address),
            remedy="disarm it, use a MAVLink 2 link, and enrol it over a cable",
        )
    ring.confirm(vehicle.address, key)
    return "done"


async def _signs(vehicle: Vehicle, signing: Signing, key: bytes) -> bool:
    """Whether a signed request is answered by a signed packet; else it is heard unsigned again."""
    number = vehicle.address.system_id
    signing.learn(number, key)
    channel = vehicle.channel
    try:
        with channel.listening(Heartbeat) as inbox:
            await patiently(channel.clock, SIGNED_S, inbox.get())
        await vehicle.commander.long(Command.REQUEST_MESSAGE, Stream.AUTOPILOT_VERSION)
    except (TimeoutError, CommandTimeout):
        signing.forget(number)
        return False
    except CommandRefused:
        return True  # an answer is an answer
    return True


def record_of(
    vehicle: Vehicle, version: AutopilotVersion, at: datetime, **known: object
) -> VehicleRecord:
    """The record of a vehicle that has said who it is."""
    made = VehicleRecord(
        id=new_id("veh", at),
        address=str(vehicle.address),
        name="",
        enrolled_at=at,
        autopilot=vehicle.autopilot.name,
        firmware=version.firmware,
        git=version.git,
        uid=version.uid,
        board=version.board,
        capabilities=version.capabilities,
    )
    return replace(made, **known)  # type: ignore[arg-type]


def mismatch(record: VehicleRecord, told: AutopilotVersion | None) -> str:
    """Why who answers is not who was enrolled, as a sentence; empty when it is."""
    if told is None:
        return f"it has not said yet whether it is {record.name or record.address}"
    if record.uid and told.uid != record.uid:
        return (
            f"another autopilot answers as {record.address}: its hardware is"
            f" {told.uid or 'nameless'}, enrolled is {record.uid}"
        )
    return ""


def _ignore(event: FleetEvent) -> None:
    """Enrolment asks; it does not wait for events."""
