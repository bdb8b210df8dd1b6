"""One flight from its dock and back: prepare, read back, launch, follow, land."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial

from core.clock import within
from core.energy import CALM
from core.errors import (
    CommandTimeout,
    InvalidInput,
    NotFound,
    NotReady,
    TransferFailed,
    VehicleError,
)
from fleet.events import (
    FleetEvent,
    Heard,
    Landed,
    Lost,
    ModeChanged,
    PathEnded,
    PhotoTaken,
    Text,
    TurnedBack,
)
from fleet.launch import airborne
from fleet.plans.flightplan import FlightPlan
from fleet.plans.proof import prove
from fleet.vehicle import Vehicle
from fleet.watch import safeguard
from missions.entities import Filing, FilingState, Flight, FlightState
from missions.operations import docking, flights, landing, preflight, receiving
from missions.operations.away import from_where_it_stands
from missions.operations.flightlog import logged
from missions.operations.proving import keep, plan_for
from missions.operations.room import ControlRoom
from missions.preflight.volumes import not_covered

RETRY_S = 20.0
PATIENCE = timedelta(minutes=8)
"""How long a flight may be late before it is given up."""
_STOPPED = frozenset({"BRAKE", "LOITER", "POSHOLD", "ALT_HOLD", "AVOID_ADSB"})
"""Modes that nobody here orders: an obstacle stop, a transmitter, another ground station. What was
stopped for a reason goes on only when somebody says so."""
LIFTS_S = 30.0
"""ArduPilot disarms a vehicle that stands armed for 10 s (DISARM_DELAY); take-offs are quicker."""
LOOK_UP_S = 30.0
"""How often a follower looks at the state when no event comes."""
CRITICAL = 2
"""MAV_SEVERITY of a line that somebody must see: emergency (0), alert (1), critical (2)."""


async def conduct(room: ControlRoom, flight: Flight) -> Flight:
    """Fly a planned flight; returns it as it ended."""
    with room.watchers.watching(flight.address) as events, logged(room, flight):
        prepared = await _launch(room, flight)
        if prepared.state is not FlightState.FLYING:
            return prepared
        _guard(room, prepared)
        return await _follow(room, prepared, room.fleet.vehicle(flight.address), events)


async def adopt(room: ControlRoom, flight: Flight) -> Flight:
    """Carry on with a flight that was under way when the service stopped.

    The vehicle knows how far it is: nothing is uploaded or armed twice.
    """
    room.latest_flight[flight.vehicle] = flight.id
    with room.watchers.watching(flight.address) as events, logged(room, flight):
        await room.fleet.heard([flight.address])
        vehicle = room.fleet.vehicle(flight.address)
        await vehicle.wait_heard()
        with room.view() as unit:
            photos = unit.media.count(flight=flight.id)
        if flight.state is FlightState.PREPARING:
            if not await _took_off(vehicle):
                docking.not_launched(room, flight, vehicle)
                return flights.postpone(room, flight, "the service was restarted", 0.0)
            docking.launched(room, flight, flight.dock)
            flight = flights.took_off(room, flight, vehicle.state.mission_total or 0)
        if not vehicle.state.armed:
            flights.remark(
                room, flight, "adopt", "landed while the service was away", "服务重启期间已降落"
            )
            return await landing.finish(room, flight, vehicle, photos)
        _guard(room, flight)
        await room.helms.adopt(flight)
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
            flight, items = await _prepare(room, flight, room.fleet.vehicle(flight.address))
        except (VehicleError, NotFound, InvalidInput) as why:
            preflight.refused(room, flight, why.what)
            if isinstance(why, preflight.FiledAnew):
                flight = replace(flight, filing_id=why.filing_id)
            if room.now() > deadline:
                return flights.failed(room, flight, why.what)
            flight = flights.postpone(room, flight, why.what, RETRY_S)
            await room.clock.sleep(RETRY_S)
            continue
        return flights.took_off(room, flight, items)


async def _prepare(room: ControlRoom, flight: Flight, vehicle: Vehicle) -> tuple[Flight, int]:
    """Check, upload, read back and take off; returns the flight as it is flown, from where the
    drone stands, and the number of mission items."""
    await docking.look(room, flight, vehicle)
    check(room, flight, vehicle)
    flight, lands_at = from_where_it_stands(room, flight, vehicle)
    preflight.cleared(room, flight)
    plan, conditions = plan_for(room, flight, vehicle, lands_at)
    prove(plan, conditions)  # what cannot be proven is not uploaded either
    await _aboard(vehicle, plan)
    await keep(room, flight, plan, vehicle.prove(conditions))
    await room.clock.sleep((flight.start - room.now()).total_seconds())
    checks = preflight.cleared(room, flight)  # again: somebody may have grounded it meanwhile
    check_filing(room, flight)
    await _out_of_the_dock(room, flight, vehicle)
    preflight.launched(room, flight, checks)
    return flight, len(plan.mission.items)


async def _out_of_the_dock(room: ControlRoom, flight: Flight, vehicle: Vehicle) -> None:
    """Through the open door into the air; what does not take off is put away again.

    One that was armed when its link was lost, or is in the air in spite of a late answer, counts
    as launched: it is followed, its door stays open, and its landing is waited for.
    """
    try:
        await docking.open_for_launch(room, flight, vehicle)
        await vehicle.launch(partial(docking.last_look, room, flight, vehicle))
    except VehicleError as why:
        if airborne(vehicle.state) or (vehicle.lost and vehicle.state.armed):
            text = f"it may be in the air: {why.what}"
            flights.alarm(room, flight, text, f"可能已起飞：{why.what}")
            return
        docking.not_launched(room, flight, vehicle)
        raise
    except BaseException:
        docking.not_launched(room, flight, vehicle)
        raise
    docking.launched(room, flight, flight.dock)


async def _took_off(vehicle: Vehicle) -> bool:
    """Whether it is in the air; one that is armed on the ground lifts or disarms by itself."""
    with suppress(CommandTimeout):
        await vehicle.wait(lambda s: not s.armed or airborne(s), LIFTS_S, "it lifts or disarms")
    return airborne(vehicle.state)


async def _aboard(vehicle: Vehicle, plan: FlightPlan) -> None:
    """Upload a plan, unless the vehicle holds it already: a service that was killed between upload
    and launch does not upload twice."""
    if vehicle.plan is None:
        with suppress(TransferFailed, InvalidInput):
            if (await vehicle.download()).digest == plan.digest:
                return
    await vehicle.upload(plan)


def check(room: ControlRoom, flight: Flight, vehicle: Vehicle) -> None:
    """Go or no-go by battery, wind, rain, position and health, the dock and the battery packs.

    The autopilot's own pre-arm check comes at launch: it depends on the flight mode, and the one
    that a drone landed in fails it.

    Raises:
        NotReady: with the reasons.
    """
    spec = room.preset.kinds[room.dock(flight.dock).kind]
    wind, rain_mmph = docking.air(room, flight, vehicle)
    reasons = safeguard.preflight(
        replace(vehicle.state, ready=None),
        spec,
        now=room.now(),
        planned_s=(1 - flight.landing_share) * spec.endurance_s,
        wind=wind or CALM,
        rain_mmph=rain_mmph,
    )
    reasons += docking.check(room, flight, vehicle)
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
        raise NotReady(f"the flight is not approved: {_unapproved(filing)}", where=flight.id)
    beyond = not_covered(filing, flight)
    if beyond:
        raise NotReady(beyond, where=flight.id)


def _unapproved(filing: Filing | None) -> str:
    """What is wrong with a flight's application."""
    if filing is None:
        return "it was not filed"
    if filing.state is FilingState.FILED:
        return "its application has no answer yet"
    return f"its application was {filing.state}"


