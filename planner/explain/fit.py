"""Where one more task fits into a plan in hand, every other flight staying as it is.

Each rule has a name and can be dropped by it, so that whoever asks learns which rules stand in the
way: "window", "hours" (the task's own), "sensor", "wind", "endurance", "docks" (the drones' hours),
"flights" (the drones' other ones), "standby", "crew", "filing", "zone:ID" and "closure:ID".
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from math import inf
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from core.energy import CALM
from core.geo import LocalFrame, LonLat
from core.zones import Zone
from planner.explain.single import Chance, Singles, chances, singles, sky_of, usable_s
from planner.explain.spans import Spans, since, spans
from planner.problem import Flight, Problem, Task
from planner.solve import solve

Floats = npt.NDArray[np.float64]
NOTHING: frozenset[str] = frozenset()


class Fitter:
    """The free spans of a plan, asked for one task after another.

    Args:
        flights: all that is flown: the plan's flights, the frozen ones are added.
    """

    def __init__(self, problem: Problem, flights: Iterable[Flight]) -> None:
        self.problem = problem
        self.flights = (*problem.frozen, *flights)
        self._spans: dict[tuple[bool, ...], Spans] = {}
        self._singles: dict[tuple[int, frozenset[str]], tuple[Task, Singles]] = {}
        self._usable = usable_s(problem)
        self._full = _crowded(problem, self.flights)

    def first(self, task: Task, dropped: frozenset[str] = NOTHING) -> Chance | None:
        """The soonest flight for the task; None if there is none under the rules kept."""
        ways = [self._chances(task, dropped, timed) for timed in self._timed(dropped)]
        found = [chance for chance in (next(way, None) for way in ways) if chance is not None]
        return min(found, key=lambda c: c.start_s, default=None)

    def chances(self, task: Task, dropped: frozenset[str] = NOTHING) -> Iterator[Chance]:
        """Every drone's flights for the task, the soonest of each free span and direction."""
        for timed in self._timed(dropped):
            yield from self._chances(task, dropped, timed)

    def _timed(self, dropped: frozenset[str]) -> Sequence[tuple[Zone, ...]]:
        """Which zones are crossed outside their hours: none, or all that do not hold all day."""
        problem = self.problem
        some = tuple(
            z
            for z in problem.zones
            if z.active is not None
            and z.holds(problem.start, problem.end)
            and (z.active[0] > problem.start or z.active[1] < problem.end)
            and f"zone:{z.id}" not in dropped
        )
        return ((), some) if some else ((),)

    def _chances(
        self, task: Task, dropped: frozenset[str], timed: tuple[Zone, ...]
    ) -> Iterator[Chance]:
        if "filing" not in dropped and late(self.problem, task):
            return
        crossed = frozenset(f"zone:{z.id}" for z in timed)
        taken = self.singles(task, dropped | crossed)
        usable = np.full_like(self._usable, inf) if "endurance" in dropped else self._usable
        free = self._free(dropped)
        given = (free.station, free.begin_s, free.end_s)
        windows = _windows(self.problem, task, dropped)
        for low, high, chance in chances(taken, given, windows, usable):
            total = float(taken.total_s[chance.station, int(chance.reverse)])
            shut = self._shut(task, chance, dropped, timed)
            full = [] if "crew" in dropped else self._full
            start = _first_free(low, high, [(a - total, b) for a, b in (*shut, *full)])
            if start is not None:
                yield Chance(station=chance.station, reverse=chance.reverse, start_s=start)

    def rules(self, task: Task) -> frozenset[str]:
        """Every rule of the day that could keep a task from being flown."""
        problem = self.problem
        named = {
            "wind": problem.wind.speed_mps > 0,
            "filing": task.file_by is not None and problem.now is not None,
            "hours": bool(task.windows),
            "standby": any(s.standby for s in problem.stations),
            "crew": problem.crew_limit is not None,
        }
        always = ("sensor", "endurance", "window", "docks", "flights")
        zones = [f"zone:{z.id}" for z in problem.zones if z.holds(problem.start, problem.end)]
        closures = [f"closure:{c.id}" for c in problem.closures]
        return frozenset((*always, *(n for n, there in named.items() if there), *zones, *closures))

    def flight(self, task: Task, chance: Chance, name: str) -> Flight | None:
        """The chance as a flight under all rules, laid out by the planner itself; None if it finds
        that it cannot be flown after all."""
        problem = self.problem
        dock = problem.stations[chance.station]
        begin = problem.start + timedelta(seconds=max(0.0, chance.start_s))
        later = (f.start for f in self.flights if f.station == dock.id and f.start > begin)
        rest = timedelta(seconds=dock.spec.recharge_s)
        until = min([dock.available_until, *(start - rest for start in later)])
        free = replace(dock, standby=False, available_from=begin, available_until=until)
        others = tuple(f for f in self.flights if f.station != dock.id)
        alone = replace(problem, stations=(free,), tasks=(task,), frozen=others, previous=None)
        found = solve(alone, seconds=0.0).flights
        return replace(found[0], id=name) if found else None

    def singles(self, task: Task, dropped: frozenset[str] = NOTHING) -> Singles:
        """What the task alone takes from each dock."""
        gone = frozenset(d for d in dropped if d.startswith("zone:") or d in ("wind", "sensor"))
        key = (id(task), gone)  # tasks made anew bear the same names
        if key not in self._singles:
            kept = [z for z in self.problem.zones if f"zone:{z.id}" not in gone]
            made = singles(
                self.problem,
                task,
                sky=sky_of(self.problem, kept),
                wind=CALM if "wind" in gone else None,
                any_sensor="sensor" in gone,
            )
            self._singles[key] = task, made  # holding the task keeps its id its own
        return self._singles[key][1]

    def _free(self, dropped: frozenset[str]) -> Spans:
        key = ("flights" in dropped, "standby" in dropped, "docks" in dropped)
        if key not in self._spans:
            self._spans[key] = spans(
                self.problem,
                () if key[0] else self.flights,
                standby=not key[1],
                hours=not key[2],
            )
        return self._spans[key]

    def _shut(
        self, task: Task, chance: Chance, dropped: frozenset[str], timed: Iterable[Zone]
    ) -> list[tuple[float, float]]:
        """When closures, and zones that hold for a time, keep the flight on the ground."""
        closed = [
            (c.start, c.end, c.area)
            for c in self.problem.closures
            if f"closure:{c.id}" not in dropped
        ]
        closed += [(*z.active, grown(z)) for z in timed if z.active is not None]
        if not closed:
            return []
        path = self._path(task, chance)
        return [
            (since(self.problem, begin), since(self.problem, end))
            for begin, end, area in closed
            if area is None or shapely.intersects(area, path)
        ]

    def _path(self, task: Task, chance: Chance) -> Any:
        """The flight over ground in degrees, transfers in straight lines."""
        dock = self.problem.stations[chance.station]
        route = task.routes.get(dock.spec.id) or next(iter(task.routes.values()))
        home = dock.lands_at or dock.position
        places = [dock.position, *(w.position for w in route.waypoints), home]
        return shapely.LineString([(p.lon, p.lat) for p in places])


