"""For the checker: what a problem holds, and where a flight is at which moment.

Part of `planner.verify`; shares no code with what makes plans.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from core.energy import Wind, climb_s, descent_s, step_s
from core.equipment import VehicleSpec
from core.geo import LocalFrame, LonLat, distance_m, path_length_m
from core.route import Waypoint
from planner.problem import Flight, Plan, Problem, Station, Task, Violation

TIME_S = 1.5
"""Rounding allowed in times."""
PLACE_M = 2.0
"""Rounding allowed in places."""
SPACE_M = 0.5
"""Rounding allowed in distances from zones and other drones."""

XY = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Known:
    """A problem and a plan, by name.

    Attributes:
        flights: by drone, its flights of the plan and the frozen ones in the order of time.
        aloft: names of the flights that begin in the air.
    """

    problem: Problem
    plan: Plan
    stations: Mapping[str, Station]
    tasks: Mapping[str, Task]
    flights: Mapping[str, Sequence[Flight]]
    frozen: frozenset[int]
    aloft: frozenset[int]

    def is_frozen(self, flight: Flight) -> bool:
        """Whether it is one of the problem's own."""
        return id(flight) in self.frozen

    def is_aloft(self, flight: Flight) -> bool:
        """Whether it goes on from where its drone already flies."""
        return id(flight) in self.aloft

    def seconds(self, moment: datetime) -> float:
        """Since the start of the day."""
        return (moment - self.problem.start).total_seconds()


def known(problem: Problem, plan: Plan) -> Known:
    """What is asked again and again."""
    stations = {s.id: s for s in problem.stations}
    flights: dict[str, list[Flight]] = {}
    for flight in (*problem.frozen, *plan.flights):
        flights.setdefault(flight.station, []).append(flight)
    aloft = set()
    frozen = frozenset(id(f) for f in problem.frozen)
    for name, own in flights.items():
        own.sort(key=lambda f: (f.start, f.end))
        begin = stations[name].starts_from if name in stations else None
        away = begin is not None and distance_m(begin, own[0].route.entry) <= PLACE_M
        if away and not any(id(f) in frozen for f in own):
            aloft.add(id(own[0]))
    tasks = {t.id: t for t in problem.tasks}
    return Known(problem, plan, stations, tasks, flights, frozen, frozenset(aloft))


def bad(rule: str, where: str, message: str) -> Violation:
    """A violation."""
    return Violation(rule=rule, where=where, message=message)


def home(dock: Station) -> LonLat:
    """Where the flights of a station's drone end."""
    return dock.lands_at or dock.position


def clock(
    points: Sequence[Waypoint], spec: VehicleSpec, wind: Wind, *, aloft: bool = False
) -> list[float]:
    """Seconds after the flight's start at which each waypoint is reached.

    Raises:
        ValueError: the wind is too strong to hold a course.
    """
    now = 0.0 if aloft else climb_s(points[0].height_m, spec)
    found = [now]
    for a, b in pairwise(points):
        now += a.hold_s + step_s(a, b, spec, wind)
        found.append(now)
    return found


def landed_s(points: Sequence[Waypoint], reached: Sequence[float], spec: VehicleSpec) -> float:
    """Seconds after the flight's start at which it stands in its dock."""
    return reached[-1] + points[-1].hold_s + descent_s(points[-1].height_m, spec)


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a flight on which place and height change evenly.

    Attributes:
        begin_s, end_s: since the start of the day.
        a, b: metres in a frame. low_m, high_m: heights at a and b, which may fall as well.
    """

    begin_s: float
    end_s: float
    a: XY
    b: XY
    low_m: float
    high_m: float

    def at(self, share: float) -> XY:
        """The place after a share of it."""
        (x, y), (u, v) = self.a, self.b
        return x + share * (u - x), y + share * (v - y)


def plan_frame(know: Known) -> LocalFrame:
    """One frame for a plan, at a round place near its first path: its straight lines are within
    0.1 m of geodesics for legs of 20 km within 100 km."""
    flights = know.plan.flights or know.problem.frozen
    first = flights[0].route.entry
    return LocalFrame(LonLat(round(first.lon, 1), round(first.lat, 1)))


def pieces(know: Known, flight: Flight, frame: LocalFrame) -> Iterator[Piece]:
    """Climb, holds, legs and descent of a flight, in order.

    A frozen flight keeps its stated times, whatever its path takes; where its drone is not known,
    it flies evenly.

    Raises:
        ValueError: the wind is too strong to hold a course.
    """
    points = flight.route.waypoints
    start, lasts = know.seconds(flight.start), (flight.end - flight.start).total_seconds()
    dock = know.stations.get(flight.station)
    if dock is None:
        reached, holds, landed = _evenly([w.position for w in points]), [0.0] * len(points), 1.0
    else:
        reached = clock(points, dock.spec, know.problem.wind, aloft=know.is_aloft(flight))
        landed = landed_s(points, reached, dock.spec)
        holds = [w.hold_s for w in points]
    slower = lasts / landed if dock is None or know.is_frozen(flight) else 1.0
    times = [
        (start + slower * t, start + slower * (t + h)) for t, h in zip(reached, holds, strict=True)
    ]
    spots = [frame.point_xy(w.position) for w in points]
    first, last = points[0].height_m, points[-1].height_m
    yield Piece(start, times[0][0], spots[0], spots[0], 0.0, first)
    for k, (reach, leave) in enumerate(times):
        if leave > reach:
            yield Piece(reach, leave, spots[k], spots[k], points[k].height_m, points[k].height_m)
        if k + 1 < len(points):
            heights = points[k].height_m, points[k + 1].height_m
            yield Piece(leave, times[k + 1][0], spots[k], spots[k + 1], *heights)
    yield Piece(times[-1][1], start + slower * landed, spots[-1], spots[-1], last, 0.0)


def _evenly(places: Sequence[LonLat]) -> list[float]:
    """Share of the path's length at each place."""
    steps = [path_length_m(pair) for pair in pairwise(places)]
    whole = sum(steps) or 1.0
    found = [0.0]
    for step in steps:
        found.append(found[-1] + step / whole)
    return found


def where(frame: LocalFrame, spots: Iterable[XY]) -> str:
    """A place in words: the first of the spots."""
    place = frame.point(*next(iter(spots)))
    return f"at {place.lon:.5f} E {place.lat:.5f} N"


def at_clock(moment: datetime) -> str:
    """A moment in words."""
    return moment.strftime("%d %H:%M:%S UTC")
