"""Order a flight now: the nearest suitable drone, the emergency filing, and whose flights move."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import shapely
from shapely.geometry import mapping

import planner
from core.equipment import Sensor
from core.errors import Unavailable
from core.geo import LonLat, path_length_m
from core.ids import new_id
from missions.demand.planning import stations_of
from missions.entities import (
    Flight,
    FlightState,
    Origin,
    Request,
    RequestState,
    Task,
    TaskState,
)
from missions.operations import flights
from missions.operations.displace import Moved, displaced
from missions.operations.journal import alert, note
from missions.operations.lookat import LOOK_HEIGHT_M, flight_s, look_route
from missions.operations.room import ControlRoom
from missions.preflight.filing import emergency_for, may_be_emergency
from missions.store.protocol import Between, Unit
from planner.problem import Problem, Refusal, Response

SPOT_M = 30.0
"""Radius of the place that a look at a point covers."""
ANSWER_LAG = timedelta(seconds=30)
"""From the filing's answer to the take-off: answers are looked for every ten seconds, and a
flight is prepared some seconds before its take-off."""
URGENT = (Origin.ALARM, Origin.RECHECK, Origin.POINT)
"""What was ordered now is not moved by what is ordered next."""
CHARGE_ENOUGH = 0.85
"""Share of the charge from which a docked drone may go: 10 km out and back with its reserve."""
_BEGUN = (FlightState.PREPARING, FlightState.FLYING, FlightState.DONE, FlightState.DIVERTED)
_DEGREE_M = 111_000.0
REACH = timedelta(hours=3)
"""How far ahead an urgent flight may end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be looked at, why (in both languages) and for whom."""

    target: LonLat
    sensor: Sensor
    origin: Origin
    purpose: str
    purpose_zh: str
    department: str
    shared_with: tuple[str, ...] = ()
    scenario: str = ""
    case_id: str | None = None
    height_m: float = LOOK_HEIGHT_M
    dock: str | None = None
    """The drone that is asked for; None for the nearest suitable one."""
    counties: frozenset[str] | None = None
    """Counties in which its dock must stand; None for any."""
    within_s: float | None = None
    """Longest flight there that is worth it; None for whoever comes first, however far."""
    also: tuple[LonLat, ...] = ()
    """Other places near the target to be seen on the same flight, the most wanted first,"""
    also_radius_m: float = 0.0
    """and the radius of the largest."""


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """Who would go, and what it would cost others."""

    response: Response
    flight_s: float
    km: float
    start: datetime
    moved: tuple[Moved, ...]


@dataclass(frozen=True, kw_only=True)
class Ordered:
    """An urgent flight, and the flights that made room for it."""

    flight: Flight
    request: Request
    proposal: Proposal


def propose(room: ControlRoom, unit: Unit, wish: Wish) -> Proposal:
    """Find the drone, without ordering anything.

    Raises:
        Unavailable: no drone can go, with the reason.
    """
    if not may_be_emergency(room.preset.filing, wish.origin):
        raise Unavailable(
            f"flights of the kind {wish.origin!s} may not take the emergency route",
            where="filing",
            remedy="ask for a look tomorrow; the preset's filing rules say who may (emergency_for)",
        )
    now = room.now()
    start = now + timedelta(minutes=room.preset.filing.emergency_answer_min) + ANSWER_LAG
    stations = tuple(
        station
        for station in stations_of(room.preset, now, now + REACH)
        if wish.dock in (None, station.id)
        and (wish.counties is None or room.dock(station.id).county in wish.counties)
    )
    problem = Problem(
        stations=stations, tasks=(), zones=room.preset.zones, start=now, end=now + REACH
    )
    response = planner.responder(
        problem, (), wish.target, frozenset({wish.sensor}), now, _busy_until(room, unit)
    )
    if isinstance(response, Refusal):
        raise Unavailable(
            response.reason, where="nearest drone", remedy="try again when one is back"
        )
    if wish.within_s is not None and response.eta_s > wish.within_s:
        raise Unavailable(
            f"the nearest free drone is {response.eta_s / 60:.0f} min away",
            where="nearest drone",
            remedy="try again when one nearby is back",
        )
    spec = room.preset.kinds[room.dock(response.station).kind]
    route = _route(room, response, wish)
    seconds = flight_s(route, spec)
    landing = start + timedelta(seconds=seconds)
    recharge = timedelta(seconds=spec.recharge_s)
    later = unit.flights.find(
        vehicle=response.station,
        state=FlightState.PLANNED,
        day=room.today(),
        origin=(Origin.REVISIT, Origin.ASKED),
    )
    moved = displaced(
        later,
        free_at=landing + recharge,
        latest_end={f.id: _latest_end(unit, f) for f in later},
        recharge=recharge,
    )
    km = path_length_m(w.position for w in route.waypoints) / 1000
    return Proposal(response=response, flight_s=seconds, km=km, start=start, moved=moved)


def order(room: ControlRoom, unit: Unit, wish: Wish) -> Ordered:
    """Order the flight: request, task, emergency filing, flight, and the moves of others.

    Raises:
        Unavailable: no drone can go, with the reason.
    """
    now = room.now()
    proposal = propose(room, unit, wish)
    flight_id, task_id = new_id("flt", now), new_id("tsk", now)
    request = _request(wish, now, proposal, task_id)
    flight = _flight(room, wish, proposal, flight_id, task_id)
    filing = emergency_for((flight,), room.preset, now=now, by=wish.purpose)
    flight = replace(flight, filing_id=filing.id)
    unit.filings.add(filing)
    unit.requests.add(request)
    unit.tasks.add(_task(wish, room, now, request, task_id, flight_id))
    unit.flights.add(flight)
    note(unit, now, flight_id, "order", f"ordered: {wish.purpose}", f"紧急派飞：{wish.purpose_zh}")
    _make_room(unit, room, wish, proposal.moved)
    return Ordered(flight=flight, request=request, proposal=proposal)


def answer_filings(room: ControlRoom) -> None:
    """Answer filings when their answer is due, as the configured rules say."""
    with room.unit() as unit:
        flights.approve(unit, room)


def _busy_until(room: ControlRoom, unit: Unit) -> Mapping[str, datetime]:
    """When each drone that is out or charging is free again."""
    now = room.now()
    recent = Between(low=now - timedelta(hours=4))
    begun = unit.flights.find(state=_BEGUN, start=recent)
    promised = unit.flights.find(state=FlightState.PLANNED, origin=URGENT)
    charged = _charged(room)
    busy: dict[str, datetime] = {}
    for flight in (*begun, *promised):
        if flight.landed_at is not None and flight.vehicle in charged:
            continue
        spec = room.preset.kinds[room.dock(flight.dock).kind]
        back = flight.landed_at or max(flight.end, now)
        free = back + timedelta(seconds=spec.recharge_s)
        busy[flight.vehicle] = max(free, busy.get(flight.vehicle, free))
    return {station: until for station, until in busy.items() if until > now}


def _charged(room: ControlRoom) -> frozenset[str]:
    """Drones in their docks with charge enough for most looks, though not full."""
    found = set()
    for address, state in room.fleet.states().items():
        dock = room.dock_of(address)
        enough = state.battery is not None and state.battery >= CHARGE_ENOUGH
        if dock is not None and enough and not state.armed:
            found.add(dock.id)
    return frozenset(found)


def _latest_end(unit: Unit, flight: Flight) -> datetime:
    return min(unit.tasks.get(task_id).latest for task_id in flight.task_ids)


def _route(room: ControlRoom, response: Response, wish: Wish) -> planner.Route:
    way = [w.position for w in response.route.waypoints]
    barred = _barred(room, wish) if wish.also else None
    return look_route(way, wish.target, wish.height_m, wish.also, wish.also_radius_m, barred)


def _barred(room: ControlRoom, wish: Wish) -> shapely.Geometry:
    """The zones that may hold while the flight is out, with the distance that paths keep."""
    now = room.now()
    zones = [
        z
        for z in room.preset.zones
        if z.holds(now, now + REACH) and z.floor_m <= wish.height_m <= z.ceiling_m
    ]
    shrink = math.cos(math.radians(wish.target.lat))
    return shapely.unary_union([z.polygon.buffer(z.buffer_m / (_DEGREE_M * shrink)) for z in zones])


def _request(wish: Wish, now: datetime, proposal: Proposal, task_id: str) -> Request:
    spot = shapely.Point(wish.target.lon, wish.target.lat)
    return Request(
        id=new_id("req", now),
        scenario=wish.scenario,
        department=wish.department,
        shared_with=wish.shared_with,
        purpose=wish.purpose,
        place=f"{wish.target.lat:.5f} N {wish.target.lon:.5f} E",
        geometry=mapping(spot),
        kind="points",
        width_m=2 * SPOT_M,
        sensor=wish.sensor,
        gsd_m=0.15,
        front_overlap=0.0,
        side_overlap=0.0,
        earliest=now,
        latest=now + REACH,
        priority=5,
        origin=wish.origin,
        created_at=now,
        state=RequestState.PLANNED,
        task_ids=(task_id,),
        case_id=wish.case_id,
    )


def _task(
    wish: Wish, room: ControlRoom, now: datetime, request: Request, task_id: str, flight_id: str
) -> Task:
    return Task(
        id=task_id,
        day=room.today(),
        request_ids=(request.id,),
        scenarios=(wish.scenario,) if wish.scenario else (),
        departments=(wish.department,),
        sensors=(wish.sensor,),
        geometry=request.geometry,
        gsd_m=request.gsd_m,
        earliest=now,
        latest=request.latest,
        priority=5,
        state=TaskState.PLANNED,
        flight_id=flight_id,
    )


def _flight(
    room: ControlRoom,
    wish: Wish,
    proposal: Proposal,
    flight_id: str,
    task_id: str,
) -> Flight:
    dock = room.dock(proposal.response.station)
    spec = room.preset.kinds[dock.kind]
    return Flight(
        id=flight_id,
        plan_id=None,
        day=room.today(),
        origin=wish.origin,
        dock=dock.id,
        vehicle=dock.id,
        system_id=dock.system_id,
        link=dock.link,
        task_ids=(task_id,),
        departments=(wish.department,),
        priority=5,
        route=_route(room, proposal.response, wish),
        start=proposal.start,
        end=proposal.start + timedelta(seconds=proposal.flight_s),
        km=proposal.km,
        landing_share=1 - proposal.flight_s / spec.endurance_s,
        case_id=wish.case_id,
    )


def _make_room(unit: Unit, room: ControlRoom, wish: Wish, moves: tuple[Moved, ...]) -> None:
    """Move or cancel the drone's other flights, and tell each department why."""
    for move in moves:
        flight = move.flight
        was = room.clock_time(flight.start)
        if move.start is None:
            flights.cancelled(
                unit, room, flight, f"made room for: {wish.purpose}", f"让位于：{wish.purpose_zh}"
            )
            what, what_zh = "was cancelled", "已取消"
        else:
            flights.moved(
                unit, room, flight, move.start - flight.start, wish.purpose, wish.purpose_zh
            )
            what = f"now starts at {room.clock_time(move.start)}"
            what_zh = f"改至 {room.clock_time(move.start)} 起飞"
        alert(
            unit,
            room.now(),
            "moved",
            2,
            f"flight of {flight.vehicle} at {was} {what}: {wish.purpose}",
            f"{flight.vehicle} {was} 架次{what_zh}：{wish.purpose_zh}",
            department=flight.departments[0],
            shared_with=flight.departments[1:],
        )
