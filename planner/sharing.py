"""Fly once: looks of several departments at one place become one need.

Two looks join when one kind of vehicle carries the sensors of both, a height serves both, their
windows leave time for the work, and flying them together is shorter than flying them apart.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import shapely

from core.equipment import Sensor, VehicleSpec
from planner.problem import Look, LookKind
from planner.routes.camera import Demand, view
from planner.routes.corridor import passes
from planner.routes.upright import Upright, stand, work_s

HELD = 0.985
"""Share of a guest's ground that its host must hold; the rest is the rounding of outlines."""
SAVING = 0.95
"""Joint flying time over separate flying time, at most; less is not worth a narrower window."""
SEPARATE_S = 90.0
"""What a stop of its own costs at least: approach and departure of about 700 m each."""
LEAST_WINDOW = timedelta(minutes=30)
POINT_M = 30.0
"""Ground that a look at a point wants to see around it."""
SAME_POINT_M = 30.0
SAME_AXIS_M = 5.0
"""Two orbits round points so near go round the same thing, as drawn by two hands."""
SAME_WALL_M = 2.0
"""A wall drawn twice differs by as much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One or more looks that are flown as one.

    Attributes:
        geometry: metres in the city's frame.
        ground: what must be seen, a polygon in metres.
        demands: by sensor.
        upright: of an orbit or a façade.
    """

    looks: tuple[Look, ...]
    kind: LookKind
    geometry: Any
    width_m: float
    ground: Any
    demands: Mapping[Sensor, Demand]
    earliest: datetime
    latest: datetime
    priority: int
    upright: Upright | None = None


def alone(look: Look, metres: Any) -> Need:
    """The need of one look by itself."""
    upright = None
    if look.kind in ("orbit", "facade"):
        upright = Upright(
            radius_m=look.radius_m,
            base_m=look.base_m,
            top_m=look.top_m,
            every_deg=look.every_deg,
        )
    return Need(
        looks=(look,),
        kind=look.kind,
        geometry=metres,
        width_m=look.width_m,
        ground=_ground(look.kind, metres, look.width_m, look.radius_m),
        demands={
            look.sensor: Demand(
                gsd_m=look.gsd_m,
                front_overlap=look.front_overlap,
                side_overlap=look.side_overlap,
            )
        },
        earliest=look.earliest,
        latest=look.latest,
        priority=look.priority,
        upright=upright,
    )


def share(needs: Iterable[Need], specs: Sequence[VehicleSpec]) -> list[Need]:
    """Join needs as far as it pays, the largest first."""
    waiting = sorted(needs, key=lambda n: (-n.ground.area, n.looks[0].id))
    if not waiting:
        return []
    tree = shapely.STRtree([n.ground for n in waiting])
    joined: list[Need | None] = []
    group_of: dict[int, int] = {}
    for k, need in enumerate(waiting):
        near = sorted({group_of[int(j)] for j in tree.query(need.ground) if int(j) in group_of})
        best: tuple[float, int, Need] | None = None
        for g in near:
            host = joined[g]
            trial = None if host is None else _join(host, need, specs)
            if trial is not None and (best is None or trial[0] > best[0]):
                best = (trial[0], g, trial[1])
        if best is None:
            group_of[k] = len(joined)
            joined.append(need)
        else:
            group_of[k] = best[1]
            joined[best[1]] = best[2]
    return [n for n in joined if n is not None]


def _join(host: Need, guest: Need, specs: Sequence[VehicleSpec]) -> tuple[float, Need] | None:
    """The joint need and the seconds that it saves; None if it may not be or does not pay."""
    earliest, latest = max(host.earliest, guest.earliest), min(host.latest, guest.latest)
    if latest - earliest < LEAST_WINDOW:
        return None
    shape = _shape(host, guest)
    if shape is None:
        return None
    kind, geometry, width, ground = shape
    upright = host.upright
    if host.upright is not None and guest.upright is not None:
        upright = host.upright.joined(guest.upright)
    demands = dict(host.demands)
    for sensor, demand in guest.demands.items():
        demands[sensor] = demands[sensor].joined(demand) if sensor in demands else demand
    both = Need(
        looks=(*host.looks, *guest.looks),
        kind=kind,
        geometry=geometry,
        width_m=width,
        ground=ground,
        demands=demands,
        earliest=earliest,
        latest=latest,
        priority=max(host.priority, guest.priority),
        upright=upright,
    )
    return _gain(host, guest, both, specs)


