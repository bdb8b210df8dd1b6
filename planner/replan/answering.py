"""An emergency on a running day: who goes, and the flight that takes it there."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from core.equipment import VehicleSpec
from core.route import Route, Waypoint
from planner import explain
from planner.explain.single import sky_of
from planner.problem import Airborne, Flight, Problem, Refusal, Response, Stop, Task
from planner.replan.aloft import cut, rerouted, track
from planner.replan.events import Emergency
from planner.replan.incidents import Desk, Pair, busy, divert
from planner.replan.repair import inserted
from planner.replan.responder import HEIGHT_M, LOOK_S, responder

EMERGENCY_LASTS = timedelta(hours=2)
"""Later than that, a look is no first look."""
TRIALS = 6
"""Drones that are tried, the nearest first, where closed areas keep some from going."""


def answer(desk: Desk, event: Emergency) -> None:
    """The nearest suitable drone goes; its own flights wait."""
    problem, now = desk.problem, desk.now
    task = _look_there(event, problem, now)
    desk.tasks[event.id] = task
    desk.lost[event.id] = (event.what, event.what_zh)  # served later should nobody go now
    aloft = {f.station: f for f in desk.aloft() if f.id not in desk.unsafe}
    flying = {name: _airborne(desk, flight) for name, flight in aloft.items()}
    barred = busy(desk)
    for _ in range(TRIALS):
        there = tuple(flying.values())
        found = responder(problem, there, event.target, event.sensors, now, barred)
        desk.response[event.id] = found
        if isinstance(found, Refusal) or _goes(desk, event, task, found, aloft):
            return
        flying.pop(found.station, None)
        barred[found.station] = problem.end
    desk.response[event.id] = explain.no_reach(event.id)


def _airborne(desk: Desk, flight: Flight) -> Airborne:
    """Where a drone in the air is, and how long it can stay there."""
    station = desk.station(flight.station)
    elapsed = (desk.now - flight.start).total_seconds()
    return Airborne(
        station=station.id,
        position=track(flight, station, desk.problem.wind).at(elapsed),
        remaining_s=station.spec.usable_s * station.health - elapsed,
    )


def _goes(
    desk: Desk, event: Emergency, task: Task, found: Response, aloft: Mapping[str, Flight]
) -> bool:
    """Send the drone; False when it turns out that it would not come home."""
    why = (f"{found.station} goes to {event.what}", f"{found.station}前往{event.what_zh}")
    if not found.airborne:
        return _start(desk, found, task, why)
    flight = aloft[found.station]
    there = cut(flight, desk.station(flight.station), desk.problem, desk.tasks, desk.now)
    via = [*found.route.waypoints[1:-1], *task.routes[there.station.spec.id].waypoints]
    new = rerouted(there, via, (Stop(event.id),), desk.problem, sky_of(desk.problem))
    if new is not None:
        divert(desk, there, new, why)
    return new is not None


def _look_there(event: Emergency, problem: Problem, now: datetime) -> Task:
    """The look at the place: hold over it."""
    specs: dict[str, VehicleSpec] = {s.spec.id: s.spec for s in problem.stations}
    return Task(
        id=event.id,
        looks=(event.id,),
        sensors=event.sensors,
        routes={
            name: Route(
                (
                    Waypoint(
                        position=event.target,
                        height_m=min(HEIGHT_M, spec.max_height_m),
                        photo=True,
                        hold_s=LOOK_S,
                    ),
                )
            )
            for name, spec in specs.items()
        },
        earliest=now,
        latest=now + EMERGENCY_LASTS,
        priority=5,
        departments=event.departments,
    )


def _start(desk: Desk, response: Response, task: Task, why: Pair) -> bool:
    """A docked drone takes off for the emergency now."""
    dock = replace(
        desk.station(response.station), available_from=desk.now, standby=False, starts_from=None
    )
    rules = replace(desk.problem, stations=(dock,), frozen=(), crew_limit=None, separation=None)
    made = inserted(rules, (), [task], seconds=0.0)
    if not made:
        return False
    desk.frozen.append(replace(made[0], id=f"{dock.id}-{task.id}"))
    desk.touched[dock.id] = why
    return True
