"""How much of the territory planned flights photograph, at the resolution their tasks ask for."""

from collections.abc import Iterable
from dataclasses import dataclass

import planner
from core.route import Route
from imagery.ground.coverage import Coverage
from missions.entities import Flight, Task
from missions.presets import Preset


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """A flight as far as it photographs.

    Attributes:
        kind: of drone, which says what cameras look down.
        gsd_m: the coarsest resolution that any of its tasks accepts.
    """

    route: Route
    kind: str
    gsd_m: float


def passes(preset: Preset, flights: Iterable[Flight], tasks: Iterable[Task]) -> list[Pass]:
    """The flights with what their tasks ask for."""
    asked = {task.id: task.gsd_m for task in tasks}
    kinds = {dock.id: dock.kind for dock in preset.docks}
    return [
        Pass(
            route=flight.route,
            kind=kinds[flight.dock],
            gsd_m=max(asked[task_id] for task_id in flight.task_ids),
        )
        for flight in flights
        if flight.task_ids
    ]


def share(preset: Preset, flown: Iterable[Pass]) -> float:
    """Share of the territory in the union of all footprints, 0 to 1."""
    coverage = Coverage([county.polygon for county in preset.territory.values()])
    for one in flown:
        spec = preset.kinds[one.kind]
        footprints = planner.photographed(one.route, spec, coverage.frame, gsd_m=one.gsd_m)
        for footprint in coverage.frame.to_degrees(footprints):
            coverage.add(footprint)
    return coverage.share()
