"""One task in a flight of its own: what it takes from each dock, and when it can be."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.energy import CLIMB_FACTOR, Wind, climb_s, descent_s
from core.equipment import VehicleSpec
from core.geo import LonLat
from core.route import Route
from core.zones import Zone
from planner.assign.model import PAD_S, TRANSFER_M
from planner.problem import Problem, Station, Task
from planner.routes.airspace import Airspace, airspace, middle
from planner.routes.effort import legs, routes_s

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Singles:
    """A task flown alone, by station and direction, (S, 2) each; infinite where it cannot be.

    Attributes:
        lead_s: from the take-off to the beginning of the work.
        work_s: the work itself.
        total_s: from take-off to landing.
        metres: of the whole flight.
    """

    lead_s: Floats
    work_s: Floats
    total_s: Floats
    metres: Floats


def sky_of(problem: Problem, zones: Sequence[Zone] | None = None) -> Airspace:
    """The airspace of the day: zones that do not hold on it at all do not count."""
    highest = max(s.spec.max_height_m for s in problem.stations)
    given = problem.zones if zones is None else zones
    held = tuple(z for z in given if z.holds(problem.start, problem.end))
    return airspace(held, middle(s.position for s in problem.stations), highest)


def singles(
    problem: Problem,
    task: Task,
    *,
    sky: Airspace,
    wind: Wind | None = None,
    any_sensor: bool = False,
) -> Singles:
    """What a flight for this task alone takes from each dock.

    Args:
        wind: instead of the day's.
        any_sensor: also by drones that lack its sensors, on the path laid out for others.
    """
    blowing = problem.wind if wind is None else wind
    shape = (len(problem.stations), 2)
    lead, work, total, metres = (np.full(shape, np.inf) for _ in range(4))
    kinds = [s.spec for s in problem.stations]
    for spec in {spec.id: spec for spec in kinds}.values():
        route = _route(task, spec, any_sensor)
        if route is None or blowing.speed_mps > spec.wind_limit_mps:
            continue
        own = [k for k, other in enumerate(kinds) if other.id == spec.id]
        docks = [problem.stations[k] for k in own]
        found = _of_kind(docks, route, spec, blowing, sky)
        for whole, part in zip((lead, work, total, metres), found, strict=True):
            whole[own] = part
    return Singles(lead_s=lead, work_s=work, total_s=total, metres=metres)


def _route(task: Task, spec: VehicleSpec, any_sensor: bool) -> Route | None:
    route = task.routes.get(spec.id)
    if route is not None and task.sensors <= spec.sensors:
        return route
    return next(iter(task.routes.values()), None) if any_sensor else None


def _of_kind(
    docks: Sequence[Station], route: Route, spec: VehicleSpec, wind: Wind, sky: Airspace
) -> tuple[Floats, Floats, Floats, Floats]:
    """Lead, work, total and metres, (D, 2), of docks with one kind of drone."""
    length, there, back = routes_s([route], spec, wind)
    ends, heights = (route.entry, route.exit), [route.waypoints[k].height_m for k in (0, -1)]
    level = max(TRANSFER_M, *heights)
    up, down = climb_s(level, spec), descent_s(level, spec)
    homes = [d.lands_at or d.position for d in docks]
    shape = (len(docks), 2)
    lead, total, metres = np.empty(shape), np.empty(shape), np.empty(shape)
    work = np.broadcast_to(np.array([there[0], back[0]]), shape)
    for way, (entry, leave) in enumerate((ends, ends[::-1])):
        out_m, out_s = _ways([d.position for d in docks], entry, spec, wind, sky)
        home_m, home_s = _ways(homes, leave, spec, wind, sky, towards=False)
        again = (level - heights[1 - way]) * (CLIMB_FACTOR - 1) / spec.climb_mps
        lead[:, way] = up + out_s
        total[:, way] = lead[:, way] + work[:, way] + again + home_s + down
        metres[:, way] = out_m + length[0] + home_m
    return lead, work, total, metres


def _ways(
    docks: Sequence[LonLat],
    spot: LonLat,
    spec: VehicleSpec,
    wind: Wind,
    sky: Airspace,
    *,
    towards: bool = True,
) -> tuple[Floats, Floats]:
    """Metres and seconds between each dock and a place, round the zones."""
    a = np.array([(p.lon, p.lat) for p in docks])
    b = np.broadcast_to(np.array([spot.lon, spot.lat]), a.shape)
    flat = [np.column_stack(sky.frame.xy(p[:, 0], p[:, 1])) for p in (a, b)]
    begin, end = (a, b) if towards else (b, a)
    metres, seconds = legs(begin, end, spec.cruise_mps, wind)
    for k in np.flatnonzero(sky.crosses(*flat)):
        metres[k], seconds[k] = _round(flat[0][k], flat[1][k], spec, wind, sky, towards)
    return metres, seconds


def _round(
    dock: Floats, spot: Floats, spec: VehicleSpec, wind: Wind, sky: Airspace, towards: bool
) -> tuple[float, float]:
    way = sky.round(dock, spot)
    if way is None:
        return np.inf, np.inf
    path = np.vstack([dock, way[1], spot])
    places = np.column_stack(sky.frame.lonlat(*(path if towards else path[::-1]).T))
    metres, seconds = legs(places[:-1], places[1:], spec.cruise_mps, wind)
    return float(metres.sum()), float(seconds.sum())


def usable_s(problem: Problem) -> Floats:
    """(S,) longest flight of each drone: its worn battery less the reserve."""
    return np.array([s.spec.usable_s * s.health for s in problem.stations])


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """A flight that could be: which station, in which direction, when."""

    station: int
    reverse: bool
    start_s: float


def chances(
    taken: Singles,
    spans: tuple[npt.NDArray[np.intp], Floats, Floats],
    windows: Sequence[tuple[float, float]],
    usable: Floats,
) -> Iterator[tuple[float, float, Chance]]:
    """Every way to fly it, soonest first: the earliest and latest start, and the chance.

    Args:
        spans: station, begin and end of each free span, (K,) each.
        windows: the work begins and ends within one of these; seconds since the day's start.
        usable: (S,) longest flight of each drone.
    """
    s, begin, end = spans
    fits = taken.total_s[s] <= usable[s][:, None] - PAD_S
    lows, highs, places = [], [], []
    for early, late in windows:
        low = np.maximum(begin[:, None], early + PAD_S - taken.lead_s[s])
        with np.errstate(invalid="ignore"):
            high = np.minimum(
                end[:, None] - taken.total_s[s] - PAD_S,
                late - PAD_S - taken.lead_s[s] - taken.work_s[s],
            )
        at = np.argwhere(fits & (low <= high))
        lows.append(low[tuple(at.T)])
        highs.append(high[tuple(at.T)])
        places.append(at)
    low, high, place = (np.concatenate(part) for part in (lows, highs, places))
    for k in np.argsort(low, kind="stable"):
        row, way = place[k]
        chance = Chance(station=int(s[row]), reverse=bool(way), start_s=float(low[k]))
        yield float(low[k]), float(high[k]), chance
