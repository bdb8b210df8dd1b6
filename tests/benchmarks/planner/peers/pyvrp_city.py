"""PyVRP on a city: each slot is a vehicle type with its own hours, each sensor set a profile."""

import time

import numpy as np

from benchmarks.planner import form
from benchmarks.planner.peers import Answer
from benchmarks.planner.peers.pyvrp_clock import Clock

NEVER = 10**7
"""Metres or seconds of what a drone's sensors do not allow."""


def solve(city: form.City, slot_count: int, seconds: float, seed: int = 0) -> Answer:
    """PyVRP's best plan after some seconds with so many slots for each dock."""
    import pyvrp

    slots = form.slots(city, slot_count)
    kinds = sorted(set(city.sens.tolist()))
    data = pyvrp.ProblemData(
        locations=[pyvrp.Location(0, 0) for _ in range(city.docks + city.tasks)],
        clients=[
            pyvrp.Client(
                location=city.docks + k,
                service_duration=int(city.dur[k]),
                tw_early=int(city.early[k]),
                tw_late=int(city.late[k]),
                prize=int(city.prize[k]),
                required=False,
            )
            for k in range(city.tasks)
        ],
        depots=[pyvrp.Depot(location=d) for d in range(city.docks)],
        vehicle_types=[
            pyvrp.VehicleType(
                start_depot=slot.dock,
                end_depot=slot.dock,
                tw_early=slot.begin,
                tw_late=slot.end,
                shift_duration=city.endurance,
                profile=kinds.index(int(city.sens[slot.dock])),
            )
            for slot in slots
        ],
        distance_matrices=[_barred(city, kind, city.metres) for kind in kinds],
        duration_matrices=[_barred(city, kind, city.seconds) for kind in kinds],
    )
    clock = Clock(seconds)
    found = pyvrp.solve(data, clock, seed=seed, collect_stats=False)
    took = time.perf_counter() - clock.began
    if not found.best.is_feasible():
        return Answer({}, None, took)
    flights = [
        (
            slots[route.vehicle_type()],
            [step.idx for step in route.schedule() if step.is_client()],
        )
        for route in found.best.routes()
    ]
    return Answer(form.plan(city, flights), clock.first_s, took)


def _barred(city: form.City, kind: int, matrix: form.Whole) -> form.Whole:
    """The matrix with what the sensors do not allow out of reach."""
    unable = city.docks + np.flatnonzero((city.sensor & kind) == 0)
    found = matrix.copy()
    found[:, unable] = found[unable, :] = NEVER
    np.fill_diagonal(found, 0)
    return found
