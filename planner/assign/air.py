"""Ways of the day: round what is closed all day, and round or through what is closed for a time.

A *barrier* holds for a part of the day only: a closed area or a timed zone. The rule, for the
search and for `verify` alike: a flight whose path touches a barrier lies as a whole before or
after it. So a way between two points outside of all barriers goes round them at any time of day;
a way that has an end in a barrier may pass through it, because the flight's time is bound by that
end anyway.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from core.energy import Wind
from core.equipment import VehicleSpec
from core.geo import LocalFrame
from core.zones import Zone, ZoneKind
from planner.problem import Closure, Problem
from planner.routes.airspace import MARGIN_M, Airspace, airspace, grown, middle
from planner.routes.effort import ground_speed

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

WIDER = 1.03
"""A barrier's ground reaches this much further than what `Airspace` grows a zone to (2 % at most),
so that no point lies within the one and without the other."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Barrier:
    """Ground that is closed from one moment to another.

    Attributes:
        id: of its closure or zone.
        ground: polygon in metres with all that must be kept clear; None for everywhere.
        begin_s, end_s: seconds after the start of the day.
    """

    id: str
    ground: Any
    begin_s: float
    end_s: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Air:
    """Where one may fly, and when.

    Attributes:
        always: zones that hold all day. detour: these and all barriers' ground.
        barriers: the B barriers, those with ground first.
    """

    always: Airspace
    detour: Airspace
    barriers: tuple[Barrier, ...]

    def touched(self, shapes: Sequence[Any]) -> Flags:
        """(len(shapes), B) which barriers' ground each shape, in metres, meets."""
        found = np.zeros((len(shapes), len(self.barriers)), bool)
        given = np.asarray(shapes, object)
        for k, barrier in enumerate(self.barriers):
            if len(given):
                found[:, k] = (
                    True if barrier.ground is None else shapely.intersects(given, barrier.ground)
                )
        return found

    def path(self, a: Floats, b: Floats, met: Flags, *, blocked: bool = False) -> Floats | None:
        """Corners (K, 2) of the way from a to b; None when there is none.

        Args:
            met: (B,) the barriers that either end's work meets.
            blocked: the straight line is known not to be free.
        """
        sky = self.always if met.any() else self.detour
        way = sky.round(a, b) if blocked else sky.way(a, b)
        if way is None:
            return None
        if sky is self.always and len(self.barriers):
            line = shapely.linestrings(np.concatenate([a[None], way[1], b[None]]))
            if (self.touched([line])[0] & ~met).any():
                return None
        return way[1]

    def ways(
        self, a: Floats, b: Floats, met: Flags, spec: VehicleSpec, wind: Wind
    ) -> tuple[Floats, Floats]:
        """Metres and seconds from a to b, both (N, 2); infinite without a way.

        Args:
            met: (N, B) the barriers that either end's work meets.
        """
        owner, begin, end, lost = self._steps(a, b, met)
        step = end - begin
        length = np.hypot(*step.T)
        time = length / spec.cruise_mps
        if wind.speed_mps > 0:
            course = np.arctan2(step[:, 0], step[:, 1]) - self._north(begin)
            time = length / ground_speed(course, spec.cruise_mps, wind)
        metres, seconds = (np.asarray(np.bincount(owner, w, len(a)), float) for w in (length, time))
        metres[lost], seconds[lost] = np.inf, np.inf
        return metres, seconds

    def _steps(
        self, a: Floats, b: Floats, met: Flags
    ) -> tuple[npt.NDArray[np.intp], Floats, Floats, list[int]]:
        """The straight steps of all ways: whose, from, to; and the ways that are not there."""
        bound = met.any(axis=1)
        bent = np.zeros(len(a), bool)
        bent[bound] = self.always.crosses(a[bound], b[bound])
        bent[~bound] = self.detour.crosses(a[~bound], b[~bound])
        straight = np.flatnonzero(~bent)
        parts, lost = [(straight, a[straight], b[straight])], []
        if bound.any():
            lines = shapely.linestrings(np.stack([a[bound], b[bound]], axis=1))
            wrong = (self.touched(lines) & ~met[bound]).any(axis=1)
            lost += (np.flatnonzero(bound)[wrong & ~bent[bound]]).tolist()
        for k in np.flatnonzero(bent):
            corners = self.path(a[k], b[k], met[k], blocked=True)
            if corners is None:
                lost.append(int(k))
                continue
            path = np.concatenate([a[k : k + 1], corners, b[k : k + 1]])
            parts.append((np.full(len(path) - 1, k), path[:-1], path[1:]))
        owner, begin, end = (np.concatenate(part) for part in zip(*parts, strict=True))
        return owner, begin, end, lost

    def _north(self, xy: Floats) -> Floats:
        """Direction of true north in the frame at points (N, 2), radians clockwise from its y axis:
        a quarter of a degree at 50 km, which the wind would turn into seconds."""
        frame = self.always.frame
        lon, lat = frame.lonlat(xy[:, 0], xy[:, 1])
        x, y = frame.xy(lon, lat + 1e-3)
        return np.asarray(np.arctan2(x - xy[:, 0], y - xy[:, 1]))


def air(problem: Problem) -> Air:
    """The day's air. Zones that do not hold on the day at all do not count."""
    highest = max(s.spec.max_height_m for s in problem.stations)
    origin = middle(s.position for s in problem.stations)
    held = [z for z in problem.zones if z.holds(problem.start, problem.end)]
    timed = [z for z in held if not _all_day(z, problem)]
    always = airspace([z for z in held if z not in timed], origin, highest)
    low = [z for z in timed if z.floor_m <= highest]
    shut = [_as_zone(c) for c in problem.closures if c.area is not None]
    shut = [z for z in shut if z.holds(problem.start, problem.end)]
    detour = airspace([*held, *shut], origin, highest) if low or shut else always
    return Air(
        always=always,
        detour=detour,
        barriers=(
            *(_barrier(problem, always.frame, z) for z in (*low, *shut)),
            *_everywhere(problem),
        ),
    )


def _all_day(zone: Zone, problem: Problem) -> bool:
    return zone.active is None or (
        zone.active[0] <= problem.start and problem.end <= zone.active[1]
    )


def _as_zone(closure: Closure) -> Zone:
    return Zone(
        id=closure.id,
        name=closure.reason,
        name_zh=closure.reason_zh,
        kind=ZoneKind.TEMPORARY,
        polygon=closure.area,
        buffer_m=0.0,
        active=(closure.start, closure.end),
    )


def _barrier(problem: Problem, frame: LocalFrame, zone: Zone) -> Barrier:
    polygon = frame.to_metres(shapely.make_valid(zone.polygon))
    ground = shapely.union(
        polygon.buffer(WIDER * (zone.buffer_m + MARGIN_M)),
        grown(polygon, zone.buffer_m).buffer(0.1),  # further out where it is simplified
    )
    shapely.prepare(ground)
    start, end = zone.active or (problem.start, problem.end)
    begin_s, end_s = ((t - problem.start).total_seconds() for t in (start, end))
    return Barrier(id=zone.id, ground=ground, begin_s=begin_s, end_s=end_s)


def _everywhere(problem: Problem) -> Iterator[Barrier]:
    """Closures without an area."""
    for closure in problem.closures:
        if closure.area is None and closure.start < problem.end and problem.start < closure.end:
            begin_s, end_s = (
                (t - problem.start).total_seconds() for t in (closure.start, closure.end)
            )
            yield Barrier(id=closure.id, ground=None, begin_s=begin_s, end_s=end_s)
