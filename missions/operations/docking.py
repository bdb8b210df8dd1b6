"""Out of a dock: whether a vehicle may start from it, its door, and what its station measured.

A dock that is not controlled (none is named in the settings) is left out of everything here. One
that is controlled is trusted only while it is heard: before a launch its door is seen open, and
again just before arming. `missions.operations.receiving` has the way back.
"""

from contextlib import suppress

from core.energy import Wind
from core.errors import DockError, NotReady
from fleet.docks.dock import Charger, Dock, DockState, Door, Pad
from fleet.docks.dockyard import DockEvent
from fleet.patience import patiently
from fleet.vehicle import Vehicle
from missions.entities import Flight, FlightState
from missions.operations import enrolled, flights, packs
from missions.operations.journal import note
from missions.operations.receiving import put_away, shut, tell
from missions.operations.room import ControlRoom

ASK_S = 10.0


async def look(room: ControlRoom, flight: Flight, vehicle: Vehicle) -> None:
    """Ask a dock that is late for its state: a clock that leaps makes everybody late."""
    dock = standing(room, flight, vehicle)
    if dock is not None and not dock.state().fresh(room.now()):
        with suppress(TimeoutError):
            await patiently(room.clock, ASK_S, dock.ask())


def check(room: ControlRoom, flight: Flight, vehicle: Vehicle) -> tuple[str, ...]:
    """Why the dock, the battery packs or the vehicle's record forbid a take-off; empty: go."""
    where = standing(room, flight, vehicle)
    reasons = () if where is None else dock_refusals(where.state(), flight.vehicle, room)
    return (
        *reasons,
        *packs.refusals(room, flight.vehicle, vehicle.state),
        *enrolled.refusals(room, vehicle.state),
    )


def dock_refusals(state: DockState, vehicle: str, room: ControlRoom) -> tuple[str, ...]:
    """Why nothing may start from a dock in this state."""
    now, name = room.now(), state.dock
    if not state.fresh(now):
        return (f"its dock {name} {state.silence(now)}",)
    own = state.pad is Pad.OCCUPIED and state.occupant == vehicle
    checks = (
        (state.emergency_stop, f"the emergency stop of {name} is pressed"),
        (state.door is Door.STUCK, f"the door of {name} is stuck"),
        (state.door is Door.UNKNOWN, f"{name} does not know where its door is"),
        (state.pad is Pad.UNKNOWN, f"{name} cannot see what stands on its pad"),
        (state.pad is Pad.EMPTY, f"{name} sees nothing on its pad"),
        (
            state.pad is Pad.OCCUPIED and not own,
            f"{name} sees {state.occupant or 'something that it does not know'} on its pad",
        ),
        (state.charger is Charger.DEAD, f"the charger of {name} does not work"),
        (state.fresh_weather(now) is None, f"the weather at {name} is not known"),
    )
    return tuple(text for wrong, text in checks if wrong)


def air(room: ControlRoom, flight: Flight, vehicle: Vehicle) -> tuple[Wind | None, float]:
    """Wind (None: not known) and rain in mm/h for pre-flight.

    The dock's where it is spoken with; else the vehicle's estimate of its last flight, and no rain.
    """
    where = standing(room, flight, vehicle)
    weather = None if where is None else where.state().fresh_weather(room.now())
    if weather is None:
        return vehicle.state.wind, 0.0
    return weather.wind, weather.rain_mmph


def standing(room: ControlRoom, flight: Flight, vehicle: Vehicle) -> Dock | None:
    """The controlled dock in which a vehicle stands; its home where it does not say."""
    position = vehicle.state.position
    at = room.pads.at(position) if position is not None else None
    return room.docks.get(flight.dock if at is None else at.id)


async def open_for_launch(room: ControlRoom, flight: Flight, vehicle: Vehicle) -> None:
    """Stop charging, open the door and see it open.

    Raises:
        NotReady: it does not open, or says nothing.
    """
    dock = standing(room, flight, vehicle)
    if dock is None:
        return
    with suppress(DockError):  # the door matters; a charger that goes on holds nothing back
        await dock.charge(False)
    try:
        await dock.open()
    except DockError as why:
        tell(room, flight, f"the door of {dock.id} did not open: {why.what}", "机库舱门未打开")
        raise NotReady(why.what, where=dock.id, remedy=why.remedy) from why
    tell(room, flight, f"the door of {dock.id} is open", f"{dock.id} 舱门已打开")


def last_look(room: ControlRoom, flight: Flight, vehicle: Vehicle) -> None:
    """Just before arming: the door is open now, by a dock that is heard now.

    Raises:
        NotReady: it is not.
    """
    dock = standing(room, flight, vehicle)
    if dock is None:
        return
    state, now = dock.state(), room.now()
    if not state.fresh(now):
        raise NotReady(f"its dock {dock.id} {state.silence(now)}", where=dock.id)
    if state.emergency_stop or state.door is not Door.OPEN:
        why = "its emergency stop is pressed" if state.emergency_stop else f"it is {state.door}"
        raise NotReady(f"the door of {dock.id} is not open: {why}", where=dock.id)


def launched(room: ControlRoom, flight: Flight, dock_id: str) -> None:
    """It is in the air: close the door behind it, in the background."""
    dock = room.docks.get(dock_id)
    if dock is not None:
        room.spawn(shut(room, flight, dock, "after take-off"), f"dock {dock_id}: close")


def not_launched(room: ControlRoom, flight: Flight, vehicle: Vehicle) -> None:
    """It did not take off: close the door and charge again, in the background."""
    dock = standing(room, flight, vehicle)
    if dock is not None and not vehicle.state.armed and dock.state().door is not Door.CLOSED:
        room.spawn(put_away(room, flight, dock), f"dock {dock.id}: put away")


def heard(room: ControlRoom, event: DockEvent) -> None:
    """Write down what happened to a dock, and raise the alarm for who is on the way to it."""
    text_zh = f"机库 {event.dock} 状态变化"
    with room.unit() as unit:
        note(unit, room.now(), event.dock, "dock", event.text, text_zh)
        flying = unit.flights.find(vehicle=event.dock, state=FlightState.FLYING)
    if event.usable:
        return
    for flight in flying:
        flights.alarm(room, flight, event.text, text_zh)
