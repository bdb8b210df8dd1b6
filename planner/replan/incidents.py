"""What events do to a running day: rules change, flights are taken apart, drones turn home."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import shapely

from core.clearance import conflicts
from core.geo import LonLat
from core.zones import Zone
from planner.explain.single import sky_of
from planner.problem import Closure, Flight, Problem, Refusal, Response, Station, Task
from planner.replan.aloft import Aloft, cut, ended_here, rerouted
from planner.replan.events import Cancelled, Event, Lost, Urgent
from planner.routes.airspace import Airspace

Pair = tuple[str, str]


@dataclass
class Desk:
    """The day while it is being mended."""

    problem: Problem
    now: datetime
    tasks: dict[str, Task]
    frozen: list[Flight]
    waiting: list[Flight]
    lost: dict[str, Pair] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    touched: dict[str, Pair] = field(default_factory=dict)
    response: dict[str, Response | Refusal] = field(default_factory=dict)
    diverted: list[str] = field(default_factory=list)
    unsafe: list[str] = field(default_factory=list)

    def station(self, name: str) -> Station:
        return next(s for s in self.problem.stations if s.id == name)

    def aloft(self) -> list[Flight]:
        return [f for f in self.frozen if f.start <= self.now < f.end]

    def put(self, old: Flight, new: Flight) -> None:
        self.frozen[self.frozen.index(old)] = new

    def drop(self, flight: Flight, why: Pair) -> None:
        """A flight to come is taken apart."""
        self.waiting.remove(flight)
        self.lost.update({s.task: why for s in flight.stops})


def take_in(desk: Desk, event: Event) -> None:
    """The rules as they are now."""
    problem = desk.problem
    if isinstance(event, Zone):
        desk.problem = replace(problem, zones=(*problem.zones, event))
    elif isinstance(event, Closure):
        desk.problem = replace(problem, closures=(*problem.closures, event))
    elif isinstance(event, Urgent):
        desk.tasks[event.task.id] = event.task
        desk.lost[event.task.id] = ("it was asked for on the day", "当日临时提出")
    elif isinstance(event, Cancelled):
        desk.gone.add(event.task)
    elif isinstance(event, Lost):
        back = event.until or problem.end
        docks = tuple(
            replace(s, available_from=max(s.available_from, back)) if s.id == event.station else s
            for s in problem.stations
        )
        desk.problem = replace(problem, stations=docks)


def clear(desk: Desk, event: Event) -> None:
    """What the event makes impossible: flights to come are taken apart, those in the air sent
    home."""
    if isinstance(event, Lost):
        _lose(desk, event)
    elif isinstance(event, Zone | Closure):
        why = _shut(event)
        for flight in [f for f in desk.waiting if _meets(event, _places(f), f)]:
            desk.drop(flight, why)
        sky = sky_of(desk.problem)
        for flight in desk.aloft():
            there = cut(flight, desk.station(flight.station), desk.problem, desk.tasks, desk.now)
            rest = replace(flight, start=desk.now)
            if _meets(event, there.ahead, rest):
                _send_home(desk, there, why, sky)
    elif isinstance(event, Cancelled):
        for flight in [f for f in desk.waiting if event.task in {s.task for s in f.stops}]:
            desk.drop(flight, ("another task of its flight was cancelled", "同架次其他任务已取消"))


def _lose(desk: Desk, event: Lost) -> None:
    why = (f"{event.station} failed", f"{event.station}发生故障")
    back = event.until or desk.problem.end
    for flight in [f for f in desk.waiting if f.station == event.station and f.start < back]:
        desk.drop(flight, why)
    for flight in [f for f in desk.aloft() if f.station == event.station]:
        there = cut(flight, desk.station(event.station), desk.problem, desk.tasks, desk.now)
        divert(desk, there, ended_here(there), why)


def _send_home(desk: Desk, there: Aloft, why: Pair, sky: Airspace) -> None:
    home = rerouted(there, (), (), desk.problem, sky)
    if home is None:
        desk.unsafe.append(there.flight.id)
    else:
        divert(desk, there, home, why)


def divert(desk: Desk, there: Aloft, instead: Flight, why: Pair) -> None:
    desk.put(there.flight, instead)
    desk.diverted.append(there.flight.id)
    desk.touched[there.station.id] = why
    desk.lost.update({s.task: why for s in there.left})


def _shut(event: Zone | Closure) -> Pair:
    if isinstance(event, Zone):
        return f"the no-fly zone {event.name} appeared", f"新增禁飞区{event.name_zh}"
    return f"closed: {event.reason}", f"空域关闭：{event.reason_zh}"


def _places(flight: Flight) -> list[LonLat]:
    return [w.position for w in flight.route.waypoints]


def _meets(event: Zone | Closure, path: Sequence[LonLat], flight: Flight) -> bool:
    """Whether a path comes into what is closed at the time of the flight."""
    if isinstance(event, Closure):
        if not (event.start < flight.end and flight.start < event.end):
            return False
        places = [(p.lon, p.lat) for p in path]
        line = shapely.LineString(places if len(places) > 1 else 2 * places)
        return event.area is None or bool(shapely.intersects(event.area, line))
    west, south, east, north = event.polygon.bounds
    wide = event.buffer_m / 50_000 + 0.001
    lon, lat = [p.lon for p in path], [p.lat for p in path]
    if max(lon) < west - wide or min(lon) > east + wide:
        return False
    if max(lat) < south - wide or min(lat) > north + wide:
        return False
    height = max(w.height_m for w in flight.route.waypoints)
    return bool(conflicts(path, [event], height_m=height, start=flight.start, end=flight.end))


def busy(desk: Desk) -> dict[str, datetime]:
    """When each drone that has flown is charged again."""
    return {
        f.station: f.end + timedelta(seconds=desk.station(f.station).spec.recharge_s)
        for f in sorted(desk.frozen, key=lambda f: f.end)
    }
