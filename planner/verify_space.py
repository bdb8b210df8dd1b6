"""For the checker: no part of a flight in a zone or a closed area while it holds.

Part of `planner.verify`; shares no code with what makes plans.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import shapely

from core.geo import LocalFrame
from planner.problem import Flight, Violation
from planner.verify_path import SPACE_M, TIME_S, Known, Piece, at_clock, bad, pieces, where

WIDEST_DEG = 0.01
"""At least 500 m below 60 degrees of latitude: zones so near to a path are looked at."""


@dataclass(frozen=True, eq=False)
class Region:
    """Ground that must be kept clear of at some heights for some time.

    Attributes:
        shape: degrees. reach_m: how far around it paths keep.
        times: seconds since the start of the day; None for always.
    """

    rule: str
    name: str
    shape: Any
    reach_m: float
    floor_m: float
    ceiling_m: float
    times: tuple[float, float] | None


class Regions:
    """All zones and closed areas of a day."""

    def __init__(self, know: Known) -> None:
        self._know = know
        self._all = list(_regions(know))
        self._tree = shapely.STRtree([r.shape for r in self._all])
        self._widest = max((r.reach_m for r in self._all), default=0.0) / 50_000 + WIDEST_DEG

    def entered(self, flight: Flight) -> Iterator[Violation]:
        """Each region that the flight enters, with the first place where it does."""
        spots = [(w.position.lon, w.position.lat) for w in flight.route.waypoints]
        box = shapely.box(*shapely.LineString([*spots, spots[0]]).bounds)
        near = sorted(self._tree.query(box.buffer(self._widest)).tolist())
        if not near:
            return
        frame = LocalFrame(flight.route.entry)
        path = list(pieces(self._know, flight, frame))
        for k in near:
            yield from _into(self._know, flight, path, self._all[k], frame)


def closed_everywhere(know: Known, flight: Flight) -> Iterator[Violation]:
    """Closures without an area keep all flights on the ground."""
    slack = timedelta(seconds=TIME_S)
    for closure in know.problem.closures:
        shut = closure.start + slack < flight.end and flight.start + slack < closure.end
        if closure.area is None and shut:
            since = at_clock(max(closure.start, flight.start))
            yield bad("closure", flight.id, f"flies at {since}, closed: {closure.reason}")


def _regions(know: Known) -> Iterator[Region]:
    for z in know.problem.zones:
        times = None if z.active is None else (know.seconds(z.active[0]), know.seconds(z.active[1]))
        shape = shapely.make_valid(z.polygon)
        yield Region("zone", z.name, shape, z.buffer_m, z.floor_m, z.ceiling_m, times)
    for c in know.problem.closures:
        if c.area is not None:
            times = know.seconds(c.start), know.seconds(c.end)
            name = f"ground that is closed: {c.reason}"
            shape = shapely.make_valid(c.area)
            yield Region("closure", name, shape, 0.0, 0.0, float("inf"), times)


def _into(
    know: Known, flight: Flight, path: Sequence[Piece], region: Region, frame: LocalFrame
) -> Iterator[Violation]:
    """The first place at which the path is in the region, if there is one."""
    ground = frame.to_metres(region.shape)
    if region.reach_m == 0:
        ground = ground.buffer(-SPACE_M)  # along its edge is not inside
    reach = max(region.reach_m - SPACE_M, 0.0)
    line = shapely.LineString([s for p in path for s in (p.a, p.b)])
    if ground.is_empty or not shapely.dwithin(line, ground, reach):
        return
    ground = ground.buffer(reach) if reach else ground
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
