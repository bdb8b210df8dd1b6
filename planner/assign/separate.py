"""What it would have cost to fly every look by itself."""

from collections.abc import Iterable, Sequence

import numpy as np

from core.energy import CALM
from core.route import Route
from planner.check import check
from planner.prepare import City, Fleet, lay_out, tasks_of
from planner.problem import Look, Prepared, SeparateCost, Station, Task


def separate(
    looks: Iterable[Look], prepared: Prepared, stations: Sequence[Station]
) -> SeparateCost:
    """Kilometres and flights if no look shared a flight with another.

    Each look is laid out by itself and flown in flights of its own, one for each part that fits
    an endurance, by the drone for which that flight is shortest. Zones, windows, recharging and
    whether that drone is free are left out, so that real separate flights, with the same lines,
    would cost at least as much: it is a lower bound. What `prepared` refuses costs nothing.
    """
    if not stations:
        return SeparateCost(km=0.0, flights=0)
    city = lay_out(stations, (), None, CALM)
    tasks = {t.id: t for t in prepared.tasks}
    metres, flights = 0.0, 0
    merged: list[Look] = []
    for look in looks:
        own = [tasks[name] for name in prepared.served_by.get(look.id, ())]
        if any(len(t.looks) > 1 for t in own):
            merged.append(look)
            continue
        metres += sum(_shortest_m(t, city) for t in own)
        flights += len(own)
    for need in check(merged, stations, city.sky).needs:
        made, _ = tasks_of(need, city)
        metres += sum(_shortest_m(t, city) for t in made)
        flights += len(made)
    return SeparateCost(km=metres / 1000, flights=flights)


def _shortest_m(task: Task, city: City) -> float:
    """Metres of the shortest flight, straight out and back, of any kind and dock."""
    lengths = []
    for fleet in city.fleets:
        route = task.routes.get(fleet.spec.id)
        if route is not None:
            lengths.append(route.length_m + _transfers_m(route, fleet, city))
    return min(lengths)


def _transfers_m(route: Route, fleet: Fleet, city: City) -> float:
    ends = (route.entry, route.exit)
    xy = np.column_stack(city.sky.frame.xy([p.lon for p in ends], [p.lat for p in ends]))
    away = np.hypot(*(fleet.xy[:, None] - xy[None]).transpose(2, 0, 1))
    return float(away.sum(axis=1).min())
