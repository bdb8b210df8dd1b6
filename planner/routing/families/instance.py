"""A published instance as the engine's model, and the gap of a solution to the best known value.

Rounding follows each family's tables (PyVRP/Instances and the DIMACS challenge 2021 name them
"exact" and "dimacs"), because a gap means something only under the tables' own rounding.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import InvalidInput
from planner.routing.model import Cost, Floats, Ints, Model

EXACT_LIMIT = 2.0**24
"""Whole numbers up to here are exact in the single precision of `Model`'s tables."""


class Family(StrEnum):
    """The families of published instances that can be read."""

    MDVRP = "mdvrp"
    MDVRPTW = "mdvrptw"
    MTVRPTWR = "mtvrptwr"
    PCVRPTW = "pcvrptw"
    TOP = "top"
    VRPTW = "vrptw"


def exact(values: Floats) -> Floats:
    """Thousandths, rounded to the nearest."""
    return np.round(1000.0 * values)


def dimacs(values: Floats) -> Floats:
    """Tenths, cut off: the convention of the DIMACS implementation challenge."""
    return np.trunc(10.0 * values)


@dataclass(frozen=True)
class Convention:
    """How a family counts.

    Attributes:
        rounded: file's units to the model's, for distances, times and prizes.
        unit: model's units in one of the published value.
        maximised: the value is the reward collected, not the cost.
    """

    rounded: Callable[[Floats], Floats]
    unit: float = 1.0
    maximised: bool = False


