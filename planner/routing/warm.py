"""Loading the compiled kernels before they are needed, or compiling them once."""

import numpy as np

from planner.routing.model import Model
from planner.routing.search import solve


def compiled() -> None:
    """Compile all kernels of search and certificate, or load them from disk (about a second)."""
    from planner.routing.bound import bound
    from planner.routing.greedy import insert

    model = small()
    found = solve(model, seconds=60.0, iterations=3)
    insert(model, found, [0])
    solve(model.part([0, 1] * 4, [0, 1, 2]), seconds=0.01, threads=2)
    for labels in (None, 0):  # trips listed, and searched for
        bound(model, seconds=60.0, labels=labels)


def small() -> Model:
    """Two drones and three tasks in a row."""
    at, posts = np.array([100.0, 200.0, 300.0]), np.array([0.0, 400.0])
    legs = np.abs(at[:, None] - at[None, :]).astype(np.float32)[None]
    gates = np.abs(posts[:, None] - at[None, :]).astype(np.float32)
    two = np.ones(2)
    return Model(
        first=np.arange(4, dtype=np.int32),
        prize=np.full(3, 1000.0),
        earliest=np.zeros(3),
        latest=np.full(3, np.inf),
        release=np.zeros(3),
        load=np.zeros(3),
        work_s=np.full((1, 3), 10.0),
        work_m=np.zeros((1, 3)),
        table_of=np.zeros(1, np.int32),
        leg_s=legs,
        leg_m=legs,
        out_s=gates,
        out_m=gates,
        back_s=gates,
        back_m=gates,
        kind_of=np.zeros(2, np.int32),
        start_post=np.arange(2, dtype=np.int32),
        end_post=np.arange(2, dtype=np.int32),
        first_post=np.arange(2, dtype=np.int32),
        first_usable_s=1000.0 * two,
        usable_s=1000.0 * two,
        capacity=np.inf * two,
        free=0.0 * two,
        until=5000.0 * two,
        rest_s=100.0 * two,
        rest_rate=0.0 * two,
        max_trips=np.full(2, 5, np.int32),
        trip_cost=0.0 * two,
        second_cost=0.0,
        stay=np.full(3, -1, np.int32),
        churn=np.zeros(3),
        xy=np.column_stack([at, np.zeros(3)]),
        vehicle_xy=np.column_stack([posts, np.zeros(2)]),
    )
