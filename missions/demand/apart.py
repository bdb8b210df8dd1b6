"""What separate flights would have cost, found by really planning them: nobody shares anything.

The bound beside it (`PlanRecord.km_separate`) is what they must cost at least.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import planner
from missions.demand.planning import horizon, look, stations_of
from missions.entities import PlanRecord, Request
from missions.presets import Preset
from missions.store.protocol import Store, Unit
from planner.assign.saving import separate_day
from planner.problem import Problem

SECONDS = 6.0
"""Time for the search: at a city's size more finds some per cent less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """The best separate plan that was found; ``served``: of the requests."""

    km: float
    flights: int
    served: int


def apart(preset: Preset, requests: Sequence[Request], record: PlanRecord) -> Apart:
    """Plan a day's requests department by department. Heavy: seconds of one core."""
    start, end = horizon(preset, record.day)
    looks = [look(request) for request in requests]
    stations = stations_of(preset, start, end)
    problem = Problem(stations=stations, tasks=(), zones=preset.zones, start=start, end=end)
    _, parts = separate_day(looks, problem, preset.heights)
    plan = planner.separate_plan(
        looks, stations, preset.zones, seconds=SECONDS, heights=preset.heights
    )
    flown = {stop.task for flight in plan.flights for stop in flight.stops}
    served = sum(bool(own) and flown.issuperset(own) for own in parts.values())
    return Apart(km=plan.km, flights=len(plan.flights), served=served)


def unproven(store: Store) -> tuple[PlanRecord, list[Request]] | None:
    """The latest released plan without a separate one beside it, and the requests that it serves;
    None where there is none."""
    with store.view() as unit:
        records = unit.plans.find(newest_first=True, limit=14)
        found = next((r for r in records if r.km_separate_best is None), None)
        return None if found is None else (found, _served_by(unit, found))


def keep(store: Store, record: PlanRecord, found: Apart) -> PlanRecord:
    """Write down what separate flights would have cost."""
    with store.unit() as unit:
        proven = replace(
            unit.plans.get(record.id),
            km_separate_best=found.km,
            flights_separate_best=found.flights,
            served_separate_best=found.served,
        )
        unit.plans.put(proven)
    return proven


def _served_by(unit: Unit, record: PlanRecord) -> list[Request]:
    """The requests of the plan's own flights."""
    flights = {f.id for f in unit.flights.find(plan_id=record.id)}
    tasks = unit.tasks.find(day=record.day)
    names = {r for t in tasks if t.flight_id in flights for r in t.request_ids}
    return unit.requests.find(id=tuple(names)) if names else []
