"""The routing problem as arrays: which vehicle does which work, in which trips, in which order.

A *group* is a piece of work that is done once or not at all; its *nodes* are the ways to do it
(forward or backward, in one time window or another), of which at most one is used. A *vehicle*
makes one trip after another from its post and rests between them. A *post* is a place at which
trips begin or end, for one kind of vehicle.

Units: seconds and metres by convention; a published instance may bring its own, as long as prizes,
metres and costs are in one unit and all times in another. Whatever cannot be is infinite.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]


_OF_VEHICLES = (
    "first_usable_s",
    "usable_s",
    "capacity",
    "free",
    "until",
    "rest_s",
    "rest_rate",
    "max_trips",
    "trip_cost",
    "vehicle_xy",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """N nodes in G groups, V vehicles of K kinds, P posts, L tables of legs.

    Attributes:
        first: (G + 1,) nodes of group g are ``first[g]`` to ``first[g + 1] - 1``.
        prize: (G,) what leaving the group out costs, in metres; infinite where it must be served.
        earliest, latest: (N,) when the work may begin; who comes early waits in the air.
        release: (N,) its trip may not leave before.
        load: (N,) counted against the vehicle's capacity in each trip.
        work_s, work_m: (K, N) seconds and metres of the work itself.
        table_of: (K,) which table of legs a kind uses.
        leg_s, leg_m: (L, N, N) from the end of one node to the beginning of another.
        out_s, out_m, back_s, back_m: (P, N) from the post to the beginning of a node, and from its
            end to the post; climb and descent included.
        kind_of: (V,).
        start_post, end_post: (V,) where its trips begin and end.
        first_post: (V,) where its first trip begins: another place when the drone is away or in the
            air; else `start_post`.
        first_usable_s: (V,) longest first trip: less when it is already in the air.
        usable_s: (V,) longest trip, waiting included.
        capacity: (V,) load of one trip.
        free, until: (V,) when it may leave first, and by when it must be back last.
        rest_s, rest_rate: (V,) rest after a trip: fixed, and per second of the trip.
        max_trips: (V,).
        trip_cost: (V,) metres that a trip costs beyond its way (wear of a battery cycle).
        second_cost: metres that a second in the air counts.
        stay: (G,) the vehicle that the plan in hand gives the group, or -1.
        churn: (G,) metres that serving the group with another vehicle, or not at all, counts more.
        xy: (G, 2) and vehicle_xy: (V, 2) places for neighbourhoods and partitions, metres.
    """

    first: Ints
    prize: Floats
    earliest: Floats
    latest: Floats
    release: Floats
    load: Floats
    work_s: Floats
    work_m: Floats
    table_of: Ints
    leg_s: Singles
    leg_m: Singles
    out_s: Singles
    out_m: Singles
    back_s: Singles
    back_m: Singles
    kind_of: Ints
    start_post: Ints
    end_post: Ints
    first_post: Ints
    first_usable_s: Floats
    usable_s: Floats
    capacity: Floats
    free: Floats
    until: Floats
    rest_s: Floats
    rest_rate: Floats
    max_trips: Ints
    trip_cost: Floats
    second_cost: float
    stay: Ints
    churn: Floats
    xy: Floats
    vehicle_xy: Floats

    def __post_init__(self) -> None:
        groups, nodes = len(self.prize), len(self.earliest)
        vehicles, posts = len(self.kind_of), len(self.out_s)
        kinds, tables = len(self.table_of), len(self.leg_s)
        by_size: dict[tuple[int, ...], str] = {
            (groups + 1,): "first",
            (groups,): "prize stay churn",
            (nodes,): "earliest latest release load",
            (kinds, nodes): "work_s work_m",
            (kinds,): "table_of",
            (tables, nodes, nodes): "leg_s leg_m",
            (posts, nodes): "out_s out_m back_s back_m",
            (vehicles,): "kind_of start_post end_post first_post first_usable_s usable_s capacity "
            "free until rest_s rest_rate max_trips trip_cost",
            (groups, 2): "xy",
            (vehicles, 2): "vehicle_xy",
        }
        wanted = [(n, size) for size, names in by_size.items() for n in names.split()]
        for name, size in wanted:
            if getattr(self, name).shape != size:
                shape = getattr(self, name).shape
                raise ValueError(f"model: {name} has shape {shape}, not {size}")
        if groups and (self.first[0] != 0 or self.first[-1] != nodes or np.any(self.nodes_in < 1)):
            raise ValueError("model: every group needs at least one node, in order")

    @property
    def groups(self) -> int:
        """How many pieces of work there are."""
        return len(self.prize)

    @property
    def vehicles(self) -> int:
        """How many vehicles there are."""
        return len(self.kind_of)

    @property
    def nodes_in(self) -> Ints:
        """(G,) how many nodes each group has."""
        return np.diff(self.first).astype(np.int32)

    @property
    def group_of(self) -> Ints:
        """(N,) the group of each node."""
        return np.repeat(np.arange(self.groups, dtype=np.int32), self.nodes_in)

    def part(self, vehicles: Sequence[int], groups: Sequence[int]) -> "Model":
        """The model of some vehicles and groups only, numbered anew in the order given."""
        v, g = np.asarray(vehicles, int), np.asarray(groups, int)
        counts = self.nodes_in[g]
        nodes = np.concatenate(
            [np.arange(self.first[k], self.first[k + 1]) for k in g] or [np.empty(0, int)]
        )
        posts = np.unique(
            np.concatenate([self.start_post[v], self.end_post[v], self.first_post[v]])
        )
        kinds = np.unique(self.kind_of[v])
        tables = np.unique(self.table_of[kinds])
        home = np.full(self.vehicles + 1, -1, np.int32)
        home[v] = np.arange(len(v))
        values = {
            **{n: getattr(self, n)[g] for n in ("prize", "churn", "xy")},
            **{n: getattr(self, n)[nodes] for n in ("earliest", "latest", "release", "load")},
            **{n: getattr(self, n)[np.ix_(kinds, nodes)] for n in ("work_s", "work_m")},
            **{n: getattr(self, n)[np.ix_(tables, nodes, nodes)] for n in ("leg_s", "leg_m")},
            **{
                n: getattr(self, n)[np.ix_(posts, nodes)]
                for n in ("out_s", "out_m", "back_s", "back_m")
            },
            **{
                n: np.searchsorted(posts, getattr(self, n)[v]).astype(np.int32)
                for n in ("start_post", "end_post", "first_post")
            },
            **{n: getattr(self, n)[v] for n in _OF_VEHICLES},
        }
        return Model(
            first=np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
            table_of=np.searchsorted(tables, self.table_of[kinds]).astype(np.int32),
            kind_of=np.searchsorted(kinds, self.kind_of[v]).astype(np.int32),
            second_cost=self.second_cost,
            stay=home[self.stay[g]],
            **values,
        )


@dataclass(frozen=True, slots=True)
class Trip:
    """One trip of a vehicle: when it leaves, and the nodes in order."""

    start: float
    nodes: tuple[int, ...]


@dataclass(frozen=True)
class Solution:
    """By vehicle, its trips in the order of time; what no trip holds is not served."""

    trips: tuple[tuple[Trip, ...], ...]

    def nodes(self) -> list[int]:
        """All nodes in use."""
        return [n for own in self.trips for trip in own for n in trip.nodes]


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a solution costs.

    Attributes:
        objective: unserved prizes, metres, seconds, trips and churn together; less is better.
        served: groups served.
    """

    objective: float
    metres: float
    unserved_prize: float
    served: int
    trips: int


class Source(Protocol):
    """A problem too large for one table of legs, of which any part can be had as a model."""

    @property
    def xy(self) -> Floats:
        """(G, 2)."""

    @property
    def vehicle_xy(self) -> Floats:
        """(V, 2)."""

    def part(self, vehicles: Sequence[int], groups: Sequence[int]) -> Model:
        """The model of some vehicles and groups, numbered anew in the order given."""


def nothing(model: Model) -> Solution:
    """The solution that serves nothing."""
    return Solution(((),) * model.vehicles)
