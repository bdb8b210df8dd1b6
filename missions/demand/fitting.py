"""One request and one day that is planned: a flight in what its drones have left, or the reason.

No flight of the plan moves: all of them are frozen, and the same search, the same rules (crossing
paths among them) and the same independent checker answer as for a whole day.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial

import planner
from missions.demand.decided import Decided, decide
from missions.demand.planning import horizon, look, stations_of
from missions.entities import Flight, FlightState, Origin, Request
from missions.presets import Preset
from planner.explain import told_in
from planner.explain.advice import advised
from planner.problem import Plan, Prepared, Problem, Separation

EXPLAIN_S = 1.5
"""So long the fewest conflicting rules and a counter-offer are looked for; the last step may take
half a second more."""
SEARCH_S = 0.5
"""One request has few ways to be flown; somebody waits for the answer."""
TAKEN = (
    FlightState.PLANNED,
    FlightState.PREPARING,
    FlightState.FLYING,
    FlightState.DONE,
    FlightState.DIVERTED,
)
"""Flights in these states keep their drone, until they have landed and it is charged."""


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What became of a request on one day.

    Attributes:
        problem, prepared, plan: in the planner's words, from which the reasons are worked out.
    """

    day: date
    request: Request
    problem: Problem
    prepared: Prepared
    plan: Plan

    @property
    def served(self) -> bool:
        """Whether anything of it is flown."""
        return bool(self.plan.flights)


def tried(
    preset: Preset, request: Request, day: date, flights: Iterable[Flight], ready: datetime
) -> Tried:
    """Look for flights for a request on a day.

    Args:
        flights: all that keep a drone on that day.
        ready: nothing new takes off before.
    """
    start, end = horizon(preset, day)
    stations = tuple(
        replace(s, available_from=max(start, ready))
        for s in stations_of(preset, start, end)
        if max(start, ready) < end
    )
    prepared = planner.prepare([look(request)], stations, preset.zones, heights=preset.heights)
    problem = Problem(
        stations=stations,
        tasks=prepared.tasks,
        zones=preset.zones,
        start=start,
        end=end,
        separation=Separation(),
        frozen=tuple(_frozen(flight, ready) for flight in flights),
    )
    plan = planner.solve(problem, seconds=SEARCH_S)
    if planner.verify(problem, plan):
        unserved = {t.id: _refused(t.id) for t in prepared.tasks}
        plan = Plan(flights=(), unserved=unserved, value=0.0, km=0.0)
    return Tried(day=day, request=request, problem=problem, prepared=prepared, plan=plan)


def explained(preset: Preset, one: Tried) -> Tried:
    """The same with the smallest conflict and a counter-offer for a refusal."""
    with told_in(preset.zone_info):
        prepared, plan = advised(
            [look(one.request)],
            one.problem,
            one.prepared,
            one.plan,
            heights=preset.heights,
            seconds=EXPLAIN_S,
            every_part=False,
        )
    return replace(one, prepared=prepared, plan=plan)


def decided(preset: Preset, one: Tried) -> Decided:
    """A trial in the story's words: tasks, flights, the request with its answer."""
    done = decide(
        preset,
        one.day,
        (one.request,),
        one.prepared,
        one.plan,
        docks={dock.id: dock for dock in preset.docks},
        plan_id=None,
        origin=Origin.ASKED,
    )
    costed = partial(_costed, flights=done.flights)
    return replace(done, requests=tuple(map(costed, done.requests)))


def _costed(request: Request, *, flights: Sequence[Flight]) -> Request:
    """The answer with what is flown because of it."""
    if request.answer is None or not flights:
        return request
    minutes = sum((f.end - f.start).total_seconds() for f in flights) / 60
    answer = replace(request.answer, km=sum(f.km for f in flights), minutes=minutes)
    return replace(request, answer=answer)


def _frozen(flight: Flight, ready: datetime) -> planner.Flight:
    """A stored flight as one that does not move; one in the air keeps its drone till now at
    least."""
    end = flight.landed_at or flight.end
    if flight.state is FlightState.FLYING:
        end = max(end, ready)
    return planner.Flight(
        id=flight.id,
        station=flight.dock,
        start=flight.took_off_at or flight.start,
        end=end,
        stops=(),
        route=flight.route,
        landing_share=flight.landing_share,
    )


def _refused(task_id: str) -> planner.Refusal:
    return planner.Refusal(
        id=task_id,
        code="no_capacity",
        reason="no way to fly it between the planned flights passed the checker",
        reason_zh="在已排航班之间未找到通过校验的航线",
    )
