"""Taking a vehicle into the fleet: who it is, its key, its settings, its sensors and camera.

Every step is asked, answered and verified; what is found is the vehicle's `VehicleRecord`, with
which pre-flight compares whoever answers under that address later. Enrolled again, what is right
already is left alone.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from core.clock import Clock
from core.errors import CommandRefused, CommandTimeout, InvalidInput, LinkLost, NotReady
from core.ids import new_id
from fleet.autopilots import recognise
from fleet.links.link import Link, Receiver
from fleet.messages import (
    AutopilotVersion,
    CameraInformation,
    Heartbeat,
    Message,
    Packet,
)
from fleet.patience import patiently
from fleet.setup import failsafes
from fleet.setup.failsafes import Failsafes
from fleet.vehicle import Vehicle
from fleet.vocabulary import Command, Stream, sensor_names

ANSWER_S = 10.0

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
        ParameterRefused, NotFound, CommandTimeout, NotReady: as `fleet.setup.parameters` and
            `fleet.setup.failsafes`.
    """
    parameters, make = vehicle.onboard.parameters, vehicle.autopilot.name
    read = await parameters.sweep(failsafes.READ_FIRST[make], anew=True)
    known = {name: held.value for name, held in read.items()}
    asked = {**failsafes.wanted(make, wanted, known), **extra}
    if not dry_run:
        return asked, await parameters.hold(asked, anew=True)
    held = await parameters.sweep(asked, anew=True)
    return asked, tuple(n for n, value in asked.items() if abs(held[n].value - value) > 1e-4)


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