async def _follow(
    room: ControlRoom,
    flight: Flight,
    vehicle: Vehicle,
    events: asyncio.Queue[FleetEvent],
    photos: int = 0,
) -> Flight:
    """Watch it until it has landed; nothing is assumed while nothing is heard."""
    with receiving.expecting(room, flight, vehicle):
        return await _watch(room, flight, vehicle, events, photos)


async def _watch(
    room: ControlRoom,
    flight: Flight,
    vehicle: Vehicle,
    events: asyncio.Queue[FleetEvent],
    photos: int,
) -> Flight:
    overdue = flight.end + (flight.end - flight.start) / 2 + PATIENCE
    told = False
    said: set[str] = set()
    while True:
        try:
            event = await within(room.clock, LOOK_UP_S, events.get())
        except TimeoutError:
            if room.now() > overdue and not told:
                told = True
                flights.overdue(room, flight)
            stands = landing.seen_standing(room, flight, vehicle)
            if stands is not None:
                text = f"{stands.id} sees it on its pad, though its link is down"
                flights.alarm(room, flight, text, f"链路中断，但 {stands.id} 已识别到其降落")
                return await landing.finish(room, flight, vehicle, photos, stands)
            if vehicle.state.armed:
                continue
            return await landing.finish(room, flight, vehicle, photos)
        match event:
            case PhotoTaken():
                photos += 1
            case Landed() if not _of_an_attempt(flight, event):
                return await landing.finish(room, flight, vehicle, photos)
            case Lost():
                flights.remark(room, flight, "link", "link lost", "链路中断")
            case TurnedBack():
                _turned_back(room, flight, event)
            case PathEnded(why=str(why)):
                flights.alarm(room, flight, f"holds: {why}", f"悬停：{why}")
            case ModeChanged() if event.after in _STOPPED:
                text = f"stopped by itself ({event.after}); it does not go on by itself"
                flights.alarm(room, flight, text, f"自主停止（{event.after}），不会自动续飞")
            case Heard(again=True):
                flights.remark(room, flight, "link", "link found again", "链路恢复")
            case Text() if event.severity <= CRITICAL and event.text not in said:
                said.add(event.text)
                flights.alarm(room, flight, f"it says: {event.text}", f"飞行器告警：{event.text}")
            case _:
                pass


def _guard(room: ControlRoom, flight: Flight) -> None:
    """From now on the drone is turned back while it still reaches a free place."""
    home = room.dock(flight.dock)
    spec = room.preset.kinds[home.kind]
    room.pads.due[flight.vehicle] = flight.end
    room.fleet.guard(
        flight.address,
        spec,
        lambda: room.pads.places(flight.address, home, room.now()),
        room.pads.way(room.now()),
    )


def _turned_back(room: ControlRoom, flight: Flight, event: TurnedBack) -> None:
    where = event.place or flight.dock
    text = (
        f"turned back to {where}: {event.reason}" if not event.lands else f"lands: {event.reason}"
    )
    flights.remark(room, flight, "guard", text, f"安全保护：{event.reason}")
    room.helms.guarded(flight, event.reason, event.place)


def _of_an_attempt(flight: Flight, event: Landed) -> bool:
    """Whether it disarmed before it took off: a start that failed, and was tried again, is still
    among the events that wait."""
    return flight.took_off_at is not None and event.at < flight.took_off_at
