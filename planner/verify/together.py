"""For the checker: what flights must keep from one another: rests, places, crews, distances.

Part of `planner.verify`; shares no code with what makes plans.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import shapely

from core.geo import LocalFrame, distance_m
from planner.problem import Flight, Separation, Station, Violation
from planner.verify.path import (
    PLACE_M,
    SPACE_M,
    TIME_S,
    XY,
    Known,
    Piece,
    at_clock,
    bad,
    home,
    pieces,
    plan_frame,
    where,
)

STEP_S = 0.25
"""Two drones' moments are compared at such steps: 6 m at 23 m/s."""

Floats = npt.NDArray[np.float64]


def rests(know: Known) -> Iterator[Violation]:
    """Between landing and the next start of a drone lies its recharging."""
    for name, own in know.flights.items():
        if name not in know.stations:
            continue
        rest = timedelta(seconds=know.stations[name].spec.recharge_s - TIME_S)
        for before, after in pairwise(own):
            if after.start < before.end + rest and not (
                know.is_frozen(before) and know.is_frozen(after)
            ):
                late = before if know.is_frozen(after) else after
                yield bad(
                    "recharge", late.id, f"{name} has not recharged at {at_clock(after.start)}"
                )


def places(know: Known) -> Iterator[Violation]:
    """A flight begins where its drone is, and ends where it is to land."""
    for name, own in know.flights.items():
        dock = know.stations.get(name)
        if dock is None:
            continue
        before: Flight | None = None
        for flight in own:
            if not know.is_frozen(flight):
                yield from _begins(know, flight, before, dock)
                if distance_m(flight.route.exit, home(dock)) > PLACE_M:
                    yield bad("route", flight.id, "ends away from its dock")
            before = flight


def _begins(
    know: Known, flight: Flight, before: Flight | None, dock: Station
) -> Iterator[Violation]:
    stands = dock.position
    if before is not None:
        stands = before.route.exit
    elif know.is_aloft(flight):
        return
    elif dock.starts_from is not None:  # it went home by itself before
        stands = home(dock)
        down = dock.available_from + timedelta(seconds=dock.airborne_s or 0.0)
        ready = down + timedelta(seconds=dock.spec.recharge_s - TIME_S)
        if flight.start < ready:
            yield bad("recharge", flight.id, f"{dock.id} is still in the air or recharging")
    if distance_m(flight.route.entry, stands) > PLACE_M:
        yield bad("route", flight.id, "begins away from where its drone stands")


def crew(know: Known) -> Iterator[Violation]:
    """Never more flights in the air than the pilots can watch, frozen ones included."""
    limit = know.problem.crew_limit
    if limit is None:
        return
    every = [f for own in know.flights.values() for f in own]
    slack = timedelta(seconds=TIME_S)
    for flight in know.plan.flights:
        # the number in the air is greatest just after some start
        for moment in (f.start for f in every):
            if flight.start <= moment < flight.end - slack:
                up = sum(f.start <= moment < f.end - slack for f in every)
                if up > limit:
                    yield bad("crew", flight.id, f"is one of {up} in the air at {at_clock(moment)}")
                    break


def apart(know: Known) -> Iterator[Violation]:
    """Drones that come near one another pass there at times far enough apart."""
    rule = know.problem.separation
    flights = [f for own in know.flights.values() for f in own]
    if rule is None or not know.plan.flights:
        return
    frame = plan_frame(know)
    path: list[Piece] = []
    owner: list[int] = []
    for k, flight in enumerate(flights):
        own = list(pieces(know, flight, frame))
        path += own
        owner += [k] * len(own)
    docks = [_docks(know, f, frame) for f in flights]
    seen: set[tuple[int, int]] = set()
    for i, j in _candidates(path, rule):
        one, two = owner[i], owner[j]
        first, second = flights[one], flights[two]
        if (
            (one, two) in seen
            or first.station == second.station
            or (know.is_frozen(first) and know.is_frozen(second))
        ):
            continue
        spot = _meet(path[i], path[j], [*docks[one], *docks[two]], rule)
        if spot is not None:
            seen.add((one, two))
            late = first if know.is_frozen(second) else second
            other = second if late is first else first
            yield bad("separation", late.id, f"meets {other.id} {where(frame, [spot])}")


def _docks(know: Known, flight: Flight, frame: LocalFrame) -> tuple[XY, XY]:
    dock = know.stations.get(flight.station)
    ends = (flight.route.entry, flight.route.exit) if dock is None else (dock.position, home(dock))
    return frame.point_xy(ends[0]), frame.point_xy(ends[1])


def _candidates(path: Sequence[Piece], rule: Separation) -> list[tuple[int, int]]:
    """Pairs of pieces that are near in space, height and time."""
    lines = shapely.linestrings([[p.a, p.b] for p in path])
    i, j = shapely.STRtree(lines).query(lines, predicate="dwithin", distance=rule.within_m)
    begin, end = np.array([(p.begin_s, p.end_s) for p in path]).T
    heights = np.sort([(p.low_m, p.high_m) for p in path], axis=1)
    use = i < j
    use &= (begin[i] < end[j] + rule.time_s) & (begin[j] < end[i] + rule.time_s)
    use &= heights[i, 0] < heights[j, 1] + rule.height_m
    use &= heights[j, 0] < heights[i, 1] + rule.height_m
    return list(zip(i[use].tolist(), j[use].tolist(), strict=True))


def _meet(a: Piece, b: Piece, docks: Sequence[XY], rule: Separation) -> XY | None:
    """A place at which the first is when the second is too near, if there is one."""
    one = _moments(a, (b.begin_s - rule.time_s, b.end_s + rule.time_s), docks, rule)
    two = _moments(b, (a.begin_s - rule.time_s, a.end_s + rule.time_s), docks, rule)
    gap = one[:, None] - two[None]
    close = np.hypot(gap[..., 0], gap[..., 1]) < rule.within_m - SPACE_M
    close &= np.abs(gap[..., 2]) < rule.height_m - SPACE_M
    close &= np.abs(gap[..., 3]) < rule.time_s - TIME_S
    if not close.any():
        return None
    spot = one[int(np.argmax(close.any(axis=1)))]
    return float(spot[0]), float(spot[1])


def _moments(
    piece: Piece, between: tuple[float, float], docks: Sequence[XY], rule: Separation
) -> Floats:
    """(N, 4) place, height and time of a piece, without what is near a dock."""
    begin, end = max(piece.begin_s, between[0]), min(piece.end_s, between[1])
    times = np.linspace(begin, end, max(2, int((end - begin) / STEP_S) + 2))
    share = (times - piece.begin_s) / max(piece.end_s - piece.begin_s, 1e-9)
    ends = np.array([(*piece.a, piece.low_m), (*piece.b, piece.high_m)])
    found = np.column_stack([ends[0] + share[:, None] * (ends[1] - ends[0]), times])
    for dock in docks:
        found = found[np.hypot(*(found[:, :2] - dock).T) > rule.near_dock_m + PLACE_M]
    return found
