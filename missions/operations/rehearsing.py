"""A day as the rehearsal takes it: plain JSON, with every mission as it would be uploaded.

The rehearsal is a program of its own that knows nothing of requests or plans (docs/rehearsal.md).
Beside each flight of several tasks it is given alternatives that might do better: the least task
left out, the flight in two halves, another drone of the same kind.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import shapely

from core.equipment import VehicleSpec
from core.errors import InvalidInput
from core.geo import HeightGrid, LonLat, distance_m
from core.route import Route
from core.zones import Zone
from fleet.plans.mission import build
from fleet.watch.safeguard import FULL_ENOUGH
from missions.demand.planning import horizon
from missions.entities import Flight
from missions.operations.conduct import PATIENCE, RETRY_S
from missions.presets import Preset
from planner.problem import Flight as PlannedFlight
from planner.problem import Plan, Problem, Separation

FORMAT, VERSION = "flyonce-day-to-rehearse", 1
SWAPS = 2
"""Other drones that are tried for a flight: the nearest of its kind."""
SWAP_REACH_M = 15_000.0
SPARE = timedelta(minutes=2)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A dock with its drone: `spec` with the reserve that really holds, battery as it is."""

    id: str
    position: LonLat
    spec: VehicleSpec
    system_id: int = 1
    health: float = 1.0


def of_flights(preset: Preset, day: datetime, flights: Sequence[Flight]) -> Json:
    """A day of the records: what is planned, as it is planned.

    Args:
        day: any time of it, aware.
    """
    posts = posts_of(preset)
    known = {p.id: p for p in posts}
    entries = [
        entry(f.id, known[f.dock], f.route, f.start, f.end, f.landing_share, label=f.vehicle)
        for f in flights
    ]
    local = day.astimezone(preset.zone_info)
    return _day(
        f"{preset.title} {local.date()}",
        preset.zone_info,
        local,
        posts,
        entries,
        (),
        preset.zones,
        ground=preset.heights if isinstance(preset.heights, HeightGrid) else None,
        separation=Separation(),
        closes=horizon(preset, local.date())[1],
    )


def of_plan(
    problem: Problem,
    plan: Plan,
    posts: Sequence[Post],
    *,
    title: str,
    zone: ZoneInfo,
    ground: HeightGrid | None,
    names: Mapping[str, str] | None = None,
) -> Json:
    """A plan as the planner holds it, with alternatives.

    Args:
        posts: of all its stations.
        names: by the plan's flight id, the id under which the rehearsal knows it.

    Raises:
        InvalidInput: a flight cannot be written as a mission.
    """
    known = {p.id: p for p in posts}
    called = names or {}
    entries, others = [], []
    for flight in plan.flights:
        post, name = known[flight.station], called.get(flight.id, flight.id)
        latest = _latest(problem, flight)
        made = entry(
            name, post, flight.route, flight.start, flight.end, flight.landing_share, latest=latest
        )
        entries.append(made)
        others += _alternatives(problem, flight, name, post, posts, latest)
    return _day(
        title,
        zone,
        problem.start.astimezone(zone),
        posts,
        entries,
        others,
        problem.zones,
        ground=ground,
        separation=problem.separation or Separation(within_m=0.0),
        closes=problem.end,
    )


def posts_of(preset: Preset) -> tuple[Post, ...]:
    """The city's docks."""
    return tuple(
        Post(
            id=dock.id,
            position=dock.position,
            spec=preset.kinds[dock.kind],
            system_id=dock.system_id,
        )
        for dock in preset.docks
    )


def entry(
    name: str,
    post: Post,
    route: Route,
    start: datetime,
    end: datetime,
    landing_share: float,
    *,
    latest: datetime | None = None,
    label: str = "",
) -> Json:
    """A flight with the mission that its upload would carry.

    Raises:
        InvalidInput: the route makes no mission.
    """
    spec = post.spec
    try:
        mission = build(route, home=post.position, cameras=spec.cameras, spec=spec)
    except InvalidInput as why:
        raise InvalidInput(why.what, where=f"flight {name}", remedy=why.remedy) from why
    return {
        "id": name,
        "vehicle": post.id,
        "label": label,
        "start": start.isoformat(),
        "end": end.isoformat(),
        "landing_share": landing_share,
        "needed": min(FULL_ENOUGH, 1 - landing_share + spec.reserve),
        "latest": None if latest is None else latest.isoformat(),
        "photos": photos_of(route, spec),
        "items": [[i.frame, i.command, *i.params, i.x, i.y, i.z] for i in mission.items],
    }


def photos_of(route: Route, spec: VehicleSpec) -> int:
    """Photographs that a route asks for, over all cameras."""
    every = len(spec.cameras)
    return sum(1 if route.waypoints[s.leg].sensor else every for s in route.shots)


def _day(
    title: str,
    zone: ZoneInfo,
    local: datetime,
    posts: Sequence[Post],
    entries: Sequence[Json],
    others: Sequence[Json],
    zones: Iterable[Zone],
    *,
    ground: HeightGrid | None,
    separation: Separation,
    closes: datetime,
) -> Json:
    begin = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        "format": FORMAT,
        "version": VERSION,
        "title": title,
        "begin": begin.isoformat(),
        "zone": str(zone),
        "vehicles": [_vehicle(p) for p in posts],
        "flights": list(entries),
        "alternatives": list(others),
        "zones": [_zone(z) for z in zones],
        "ground": None if ground is None else _ground(ground),
        "rules": {
            "patience_s": PATIENCE.total_seconds(),
            "retry_s": RETRY_S,
            "within_m": separation.within_m,
            "height_m": separation.height_m,
            "near_dock_m": separation.near_dock_m,
            "closes_s": (closes - begin).total_seconds(),
        },
    }


