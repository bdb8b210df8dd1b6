"""For the checker: no part of a flight in a zone or a closed area while it holds.

Part of `planner.verify`; shares no code with what makes plans.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import inf
from typing import Any

import shapely

from core.geo import LocalFrame, LonLat
from planner.problem import Flight, Violation
from planner.verify.path import (
    SPACE_M,
    TIME_S,
    Known,
    Piece,
    at_clock,
    bad,
    pieces,
    plan_frame,
    where,
)


@dataclass(frozen=True, eq=False)
class Region:
    """Ground that must be kept clear of at some heights for some time.

    Attributes:
        ground: metres in the plan's frame. reach_m: how far around it paths keep.
        times: seconds since the start of the day; None for always.
    """

    rule: str
    name: str
    ground: Any
    reach_m: float
    floor_m: float
    ceiling_m: float
    times: tuple[float, float] | None


class Regions:
    """All zones and closed areas of a day."""

    def __init__(self, know: Known) -> None:
        self._know = know
        flights = know.plan.flights
        self._frame = plan_frame(know) if flights else LocalFrame(LonLat(0.0, 0.0))
        self._all = list(_regions(know, self._frame)) if flights else []
        self._tree = shapely.STRtree([r.ground for r in self._all])
        self._widest_m = max((r.reach_m for r in self._all), default=0.0) + 1.0

    def entered(self, flight: Flight) -> Iterator[Violation]:
        """Each region that the flight enters, with the first place where it does."""
        if self._all:
            path = list(pieces(self._know, flight, self._frame))
            line = shapely.LineString([s for p in path for s in (p.a, p.b)])
            near = self._tree.query(line, predicate="dwithin", distance=self._widest_m)
            for k in sorted(near.tolist()):
                yield from _into(flight, path, line, self._all[k], self._frame)


def closed_everywhere(know: Known, flight: Flight) -> Iterator[Violation]:
    """Closures without an area keep all flights on the ground."""
    slack = timedelta(seconds=TIME_S)
    for closure in know.problem.closures:
        shut = closure.start + slack < flight.end and flight.start + slack < closure.end
        if closure.area is None and shut:
            since = at_clock(max(closure.start, flight.start))
            yield bad("closure", flight.id, f"flies at {since}, closed: {closure.reason}")


def _regions(know: Known, frame: LocalFrame) -> Iterator[Region]:
    """What is empty once its edge is left out (along it is not inside) does not count."""
    for z in know.problem.zones:
        times = None if z.active is None else (know.seconds(z.active[0]), know.seconds(z.active[1]))
        ground = _ground(z.polygon, z.buffer_m, frame)
        yield Region("zone", z.name, ground, z.buffer_m, z.floor_m, z.ceiling_m, times)
    for c in know.problem.closures:
        if c.area is not None:
            times = know.seconds(c.start), know.seconds(c.end)
            name = f"ground that is closed: {c.reason}"
            yield Region("closure", name, _ground(c.area, 0.0, frame), 0.0, 0.0, inf, times)


def _ground(shape: Any, reach_m: float, frame: LocalFrame) -> Any:
    ground = frame.to_metres(shapely.make_valid(shape))
    return ground if reach_m else ground.buffer(-SPACE_M)


def _into(
    flight: Flight, path: Sequence[Piece], line: Any, region: Region, frame: LocalFrame
) -> Iterator[Violation]:
    """The first place at which the path is in the region, if there is one."""
    reach = max(region.reach_m - SPACE_M, 0.0)
    if region.ground.is_empty or not shapely.dwithin(line, region.ground, reach):
        return
    ground = region.ground.buffer(reach) if reach else region.ground
    shapely.prepare(ground)
    for piece in path:
        for low, high in _shares(piece, ground):
            share = _first(piece, low, high, region)
            if share is not None:
                yield bad(
                    region.rule,
                    flight.id,
                    f"enters {region.name}{_buffer(region)} {where(frame, [piece.at(share)])}",
                )
                return


def _buffer(region: Region) -> str:
    return f" or comes nearer than {region.reach_m:.0f} m" if region.reach_m else ""


def _shares(piece: Piece, ground: Any) -> Iterator[tuple[float, float]]:
    """Shares of the piece between which it is over the ground."""
    (x, y), (u, v) = piece.a, piece.b
    square = (u - x) ** 2 + (v - y) ** 2
    if square < 1e-6:
        if shapely.intersects_xy(ground, x, y):
            yield 0.0, 1.0
        return
    line = shapely.LineString([piece.a, piece.b])
    if shapely.intersects(ground, line):
        for part in shapely.get_parts(shapely.intersection(ground, line)):
            spots = shapely.get_coordinates(part)
            along = ((spots[:, 0] - x) * (u - x) + (spots[:, 1] - y) * (v - y)) / square
            yield float(along.min()), float(along.max())


def _first(piece: Piece, low: float, high: float, region: Region) -> float | None:
    """The first share between two at which the height is the region's and it holds; None if none
    is."""
    bounds = [(low, high), _linear(piece.low_m, piece.high_m, region.floor_m, region.ceiling_m)]
    if region.times is not None:
        begin, end = region.times
        bounds.append(_linear(piece.begin_s, piece.end_s, begin + TIME_S, end - TIME_S))
    first, last = max(b[0] for b in bounds), min(b[1] for b in bounds)
    return first if first <= last else None


def _linear(at_first: float, at_last: float, low: float, high: float) -> tuple[float, float]:
    """Shares between which what changes evenly lies between low and high; empty: (1, 0)."""
    if at_last == at_first:
        return (0.0, 1.0) if low <= at_first <= high else (1.0, 0.0)
    one, two = sorted((bound - at_first) / (at_last - at_first) for bound in (low, high))
    return (max(one, 0.0), min(two, 1.0)) if low <= high else (1.0, 0.0)
