"""Back into a dock: its door is opened in time, closed over the vehicle, and the pack is charged.

Everything here goes on beside the flight; what fails is an alarm for a person, and the guard sends
the vehicle elsewhere because the dock says that it cannot take it.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

from core.clock import within
from core.energy import Wind, descent_s, leg_s
from core.errors import DockError, VehicleError
from core.geo import LonLat, distance_m
from fleet.docks.dock import Dock, Door
from fleet.docks.dockyard import landing_refusal
from fleet.vehicle import Vehicle
from missions.entities import Flight
from missions.operations import flights, packs
from missions.operations.room import ControlRoom
from missions.presets import Dock as Place

LOOK_S = 5.0
"""How often a returning vehicle's way is measured."""

EARLY_S = 45.0
"""A door is open so long before the vehicle is there."""

LAST_S = 30.0
"""So long before the end of a mission its landing is decided upon."""

TOO_LOW_M = 5.0
"""Lower than this a landing is not broken off any more."""

TRAVEL_MARGIN = 1.5
TRIES, AGAIN_S = 3, 20.0
"""A door or a charger is asked so often after a landing, with such a pause."""

SETTLE_S = 60.0
"""Within so long after a landing the dock has seen the vehicle on its pad."""


@contextmanager
def expecting(room: ControlRoom, flight: Flight, vehicle: Vehicle) -> Iterator[None]:
    """While a vehicle flies: open the door of the dock where it lands, in time."""
    if not room.docks:
        yield
        return
    task = asyncio.create_task(_expect(room, flight, vehicle), name=f"dock for {flight.id}")
    try:
        yield
    finally:
        task.cancel()


async def _expect(room: ControlRoom, flight: Flight, vehicle: Vehicle) -> None:
    opened: str | None = None
    refused: str | None = None
    while True:
        await room.clock.sleep(LOOK_S)
        goal = destination(room, flight, vehicle)
        dock = room.docks.get(goal)
        if opened is not None and opened != goal and opened in room.docks:
            _not_awaited(room, flight, room.docks[opened], "unused")
            opened = None
        if dock is None or not vehicle.state.armed:
            continue
        state = dock.state()
        early_s = TRAVEL_MARGIN * state.door_travel_s + EARLY_S
        left_s = arrival_s(room, flight, vehicle, goal)
        if opened == goal and left_s is not None and left_s > 2 * early_s:
            _not_awaited(room, flight, dock, "too early")
            opened = None  # its link was lost and is back: it does not come yet
        if opened == goal and _taken_meanwhile(room, flight, vehicle, dock):
            opened, refused = None, goal
            await _leave_mission(room, flight, vehicle, 0.0)
            continue
        if opened == goal and state.fresh(room.now()) and state.door is Door.OPEN:
            continue
        if left_s is None or left_s > early_s:
            continue
        room.pads.awaited.add(goal)
        if await _open_for_landing(room, flight, dock, again=refused == goal):
            opened, refused = goal, None
        else:
            room.pads.awaited.discard(goal)
            refused = goal
            await _leave_mission(room, flight, vehicle, left_s)


def _taken_meanwhile(room: ControlRoom, flight: Flight, vehicle: Vehicle, dock: Dock) -> bool:
    """Whether the pad it comes down to has been taken, or has failed, since its door was opened;
    below `TOO_LOW_M` what the pad feels is the vehicle itself."""
    refusal = landing_refusal(dock.state(), flight.vehicle, room.now())
    if not refusal or (vehicle.state.height_m or 0.0) < TOO_LOW_M:
        return False
    text = f"it must not land there any more: {refusal}"
    flights.alarm(room, flight, text, f"{dock.id} 已不可降落")
    room.pads.awaited.discard(dock.id)
    return True


def _not_awaited(room: ControlRoom, flight: Flight, dock: Dock, why: str) -> None:
    """It does not come there, or not yet: close the door again, in the background."""
    room.pads.awaited.discard(dock.id)
    room.spawn(shut(room, flight, dock, why), f"dock {dock.id}: close")


async def _leave_mission(
    room: ControlRoom, flight: Flight, vehicle: Vehicle, left_s: float
) -> None:
    """Before a mission ends at a dock that cannot take it: return instead, so that the guard, which
    leaves missions alone while the charge suffices, sends it to a free place.
    """
    ends_soon = left_s <= LAST_S or not _ahead(vehicle)
    if vehicle.state.mode != vehicle.autopilot.mission_mode or not ends_soon:
        return
    try:
        await vehicle.return_home()
    except VehicleError as why:
        tell(room, flight, f"its mission was not broken off: {why.what}", "未能中止航线")
    else:
        tell(room, flight, "its mission ends: its dock cannot take it", "机库不可用，提前结束航线")


async def _open_for_landing(room: ControlRoom, flight: Flight, dock: Dock, *, again: bool) -> bool:
    refusal = landing_refusal(dock.state(), flight.vehicle, room.now())
    if not refusal:
        try:
            await dock.open()
        except DockError as why:
            refusal = why.what
    if refusal:
        room.docks.bar(dock.id, f"{dock.id} did not open for a landing")
        if not again:
            text = f"{dock.id} is not ready for the landing: {refusal}"
            flights.alarm(room, flight, text, f"{dock.id} 无法接收降落")
        await room.clock.sleep(LOOK_S)
        return False
    tell(room, flight, f"the door of {dock.id} is open for landing", f"{dock.id} 舱门已打开待降落")
    return True


