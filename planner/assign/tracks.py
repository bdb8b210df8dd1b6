"""Flights as legs in space and time: what their timetable and their crossings are made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from core.energy import CALM, CLIMB_FACTOR, climb_s, descent_s
from core.equipment import VehicleSpec
from core.geo import LocalFrame, distance_m
from planner.problem import Flight, Problem, Station
from planner.routes.airspace import middle
from planner.routes.effort import legs as straight_legs

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

PLACE_M = 2.0
"""Rounding of places."""


@dataclass(frozen=True, eq=False)
class Legs:
    """Straight pieces of paths on which place and height change linearly with time.

    Climbs, holds and descents are legs that stay at one place.

    Attributes:
        flight: (N,) whose leg it is.
        begin_s, end_s: (N,) seconds after that flight's start.
        begin, end: (N, 2) metres in the city's frame.
        begin_m, end_m: (N,) heights above ground.
    """

    flight: Ints
    begin_s: Floats
    end_s: Floats
    begin: Floats
    end: Floats
    begin_m: Floats
    end_m: Floats

    def __len__(self) -> int:
        return len(self.flight)

    def take(self, index: Ints | npt.NDArray[np.bool_]) -> "Legs":
        """Some of them."""
        return Legs(*(getattr(self, f.name)[index] for f in fields(self)))

    def cut(self, low: Floats, high: Floats) -> "Legs":
        """Of each leg the part between two shares of it, (N,) each from 0 to 1."""

        def between(a: Floats, b: Floats) -> tuple[Floats, Floats]:
            shares = [s[:, None] if a.ndim == 2 else s for s in (low, high)]
            return a + (b - a) * shares[0], a + (b - a) * shares[1]

        begin_s, end_s = between(self.begin_s, self.end_s)
        begin, end = between(self.begin, self.end)
        begin_m, end_m = between(self.begin_m, self.end_m)
        return Legs(self.flight, begin_s, end_s, begin, end, begin_m, end_m)


def city_frame(problem: Problem, flights: Sequence[Flight]) -> LocalFrame:
    """One frame for all paths; there must be a station or a flight."""
    places = [*(s.position for s in problem.stations), *(f.route.entry for f in flights)]
    return LocalFrame(middle(places))


@dataclass(frozen=True, eq=False)
class Clock:
    """When flights are where: seconds after each one's own start.

    Attributes:
        owner: (W,) the flight of each waypoint; first, last: (F,) its first and last waypoint.
        degrees: (W, 2) longitude and latitude; height, hold: (W,) metres and seconds.
        arrive, leave: (W,); the last one's leave is when the descent begins.
        landed: (F,).
    """

    owner: Ints
    first: Ints
    last: Ints
    degrees: Floats
    height: Floats
    hold: Floats
    arrive: Floats
    leave: Floats
    landed: Floats


def clock(flights: Sequence[Flight], problem: Problem) -> Clock:
    """The clock of `core.energy` along each path, stretched to what the flight itself states: a
    released flight may run late. One of a drone that the problem does not know flies evenly. There
    must be a flight."""
    counts = np.array([len(f.route.waypoints) for f in flights])
    owner = np.repeat(np.arange(len(flights)), counts)
    last = np.cumsum(counts) - 1
    first = last - counts + 1
    points = [w for f in flights for w in f.route.waypoints]
    degrees = np.array([(w.position.lon, w.position.lat) for w in points])
    height, hold = np.array([(w.height_m, w.hold_s) for w in points]).T
    stations = {s.id: s for s in problem.stations}
    specs = [stations[f.station].spec if f.station in stations else None for f in flights]
    hold = np.where(np.array([s is None for s in specs])[owner], 0.0, hold)
    spent = np.concatenate([[0.0], np.cumsum(hold + _way_s(flights, degrees, specs, problem))])
    climb = np.array([_up_s(height[k], s) for k, s in zip(first, specs, strict=True)])
    climb[begun_in_the_air(flights, stations)] = 0.0
    arrive = spent[:-1] + (climb - spent[first])[owner]
    sink = [_down_s(height[k], s) for k, s in zip(last, specs, strict=True)]
    landed = (arrive + hold)[last] + sink
    stated = np.array([(f.end - f.start).total_seconds() for f in flights])
    slower = stated / np.maximum(landed, 1.0)
    return Clock(
        owner=owner,
        first=first,
        last=last,
        degrees=degrees,
        height=height,
        hold=hold * slower[owner],
        arrive=arrive * slower[owner],
        leave=(arrive + hold) * slower[owner],
        landed=stated,
    )


def _up_s(height_m: float, spec: VehicleSpec | None) -> float:
    return 0.0 if spec is None else climb_s(height_m, spec)


def _down_s(height_m: float, spec: VehicleSpec | None) -> float:
    return 0.0 if spec is None else descent_s(height_m, spec)


def legs_of(timed: Clock, frame: LocalFrame) -> Legs:
    """The legs of all flights, one flight after another in the order of time."""
    first, last = timed.first, timed.last
    held = np.flatnonzero(timed.hold > 0)
    inner = np.setdiff1d(np.arange(len(timed.owner)), last)
    a, b = (
        np.concatenate([first, held, inner, last]),
        np.concatenate([first, held, inner + 1, last]),
    )
    ground, height, arrive, leave = np.zeros(len(first)), timed.height, timed.arrive, timed.leave
    xy = np.column_stack(frame.xy(timed.degrees[:, 0], timed.degrees[:, 1]))
    legs = Legs(
        flight=timed.owner[a],
        begin_s=np.concatenate([ground, arrive[held], leave[inner], leave[last]]),
        end_s=np.concatenate([arrive[first], leave[held], arrive[inner + 1], timed.landed]),
        begin=xy[a],
        end=xy[b],
        begin_m=np.concatenate([ground, height[held], height[inner], height[last]]),
        end_m=np.concatenate([height[first], height[held], height[inner + 1], ground]),
    )
    return legs.take(np.lexsort((legs.end_s, legs.begin_s, legs.flight)))


def _way_s(
    flights: Sequence[Flight],
    degrees: Floats,
    specs: Sequence[VehicleSpec | None],
    problem: Problem,
) -> Floats:
    """(W,) seconds from each waypoint of each flight to the next, holds left out; 0 at the last.
    As `core.energy.step_s`, in arrays; metres where the vehicle is not known."""
    points = [w for f in flights for w in f.route.waypoints]
    cap = np.array([w.speed_mps or np.inf for w in points])
    height = np.array([w.height_m for w in points])
    amsl = np.array([np.nan if w.amsl_m is None else w.amsl_m for w in points])
    found = np.zeros(len(points))
    by_spec: dict[VehicleSpec | None, list[int]] = {}
    at = 0
    for flight, spec in zip(flights, specs, strict=True):
        count = len(flight.route.waypoints)
        by_spec.setdefault(spec, []).extend(range(at, at + count - 1))
        at += count
    for spec, where in by_spec.items():
        a = np.array(where, int)
        if spec is None:
            found[a] = straight_legs(degrees[a], degrees[a + 1], 1.0, CALM)[0]
            continue
        metres, seconds = straight_legs(degrees[a], degrees[a + 1], spec.cruise_mps, problem.wind)
        straight = amsl[a + 1] - amsl[a]  # NaN where the autopilot follows the ground
        rise = np.where(np.isnan(straight), height[a + 1] - height[a], straight)
        least = np.fmax(straight / spec.climb_mps, -straight / spec.descent_mps)
        up = np.maximum(rise, 0.0) * (CLIMB_FACTOR - 1) / spec.climb_mps
        found[a] = np.fmax(np.maximum(seconds, metres / cap[a]), least) + up
    return found


def begun_in_the_air(flights: Sequence[Flight], stations: Mapping[str, Station]) -> list[int]:
    """The flights that go on from where their drone already flies: the first of such a drone."""
    first: dict[str, int] = {}
    for k, flight in enumerate(flights):
        best = first.setdefault(flight.station, k)
        if flight.start < flights[best].start:
            first[flight.station] = k
    found = []
    for name, k in first.items():
        aloft = stations[name].starts_from if name in stations else None
        if aloft is not None and distance_m(aloft, flights[k].route.entry) < PLACE_M:
            found.append(k)
    return sorted(found)