def _gain(
    host: Need, guest: Need, both: Need, specs: Sequence[VehicleSpec]
) -> tuple[float, Need] | None:
    best: float | None = None
    for spec in specs:
        together = seconds(both, spec)
        one, other = seconds(host, spec), seconds(guest, spec)
        if together is None or one is None or other is None:
            continue
        apart = one + other + SEPARATE_S
        if together <= SAVING * apart and (best is None or apart - together > best):
            best = apart - together
    return None if best is None else (best, both)


def seconds(need: Need, spec: VehicleSpec) -> float | None:
    """About how long a vehicle of this kind works on a need; None if it cannot at all."""
    if not need.demands.keys() <= spec.sensors:
        return None
    if need.upright is not None:
        how = stand(need.kind, need.upright, spec, need.demands)
        return None if how is None else work_s(need.kind, need.geometry, how)
    seen = view(spec, need.demands)
    if seen is None:
        return None
    speed = seen.speed_mps or spec.cruise_mps
    if need.kind == "area":
        return float(need.geometry.area / seen.line_spacing_m / speed)
    if need.kind == "corridor":
        count = passes(need.width_m, seen.swath_m, seen.line_spacing_m)
        return float(need.geometry.length * count / speed)
    return 40.0 * float(shapely.get_num_coordinates(need.geometry))


def _shape(host: Need, guest: Need) -> tuple[LookKind, Any, float, Any] | None:
    """Kind, geometry, width and ground of both together."""
    if host.upright is not None or guest.upright is not None:
        alike = host.kind == guest.kind and _same_place(host, guest)
        return (host.kind, host.geometry, host.width_m, host.ground) if alike else None
    if host.kind == "points" and guest.kind == "points":
        return _points(host, guest)
    if host.kind == "points":
        return None
    if guest.ground.area and host.ground.intersection(guest.ground).area >= (
        HELD * guest.ground.area
    ):
        return host.kind, host.geometry, host.width_m, host.ground
    if host.kind == "area" and guest.kind == "area":
        union = shapely.union(host.geometry, guest.geometry)
        if union.area < 0.9 * (host.ground.area + guest.ground.area):
            return "area", union, 0.0, union
    if host.kind == "corridor" and guest.kind == "corridor":
        # a guest beside the same line: widen, but not beyond twice the host
        nodes = shapely.points(shapely.get_coordinates(guest.geometry.segmentize(20.0)))
        away = float(shapely.distance(nodes, host.geometry).max())
        width = max(host.width_m, 2 * away + guest.width_m)
        if width <= 2 * max(host.width_m, POINT_M):
            return "corridor", host.geometry, width, _ground("corridor", host.geometry, width)
    return None


def _points(host: Need, guest: Need) -> tuple[LookKind, Any, float, Any] | None:
    near = host.geometry.buffer(SAME_POINT_M)
    new = shapely.difference(guest.geometry, near)
    if shapely.get_num_coordinates(new) > shapely.get_num_coordinates(guest.geometry) / 2:
        return None
    union = shapely.union(host.geometry, new)
    return "points", union, 0.0, _ground("points", union, 0.0)


def _same_place(host: Need, guest: Need) -> bool:
    """Whether two orbits go round one thing, or a façade shows no other wall than its host."""
    if host.upright is None or guest.upright is None:
        return False
    if host.kind == "orbit":
        near, far = sorted((host.upright.radius_m, guest.upright.radius_m))
        return bool(host.geometry.distance(guest.geometry) <= SAME_AXIS_M and far <= 1.25 * near)
    host_lines, guest_lines = (
        [p for p in shapely.get_parts(n.geometry) if p.length > 0] for n in (host, guest)
    )
    return all(any(_along(line, own) for own in host_lines) for line in guest_lines)


def _along(line: Any, wall: Any) -> bool:
    """Whether a line runs along a wall in its direction: the drone is on the same side."""
    nodes = shapely.points(shapely.get_coordinates(line.segmentize(5.0)))
    on = shapely.line_locate_point(wall, nodes)
    beside = float(shapely.distance(nodes, wall).max()) <= SAME_WALL_M
    return beside and bool((np.diff(on) > -SAME_WALL_M).all() and on[-1] > on[0])


def _ground(kind: LookKind, metres: Any, width_m: float, radius_m: float = 0.0) -> Any:
    if kind == "area":
        return metres
    if kind == "orbit":
        return metres.buffer(radius_m)
    if kind in ("corridor", "facade"):
        return metres.buffer(max(width_m / 2, 1.0), cap_style="flat", join_style="mitre")
    return metres.buffer(POINT_M)
