"""Who gets to an emergency first: the nearest suitable drone, docked or in the air."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from core.energy import climb_s, descent_s, leg_s
from core.equipment import Sensor
from core.geo import LonLat
from core.route import Route, Waypoint
from planner import explain
from planner.assign.model import TRANSFER_M
from planner.problem import Airborne, Problem, Refusal, Response, Station
from planner.routes.airspace import Airspace, airspace, middle

LOOK_S = 180.0
"""Time over the target that a response must still have: a turn round a fire of 100 m radius."""
HEIGHT_M = 100.0
"""Height above ground of the way there; below the 120 m that light drones may fly."""
TARGET = "emergency"


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    """A drone that might go; ready_s: until it moves, climb included."""

    station: Station
    place: LonLat
    airborne: bool
    ready_s: float
    endurance_s: float
    straight_s: float


def responder(
    problem: Problem,
    airborne: Sequence[Airborne],
    target: LonLat,
    sensors: frozenset[Sensor],
    now: datetime,
    busy_until: Mapping[str, datetime],
) -> Response | Refusal:
    """The drone that is over the target first, has the sensors and comes home with its reserve.

    Args:
        airborne: drones that may be diverted.
        busy_until: when a docked drone is charged again; those later than now do not go.

    Candidates are tried in the order of their straight-line time, which no way round zones can
    beat, so that few ways are searched.
    """
    able = [s for s in problem.stations if sensors <= s.spec.sensors]
    if not able:
        return explain.no_sensor(TARGET, sensors)
    calm = [s for s in able if problem.wind.speed_mps <= s.spec.wind_limit_mps]
    if not calm:
        return explain.wind(TARGET, problem.wind.speed_mps)
    ready = sorted(
        _candidates(problem, calm, airborne, target, now, busy_until), key=lambda c: c.straight_s
    )
    if not ready:
        return explain.all_busy(TARGET, len(calm))
    highest = max(s.spec.max_height_m for s in problem.stations)
    zones = tuple(z for z in problem.zones if z.holds(now, now + timedelta(hours=2)))
    sky = airspace(zones, middle(s.position for s in problem.stations), highest)
    best: Response | None = None
    for candidate in ready:
        if best is not None and candidate.straight_s >= best.eta_s:
            break
        found = _respond(candidate, target, problem, sky, now)
        if found is not None and (best is None or found.eta_s < best.eta_s):
            best = found
    if best is not None:
        return best
    spot = np.array([sky.frame.point_xy(target)])
    return explain.zone(TARGET) if sky.inside(spot)[0] else explain.no_reach(TARGET)


def _candidates(
    problem: Problem,
    able: Sequence[Station],
    airborne: Sequence[Airborne],
    target: LonLat,
    now: datetime,
    busy_until: Mapping[str, datetime],
) -> Iterator[_Candidate]:
    flying = {a.station: a for a in airborne}
    for station in able:
        spec = station.spec
        aloft = flying.get(station.id)
        if aloft is None and (
            busy_until.get(station.id, now) > now
            or not station.available_from <= now < station.available_until
        ):
            continue
        place = aloft.position if aloft else station.position
        ready = 0.0 if aloft else climb_s(_height(station), spec)
        try:
            straight = leg_s(place, target, spec, problem.wind)
        except ValueError:  # the wind does not let it fly that course
            continue
        yield _Candidate(
            station=station,
            place=place,
            airborne=aloft is not None,
            ready_s=ready,
            endurance_s=aloft.remaining_s if aloft else spec.usable_s,
            straight_s=ready + straight,
        )


def _height(station: Station) -> float:
    return max(min(HEIGHT_M, station.spec.max_height_m), TRANSFER_M)


def _respond(
    candidate: _Candidate, target: LonLat, problem: Problem, sky: Airspace, now: datetime
) -> Response | None:
    """The candidate's way to the target; None if it could not come home from there."""
    station, spec = candidate.station, candidate.station.spec
    out = _way(candidate.place, target, sky)
    home = _way(target, station.position, sky)
    if out is None or home is None:
        return None
    try:
        eta = candidate.ready_s + _path_s(out, station, problem)
        back = _path_s(home, station, problem) + descent_s(_height(station), spec)
    except ValueError:  # the wind does not let it fly one of the legs
        return None
    total = eta + LOOK_S + back
    late = now + timedelta(seconds=total) > station.available_until
    if total > candidate.endurance_s or (late and not candidate.airborne):
        return None
    height = _height(station)
    route = Route(tuple(Waypoint(position=p, height_m=height) for p in out))
    return Response(station=station.id, eta_s=eta, route=route, airborne=candidate.airborne)


def _way(a: LonLat, b: LonLat, sky: Airspace) -> list[LonLat] | None:
    xy = np.column_stack(sky.frame.xy([a.lon, b.lon], [a.lat, b.lat]))
    way = sky.way(xy[0], xy[1])
    if way is None:
        return None
    return [a, *(sky.frame.point(float(x), float(y)) for x, y in way[1]), b]


def _path_s(path: Sequence[LonLat], station: Station, problem: Problem) -> float:
    return sum(leg_s(a, b, station.spec, problem.wind) for a, b in pairwise(path))
