"""Vehicles that are alike share their trips: the classes over which a bound is computed."""

import math
from dataclasses import dataclass

import numpy as np

from planner.routing.model import Floats, Ints, Model

SLACK_S = 2e-3
"""Seconds by which trips may overrun here: the checker forgives 1e-3, and a bound forgives more."""


@dataclass(frozen=True, kw_only=True)
class Outing:
    """One way in which a class flies: its first trips, its later ones, or any.

    Attributes:
        start, end: posts.
        usable_s: the longest trip.
        first: whether each vehicle makes at most one such trip.
    """

    start: int
    end: int
    usable_s: float
    first: bool


@dataclass(frozen=True, kw_only=True)
class Class:
    """Vehicles with the same posts, kind, limits and times.

    Attributes:
        outings: one, or two where first trips differ from later ones.
        rest_s, rest_rate: what a trip takes from `time_s` besides its own duration.
        time_s: seconds that all its vehicles have together, a rest after the last trip included;
            infinite where nothing limits them.
        trips: how many trips they make at most.
    """

    vehicles: tuple[int, ...]
    kind: int
    outings: tuple[Outing, ...]
    free: float
    until: float
    capacity: float
    rest_s: float
    rest_rate: float
    trip_cost: float
    time_s: float
    trips: int


def classes(model: Model) -> list[Class]:
    """The classes of the vehicles, in the order of their first members."""
    alike: dict[tuple[float, ...], list[int]] = {}
    columns: list[Floats | Ints] = [
        *(model.kind_of, model.start_post, model.end_post, model.first_post),
        *(model.first_usable_s, model.usable_s, model.capacity, model.free, model.until),
        *(model.rest_s, model.rest_rate, model.max_trips, model.trip_cost),
    ]
    for v in range(model.vehicles):
        alike.setdefault(tuple(float(c[v]) for c in columns), []).append(v)
    return [_of(model, tuple(members)) for members in alike.values()]


def _of(model: Model, members: tuple[int, ...]) -> Class:
    v, many = members[0], len(members)
    free, until = float(model.free[v]), float(model.until[v])
    rest_s, rate = float(model.rest_s[v]), float(model.rest_rate[v])
    outings = _outings(model, v)
    longest = max(o.usable_s for o in outings)
    # the rest after the last trip may pass beyond the end of the day
    last = rest_s + (rate * longest if rate > 0 else 0.0)
    time_s = many * (until - free + last + SLACK_S) if until > free else 0.0
    return Class(
        vehicles=members,
        kind=int(model.kind_of[v]),
        outings=outings,
        free=free,
        until=until,
        capacity=float(model.capacity[v]),
        rest_s=rest_s,
        rest_rate=rate,
        trip_cost=float(model.trip_cost[v]),
        time_s=time_s,
        trips=int(min(many * int(model.max_trips[v]), model.groups)),
    )


def _outings(model: Model, v: int) -> tuple[Outing, ...]:
    start, end, first = int(model.start_post[v]), int(model.end_post[v]), int(model.first_post[v])
    usable, at_first = float(model.usable_s[v]), float(model.first_usable_s[v])
    later = Outing(start=start, end=end, usable_s=usable, first=False)
    if first == start and at_first == usable:
        return (later,)
    opening = Outing(start=first, end=end, usable_s=at_first, first=True)
    return (opening, later) if model.max_trips[v] > 1 else (opening,)


