"""How soon somebody is over a fire: simulated fires over a territory and a day.

Straight lines in the day's wind stand for the ways (zones make a few of them longer), so that
hundreds of fires and all drones are one table. A drone answers from its dock when it is charged,
or from where it is in the air, and only if it comes home with its reserve.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from core.energy import climb_s, descent_s
from core.equipment import Sensor
from planner.explain.spans import by_station, since
from planner.problem import Flight, Problem, Station
from planner.replan.aloft import track
from planner.replan.responder import HEIGHT_M, LOOK_S
from planner.routes.effort import legs

Floats = npt.NDArray[np.float64]

FIRES = 500
"""Simulated fires: the 90 % point is known to about 5 % then."""
HEAT = frozenset({Sensor.THERMAL})


@dataclass(frozen=True, kw_only=True)
class Fires:
    """Where and when: place (F, 2) degrees, at_s (F,) seconds since the start of the day."""

    place: Floats
    at_s: Floats


@dataclass(frozen=True, kw_only=True)
class Readiness:
    """Minutes until somebody is there.

    Attributes:
        minutes: (F,) by fire; infinite where nobody can go.
    """

    minutes: Floats

    @property
    def p50_min(self) -> float:
        """Half of the fires are reached sooner."""
        return float(np.quantile(self.minutes, 0.5, method="higher"))

    @property
    def p90_min(self) -> float:
        """Nine of ten are."""
        return float(np.quantile(self.minutes, 0.9, method="higher"))


def fires(problem: Problem, *, count: int = FIRES, area: Any = None, seed: int = 0) -> Fires:
    """Fires evenly over a territory and the day.

    Args:
        area: shapely, degrees; where the docks are and what the tasks look at if not given.
    """
    where = territory(problem) if area is None else area
    rng = np.random.default_rng(seed)
    west, south, east, north = where.bounds
    shapely.prepare(where)
    found = np.empty((0, 2))
    while len(found) < count:
        trial = rng.uniform((west, south), (east, north), (2 * count, 2))
        inside = shapely.contains_xy(where, trial[:, 0], trial[:, 1])
        found = np.vstack([found, trial[inside]])
    length = (problem.end - problem.start).total_seconds()
    return Fires(place=found[:count], at_s=rng.uniform(0, length, count))


def territory(problem: Problem) -> Any:
    """The convex hull of docks and tasks, a kilometre wider."""
    spots = [(s.position.lon, s.position.lat) for s in problem.stations]
    spots += [
        (r.entry.lon, r.entry.lat) for t in problem.tasks for r in list(t.routes.values())[:1]
    ]
    return shapely.convex_hull(shapely.MultiPoint(spots)).buffer(0.01)


def response(
    problem: Problem,
    flights: Iterable[Flight],
    given: Fires,
    *,
    sensors: frozenset[Sensor] = HEAT,
) -> Readiness:
    """Minutes to the first drone with the sensors over each fire, as the flights leave it."""
    table = arrivals(problem, flights, given, sensors=sensors)
    best = table.min(axis=1) if table.shape[1] else np.full(len(given.at_s), np.inf)
    return Readiness(minutes=best / 60)


def arrivals(
    problem: Problem,
    flights: Iterable[Flight],
    given: Fires,
    *,
    sensors: frozenset[Sensor] = HEAT,
    kept: bool = False,
) -> Floats:
    """(F, S) seconds until each drone is over each fire; infinite where it cannot go.

    Args:
        kept: as if each were kept in its dock all day, whatever it flies.
    """
    own = by_station(() if kept else flights)
    columns = [
        _of_station(problem, s, own.get(s.id, ()), given)
        if sensors <= s.spec.sensors and problem.wind.speed_mps <= s.spec.wind_limit_mps
        else np.full(len(given.at_s), np.inf)
        for s in problem.stations
    ]
    return np.column_stack(columns) if columns else np.empty((len(given.at_s), 0))


def _of_station(
    problem: Problem, station: Station, flights: Sequence[Flight], given: Fires
) -> Floats:
    """One drone's arrival at each fire, from its dock or from the air."""
    here = np.array([[station.position.lon, station.position.lat]])
    place = np.repeat(here, len(given.at_s), axis=0)
    height = min(HEIGHT_M, station.spec.max_height_m)
    up = np.full(len(place), climb_s(height, station.spec))
    left = np.full(len(place), station.spec.usable_s * station.health)
    begin, end = (since(problem, t) for t in (station.available_from, station.available_until))
    able = (given.at_s >= begin) & (given.at_s < end)
    for flight in flights:
        start, landed = since(problem, flight.start), since(problem, flight.end)
        aloft = (given.at_s >= start) & (given.at_s < landed)
        able &= ~((given.at_s >= landed) & (given.at_s < landed + station.spec.recharge_s))
        if aloft.any():
            way = track(flight, station, problem.wind)
            elapsed = given.at_s[aloft] - start
            for axis in (0, 1):
                place[aloft, axis] = np.interp(elapsed, way.clock_s, way.place[:, axis])
            up[aloft] = 0.0
            left[aloft] = station.spec.usable_s * station.health - elapsed
    _, out = legs(place, given.place, station.spec.cruise_mps, problem.wind)
    docks = np.repeat(here, len(place), axis=0)
    _, home = legs(given.place, docks, station.spec.cruise_mps, problem.wind)
    whole = up + out + LOOK_S + home + descent_s(height, station.spec)
    return np.where(able & (whole <= left), up + out, np.inf)
