"""Was it flown as planned? A flown track against its route: sideways, in height, and in time.

The track is matched to the route in order, so that a vehicle on one survey line is never compared
with the next line beside it: progress along the route only moves forward, and only as fast as a
vehicle flies.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from core.energy import step_s
from core.equipment import VehicleSpec
from core.geo import Floats, HeightModel, LocalFrame, LonLat
from core.route import Route

REACH_FACTOR = 1.5
"""The matched place moves ahead at most so much faster than the vehicle moved over ground."""

REACH_M = 30.0
"""... and so far more: position error and corners that are cut."""


@dataclass(frozen=True, slots=True)
class Fix:
    """Where a vehicle was: altitude above mean sea level (EGM96)."""

    at: datetime
    position: LonLat
    altitude_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What counts as flown as planned.

    Attributes:
        sideways_m: half the width of the corridor. 10 m: ArduPilot's WPNAV_RADIUS (2 m), position
            error (5 m, 95 %) and the cut of a corner at cruise speed together.
        height_m: half its height. 10 m: terrain grid and barometer drift.
        late_s: of landing and take-off.
    """

    sideways_m: float = 10.0
    height_m: float = 10.0
    late_s: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How far off: median, 95th percentile and the most, in the unit of what is measured."""

    median: float
    p95: float
    most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """A stretch of time outside the corridor.

    Attributes:
        kind: "sideways" or "height".
        worst: metres at the worst place, which is `place`.
    """

    kind: str
    start: datetime
    end: datetime
    worst: float
    place: LonLat


@dataclass(frozen=True, slots=True, kw_only=True)
class Conformity:
    """A flight measured against its plan.

    Attributes:
        sideways_m: distance from the route over ground; None without any fix on it.
        height_m: amount by which the height was wrong, between the first waypoint and the last.
        flown: share of the route's length that was flown, 0..1.
        took_off_late_s, landed_late_s: negative for early.
        pace: seconds flown for every second planned, from the first waypoint to the last one
            reached; None when fewer than two were reached.
        deviations: in the order of time.
    """

    sideways_m: Spread | None
    height_m: Spread | None
    flown: float
    took_off_late_s: float
    landed_late_s: float
    pace: float | None
    deviations: tuple[Deviation, ...]

    def holds(self, limits: Limits) -> bool:
        """Whether the whole of the flight kept to its plan."""
        late = max(abs(self.took_off_late_s), abs(self.landed_late_s))
        return not self.deviations and self.flown > 0.99 and late <= limits.late_s


def compare(
    route: Route,
    track: Sequence[Fix],
    *,
    home: LonLat,
    landing: LonLat,
    start: datetime,
    end: datetime,
    spec: VehicleSpec,
    ground: HeightModel,
    limits: Limits | None = None,
) -> Conformity:
    """Measure a flown track against its route.

    Args:
        track: in the order of time, from take-off to landing.
        home, landing: where it starts and ends; the legs to and from the route count as straight.
        start, end: planned take-off and landing.

    Raises:
        ValueError: no fix at all.
    """
    if not track:
        raise ValueError("a flight without a single position cannot be compared with its plan")
    limits = limits or Limits()
    path = _Path(route, home, landing)
    along, sideways = path.match(track)
    on_route = (along >= path.first_m) & (along <= path.last_m)
    wrong = np.abs(_height_errors(path, track, along, ground))
    reached = float(np.max(along, initial=0.0))
    length_m = max(path.last_m - path.first_m, 1e-9)
    return Conformity(
        sideways_m=_spread(sideways),
        height_m=_spread(wrong[on_route]),
        flown=min(1.0, max(0.0, (reached - path.first_m) / length_m)),
        took_off_late_s=(track[0].at - start).total_seconds(),
        landed_late_s=(track[-1].at - end).total_seconds(),
        pace=_pace(path, route, track, along, spec),
        deviations=tuple(
            sorted(
                [
                    *_stretches("sideways", track, sideways, limits.sideways_m),
                    *_stretches("height", track, np.where(on_route, wrong, 0), limits.height_m),
                ],
                key=lambda d: d.start,
            )
        ),
    )


class _Path:
    """The route as a polyline in metres, dock to dock."""

    def __init__(self, route: Route, home: LonLat, landing: LonLat) -> None:
        points = [home, *(w.position for w in route.waypoints), landing]
        self._frame = LocalFrame(route.entry)
        self.route = route
        self.xy = np.array([self._frame.point_xy(p) for p in points])
        self._steps = np.diff(self.xy, axis=0)
        self._lengths = np.hypot(self._steps[:, 0], self._steps[:, 1])
        self.marks_m = np.concatenate([[0.0], np.cumsum(self._lengths)])
        self.first_m, self.last_m = float(self.marks_m[1]), float(self.marks_m[-2])

    def match(self, track: Sequence[Fix]) -> tuple[Floats, Floats]:
        """For each fix how far along the path it is, and how far beside it, in metres."""
        places = np.array([self._frame.point_xy(f.position) for f in track])
        along, beside = np.empty(len(track)), np.empty(len(track))
        at_m, moved_m = 0.0, 0.0
        before = places[0]
        for k, place in enumerate(places):
            moved_m += float(np.hypot(*(place - before)))
            before = place
            reached, beside[k] = self._nearest(place, at_m, REACH_FACTOR * moved_m + REACH_M)
            if reached > at_m:
                at_m, moved_m = reached, 0.0
            along[k] = at_m
        return along, beside

    def _nearest(self, place: Floats, from_m: float, reach_m: float) -> tuple[float, float]:
        """The nearest place of the stretch that can have been reached; behind counts as here."""
        last = len(self._lengths) - 1
        low = min(last, bisect_right(self.marks_m, from_m) - 1)
        high = min(last, bisect_right(self.marks_m, from_m + reach_m) - 1)
        legs = slice(low, high + 1)
        steps, lengths = self._steps[legs], np.maximum(self._lengths[legs], 1e-9)
        to = place - self.xy[legs]
        forward = np.clip((to * steps).sum(axis=1) / lengths, 0.0, self._lengths[legs])
        gaps = np.hypot(*(to - steps * (forward / lengths)[:, None]).T)
        reached = self.marks_m[legs] + forward
        gaps[reached > from_m + reach_m] += reach_m
        best = int(np.argmin(gaps))
        return float(reached[best]), float(np.min(gaps))

    def heights(self, along_m: Floats) -> tuple[Floats, Floats]:
        """Planned height at places of the route, and whether it is above ground (1) or sea (0)."""
        waypoints = self.route.waypoints
        legs = np.clip(np.searchsorted(self.marks_m, along_m, "right") - 2, 0, len(waypoints) - 1)
        onward = np.minimum(legs + 1, len(waypoints) - 1)
        lengths = np.maximum(self.marks_m[onward + 1] - self.marks_m[legs + 1], 1e-9)
        share = np.clip((along_m - self.marks_m[legs + 1]) / lengths, 0.0, 1.0)
        above = np.array([w.height_m for w in waypoints])
        sea = np.array([np.nan if w.amsl_m is None else w.amsl_m for w in waypoints])
        fixed = sea[legs] + (sea[onward] - sea[legs]) * share
        over = above[legs] + (above[onward] - above[legs]) * share
        return np.where(np.isnan(fixed), over, fixed), np.isnan(fixed).astype(float)


def _height_errors(path: _Path, track: Sequence[Fix], along: Floats, ground: HeightModel) -> Floats:
    planned, above_ground = path.heights(along)
    below = ground.height_m([f.position.lon for f in track], [f.position.lat for f in track])
    return np.array([f.altitude_m for f in track]) - above_ground * below - planned


def _pace(
    path: _Path, route: Route, track: Sequence[Fix], along: Floats, spec: VehicleSpec
) -> float | None:
    """Seconds flown over seconds planned between the first waypoint and the last one reached."""
    marks = path.marks_m[1:-1]
    reached = int(np.searchsorted(marks, float(along.max()), "right"))
    if reached < 2:
        return None
    planned = sum(a.hold_s + step_s(a, b, spec) for a, b in pairwise(route.waypoints[:reached]))
    times = [track[int(np.argmax(along >= m - 1e-6))].at for m in (marks[0], marks[reached - 1])]
    return (times[1] - times[0]) / timedelta(seconds=planned) if planned > 0 else None


def _stretches(kind: str, track: Sequence[Fix], errors: Floats, limit: float) -> list[Deviation]:
    """Runs of fixes beyond the limit."""
    found: list[Deviation] = []
    outside = np.concatenate([[False], errors > limit, [False]])
    begins = np.flatnonzero(outside[1:] & ~outside[:-1])
    ends = np.flatnonzero(~outside[1:] & outside[:-1]) - 1
    for a, b in zip(begins.tolist(), ends.tolist(), strict=True):
        worst = a + int(np.argmax(errors[a : b + 1]))
        found.append(
            Deviation(
                kind=kind,
                start=track[a].at,
                end=track[b].at,
                worst=round(float(errors[worst]), 1),
                place=track[worst].position,
            )
        )
    return found


def _spread(values: Floats) -> Spread | None:
    if not values.size:
        return None
    median, p95, most = np.percentile(values, [50, 95, 100]).round(2).tolist()
    return Spread(median=median, p95=p95, most=most)
