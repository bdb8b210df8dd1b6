"""Flights in the air: where they are at a moment, what is done, and how they end otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import shapely

from core.energy import Wind, climb_s, descent_s
from core.geo import LonLat
from core.route import Route, Waypoint
from planner.problem import Flight, Problem, Station, Stop, Task
from planner.routes.airspace import Airspace
from planner.routes.effort import legs

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Track:
    """When a flight is where.

    Attributes:
        clock_s: (N,) seconds after its start at which it reaches each waypoint and, where it
            holds, leaves it. index: (N,) which waypoint. place: (N, 2) degrees.
    """

    clock_s: Floats
    index: npt.NDArray[np.intp]
    place: Floats

    def at(self, elapsed_s: float) -> LonLat:
        """Where it is so many seconds after its start."""
        lon, lat = (float(np.interp(elapsed_s, self.clock_s, c)) for c in self.place.T)
        return LonLat(lon, lat)


def track(flight: Flight, station: Station, wind: Wind) -> Track:
    """The flight's track; its times are stretched a little to fit the times that it states."""
    points, spec = flight.route.waypoints, station.spec
    place = np.array([(w.position.lon, w.position.lat) for w in points])
    hold = np.array([w.hold_s for w in points])
    height = np.array([w.height_m for w in points])
    cap = np.array([w.speed_mps or np.inf for w in points])[:-1]
    metres, seconds = legs(place[:-1], place[1:], spec.cruise_mps, wind)
    rise = np.maximum(np.diff(height), 0.0) * 0.4 / spec.climb_mps
    step = np.maximum(seconds, metres / cap) + rise
    reached = np.concatenate([[0.0], np.cumsum(step + hold[:-1])])
    twice = np.stack([reached, reached + hold], axis=1).ravel()
    up = 0.0 if station.starts_from is not None else climb_s(float(height[0]), spec)
    whole = up + twice[-1] + descent_s(float(height[-1]), spec)
    stated = (flight.end - flight.start).total_seconds()
    return Track(
        clock_s=(up + twice) * (stated / whole if whole > 0 else 1.0),
        index=np.repeat(np.arange(len(points)), 2),
        place=np.repeat(place, 2, axis=0),
    )


@dataclass(frozen=True, kw_only=True)
class Aloft:
    """A flight that is cut at a moment.

    Attributes:
        here: where the drone is.
        flown: the waypoints that it has passed.
        ahead: the places that it still has to pass, its own first.
        done: the stops that are finished. left: those that are not.
        remaining_s: flying time until its reserve is touched.
    """

    flight: Flight
    station: Station
    now: datetime
    here: LonLat
    flown: tuple[Waypoint, ...]
    ahead: tuple[LonLat, ...]
    done: tuple[Stop, ...]
    left: tuple[Stop, ...]
    remaining_s: float


def cut(
    flight: Flight, station: Station, problem: Problem, tasks: dict[str, Task], now: datetime
) -> Aloft:
    """What of a flight is behind it, and what is ahead.

    Args:
        tasks: of its stops; a stop whose task is not among them counts as unfinished.
    """
    way = track(flight, station, problem.wind)
    elapsed = (now - flight.start).total_seconds()
    passed = int(np.searchsorted(way.clock_s, elapsed, side="right"))
    behind = int(way.index[passed - 1]) + 1 if passed else 0
    here = way.at(elapsed)
    points = flight.route.waypoints
    left_at = way.clock_s[1::2]
    finished = _finished(flight, station, tasks, left_at, elapsed)
    return Aloft(
        flight=flight,
        station=station,
        now=now,
        here=here,
        flown=points[:behind],
        ahead=(here, *(w.position for w in points[behind:])),
        done=flight.stops[:finished],
        left=flight.stops[finished:],
        remaining_s=station.spec.usable_s * station.health - elapsed,
    )


def _finished(
    flight: Flight, station: Station, tasks: dict[str, Task], left_at: Floats, elapsed: float
) -> int:
    """How many of the stops' routes lie wholly behind it."""
    at = 0
    points = flight.route.waypoints
    for number, stop in enumerate(flight.stops):
        route = tasks[stop.task].routes.get(station.spec.id) if stop.task in tasks else None
        if route is None:
            return number
        ends = route.waypoints[0 if stop.reverse else -1].position
        count = len(route.waypoints)
        places = [k for k in range(at + count - 1, len(points)) if points[k].position == ends]
        if not places or left_at[places[0]] > elapsed:
            return number
        at = places[0] + 1
    return len(flight.stops)


def rerouted(
    aloft: Aloft, via: Sequence[Waypoint], stops: Sequence[Stop], problem: Problem, sky: Airspace
) -> Flight | None:
    """The flight from here over other waypoints home; None when there is no way that leaves its
    reserve.

    Args:
        via: where else it goes; empty to fly home.
        stops: what that serves, on top of what is done.
    """
    station = aloft.station
    height = aloft.flown[-1].height_m if aloft.flown else 60.0
    level = max([height, *(w.height_m for w in via)])
    dock = station.lands_at or station.position
    spots = [aloft.here, *(w.position for w in via), dock]
    extra = [Waypoint(position=aloft.here, height_m=level)]
    for a, b, end in zip(spots, spots[1:], [*via, None], strict=False):
        way = out_and_round(a, b, sky)
        if way is None:
            return None
        extra += [Waypoint(position=p, height_m=level) for p in way]
        extra.append(end or Waypoint(position=b, height_m=level))
    seconds = _seconds(extra, station, problem.wind)
    if not seconds <= aloft.remaining_s:
        return None
    return _ended(aloft, extra, seconds, (*aloft.done, *stops))


def ended_here(aloft: Aloft) -> Flight:
    """The flight as it was until now: the drone is lost."""
    return _ended(aloft, [Waypoint(position=aloft.here, height_m=60.0)], 0.0, aloft.done)


def _ended(aloft: Aloft, extra: list[Waypoint], seconds: float, stops: Sequence[Stop]) -> Flight:
    end = aloft.now + timedelta(seconds=seconds)
    whole = aloft.station.spec.endurance_s * aloft.station.health
    return replace(
        aloft.flight,
        end=end,
        stops=tuple(stops),
        route=Route((*aloft.flown, *extra)),
        landing_share=1 - (end - aloft.flight.start).total_seconds() / whole,
    )


def _seconds(path: Sequence[Waypoint], station: Station, wind: Wind) -> float:
    """From where the path begins, in the air, to the ground."""
    place = np.array([(w.position.lon, w.position.lat) for w in path])
    _, seconds = legs(place[:-1], place[1:], station.spec.cruise_mps, wind)
    hold = sum(w.hold_s for w in path)
    return float(seconds.sum()) + hold + descent_s(path[-1].height_m, station.spec)


def out_and_round(a: LonLat, b: LonLat, sky: Airspace) -> list[LonLat] | None:
    """Corners between two places; first straight out of what is blocked, should a lie in it."""
    xy = np.column_stack(sky.frame.xy([a.lon, b.lon], [a.lat, b.lat]))
    corners: list[Floats] = []
    if sky.inside(xy[:1])[0]:
        edge = sky.blocked.buffer(2.0).boundary
        out = shapely.ops.nearest_points(edge, shapely.Point(xy[0]))[0]
        xy[0] = (out.x, out.y)
        corners.append(xy[0].copy())
    way = sky.way(xy[0], xy[1])
    if way is None:
        return None
    corners += list(way[1])
    return [sky.frame.point(float(x), float(y)) for x, y in corners]