def _vehicle(post: Post) -> Json:
    spec = asdict(post.spec)
    spec["cameras"] = [{**c, "sensor": c["sensor"].value} for c in spec["cameras"]]
    return {
        "id": post.id,
        "dock": post.id,
        "lon": post.position.lon,
        "lat": post.position.lat,
        "system_id": post.system_id,
        "health": post.health,
        "spec": spec,
    }


def _zone(zone: Zone) -> Json:
    active = zone.active
    return {
        "id": zone.id,
        "name": zone.name,
        "name_zh": zone.name_zh,
        "kind": zone.kind.value,
        "geometry": shapely.geometry.mapping(zone.polygon),
        "floor_m": zone.floor_m,
        "ceiling_m": zone.ceiling_m,
        "buffer_m": zone.buffer_m,
        "active": None if active is None else [t.isoformat() for t in active],
    }


def _ground(grid: HeightGrid) -> Json:
    return {
        "west": grid.west,
        "south": grid.south,
        "step": grid.step,
        "heights_m": grid.heights_m.tolist(),
    }


# Alternatives


def _latest(problem: Problem, flight: PlannedFlight) -> datetime | None:
    """By when the last of its tasks must be done."""
    served = {s.task for s in flight.stops}
    return min((t.latest for t in problem.tasks if t.id in served), default=None)


def _alternatives(
    problem: Problem,
    flight: PlannedFlight,
    name: str,
    post: Post,
    posts: Sequence[Post],
    latest: datetime | None,
) -> list[Json]:
    """What could be flown in its place; ids end in ~kind and a number."""
    tasks = {t.id: t for t in problem.tasks}
    stops = [s.task for s in flight.stops if s.task in tasks]
    routes = {n: tasks[n].routes.get(post.spec.id) for n in stops}
    made: list[Json] = []

    def add(
        kind: str, where: Post, route: Route, start: datetime, text: str, text_zh: str, **more: Any
    ) -> None:
        share = _shorter(flight.route, route)
        end = start + (flight.end - flight.start) * share
        left = 1 - (1 - flight.landing_share) * share
        number = sum(f"~{kind}" in m["id"] for m in made) + 1
        one = entry(f"{name}~{kind}{number}", where, route, start, end, left, latest=latest)
        made.append({**one, "alternative_to": name, "change": text, "change_zh": text_zh, **more})

    for other in _neighbours(post, posts):
        add(
            "swap",
            other,
            _from_dock(flight.route, other.position),
            flight.start,
            f"let {other.id} fly it",
            f"改由 {other.id} 执飞",
        )
    if len(stops) < 2 or any(route is None for route in routes.values()):
        return made
    cut = len(stops) // 2
    first = _without(flight.route, [routes[n] for n in stops[cut:]])
    second = _without(flight.route, [routes[n] for n in stops[:cut]])
    if first is not None and second is not None:
        spec = post.spec
        gone = (1 - flight.landing_share) * _shorter(flight.route, first)
        down = flight.start + (flight.end - flight.start) * _shorter(flight.route, first) * 1.3
        again = down + timedelta(seconds=gone * 1.5 * spec.recharge_s) + SPARE
        text = f"split it in two: {cut} of its {len(stops)} tasks first, the others after charging"
        text_zh = f"拆成两个架次：先飞 {cut}/{len(stops)} 个任务，充电后再飞其余"
        add("split", post, first, flight.start, text, text_zh, beside=f"{name}~split2")
        add("split", post, second, again, text, text_zh)
    least = min(stops, key=lambda n: (tasks[n].prize, n))
    shorter = _without(flight.route, [routes[least]])
    if shorter is not None:
        add(
            "drop",
            post,
            shorter,
            flight.start,
            f"leave out the task that counts least ({least})",
            f"去掉价值最低的任务（{least}）",
        )
    return made


def _neighbours(post: Post, posts: Sequence[Post]) -> list[Post]:
    """The nearest drones of the same kind."""
    near = [
        (distance_m(p.position, post.position), p)
        for p in posts
        if p.id != post.id and p.spec.id == post.spec.id
    ]
    near.sort(key=lambda one: one[0])
    return [p for away, p in near[:SWAPS] if away <= SWAP_REACH_M]


def _from_dock(route: Route, dock: LonLat) -> Route:
    """The same way from and to another dock; whether zones allow it, the rehearsal sees."""
    first, *middle, last = route.waypoints
    return Route((replace(first, position=dock), *middle, replace(last, position=dock)))


def _without(route: Route, tasks: Sequence[Route | None]) -> Route | None:
    """The route without the waypoints of these tasks; None where they cannot be told apart."""
    places = [w.position for w in route.waypoints]
    gone: set[int] = set()
    for task in tasks:
        wanted = [w.position for w in task.waypoints] if task else []
        found = _run(places, wanted) or _run(places, wanted[::-1])
        if not found:
            return None
        gone.update(found)
    left = [w for k, w in enumerate(route.waypoints) if k not in gone]
    return Route(tuple(left)) if len(left) >= 3 else None


def _run(places: Sequence[LonLat], wanted: Sequence[LonLat]) -> range | None:
    """Where a run of places lies within others."""
    n = len(wanted)
    if not n:
        return None
    starts = (k for k in range(len(places) - n + 1) if list(places[k : k + n]) == list(wanted))
    found = next(starts, None)
    return None if found is None else range(found, found + n)


def _shorter(whole: Route, part: Route) -> float:
    """Share of a flight that another takes, by length and photographs' speed alike."""
    return max(0.05, part.length_m / whole.length_m) if whole.length_m > 0 else 1.0