CONVENTIONS = {
    Family.MDVRP: Convention(exact, unit=1000.0),
    Family.MDVRPTW: Convention(exact),
    Family.MTVRPTWR: Convention(dimacs),
    Family.PCVRPTW: Convention(dimacs),
    Family.TOP: Convention(exact, maximised=True),
    Family.VRPTW: Convention(dimacs, unit=10.0),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Raw:
    """What a file says, in its own units; N clients, D depots, V vehicles.

    Attributes:
        path: the file.
        depot_xy, xy: (D, 2), (N, 2).
        depot_window, window: (D, 2), (N, 2) opening and latest beginning.
        service, release, demand: (N,).
        prize: (N,) infinite where the client must be served.
        start, end: (V,) depots.
        capacity, longest: (V,) load, and duration of a route.
        several: a vehicle may come back to its depot and leave again.
    """

    path: Path
    family: Family
    depot_xy: Floats
    xy: Floats
    depot_window: Floats
    window: Floats
    service: Floats
    release: Floats
    demand: Floats
    prize: Floats
    start: Ints
    end: Ints
    capacity: Floats
    longest: Floats
    several: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Instance:
    """A published instance.

    Attributes:
        model: its units are those of the family's convention.
        prize_scale: model's units in one unit of reward (team orienteering only).
        best: the best known value as published, or None when the folder has none.
    """

    name: str
    family: Family
    model: Model
    prize_scale: float = 1.0
    best: float | None = None

    def value(self, cost: Cost) -> float:
        """A cost as the tables give it; infinite when a client that must be served is not."""
        convention = CONVENTIONS[self.family]
        if convention.maximised:
            return (float(self.model.prize.sum()) - cost.unserved_prize) / self.prize_scale
        return cost.objective / convention.unit

    def gap(self, cost: Cost) -> float | None:
        """How far a cost lies from the best known value, as a share of it; None without one.

        Negative when it is better.
        """
        return None if self.best is None else self.apart(self.value(cost), self.best)

    def apart(self, value: float, best: float) -> float:
        """How much worse one published value is than another, as a share of the other."""
        worse = best - value if CONVENTIONS[self.family].maximised else value - best
        return worse / best if best else math.copysign(math.inf, worse) if worse else 0.0


def instance(raw: Raw, best: float | None = None) -> Instance:
    """The engine's model of what a file says.

    Raises:
        InvalidInput: a value is negative or too large.
    """
    _check(raw)
    rounded = CONVENTIONS[raw.family].rounded
    legs, out = _distances(raw, raw.xy), _distances(raw, raw.depot_xy)
    longest, prize, scale = rounded(raw.longest), rounded(raw.prize), 1.0
    metres = (legs, out, out)
    if raw.family is Family.TOP:
        # one unit of reward outweighs all ways together, so that the engine's sum of unserved
        # prizes and metres puts the reward first and takes the shorter way among equals
        scale = float(longest.sum()) + 1.0
        prize, metres = raw.prize * scale, _detours(raw, legs, out)
    service, none = rounded(raw.service), np.zeros(len(raw.xy))
    model = Model(
        first=np.arange(len(raw.xy) + 1, dtype=np.int32),
        prize=prize,
        earliest=rounded(raw.window[:, 0]),
        latest=rounded(raw.window[:, 1]),
        release=rounded(raw.release),
        load=raw.demand,
        work_s=service[None],
        work_m=none[None],
        table_of=np.zeros(1, np.int32),
        leg_s=legs[None].astype(np.float32),
        leg_m=metres[0][None].astype(np.float32),
        out_s=out.astype(np.float32),
        out_m=metres[1].astype(np.float32),
        back_s=out.astype(np.float32),
        back_m=metres[2].astype(np.float32),
        second_cost=0.0,
        stay=np.full(len(raw.xy), -1, np.int32),
        churn=none,
        xy=rounded(raw.xy),
        **_of_vehicles(raw, longest, out + service),
    )
    return Instance(
        name=raw.path.stem, family=raw.family, model=model, prize_scale=scale, best=best
    )


def _of_vehicles(raw: Raw, longest: Floats, out_and_work: Floats) -> dict[str, Any]:
    """The fields of `Model` with a value by vehicle."""
    rounded = CONVENTIONS[raw.family].rounded
    free, until = rounded(raw.depot_window[raw.start, 0]), rounded(raw.depot_window[raw.end, 1])
    zeros = np.zeros(len(raw.start))
    return {
        "kind_of": np.zeros(len(raw.start), np.int32),
        "start_post": raw.start.astype(np.int32),
        "end_post": raw.end.astype(np.int32),
        "first_post": raw.start.astype(np.int32),
        "first_usable_s": longest,
        "usable_s": longest,
        "capacity": raw.capacity,
        "free": free,
        "until": until,
        "rest_s": zeros,
        "rest_rate": zeros,
        "max_trips": _trips(raw, out_and_work, until - free),
        "trip_cost": zeros,
        "vehicle_xy": rounded(raw.depot_xy[raw.start]),
    }


def _trips(raw: Raw, out_and_work: Floats, spans: Floats) -> Ints:
    """One trip each, or as many of the shortest as the day could hold."""
    most = np.ones(len(raw.start), np.int32)
    if raw.several and len(raw.xy):
        shortest = out_and_work.min(axis=1)[raw.start]
        most[:] = np.clip(spans / np.maximum(shortest, 1e-9), 1, len(raw.xy))
    return most


def _distances(raw: Raw, places: Floats) -> Floats:
    """(M, N) from places to the clients, in the model's units."""
    d = places[:, None, :] - raw.xy[None, :, :]
    found = CONVENTIONS[raw.family].rounded(np.hypot(d[..., 0], d[..., 1]))
    if found.size and found.max() > EXACT_LIMIT:
        raise InvalidInput(
            f"distances of {found.max():.3g} units are not exact in single precision",
            where=str(raw.path),
        )
    return found


def _detours(raw: Raw, legs: Floats, out: Floats) -> tuple[Floats, Floats, Floats]:
    """Legs, ways out and ways back of team orienteering, less what they bring nearer to the end.

    A route's sum is then its way beyond the straight one from start to end: the route itself costs
    nothing, as the tables have it, and a search sees what each client costs. (The reduction by node
    potentials of shortest paths: Johnson 1977, doi:10.1145/321992.321993.)
    """
    end, start = int(raw.end[0]), int(raw.start[0])
    ahead = out[end]
    d = raw.depot_xy[start] - raw.depot_xy[end]
    straight = CONVENTIONS[raw.family].rounded(np.hypot(d[0], d[1]))
    # rounding may break the triangle inequality by a unit
    beyond = np.maximum(legs + ahead[None, :] - ahead[:, None], 0.0)
    return beyond, np.maximum(out + ahead - straight, 0.0), np.zeros_like(out)


def _check(raw: Raw) -> None:
    """Refuse what no instance means."""
    for name in ("service", "release", "demand", "prize", "capacity", "longest"):
        if np.any(getattr(raw, name) < 0):
            at = int(np.argmax(getattr(raw, name) < 0)) + 1
            raise InvalidInput(f"the {name} of number {at} is negative", where=str(raw.path))
