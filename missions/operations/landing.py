"""A flight that is down: where its drone stands, and what the flight counts as.

Docks that are spoken with see for themselves; what a vehicle believes of its place comes second.
"""

from contextlib import suppress

from core.clock import within
from fleet.docks.dock import Pad
from fleet.vehicle import Vehicle
from missions.entities import Flight
from missions.operations import flights, receiving
from missions.operations.room import ControlRoom
from missions.presets import Dock

LEAST_PHOTOS = 0.5
"""A flight that took less of its photographs was not flown for what it was flown for."""

GLANCE_S = 12.0
"""A dock tells of who came at once, or with its next message but one (docs/docks.md)."""

LANDED_S = 60.0
"""A dock tells of a take-off some seconds late: who was heard in the air within so long flies."""


async def finish(
    room: ControlRoom, flight: Flight, vehicle: Vehicle, photos: int, at: Dock | None = None
) -> Flight:
    """It is down: where, decides what it counts as; a failed return never counts as done.

    Args:
        at: the dock that sees it, where it does not say itself where it is.
    """
    room.helms.landed(flight)
    stands = at or await stands_in(room, flight, vehicle)
    receiving.landed(room, flight, vehicle, stands)
    if vehicle.state.position is not None and stands is None:
        text = "landed outside of any dock: somebody must fetch it"
        flights.alarm(room, flight, text, "降落在机库之外：需人工处置")
        return flights.landed(room, flight, complete=False, photos=photos)
    elsewhere = stands.id if stands and stands.id != flight.vehicle else None
    done = vehicle.state.mission_done and _photographed(room, flight, photos)
    return flights.landed(room, flight, complete=done, photos=photos, at=elsewhere)


def _photographed(room: ControlRoom, flight: Flight, photos: int) -> bool:
    """Whether its camera did what it flew for: by what it reported and by what has come in."""
    with room.view() as unit:
        taken = max(photos, unit.media.count(flight=flight.id))
    if taken >= LEAST_PHOTOS * flight.route.photos:
        return True
    text = f"it took {taken} of {flight.route.photos} photographs: look at its camera and storage"
    flights.alarm(room, flight, text, f"仅拍摄 {taken}/{flight.route.photos} 张：请检查相机与存储")
    return False


def seen_standing(room: ControlRoom, flight: Flight, vehicle: Vehicle) -> Dock | None:
    """The dock that sees a vehicle on its pad while the vehicle itself has been lost for
    `LANDED_S`; None where it is heard, or no dock knows.
    """
    silent_s = (room.now() - vehicle.state.heard_at).total_seconds()
    return _seeing(room, flight) if vehicle.lost and silent_s >= LANDED_S else None


async def stands_in(room: ControlRoom, flight: Flight, vehicle: Vehicle) -> Dock | None:
    """The dock where a landed vehicle stands; None for none.

    Docks that are spoken with see for themselves: a vehicle whose satellites lead it astray may
    believe to stand in its dock and stand beside it, or the other way round.
    """
    believed = room.pads.at(vehicle.state.position)
    if not room.docks:
        return believed

    async def seen() -> None:
        while _seeing(room, flight) is None:
            await room.clock.sleep(1.0)

    with suppress(TimeoutError):
        await within(room.clock, GLANCE_S if believed is None else receiving.SETTLE_S, seen())
    found = _seeing(room, flight)
    if found is not None or believed is None:
        return found
    dock = room.docks.get(believed.id)
    empty = dock is not None and dock.state().fresh(room.now()) and dock.state().pad is Pad.EMPTY
    return None if empty else believed


def _seeing(room: ControlRoom, flight: Flight) -> Dock | None:
    """The dock that says now that a vehicle stands on its pad."""
    for dock in room.docks.values():
        state = dock.state()
        if state.fresh(room.now()) and state.occupant == flight.vehicle:
            return room.dock(dock.id)
    return None
