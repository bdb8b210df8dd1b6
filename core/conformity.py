"""Was it flown as planned? A flown track against its route: sideways, in height, and in time.

`core.matching` says where along the route each fix is.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from core.energy import step_s
from core.equipment import VehicleSpec
from core.geo import Floats, HeightModel, LonLat
from core.matching import Fix, FlownPath
from core.route import Route

GRAVITY = 9.80665
"""Standard gravity, m/s2 (CGPM 1901)."""

REACH_FACTOR = 1.5
"""The matched place moves ahead at most so much faster than the vehicle cruises: a tail wind."""

TURN_BANK_DEG = 35.0
"""Bank of a wing in a turn; ArduPilot's and PX4's usual limits are 35 to 45 degrees."""


FLOWN = 0.99
"""Share of the route that counts as the whole of it: the last waypoint is passed, not touched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What counts as flown as planned; `of` gives those of a vehicle.

    Attributes:
        sideways_m: half the width of the corridor. 10 m: ArduPilot's WPNAV_RADIUS (2 m), position
            error (5 m, 95 %) and the cut of a corner at cruise speed together.
        height_m: half its height. 10 m: terrain grid and barometer drift.
        late_s: of landing and take-off.
    """

    sideways_m: float = 10.0
    height_m: float = 10.0
    late_s: float = 120.0

    @classmethod
    def of(cls, spec: VehicleSpec) -> "Limits":
        """A wing cannot turn on the spot: it passes a square corner by 0.41 of its turn radius,
        v^2 / (g tan(bank)), on top of what a multirotor is allowed."""
        if not spec.vtol:
            return cls()
        radius_m = spec.cruise_mps**2 / (GRAVITY * math.tan(math.radians(TURN_BANK_DEG)))
        return cls(sideways_m=cls().sideways_m + (math.sqrt(2) - 1) * radius_m)


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
        as_planned: it kept to its corridor, flew the whole route and was on time.
    """

    sideways_m: Spread | None
    height_m: Spread | None
    flown: float
    took_off_late_s: float
    landed_late_s: float
    pace: float | None
    deviations: tuple[Deviation, ...]
    as_planned: bool


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
    limits = limits or Limits.of(spec)
    path = FlownPath(route, home, landing)
    along, sideways = path.match(track, REACH_FACTOR * spec.cruise_mps)
    on_route = (along >= path.first_m) & (along <= path.last_m) & path.away(track)
    wrong = np.abs(_height_errors(path, track, along, ground))
    outside = sorted(
        [
            *_stretches("sideways", track, sideways, limits.sideways_m),
            *_stretches("height", track, np.where(on_route, wrong, 0.0), limits.height_m),
        ],
        key=lambda d: d.start,
    )
    flown = path.share(float(along.max()))
    late = (track[0].at - start).total_seconds(), (track[-1].at - end).total_seconds()
    on_time = max(map(abs, late)) <= limits.late_s
    return Conformity(
        sideways_m=_spread(sideways),
        height_m=_spread(wrong[on_route]),
        flown=flown,
        took_off_late_s=late[0],
        landed_late_s=late[1],
        pace=_pace(path, route, track, along, spec),
        deviations=tuple(outside),
        as_planned=on_time and not outside and flown > FLOWN,
    )


def _height_errors(
    path: FlownPath, track: Sequence[Fix], along: Floats, ground: HeightModel
) -> Floats:
    planned, above_ground = path.heights(along)
    below = ground.height_m([f.position.lon for f in track], [f.position.lat for f in track])
    return np.array([f.altitude_m for f in track]) - above_ground * below - planned


def _pace(
    path: FlownPath, route: Route, track: Sequence[Fix], along: Floats, spec: VehicleSpec
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
