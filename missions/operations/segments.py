"""A pilot's flying on record: a segment of a flight, with a task, a track, photographs and shares.

Failure 7 of the field's list: a manual flight leaves no task, and its photographs are lost. Here
every hold of the controls is a flight of its own, part of the one that it interrupts.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from shapely.geometry import LineString, mapping

from core.geo import LonLat, distance_m
from core.ids import new_id
from core.route import Route, Waypoint
from fleet.vehicle import Vehicle
from missions.entities import Flight, FlightState, Origin, Task, TaskState
from missions.ledger import split
from missions.lifecycle import move
from missions.operations.journal import note
from missions.operations.room import ControlRoom
from missions.store.protocol import Unit

STEP_M = 5.0
"""A track notes a place once it is so far from the last one."""

LATE = timedelta(seconds=2)
"""A photograph is stamped when its shutter closed, and reported a little later."""


def begin(
    room: ControlRoom,
    flight: Flight,
    who: str,
    why: str,
    departments: tuple[str, ...],
    vehicle: Vehicle,
) -> Flight:
    """A pilot has the controls."""
    now = room.now()
    segment_id, task_id = new_id("flt", now), new_id("tsk", now)
    route = Route((_here(room, vehicle, flight),))
    segment = replace(
        flight,
        id=segment_id,
        plan_id=None,
        origin=Origin.POINT,
        task_ids=(task_id,),
        departments=departments,
        route=route,
        start=now,
        end=now,
        km=0.0,
        state=FlightState.FLYING,
        case_id=None,
        took_off_at=now,
        landed_at=None,
        photos_taken=0,
        reason=f"{who}: {why}",
        reason_zh=f"{who}：{why}",
        part_of=flight.id,
    )
    with room.unit() as unit:
        unit.tasks.add(_task(room, segment, task_id))
        unit.flights.add(segment)
        note(unit, now, segment_id, "control", f"{who} flies: {why}", f"{who} 手动飞行：{why}", who)
    return segment


def note_track(room: ControlRoom, segment_id: str, vehicle: Vehicle) -> None:
    """Add where the drone is, if it has moved."""
    with room.unit() as unit:
        segment = unit.flights.get(segment_id)
        unit.flights.put(_longer(room, segment, vehicle))


def end(room: ControlRoom, segment_id: str, vehicle: Vehicle, taken: int) -> Flight:
    """The controls were handed back: the segment is closed and shared out.

    Args:
        taken: photographs that the vehicle reported meanwhile.
    """
    now = room.now()
    with room.unit() as unit:
        segment = _longer(room, unit.flights.get(segment_id), vehicle)
        photos = max(taken, unit.media.count(flight=segment.id))
        done = move(segment, FlightState.DONE, end=now, landed_at=now, photos_taken=photos)
        unit.flights.put(done)
        tasks = [unit.tasks.get(t) for t in done.task_ids]
        flown = [replace(t, geometry=_track(done.route), latest=now) for t in tasks]
        for task in flown:
            unit.tasks.put(move(task, TaskState.FLOWN))
        unit.ledger.add_all(split(done, flown, ()))
        note(
            unit,
            now,
            done.id,
            "control",
            f"flown by hand: {done.km:.2f} km, {photos} photographs",
            f"手动飞行结束：{done.km:.2f} km，拍摄 {photos} 张",
        )
    return done


def parts_of(unit: Unit, flight: Flight) -> list[Flight]:
    """The segments of a flight, oldest first."""
    found = unit.flights.find(vehicle=flight.vehicle, day=flight.day, origin=Origin.POINT)
    return sorted((f for f in found if f.part_of == flight.id), key=lambda f: f.start)


def part_at(parts: list[Flight], taken_at: datetime | None) -> Flight | None:
    """The segment during which a photograph was taken."""
    if taken_at is None:
        return None
    for part in parts:
        ended = part.landed_at
        if part.start <= taken_at and (ended is None or taken_at <= ended + LATE):
            return part
    return None


def aside_s(parts: list[Flight]) -> float:
    """Seconds of a flight that its segments bear."""
    return sum((p.landed_at - p.start).total_seconds() for p in parts if p.landed_at is not None)


def _task(room: ControlRoom, segment: Flight, task_id: str) -> Task:
    spec = room.preset.kinds[room.dock(segment.dock).kind]
    return Task(
        id=task_id,
        day=segment.day,
        request_ids=(),
        scenarios=(),
        departments=segment.departments,
        sensors=tuple(sorted(spec.sensors)),
        geometry=_track(segment.route),
        gsd_m=0.0,
        earliest=segment.start,
        latest=segment.start,
        priority=5,
        state=TaskState.PLANNED,
        flight_id=segment.id,
    )


def _track(route: Route) -> dict[str, object]:
    places = [(w.position.lon, w.position.lat) for w in route.waypoints]
    geometry: dict[str, object] = mapping(LineString(places if len(places) > 1 else places * 2))
    return geometry


def _longer(room: ControlRoom, segment: Flight, vehicle: Vehicle) -> Flight:
    here = _here(room, vehicle, segment)
    last = segment.route.waypoints[-1]
    rise = abs(here.height_m - last.height_m)
    if distance_m(here.position, last.position) < STEP_M and rise < STEP_M:
        return segment
    points = (*segment.route.waypoints, here)
    metres = sum(distance_m(a.position, b.position) for a, b in pairwise(points))
    return replace(segment, route=Route(points), km=metres / 1000)


def _here(room: ControlRoom, vehicle: Vehicle, flight: Flight) -> Waypoint:
    state = vehicle.state
    at = state.position or _last(flight)
    ground = float(room.preset.heights.height_m(at.lon, at.lat))
    height = (state.altitude_m - ground) if state.altitude_m is not None else state.height_m
    return Waypoint(position=at, height_m=max(0.1, height or 0.0), amsl_m=state.altitude_m)


def _last(flight: Flight) -> LonLat:
    return flight.route.waypoints[-1].position
