"""Fly once: looks of several departments at one place become one need.

Two looks join when one kind of vehicle carries the sensors of both, a height serves both, their
windows leave time for the work, and flying them together is shorter than flying them apart.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import shapely

from core.equipment import Sensor, VehicleSpec
from planner.camera import Demand, view
from planner.corridor import passes
from planner.problem import Look, LookKind

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One or more looks that are flown as one.

    Attributes:
        geometry: metres in the city's frame.
        ground: what must be seen, a polygon in metres.
        demands: by sensor.
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


def alone(look: Look, metres: Any) -> Need:
    """The need of one look by itself."""
    return Need(
        looks=(look,),
        kind=look.kind,
        geometry=metres,
        width_m=look.width_m,
        ground=_ground(look.kind, metres, look.width_m),
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


def _ground(kind: LookKind, metres: Any, width_m: float) -> Any:
    if kind == "area":
        return metres
    if kind == "corridor":
        return metres.buffer(max(width_m / 2, 1.0), cap_style="flat", join_style="mitre")
    return metres.buffer(POINT_M)
