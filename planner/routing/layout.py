"""How the kernels see a model and a solution: flat arrays, and what their columns mean."""

from typing import Any, NamedTuple

TO_M, TO_S, FROM_M, FROM_S = 0, 1, 2, 3
"""`Tables.leg`: from the row's node to the column's, and from the column's to the row's."""
OUT_M, OUT_S, BACK_M, BACK_S = 0, 1, 2, 3
"""`Tables.gate`."""
EARLIEST, LATEST, RELEASE, LOAD = 0, 1, 2, 3
"""`Tables.node`."""
LOSS, CHURN = 0, 1
"""`Tables.loss`: what leaving the group out costs; what another vehicle than `stay` costs."""
FIRST_USABLE, USABLE, CAPACITY, FREE, UNTIL, REST, RATE, TRIP_COST = range(8)
"""`Tables.limit`."""
KIND, TABLE, START, END, FIRST, TRIPS, CLASS, SPECIAL = range(8)
"""`Tables.label`; special: its first trip obeys other rules than the later ones."""
NEXT, PREV, TRIP = 0, 1, 2
"""`State.link` of a node in use."""
PD, PE, PL, SD, SE, SL, LINK = range(7)
"""`State.seg`: duration, earliest and latest start (as in Vidal et al. 2013,
doi:10.1016/j.cor.2012.07.018) of the trip up to the node, and from the node to the trip's end;
metres to the next node or home."""
HEAD, TAIL, SIZE, OWNER = range(4)
"""`State.trip`."""
DUR, EARLY, LAST, READY, DUE, CARRIED, RELEASED, METRES, WAY_OUT = range(9)
"""`State.span` of a trip: its duration, its earliest and last useful start, when the vehicle is
ready for it, by when the vehicle must be ready for it; load, latest release, metres, metres out."""
POOL, SPARE, TOUCHED, STAMP, BLINK, SAVED, MINE, BEST_AT, ROUNDS = range(9)
"""`State.count`."""
TOTAL, BEST = 0, 1
"""`State.total`."""

EPS = 1e-6
"""Rounding allowed in a time or load."""
NEVER = 1e12
"""Stands for an infinite limit; what cannot be flown takes ten times as long."""


class Tables(NamedTuple):
    """A model as the kernels read it; nothing here changes. See `planner.routing.tables`."""

    leg: Any  # (L, N, N, 4) float32
    gate: Any  # (N, P, 4) float32
    node: Any  # (N, 4) float64
    work: Any  # (K, N, 2) float64: metres, seconds
    group: Any  # (N,) int32
    first: Any  # (G + 1,) int32
    loss: Any  # (G, 2) float64
    stay: Any  # (G,) int32
    limit: Any  # (V, 8) float64
    label: Any  # (V, 8) int32
    near: Any  # (G, A) int32: the nearest groups, nearest first
    kin: Any  # (C + 1,) int32: where the vehicles of a class begin in `kind_members`
    members: Any  # (V,) int32: vehicles by class; those of a class are alike
    home: Any  # (G, B) int32: the classes that serve the group at least cost, cheapest first
    fits: Any  # (G, V) uint8
    key: Any  # (O, G) float64: orders of insertion, least first
    second_cost: float


class State(NamedTuple):
    """A solution in work. A trip is a chain of nodes; a vehicle holds trips in order of time."""

    link: Any  # (N, 3) int32
    seg: Any  # (N, 8) float64
    trip: Any  # (T, 4) int32
    span: Any  # (T, 9) float64
    trips: Any  # (V, M) int32
    many: Any  # (V,) int32
    cost: Any  # (V,) float64
    at: Any  # (G,) int32: the node in use, or -1
    pool: Any  # (G,) int32: groups that no trip holds
    slot: Any  # (G,) int32: where in the pool, or -1
    spare: Any  # (T,) int32: trips not in use
    mark: Any  # (V,) int64: stamps of vehicles
    saved_mark: Any  # (V,) int64
    trip_mark: Any  # (T,) int64
    class_mark: Any  # (C,) int64
    touched: Any  # (V,) int32
    saved: Any  # (S,) int32: vehicles as they were
    best: Any  # (S,) int32: the best solution, see `kernel_state.dump`
    list: Any  # (V,) int32: vehicles to try
    todo: Any  # (G,) int32: groups to insert
    rank: Any  # (G,) float64
    on: Any  # (V,) uint8: vehicles that may change
    mine: Any  # (G,) int32: groups that may be sown
    own: Any  # (G,) uint8: groups that may be inserted
    fresh: Any  # (G,) int64: stamp of the last removal
    count: Any  # (9,) int64
    total: Any  # (2,) float64
    stop: Any  # (1,) int64: set from outside to end the kernel