def grown(zone: Zone) -> Any:
    """A zone with its buffer, in degrees, a little wider than asked."""
    frame = LocalFrame(LonLat(*shapely.get_coordinates(zone.polygon)[0]))
    return frame.to_degrees(frame.to_metres(zone.polygon).buffer(1.05 * zone.buffer_m + 2.0))


def late(problem: Problem, task: Task) -> bool:
    """Whether its flight should have been filed before now."""
    return task.file_by is not None and problem.now is not None and task.file_by < problem.now


def _windows(
    problem: Problem, task: Task, dropped: frozenset[str]
) -> Sequence[tuple[float, float]]:
    """When the work may be done, in seconds since the start of the day."""
    if "window" in dropped:
        early, last = 0.0, since(problem, problem.end)
    else:
        early, last = since(problem, task.earliest), since(problem, task.latest)
    if not task.windows or "hours" in dropped:
        return ((early, last),)
    own = [(since(problem, a), since(problem, b)) for a, b in task.windows]
    return tuple((max(a, early), min(b, last)) for a, b in own)


def _crowded(problem: Problem, flights: Sequence[Flight]) -> list[tuple[float, float]]:
    """When as many drones are in the air as the crew can watch."""
    if problem.crew_limit is None:
        return []
    ends = [(since(problem, f.start), 1) for f in flights]
    ends += [(since(problem, f.end), -1) for f in flights]
    found: list[tuple[float, float]] = []
    aloft, begin = 0, -inf if problem.crew_limit < 1 else inf
    for moment, step in sorted(ends):
        before, aloft = aloft, aloft + step
        if before < problem.crew_limit <= aloft:
            begin = moment
        elif aloft < problem.crew_limit <= before:
            found.append((begin, moment))
    return found if problem.crew_limit > 0 else [(-inf, inf)]


def _first_free(low: float, high: float, blocked: Iterable[tuple[float, float]]) -> float | None:
    """The first moment from low to high inside none of the open intervals."""
    for a, b in sorted(blocked):
        if a < low < b:
            low = b
    return low if low <= high else None