@dataclass(frozen=True, kw_only=True, eq=False)
class Reach:
    """The n nodes that one outing can hold at all, with all that a trip over them needs.

    Attributes:
        nodes: (n,) in the model; `group`: (n,) in the model.
        out_s, out_m, back_s, back_m, work_s, work_m, earliest, latest, release, load: (n,).
        leg_s, leg_m: (n, n).
        reach_s, home_s: (n,) least seconds from the post to a node's beginning, and from its end
            home, over any nodes: legs need not obey the triangle inequality.
        limits: usable seconds, capacity, free, until.
    """

    nodes: Ints
    group: Ints
    out_s: Floats
    out_m: Floats
    back_s: Floats
    back_m: Floats
    work_s: Floats
    work_m: Floats
    earliest: Floats
    latest: Floats
    release: Floats
    load: Floats
    leg_s: Floats
    leg_m: Floats
    reach_s: Floats
    home_s: Floats
    limits: Floats

    def table(self) -> Floats:
        """(n, 7) what the kernels ask of a node, as `kernel_trips` numbers it."""
        columns = (self.earliest, self.latest, self.release, self.load)
        return np.stack([*columns, self.work_s, self.work_m, self.home_s], axis=1)


def reaches(model: Model, own: Class, slack: float = SLACK_S) -> list[tuple[Outing, Reach]]:
    """The outings that the class can make, with what they can hold: who cannot make the first
    trip makes no other."""
    found: list[tuple[Outing, Reach]] = []
    for outing in own.outings:
        found.append((outing, reach(model, own, outing, slack)))
        if outing.first and not len(found[-1][1].nodes):
            break
    return found


def reach(model: Model, own: Class, outing: Outing, slack: float = SLACK_S) -> Reach:
    """What the outing can hold, with every limit passed by `slack` at most."""
    kind, table = own.kind, int(model.table_of[own.kind])
    out, work, legs = model.out_s[outing.start], model.work_s[kind], model.leg_s[table]
    within = outing.usable_s + slack
    there = nearest(out.astype(np.float64), work, legs, within)
    alone = there + work
    fits = (alone <= within) & np.isfinite(alone) & (model.load <= own.capacity + slack)
    fits &= own.free + there <= np.minimum(model.latest, own.until) + slack
    nodes = np.flatnonzero(fits)
    home = _home(model.back_s[outing.end, nodes], work[nodes], legs[np.ix_(nodes, nodes)], within)
    keep = (alone[nodes] + home <= within) & np.isfinite(home)
    nodes, home = nodes[keep].astype(np.int32), home[keep]
    square = np.ix_(nodes, nodes)
    wide = np.float64
    return Reach(
        nodes=nodes,
        group=model.group_of[nodes].astype(np.int32),
        out_s=out[nodes].astype(wide),
        out_m=model.out_m[outing.start, nodes].astype(wide),
        back_s=model.back_s[outing.end, nodes].astype(wide),
        back_m=model.back_m[outing.end, nodes].astype(wide),
        work_s=work[nodes],
        work_m=model.work_m[kind, nodes],
        earliest=model.earliest[nodes],
        latest=model.latest[nodes] + slack,
        release=model.release[nodes] - slack,
        load=model.load[nodes],
        leg_s=legs[square].astype(wide),
        leg_m=model.leg_m[table][square].astype(wide),
        reach_s=there[nodes],
        home_s=home,
        limits=np.array([within, own.capacity + slack, own.free - slack, own.until + slack], wide),
    )


def nearest(out: Floats, work: Floats, legs: Floats, within: float) -> Floats:
    """(N,) least seconds from the post to each node's beginning, up to `within`; what is farther
    is infinite. Bellman and Ford's rounds, from what the last one brought nearer: where detours
    seldom pay there are two or three."""
    best = np.where(out <= within, out, math.inf)
    nearer = np.flatnonzero(np.isfinite(best))
    while len(nearer):
        via = np.min((best + work)[nearer, None] + legs[nearer], axis=0)
        better = (via < best) & (via <= within)
        best = np.where(better, via, best)
        nearer = np.flatnonzero(better)
    return best


def _home(back: Floats, work: Floats, legs: Floats, within: float) -> Floats:
    """(n,) least seconds from each node's end to the post: the same, flown backwards.

    Going backwards a node is entered at its end, and leaving it costs its work."""
    return nearest(back.astype(np.float64), work, legs.T, within)
