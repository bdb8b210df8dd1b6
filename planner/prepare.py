"""From looks to tasks: check, cut off zones, fly once, lay routes, split into sorties."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from core.energy import CALM, Wind, climb_s, descent_s
from core.equipment import VehicleSpec
from core.geo import HeightModel
from core.route import Route
from core.zones import Zone
from planner import explain
from planner.check import check
from planner.problem import Look, Prepared, Refusal, Station, Task
from planner.routes.airspace import Airspace, airspace, middle
from planner.routes.camera import LOWEST_M, View, view
from planner.routes.corridor import follow
from planner.routes.coverage import best_angle_deg, sweep
from planner.routes.effort import routes_s
from planner.routes.facade import LEAST_STANDOFF_M
from planner.routes.points import visit
from planner.routes.trace import hover_route, photo_route
from planner.routes.upright import ABOVE_M, Upright, route, stand
from planner.sharing import Need, seconds, share
from planner.sorties import split

Floats = npt.NDArray[np.float64]
Ground = Callable[[Floats], Floats]

USED = 0.93
"""Share of the usable flying time that a part may take with its way out and back: the rest lets
another station than the nearest fly it, or a little more wind."""
DEEPEST = 3
"""How often a part that proves too long is halved again."""
MOST_PARTS = 200
"""Parts of one look at most; 200 flights are a day of a whole city."""


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """The stations of one kind of vehicle; xy: (N, 2) metres."""

    spec: VehicleSpec
    xy: Floats


@dataclass(frozen=True, kw_only=True)
class City:
    """What every need is laid out against."""

    sky: Airspace
    fleets: tuple[Fleet, ...]
    wind: Wind
    ground: Ground | None


def prepare(
    looks: Iterable[Look],
    stations: Sequence[Station],
    zones: Sequence[Zone],
    *,
    heights: HeightModel | None = None,
    wind: Wind = CALM,
) -> Prepared:
    """Tasks for the looks, merged where one flight serves several, each with a route for every
    kind of vehicle that can fly it.

    Args:
        heights: ground heights; lines then run rather along slopes than up and down.
        wind: expected, for the direction of lines and for what fits the endurance.

    A look that cannot be planned is refused by itself; the rest is planned. Lines keep out of all
    zones, with their buffers, whenever the zones hold.
    """
    wishes = list(looks)
    if not stations:
        none = {look.id: explain.no_station(look.id) for look in wishes}
        return Prepared(tasks=(), refused=none, served_by={})
    city = lay_out(stations, zones, heights, wind)
    checked = check(wishes, stations, city.sky)
    metres = {need.looks[0].id: need for need in checked.needs}
    tasks: list[Task] = []
    refused, notes = dict(checked.refused), dict(checked.notes)
    served: dict[str, tuple[str, ...]] = {}
    waiting = share(checked.needs, [f.spec for f in city.fleets])[::-1]
    while waiting:
        need = waiting.pop()
        made, failed = tasks_of(need, city)
        if not made and len(need.looks) > 1:  # together it cannot be flown, alone perhaps
            waiting.extend(metres[look.id] for look in need.looks)
            continue
        tasks.extend(made)
        for look in need.looks:
            if made:
                served[look.id] = tuple(t.id for t in made)
            else:
                refused[look.id] = replace(failed[0], id=look.id)
            if made and failed:
                count = len(made) + len(failed)
                notes[look.id] = explain.left_out(len(failed), count, failed[0])
    return Prepared(tasks=tuple(tasks), refused=refused, served_by=served, notes=notes)


def lay_out(
    stations: Sequence[Station], zones: Sequence[Zone], heights: HeightModel | None, wind: Wind
) -> City:
    """The city as needs are laid out against it."""
    highest = max(s.spec.max_height_m for s in stations)
    sky = airspace(zones, middle(s.position for s in stations), highest)
    fleets = []
    for kind in sorted({s.spec.id for s in stations}):
        own = [s for s in stations if s.spec.id == kind]
        x, y = sky.frame.xy([s.position.lon for s in own], [s.position.lat for s in own])
        xy = np.column_stack([x, y])
        free = xy[~sky.inside(xy)]
        if len(free):
            fleets.append(Fleet(spec=own[0].spec, xy=free))
    ground: Ground | None = None
    if heights is not None:

        def ground(xy: Floats) -> Floats:
            return heights.height_m(*sky.frame.lonlat(xy[:, 0], xy[:, 1]))

    return City(sky=sky, fleets=tuple(fleets), wind=wind, ground=ground)


def tasks_of(need: Need, city: City) -> tuple[list[Task], list[Refusal]]:
    """The tasks that serve a need, and a refusal for each part that cannot be flown."""
    lead = need.looks[0].id
    able = [f for f in city.fleets if need.demands.keys() <= f.spec.sensors]
    if not able:
        return [], [explain.no_sensor(lead, need.demands)]
    fleets, able = able, [f for f in able if _can_see(need, f.spec)]
    if not able and need.upright is not None:
        return [], [_unseen(need, need.upright, fleets)]
    if not able:
        finest = min(d.gsd_m for d in need.demands.values())
        return [], [explain.resolution(lead, finest, LOWEST_M)]
    count = _count(need, able, city)
    if count > MOST_PARTS:
        fault = f"needs about {count} flights, too many for one look: split it"
        return [], [explain.geometry(lead, fault, f"约需{count}架次，请拆分")]
    routes: list[dict[str, Route]] = []
    failed: list[Refusal] = []
    for part in split(need.kind, need.geometry, count):
        found, lost = _routed(replace(need, geometry=part), able, city, DEEPEST)
        routes.extend(found)
        failed.extend(lost)
    return [_task(need, r, k, len(routes)) for k, r in enumerate(routes)], failed


def _can_see(need: Need, spec: VehicleSpec) -> bool:
    if need.upright is not None:
        return stand(need.kind, need.upright, spec, need.demands) is not None
    return view(spec, need.demands) is not None


def _unseen(need: Need, upright: Upright, fleets: Sequence[Fleet]) -> Refusal:
    """Why no kind of vehicle can look at it from the side."""
    lead = need.looks[0].id
    still = [f.spec.max_height_m for f in fleets if not f.spec.vtol]
    if not still:
        return explain.sideways(lead)
    if upright.top_m + ABOVE_M > max(still):
        return explain.too_high(lead, upright.top_m, max(still) - ABOVE_M)
    finest = min(d.gsd_m for d in need.demands.values())
    away = upright.radius_m if need.kind == "orbit" else LEAST_STANDOFF_M
    return explain.resolution(lead, finest, away)


def _task(need: Need, routes: dict[str, Route], index: int, count: int) -> Task:
    looks = tuple(look.id for look in need.looks)
    return Task(
        id=looks[0] if count == 1 else f"{looks[0]}.{index + 1}",
        looks=looks,
        sensors=frozenset(need.demands),
        routes=routes,
        earliest=need.earliest,
        latest=need.latest,
        priority=need.priority,
        departments=tuple(dict.fromkeys(k.department for k in need.looks if k.department)),
    )


def _count(need: Need, able: Sequence[Fleet], city: City) -> int:
    """Into how many parts a need is split at first, so that most kinds can fly each."""
    counts = []
    for fleet in able:
        work, room = seconds(need, fleet.spec), _room(need, fleet, city)
        if work is not None and room > 60.0:
            counts.append(math.ceil(1.1 * work / room))
    fair = [c for c in counts if c <= 2 * min(counts) + 1]
    return max(fair, default=1)


def _room(need: Need, fleet: Fleet, city: City) -> float:
    """Seconds of work that fit into one flight from the second nearest station."""
    spot = shapely.get_coordinates(need.geometry.representative_point())[0]
    away = np.sort(np.hypot(*(fleet.xy - spot).T))[:2]
    far = away[-1] if away[-1] < 1.5 * away[0] else away[0]
    spec = fleet.spec
    up_down = climb_s(100.0, spec) + descent_s(100.0, spec)
    window = (need.latest - need.earliest).total_seconds()
    speed = max(1.0, spec.cruise_mps - city.wind.speed_mps)
    return float(min(USED * spec.usable_s - up_down - 2 * far / speed, 0.8 * window))


def _routed(
    need: Need, able: Sequence[Fleet], city: City, deeper: int
) -> tuple[list[dict[str, Route]], list[Refusal]]:
    """Routes by kind for a part that fits; halves of it where it does not."""
    found: dict[str, Route] = {}
    cut = True
    angle = _angle(need, able[0].spec, city)
    for fleet in able:
        laid = lay_route(need, fleet.spec, city, angle)
        if laid is not None:
            cut = False
            if _fits(laid, fleet, city):
                found[fleet.spec.id] = laid
    if found:
        return [found], []
    lead = need.looks[0].id
    # a zone beside a wall may leave other parts of the wall free
    apart = deeper and (not cut or need.kind == "facade")
    halves = split(need.kind, need.geometry, 2) if apart else []
    if len(halves) < 2 or not _reachable(need, able, city):
        return [], [explain.zone(lead) if cut else _too_far(need, able)]
    routes: list[dict[str, Route]] = []
    failed: list[Refusal] = []
    for half in halves:
        good, bad = _routed(replace(need, geometry=half), able, city, deeper - 1)
        routes.extend(good)
        failed.extend(bad)
    return routes, failed


def _reachable(need: Need, able: Sequence[Fleet], city: City) -> bool:
    """Whether any station could fly to the nearest end of the part and back at all."""
    for fleet in able:
        gap = shapely.distance(need.geometry, shapely.points(fleet.xy)).min()
        if 2 * gap / fleet.spec.cruise_mps < USED * fleet.spec.usable_s:
            return True
    return False


def _too_far(need: Need, able: Sequence[Fleet]) -> Refusal:
    gap = min(shapely.distance(need.geometry, shapely.points(f.xy)).min() for f in able)
    return explain.no_reach(need.looks[0].id, float(gap) / 1000)


def _fits(route: Route, fleet: Fleet, city: City) -> bool:
    """Whether the best placed station can fly a route out and back, in straight lines."""
    _, there, _ = routes_s([route], fleet.spec, city.wind)
    x, y = city.sky.frame.xy(
        *zip(*((p.lon, p.lat) for p in (route.entry, route.exit)), strict=True)
    )
    away = np.hypot(*(fleet.xy - (x[0], y[0])).T) + np.hypot(*(fleet.xy - (x[1], y[1])).T)
    height = route.waypoints[0].height_m
    spec = fleet.spec
    speed = max(1.0, spec.cruise_mps - city.wind.speed_mps)
    used = there[0] + away.min() / speed + climb_s(height, spec) + descent_s(height, spec)
    return bool(used <= USED * spec.usable_s)


def _angle(need: Need, spec: VehicleSpec, city: City) -> float | None:
    """The best direction of lines over an area, searched once for all kinds of vehicle."""
    seen = view(spec, need.demands) if need.kind == "area" else None
    if seen is None:
        return None
    speed = seen.speed_mps or spec.cruise_mps
    return best_angle_deg(need.geometry, seen.line_spacing_m, speed, city.wind, city.ground)


def lay_route(need: Need, spec: VehicleSpec, city: City, angle: float | None) -> Route | None:
    """The route of one kind of vehicle over a need; None when zones cut it apart.

    Args:
        angle: direction of the lines over an area, see `sweep`.
    """
    if need.upright is not None:
        how = stand(need.kind, need.upright, spec, need.demands)
        if how is None:
            return None
        return route(need.kind, need.geometry, need.upright, spec, how, city.sky)
    seen = view(spec, need.demands)
    if seen is None:
        return None
    blocked = _near(need, seen, city.sky)
    if need.kind == "points":
        spots = visit(need.geometry, blocked)
        return hover_route(spots, seen, city.sky) if len(spots) else None
    runs = _runs(need, seen, spec, blocked, angle, city.wind)
    return photo_route(runs, seen, city.sky) if runs else None


def _runs(
    need: Need, seen: View, spec: VehicleSpec, blocked: Any, angle: float | None, wind: Wind
) -> list[Floats]:
    if need.kind == "corridor":
        return follow(
            need.geometry,
            width_m=need.width_m,
            swath_m=seen.swath_m,
            line_spacing_m=seen.line_spacing_m,
            blocked=blocked,
        )
    return sweep(
        need.geometry,
        line_spacing_m=seen.line_spacing_m,
        photo_spacing_m=seen.photo_spacing_m,
        length_m=seen.length_m,
        speed_mps=seen.speed_mps or spec.cruise_mps,
        wind=wind,
        angle_deg=angle,
        blocked=blocked,
    )


def _near(need: Need, seen: View, sky: Airspace) -> Any:
    """What is blocked close enough for a line to enter it; None when nothing is."""
    reach = 2 * seen.line_spacing_m + seen.photo_spacing_m + need.width_m
    window = shapely.box(*need.geometry.bounds).buffer(reach)
    if sky.blocked.is_empty or not shapely.intersects(sky.blocked, window):
        return None
    return shapely.intersection(sky.blocked.buffer(1.0), window)