def destination(room: ControlRoom, flight: Flight, vehicle: Vehicle) -> str:
    """The dock where it lands as things are: where it was sent, or where its mission ends."""
    bound = room.pads.bound.get(flight.address)
    if bound is not None:
        return bound
    if vehicle.lost:
        return flight.dock  # its own failsafe brings it home
    mission = vehicle.mission
    if mission is not None and vehicle.state.mode == vehicle.autopilot.mission_mode:
        last = room.pads.at(_ahead(vehicle)[-1]) if _ahead(vehicle) else None
        if last is not None:
            return last.id
    return flight.dock


def arrival_s(room: ControlRoom, flight: Flight, vehicle: Vehicle, goal: str) -> float | None:
    """Seconds until it is at a dock, in the wind it measures; None while it does not come.

    One whose link is lost may be there at any moment: its failsafe returns (`setup.failsafes`),
    and nobody hears when.
    """
    state, pilot = vehicle.state, vehicle.autopilot
    if vehicle.lost:
        return 0.0
    if state.position is None:
        return None
    comes = flight.address in room.pads.bound or state.mode in (pilot.return_mode, pilot.land_mode)
    if not comes and state.mode != pilot.mission_mode:
        return None
    spec = room.preset.kinds[room.dock(flight.vehicle).kind]
    way = [state.position, *([] if comes else _ahead(vehicle)), room.dock(goal).position]
    try:
        flying_s = sum(leg_s(a, b, spec, state.wind or Wind()) for a, b in pairwise(way))
    except ValueError:  # the wind is stronger than it flies: by its ground speed
        flying_s = sum(distance_m(a, b) for a, b in pairwise(way)) / max(1.0, state.speed_mps or 1)
    return flying_s + descent_s(max(0.0, state.height_m or 0.0), spec)


def _ahead(vehicle: Vehicle) -> list[LonLat]:
    """The waypoints that a mission has still before it."""
    mission, seq = vehicle.mission, vehicle.state.mission_seq
    if mission is None or seq is None:
        return []
    places = (mission.place(n) for n in mission.waypoint_seqs if n >= seq)
    return [place for place in places if place is not None]


def landed(room: ControlRoom, flight: Flight, vehicle: Vehicle, at: Place | None) -> None:
    """It stands again: its packs are written down; the dock puts it away in the background.

    Args:
        at: the dock where it stands; None for none: the door that was open for it is closed.
    """
    packs.flown(room, flight.vehicle, vehicle.state)
    goal = destination(room, flight, vehicle)
    room.pads.awaited.discard(goal)
    dock = None if at is None else room.docks.get(at.id)
    if dock is not None:
        room.pads.awaited.discard(dock.id)
        room.spawn(put_away(room, flight, dock), f"dock {dock.id}: put away")
    left = room.docks.get(goal)
    if left is not None and left is not dock and left.state().door is not Door.CLOSED:
        room.spawn(shut(room, flight, left, "unused"), f"dock {goal}: close")


async def put_away(room: ControlRoom, flight: Flight, dock: Dock) -> None:
    """See the vehicle on the pad, close the door over it and charge it."""
    seen = await _until_there(room, flight.vehicle, dock)
    if not seen:
        text = f"{dock.id} does not see {flight.vehicle} on its pad: its door stays open"
        flights.alarm(room, flight, text, f"{dock.id} 未识别到 {flight.vehicle}，舱门保持打开")
        return
    await shut(room, flight, dock, "over it")
    for attempt in range(TRIES):
        try:
            await dock.charge(True)
        except DockError as why:
            if attempt == TRIES - 1:
                text = f"{dock.id} does not charge: {why.what}"
                flights.alarm(room, flight, text, f"{dock.id} 无法充电")
                return
            await room.clock.sleep(AGAIN_S)
        else:
            tell(room, flight, f"{dock.id} charges it", f"{dock.id} 正在充电")
            return


async def _until_there(room: ControlRoom, vehicle: str, dock: Dock) -> bool:
    async def there() -> None:
        while not (dock.state().fresh(room.now()) and dock.state().occupant == vehicle):
            await room.clock.sleep(LOOK_S)

    try:
        await within(room.clock, SETTLE_S, there())
    except TimeoutError:
        return False
    return True


async def shut(room: ControlRoom, flight: Flight, dock: Dock, when: str) -> None:
    """Close a door, unless somebody is awaited there by now."""
    for attempt in range(TRIES):
        if dock.id in room.pads.awaited:
            return
        try:
            await dock.close()
        except DockError as why:
            if attempt == TRIES - 1:
                text = f"the door of {dock.id} did not close {when}: {why.what}"
                flights.alarm(room, flight, text, f"{dock.id} 舱门未关闭")
                return
            await room.clock.sleep(AGAIN_S)
        else:
            tell(room, flight, f"the door of {dock.id} is closed {when}", f"{dock.id} 舱门已关闭")
            return


def tell(room: ControlRoom, flight: Flight, text: str, text_zh: str) -> None:
    """A line about its dock in a flight's diary."""
    flights.remark(room, flight, "dock", text, text_zh)
