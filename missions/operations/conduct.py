"""One flight from its dock and back: prepare, read back, launch, follow, land."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from core.clock import within
from core.energy import CALM
from core.errors import NotFound, NotReady, VehicleError
from fleet.events import FleetEvent, Heard, Landed, Lost, PhotoTaken
from fleet.flightplan import FlightPlan
from fleet.mission import build
from fleet.safeguard import preflight
from fleet.vehicle import Vehicle
from missions.entities import FilingState, Flight, FlightState
from missions.operations import flights
from missions.operations.room import ControlRoom

RETRY_S = 20.0
PATIENCE = timedelta(minutes=8)
"""How long a flight may be late before it is given up."""
LOOK_UP_S = 30.0
"""How often a follower looks at the state when no event comes."""


async def conduct(room: ControlRoom, flight: Flight) -> Flight:
    """Fly a planned flight; returns it as it ended."""
    with room.watchers.watching(flight.address) as events:
        prepared = await _launch(room, flight)
        if prepared.state is not FlightState.FLYING:
            return prepared
        return await _follow(room, prepared, room.fleet.vehicle(flight.address), events)


async def adopt(room: ControlRoom, flight: Flight) -> Flight:
    """Carry on with a flight that was under way when the service stopped.

    The vehicle knows how far it is: nothing is uploaded or armed twice.
    """
    room.latest_flight[flight.vehicle] = flight.id
    with room.watchers.watching(flight.address) as events:
        await room.fleet.heard([flight.address])
        vehicle = room.fleet.vehicle(flight.address)
        with room.view() as unit:
            photos = unit.media.count(flight=flight.id)
        if flight.state is FlightState.PREPARING:
            if not vehicle.state.armed:
                return flights.postpone(room, flight, "the service was restarted", 0.0)
            flight = flights.took_off(room, flight, vehicle.state.mission_total or 0)
        if not vehicle.state.armed:
            flights.remark(
                room, flight, "adopt", "landed while the service was away", "服务重启期间已降落"
            )
            return _finish(room, flight, vehicle, photos)
        flights.remark(
            room, flight, "adopt", "found again in the air after a restart", "服务重启后重新接管"
        )
        return await _follow(room, flight, vehicle, events, photos)


async def _launch(room: ControlRoom, flight: Flight) -> Flight:
    """Try until it flies, or until it is too late."""
    deadline = flight.start + PATIENCE
    while True:
        flight = flights.begin(room, flight)
        try:
            items = await _prepare(room, flight, room.fleet.vehicle(flight.address))
        except (VehicleError, NotFound) as why:
            if room.now() > deadline:
                return flights.failed(room, flight, why.what)
            flight = flights.postpone(room, flight, why.what, RETRY_S)
            await room.clock.sleep(RETRY_S)
            continue
        return flights.took_off(room, flight, items)


async def _prepare(room: ControlRoom, flight: Flight, vehicle: Vehicle) -> int:
    """Check, upload, read back and take off; returns the number of mission items."""
    check(room, flight, vehicle)
    dock = room.dock(flight.dock)
    spec = room.preset.kinds[dock.kind]
    mission = build(flight.route, home=dock.position, cameras=spec.cameras, spec=spec)
    await vehicle.upload(FlightPlan(mission))
    await room.clock.sleep((flight.start - room.now()).total_seconds())
    check_filing(room, flight)
    await vehicle.launch()
    return len(mission.items)


def check(room: ControlRoom, flight: Flight, vehicle: Vehicle) -> None:
    """Go or no-go by battery, wind, position and health.

    The autopilot's own pre-arm check comes at launch: it depends on the flight mode, and the one
    that a drone landed in fails it.

    Raises:
        NotReady: with the reasons.
    """
    spec = room.preset.kinds[room.dock(flight.dock).kind]
    reasons = preflight(
        replace(vehicle.state, ready=None),
        spec,
        now=room.now(),
        planned_s=(1 - flight.landing_share) * spec.endurance_s,
        wind=vehicle.state.wind or CALM,
    )
    if reasons:
        raise NotReady("; ".join(reasons), where=flight.vehicle)


def check_filing(room: ControlRoom, flight: Flight) -> None:
    """Nothing flies unfiled.

    Raises:
        NotReady: the application is missing, not answered yet, or refused.
    """
    with room.view() as unit:
        filing = unit.filings.get(flight.filing_id) if flight.filing_id else None
    if filing is None or filing.state is not FilingState.APPROVED:
        raise NotReady("the flight is not filed and approved", where=flight.id)


async def _follow(
    room: ControlRoom,
    flight: Flight,
    vehicle: Vehicle,
    events: asyncio.Queue[FleetEvent],
    photos: int = 0,
) -> Flight:
    """Watch it until it has landed; nothing is assumed while nothing is heard."""
    overdue = flight.end + (flight.end - flight.start) / 2 + PATIENCE
    told = False
    while True:
        try:
            event = await within(room.clock, LOOK_UP_S, events.get())
        except TimeoutError:
            if room.now() > overdue and not told:
                told = True
                flights.overdue(room, flight)
            if vehicle.state.armed:
                continue
            return _finish(room, flight, vehicle, photos)
        match event:
            case PhotoTaken():
                photos += 1
            case Landed():
                return _finish(room, flight, vehicle, photos)
            case Lost():
                flights.remark(room, flight, "link", "link lost", "链路中断")
            case Heard(again=True):
                flights.remark(room, flight, "link", "link found again", "链路恢复")
            case _:
                pass


def _finish(room: ControlRoom, flight: Flight, vehicle: Vehicle, photos: int) -> Flight:
    return flights.landed(room, flight, complete=vehicle.state.mission_done, photos=photos)
