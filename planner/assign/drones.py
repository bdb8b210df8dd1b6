"""Who may fly when: each free span of a station's drone is a vehicle of the search."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
import shapely

from core.geo import LonLat
from planner.assign.air import Air
from planner.assign.posts import PAD_S, Place
from planner.problem import Problem, Station

Span = tuple[float, float]

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
    busy = _busy(problem)
    found: list[Drone] = []
    for s, station in enumerate(problem.stations):
        calm = problem.wind.speed_mps <= station.spec.wind_limit_mps
        if not station.standby and calm:
            found.extend(_of(problem, air, s, kinds.index(station.spec.id), busy))
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


def _busy(problem: Problem) -> Mapping[str, float]:
    """By station, when the drone of a frozen flight is charged again."""
    recharge = {s.id: s.spec.recharge_s for s in problem.stations}
    busy: dict[str, float] = {}
    for flight in problem.frozen:
        ready = _seconds(problem, flight.end) + recharge.get(flight.station, 0.0)
        busy[flight.station] = max(busy.get(flight.station, ready), ready)
    return busy


def _of(
    problem: Problem, air: Air, s: int, kind: int, busy: Mapping[str, float]
) -> Iterator[Drone]:
    """The vehicles of one station."""
    station = problem.stations[s]
    free = max(0.0, _seconds(problem, station.available_from))
    if problem.now is not None:
        free = max(free, _seconds(problem, problem.now))
    until = min(_seconds(problem, station.available_until), _seconds(problem, problem.end))
    home = station.lands_at or station.position
    aloft = station.starts_from if station.id not in busy else None
    if aloft is not None:
        yield from _aloft(problem, air, s, kind, (free, until))
        free += (station.airborne_s or 0.0) + station.spec.recharge_s
    first = Place(
        station.position if aloft is None else home, kind, one_way=home != station.position
    )
    start = end = Place(home, kind, one_way=first.one_way)
    places = {first.position, home}
    spans = list(_spans(problem, air, places, (max(free, busy.get(station.id, free)), until), s))
    if first != start:
        spans = sorted(spans, key=lambda span: span[0] - span[1])[:1]
    longest = usable_s(station) - PAD_S
    for span in spans:
        yield Drone(
            station=s,
            first=first,
            start=start,
            end=end,
            free_s=span[0],
            until_s=span[1],
            first_usable_s=longest,
            usable_s=longest,
            most_trips=min(MOST_TRIPS, ceil((span[1] - span[0]) / station.spec.recharge_s)),
        )


def _aloft(problem: Problem, air: Air, s: int, kind: int, span: Span) -> Iterator[Drone]:
    """The one flight of a drone that is in the air."""
    station = problem.stations[s]
    if station.starts_from is None or station.airborne_s is None:
        return
    home = station.lands_at or station.position
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


def _spans(problem: Problem, air: Air, places: set[LonLat], whole: Span, s: int) -> Iterator[Span]:
    """The free spans of a docked drone; before each but the first it must have recharged."""
    recharge = problem.stations[s].spec.recharge_s
    ready = whole[0]
    for low, high in gaps(*whole, _shut(air, places)):
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
