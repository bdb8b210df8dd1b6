"""PyVRP on a published instance: the same arrays as our engine gets."""

import time
from collections.abc import Sequence

import numpy as np

from benchmarks.planner.peers import Answer
from benchmarks.planner.peers.pyvrp_clock import Clock
from planner.routing.families import Instance
from planner.routing.model import Model

Orders = list[list[list[int]]]

_SAME = ("start_post", "end_post", "capacity", "usable_s", "free", "until", "max_trips")
"""Vehicles alike in all of these are one type."""


def solve(
    instance: Instance, seconds: float, seed: int = 0, *, way_is_time: bool = False
) -> Answer:
    """PyVRP's best routes after some seconds, as nodes by trip by vehicle; None if none fits.

    Args:
        way_is_time: it pays the plain distances, not the model's metres, which are detours in team
            orienteering; what suits it better is not known before.
    """
    import pyvrp

    model = instance.model
    posts, types = len(model.out_m), _types(model)
    legs, times = (_table(model, unit) for unit in ("s" if way_is_time else "m", "s"))
    data = pyvrp.ProblemData(
        locations=[pyvrp.Location(0, 0)] * posts
        + [pyvrp.Location(int(x), int(y)) for x, y in model.xy],
        clients=[
            pyvrp.Client(
                location=posts + n,
                delivery=[int(model.load[n])],
                service_duration=int(model.work_s[0, n]),
                release_time=int(model.release[n]),
                **_window(model.earliest[n], model.latest[n]),
                **_prize(float(model.prize[n])),
            )
            for n in range(model.groups)
        ],
        depots=[pyvrp.Depot(location=post) for post in range(posts)],
        vehicle_types=[_vehicles(model, own) for own in types],
        distance_matrices=[legs],
        duration_matrices=[times],
    )
    clock = Clock(seconds)
    found = pyvrp.solve(data, clock, seed=seed, collect_stats=False)
    took = time.perf_counter() - clock.began
    if not found.best.is_feasible():
        return Answer(None, None, took)
    orders: Orders = [[] for _ in range(model.vehicles)]
    free = [list(own) for own in types]
    for route in found.best.routes():
        trips = orders[free[route.vehicle_type()].pop(0)]
        trips.append([])
        for step in route.schedule():
            if step.is_client():
                trips[-1].append(int(step.idx))
            elif trips[-1]:
                trips.append([])
    return Answer(orders, clock.first_s, took)


def _types(model: Model) -> list[list[int]]:
    alike: dict[tuple[float, ...], list[int]] = {}
    for v in range(model.vehicles):
        key = tuple(float(getattr(model, name)[v]) for name in _SAME)
        alike.setdefault(key, []).append(v)
    return list(alike.values())


def _vehicles(model: Model, own: Sequence[int]) -> object:
    import pyvrp

    v = own[0]
    limits = {}
    if np.isfinite(model.usable_s[v]):
        limits["shift_duration"] = int(model.usable_s[v])
    if model.max_trips[v] > 1:
        limits["reload_depots"] = [int(model.start_post[v])]
        limits["max_reloads"] = int(model.max_trips[v]) - 1
    load = model.capacity[v] if np.isfinite(model.capacity[v]) else model.load.sum()
    return pyvrp.VehicleType(
        num_available=len(own),
        capacity=[int(load)],
        start_depot=int(model.start_post[v]),
        end_depot=int(model.end_post[v]),
        **_window(model.free[v], model.until[v]),
        **limits,
    )


def _window(early: float, late: float) -> dict[str, int]:
    found = {"tw_early": int(early)}
    return {**found, "tw_late": int(late)} if np.isfinite(late) else found


def _prize(prize: float) -> dict[str, int | bool]:
    if np.isfinite(prize):
        return {"prize": round(prize), "required": False}
    return {"required": True}


def _table(model: Model, unit: str) -> np.ndarray:
    """(P + N, P + N) of posts and nodes; from post to post it costs nothing."""
    posts, nodes = model.out_m.shape
    found = np.zeros((posts + nodes, posts + nodes), np.int64)
    found[posts:, posts:] = getattr(model, f"leg_{unit}")[0]
    found[:posts, posts:] = getattr(model, f"out_{unit}")
    found[posts:, :posts] = getattr(model, f"back_{unit}").T
    np.fill_diagonal(found, 0)
    return found
