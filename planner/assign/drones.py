"""Who may fly when: each free span of a station's drone is a vehicle of the search."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, inf

import numpy as np
import shapely

from core.geo import LonLat, distance_m
from planner.assign.air import Air
from planner.assign.posts import PAD_S, Place
from planner.problem import Flight, Problem, Station

Span = tuple[float, float]

AWAY_M = 1.0
"""Further from the dock than this is elsewhere."""
MOST_TRIPS = 48
"""Flights of one drone on one day at most: one every half hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drone:
    """A station's drone in one free span of its day.

    Attributes:
        station: index.
        first, start, end: where its first flight begins, where all others do, where all end.
        free_s, until_s: seconds after the start of the day.
        first_usable_s, usable_s: longest first flight, longest flight.
    """

    station: int
    first: Place
    start: Place
    end: Place
    free_s: float
    until_s: float
    first_usable_s: float
    usable_s: float
    most_trips: int


def drones(problem: Problem, air: Air, kinds: Sequence[str]) -> tuple[Drone, ...]:
    """The drones that may fly at all, by station and time.

    A drone in the air is a vehicle of one flight, and its dock another one from when it must have
    landed and recharged. A drone that lands elsewhere flies in its longest span only, since where
    it stands in a later one would depend on the first.
    """
    found: list[Drone] = []
    for s, station in enumerate(problem.stations):
        calm = problem.wind.speed_mps <= station.spec.wind_limit_mps
        if not station.standby and calm:
            found.extend(_of(problem, air, s, kinds.index(station.spec.id)))
    return tuple(found)


def usable_s(station: Station) -> float:
    """Longest flight: the reserve is kept of what the worn battery still gives."""
    return station.spec.usable_s * station.health


def gaps(begin_s: float, end_s: float, shut: Iterable[Span]) -> Iterator[Span]:
    """The times between two moments that no closed span covers, in order."""
    for low, high in sorted(shut):
        if low > begin_s:
            yield begin_s, min(low, end_s)
        begin_s = max(begin_s, high)
        if begin_s >= end_s:
            return
    if begin_s < end_s:
        yield begin_s, end_s


def _of(problem: Problem, air: Air, s: int, kind: int) -> Iterator[Drone]:
    """The vehicles of one station."""
    station = problem.stations[s]
    frozen = sorted(
        (f for f in problem.frozen if f.station == station.id), key=lambda f: (f.start, f.end)
    )
    free = max(0.0, _seconds(problem, station.available_from))
    if problem.now is not None:
        free = max(free, _seconds(problem, problem.now))
    until = min(_seconds(problem, station.available_until), _seconds(problem, problem.end))
    home, stands = station.lands_at or station.position, station.position
    if frozen:
        last = frozen[-1].route.exit
        stands = home if distance_m(last, home) <= AWAY_M else last
    elif station.starts_from is not None:
        yield from _aloft(problem, air, s, kind, (free, until))
        down = _seconds(problem, station.available_from) + (station.airborne_s or 0.0)
        free, stands = max(free, down + station.spec.recharge_s), home
    busy = _busy(problem, station, frozen)
    yield from _docked(problem, air, s, kind, (free, until), stands, busy)


def _busy(problem: Problem, station: Station, frozen: Sequence[Flight]) -> list[Span]:
    """When frozen flights and the recharging round them keep the drone; before one that begins or
    ends elsewhere it flies nothing else, since that would take it from where it is wanted."""
    home, rest_s = station.lands_at or station.position, station.spec.recharge_s
    busy = []
    for flight in frozen:
        ends = flight.route.entry, flight.route.exit
        away = any(distance_m(place, home) > AWAY_M for place in ends)
        begin, end = _seconds(problem, flight.start), _seconds(problem, flight.end)
        busy.append((-inf if away else begin - rest_s - PAD_S, end + rest_s + PAD_S))
    return busy


def _docked(
    problem: Problem, air: Air, s: int, kind: int, span: Span, stands: LonLat, busy: Sequence[Span]
) -> Iterator[Drone]:
    """A drone that begins its flights on the ground, the first of them where it stands."""
    station = problem.stations[s]
    home = station.lands_at or station.position
    moves = home != stands
    first, start = (Place(p, kind, one_way=moves) for p in (stands, home))
    spans = list(_spans(problem, air, {stands, home}, span, s, busy))
    if moves:
        spans = sorted(spans, key=lambda one: one[0] - one[1])[:1]
    longest = usable_s(station) - PAD_S
    for free, until in spans:
        yield Drone(
            station=s,
            first=first,
            start=start,
            end=start,
            free_s=free,
            until_s=until,
            first_usable_s=longest,
            usable_s=longest,
            most_trips=min(MOST_TRIPS, ceil((until - free) / station.spec.recharge_s)),
        )


def _aloft(problem: Problem, air: Air, s: int, kind: int, span: Span) -> Iterator[Drone]:
    """The one flight of a drone that is in the air."""
    station = problem.stations[s]
    if station.starts_from is None or station.airborne_s is None:
        return
    home = station.lands_at or station.position
    down = _seconds(problem, station.available_from) + station.airborne_s
    span = span[0], min(span[1], down)
    spans = list(gaps(*span, _shut(air, {station.starts_from, home})))
    if spans and spans[0][0] == span[0]:
        begin = Place(station.starts_from, kind, aloft=True, one_way=True)
        end = Place(home, kind, one_way=True)
        left = min(station.airborne_s, usable_s(station)) - PAD_S
        yield Drone(
            station=s,
            first=begin,
            start=begin,
            end=end,
            free_s=span[0],
            until_s=spans[0][1],
            first_usable_s=left,
            usable_s=left,
            most_trips=1,
        )


def _spans(
    problem: Problem, air: Air, places: set[LonLat], whole: Span, s: int, busy: Sequence[Span]
) -> Iterator[Span]:
    """The free spans of a docked drone; before each but the first it must have recharged."""
    recharge = problem.stations[s].spec.recharge_s
    ready = whole[0]
    for low, high in gaps(*whole, [*_shut(air, places), *busy]):
        if high > max(low, ready):
            yield max(low, ready), high
        ready = high + recharge


def _shut(air: Air, places: set[LonLat]) -> list[Span]:
    """When barriers lie on any of the places."""
    frame = air.always.frame
    lies = air.touched([shapely.Point(frame.point_xy(p)) for p in sorted(places, key=str)])
    return [
        (b.begin_s - PAD_S, b.end_s + PAD_S)
        for b, hit in zip(air.barriers, np.any(lies, axis=0).tolist(), strict=True)
        if hit
    ]


def _seconds(problem: Problem, moment: object) -> float:
    return (moment - problem.start).total_seconds()  # type: ignore[operator]
