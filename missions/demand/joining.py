"""A request that a planned flight photographs anyway joins it: nothing moves, nothing is added.

Whether it does is measured as for photographs that were taken: every photograph that the route will
take is laid on level ground, and must show the place at the asked resolution and overlap.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import shapely

import planner
from core.energy import CALM
from core.geo import LocalFrame, LonLat, path_length_m
from core.ids import new_id
from core.route import Route, Waypoint
from imagery.ground.overlap import Shot, overlap_of
from missions.demand.decided import planned_answer, readers_of
from missions.demand.ground import FLAT_KINDS, ground_of, overlaps_of
from missions.entities import Flight, FlightState, Origin, Request, RequestState, Task, TaskState
from missions.lifecycle import move
from missions.presets import Preset
from missions.store.protocol import Unit
from planner.verify.path import clock

SHARE = 0.995
"""Of the place that the flight must photograph: what routes are laid out to."""
ROUNDING = 1.02
"""Resolution and overlap as routes are laid out are a little off what was asked."""
TIMING_S = 60.0
"""Flights are timed to within so much: work is planned to begin and end on the minute."""
_ORIGINS = (Origin.REVISIT, Origin.ASKED, Origin.REFLY)
"""Flights of these origins keep to their plan; others may be turned at any moment."""


@dataclass(frozen=True, kw_only=True)
class Joined:
    """A request that joined a flight.

    Attributes:
        before: the flight as it was; flight: with the request's task and department.
        task: the request's own.
    """

    before: Flight
    flight: Flight
    task: Task
    request: Request


def joined(
    preset: Preset, request: Request, flights: Iterable[Flight], ready: datetime
) -> Joined | None:
    """The first planned flight that shows all of a request within its window; None if none does.

    Args:
        ready: flights that take off before are being prepared already.
    """
    if request.kind not in FLAT_KINDS:
        return None
    ground = ground_of(request)
    for flight in sorted(flights, key=lambda f: f.start):
        if _may_join(flight, request, ready) and shows(preset, flight, request, ground):
            return _join(request, flight, preset.zone_info)
    return None


def shows(preset: Preset, flight: Flight, request: Request, ground: shapely.Geometry) -> bool:
    """Whether a flight's route photographs a ground as a request asks for it."""
    if not ground.within(shapely.box(*_bounds(flight.route))):
        return False
    shots = shots_of(preset, flight, request)
    if not shots:
        return False
    overlap = min(overlaps_of(request))
    seen = overlap_of(ground, shots, front=overlap, side=overlap, tolerance=ROUNDING)
    return seen.share >= SHARE


def shots_of(preset: Preset, flight: Flight, request: Request) -> list[Shot]:
    """Every photograph that a route will take with a sensor, fine enough and within the request's
    window; on level ground."""
    spec = preset.kinds[preset.dock(flight.dock).kind]
    aimed = _aimed(flight, request, clock(flight.route.waypoints, spec, CALM))
    if not aimed:
        return []
    frame = LocalFrame(aimed[0].position)
    prints = planner.photographed(
        Route(aimed), spec, frame, gsd_m=request.gsd_m, sensors=frozenset({request.sensor})
    )
    degrees = frame.to_degrees(np.array([_upright(one) for one in prints], object))
    return [Shot(footprint=one, position=LonLat(one.centroid.x, one.centroid.y)) for one in degrees]


def keep(unit: Unit, one: Joined) -> bool:
    """Write a joined request down; False, and nothing is written, where the flight has begun or
    was changed since."""
    if unit.flights.get(one.flight.id) != one.before:
        return False
    unit.tasks.add(one.task)
    unit.flights.put(one.flight)
    unit.requests.put(one.request)
    return True


def _may_join(flight: Flight, request: Request, ready: datetime) -> bool:
    return (
        flight.state is FlightState.PLANNED
        and flight.origin in _ORIGINS
        and flight.start >= ready
        and flight.end >= request.earliest
        and flight.start <= request.latest
    )


def _join(request: Request, flight: Flight, zone: ZoneInfo) -> Joined:
    task = Task(
        id=new_id("tsk", flight.start),
        day=flight.day,
        request_ids=(request.id,),
        scenarios=(request.scenario,),
        departments=(request.department,),
        sensors=(request.sensor,),
        geometry=request.geometry,
        gsd_m=request.gsd_m,
        earliest=min(request.earliest, flight.start),
        latest=max(request.latest, flight.end),
        priority=request.priority,
        state=TaskState.PLANNED,
        flight_id=flight.id,
        shared_with=readers_of((request,)),
    )
    more = replace(
        flight,
        task_ids=(*flight.task_ids, task.id),
        departments=tuple(dict.fromkeys((*flight.departments, request.department))),
    )
    plain = planned_answer(request, (more,), zone, 1, 0)
    answer = replace(
        plain,
        code="joined",
        text=f"joins a flight that sees it anyway, no further km: {plain.text}",
        text_zh=f"并入已排航班，无需增加里程：{plain.text_zh}",
        km=0.0,
        minutes=0.0,
    )
    answered = move(request, RequestState.PLANNED, answer=answer, task_ids=(task.id,))
    return Joined(before=flight, flight=more, task=task, request=answered)


def _aimed(flight: Flight, request: Request, reached: Sequence[float]) -> tuple[Waypoint, ...]:
    """Each photograph within a request's window by itself, and behind it where its leg goes.

    Args:
        reached: seconds after take-off at which each waypoint is reached.
    """
    points, found = flight.route.waypoints, []
    early = (request.earliest - flight.start).total_seconds() - TIMING_S
    late = (request.latest - flight.start).total_seconds() + TIMING_S
    for shot in flight.route.shots:
        onward = min(shot.leg + 1, len(points) - 1)
        ahead = points[onward]
        length = path_length_m((points[shot.leg].position, ahead.position))
        share = shot.along_m / length if length > 0 else 0.0
        at = reached[shot.leg] + share * (reached[onward] - reached[shot.leg])
        if early <= at <= late:
            here = replace(
                points[shot.leg], position=shot.position, photo=True, photo_spacing_m=0.0
            )
            found += [here, replace(here, position=ahead.position, photo=False)]
    return tuple(found)


def _upright(footprint: shapely.Polygon) -> shapely.Polygon:
    """With its corners from the front left clockwise, as a picture that is flown upright has them;
    the planner's begin at the back left."""
    ring = shapely.get_coordinates(footprint)[:-1]
    return shapely.Polygon(np.roll(ring, -1, axis=0)) if len(ring) == 4 else footprint


def _bounds(route: Route) -> tuple[float, float, float, float]:
    """The box of a route and 500 m more, degrees: nothing outside of it is photographed."""
    lons = [w.position.lon for w in route.waypoints]
    lats = [w.position.lat for w in route.waypoints]
    return min(lons) - 0.005, min(lats) - 0.005, max(lons) + 0.005, max(lats) + 0.005
